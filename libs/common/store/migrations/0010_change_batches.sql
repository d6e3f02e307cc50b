-- Changes are kept as projectors write them, a text with those of a transaction, and shown to people as rows.

CREATE SCHEMA change_batches;
COMMENT ON SCHEMA change_batches IS
    'The change feed: one table per view, with what is to be published and what was lately. "changes" shows it as rows.';
GRANT USAGE, CREATE ON SCHEMA change_batches TO skafu_projector;
COMMENT ON SCHEMA changes IS 'The changes of each view that are to be published, and those that were lately.';

-- What was kept in the former way is forgotten; feeds begin anew.
DO $$
DECLARE
    view_name text;
BEGIN
    FOR view_name IN SELECT l.view FROM projection.change_logs AS l LOOP
        EXECUTE format('DROP TABLE IF EXISTS changes.%I', view_name);
    END LOOP;
    UPDATE projection.change_logs SET complete = false;
    UPDATE projection.change_publications AS p SET durable = l.last, published = l.last
    FROM projection.change_logs AS l WHERE l.view = p.view;
END
$$;

CREATE FUNCTION projection.read_changes(
    entries text, OUT number int8, OUT id text, OUT aggregate text, OUT aggregate_type text, OUT partition int4,
    OUT "position" int8, OUT event_id uuid, OUT traceparent text, OUT old text, OUT new text
) RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bytes bytea := convert_to(entries, 'UTF8');
    at int := 0;
    size int;
    fields text[];
BEGIN
    number := 0;
    WHILE at < length(bytes) LOOP
        fields := '{}';
        FOR i IN 1 .. 9 LOOP
            IF get_byte(bytes, at) = ascii('-') THEN
                fields := fields || NULL::text;
                at := at + 1;
                CONTINUE;
            END IF;
            size := 0;
            WHILE get_byte(bytes, at) <> ascii(':') LOOP
                size := size * 10 + get_byte(bytes, at) - ascii('0');
                at := at + 1;
            END LOOP;
            fields := fields || convert_from(substring(bytes FROM at + 2 FOR size), 'UTF8');
            at := at + 1 + size;
        END LOOP;
        number := number + 1;
        id := fields[1];
        aggregate := fields[2];
        aggregate_type := fields[3];
        partition := fields[4];
        "position" := fields[5];
        event_id := fields[6];
        traceparent := fields[7];
        old := fields[8];
        new := fields[9];
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION projection.read_changes(text) IS
    'The entries of a batch of changes. Each is nine fields: its size in bytes, ":" and the text, or "-" for null.';

CREATE OR REPLACE FUNCTION projection.reset_changes(view_name text) RETURNS int8
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schema_name text := (SELECT v.schema_name FROM projection.views AS v WHERE v.view = view_name AND v.live);
    n int8;
BEGIN
    IF schema_name IS NULL THEN
        RAISE EXCEPTION 'no view is called "%", or it has no live version', view_name
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Whoever holds a position has committed when we have the lock; the next statement sees it.
    PERFORM FROM projection.change_logs AS l WHERE l.view = view_name FOR UPDATE;
    EXECUTE format($sql$
        WITH entries AS MATERIALIZED (
            SELECT 0::int8 AS n, '---------' AS entry
            UNION ALL
            SELECT row_number() OVER (ORDER BY id, aggregate),
                octet_length(id) || ':' || id || octet_length(aggregate) || ':' || aggregate || '------'
                    || octet_length(image) || ':' || image
            FROM %I."_images"
        ), parts AS (
            SELECT e.n, e.entry, sum(octet_length(e.entry)) OVER (ORDER BY e.n) / (512 * 1024) AS part FROM entries AS e
        ), split AS MATERIALIZED (
            SELECT p.part, count(*) AS n, string_agg(p.entry, '' ORDER BY p.n) AS entries FROM parts AS p GROUP BY p.part
        ), raised AS (
            UPDATE projection.change_logs SET last = last + (SELECT count(*) FROM entries), complete = true
            WHERE view = %L
            RETURNING last - (SELECT count(*) FROM entries) AS before
        ), written AS (
            INSERT INTO change_batches.%I (first, last, entries)
            SELECT r.before + sum(s.n) OVER running - s.n + 1, r.before + sum(s.n) OVER running, s.entries
            FROM raised AS r CROSS JOIN split AS s WINDOW running AS (ORDER BY s.part)
        )
        SELECT count(*) FROM entries $sql$, schema_name, view_name, view_name) INTO n;
    RETURN n;
END
$$;

CREATE OR REPLACE FUNCTION projection.open_changes(view_name text) RETURNS int8
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM projection.change_logs AS l WHERE l.view = view_name AND l.complete) THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('skafu change feed of ' || view_name, 0));
    INSERT INTO projection.change_logs (view) VALUES (view_name) ON CONFLICT DO NOTHING;
    INSERT INTO projection.change_publications (view) VALUES (view_name) ON CONFLICT DO NOTHING;
    IF to_regclass(format('change_batches.%I', view_name)) IS NULL THEN
        EXECUTE format('
            CREATE TABLE change_batches.%I (
                first int8 NOT NULL,
                last int8 PRIMARY KEY,
                changed_at timestamptz NOT NULL DEFAULT now(),
                entries text COMPRESSION lz4 NOT NULL
            ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000)', view_name);
        EXECUTE format('COMMENT ON TABLE change_batches.%I IS %L', view_name,
            'Changes first … last of rows, as projection.read_changes() reads them.');
        EXECUTE format('
            CREATE VIEW changes.%I AS
            SELECT b.first + e.number - 1 AS change_position, e.id, e.aggregate, e.aggregate_type, e.partition, e.position,
                e.event_id, e.traceparent, b.changed_at, e.old, e.new
            FROM change_batches.%I AS b CROSS JOIN LATERAL projection.read_changes(b.entries) AS e', view_name, view_name);
        EXECUTE format('COMMENT ON VIEW changes.%I IS %L', view_name,
            'Changes of rows: old and new image, and the event behind it. No id: the feed begins anew.');
        EXECUTE format('GRANT SELECT ON changes.%I TO skafu_query', view_name);
    END IF;
    IF EXISTS (SELECT FROM projection.change_logs AS l WHERE l.view = view_name AND l.complete) THEN
        RETURN 0;
    END IF;
    RETURN projection.reset_changes(view_name);
END
$$;

REVOKE ALL ON FUNCTION projection.read_changes(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION projection.read_changes(text) TO skafu_projector, skafu_query;
