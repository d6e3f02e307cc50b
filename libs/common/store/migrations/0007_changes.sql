-- The change feed: every committed change of a view's row, numbered 1, 2, 3 … per view in the order of commits. The
-- statement that writes the rows writes the changes too; a publisher brings them to Kafka and forgets them some time
-- after. One table per view, not per version: numbers go on when another version takes over.

CREATE SCHEMA changes;
COMMENT ON SCHEMA changes IS 'The change feed: one table per view, with what is to be published and what was lately.';
GRANT USAGE, CREATE ON SCHEMA changes TO skafu_projector;
GRANT USAGE ON SCHEMA changes TO skafu_query;

CREATE TABLE projection.change_logs (
    view text COLLATE "C" PRIMARY KEY,
    last int8 NOT NULL DEFAULT 0,
    complete bool NOT NULL DEFAULT false
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
COMMENT ON TABLE projection.change_logs IS
    'The last change position of each view. Raised in the transaction that changes the rows, after all else: so '
    'positions have no gap, and their order is the order of commits.';
COMMENT ON COLUMN projection.change_logs.complete IS
    'Whether the changes up to now give all rows: false before the first reset, once rows were written '
    'without, and when another version took over.';

CREATE TABLE projection.change_publications (
    view text COLLATE "C" PRIMARY KEY,
    durable int8 NOT NULL DEFAULT 0,
    published int8 NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (published <= durable)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
COMMENT ON TABLE projection.change_publications IS 'How far each view''s changes are on disk, and in Kafka.';
COMMENT ON COLUMN projection.change_publications.durable IS
    'No crash can forget changes up to here. Beyond, one may, and give the same positions to others.';
COMMENT ON COLUMN projection.change_publications.published IS 'The broker has acknowledged the changes up to here.';

CREATE VIEW read.change_position AS
    SELECT l.view, l.last AS position, p.durable, p.published, l.complete
    FROM projection.change_logs AS l JOIN projection.change_publications AS p USING (view);
COMMENT ON VIEW read.change_position IS
    'Which changes the rows of a view contain, when both are read with one snapshot.';

-- All rows as new ones, behind a change without a row: it says to forget whatever was known.
CREATE FUNCTION projection.reset_changes(view_name text) RETURNS int8
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
    EXECUTE format('
        WITH images AS MATERIALIZED (
            SELECT row_number() OVER (ORDER BY id, aggregate) AS n, id, aggregate, image FROM %I."_images"
        ), raised AS (
            UPDATE projection.change_logs SET last = last + 1 + (SELECT count(*) FROM images), complete = true
            WHERE view = %L
            RETURNING last - (SELECT count(*) FROM images) AS first
        )
        INSERT INTO changes.%I (change_position, id, aggregate, new)
        SELECT r.first, NULL, NULL, NULL FROM raised AS r
        UNION ALL SELECT r.first + i.n, i.id, i.aggregate, i.image FROM raised AS r CROSS JOIN images AS i',
        schema_name, view_name, view_name);
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END
$$;
COMMENT ON FUNCTION projection.reset_changes(text) IS
    'Begin the change feed of a view anew: a change that says so, then one per row of the live version. Returns how '
    'many. Writers of the view wait for our transaction.';

CREATE FUNCTION projection.open_changes(view_name text) RETURNS int8
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM projection.change_logs AS l WHERE l.view = view_name AND l.complete) THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('skafu change feed of ' || view_name, 0));
    INSERT INTO projection.change_logs (view) VALUES (view_name) ON CONFLICT DO NOTHING;
    INSERT INTO projection.change_publications (view) VALUES (view_name) ON CONFLICT DO NOTHING;
    IF to_regclass(format('changes.%I', view_name)) IS NULL THEN
        EXECUTE format('
            CREATE TABLE changes.%I (
                change_position int8 PRIMARY KEY,
                id text COLLATE "C",
                aggregate text COLLATE "C",
                aggregate_type text COLLATE "C",
                partition int4,
                position int8,
                event_id uuid,
                traceparent text,
                changed_at timestamptz NOT NULL DEFAULT now(),
                old text,
                new text
            ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000)', view_name);
        EXECUTE format('COMMENT ON TABLE changes.%I IS %L', view_name,
            'Changes of rows: old and new image, and the event behind it. No id: the feed begins anew.');
        EXECUTE format('GRANT SELECT ON changes.%I TO skafu_query', view_name);
    END IF;
    IF EXISTS (SELECT FROM projection.change_logs AS l WHERE l.view = view_name AND l.complete) THEN
        RETURN 0;
    END IF;
    RETURN projection.reset_changes(view_name);
END
$$;
COMMENT ON FUNCTION projection.open_changes(text) IS
    'Before a live version is written with its changes: make the table, and begin the feed anew unless it is complete.';

REVOKE ALL ON FUNCTION projection.reset_changes(text), projection.open_changes(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION projection.reset_changes(text), projection.open_changes(text) TO skafu_projector;
GRANT SELECT, INSERT, UPDATE, DELETE ON projection.change_logs, projection.change_publications TO skafu_projector;
GRANT SELECT ON read.change_position TO skafu_query, skafu_command;
