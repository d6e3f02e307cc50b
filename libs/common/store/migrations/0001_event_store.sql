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
-- must be the same for everyone, and it is the fast one. There are no CHECK constraints: PostgreSQL reads
-- them anew for each statement, which costs more than the statement's work, and append() is the only writer.

CREATE TABLE event_store.logs (
    aggregate_type text COLLATE "C" NOT NULL,
    partition int4 NOT NULL,
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

CREATE VIEW event_store.streams AS
    SELECT first.aggregate_type, first.aggregate_id, first.partition, last.event_sequence AS version
    FROM event_store.events AS first
    CROSS JOIN LATERAL (
        SELECT e.event_sequence FROM event_store.events AS e
        WHERE e.aggregate_id = first.aggregate_id AND e.aggregate_type = first.aggregate_type
        ORDER BY e.event_sequence DESC LIMIT 1
    ) AS last
    WHERE first.event_sequence = 1;
COMMENT ON VIEW event_store.streams IS
    'One row per aggregate that has events: two index lookups for one aggregate. It is not a table, because the '
    'index on events that lists a stream already holds all of it, and keeping it twice made appending a third slower.';
COMMENT ON COLUMN event_store.streams.partition IS
    'Of the log that its events are in: where its first one went. More partitions later move nobody.';
COMMENT ON COLUMN event_store.streams.version IS 'event_sequence of its newest event.';

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
    stored_at timestamptz NOT NULL,
    validated_us int4 NOT NULL,
    decided_us int4 NOT NULL,
    actor text COLLATE "C" NOT NULL
);
COMMENT ON TABLE event_store.commands IS
    'The outcome of every command, stored with its events: the same command_id gives the first outcome again, '
    'until expire() removes it.';
COMMENT ON COLUMN event_store.commands.digest IS 'Of the command''s content: the same id with another digest is refused.';
COMMENT ON COLUMN event_store.commands.version IS
    'Of the aggregate after the command; its events are the event_count ones up to this event_sequence. '
    'Of a refused command: the version it was decided on.';
COMMENT ON COLUMN event_store.commands.status IS 'HTTP status of the answer.';
COMMENT ON COLUMN event_store.commands.problem IS 'Why it was refused, as JSON; NULL when it was not.';
COMMENT ON COLUMN event_store.commands.validated_us IS 'Microseconds after received_at; decided_us likewise.';
COMMENT ON COLUMN event_store.commands.actor IS 'Who sent it, and may read its record.';

