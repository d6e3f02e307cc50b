#!/usr/bin/env python3
"""A topic that holds what it should not, and lacks what it should hold, under load and with two projectors: repeats, the wrong
order, garbage, gaps; and the broker started again in the middle. After each of them every view is a fresh fold of the events."""

import json
import os
import random
import signal
import sys
import unittest
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import projection  # noqa: E402
import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, wait_until  # noqa: E402
from topic import produce, produce_again, read_topic  # noqa: E402

BOTH = ("projector-svc", "projector-svc-2")
TOPIC = "skafu.project.events"
SETTINGS = {"SKAFU_REFRESH_MS": "200", "SKAFU_BATCH_EVENTS_MAX": "20"}
BEYOND = 1000  # positions that the log does not reach in this test


class ProjectorTopic(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = Suite(services=("command-svc",))
        cls.suite.another("projector-svc", "projector-svc-2")
        cls.suite.__enter__()
        for name in BOTH:
            cls.suite.start(name, **SETTINGS)
        cls.loads = [Load(cls.suite, 400).start()]
        cls.loads[0].join()
        cls.strangers = set()  # commands that no load sent
        seed = int(os.environ.get("SKAFU_TEST_SEED") or random.randrange(1 << 32))
        print(f"# SKAFU_TEST_SEED={seed}", flush=True)
        cls.chance = random.Random(seed)

    @classmethod
    def tearDownClass(cls):
        cls.suite.__exit__(None, None, None)

    def setUp(self):
        self.load = Load(self.suite, 100000, every=0.2).start()
        self.loads.append(self.load)
        self.addCleanup(lambda: self.load.enough.set())
        wait_until("the load runs", lambda: self.load.count() >= 16 or self.load.errors)

    def counted(self, metric):
        return projection.count(self.suite, BOTH, f"skafu_view_{metric}_total")

    def go_on(self, commands):
        goal = self.load.count() + commands
        wait_until("the load goes on", lambda: self.load.count() >= goal or self.load.errors)

    def finish(self, note):
        self.go_on(40)
        self.load.stop()
        projection.check(self.suite, self.loads, others=frozenset(self.strangers), views_only=True, note=f"{note}; ")

    def heads(self):
        """By partition, the last position and the last event."""
        rows = self.suite.sql("SELECT partition, last_position FROM event_store.logs WHERE aggregate_type = 'project'")
        return {int(partition): int(position) for partition, position in rows}

    def test_repeats(self):
        before = self.counted("repeats")
        messages = read_topic(self.suite, TOPIC)
        for message in self.chance.sample(messages, 20) + messages[-10:] + [messages[-1]] * 5:
            produce_again(self.suite, TOPIC, message)
        wait_until("they are dropped", lambda: self.counted("repeats") >= before + 35)
        self.finish("repeats")

    def test_the_wrong_order(self):
        """Past messages backwards, and ends of the log before what stands before them."""
        before = self.counted("repeats")
        for message in reversed(read_topic(self.suite, TOPIC)[-30:]):
            produce_again(self.suite, TOPIC, message)
        wait_until("they are dropped", lambda: self.counted("repeats") >= before + 30)
        self.without_the_relay(backwards=True)
        self.finish("the wrong order")

    def test_gaps(self):
        gaps, filled = self.counted("gaps"), self.counted("filled")
        self.without_the_relay(backwards=False)
        self.assertGreater(self.counted("gaps"), gaps)
        self.assertGreater(self.counted("filled"), filled)
        self.finish("gaps")

    def test_garbage(self):
        before = self.counted("undecodable")
        old = read_topic(self.suite, TOPIC)[0]
        for partition, head in self.heads().items():
            for value, headers in (
                    (b"\xff\x00garbage", ()),
                    (b"", (("skafu-position", "1"),)),
                    (b"{}", (("skafu-position", "-1"), ("ce_type", "ProjectCreated"))),
                    (b"{}", (("skafu-position", "99999999999999999999"),)),
                    (old["payload"].encode(), (("skafu-position", str(head + BEYOND)),)),
                    (old["payload"].encode(), (("skafu-position", "x"),))):
                produce(self.suite, TOPIC, partition, value, headers=headers)
            # At what may be the next position, so that it is in nobody's way or in the way of all.
            for ahead in range(1, 9):
                produce(self.suite, TOPIC, partition, old["payload"].encode()[:-self.chance.randrange(1, 40)],
                        headers=(("skafu-position", str(head + ahead)),))
        wait_until("it is put aside", lambda: self.counted("undecodable") >= before + 2 * 4 * 5)  # by two views
        self.finish("garbage")
        self.assertGreaterEqual(int(self.suite.sql("SELECT count(*) FROM projection.undecodable")[0][0]), 4 * 5)

    def test_the_broker_starts_again(self):
        for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            self.suite.kill("kafka", how)
            self.go_on(20)
            self.suite.start_kafka()
            self.go_on(20)
        self.finish("the broker started again")

    # ---- events that no relay publishes ------------------------------------------------------------------

    def without_the_relay(self, backwards):
        """While command-svc is away events are stored, and only some of them reach the topic: the last of each partition, or
        several, the last first. The views have them all before the relay comes back and publishes them again."""
        self.load.stop()
        projection.await_caught_up(self.suite)
        self.suite.kill("command-svc")
        before = self.heads()
        for partition in before:
            self.store(partition, 30)
        for partition, head in self.heads().items():
            self.assertEqual(head, before[partition] + 30)
            for position in (head, head - 10, head - 20) if backwards else (head,):
                self.publish(partition, position)
        projection.await_caught_up(self.suite)
        self.suite.start("command-svc")
        self.load = Load(self.suite, 100000, every=0.2).start()
        self.loads.append(self.load)

    def store(self, partition, events):
        """Rename a project of the partition again and again."""
        project, version = self.suite.sql("SELECT s.aggregate_id, s.version FROM event_store.streams s WHERE s.aggregate_type = 'project' "
                                          f"AND s.partition = {partition} AND NOT EXISTS (SELECT 1 FROM event_store.events e WHERE "
                                          "e.aggregate_id = s.aggregate_id AND e.event_type = 'ProjectDeleted') LIMIT 1")[0]
        command = str(uuid.uuid4())
        self.strangers.add(command)
        metadata = json.dumps({"aggregateType": "project", "commandId": command, "actor": "nobody"})
        self.suite.sql(f"""SELECT event_store.append(
            ARRAY['{command}'::uuid], ARRAY['\\x00'::bytea], ARRAY['Rename'], ARRAY['project'], ARRAY['{project}'],
            ARRAY[{partition}], ARRAY[{version}::int8], ARRAY[{events}], ARRAY[201::int2], ARRAY[NULL::text], ARRAY[0::int8],
            ARRAY[0], ARRAY[0], ARRAY['nobody'], array_agg(gen_random_uuid()), array_agg('ProjectRenamed'::text), array_agg(1),
            array_agg(format('{{"projectId":"{project}","name":"name %s"}}', i)), array_agg('{metadata}'::text),
            array_agg('c'::text)) FROM generate_series(1, {events}) AS i""")

    def publish(self, partition, position):
        """What the relay would make of a stored event."""
        row = self.suite.sql("SELECT event_id, event_type, aggregate_id, event_sequence, event_data, metadata, correlation_id, "
                             "event_version, to_char(stored_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM "
                             f"event_store.events WHERE aggregate_type = 'project' AND partition = {partition} AND position = {position}")[0]
        event = {"eventId": row[0], "eventType": row[1], "aggregateId": row[2], "eventSequence": int(row[3]),
                 "eventData": json.loads(row[4]), "correlationId": row[6], "timestamp": row[8], "version": row[7],
                 "metadata": json.loads(row[5])}
        produce(self.suite, TOPIC, partition, json.dumps(event).encode(), row[2],
                (("ce_id", row[0]), ("ce_type", row[1]), ("skafu-position", position)))


if __name__ == "__main__":
    tap.main()
