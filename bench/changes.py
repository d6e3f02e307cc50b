#!/usr/bin/env python3
"""Events per second from the topic into a view, with the change feed and without it, in the same run: rows that are made
(metric) and rows that change again and again (project), all views at once.

usage: changes.py [--json] [--events N]
"""

import argparse
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "support"))
os.environ.setdefault("SKAFU_TEST_BUILD", os.path.join(HERE, "..", "build"))
os.environ.setdefault("SKAFU_PG_SHARED_BUFFERS", "1GB")

from suite import Suite, wait_until  # noqa: E402

BATCH = 500  # also the rows of the case update: each of its events changes one of so many

APPEND = """
SELECT count(*) FROM event_store.append(
    (SELECT array_agg(gen_random_uuid()) FROM n), (SELECT array_agg(''::bytea) FROM n), (SELECT array_agg('bench'::text) FROM n),
    (SELECT array_agg('{kind}'::text) FROM n), (SELECT array_agg({id} ORDER BY i) FROM n), (SELECT array_agg(i % 4 ORDER BY i) FROM n),
    (SELECT array_agg({before}::int8) FROM n), (SELECT array_agg(1) FROM n), (SELECT array_agg(201::int2) FROM n),
    (SELECT array_agg(NULL::text) FROM n), (SELECT array_agg(0::int8) FROM n), (SELECT array_agg(0) FROM n),
    (SELECT array_agg(0) FROM n), (SELECT array_agg('bench'::text) FROM n), (SELECT array_agg(gen_random_uuid()) FROM n),
    (SELECT array_agg('{type}'::text) FROM n), (SELECT array_agg(1) FROM n), (SELECT array_agg({data} ORDER BY i) FROM n),
    (SELECT array_agg('{{"aggregateType":"{kind}","commandId":"0198c0de-0000-7000-8000-000000000000","actor":"bench"}}'::text) FROM n),
    (SELECT array_agg('c'::text) FROM n))
"""
METRIC = ("""'{"metricId":"m-' || i || '","name":"latency","value":1.5,"unit":"ms","tags":{"host":"h1","zone":"a"},"""
          """"timestamp":"2026-01-01T00:00:00Z","source":"bench"}'""")
CREATED = """'{"projectId":"p-' || i || '","name":"a","description":"what it is about","owner":"bench"}'"""
RENAMED = """'{"name":"' || i || ' ROUND"}'"""


def append(suite, first, **fields):
    suite.sql(f"WITH n AS (SELECT i FROM generate_series({first}, {first + BATCH - 1}) AS i) " + APPEND.format(**fields))


def fill(suite, events):
    """The same events for both turns."""
    for batch in range(events // BATCH):
        append(suite, batch * BATCH, kind="metric", id="'m-' || i", before=0, type="MetricRecorded", data=METRIC)
        fields = {"type": "ProjectRenamed", "data": RENAMED.replace("ROUND", str(batch))} if batch else {"type": "ProjectCreated", "data": CREATED}
        append(suite, 0, kind="project", id="'p-' || i", before=batch, **fields)
    wait_until("all events are published", lambda: suite.sql(
        "SELECT sum(last_position) = (SELECT sum(published) FROM event_store.publications) FROM event_store.logs") == [["t"]], 300)


def applied(suite, view):
    return int(suite.sql(f"SELECT coalesce(sum(position), 0) FROM read.checkpoint WHERE view = '{view}'")[0][0])


def turn(suite, view, feed, events):
    """Events per second of one view from nothing; the other views begin beside it."""
    suite.start("projector-svc", SKAFU_CHANGE_FEED="true" if feed else "false")
    wait_until("the view has begun", lambda: applied(suite, view) > 0)
    begin, done = time.monotonic(), applied(suite, view)
    wait_until("the view is there", lambda: applied(suite, view) >= events, 600)
    rate = (events - done) / (time.monotonic() - begin)
    suite.terminate("projector-svc")
    return rate


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--events", type=int, default=60000)
    options = parser.parse_args()
    rates = {}
    for feed in (False, True):
        for case, view in (("insert", "metric"), ("update", "project")):
            with Suite(services=("command-svc",)) as suite:
                fill(suite, options.events)
                rates[case, feed] = turn(suite, view, feed, options.events)
    for case in ("insert", "update"):
        rate, limit = rates[case, True], rates[case, False]
        if options.json:
            print(json.dumps({"bench": "changes", "case": case, "value": round(rate), "unit": "events/s", "limit": round(limit),
                              "ratio": round(rate / limit, 3)}))
        else:
            print(f"{case:8} with the change feed {rate:8.0f} events/s, without {limit:8.0f}, ratio {rate / limit:.2f}")


main()
