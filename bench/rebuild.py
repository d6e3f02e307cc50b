#!/usr/bin/env python3
"""A rebuild of all views from the event store, beside COPY of the resulting rows into tables with the same columns and
indexes, one connection per view.

The views are there; nothing else is asked of the suite. The time runs from the request to the moment at which the last
view's new version is live, the comparison of every row with the old one included, and is told without that, too.
--beside measures instead what commands and reads keep of their rates while the rebuild of the largest view runs.

usage: rebuild.py [--json] [--quick] [--beside] [--events 1000000] [--cases insert,update]
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
from suite import Suite, token, wait_until  # noqa: E402
from views import Views  # noqa: E402

AIM = 0.4
BESIDE_AIM = 0.7
SECONDS_MAX = 1800
POLL_SECONDS = 0.2
VIEWS = ("project", "service", "metric")
BESIDE_VIEWS = ("metric",)  # one rebuild, of the largest view


class Bench:
    def __init__(self, suite, options):
        self.suite = suite
        self.options = options
        self.rows = Rows("rebuild", options)
        self.views = Views(suite)
        self.version = 1
        self.built = BESIDE_VIEWS if options.beside else VIEWS

    # ---- a rebuild, and its limit --------------------------------------------------------------------

    def request(self):
        self.version += 1
        for view in self.built:
            self.views.post(f"{view}/rebuild", {})

    def is_caught_up(self):
        """Whether nothing is left to build: to compare and to switch is another matter."""
        return self.suite.sql("SELECT count(*) FROM projection.rebuilds AS r JOIN projection.views AS v USING (view, version) "
                              "WHERE v.state = 'building' AND r.phase = 'building'") == [["0"]]

    def is_live(self):
        return all(self.views.states(view).get(self.version) == "live" for view in self.built)

    def await_condition(self, what, condition):
        deadline = time.monotonic() + SECONDS_MAX
        while not condition():
            if time.monotonic() > deadline:
                raise SystemExit(f"not within {SECONDS_MAX} s: {what}\n{self.suite.log_tail('projector-svc')}")
            time.sleep(POLL_SECONDS)

    def rebuild(self):
        """Seconds until all is built, and until all is live."""
        with Meter(self.suite) as meter:
            begun = time.monotonic()
            self.request()
            self.await_condition("built", self.is_caught_up)
            built = time.monotonic() - begun
            self.await_condition("live", self.is_live)
            live = time.monotonic() - begun
        return built, live, self.rows.per_event(meter)

    def copy(self):
        """Seconds that COPY takes for the rows of all views, side by side."""
        self.suite.sql("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")
        for view in VIEWS:
            table = self.suite.sql(f"SELECT schema_name FROM projection.views WHERE view = '{view}' AND live")[0][0] + "." + view
            path = os.path.join(self.suite.dir, "postgres", f"{view}.copy")
            self.suite.sql(f"CREATE TABLE bench.{view} (LIKE {table} INCLUDING ALL); COPY (SELECT * FROM {table}) TO '{path}' WITH (FORMAT binary)")
        self.suite.sql("CHECKPOINT")
        with Meter(self.suite) as meter:
            begun = time.monotonic()
            running = [subprocess.Popen(["psql", "-Xqc", "SET synchronous_commit = off", "-c", f"COPY bench.{view} FROM "
                                         f"'{os.path.join(self.suite.dir, 'postgres', view)}.copy' WITH (FORMAT binary)", self.suite.pg_url()])
                       for view in VIEWS]
            if any([process.wait() for process in running]):
                raise SystemExit("COPY failed")
            seconds = time.monotonic() - begun
        return seconds, self.rows.per_event(meter)

    def compare(self, case):
        limit, limit_cpu = self.copy()
        built, live, cpu = self.rebuild()
        events = self.options.events
        self.rows.row(case, events / live, "events/s", events / limit, limit / live, AIM, cpu_us=cpu, limit_cpu_us=limit_cpu)
        self.rows.row(f"{case}, until compared", events / built, "events/s", events / limit, limit / built)

    # ---- what others keep meanwhile ------------------------------------------------------------------

    def wrk(self, *arguments):
        done = subprocess.run(["wrk", "-t1", "-c16", f"-d{self.options.seconds}s", "--timeout", "10s", *arguments],
                              capture_output=True, text=True, check=True)
        if "RESULT " in done.stdout:
            result = json.loads(done.stdout.split("RESULT ", 1)[1])
            return result["good"] / result["seconds"]
        if "Non-2xx" in done.stdout:
            raise SystemExit(done.stdout)
        return float(next(line for line in done.stdout.splitlines() if line.startswith("Requests/sec")).split()[1])

    def commands(self):
        return self.wrk("-s", os.path.join(HERE, "commands.lua"), f"http://127.0.0.1:{self.suite.ports['command-svc']}", "--",
                        "metric", token("bench", "Admin"), os.urandom(12).hex()[:8] + "-0000-7000-8000")

    def reads(self):
        return self.wrk("-H", f"Authorization: Bearer {token('bench', 'Admin')}",
                        f"http://127.0.0.1:{self.suite.ports['query-svc']}/v1/projects/p-{'0' * 33}1")

    def beside(self):
        for what, rate in (("commands", self.commands), ("reads", self.reads)):
            rate()
            alone = rate()
            self.request()
            meanwhile = rate()
            if self.is_live():
                raise SystemExit("the rebuild was over before the slice: more --events")
            again = self.finish(rate)
            alone = (alone + again) / 2
            self.rows.row(f"{what} beside a rebuild", meanwhile, f"{what}/s", alone, meanwhile / alone, BESIDE_AIM)

    def finish(self, rate):
        self.await_condition("live", self.is_live)
        wait_until("the views are level", lambda: applied(self.suite) >= to_apply(self.suite), 120)
        return rate()


def run(case, options):
    with Suite(services=("command-svc", "query-svc") if options.beside else ("command-svc",)) as suite:
        bench = Bench(suite, options)
        suite.terminate("command-svc")
        fill(suite, case, options.events)
        suite.start("command-svc")
        publish(suite)
        suite.start("projector-svc", SKAFU_CHANGE_FEED="false")
        wait_until("the views have begun", lambda: applied(suite) > 0)
        bench.await_condition("level", lambda: applied(suite) >= to_apply(suite))
        if options.beside:
            bench.beside()
        else:
            suite.terminate("command-svc")
            bench.compare(case)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a tenth of the events")
    parser.add_argument("--beside", action="store_true", help="the rates of commands and reads while a rebuild runs")
    parser.add_argument("--seconds", type=int, default=5, help="of a slice beside")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--cases", default="insert,update")
    options = parser.parse_args()
    options.events = options.events // 10 if options.quick else options.events
    Rows("rebuild", options).head()
    for case in ("insert",) if options.beside else options.cases.split(","):
        run(case, options)


main()
