#!/usr/bin/env python3
"""The change feed through every crash: projector-svc killed with kill -9 again and again, PostgreSQL, which forgets the
last transactions of views, and the broker, under load and with two projectors. Whoever folds the feed has exactly the
rows of the view, and every change once, in order, however often it was published."""

import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import changes  # noqa: E402
import postgres  # noqa: E402
import projection  # noqa: E402
import tap  # noqa: E402
from load import Load  # noqa: E402
from projection import VIEWS  # noqa: E402
from suite import Suite, wait_until  # noqa: E402

os.environ["SKAFU_BATCH_EVENTS_MAX"] = "20"  # so that rows change more often than once a batch

COMMANDS = 4000
VICTIMS = ("projector-svc", "projector-svc-2", "postgres", "projector-svc", "projector-svc", "projector-svc-2",
           "postgres", "projector-svc", "kafka")

# A view's transaction ends with its change positions: with this, none is through with all events before it is looked at.
SLOW_DOWN = """
    CREATE FUNCTION public.slow_down() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END';
    CREATE TRIGGER slow_down AFTER UPDATE ON projection.change_logs EXECUTE FUNCTION public.slow_down()"""


class Changes(unittest.TestCase):
    def break_and_mend(self, suite, name):
        suite.kill(name)
        if name == "kafka":
            suite.start_kafka()
        elif name == "postgres":
            suite.start_postgres()
        else:
            suite.start(name)

    def test_nothing_is_lost_doubled_or_invented(self):
        with Suite() as suite:
            suite.another("projector-svc", "projector-svc-2")
            suite.start("projector-svc-2")
            load = Load(suite, COMMANDS, every=0.02).start()
            for turn, name in enumerate(VICTIMS):
                goal = (turn + 1) * COMMANDS // (len(VICTIMS) + 2)
                wait_until(f"{goal} commands are acknowledged", lambda goal=goal: load.count() >= goal or load.errors)
                print(f"# kill -9 {name} after {load.count()} commands", flush=True)
                self.break_and_mend(suite, name)
            load.join()
            projection.check(suite, [load])

    def test_a_crash_that_forgets_commits_takes_back_no_change(self):
        """Views commit without waiting for the disk. Here nobody but the publishers makes PostgreSQL write its log: whatever
        writes it by itself is frozen, and so is everything together with a crash that no process survives. Then each
        crash forgets what is not published, and nothing that is."""
        with Suite(services=("command-svc",)) as suite:
            load = Load(suite, 1500).start()
            load.join()
            wait_until("all events are published", lambda: suite.sql(
                "SELECT sum(last_position) = (SELECT sum(published) FROM event_store.publications) FROM event_store.logs") == [["t"]])
            self.assertEqual(suite.terminate("command-svc"), 0)
            suite.sql("ALTER SYSTEM SET autovacuum = off")
            suite.sql("ALTER SYSTEM SET wal_buffers = '64MB'")  # all of it fits, so none is written to make room
            postgres.crash(suite)
            suite.start_postgres()
            suite.sql(SLOW_DOWN)
            for turn, batch in enumerate((2, 5, 3)):
                postgres.freeze_writers(suite)
                if "projector-svc" not in suite.processes:
                    suite.start("projector-svc", SKAFU_BATCH_EVENTS_MAX=str(batch))
                self.crash(suite, survives=turn == 1)
            suite.start("projector-svc")
            # What was noted of topics may be forgotten as well, and nobody runs who would publish it again.
            projection.check(suite, [load], views_only=True)

    def crash(self, suite, survives):
        """@survives: the projector lives on, with all that it remembers of before."""
        goal = self.of_project(suite, "published") + 20
        wait_until(f"{goal} changes are published", lambda: self.of_project(suite, "published") >= goal)
        with postgres.Locked(suite, "SELECT FROM projection.change_publications FOR UPDATE"):
            goal = self.of_project(suite, "position") + 20
            wait_until(f"{goal} changes are committed", lambda: self.of_project(suite, "position") >= goal)
            before = self.positions(suite)
            if survives:
                suite.signal("projector-svc", signal.SIGSTOP)
            postgres.crash(suite)
        if not survives:
            suite.kill("projector-svc")
        suite.start_postgres()
        after = self.positions(suite)
        published = {view: changes.last_published(suite, view) for view in VIEWS}
        print(f"# changes before the crash {before}, behind it {after}, in Kafka {published}", flush=True)
        self.assertLess(sum(after.values()), sum(before.values()), "the crash forgot nothing: this proves nothing")
        for view in VIEWS:
            self.assertLessEqual(published[view], after.get(view, 0), f"{view}: Kafka has changes that PostgreSQL has forgotten")
        if survives:
            suite.signal("projector-svc", signal.SIGCONT)

    @staticmethod
    def positions(suite):
        return {view: int(position) for view, position in suite.sql("SELECT view, position FROM read.change_position")}

    @staticmethod
    def of_project(suite, column):
        return int((suite.sql(f"SELECT {column} FROM read.change_position WHERE view = 'project'") or [["0"]])[0][0])


if __name__ == "__main__":
    tap.main()
