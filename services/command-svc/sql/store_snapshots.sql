-- keep states of aggregates, an entry each: $1 aggregate types, $2 ids, $3 versions, $4 state versions, $5 states
SELECT event_store.store_snapshots($1, $2, $3, $4, $5)
