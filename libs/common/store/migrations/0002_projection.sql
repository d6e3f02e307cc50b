-- Views: which versions there are, and the SQL views through which readers see the live ones.
-- The rows themselves live in one schema per view version (view_project_1), made by projector-svc.

-- skafu_projector owns the schemas of views; to give them to it, this role must be a member of it.
DO $$
BEGIN
    IF NOT pg_catalog.pg_has_role(current_user, 'skafu_projector', 'MEMBER') THEN
        EXECUTE pg_catalog.format('GRANT skafu_projector TO %I', current_user);
    END IF;
END
$$;

CREATE SCHEMA projection;
COMMENT ON SCHEMA projection IS 'The registry of views.';

CREATE TABLE projection.views (
    view text COLLATE "C" NOT NULL CHECK (view ~ '^[a-z][a-z0-9_]{0,46}$'),
    version int4 NOT NULL CHECK (version > 0),
    schema_name text COLLATE "C" NOT NULL UNIQUE,
    fingerprint text COLLATE "C" NOT NULL,
    schema_text text COLLATE "C",
    state text COLLATE "C" NOT NULL CHECK (state IN ('building', 'live', 'retired', 'dropped')),
    live bool NOT NULL GENERATED ALWAYS AS (state = 'live') STORED,
    created_at timestamptz NOT NULL DEFAULT now(),
    live_since timestamptz,
    PRIMARY KEY (view, version)
);
CREATE UNIQUE INDEX views_live ON projection.views (view) WHERE live;
COMMENT ON TABLE projection.views IS 'One row per version of a view that ever was; at most one of them is live.';
COMMENT ON COLUMN projection.views.fingerprint IS
    'Of the tables and indexes: tells whether they are still those of schema.graphql.';
COMMENT ON COLUMN projection.views.schema_text IS
    'The schema.graphql that it was made from, so that a projector with another one can go on feeding it.';
COMMENT ON COLUMN projection.views.state IS
    'building: catches up beside the live one; live: what readers see; retired: replaced, no longer fed; '
    'dropped: its tables are gone, its row tells projectors that its schema is an older one.';

CREATE TABLE projection.rebuilds (
    id int8 PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    view text COLLATE "C" NOT NULL,
    version int4 NOT NULL,
    reason text COLLATE "C" NOT NULL CHECK (reason IN ('asked', 'schema', 'switch-back')),
    requested_by text COLLATE "C" NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    source text COLLATE "C" NOT NULL CHECK (source IN ('store', 'topic')),
    rate int8 NOT NULL DEFAULT 0 CHECK (rate >= 0),
    switches_by_itself bool NOT NULL DEFAULT true,
    ignore_differences bool NOT NULL DEFAULT false,
    paused bool NOT NULL DEFAULT false,
    phase text COLLATE "C" NOT NULL DEFAULT 'building'
        CHECK (phase IN ('building', 'comparing', 'waiting', 'different', 'switched', 'cancelled')),
    note text COLLATE "C",
    differences json,
    compared_at timestamptz,
    caught_up_at timestamptz,
    measured_at timestamptz NOT NULL DEFAULT now(),
    measured_events int8 NOT NULL DEFAULT 0,
    events_per_second float8 NOT NULL DEFAULT 0,
    finished_at timestamptz,
    actions jsonb NOT NULL DEFAULT '[]',
    FOREIGN KEY (view, version) REFERENCES projection.views
);
CREATE UNIQUE INDEX rebuilds_running ON projection.rebuilds (view) WHERE finished_at IS NULL;
CREATE INDEX rebuilds_version ON projection.rebuilds (view, version, id);
COMMENT ON TABLE projection.rebuilds IS
    'Every time that a version of a view was built to take over: what was asked for, by whom, and what came of it. '
    'At most one runs per view. Projectors read the wishes here and act on them.';
COMMENT ON COLUMN projection.rebuilds.phase IS
    'building: catches up; comparing: with the live version; waiting: for somebody to ask for the switch; '
    'different: the comparison failed, nothing happens until somebody asks; switched, cancelled: it is over.';
COMMENT ON COLUMN projection.rebuilds.rate IS 'Events per second at most, over all projectors; 0: as fast as it goes.';
COMMENT ON COLUMN projection.rebuilds.actions IS 'Who asked for what since: [{"action","by","at"}, …].';

-- The projector makes schemas of views and no others: it has no CREATE on the database.
CREATE FUNCTION projection.create_schema(view text, version int4) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schema_name text := format('view_%s_%s', view, version);
BEGIN
    IF view IS NULL OR view !~ '^[a-z][a-z0-9_]{0,46}$' OR version IS NULL OR version < 1 THEN
        RAISE EXCEPTION 'no view is called "%", version %', view, version
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('CREATE SCHEMA %I AUTHORIZATION skafu_projector', schema_name);
    RETURN schema_name;
END
$$;
COMMENT ON FUNCTION projection.create_schema(text, int4) IS
    'Make the empty schema of a view version, owned by skafu_projector. Returns its name.';

CREATE FUNCTION projection.fence(advanced int8, expected int4) RETURNS bool
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF advanced <> expected THEN
        RAISE EXCEPTION 'another instance has taken over % of % log partitions', expected - advanced, expected
            USING ERRCODE = 'SK002';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION projection.fence(int8, int4) IS
    'Ends a batch whose checkpoints could not all be advanced: somebody else owns some of them by now.';

CREATE FUNCTION projection.refuse_order(stored int8, given int8) RETURNS int8
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the event has sequence %, and the row one of sequence % already', given, stored
        USING ERRCODE = 'data_exception';
END
$$;
COMMENT ON FUNCTION projection.refuse_order(int8, int8) IS
    'An aggregate''s events come in order: an earlier one was applied before, and is not what it claims to be.';

CREATE SCHEMA read;
COMMENT ON SCHEMA read IS 'What readers see: one SQL view per model, over its live version.';
GRANT USAGE, CREATE ON SCHEMA read TO skafu_projector;

CREATE VIEW read.checkpoint AS
    SELECT NULL::text COLLATE "C" AS view, NULL::text COLLATE "C" AS aggregate_type, NULL::int4 AS partition,
           NULL::int8 AS position
    WHERE false;
COMMENT ON VIEW read.checkpoint IS
    'Up to which position of each log partition a live view shows the events. The projector replaces it.';
ALTER VIEW read.checkpoint OWNER TO skafu_projector;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA projection FROM PUBLIC;
GRANT USAGE ON SCHEMA projection TO skafu_projector;
GRANT SELECT, INSERT, UPDATE, DELETE ON projection.views, projection.rebuilds TO skafu_projector;
GRANT EXECUTE ON FUNCTION projection.create_schema(text, int4), projection.fence(int8, int4), projection.refuse_order(int8, int8) TO skafu_projector;

-- command-svc waits for views (?wait=…), query-svc reads everything here.
GRANT USAGE ON SCHEMA read TO skafu_query, skafu_command;
GRANT SELECT ON read.checkpoint TO skafu_query, skafu_command;
