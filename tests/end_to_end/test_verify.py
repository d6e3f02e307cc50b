#!/usr/bin/env python3
"""`skafuctl verify` on a system that works: no false alarm, and nothing is said to agree that was not looked at."""

import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from broker_admin import abort_transaction  # noqa: E402
from load import Load  # noqa: E402
from postgres import Locked  # noqa: E402
from suite import Suite, wait_until  # noqa: E402
from views import Views  # noqa: E402


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.environ["SKAFU_REFRESH_MS"] = "200"
        cls.suite = Suite()
        cls.suite.__enter__()
        cls.addClassCleanup(cls.suite.__exit__, None, None, None)
        cls.views = Views(cls.suite)
        Load(cls.suite, 400).start().join()

    def command(self, *arguments, program=None):
        return [program or self.suite.skafuctl, "verify", "--wait", "60", "--pg-url", self.suite.pg_url(),
                "--kafka-brokers", self.suite.brokers, "--schema-file", self.suite.schema, *arguments]

    def verify(self, *arguments, code=0, program=None):
        done = subprocess.run(self.command(*arguments, program=program), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=120, check=False)
        out, errors = done.stdout.decode(), done.stderr.decode(errors="replace")  # what is shown is UTF-8
        self.assertEqual(done.returncode, code, out + errors)
        return json.loads(out) if "--json" in arguments else out + errors

    def live(self):
        return dict(self.suite.sql("SELECT view, version FROM projection.views WHERE live"))

    def damage(self, name):
        """A row of the live version is not what the events say; the statement that mends it."""
        table = f"view_project_{self.live()['project']}.project"
        row, before = self.suite.sql(f"SELECT id, name FROM {table} ORDER BY id LIMIT 1")[0]
        self.suite.sql(f"UPDATE {table} SET name = '{name}' WHERE id = '{row}'")
        return f"UPDATE {table} SET name = '{before}' WHERE id = '{row}'"

    def test_while_events_come(self):
        """What is stored while it waits and reads is neither waited for nor missed."""
        load = Load(self.suite, 1000000).start()
        try:
            for turn in range(3):
                wait_until("events come", lambda goal=load.count() + 20: load.count() >= goal or load.errors)
                report = self.verify("--json")
                self.assertTrue(report["ok"], report)
                self.assertEqual([topic["stored"] for topic in report["topics"]],
                                 [topic["published"] for topic in report["topics"]])
                text = self.verify()
                self.assertNotIn("DIFFERENT", text)
        finally:
            load.stop()

    def test_what_was_stored_and_not_published_is_told(self):
        """A topic that ends before the log, when nobody publishes."""
        wait_until("all is published", lambda: self.suite.sql(
            "SELECT 1 FROM event_store.logs l LEFT JOIN event_store.publications p USING (aggregate_type, partition) "
            "WHERE l.last_position > coalesce(p.published, 0)") == [])
        self.suite.terminate("command-svc")
        try:
            self.suite.sql("""SELECT * FROM event_store.append(ARRAY[gen_random_uuid()], ARRAY['\\x00'::bytea], ARRAY['Late'],
                ARRAY['project'], ARRAY['late'], ARRAY[0], ARRAY[0::int8], ARRAY[1], ARRAY[201::int2], ARRAY[NULL::text],
                ARRAY[0::int8], ARRAY[0], ARRAY[0], ARRAY['nobody'], ARRAY[gen_random_uuid()], ARRAY['ProjectCreated'], ARRAY[1],
                ARRAY['{"projectId":"late","name":"late","owner":"alice"}'],
                ARRAY['{"aggregateType":"project","actor":"nobody"}'], ARRAY['late'])""")
            text = self.verify("--wait", "0", code=1)
            self.assertRegex(text, r"PROBLEM +behind the store: topics: 1 events")
            self.assertRegex(text, r"PROBLEM +skafu.project.events/0 ends at position \d+, the store at \d+")
        finally:
            self.suite.start("command-svc")
        self.assertIn("store, topics and views agree", self.verify())

    def test_a_topic_ends_with_a_transaction_that_was_taken_back(self):
        for partition in range(2):
            abort_transaction(self.suite, "skafu.project.events", partition)
        self.assertTrue(self.verify("--json")["ok"])

    def test_says_what_was_looked_at(self):
        self.assertIn("\nstore, topics and views agree\n", self.verify())
        self.assertIn("\nstore and views agree\n", self.verify("--no-topics"))
        self.assertIn("\nstore, topics and view project agree\n", self.verify("--view", "project"))
        version = self.live()["project"]
        self.assertIn(f"\nstore and version {version} of view project agree\n",
                      self.verify("--no-topics", "--view", "project", "--version", version))

    def test_problems_are_whole_characters(self):
        for name in ("ü" * 600, "x" + "ü" * 600, "€" * 600, "x€" * 300):
            mend = self.damage(name)
            report = self.verify("--no-topics", "--json", code=1)
            self.assertTrue(any(name[:50] in problem for problem in report["problems"]), report)
            self.assertIn("\nstore and views DO NOT agree\n", self.verify("--no-topics", code=1))
            self.suite.sql(mend)
        self.assertIn("agree", self.verify("--no-topics"))

    def test_a_version_that_takes_over_meanwhile(self):
        """It was not there when verifying began, and is what readers see when it ends."""
        before = self.live()
        table = f"view_metric_{before['metric']}.metric"  # the first one that is verified
        with Locked(self.suite, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"):
            process = subprocess.Popen(self.command("--no-topics", "--json"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.kill)
            wait_until("it verifies the first view", lambda: self.suite.sql(
                "SELECT 1 FROM pg_stat_activity WHERE application_name = 'skafuctl verify' AND wait_event_type = 'Lock'"))
            new = self.views.post("service/rebuild")["version"]
            self.views.await_live("service", new)
        report = json.loads(process.communicate(timeout=120)[0])
        self.assertTrue(report["ok"], report)
        self.assertIn(("service", new, "live"), [(view["view"], view["version"], view["state"]) for view in report["views"]])

    def test_a_view_without_a_live_version(self):
        live = self.live()["metric"]
        change = "UPDATE projection.views SET state = '{}' WHERE view = 'metric' AND version = " + live
        self.suite.terminate("projector-svc")
        try:
            self.suite.sql(change.format("retired"))
            for arguments in (["--all-versions"], ["--all-versions", "--view", "metric"], []):
                self.assertIn("PROBLEM  view metric: there is none that is live", self.verify("--no-topics", *arguments, code=1))
        finally:
            self.suite.sql(change.format("live"))
            self.suite.start("projector-svc")
        self.assertIn("agree", self.verify("--all-versions"))

    def test_views_of_another_program(self):
        """One that is older, say: it has no projection for what readers see."""
        tiny = os.path.join(os.environ["SKAFU_TEST_BUILD"], "tests", "end_to_end", "tiny-skafuctl")
        report = self.verify("--no-topics", "--json", program=tiny, code=1)
        self.assertEqual({(view["view"], view["compared"]) for view in report["views"]},
                         {("metric", False), ("project", False), ("service", False)})
        text = self.verify("--no-topics", program=tiny, code=1)
        self.assertRegex(text, r"view +project +NOT COMPARED")
        self.assertIn("PROBLEM  view project: not compared: no projection of this program makes its rows", text)


if __name__ == "__main__":
    tap.main()
