#!/usr/bin/env python3
"""Partitions move between two projectors under load: one is stopped in peace, one loses its connections to PostgreSQL, one is
frozen while the other takes what it had and then wakes up. And a view is built again meanwhile, with PostgreSQL killed and the
projectors killed. Every view is a fresh fold of the events afterwards."""

import os
import random
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import projection  # noqa: E402
import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, wait_until  # noqa: E402
from views import Views  # noqa: E402

BOTH = ("projector-svc", "projector-svc-2")
SETTINGS = {"SKAFU_REFRESH_MS": "100", "SKAFU_BATCH_EVENTS_MAX": "20"}
BUILD = {**SETTINGS, "SKAFU_REBUILD_BATCH_EVENTS_MAX": "20"}
TURNS = 4


class ProjectorOwners(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = Suite(services=("command-svc",))
        cls.suite.another("projector-svc", "projector-svc-2")
        cls.suite.__enter__()
        cls.loads = []
        seed = int(os.environ.get("SKAFU_TEST_SEED") or random.randrange(1 << 32))
        print(f"# SKAFU_TEST_SEED={seed}", flush=True)
        cls.chance = random.Random(seed)

    @classmethod
    def tearDownClass(cls):
        cls.suite.__exit__(None, None, None)

    def begin(self, **settings):
        for name in BOTH:
            self.suite.start(name, **settings)
            self.addCleanup(lambda name=name: name in self.suite.processes and self.suite.kill(name))
        self.load = Load(self.suite, 100000, every=0.2).start()
        self.addCleanup(lambda: self.load.enough.set())
        self.loads.append(self.load)
        self.go_on(100)

    def go_on(self, commands):
        goal = self.load.count() + commands
        wait_until("the load goes on", lambda: self.load.count() >= goal or self.load.errors)

    def finish(self, note, switched=()):
        self.go_on(40)
        self.load.stop()
        projection.check(self.suite, self.loads, switched=switched, note=f"{note}; ")

    def sessions(self, name):
        """Process ids of the sessions of an instance: PostgreSQL knows the port at their other end."""
        ports = {line.split()[1].rsplit(":", 1)[1] for line in self.sockets(self.suite.pid(name))}
        rows = self.suite.sql("SELECT pid, client_port FROM pg_stat_activity WHERE usename = 'skafu_projector' "
                              "AND backend_type = 'client backend' AND client_port > 0")
        return [pid for pid, port in rows if f"{int(port):04X}" in ports]

    @staticmethod
    def sockets(pid):
        """The lines of /proc/net/tcp that are of a process."""
        folder = f"/proc/{pid}/fd"
        inodes = set()
        for entry in os.listdir(folder):
            try:
                target = os.readlink(os.path.join(folder, entry))
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
        with open(f"/proc/{pid}/net/tcp", encoding="ascii") as file:
            return [line for line in file.readlines()[1:] if line.split()[9] in inodes]

    def owners(self):
        """How many partitions of live views each session has leased."""
        return {pid: int(count) for pid, count in self.suite.sql(
            "SELECT pid, count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted "
            "AND usename = 'skafu_projector' GROUP BY pid")}

    def both_own(self):
        wait_until("both have partitions", lambda: all(
            set(self.sessions(name)) & set(self.owners()) for name in BOTH))

    def cut(self, name):
        """All sessions of an instance end, as when a network fails in between."""
        pids = self.sessions(name)
        self.assertTrue(pids)
        self.suite.sql(f"SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[{','.join(pids)}]) AS pid")
        wait_until("its sessions are gone", lambda: not self.suite.sql(
            f"SELECT 1 FROM pg_stat_activity WHERE pid IN ({','.join(pids)})"))

    def test_1_partitions_move(self):
        self.begin(**SETTINGS)
        for turn in range(TURNS):
            name, other = self.chance.sample(BOTH, 2)
            self.both_own()
            self.assertEqual(self.suite.terminate(name), 0)
            self.go_on(20)
            self.suite.start(name, **SETTINGS)

            self.both_own()
            self.cut(self.chance.choice(BOTH))
            self.go_on(20)

            self.both_own()
            self.suite.signal(name, signal.SIGSTOP)
            self.cut(name)
            before = projection.progress(self.suite)
            wait_until("the other one goes on with everything", lambda: not set(self.owners()) - set(self.sessions(other)) and
                       projection.progress(self.suite) > before + 20 or self.load.errors)
            self.suite.signal(name, signal.SIGCONT)
        self.both_own()
        self.finish(f"partitions moved {3 * TURNS} times")

    def built(self, number):
        """How many events a version of view project has."""
        rows = self.suite.sql(f"SELECT coalesce(sum(position), 0) FROM view_project_{number}.checkpoint")
        return int(rows[0][0])

    def test_2_a_view_is_built_through_every_crash(self):
        """While it is built and while it only follows: it is switched to when all is over."""
        views = Views(self.suite)
        self.begin(**BUILD)
        number = views.post("project/rebuild", {"rate": 200, "switch": "manual"})["version"]
        for turn in range(2 * TURNS):
            done = self.built(number)
            wait_until("the build goes on", lambda done=done: self.built(number) > done + 20)
            print(f"# {self.built(number)} events of {projection.progress(self.suite)} in all views", flush=True)
            if turn % 2:
                self.suite.kill("postgres")
                self.suite.start_postgres()
            for name in BOTH if turn == 2 else self.chance.sample(BOTH, 1):
                self.suite.kill(name)
                self.suite.start(name, **BUILD)
        views.await_phase("project", number, "waiting")
        views.post("project/switch")
        views.await_live("project", number)
        self.finish("a view was built", switched=("project",))


if __name__ == "__main__":
    tap.main()
