#!/usr/bin/env python3
"""Two instances of command-svc on one store, and two of projector-svc: they decide on the same aggregates, are sent the
same command at once, and stand in for each other when one of them is killed."""

import json
import os
import sys
import threading
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, token, wait_until  # noqa: E402

BOTH = ("command-svc", "command-svc-2")
PARALLEL = 20


def at_once(count, function):
    """function(0), function(1) …, each in a thread, let go together."""
    barrier = threading.Barrier(count)

    def one(number):
        barrier.wait()
        return function(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


class Instances(unittest.TestCase):
    def setUp(self):
        self.suite = Suite(services=("command-svc",))
        self.suite.another("command-svc", "command-svc-2")
        self.suite.another("projector-svc", "projector-svc-2")
        self.suite.__enter__()
        self.addCleanup(self.suite.__exit__, None, None, None)

    def command(self, instance, name, payload, key=None):
        headers = {"Authorization": f"Bearer {token('alice')}", "Content-Type": "application/json",
                   "Idempotency-Key": key or str(uuid.uuid4())}
        status, _, text = self.suite.request(instance, "POST", f"/v1/commands/{name}", json.dumps(payload), headers)
        return status, text

    def events_of(self, aggregate):
        return self.suite.sql("SELECT event_sequence, event_id FROM event_store.events "
                              f"WHERE aggregate_id = '{aggregate}' ORDER BY event_sequence")

    def published(self):
        return int(self.suite.sql("SELECT coalesce(sum(published), 0) FROM event_store.publications")[0][0])

    def relays(self):
        """Which sessions hold the leases of log partitions, and how many each."""
        return self.suite.sql("SELECT pid, count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
                              "WHERE locktype = 'advisory' AND application_name = 'command-svc relay' GROUP BY pid")

    def test_many_instances_are_one_service(self):
        self.assertEqual(self.command(BOTH[0], "CreateProject", {"projectId": f"first-{uuid.uuid4()}", "name": "n"})[0], 201)
        wait_until("the first instance publishes", lambda: self.published() > 0)
        leases = len(self.suite.sql("SELECT 1 FROM event_store.logs"))
        wait_until("the first instance is the relay of every log partition",
                   lambda: [row[1] for row in self.relays()] == [str(leases)])
        first = self.relays()
        self.suite.start("command-svc-2")
        self.appends_to_one_aggregate()
        self.the_same_command_to_both()
        self.assertEqual(self.relays(), first)
        self.suite.start("projector-svc")
        self.suite.start("projector-svc-2")
        self.one_of_each_is_killed(first)

    def appends_to_one_aggregate(self):
        project = f"shared-{uuid.uuid4()}"
        self.assertEqual(self.command(BOTH[0], "CreateProject", {"projectId": project, "name": "Shared"})[0], 201)
        for turn in range(5):
            answers = at_once(PARALLEL, lambda n, turn=turn: self.command(
                BOTH[n % 2], "RenameProject", {"projectId": project, "name": f"{turn} by {n}"}))
            self.assertEqual([status for status, _ in answers], [201] * PARALLEL, answers)
            versions = sorted(json.loads(text)["version"] for _, text in answers)
            self.assertEqual(versions, list(range(2 + turn * PARALLEL, 2 + (turn + 1) * PARALLEL)))
        rows = self.events_of(project)
        self.assertEqual([int(sequence) for sequence, _ in rows], list(range(1, 2 + 5 * PARALLEL)))

    def the_same_command_to_both(self):
        project = f"twice-{uuid.uuid4()}"
        self.assertEqual(self.command(BOTH[0], "CreateProject", {"projectId": project, "name": "Twice"})[0], 201)
        self.assertEqual(self.command(BOTH[1], "CreateProject", {"projectId": f"{project}-archived", "name": "Twice"})[0], 201)
        self.assertEqual(self.command(BOTH[0], "ArchiveProject", {"projectId": f"{project}-archived"})[0], 201)
        commands = [("CreateProject", {"name": "Made once"}, 201),  # its id is made up: of the key
                    ("RenameProject", {"projectId": project, "name": "Renamed once"}, 201),
                    ("RecordMetric", {"name": "m", "value": 1.5, "unit": "1", "source": "s"}, 403),
                    ("RenameProject", {"projectId": f"{project}-archived", "name": "Refused once"}, 422)]
        for turn in range(20):
            name, payload, expected = commands[turn % len(commands)]
            payload = {**payload, "name": f"{payload['name']} {turn}"}
            key = str(uuid.uuid4())
            answers = at_once(8, lambda n, key=key, name=name, payload=payload: self.command(BOTH[n % 2], name, payload, key))
            self.assertEqual({status for status, _ in answers}, {expected}, answers)
            self.assertEqual(len({text for _, text in answers}), 1, answers)
            if expected == 201:
                body = json.loads(answers[0][1])
                stored = self.suite.sql(f"SELECT event_id FROM event_store.events WHERE metadata::json ->> 'commandId' = "
                                        f"'{body['commandId']}'")
                self.assertEqual(stored, [[event["eventId"]] for event in body["events"]])

    def one_of_each_is_killed(self, first):
        """The relay, then a projector, then what has been the relay since: each under load."""
        before = {row[0] for row in self.suite.sql("SELECT DISTINCT metadata::json ->> 'commandId' FROM event_store.events")}
        load = Load(self.suite, 2000, instances=BOTH).start()

        def reach(goal):
            wait_until(f"{goal} commands are acknowledged", lambda: load.count() >= goal or load.errors)

        reach(300)
        self.suite.kill("command-svc")
        published = self.published()
        wait_until("the other instance publishes", lambda: self.published() > published)
        second = wait_until("the other instance is the relay", lambda: [
            row for row in self.relays() if row[0] not in {pid for pid, _ in first}])
        reach(700)
        self.suite.start("command-svc")

        wait_until("both projectors have log partitions", lambda: len(self.suite.sql(
            "SELECT DISTINCT owner FROM view_project_1.checkpoint")) == 2)
        self.suite.kill("projector-svc")
        reach(1400)
        self.suite.kill("command-svc-2")
        published = self.published()
        wait_until("the first instance publishes again", lambda: self.published() > published)
        self.assertEqual(len({pid for pid, _ in self.relays()} | {pid for pid, _ in first + second}), 3)
        self.suite.start("command-svc-2")
        load.join()
        print(f"# {load.count()} commands acknowledged, {load.retries} sent again", flush=True)
        load.check_acknowledged(before)
        report = self.suite.verify()
        print("#", sum(topic["repeats"] for topic in report["topics"]), "published again", report["views"], flush=True)
        self.assertTrue(report["ok"])


if __name__ == "__main__":
    tap.main()
