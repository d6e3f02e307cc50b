-- Replays: events of the store published again, on request.

CREATE SCHEMA replay;
COMMENT ON SCHEMA replay IS 'Who had which events published again, and how far that is.';

CREATE TABLE replay.replays (
    replay_id uuid PRIMARY KEY,
    name text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    topic text NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C",
    event_type text COLLATE "C",
    since timestamptz,
    before timestamptz,
    rate int4 NOT NULL CHECK (rate >= 0),
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'running', 'paused', 'cancelled', 'done', 'failed')),
    published int8 NOT NULL DEFAULT 0,
    started_at timestamptz,
    ended_at timestamptz,
    error text
);
CREATE INDEX replays_open ON replay.replays (requested_at) WHERE state IN ('waiting', 'running');
CREATE INDEX replays_requested ON replay.replays (requested_at, replay_id);
COMMENT ON TABLE replay.replays IS 'Requests and what became of them. NULL in a bound takes everything.';
COMMENT ON COLUMN replay.replays.rate IS 'Events a second at most; 0: no limit.';
COMMENT ON COLUMN replay.replays.state IS
    'waiting: for an instance; running: an instance has its advisory lock, or has died and another one will go on.';
COMMENT ON COLUMN replay.replays.published IS 'Events that the broker has acknowledged, as last noted.';

CREATE TABLE replay.partitions (
    replay_id uuid NOT NULL REFERENCES replay.replays ON DELETE CASCADE,
    partition int4 NOT NULL,
    first_position int8 NOT NULL,
    position int8 NOT NULL,
    last_position int8 NOT NULL,
    PRIMARY KEY (replay_id, partition)
);
COMMENT ON TABLE replay.partitions IS
    'The log partitions of a replay. Their ends are set when it is requested, so that it ends.';
COMMENT ON COLUMN replay.partitions.position IS 'Everything selected up to here was published.';

GRANT USAGE ON SCHEMA replay TO skafu_command;
GRANT SELECT, INSERT, UPDATE ON replay.replays, replay.partitions TO skafu_command;
