-- remember how far the broker has acknowledged: $1 aggregate types, $2 partitions, $3 positions
SELECT event_store.note_published($1, $2, $3)
