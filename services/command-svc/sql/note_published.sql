-- remember how far the broker has acknowledged: $1 aggregate types, $2 partitions, $3 positions, $4 when, µs since 1970
SELECT event_store.note_published($1, $2, $3, $4)
