#!/usr/bin/env python3
"""Commands over HTTP in a closed loop, everything durable, beside pgbench inserting one such row per transaction with as
many clients and no ordering at all, in the same run.

usage: commands.py [--json] [--seconds N] [--connections 1,8,64] [--cases metric,mixed,hot,duplicate] [--whole-suite]
"""

import argparse
import json
import os
import subprocess
import sys
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "support"))
os.environ.setdefault("SKAFU_TEST_BUILD", os.path.join(HERE, "..", "build"))

from suite import SERVICES, Suite, token  # noqa: E402

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


def run_wrk(suite, case, connections, seconds):
    prefix = str(uuid.uuid4())[:23]
    bearer = token("bench", "Admin")
    if case == "hot":
        status, _, body = suite.request("command-svc", "POST", "/v1/commands/CreateProject",
                                        json.dumps({"projectId": f"hot-{prefix}", "name": "hot"}),
                                        {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"})
        if status != 201:
            raise SystemExit(body.decode())
    stored = int(suite.sql("SELECT count(*) FROM event_store.commands")[0][0])
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", os.path.join(HERE, "commands.lua"),
                           f"http://127.0.0.1:{suite.ports['command-svc']}", "--", case, bearer, prefix],
                          capture_output=True, text=True, check=True)
    result = json.loads(done.stdout.split("RESULT ", 1)[1])
    stored = int(suite.sql("SELECT count(*) FROM event_store.commands")[0][0]) - stored
    expected = result["good"] / (2 if case == "duplicate" else 1)
    # Requests in flight when time ran out are stored, but not counted.
    if result["bad"] or result["errors"] or not expected - 1 <= stored <= expected + connections + 1:
        raise SystemExit(f"{case}: {result}, {stored} stored\n{done.stderr}{suite.log_tail('command-svc')}")
    return result


def run_pgbench(suite, script, connections, seconds):
    done = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", str(connections), "-j", "1", "-T", str(seconds), "-l",
                           "--log-prefix", os.path.join(suite.dir, "pgbench"), "-f", script, suite.pg_url()],
                          capture_output=True, text=True, check=True)
    rate = float(next(line for line in done.stdout.splitlines() if line.startswith("tps")).split()[2])
    times = []
    for name in os.listdir(suite.dir):
        if name.startswith("pgbench."):
            with open(os.path.join(suite.dir, name), encoding="ascii") as file:
                times += [int(line.split()[2]) for line in file]
            os.unlink(os.path.join(suite.dir, name))
    times.sort()
    return {"rate": rate, "p50_ms": times[len(times) // 2] / 1000, "p99_ms": times[len(times) * 99 // 100] / 1000}


def peak_memory_mib(suite):
    with open(f"/proc/{suite.processes['command-svc'].pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", default="1,8,64")
    parser.add_argument("--cases", default="metric,mixed,hot,duplicate")
    parser.add_argument("--whole-suite", action="store_true", help="with projector-svc and query-svc running too")
    options = parser.parse_args()

    with Suite(services=SERVICES if options.whole_suite else ("command-svc",)) as suite:
        suite.sql(TABLE)
        script = os.path.join(suite.dir, "insert.sql")
        with open(script, "w", encoding="utf-8") as file:
            file.write(INSERT.replace("\n", " ") + "\n")
        if not options.json:
            print(f"{'case':10} {'conn':>4} {'commands/s':>11} {'p50 ms':>8} {'p99 ms':>8} {'pgbench/s':>10} {'p50 ms':>8} {'ratio':>6}")
        for connections in map(int, options.connections.split(",")):
            limit = run_pgbench(suite, script, connections, options.seconds)
            for case in options.cases.split(","):
                result = run_wrk(suite, case, connections, options.seconds)
                rate = result["good"] / result["seconds"]
                if options.json:
                    print(json.dumps({"bench": "commands", "case": f"{case}/{connections}", "value": round(rate, 1), "unit": "commands/s",
                                      "limit": round(limit["rate"], 1), "ratio": round(rate / limit["rate"], 3),
                                      "p50_ms": result["p50_ms"], "p99_ms": result["p99_ms"], "limit_p50_ms": limit["p50_ms"]}), flush=True)
                else:
                    print(f"{case:10} {connections:4} {rate:11.0f} {result['p50_ms']:8.2f} {result['p99_ms']:8.2f} {limit['rate']:10.0f} "
                          f"{limit['p50_ms']:8.2f} {rate / limit['rate']:6.2f}", flush=True)
        memory = peak_memory_mib(suite)
        if options.json:
            print(json.dumps({"bench": "commands", "case": "peak memory of command-svc", "value": round(memory, 1), "unit": "MiB",
                              "limit": 96, "ratio": round(memory / 96, 3)}))
        else:
            print(f"peak memory of command-svc: {memory:.0f} MiB")


main()
