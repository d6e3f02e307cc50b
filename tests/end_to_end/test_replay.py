#!/usr/bin/env python3
"""Past events are published again on request: the selected ones, in order, marked, to a topic of their own; and nobody who
lives on the ordinary topics notices. A replay is paused, cancelled and resumed, keeps to its rate, and survives the
instance that works on it. One that cannot go on keeps no other from its turn."""

import base64
import json
import os
import sys
import unittest
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from broker_admin import create_topic, partitions  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, token, wait_until  # noqa: E402
from topic import read_topic  # noqa: E402

COMMANDS = 1600
OPEN = ("waiting", "running")


class Replay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = Suite()
        cls.suite.another("command-svc", "command-svc-2")
        cls.suite.__enter__()
        cls.addClassCleanup(cls.suite.__exit__, None, None, None)
        Load(cls.suite, COMMANDS).start().join()
        wait_until("everything is published", lambda: not cls.suite.sql(
            "SELECT 1 FROM event_store.logs JOIN event_store.publications USING (aggregate_type, partition) "
            "WHERE published < last_position"))

    def ask(self, method, path, body=None, instance="command-svc", bearer=None):
        headers = {"Authorization": f"Bearer {bearer or token('operator', 'Admin')}", "Content-Type": "application/json"}
        status, _, text = self.suite.request(instance, method, path, json.dumps(body) if body is not None else None, headers)
        return status, json.loads(text)

    def post_bytes(self, body):
        headers = {"Authorization": f"Bearer {token('operator', 'Admin')}", "Content-Type": "application/json"}
        status, _, text = self.suite.request("command-svc", "POST", "/v1/replays", body, headers)
        return status, text

    def request(self, expected=202, **body):
        status, replay = self.ask("POST", "/v1/replays", body)
        self.assertEqual(status, expected, replay)
        return replay

    def state(self, replay):
        return self.ask("GET", f"/v1/replays/{replay['replayId']}")[1]

    def finished(self, replay):
        return wait_until("the replay ends", lambda: (lambda now: now if now["state"] not in OPEN else None)(
            self.state(replay)), 120)

    def stored(self, where="aggregate_type = 'project'"):
        return self.suite.sql("SELECT partition, position, event_id, aggregate_id, event_type FROM event_store.events "
                              f"WHERE {where} ORDER BY partition, position")

    @staticmethod
    def row(message):
        event = json.loads(message["payload"])
        return [str(message["partition"]), message["headers"]["skafu-position"], event["eventId"], event["aggregateId"],
                event["eventType"]]

    def published(self, topic, replay):
        messages = [message for message in read_topic(self.suite, topic)
                    if message["headers"].get("skafu-replay-id") == replay["replayId"]]
        return sorted(messages, key=lambda message: (message["partition"], message["offset"]))

    def test_a_log_is_published_again_in_order(self):
        before = read_topic(self.suite, "skafu.project.events")
        replay = self.request(aggregateType="project", name="every project")
        self.assertEqual((replay["state"] in OPEN, replay["topic"], replay["requestedBy"]),
                         (True, "skafu.project.replays", "operator"))
        done = self.finished(replay)
        stored = self.stored()
        self.assertEqual((done["state"], done["published"], done["positionsDone"], done["positionsTotal"]),
                         ("done", len(stored), len(stored), len(stored)), done)
        messages = self.published("skafu.project.replays", replay)
        self.assertEqual([self.row(message) for message in messages], stored)
        self.assertEqual({message["headers"]["skafu-replay-name"] for message in messages}, {"every project"})
        originals = {message["headers"]["ce_id"]: message["payload"] for message in before}
        for message in messages:
            self.assertEqual(message["payload"], originals[message["headers"]["ce_id"]])
        self.assertEqual(len(read_topic(self.suite, "skafu.project.events")), len(before))
        self.assertTrue(self.suite.verify()["ok"])

    def test_a_selection_is_published(self):
        aggregate, time = self.suite.sql("SELECT aggregate_id, stored_at FROM event_store.events WHERE aggregate_type = "
                                         "'project' AND event_type = 'ProjectRenamed' ORDER BY stored_at LIMIT 1 OFFSET 40")[0]
        rfc3339 = time.replace(" ", "T").replace("+00", "Z")
        project = "aggregate_type = 'project' AND "
        for number, (body, where) in enumerate([
                ({"aggregateId": aggregate}, f"aggregate_id = '{aggregate}'"),
                ({"eventType": "ServiceAdded"}, "event_type = 'ServiceAdded'"),
                ({"since": rfc3339}, f"stored_at >= '{time}'"),
                ({"since": "1999-12-31T23:59:59+23:59"}, "true"),
                ({"before": rfc3339, "eventType": "ProjectCreated"}, f"stored_at < '{time}' AND event_type = 'ProjectCreated'"),
                ({"firstPosition": 5, "lastPosition": 20}, "position BETWEEN 5 AND 20"),
                ({"partition": 1, "lastPosition": 30}, "partition = 1 AND position <= 30")]):
            topic = f"selection-{number}"
            replay = self.finished(self.request(aggregateType="project", topic=topic, **body))
            self.assertEqual(replay["state"], "done", replay)
            self.assertEqual([self.row(message) for message in self.published(topic, replay)], self.stored(project + where), body)

    def test_it_is_slowed_down_paused_resumed_and_cancelled(self):
        replay = self.request(aggregateType="project", topic="slow", rate=100)
        path = f"/v1/replays/{replay['replayId']}"
        wait_until("it publishes", lambda: self.state(replay)["published"] > 0)
        self.assertEqual(self.ask("POST", f"{path}/pause")[1]["state"], "paused")
        wait_until("nobody works on it", lambda: not self.suite.sql(
            "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE locktype = 'advisory' AND application_name = 'command-svc replayer'"))
        paused = self.state(replay)
        self.assertLess(paused["published"], len(self.stored()))
        self.assertEqual(self.ask("POST", f"{path}/pause")[0], 409)
        self.assertEqual(self.ask("POST", f"{path}/resume")[0], 200)
        wait_until("it goes on", lambda: self.state(replay)["published"] > paused["published"])
        self.assertEqual(self.ask("POST", f"{path}/cancel")[1]["state"], "cancelled")
        self.assertEqual(self.ask("POST", f"{path}/resume")[0], 409)
        listed = self.ask("GET", "/v1/replays")[1]["items"]
        self.assertIn((replay["replayId"], "cancelled"), [(item["replayId"], item["state"]) for item in listed])

    def test_another_instance_goes_on(self):
        self.suite.start("command-svc-2")
        replay = self.request(aggregateType="project", topic="taken-over", rate=300)
        wait_until("it publishes", lambda: self.state(replay)["published"] > 50)
        owner = self.suite.sql("SELECT client_port FROM pg_locks JOIN pg_stat_activity USING (pid) "
                               "WHERE locktype = 'advisory' AND application_name = 'command-svc replayer'")
        self.suite.kill("command-svc")
        self.suite.start("command-svc")
        done = self.finished(replay)
        self.assertEqual(done["state"], "done", (owner, done))
        # What was published when it died may stand there again, with the same positions.
        seen = {}
        for message in self.published("taken-over", replay):
            row = self.row(message)
            self.assertEqual(seen.setdefault((row[0], row[1]), row), row)
        self.assertEqual(sorted(seen.values(), key=lambda row: (int(row[0]), int(row[1]))), self.stored())
        self.suite.terminate("command-svc-2")

    def test_one_that_is_refused_fails(self):
        """With the reason; those that were requested later do not wait for it."""
        create_topic(self.suite, "too-small", 4, max_message_bytes="100")
        create_topic(self.suite, "of-another", 2)
        create_topic(self.suite, "collides.here", 1)
        for topic in ("too-small", "of-another", "collides.here"):
            wait_until(f"{topic} is there", lambda topic=topic: partitions(self.suite, topic))
        refused = {topic: self.request(aggregateType="project", topic=topic) for topic in ("too-small", "of-another", "collides_here")}
        later = self.request(aggregateType="project", topic="later")
        self.assertEqual(self.finished(later)["state"], "done")
        for topic, reason in (("too-small", "too large"), ("of-another", "has 2 partitions"), ("collides_here", "topic collides_here is refused")):
            replay = self.finished(refused[topic])
            self.assertEqual((replay["state"], replay["published"]), ("failed", 0), replay)
            self.assertIn(reason, replay["error"])
        self.assertEqual(partitions(self.suite, "of-another"), 2)
        self.assertEqual([self.row(message) for message in self.published("later", later)], self.stored())

    def test_one_that_has_to_wait_lets_others_go_on(self):
        """To a view: for that nobody needs the broker."""
        self.suite.kill("kafka")
        try:
            waiting = self.request(aggregateType="project", topic="waits")
            wait_until("it is begun", lambda: self.state(waiting)["state"] == "running")
            repairs = [self.request(aggregateType="project", view="project") for _ in range(2)]
            for repair in repairs:
                wait_until("its aggregates are listed", lambda repair=repair: self.state(repair)["selectedAt"])
            self.assertEqual((self.state(waiting)["state"], self.state(waiting)["error"]), ("running", None))
        finally:
            self.suite.start_kafka()
        for replay in [waiting] + repairs:
            self.assertEqual(self.finished(replay)["state"], "done")
        self.assertEqual([self.row(message) for message in self.published("waits", waiting)], self.stored())

    def test_the_list_has_pages(self):
        made = [self.request(aggregateType="metric", partition=0)["replayId"] for _ in range(5)]
        listed, cursor = [], ""
        while cursor is not None:
            status, page = self.ask("GET", f"/v1/replays?limit=2{cursor and '&cursor=' + cursor}")
            self.assertEqual(status, 200, page)
            listed += [item["replayId"] for item in page["items"]]
            cursor = page["nextCursor"]
        self.assertEqual(listed[:5], made[::-1])
        self.assertEqual(len(listed), len(set(listed)))

    def test_requests_are_checked(self):
        for body, field in [({}, "aggregateType"), ({"aggregateType": "nothing"}, "aggregateType"),
                            ({"aggregateType": "project", "eventType": "Nothing"}, "eventType"),
                            ({"aggregateType": "project", "since": "yesterday"}, "since"),
                            ({"aggregateType": "project", "rate": -1}, "rate"),
                            ({"aggregateType": "project", "topic": "a/b"}, "topic"),
                            ({"aggregateType": "project", "topic": "skafu.project.events"}, "topic"),
                            ({"aggregateType": "project", "topic": "skafu.metric.events"}, "topic"),
                            ({"aggregateType": "project", "topic": "skafu.project.changes"}, "topic"),
                            ({"aggregateType": "project", "partition": 99}, "partition"),
                            ({"aggregateType": "project", "firstPosition": "1"}, "firstPosition")]:
            status, problem = self.ask("POST", "/v1/replays", body)
            self.assertIn(status, (400, 422), body)
            self.assertEqual(problem["field"], field)
        self.assertEqual(self.ask("POST", "/v1/replays", {"aggregateType": "project", "aggregate": 1})[0], 400)
        self.assertEqual(self.ask("POST", "/v1/replays", {"aggregateType": "project"}, bearer=token("alice"))[0], 403)
        for member in ("name", "aggregateId"):
            status, text = self.post_bytes(b'{"aggregateType":"project","%s":"\xff"}' % member.encode())
            self.assertEqual(status, 400, text)
        other = base64.urlsafe_b64encode(b'{"type":"project","id":"p1"}').decode().rstrip("=")
        for query, field in [("limit=0", "limit"), ("cursor=x", "cursor"), (f"cursor={other}", "cursor"),
                             ("version=1", "version")]:
            status, problem = self.ask("GET", f"/v1/replays?{query}")
            self.assertEqual((status, problem["field"]), (400, field), problem)
        self.assertEqual(self.ask("GET", f"/v1/replays/{uuid.uuid4()}")[0], 404)
        self.assertEqual(self.ask("GET", "/v1/replays/nothing")[0], 404)


if __name__ == "__main__":
    tap.main()
