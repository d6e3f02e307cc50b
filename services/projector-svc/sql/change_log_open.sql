-- the rows of a view are written with their changes from now on: $1 view
SELECT projection.open_changes($1)
