-- the log partitions of a replay that are not done: $1 id
SELECT partition, position, last_position
FROM replay.partitions
WHERE replay_id = $1 AND position < last_position
ORDER BY partition
