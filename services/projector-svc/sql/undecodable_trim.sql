-- keep the newest messages: $1 at most so many, $2 and so many bytes
DELETE FROM projection.undecodable AS u
USING (
    SELECT topic, partition, kafka_offset, digest, row_number() OVER newest AS n, sum(bytes) OVER newest AS total
    FROM projection.undecodable
    WINDOW newest AS (ORDER BY seen_at DESC, kafka_offset DESC, topic, partition, digest)
) AS k
WHERE (k.n > $1 OR k.total > $2)
    AND u.topic = k.topic AND u.partition = k.partition AND u.kafka_offset = k.kafka_offset AND u.digest = k.digest
