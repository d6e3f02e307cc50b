-- $1 aggregate type, $2 number of log partitions
SELECT event_store.ensure_logs($1, $2)
