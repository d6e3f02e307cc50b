-- keep messages: $1 topics, $2 partitions, $3 offsets, $4 keys, $5 headers, $6 values, $7 errors. In an order: other
-- views keep the same ones.
INSERT INTO projection.undecodable (topic, partition, kafka_offset, digest, key, headers, value, bytes, error)
SELECT u.topic, u.partition, u.kafka_offset,
    sha256(coalesce(u.key, '') || '\x00'::bytea || u.headers || '\x00'::bytea || coalesce(u.value, '')) AS digest,
    u.key, u.headers, u.value,
    coalesce(length(u.key), 0) + length(u.headers) + coalesce(length(u.value), 0), u.error
FROM unnest($1::text[], $2::int4[], $3::int8[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[])
    AS u (topic, partition, kafka_offset, key, headers, value, error)
ORDER BY topic, partition, kafka_offset, digest
ON CONFLICT DO NOTHING
