-- remove what has had its time from a part of a table: $1 seconds for commands, $2 for failures; see event_store.expire
SELECT relation, removed FROM event_store.expire($1, $2)
