#!/usr/bin/env python3
"""The change feed of the whole suite: images are what query-svc answers, byte for byte; what changes nothing is no change;
a feed that was switched off, or whose topic was deleted or written to by somebody else, is put right."""

import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import changes  # noqa: E402
import tap  # noqa: E402
from broker_admin import delete_topic  # noqa: E402
from suite import Suite, token, wait_until  # noqa: E402

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class ChangeFeed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = Suite().__enter__()
        cls.addClassCleanup(cls.suite.__exit__, None, None, None)

    def command(self, name, payload, **headers):
        headers = {"Authorization": f"Bearer {token('alice', 'Admin')}", "Content-Type": "application/json", **headers}
        status, _, text = self.suite.request("command-svc", "POST", f"/v1/commands/{name}?wait=project,service,metric",
                                             json.dumps(payload), headers)
        self.assertIn(status, (200, 201), text)
        return json.loads(text)

    def read(self, path):
        status, _, text = self.suite.request("query-svc", "GET", path, None, {"Authorization": f"Bearer {token('alice', 'Admin')}"})
        self.assertEqual(status, 200, text)
        return text.decode()

    def project(self, project, **headers):
        self.command("CreateProject", {"projectId": project, "name": f"Größer \"als\" {project}"}, **headers)
        return self.read(f"/v1/projects/{project}")

    def of_row(self, feed, row):
        return [(change, feed.texts[position]) for position, change in sorted(feed.changes.items()) if change.get("id") == row]

    def test_1_images_are_what_reads_answer(self):
        created = self.project("p1", traceparent=TRACE)
        self.command("RenameProject", {"projectId": "p1", "name": "another"})
        renamed = self.read("/v1/projects/p1")
        feed = changes.check(self.suite, "project")
        first, second = self.of_row(feed, "p1")
        self.assertEqual([first[0]["change"], second[0]["change"]], ["created", "updated"])
        self.assertIn(f'"old":null,"new":{created}}}', first[1])
        self.assertIn(f'"old":{created},"new":{renamed}}}', second[1])
        self.assertIn("0af7651916cd43dd8448eb211c80319c", first[0]["traceparent"])
        events = self.suite.sql("SELECT event_id, partition, position FROM event_store.events WHERE aggregate_id = 'p1' ORDER BY event_sequence")
        self.assertEqual([[c["eventId"], str(c["partition"]), str(c["position"])] for c, _ in (first, second)], events)

    def test_1_a_row_of_another_id_and_its_end(self):
        self.project("p0")
        self.command("AddService", {"projectId": "p0", "serviceId": "s0", "serviceName": "billing", "serviceType": "API",
                                    "configuration": {"share": 0.1, "text": "ä\\ \""}})
        service = self.read("/v1/services/s0")
        self.command("RemoveService", {"projectId": "p0", "serviceId": "s0"})
        feed = changes.check(self.suite, "service")  # the tombstone too
        created, deleted = self.of_row(feed, "s0")
        self.assertEqual((created[0]["change"], deleted[0]["change"]), ("created", "deleted"))
        self.assertIn(f'"old":null,"new":{service}}}', created[1])
        self.assertIn(f'"old":{service},"new":null}}', deleted[1])

    # PostgreSQL writes some values in another form than they came in.
    def test_1_images_of_values_in_any_form(self):
        forms = {"m1": (0.1, "2026-01-31T12:00:00Z"), "m2": (1e-7, "2026-01-31T12:00:00.5Z"), "m3": (12345678901234567890.0, "2026-01-31T12:00:00+02:00"),
                 "m4": (5, "2026-01-31T12:00:00.123456Z"), "m5": (-0.0, "2026-01-31t12:00:00z")}
        for metric, (value, timestamp) in forms.items():
            self.command("RecordMetric", {"metricId": metric, "name": "latency", "value": value, "unit": "ms", "tags": {"a": 1.50, "b": [1e2, "ä\n"]},
                                          "timestamp": timestamp, "source": "test"})
        feed = changes.check(self.suite, "metric")
        for metric in forms:
            (change,) = self.of_row(feed, metric)
            self.assertIn(f'"old":null,"new":{self.read(f"/v1/metrics/{metric}")}}}', change[1])

    def test_2_a_feed_that_was_off_begins_anew(self):
        self.project("p2")
        before = changes.check(self.suite, "project")
        self.suite.terminate("projector-svc")
        self.suite.start("projector-svc", SKAFU_CHANGE_FEED="false")
        self.project("p3")
        self.assertEqual(self.suite.sql("SELECT complete FROM read.change_position WHERE view = 'project'"), [["f"]])
        self.suite.terminate("projector-svc")
        self.suite.start("projector-svc")
        wait_until("the feed is complete", lambda: self.suite.sql(
            "SELECT complete FROM read.change_position WHERE view = 'project'") == [["t"]])
        after = changes.check(self.suite, "project")
        self.assertEqual(after.kinds["reset"], before.kinds["reset"] + 1)
        self.assertIn(("p3", "p3"), after.rows)

    def test_3_somebody_elses_message_is_answered_with_what_was_published(self):
        self.project("p4")
        changes.await_published(self.suite, "project")
        subprocess.run(["kcat", "-P", "-b", self.suite.brokers, "-t", "skafu.project.changes", "-p", "-1", "-k", "p4",
                        "-H", "skafu-change=1"], input=b"{}", check=True)
        self.command("RenameProject", {"projectId": "p4", "name": "once more"})
        wait_until("it is published again", lambda: "changes-intruded" in self.suite.log_tail("projector-svc", 1000))
        changes.await_published(self.suite, "project")

    def test_4_a_topic_that_is_gone_is_made_again(self):
        self.suite.terminate("projector-svc")
        delete_topic(self.suite, "skafu.service.changes")
        self.suite.start("projector-svc")
        self.command("AddService", {"projectId": "p4", "serviceId": "s1", "serviceName": "billing", "serviceType": "API"})
        wait_until("the feed begins anew", lambda: "changes-lost" in self.suite.log_tail("projector-svc", 1000))
        changes.await_published(self.suite, "service")
        wait_until("the topic is there", lambda: changes.read_topic(self.suite, "skafu.service.changes"))
        resets = self.suite.sql("SELECT count(*) FROM changes.service WHERE id IS NULL")
        self.assertLessEqual(int(resets[0][0]), 3)


if __name__ == "__main__":
    tap.main()
