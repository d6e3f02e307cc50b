-- the changes so far do not give all rows any more: the next writer with changes begins anew: $1 view
UPDATE projection.change_logs SET complete = false WHERE view = $1 AND complete
