#!/usr/bin/env python3
"""kill -9 of projector-svc at random moments, a hundred times, under load, with two instances: while one starts, while
it takes its share of the partitions, in the middle of batches, while it publishes changes. SKAFU_TEST_SEED repeats the
choices of a run."""

import os
import random
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import projection  # noqa: E402
import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, wait_until  # noqa: E402

BOTH = ("projector-svc", "projector-svc-2")
# A sanitizer makes each start cost several times as much.
KILLS = 30 if "ASAN_OPTIONS" in os.environ else 100
ROUNDS = 5
START_S = 0.3  # a start, up to the first batches, takes about as long
SETTINGS = {"SKAFU_REFRESH_MS": "100", "SKAFU_BATCH_EVENTS_MAX": "20", "SKAFU_CHANGE_WINDOW_ROWS": "20"}


class ProjectorKills(unittest.TestCase):
    def setUp(self):
        self.suite = Suite(services=("command-svc",))
        self.suite.another("projector-svc", "projector-svc-2")
        self.suite.__enter__()
        self.addCleanup(self.suite.__exit__, None, None, None)
        seed = int(os.environ.get("SKAFU_TEST_SEED") or random.randrange(1 << 32))
        print(f"# SKAFU_TEST_SEED={seed}", flush=True)
        self.chance = random.Random(seed)
        self.counts = {}

    def start(self, name):
        self.newest = name
        self.leases = self.taken(name)
        self.suite.spawn(name, **SETTINGS)

    def taken(self, name):
        """How many partitions it has taken so far, all its lives together."""
        try:
            with open(os.path.join(self.suite.dir, f"{name}.log"), encoding="utf-8", errors="replace") as file:
                return file.read().count("feed-taken")
        except FileNotFoundError:
            return 0

    def await_moment(self):
        """Wait until somebody is to die; says who."""
        kind = self.chance.choice(("starting", "leasing", "applying", "publishing"))
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind == "starting":
            time.sleep(self.chance.uniform(0, START_S))  # it may be at anything: that is the point
            return [self.newest]
        if kind == "leasing":
            wait_until("a partition is taken", lambda: self.taken(self.newest) > self.leases)
            return [self.newest]
        measure = projection.progress if kind == "applying" else projection.published
        goal = measure(self.suite) + self.chance.randrange(1, 60)
        wait_until(f"somebody is {kind}", lambda: measure(self.suite) >= goal or self.load.errors)
        time.sleep(self.chance.uniform(0, 0.02))
        return self.chance.sample(BOTH, 2 if self.chance.randrange(8) == 0 else 1)

    def kill(self, times):
        while times > 0:
            names = self.await_moment()
            for name in names:
                self.assertIsNone(self.suite.processes[name].poll(), f"{name} ended by itself: {self.suite.log_tail(name)}")
                self.suite.kill(name)
            for name in names:
                self.start(name)
            times -= len(names)

    def test_nothing_is_lost_doubled_or_invented(self):
        suite = self.suite
        for name in BOTH:
            self.start(name)
        loads = []
        for number in range(ROUNDS):
            self.load = Load(suite, 100000, every=0.2).start()
            loads.append(self.load)
            wait_until("the load runs", lambda: self.load.count() >= 16 or self.load.errors)
            self.kill(KILLS // ROUNDS)
            self.load.stop()
            for name in BOTH:
                wait_until(f"{name} is ready", lambda name=name: suite.ready(name))
            # With every dead session its leases are free: nobody ever finds that he owns what he does not.
            self.assertEqual(projection.count(suite, BOTH, "skafu_view_fenced_total"), 0)
            projection.check(suite, loads, note=f"{(number + 1) * (KILLS // ROUNDS)} kills or more, {self.load.retries} sent again; ")
        print(f"# killed while {self.counts}", flush=True)
        for name in BOTH:
            self.assertEqual(suite.terminate(name), 0)


if __name__ == "__main__":
    tap.main()
