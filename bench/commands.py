#!/usr/bin/env python3
"""Commands over HTTP in a closed loop, everything durable, beside pgbench inserting one such row per transaction with as
many clients and no ordering at all. Limit and measurement take their turns in short slices of one run, so that what else
the machine does meets both; a case's ratio is that of its slice to the limit's slices of the same round.

First command-svc runs with PostgreSQL and Kafka alone, then the whole suite does. Before the limit's turn everything that
was accepted has been published, and has reached every view: no slice pays for another.

metric: every command a new aggregate; mixed: one create, nine changes; hot: all connections change one aggregate;
duplicate: every command is sent twice under one key.

usage: commands.py [--json] [--quick] [--profile] [--seconds N] [--rounds N] [--connections 1,8,64]
                   [--suite-connections 64] [--cases metric,mixed,hot,duplicate]
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "support"), os.path.join(HERE, "..", "tests", "support")]
os.environ.setdefault("SKAFU_TEST_BUILD", os.path.join(HERE, "..", "build"))

from cpu import Meter  # noqa: E402
from suite import Suite, token, wait_until  # noqa: E402

WARM_UP_SECONDS = 15  # a broker that has just started compiles its code
PREPARED = 300  # projects that are there when "mixed" begins; as in commands.lua
CASES_PER_LIMIT = 2
MEMORY_AIM_MIB = 96
AIMS = {"alone": {"mixed/64": 0.8}, "suite": {"mixed/64": 0.6}}
HOT_AIM = 0.8  # of mixed
P50_AIM_MS = 0.5  # above pgbench's, with one connection

TABLE = """
CREATE SCHEMA bench;
CREATE SEQUENCE bench.position;
CREATE TABLE bench.events (LIKE event_store.events);
ALTER TABLE bench.events ADD PRIMARY KEY (aggregate_type, partition, position), ADD UNIQUE (aggregate_id, event_sequence, aggregate_type);
"""
INSERT = """INSERT INTO bench.events (aggregate_type, partition, position, aggregate_id, event_sequence, event_id, event_type,
 event_version, event_data, metadata, correlation_id, stored_at)
VALUES ('metric', 1, nextval('bench.position'), gen_random_uuid()::text, 1, gen_random_uuid(), 'MetricRecorded', 1,
 '{"metricId":"0198c0de-0000-7000-8000-000000000000","name":"latency","value":1.5,"unit":"ms","tags":{"host":"h1","zone":"a"},"timestamp":"2026-01-01T00:00:00Z","source":"bench"}',
 '{"aggregateType":"metric","causationId":"0198c0de-0000-7000-8000-000000000000","commandId":"0198c0de-0000-7000-8000-000000000000","actor":"bench"}',
 '0198c0de-0000-7000-8000-000000000000', clock_timestamp());
