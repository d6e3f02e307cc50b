#!/usr/bin/env python3
"""Catching up with a history of events from Kafka in all views at once, beside the same rows written to the same tables
by plain batched upserts.

The history is in the event store and in the topics before projector-svc starts with empty views. Its time runs from the
first commit to the last one of the slowest view, with the change feed unless told otherwise. The limit writes what the views' batches come to, one connection per view and nothing else to do (bench_upserts.c); it folds an event that
changes a row twice in a batch as well. Consuming, decoding and folding alone, in one thread, show where the wall of reading is.

insert: rows are made; update: 90 % of the events change existing rows; skewed: 90 % of these are about 1 % of the projects.

usage: project.py [--json] [--quick] [--no-feed] [--events 1000000] [--cases insert,update,skewed]
"""

import argparse
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "support"), os.path.join(HERE, "..", "tests", "support")]
os.environ.setdefault("SKAFU_TEST_BUILD", os.path.join(HERE, "..", "build"))
os.environ.setdefault("SKAFU_PG_SHARED_BUFFERS", "1GB")

from cpu import Meter  # noqa: E402
from history import applied, fill, publish, to_apply  # noqa: E402
from rows import Rows  # noqa: E402
from suite import Suite, wait_until  # noqa: E402

AIM = 0.6
MEMORY_AIM_MIB = 128
MEMORY_EVENTS = 100_000  # memory is looked at after so many, and at the end
SECONDS_MAX = 900
POLL_SECONDS = 0.5


class Bench:
    def __init__(self, suite, options):
        self.suite = suite
        self.options = options
        self.rows = Rows("project", options)

    def await_applied(self, n):
        """Looking at it often would cost what is measured."""
        deadline = time.monotonic() + SECONDS_MAX
        while applied(self.suite) < n:
            if time.monotonic() > deadline:
                raise SystemExit(f"not within {SECONDS_MAX} s\n{self.suite.log_tail('projector-svc')}")
            time.sleep(POLL_SECONDS)

    def memory_mib(self):
        with open(f"/proc/{self.suite.pid('projector-svc')}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

    def catch_up(self):
        """Events of the store per second, all views together, and the memory early and late."""
        events = self.options.events
        self.suite.start("projector-svc", SKAFU_CHANGE_FEED="false" if self.options.no_feed else "true")
        wait_until("the views have begun", lambda: applied(self.suite) > 0)
        with Meter(self.suite) as meter:
            begun, at_begin, total = time.monotonic(), applied(self.suite), to_apply(self.suite)
            self.await_applied(min(MEMORY_EVENTS, events // 2) * total // events)  # views apply the same event
            early = self.memory_mib()
            self.await_applied(total)
            seconds = (time.monotonic() - begun) * total / (total - at_begin)
        late = self.memory_mib()
        self.suite.terminate("projector-svc", 60)
        return events / seconds, early, late, self.rows.per_event(meter)

    def limit(self):
        with Meter(self.suite) as meter:
            done = subprocess.run([os.path.join(self.suite.build, "bench", "bench-upserts"), "--pg-url", self.suite.pg_url(),
                                   "--schema-file", self.suite.schema], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        result = json.loads(done.stdout)
        return self.options.events / result["seconds"], result, self.rows.per_event(meter)

    def wall(self, depth):
        """Events per second of one thread that only reads."""
        done = subprocess.run([os.path.join(self.suite.build, "bench", "bench-walls"), depth, "--brokers", self.suite.brokers,
                               "--schema-file", self.suite.schema, "--events", str(self.options.events)],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return self.options.events / json.loads(done.stdout)["seconds"]

    def walls(self, case):
        self.wall("consume")  # the broker reads it for the first time
        consume = self.wall("consume")
        for depth in ("decode", "fold"):
            rate = self.wall(depth)
            self.rows.row(f"{case}, {depth} alone", rate, "events/s", consume, rate / consume)

    def run(self, case):
        fill(self.suite, case, self.options.events)
        self.suite.start("command-svc")
        publish(self.suite)
        self.suite.terminate("command-svc")
        self.walls(case)
        limit, done, limit_cpu = self.limit()
        rate, early, late, cpu = self.catch_up()
        self.rows.row(case, rate, "events/s", limit, rate / limit, AIM, cpu_us=cpu, limit_cpu_us=limit_cpu, rows=done["rows"])
        self.rows.row(f"{case}, memory", late, "MiB", MEMORY_AIM_MIB, late / MEMORY_AIM_MIB, "at most 1")
        self.rows.row(f"{case}, memory after {MEMORY_EVENTS}", early, "MiB", late, early / late)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a tenth of the events")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--cases", default="insert,update,skewed")
    parser.add_argument("--no-feed", action="store_true", help="without the change feed")
    options = parser.parse_args()
    options.events = options.events // 10 if options.quick else options.events
    Rows("project", options).head()
    for case in options.cases.split(","):
        with Suite(services=("command-svc",)) as suite:
            suite.terminate("command-svc")
            bench = Bench(suite, options)
            bench.run(case)


main()
