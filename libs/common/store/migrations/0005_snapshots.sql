-- Snapshots: the folded state of aggregates with many events, so that loading one need not read them all.
-- Only a short cut: the table may be truncated at any time, and a lost or stale row costs reading, nothing else.

CREATE TABLE event_store.snapshots (
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    version int8 NOT NULL,
    state_version int4 NOT NULL,
    state text COLLATE "C" NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (aggregate_id, aggregate_type)
) WITH (fillfactor = 70);
COMMENT ON TABLE event_store.snapshots IS
    'The newest kept state of aggregates with many events, one row each. Can be truncated without harm.';
COMMENT ON COLUMN event_store.snapshots.version IS 'event_sequence of the last event that is folded into the state.';
COMMENT ON COLUMN event_store.snapshots.state_version IS
    'Schema version of the state, by the program that wrote it. A program of another one folds the events instead.';
COMMENT ON COLUMN event_store.snapshots.state IS 'JSON text, as the aggregate type writes it.';

CREATE FUNCTION event_store.store_snapshots(
    aggregate_types text[], aggregate_ids text[], versions int8[], state_versions int4[], states text[]
) RETURNS int4
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- As in append(): every lookup is by a unique key.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    n_stored int4;
BEGIN
    INSERT INTO event_store.snapshots AS s
        SELECT DISTINCT ON (n.t, n.a) n.t, n.a, n.version, n.state_version, n.state, clock_timestamp()
        FROM (SELECT unnest(aggregate_types) COLLATE "C" AS t, unnest(aggregate_ids) COLLATE "C" AS a,
                     unnest(versions) AS version, unnest(state_versions) AS state_version, unnest(states) AS state) AS n
        WHERE EXISTS (SELECT FROM event_store.events AS e
                      WHERE e.aggregate_id = n.a AND e.aggregate_type = n.t AND e.event_sequence = n.version)
        ORDER BY n.t, n.a, n.version DESC
        ON CONFLICT (aggregate_id, aggregate_type) DO UPDATE
            SET version = excluded.version, state_version = excluded.state_version, state = excluded.state,
                stored_at = excluded.stored_at
            WHERE s.version <= excluded.version
               OR NOT EXISTS (SELECT FROM event_store.events AS e
                              WHERE e.aggregate_id = s.aggregate_id AND e.aggregate_type = s.aggregate_type
                                AND e.event_sequence = s.version);
    GET DIAGNOSTICS n_stored = ROW_COUNT;
    RETURN n_stored;
END
$$;
COMMENT ON FUNCTION event_store.store_snapshots(text[], text[], int8[], int4[], text[]) IS
    'Keep states of aggregates, arrays by aggregate; returns how many were kept. One row per aggregate: an older state '
    'never replaces a newer one, unless that is ahead of its stream. A state of a version that the stream has not '
    'reached is not kept.';

REVOKE ALL ON FUNCTION event_store.store_snapshots FROM PUBLIC;
GRANT EXECUTE ON FUNCTION event_store.store_snapshots TO skafu_command;
GRANT SELECT ON event_store.snapshots TO skafu_command;
