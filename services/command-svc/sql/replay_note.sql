-- what was published, and whether to go on: $1 id, $2 partition, $3 everything selected up to this position, $4 so many
-- events more. Gives the state
WITH moved AS (
    UPDATE replay.partitions SET position = $3 WHERE replay_id = $1 AND partition = $2
)
UPDATE replay.replays SET published = published + $4 WHERE replay_id = $1
RETURNING state
