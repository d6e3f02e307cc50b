-- The event store: what was decided, once and for ever, and the one function that writes it.
-- Applied by `skafuctl migrate` as the owner of the database; the services log in as the roles below.

-- Roles belong to the whole cluster: another database may have made them, or be making them now.
-- They have no password: whoever runs the cluster gives them one, or another way to log in.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['skafu_command', 'skafu_projector', 'skafu_query'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE pg_catalog.format('CREATE ROLE %I LOGIN', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$$;

CREATE SCHEMA event_store;
COMMENT ON SCHEMA event_store IS
    'Streams of events, the logs that order them, the commands that caused them. Written by append() alone.';

-- Names and ids are compared byte by byte everywhere (COLLATE "C"): the order in which rows are locked
-- must be the same for everyone, and it is the fast one.

CREATE TABLE event_store.logs (
    aggregate_type text COLLATE "C" NOT NULL CHECK (aggregate_type ~ '^[a-z][a-z0-9_]{0,62}$'),
    partition int4 NOT NULL CHECK (partition >= 0),
    last_position int8 NOT NULL DEFAULT 0,
    last_timestamp timestamptz NOT NULL DEFAULT 'epoch',
    PRIMARY KEY (aggregate_type, partition)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
COMMENT ON TABLE event_store.logs IS
    'One row per aggregate type and partition. An append raises it in its own transaction and holds it until '
    'the commit: that makes positions gap-free and their order the order of commits.';
COMMENT ON COLUMN event_store.logs.last_position IS 'Of the newest event; 0: none yet.';
COMMENT ON COLUMN event_store.logs.last_timestamp IS
    'stored_at of the newest event. A clock that is set back does not set it back.';

CREATE TABLE event_store.streams (
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    partition int4 NOT NULL,
    version int8 NOT NULL,
    PRIMARY KEY (aggregate_id, aggregate_type)
) WITH (fillfactor = 80);
COMMENT ON TABLE event_store.streams IS 'One row per aggregate that has events.';
COMMENT ON COLUMN event_store.streams.partition IS
    'Of the log that its events are in. Chosen when the aggregate is new; more partitions later move nobody.';
COMMENT ON COLUMN event_store.streams.version IS 'event_sequence of its newest event.';

CREATE TABLE event_store.events (
    aggregate_type text COLLATE "C" NOT NULL,
    partition int4 NOT NULL,
    position int8 NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    event_sequence int8 NOT NULL,
    event_id uuid NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    event_version int4 NOT NULL,
    event_data text COLLATE "C" NOT NULL,
    metadata text COLLATE "C" NOT NULL,
    correlation_id text COLLATE "C" NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (aggregate_type, partition, position),
    UNIQUE (aggregate_id, aggregate_type, event_sequence)
);
COMMENT ON TABLE event_store.events IS 'What happened. Rows are added, and never changed or removed by anyone.';
COMMENT ON COLUMN event_store.events.position IS 'In its log partition: 1, 2, 3 … without a gap.';
COMMENT ON COLUMN event_store.events.event_sequence IS 'In the stream of its aggregate: 1, 2, 3 … without a gap.';
COMMENT ON COLUMN event_store.events.event_version IS 'Schema version of the event type.';
COMMENT ON COLUMN event_store.events.event_data IS 'JSON text; text and not json, so that it comes back byte for byte.';
COMMENT ON COLUMN event_store.events.stored_at IS 'Never goes backwards within a log partition.';

CREATE TABLE event_store.commands (
    command_id uuid PRIMARY KEY,
    digest bytea NOT NULL,
    command_type text COLLATE "C" NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    version int8 NOT NULL,
    event_count int4 NOT NULL,
    status int2 NOT NULL,
    problem text COLLATE "C",
    received_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL
);
COMMENT ON TABLE event_store.commands IS
    'The outcome of every command, stored with its events: the same command_id gives the first outcome again.';
COMMENT ON COLUMN event_store.commands.digest IS 'Of the command''s content: the same id with another digest is refused.';
COMMENT ON COLUMN event_store.commands.version IS
    'Of the aggregate after the command; its events are the event_count ones up to this event_sequence. '
    'Of a refused command: the version it was decided on.';
COMMENT ON COLUMN event_store.commands.status IS 'HTTP status of the answer.';
COMMENT ON COLUMN event_store.commands.problem IS 'Why it was refused, as JSON; NULL when it was not.';

CREATE TABLE event_store.publications (
    aggregate_type text COLLATE "C" NOT NULL,
    partition int4 NOT NULL,
    published int8 NOT NULL DEFAULT 0,
    PRIMARY KEY (aggregate_type, partition),
    FOREIGN KEY (aggregate_type, partition) REFERENCES event_store.logs
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
COMMENT ON TABLE event_store.publications IS
    'Up to which position the broker has acknowledged each log partition. Noted now and then: what lies behind '
    'it is surely published, what lies before it may be.';

CREATE FUNCTION event_store.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed: % of %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'Append an event that corrects the earlier one.';
END
$$;
COMMENT ON FUNCTION event_store.refuse_change() IS 'Keeps events as they are, whoever asks.';

-- For each statement, so that one that matches no row is refused too; ALWAYS, so that a session that
-- plays a replica is no way around it.
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON event_store.events
    FOR EACH STATEMENT EXECUTE FUNCTION event_store.refuse_change();
ALTER TABLE event_store.events ENABLE ALWAYS TRIGGER refuse_change;

CREATE FUNCTION event_store.ensure_logs(aggregate_type text, partitions int4) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF partitions IS NULL OR partitions NOT BETWEEN 1 AND 4096 THEN
        RAISE EXCEPTION 'an aggregate type has 1 to 4096 partitions, not %', partitions
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO event_store.logs (aggregate_type, partition)
        SELECT ensure_logs.aggregate_type, p FROM generate_series(0, partitions - 1) AS p
        ON CONFLICT DO NOTHING;
    INSERT INTO event_store.publications (aggregate_type, partition)
        SELECT ensure_logs.aggregate_type, p FROM generate_series(0, partitions - 1) AS p
        ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION event_store.ensure_logs(text, int4) IS
    'Make the log partitions 0 to partitions - 1 of an aggregate type, where they are missing. Removes none.';

CREATE FUNCTION event_store.note_published(aggregate_types text[], partitions int4[], positions int8[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE event_store.publications AS p
        SET published = n.position
        FROM (
            SELECT u.aggregate_type COLLATE "C" AS aggregate_type, u.partition, max(u.position) AS position
                FROM unnest(aggregate_types, partitions, positions) AS u(aggregate_type, partition, position)
                GROUP BY 1, 2 ORDER BY 1, 2
        ) AS n
        WHERE p.aggregate_type = n.aggregate_type AND p.partition = n.partition AND p.published < n.position;
$$;
COMMENT ON FUNCTION event_store.note_published(text[], int4[], int8[]) IS
    'The broker has acknowledged these partitions up to these positions. Never moves backwards.';

CREATE FUNCTION event_store.append(
    command_ids uuid[], digests bytea[], command_types text[], aggregate_types text[], aggregate_ids text[],
    partitions int4[], expected_versions int8[], event_counts int4[], statuses int2[], problems text[],
    received_at int8[],
    event_ids uuid[], event_types text[], event_versions int4[], event_data text[], metadata text[],
    correlation_ids text[]
) RETURNS TABLE (
    command_index int4, outcome int2, version int8, partition int4, first_position int8, stored_at_us int8
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    e int := 1;
    known record;
    cur record;
    st timestamptz;
    base int8;
    n int4;
BEGIN
    FOR i IN 1 .. cardinality(command_ids) LOOP
        n := event_counts[i];
        command_index := i;
        first_position := NULL;
        stored_at_us := NULL;
        partition := partitions[i];
        SELECT c.digest, c.version AS v INTO known FROM event_store.commands c WHERE c.command_id = command_ids[i];
        IF FOUND THEN
            outcome := CASE WHEN known.digest = digests[i] THEN 1 ELSE 2 END;
            version := known.v;
            e := e + n;
            RETURN NEXT;
            CONTINUE;
        END IF;
        SELECT s.version AS v, s.partition AS p INTO cur FROM event_store.streams s
            WHERE s.aggregate_type = aggregate_types[i] AND s.aggregate_id = aggregate_ids[i] FOR UPDATE;
        IF coalesce(cur.v, 0) <> expected_versions[i] THEN
            outcome := 3;
            version := coalesce(cur.v, 0);
            e := e + n;
            RETURN NEXT;
            CONTINUE;
        END IF;
        partition := coalesce(cur.p, partitions[i]);
        st := clock_timestamp();
        IF n > 0 THEN
            UPDATE event_store.logs l SET last_position = last_position + n, last_timestamp = greatest(clock_timestamp(), last_timestamp)
                WHERE l.aggregate_type = aggregate_types[i] AND l.partition = append.partition RETURNING last_position - n, last_timestamp INTO base, st;
            INSERT INTO event_store.streams VALUES (aggregate_types[i], aggregate_ids[i], append.partition, expected_versions[i] + n)
                ON CONFLICT (aggregate_id, aggregate_type) DO UPDATE SET version = excluded.version;
            FOR k IN 1 .. n LOOP
                INSERT INTO event_store.events VALUES (aggregate_types[i], append.partition, base + k, aggregate_ids[i], expected_versions[i] + k,
                    event_ids[e], event_types[e], event_versions[e], event_data[e], metadata[e], correlation_ids[e], st);
                e := e + 1;
            END LOOP;
            first_position := base + 1;
        END IF;
        INSERT INTO event_store.commands VALUES (command_ids[i], digests[i], command_types[i], aggregate_types[i], aggregate_ids[i],
            expected_versions[i] + n, n, statuses[i], problems[i], timestamptz 'epoch' + received_at[i] * interval '1 microsecond', st);
        outcome := 0;
        version := expected_versions[i] + n;
        stored_at_us := (extract(epoch FROM st) * 1000000)::int8;
        RETURN NEXT;
    END LOOP;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA event_store FROM PUBLIC;
GRANT USAGE ON SCHEMA event_store TO skafu_command, skafu_projector, skafu_query;
GRANT SELECT ON ALL TABLES IN SCHEMA event_store TO skafu_command, skafu_projector, skafu_query;
GRANT EXECUTE ON FUNCTION event_store.ensure_logs, event_store.append, event_store.note_published TO skafu_command;
