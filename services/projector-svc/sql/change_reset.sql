-- begin the change feed of a view anew: $1 view
SELECT projection.reset_changes($1)
