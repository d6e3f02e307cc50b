#!/usr/bin/env python3
"""The change feed through every crash: projector-svc killed with kill -9 again and again, PostgreSQL, which forgets the
last transactions of views, and the broker, under load and with two projectors. Whoever folds the feed has exactly the
rows of the view, and every change once, in order, however often it was published."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import changes  # noqa: E402
import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, wait_until  # noqa: E402

os.environ["SKAFU_BATCH_EVENTS_MAX"] = "20"  # so that rows change more often than once a batch

COMMANDS = 4000
VICTIMS = ("projector-svc", "projector-svc-2", "postgres", "projector-svc", "projector-svc", "projector-svc-2",
           "postgres", "projector-svc", "kafka")
VIEWS = ("project", "service", "metric")


class Changes(unittest.TestCase):
    def break_and_mend(self, suite, name):
        suite.kill(name)
        if name == "kafka":
            suite.start_kafka()
        elif name == "postgres":
            suite.start_postgres()
        else:
            suite.start(name)

    def check(self, suite):
        self.assertTrue(suite.verify(views_only=True)["ok"])
        for view in VIEWS:
            feed = changes.check(suite, view)
            print(f"# {view}: {len(feed.changes)} changes {feed.kinds}, {len(feed.rows)} rows, {feed.repeats} repeats", flush=True)
            self.assertGreater(len(feed.rows), 0)
            self.assertEqual(feed.kinds["reset"], 1)

    def test_nothing_is_lost_doubled_or_invented(self):
        with Suite() as suite:
            suite.another("projector-svc", "projector-svc-2")
            suite.start("projector-svc-2")
            load = Load(suite, COMMANDS, every=0.02).start()
            for turn, name in enumerate(VICTIMS):
                goal = (turn + 1) * COMMANDS // (len(VICTIMS) + 2)
                wait_until(f"{goal} commands are acknowledged", lambda goal=goal: load.count() >= goal or load.errors, 120)
                print(f"# kill -9 {name} after {load.count()} commands", flush=True)
                self.break_and_mend(suite, name)
            load.join()
            self.check(suite)

    def test_a_crash_that_forgets_commits_takes_back_no_change(self):
        """Nobody but a publisher makes PostgreSQL write its log to the disk, so what was not published is forgotten."""
        with Suite(services=("command-svc",)) as suite:
            load = Load(suite, 2400).start()
            load.join()
            wait_until("all events are published", lambda: suite.sql(
                "SELECT sum(last_position) = (SELECT sum(published) FROM event_store.publications) FROM event_store.logs") == [["t"]])
            self.assertEqual(suite.terminate("command-svc"), 0)
            suite.sql("ALTER SYSTEM SET wal_writer_delay = '10s'")
            suite.sql("ALTER SYSTEM SET wal_writer_flush_after = '1GB'")
            suite.sql("SELECT pg_reload_conf()")
            suite.start("projector-svc", SKAFU_BATCH_EVENTS_MAX="2")
            forgotten = 0
            for turn in range(8):
                seen = self.changes_at_least(suite, 100 * (turn + 1))
                suite.kill("postgres")
                suite.start_postgres()
                forgotten += seen > self.changes(suite)
            print(f"# PostgreSQL forgot changes {forgotten} times", flush=True)
            wait_until("projector-svc is ready", lambda: suite.ready("projector-svc"))
            self.check(suite)

    @staticmethod
    def changes(suite):
        return int(suite.sql("SELECT coalesce(sum(position), 0) FROM read.change_position")[0][0])

    def changes_at_least(self, suite, goal):
        return wait_until(f"{goal} changes", lambda: (lambda n: n >= goal and n)(self.changes(suite)))


if __name__ == "__main__":
    tap.main()
