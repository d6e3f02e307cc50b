-- remember commands that failed: $1-$13 one entry per command; see event_store.note_failures
SELECT event_store.note_failures($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
