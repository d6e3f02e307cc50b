-- append a batch: $1-$14 one entry per command, $15-$20 one per event; see event_store.append
SELECT outcome, version, partition, first_position, stored_at_us
FROM event_store.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20)
ORDER BY command_index
