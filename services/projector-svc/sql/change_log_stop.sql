-- the changes so far do not give all rows any more: the next writer with changes begins anew: $1 view. Waits for whoever
-- makes the feed complete at the moment, also for the first time.
INSERT INTO projection.change_logs (view) VALUES ($1)
ON CONFLICT (view) DO UPDATE SET complete = false
