-- Replays to a view: the rows of the selected aggregates are made right in place. command-svc lists the aggregates,
-- projector-svc repairs them.

ALTER TABLE replay.replays
    ALTER COLUMN topic DROP NOT NULL,
    ADD COLUMN view text COLLATE "C",
    ADD COLUMN selected_at timestamptz,
    ADD COLUMN aggregates int8 NOT NULL DEFAULT 0,
    ADD COLUMN repaired int8 NOT NULL DEFAULT 0,
    ADD COLUMN left_out int8 NOT NULL DEFAULT 0,
    ADD COLUMN changed_rows int8 NOT NULL DEFAULT 0,
    ADD COLUMN next_at timestamptz,
    ADD CONSTRAINT replays_target CHECK ((topic IS NULL) <> (view IS NULL));
CREATE INDEX replays_repairing ON replay.replays (view) WHERE view IS NOT NULL AND state = 'running';
COMMENT ON COLUMN replay.replays.view IS 'Repair the rows of this view instead of publishing to a topic.';
COMMENT ON COLUMN replay.replays.rate IS 'Events a second at most, or aggregates a second for a view; 0: no limit.';
COMMENT ON COLUMN replay.replays.selected_at IS
    'When all aggregates of a replay to a view were listed: from then on the owners of the view''s log partitions work.';
COMMENT ON COLUMN replay.replays.aggregates IS 'How many are selected: repaired and left out of them, and waiting ones.';
COMMENT ON COLUMN replay.replays.changed_rows IS 'Rows that were not right: written or deleted.';
COMMENT ON COLUMN replay.replays.next_at IS 'When the rate allows the next aggregate.';

CREATE TABLE replay.aggregates (
    replay_id uuid NOT NULL REFERENCES replay.replays ON DELETE CASCADE,
    aggregate_id text COLLATE "C" NOT NULL,
    partition int4 NOT NULL,
    position int8 NOT NULL,
    problem text,
    PRIMARY KEY (replay_id, aggregate_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
CREATE INDEX aggregates_waiting ON replay.aggregates (replay_id, partition, position) WHERE problem IS NULL;
COMMENT ON TABLE replay.aggregates IS
    'Aggregates whose rows a replay is to repair: they go when it is done, those that were left out stay.';
COMMENT ON COLUMN replay.aggregates.position IS 'Of the first selected event: a view that is not there yet comes to it.';
COMMENT ON COLUMN replay.aggregates.problem IS 'Why it was left out; NULL: it waits.';

GRANT SELECT, INSERT, DELETE ON replay.aggregates TO skafu_command;
GRANT USAGE ON SCHEMA replay TO skafu_projector;
GRANT SELECT ON replay.replays TO skafu_projector;
GRANT UPDATE (state, ended_at, repaired, left_out, changed_rows, next_at) ON replay.replays TO skafu_projector;
GRANT SELECT, DELETE, UPDATE (problem) ON replay.aggregates TO skafu_projector;