CREATE TABLE event_store.publications (
    aggregate_type text COLLATE "C" NOT NULL,
    partition int4 NOT NULL,
    published int8 NOT NULL DEFAULT 0,
    PRIMARY KEY (aggregate_type, partition)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
COMMENT ON TABLE event_store.publications IS
    'Up to which position the broker has acknowledged each log partition. Noted now and then: what lies behind '
    'it is surely published, what lies before it may be.';

CREATE TABLE event_store.publication_marks (
    aggregate_type text COLLATE "C" NOT NULL,
    partition int4 NOT NULL,
    position int8 NOT NULL,
    marked_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX publication_marks_position ON event_store.publication_marks (aggregate_type, partition, position);
COMMENT ON TABLE event_store.publication_marks IS
    'When the broker had acknowledged a log partition up to a position. The first mark at or behind the position '
    'of an event tells when that one was published. Removed by expire().';

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
    IF aggregate_type IS NULL OR aggregate_type !~ '^[a-z][a-z0-9_]{0,62}$' THEN
        RAISE EXCEPTION 'the name of an aggregate type is lower_snake_case of at most 63 characters, not "%"', aggregate_type
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
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

CREATE FUNCTION event_store.note_published(
    aggregate_types text[], partitions int4[], positions int8[], acknowledged_at int8[]
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH noted AS (
        SELECT u.aggregate_type COLLATE "C" AS aggregate_type, u.partition, u.position, u.at
            FROM unnest(aggregate_types, partitions, positions, acknowledged_at)
                AS u(aggregate_type, partition, position, at)
    ),
    raised AS (
        UPDATE event_store.publications AS p
            SET published = n.position
            FROM (SELECT aggregate_type, partition, max(position) AS position FROM noted
                      GROUP BY 1, 2 ORDER BY 1, 2) AS n
            WHERE p.aggregate_type = n.aggregate_type AND p.partition = n.partition AND p.published < n.position
            RETURNING p.aggregate_type, p.partition
    )
    INSERT INTO event_store.publication_marks
        SELECT n.aggregate_type, n.partition, n.position, timestamptz 'epoch' + n.at * interval '1 microsecond'
            FROM noted AS n JOIN raised AS r USING (aggregate_type, partition);
$$;
COMMENT ON FUNCTION event_store.note_published IS
    'The broker has acknowledged these partitions up to these positions, at these times (microseconds since 1970); '
    'several of one partition are marks on its way. Never moves backwards.';

-- append() first takes the likely case, in which everything is new and nothing conflicts: one statement per
-- table for the whole batch, and constraints that fail when it is not so. Then what it did is undone and
-- append_carefully() looks at each command. Both lock in the same order, so that two writers never wait for
-- each other in a circle: commands by id, then logs by type and partition, then the events' own index.
CREATE FUNCTION event_store.append_carefully(
    command_ids uuid[], digests bytea[], command_types text[], aggregate_types text[], aggregate_ids text[],
    partitions int4[], expected_versions int8[], event_counts int4[], statuses int2[], problems text[],
    received_at int8[], validated_us int4[], decided_us int4[], actors text[],
    event_ids uuid[], event_types text[], event_versions int4[], event_data text[], metadata text[],
    correlation_ids text[]
) RETURNS TABLE (
    command_index int4, outcome int2, version int8, partition int4, first_position int8, stored_at_us int8
)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    n_commands CONSTANT int4 := cardinality(command_ids);
    stamp timestamptz := clock_timestamp();
    -- by command
    outcomes int2[] := array_fill(NULL::int2, ARRAY[n_commands]);
    versions int8[] := expected_versions;
    placed int4[] := partitions;
    positions int8[] := array_fill(NULL::int8, ARRAY[n_commands]);
    stamps timestamptz[] := array_fill(NULL::timestamptz, ARRAY[n_commands]);
    same_as int4[] := array_fill(NULL::int4, ARRAY[n_commands]);
    known_digests bytea[] := digests;
    stream_of int4[];
    log_of int4[] := array_fill(NULL::int4, ARRAY[n_commands]);
    -- by stream
    heads int8[];
    homes int4[];
    broken bool[];
    -- by log
    log_types text[] := '{}';
    log_partitions int4[] := '{}';
    log_last int8[] := '{}';
    -- by event
    owners int4[] := '{}';
    offsets int4[] := array_fill(NULL::int4, ARRAY[n_commands]);
    n_events int4 := 0;
    lost uuid[] := '{}';
    known record;
    log record;
    i int4;
    s int4;
    before int4;
BEGIN
    FOR i IN 1..n_commands LOOP
        IF event_counts[i] < 0 OR (problems[i] IS NOT NULL AND event_counts[i] > 0) THEN
            RAISE EXCEPTION 'command % of the batch cannot have % events', i, event_counts[i]
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        offsets[i] := n_events;
        n_events := n_events + event_counts[i];
        owners := owners || array_fill(i, ARRAY[event_counts[i]]);
    END LOOP;
    IF n_events IS DISTINCT FROM cardinality(event_ids) THEN
        RAISE EXCEPTION 'the batch has % events and its commands have %', cardinality(event_ids), n_events
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- Who was here before? An id that someone else is storing now is waited for.
    FOR i IN SELECT c.o FROM unnest(command_ids) WITH ORDINALITY AS c(id, o) ORDER BY c.id, c.o LOOP
        IF command_ids[i] = command_ids[before] THEN
            same_as[i] := before;
            CONTINUE;
        END IF;
        before := i;
        LOOP
            INSERT INTO event_store.commands
                VALUES (command_ids[i], digests[i], command_types[i], aggregate_types[i], aggregate_ids[i],
                        expected_versions[i] + event_counts[i], event_counts[i], statuses[i], problems[i],
                        timestamptz 'epoch' + received_at[i] * interval '1 microsecond', stamp,
                        validated_us[i], decided_us[i], actors[i])
                ON CONFLICT DO NOTHING;
            IF FOUND THEN
                outcomes[i] := 0;
                stamps[i] := stamp;
                EXIT;
            END IF;
            SELECT c.digest, c.version, coalesce(e.partition, v.partition) AS partition, e.position,
                   coalesce(e.stored_at, c.stored_at) AS stored_at
                INTO known
                FROM event_store.commands AS c
                LEFT JOIN event_store.events AS e
                    ON c.event_count > 0 AND e.aggregate_id = c.aggregate_id AND e.aggregate_type = c.aggregate_type
                    AND e.event_sequence = c.version - c.event_count + 1
                LEFT JOIN event_store.events AS v
                    ON v.aggregate_id = c.aggregate_id AND v.aggregate_type = c.aggregate_type AND v.event_sequence = 1
                WHERE c.command_id = command_ids[i];
            IF FOUND THEN
                outcomes[i] := CASE WHEN known.digest = digests[i] THEN 1 ELSE 2 END;
                known_digests[i] := known.digest;
                versions[i] := known.version;
                placed[i] := known.partition;
                positions[i] := known.position;
                stamps[i] := known.stored_at;
                EXIT;
            END IF;
        END LOOP;
    END LOOP;

    -- The log of an aggregate, once it has events, is for ever. Having locked it we know all its versions.
    stream_of := ARRAY(SELECT dense_rank() OVER (ORDER BY c.t, c.a)
                       FROM (SELECT unnest(aggregate_types) COLLATE "C" AS t, unnest(aggregate_ids) COLLATE "C" AS a,
                                    generate_subscripts(command_ids, 1) AS o) AS c
                       ORDER BY c.o);
    heads := array_fill(NULL::int8, ARRAY[n_commands]);
    homes := array_fill(NULL::int4, ARRAY[n_commands]);
    broken := array_fill(false, ARRAY[n_commands]);
    FOR i IN 1..n_commands LOOP
        s := stream_of[i];
        IF outcomes[i] = 0 AND homes[s] IS NULL THEN
            homes[s] := coalesce((SELECT e.partition FROM event_store.events AS e
                                  WHERE e.aggregate_id = aggregate_ids[i] AND e.aggregate_type = aggregate_types[i]
                                    AND e.event_sequence = 1),
                                 partitions[i]);
        END IF;
    END LOOP;
    FOR log IN
        SELECT DISTINCT c.t, homes[stream_of[c.o]] AS p
        FROM (SELECT unnest(aggregate_types) COLLATE "C" AS t, generate_subscripts(command_ids, 1) AS o) AS c
        WHERE outcomes[c.o] = 0
        ORDER BY 1, 2
    LOOP
        SELECT l.last_position, l.last_timestamp INTO known
            FROM event_store.logs AS l WHERE l.aggregate_type = log.t AND l.partition = log.p FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no log partition % of aggregate type "%"', log.p, log.t
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Call event_store.ensure_logs() first.';
        END IF;
        log_types := log_types || log.t;
        log_partitions := log_partitions || log.p;
        log_last := log_last || known.last_position;
        stamp := greatest(stamp, known.last_timestamp);
    END LOOP;

    -- What fits is stored, what does not is a conflict, and so is what follows it on the same aggregate.
    FOR i IN 1..n_commands LOOP
        CONTINUE WHEN outcomes[i] IS DISTINCT FROM 0;
        s := stream_of[i];
        IF heads[s] IS NULL THEN
            heads[s] := 0;
            SELECT e.event_sequence, e.partition INTO known
                FROM event_store.events AS e
                WHERE e.aggregate_id = aggregate_ids[i] AND e.aggregate_type = aggregate_types[i]
                ORDER BY e.event_sequence DESC LIMIT 1;
            IF FOUND THEN
                heads[s] := known.event_sequence;
                IF known.partition <> homes[s] THEN
                    RAISE EXCEPTION 'aggregate "%" has just been created in another partition', aggregate_ids[i]
                        USING ERRCODE = 'serialization_failure';
                END IF;
            END IF;
        END IF;
        placed[i] := homes[s];
        IF broken[s] OR expected_versions[i] IS DISTINCT FROM heads[s] THEN
            broken[s] := true;
            outcomes[i] := 3;
            versions[i] := heads[s];
            stamps[i] := NULL;
            lost := lost || command_ids[i];
            CONTINUE;
        END IF;
        heads[s] := heads[s] + event_counts[i];
        versions[i] := heads[s];
        stamps[i] := stamp;
        CONTINUE WHEN event_counts[i] = 0;
        log_of[i] := 1;
        WHILE log_partitions[log_of[i]] <> homes[s] OR log_types[log_of[i]] <> aggregate_types[i] LOOP
            log_of[i] := log_of[i] + 1;
        END LOOP;
        positions[i] := log_last[log_of[i]] + 1;
        log_last[log_of[i]] := log_last[log_of[i]] + event_counts[i];
    END LOOP;
    DELETE FROM event_store.commands AS c WHERE c.command_id = ANY (lost);

    UPDATE event_store.logs AS l
        SET last_position = n.last, last_timestamp = stamp
        FROM unnest(log_types, log_partitions, log_last) AS n(t, p, last)
        WHERE l.aggregate_type = n.t COLLATE "C" AND l.partition = n.p AND l.last_position < n.last;
    INSERT INTO event_store.events
        SELECT aggregate_types[e.owner], placed[e.owner], positions[e.owner] + e.o - offsets[e.owner] - 1,
               aggregate_ids[e.owner], expected_versions[e.owner] + e.o - offsets[e.owner],
               e.id, e.type, e.version, e.data, e.metadata, e.correlation_id, stamp
        FROM unnest(event_ids, event_types, event_versions, event_data, metadata, correlation_ids, owners)
            WITH ORDINALITY AS e(id, type, version, data, metadata, correlation_id, owner, o)
        WHERE outcomes[e.owner] = 0
        ORDER BY e.o;

    FOR i IN 1..n_commands LOOP
        s := coalesce(same_as[i], i);
        command_index := i;
        outcome := CASE WHEN same_as[i] IS NULL OR outcomes[s] = 3 THEN outcomes[s]
                        WHEN known_digests[s] = digests[i] THEN 1
                        ELSE 2 END;
        version := versions[s];
        partition := placed[s];
        first_position := positions[s];
        stored_at_us := (extract(epoch FROM stamps[s]) * 1000000)::int8;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION event_store.append_carefully IS 'append() for a batch in which not everything is new; called by it.';

CREATE FUNCTION event_store.append(
    command_ids uuid[], digests bytea[], command_types text[], aggregate_types text[], aggregate_ids text[],
    partitions int4[], expected_versions int8[], event_counts int4[], statuses int2[], problems text[],
    received_at int8[], validated_us int4[], decided_us int4[], actors text[],
    event_ids uuid[], event_types text[], event_versions int4[], event_data text[], metadata text[],
    correlation_ids text[]
) RETURNS TABLE (
    command_index int4, outcome int2, version int8, partition int4, first_position int8, stored_at_us int8
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- The arrays' sizes say nothing about the next call, and every lookup here is by a unique key.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    n_commands CONSTANT int4 := cardinality(command_ids);
    n_events CONSTANT int4 := cardinality(event_ids);
    one_each CONSTANT bool := n_commands = n_events AND 1 = ALL (event_counts);
    n_rooted int4; -- commands that begin a stream or follow an event in the store
    stamp timestamptz := clock_timestamp();
    stamp_us int8;
    last int8;
    positions int8[]; -- of each command's first event
    log_types text[];
    log_partitions int4[];
    log_next int8[];
    log_stamps timestamptz[];
    k int4 := 1;
    -- by event, when there is not one for each command
    e_types text[];
    e_partitions int4[];
    e_positions int8[];
    e_ids text[];
    e_sequences int8[];
BEGIN
    IF n_commands = 0 THEN
        RETURN;
    END IF;
    BEGIN
        INSERT INTO event_store.commands
            SELECT c.id, c.digest, c.type, c.t, c.a, c.e + c.n,
                   CASE WHEN c.n = 0 OR (c.n > 0 AND c.problem IS NULL) THEN c.n END, c.status, c.problem,
                   timestamptz 'epoch' + c.received * interval '1 microsecond', stamp, c.validated, c.decided, c.actor
            FROM (SELECT unnest(command_ids) AS id, unnest(digests) AS digest, unnest(command_types) AS type,
                         unnest(aggregate_types) AS t, unnest(aggregate_ids) AS a, unnest(expected_versions) AS e,
                         unnest(event_counts) AS n, unnest(statuses) AS status, unnest(problems) AS problem,
                         unnest(received_at) AS received, unnest(validated_us) AS validated,
                         unnest(decided_us) AS decided, unnest(actors) AS actor) AS c
            ORDER BY c.id;

        -- That nobody has a command's events already is for the index on streams to see; that the event
        -- before them is there, or will be, is for us. Without events there is nothing for the index.
        IF one_each OR 0 <> ALL (event_counts) THEN
            n_rooted := cardinality(array_positions(expected_versions, 0));
            IF n_rooted < n_commands THEN
                -- "+ 0": before the table has statistics the planner takes type and partition for as good a way
                -- to one event as the index on streams, and would read the whole log for each command.
                SELECT n_rooted + count(*) INTO n_rooted
                    FROM (SELECT unnest(aggregate_types) COLLATE "C" AS t, unnest(aggregate_ids) COLLATE "C" AS a,
                                 unnest(partitions) AS p, unnest(expected_versions) AS e) AS c
                    JOIN event_store.events AS v
                        ON v.aggregate_id = c.a AND v.aggregate_type = c.t AND v.event_sequence = c.e
                    WHERE c.e > 0 AND v.partition + 0 = c.p;
            END IF;
        END IF;
        IF n_rooted IS DISTINCT FROM n_commands AND NOT (
            SELECT bool_and(CASE WHEN f.before IS NOT NULL THEN f.e = f.before AND f.p = f.home
                                 WHEN f.e > 0 THEN (SELECT v.partition FROM event_store.events AS v
                                                    WHERE v.aggregate_id = f.a AND v.aggregate_type = f.t
                                                      AND v.event_sequence = f.e) IS NOT DISTINCT FROM f.p
                                 ELSE f.e = 0 END
                            AND (f.n > 0 OR (SELECT v.partition FROM event_store.events AS v
                                             WHERE v.aggregate_id = f.a AND v.aggregate_type = f.t
                                               AND v.event_sequence = f.e + 1) IS NULL))
            FROM (SELECT c.t, c.a, c.p, c.e, c.n, lag(c.e + c.n) OVER w AS before, lag(c.p) OVER w AS home
                  FROM (SELECT unnest(aggregate_types) COLLATE "C" AS t, unnest(aggregate_ids) COLLATE "C" AS a,
                               unnest(partitions) AS p, unnest(expected_versions) AS e, unnest(event_counts) AS n,
                               generate_subscripts(command_ids, 1) AS o) AS c
                  WINDOW w AS (PARTITION BY c.t, c.a ORDER BY c.o)) AS f)
        THEN
            RAISE EXCEPTION USING ERRCODE = 'SK001';
        END IF;

        -- Raising the logs makes us the only writer of these partitions until we commit.
        IF n_events = 0 THEN
            positions := array_fill(NULL::int8, ARRAY[n_commands]);
        ELSIF partitions[1] = ALL (partitions) AND aggregate_types[1] = ALL (aggregate_types) THEN
            UPDATE event_store.logs
                SET last_position = last_position + n_events, last_timestamp = greatest(stamp, last_timestamp)
                WHERE aggregate_type = aggregate_types[1] AND partition = partitions[1]
                RETURNING last_position, last_timestamp INTO last, stamp;
            IF NOT FOUND THEN
                RAISE EXCEPTION USING ERRCODE = 'SK001';
            END IF;
            IF one_each THEN
                positions := ARRAY(SELECT generate_series(last - n_events + 1, last));
            ELSE
                positions := ARRAY(SELECT CASE WHEN n > 0
                                               THEN last - n_events + 1 - n + sum(n) OVER (ROWS UNBOUNDED PRECEDING) END
                                   FROM unnest(event_counts) AS n);
            END IF;
        ELSE
            WITH raised AS (
                UPDATE event_store.logs AS l
                    SET last_position = l.last_position + d.n, last_timestamp = greatest(stamp, l.last_timestamp)
                    FROM (SELECT c.t, c.p, sum(c.n) AS n
                          FROM (SELECT unnest(aggregate_types) COLLATE "C" AS t, unnest(partitions) AS p,
                                       unnest(event_counts) AS n) AS c
                          GROUP BY c.t, c.p HAVING sum(c.n) > 0 ORDER BY c.t, c.p) AS d
                    WHERE l.aggregate_type = d.t AND l.partition = d.p
                    RETURNING d.t, d.p, l.last_position + 1 - d.n AS next, l.last_timestamp
            )
            SELECT array_agg(r.t), array_agg(r.p), array_agg(r.next), array_agg(r.last_timestamp)
                INTO log_types, log_partitions, log_next, log_stamps FROM raised AS r;
            positions := array_fill(NULL::int8, ARRAY[n_commands]);
            FOR i IN 1..n_commands LOOP
                CONTINUE WHEN event_counts[i] = 0;
                IF log_partitions[k] <> partitions[i] OR log_types[k] <> aggregate_types[i] THEN
                    k := 1;
                    WHILE log_partitions[k] <> partitions[i] OR log_types[k] <> aggregate_types[i] LOOP
                        k := k + 1;
                    END LOOP;
                END IF;
                IF log_next[k] IS NULL THEN
                    RAISE EXCEPTION USING ERRCODE = 'SK001';
                END IF;
                positions[i] := log_next[k];
                log_next[k] := log_next[k] + event_counts[i];
            END LOOP;
            IF NOT stamp = ALL (log_stamps) THEN -- others were here while we waited, or our clock is behind
                stamp := (SELECT max(s) FROM unnest(log_stamps) AS s);
                UPDATE event_store.logs AS l SET last_timestamp = stamp
                    FROM unnest(log_types, log_partitions) AS n(t, p)
                    WHERE l.aggregate_type = n.t COLLATE "C" AND l.partition = n.p;
            END IF;
        END IF;
        stamp_us := extract(epoch FROM stamp) * 1000000;

        IF one_each THEN
            INSERT INTO event_store.events
                SELECT unnest(aggregate_types), unnest(partitions), unnest(positions), unnest(aggregate_ids),
                       unnest(expected_versions) + 1, unnest(event_ids), unnest(event_types), unnest(event_versions),
                       unnest(event_data), unnest(metadata), unnest(correlation_ids), stamp;
        ELSE
            SELECT array_agg(e.t), array_agg(e.p), array_agg(e.f + e.k - 1), array_agg(e.a), array_agg(e.e + e.k)
                INTO e_types, e_partitions, e_positions, e_ids, e_sequences
                FROM (SELECT c.t, c.p, c.f, c.a, c.e, generate_series(1, c.n) AS k
                      FROM (SELECT unnest(aggregate_types) AS t, unnest(partitions) AS p, unnest(positions) AS f,
                                   unnest(aggregate_ids) AS a, unnest(expected_versions) AS e,
                                   unnest(event_counts) AS n) AS c) AS e;
            INSERT INTO event_store.events
                SELECT unnest(e_types), unnest(e_partitions), unnest(e_positions), unnest(e_ids), unnest(e_sequences),
                       unnest(event_ids), unnest(event_types), unnest(event_versions), unnest(event_data),
                       unnest(metadata), unnest(correlation_ids), stamp;
        END IF;

        RETURN QUERY
            SELECT c.i, 0::int2, c.e + c.n, c.p, c.f, stamp_us
            FROM (SELECT generate_subscripts(command_ids, 1) AS i, unnest(expected_versions) AS e,
                         unnest(event_counts) AS n, unnest(partitions) AS p, unnest(positions) AS f) AS c;
        RETURN;
    EXCEPTION WHEN unique_violation OR SQLSTATE 'SK001' THEN
        NULL; -- undone; the careful way
    END;
    BEGIN
        RETURN QUERY
            SELECT * FROM event_store.append_carefully(
                command_ids, digests, command_types, aggregate_types, aggregate_ids, partitions, expected_versions,
                event_counts, statuses, problems, received_at, validated_us, decided_us, actors, event_ids, event_types,
                event_versions, event_data, metadata, correlation_ids);
    EXCEPTION WHEN unique_violation THEN
        -- Only a stream begun by someone else in another partition, at this very moment, leads here.
        RAISE EXCEPTION 'the batch met another one: %', SQLERRM USING ERRCODE = 'serialization_failure';
    END;
END
$$;
COMMENT ON FUNCTION event_store.append IS
    'Store a batch of commands and their events, in the caller''s transaction. '
    'Arrays by command: partitions are proposals for aggregates that are new (give the real one of others: a wrong '
    'one is corrected, but slowly); expected_versions are what each command was decided on, 0 for "does not exist"; '
    'problems are NULL, or why it is refused (then without events); received_at are microseconds since 1970, '
    'validated_us and decided_us microseconds after that; actors are who sent them. '
    'Arrays by event: those of command 1 first, then of command 2 … '
    'Returns a row per command, in order. outcome 0: stored; 1: the id is known, with the same digest, and version, '
    'partition, first_position and stored_at_us are those of then; 2: known with another digest; 3: the aggregate is '
    'not at the expected version, but at the one returned, or an earlier command of the batch on it was not stored. '
    'first_position is NULL when the command has no events. Commands that are not stored leave no trace.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA event_store FROM PUBLIC;
GRANT USAGE ON SCHEMA event_store TO skafu_command, skafu_projector, skafu_query;
GRANT SELECT ON event_store.events, event_store.streams, event_store.logs, event_store.publications
    TO skafu_command, skafu_projector, skafu_query;
GRANT SELECT ON event_store.commands TO skafu_command;
GRANT EXECUTE ON FUNCTION event_store.append, event_store.ensure_logs, event_store.note_published TO skafu_command;
