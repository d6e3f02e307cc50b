-- What views could not apply, and what was no event at all: nothing is left out silently.

CREATE TABLE projection.parked (
    view text COLLATE "C" NOT NULL,
    version int4 NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    partition int4 NOT NULL,
    position int8 NOT NULL,
    event_sequence int8 NOT NULL,
    event_id uuid NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    error text NOT NULL,
    tries int8 NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    tried_at timestamptz NOT NULL DEFAULT now(),
    wanted text COLLATE "C" CHECK (wanted IN ('retry', 'drop')),
    wanted_by text,
    wanted_at timestamptz,
    PRIMARY KEY (view, version, aggregate_type, aggregate_id),
    FOREIGN KEY (view, version) REFERENCES projection.views ON DELETE CASCADE
);
COMMENT ON TABLE projection.parked IS
    'Aggregates whose events a view version does not apply any more, since one of them could not be. The row names the '
    'first event that is not applied: it and the later ones are held, which means that the event store has them.';
COMMENT ON COLUMN projection.parked.tries IS 'Of that event.';
COMMENT ON COLUMN projection.parked.wanted IS
    'What an operator asks for; the instance that owns the log partition does it: apply what is held (retry), or leave '
    'the event out and apply the rest (drop).';

CREATE TABLE projection.dropped (
    view text COLLATE "C" NOT NULL,
    version int4 NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    partition int4 NOT NULL,
    position int8 NOT NULL,
    event_sequence int8 NOT NULL,
    event_id uuid NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    error text NOT NULL,
    tries int8 NOT NULL,
    parked_at timestamptz NOT NULL,
    dropped_at timestamptz NOT NULL DEFAULT now(),
    dropped_by text NOT NULL,
    PRIMARY KEY (view, version, aggregate_type, partition, position)
);
COMMENT ON TABLE projection.dropped IS
    'Events that a view version was told to leave out, by whom. Kept when the version is gone.';

CREATE TABLE projection.undecodable (
    topic text COLLATE "C" NOT NULL,
    partition int4 NOT NULL,
    kafka_offset int8 NOT NULL,
    digest bytea NOT NULL,
    key bytea,
    headers bytea NOT NULL,
    value bytea,
    bytes int8 NOT NULL,
    error text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, kafka_offset, digest)
);
COMMENT ON TABLE projection.undecodable IS
    'Messages of event topics that are not the event at their position; the event itself is read from the event '
    'store. The oldest ones go when there are too many.';
COMMENT ON COLUMN projection.undecodable.digest IS
    'SHA-256 of key, headers and value: a topic that is made anew counts its offsets from 0 again.';
COMMENT ON COLUMN projection.undecodable.headers IS 'A line for each: name, colon, space, value.';

CREATE VIEW read.parked AS
    SELECT p.view, p.aggregate_type, p.partition, p.aggregate_id, p.event_sequence
    FROM projection.parked AS p
    JOIN projection.views AS v USING (view, version)
    WHERE v.live;
COMMENT ON VIEW read.parked IS
    'Aggregates that a live view holds back, and from which event on: their rows are behind its checkpoint.';

GRANT SELECT ON read.parked TO skafu_query, skafu_command;
GRANT SELECT, INSERT, UPDATE, DELETE ON projection.parked TO skafu_projector;
GRANT SELECT, INSERT ON projection.dropped TO skafu_projector;
GRANT SELECT, INSERT, DELETE ON projection.undecodable TO skafu_projector;
