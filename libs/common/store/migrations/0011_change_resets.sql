-- A feed that begins anew has the rows of the version that is live when it has the lock, not of the one that was live
-- when it began to wait: a switch holds the lock until it is committed.
CREATE OR REPLACE FUNCTION projection.reset_changes(view_name text) RETURNS int8
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schema_name text;
    n int8;
BEGIN
    -- Whoever holds a position has committed when we have the lock; the next statements see it.
    PERFORM FROM projection.change_logs AS l WHERE l.view = view_name FOR UPDATE;
    schema_name := (SELECT v.schema_name FROM projection.views AS v WHERE v.view = view_name AND v.live);
    IF schema_name IS NULL THEN
        RAISE EXCEPTION 'no view is called "%", or it has no live version', view_name
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
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