"""
BEHIND = """
SELECT count(*) FROM read.checkpoint AS c JOIN event_store.logs AS l USING (aggregate_type, partition)
WHERE c.position < l.last_position
"""


class Slice:
    """One turn of the limit or of a case: what it did, and what each part of it cost."""

    def __init__(self, result, meter):
        self.rate = result["good"] / result["seconds"]
        self.p50_ms, self.p99_ms = result["p50_ms"], result["p99_ms"]
        self.cpu_us = {part: used * 1e6 / max(1, result["good"]) for part, used in meter.parts.items()}


def mean(slices, name):
    return statistics.mean(getattr(one, name) for one in slices)


def mean_cpu(slices):
    return {part: round(statistics.mean(one.cpu_us.get(part, 0) for one in slices), 1) for part in slices[0].cpu_us}


class Bench:
    def __init__(self, suite, options):
        self.suite = suite
        self.options = options
        self.bearer = token("bench", "Admin")
        self.script = os.path.join(suite.dir, "insert.sql")
        suite.sql(TABLE)
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(INSERT.replace("\n", " ") + "\n")

    # ---- slices --------------------------------------------------------------------------------------

    def create_projects(self, names):
        connection = http.client.HTTPConnection("127.0.0.1", self.suite.ports["command-svc"], timeout=30)
        for name in names:
            connection.request("POST", "/v1/commands/CreateProject", json.dumps({"projectId": name, "name": "prepared"}),
                               {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"})
            response = connection.getresponse()
            body = response.read()
            if response.status != 201:
                raise SystemExit(body.decode())
        connection.close()

    def stored(self):
        return int(self.suite.sql("SELECT count(*) FROM event_store.commands")[0][0])

    def run_case(self, case, connections, seconds):
        prefix = str(uuid.uuid4())[:23]
        if case == "hot":
            self.create_projects([f"hot-{prefix}"])
        elif case == "mixed":
            self.create_projects([f"{prefix}-p{number}" for number in range(-PREPARED, 0)])
        before = self.stored()
        with Meter(self.suite) as meter:
            done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
                                   "-s", os.path.join(HERE, "commands.lua"),
                                   f"http://127.0.0.1:{self.suite.ports['command-svc']}", "--", case, self.bearer, prefix],
                                  capture_output=True, text=True, check=True)
        result = json.loads(done.stdout.split("RESULT ", 1)[1])
        stored = self.stored() - before
        expected = result["good"] / (2 if case == "duplicate" else 1)
        # Requests in flight when time ran out are stored, but not counted.
        if result["bad"] or result["errors"] or not expected - 1 <= stored <= expected + connections + 1:
            raise SystemExit(f"{case}: {result}, {stored} stored\n{done.stderr}{self.suite.log_tail('command-svc')}")
        return Slice(result, meter)

    def run_limit(self, connections, seconds):
        self.settle()
        with Meter(self.suite) as meter:
            done = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", str(connections), "-j", "1", "-T", str(seconds), "-l",
                                   "--log-prefix", os.path.join(self.suite.dir, "pgbench"), "-f", self.script, self.suite.pg_url()],
                                  capture_output=True, text=True, check=True)
        rate = float(next(line for line in done.stdout.splitlines() if line.startswith("tps")).split()[2])
        times = []
        for name in os.listdir(self.suite.dir):
            if name.startswith("pgbench."):
                with open(os.path.join(self.suite.dir, name), encoding="ascii") as file:
                    times += [int(line.split()[2]) for line in file]
                os.unlink(os.path.join(self.suite.dir, name))
        times.sort()
        return Slice({"good": len(times), "seconds": len(times) / rate, "p50_ms": times[len(times) // 2] / 1000,
                      "p99_ms": times[len(times) * 99 // 100] / 1000}, meter)

    def settle(self):
        """Everything that was accepted is published, and shown by the views that are there."""
        def settled():
            text = self.suite.request("command-svc", "GET", "/metrics")[2].decode()
            backlog = next(line for line in text.splitlines() if line.startswith("skafu_relay_backlog_events "))
            return float(backlog.split()[1]) == 0 and self.suite.sql(BEHIND)[0][0] == "0"

        wait_until("what was accepted is published and shown", settled, 300)

    # ---- rows ----------------------------------------------------------------------------------------

    def print_head(self):
        if not self.options.json:
            print(f"{'case':22} {'value':>9} {'unit':10} {'p50 ms':>8} {'p99 ms':>8} {'limit':>9} {'p50 ms':>8} {'ratio':>6}  aim")

    def row(self, case, value, unit, limit, ratio, aim=None, **more):
        if self.options.json:
            line = {"bench": "commands", "case": case, "value": round(value, 1), "unit": unit, "limit": round(limit, 1), "ratio": round(ratio, 3)}
            print(json.dumps({**line, **({"aim": aim} if aim else {}), **more}), flush=True)
            return
        times = [f"{more[name]:8.2f}" if name in more else " " * 8 for name in ("p50_ms", "p99_ms", "limit_p50_ms")]
        print(f"{case:22} {value:9.1f} {unit:10} {times[0]} {times[1]} {limit:9.1f} {times[2]} {ratio:6.2f}  {aim or ''}", flush=True)
        if self.options.profile and "cpu_us" in more:
            for name, parts in (("", more["cpu_us"]), ("limit", more["limit_cpu_us"])):
                used = "  ".join(f"{part} {value:.0f}" for part, value in parts.items())
                print(f"    {name:6} us of processor each: {used}  = {sum(parts.values()):.0f}", flush=True)

    def measure(self, phase, connections):
        cases = self.options.cases.split(",")
        slices = {case: [] for case in cases}
        ratios = {case: [] for case in cases}
        limits = []
        for _ in range(self.options.rounds):
            round_limits = []
            for number, case in enumerate(cases):
                if number % CASES_PER_LIMIT == 0:
                    round_limits.append(self.run_limit(connections, self.options.seconds))
                slices[case].append(self.run_case(case, connections, self.options.seconds))
            limits += round_limits
            for case in cases:
                ratios[case].append(slices[case][-1].rate / mean(round_limits, "rate"))
        for case in cases:
            name = f"{case}/{connections}"
            p50, limit_p50 = mean(slices[case], "p50_ms"), mean(limits, "p50_ms")
            self.row(f"{name} {phase}", mean(slices[case], "rate"), "commands/s", mean(limits, "rate"), statistics.mean(ratios[case]),
                     AIMS[phase].get(name), p50_ms=round(p50, 3), p99_ms=round(mean(slices[case], "p99_ms"), 3),
                     limit_p50_ms=round(limit_p50, 3), cpu_us=mean_cpu(slices[case]), limit_cpu_us=mean_cpu(limits))
            if connections == 1:
                self.row(f"{name} {phase}, p50 more", p50 - limit_p50, "ms", limit_p50, p50 / limit_p50, f"at most {P50_AIM_MS} ms")
        if "hot" in cases and "mixed" in cases:
            hot, mixed = mean(slices["hot"], "rate"), mean(slices["mixed"], "rate")
            self.row(f"hot/{connections} {phase}, of mixed", hot, "commands/s", mixed, hot / mixed, HOT_AIM)

    def memory(self):
        with open(f"/proc/{self.suite.pid('command-svc')}/status", encoding="ascii") as file:
            mib = next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
        self.row("peak memory", mib, "MiB", MEMORY_AIM_MIB, mib / MEMORY_AIM_MIB, "at most 1")


def numbers(text):
    return [int(number) for number in text.split(",") if number]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--profile", action="store_true", help="also print the processor time of a command, by part")
    parser.add_argument("--seconds", type=int, default=2, help="of a slice")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--connections", type=numbers, default=[1, 8, 64])
    parser.add_argument("--suite-connections", type=numbers, default=[64], help="with the whole suite running")
    parser.add_argument("--cases", default="metric,mixed,hot,duplicate")
    options = parser.parse_args()
    options.rounds = 1 if options.quick else options.rounds

    with Suite(services=("command-svc",)) as suite:
        bench = Bench(suite, options)
        bench.run_case("metric", 16, WARM_UP_SECONDS)
        bench.print_head()
        for connections in options.connections:
            bench.measure("alone", connections)
        bench.memory()
        if options.suite_connections:
            suite.start("projector-svc")
            suite.start("query-svc")
        for connections in options.suite_connections:
            bench.measure("suite", connections)


main()
