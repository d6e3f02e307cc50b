-- messages that are not the event at their position, the newest first, an object each: $1 behind this cursor, $2 at most.
-- Bytes that are no ASCII are written as \ooo; of each part its first 4096 bytes and how many it has.
SELECT json_build_object(
        'topic', u.topic, 'partition', u.partition, 'offset', u.kafka_offset, 'error', u.error, 'bytes', u.bytes,
        'key', encode(substr(u.key, 1, 4096), 'escape'), 'keyBytes', length(u.key),
        'headers', encode(substr(u.headers, 1, 4096), 'escape'), 'headersBytes', length(u.headers),
        'value', encode(substr(u.value, 1, 4096), 'escape'), 'valueBytes', length(u.value),
        'seenAt', to_char(u.seen_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
    json_build_object('at', u.seen_at::text, 'topic', u.topic, 'partition', u.partition, 'offset', u.kafka_offset,
        'digest', encode(u.digest, 'hex'))
FROM projection.undecodable u
WHERE $1::jsonb IS NULL OR (u.seen_at, u.kafka_offset, u.topic, u.partition, u.digest) < (
    ($1::jsonb->>'at')::timestamptz, ($1::jsonb->>'offset')::int8, $1::jsonb->>'topic',
    ($1::jsonb->>'partition')::int4, decode($1::jsonb->>'digest', 'hex'))
ORDER BY u.seen_at DESC, u.kafka_offset DESC, u.topic DESC, u.partition DESC, u.digest DESC
LIMIT $2
