-- Records of commands: of those that failed before anything was stored, when views showed what was stored, and
-- how all of it goes after its time.

CREATE TABLE event_store.failures (
    command_id uuid NOT NULL,
    actor text COLLATE "C" NOT NULL,
    command_type text COLLATE "C" NOT NULL,
    aggregate_type text COLLATE "C",
    aggregate_id text COLLATE "C",
    correlation_id text COLLATE "C",
    step text COLLATE "C" NOT NULL,
    status int2 NOT NULL,
    problem text COLLATE "C" NOT NULL,
    received_at timestamptz NOT NULL,
    validated_us int4,
    decided_us int4,
    failed_us int4 NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (command_id, actor)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE event_store.failures IS
    'The last try of commands that failed before anything was stored. Nothing depends on it: a key that stands here '
    'alone is free. Written by note_failures() now and then, removed by expire().';
COMMENT ON COLUMN event_store.failures.step IS 'Which step of the pipeline failed.';
COMMENT ON COLUMN event_store.failures.problem IS 'Why, as JSON.';
COMMENT ON COLUMN event_store.failures.validated_us IS
    'Microseconds after received_at, as decided_us and failed_us; NULL when it did not come so far.';

CREATE FUNCTION event_store.note_failures(
    command_ids uuid[], actors text[], command_types text[], aggregate_types text[], aggregate_ids text[],
    correlation_ids text[], steps text[], statuses int2[], problems text[], received_at int8[],
    validated_us int4[], decided_us int4[], failed_us int4[]
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO event_store.failures AS f
        SELECT DISTINCT ON (n.command_id, n.actor)
               n.command_id, n.actor COLLATE "C", n.command_type, n.aggregate_type, n.aggregate_id, n.correlation_id,
               n.step, n.status, n.problem, timestamptz 'epoch' + n.received * interval '1 microsecond', n.validated,
               n.decided, n.failed, clock_timestamp()
            FROM unnest(command_ids, actors, command_types, aggregate_types, aggregate_ids, correlation_ids, steps,
                        statuses, problems, received_at, validated_us, decided_us, failed_us)
                AS n(command_id, actor, command_type, aggregate_type, aggregate_id, correlation_id, step, status,
                     problem, received, validated, decided, failed)
            ORDER BY n.command_id, n.actor, n.received DESC
        ON CONFLICT (command_id, actor) DO UPDATE
            SET command_type = excluded.command_type, aggregate_type = excluded.aggregate_type,
                aggregate_id = excluded.aggregate_id, correlation_id = excluded.correlation_id, step = excluded.step,
                status = excluded.status, problem = excluded.problem, received_at = excluded.received_at,
                validated_us = excluded.validated_us, decided_us = excluded.decided_us, failed_us = excluded.failed_us,
                noted_at = excluded.noted_at
            WHERE f.received_at <= excluded.received_at;
$$;
COMMENT ON FUNCTION event_store.note_failures IS
    'Remember commands that failed before anything was stored; of several tries of one actor the last.';

CREATE TABLE projection.marks (
    view text COLLATE "C" NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    partition int4 NOT NULL,
    position int8 NOT NULL,
    marked_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX marks_position ON projection.marks (view, aggregate_type, partition, position);
COMMENT ON TABLE projection.marks IS
    'When the live version of a view had applied a log partition up to a position, written with each batch. The '
    'first mark at or behind the position of an event tells when that one was shown. Removed by expire().';

-- Rows of one age lie together, since they are only ever added: so a table is looked at in chunks of pages, and a
-- chunk only when its oldest row has had its time. That needs no index on the time, which each append would pay for.
CREATE TABLE event_store.expiry (
    relation text COLLATE "C" NOT NULL,
    chunk int8 NOT NULL,
    filenode oid NOT NULL,
    oldest timestamptz NOT NULL,
    PRIMARY KEY (relation, chunk)
);
CREATE INDEX expiry_oldest ON event_store.expiry (relation, oldest);
COMMENT ON TABLE event_store.expiry IS
    'Of each chunk of pages of the tables that expire() sweeps: no row in it is older. Rows that came since are '
    'younger. It can be emptied at any time: then every chunk is looked at anew.';
COMMENT ON COLUMN event_store.expiry.filenode IS 'A table that was written anew (VACUUM FULL) has other chunks.';

CREATE FUNCTION event_store.expire(command_ttl_s int8, failure_ttl_s int8, OUT relation text, OUT removed int8)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off -- the pages of a chunk are named
AS $$
#variable_conflict use_column
DECLARE
    chunk_pages CONSTANT int8 := 128;
    swept record;
    node oid;
    n_known int8;
    quantum_s int8;
    cutoff timestamptz;
    picked int8;
    low tid;
    high tid;
    remaining timestamptz;
BEGIN
    IF command_ttl_s IS NULL OR command_ttl_s < 3600 OR failure_ttl_s IS NULL OR failure_ttl_s < 1 THEN
        RAISE EXCEPTION 'commands are kept for an hour at least, failures for a second, not for % and % s',
            command_ttl_s, failure_ttl_s USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('skafu expiry', 0)) THEN
        RETURN; -- somebody else is at it
    END IF;
    FOR swept IN
        SELECT t.name, t.stamp, t.ttl_s
        FROM (VALUES ('event_store.commands', 'stored_at', command_ttl_s),
                     ('event_store.failures', 'noted_at', failure_ttl_s),
                     ('event_store.publication_marks', 'marked_at', command_ttl_s),
                     ('projection.marks', 'marked_at', command_ttl_s)) AS t(name, stamp, ttl_s)
    LOOP
        node := pg_relation_filenode(swept.name::regclass);
        DELETE FROM event_store.expiry AS e WHERE e.relation = swept.name AND e.filenode <> node;
        n_known := coalesce((SELECT max(e.chunk) + 1 FROM event_store.expiry AS e WHERE e.relation = swept.name), 0);
        INSERT INTO event_store.expiry
            SELECT swept.name, c, node, '-infinity'
            FROM generate_series(n_known, (pg_relation_size(swept.name::regclass)
                                           / current_setting('block_size')::int8 - 1) / chunk_pages) AS c;
        -- The time goes in steps, or the chunk at the edge would be due again after each of its rows.
        quantum_s := greatest(swept.ttl_s / 1000, 1);
        cutoff := to_timestamp(floor((extract(epoch FROM clock_timestamp()) - swept.ttl_s) / quantum_s) * quantum_s);
        picked := (SELECT e.chunk FROM event_store.expiry AS e
                   WHERE e.relation = swept.name AND e.oldest < cutoff ORDER BY e.oldest, e.chunk LIMIT 1);
        CONTINUE WHEN picked IS NULL;
        low := format('(%s,0)', picked * chunk_pages)::tid;
        high := format('(%s,0)', (picked + 1) * chunk_pages)::tid;
        EXECUTE format('DELETE FROM %s WHERE ctid >= $1 AND ctid < $2 AND %I < $3', swept.name, swept.stamp)
            USING low, high, cutoff;
        GET DIAGNOSTICS removed = ROW_COUNT;
        EXECUTE format('SELECT min(%I) FROM %s WHERE ctid >= $1 AND ctid < $2', swept.stamp, swept.name)
            INTO remaining USING low, high;
        UPDATE event_store.expiry AS e SET oldest = coalesce(remaining, clock_timestamp())
            WHERE e.relation = swept.name AND e.chunk = picked;
        relation := swept.name;
        RETURN;
    END LOOP;
END
$$;
COMMENT ON FUNCTION event_store.expire IS
    'Remove what has had its time from one chunk of one table: a short transaction, by one session at a time. '
    'Returns the table and the number of rows removed, NULL when there is nothing to do now (or somebody else does '
    'it): to be called until then. Rows go within a thousandth of their time after it.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA event_store FROM PUBLIC;
GRANT SELECT ON event_store.failures, event_store.publication_marks TO skafu_command;
GRANT EXECUTE ON FUNCTION event_store.note_failures, event_store.expire TO skafu_command;
GRANT INSERT ON projection.marks TO skafu_projector;
GRANT USAGE ON SCHEMA projection TO skafu_command;
GRANT SELECT ON projection.marks, projection.views, projection.parked, projection.dropped TO skafu_command;
