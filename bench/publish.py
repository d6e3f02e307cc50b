#!/usr/bin/env python3
"""From commit to broker, at fixed rates and with a backlog, beside plain librdkafka sending messages of the same size.

Latency is what a consumer outside the service sees: from the event's timestamp, which PostgreSQL takes as the append
begins, so before the flush of its commit, to the moment at which the consumer has the message, which is after the broker
could acknowledge it. Both ends count against us; commit to acknowledgement proper lies between them. The limit goes the
same way: from the moment at which a message was due to its consumer. Commands are sent by the clock, whatever the answers
before them take (open loop); "late" counts those that the machine sent over a millisecond behind their time.

Drain is the rate at which events that were committed while no relay ran reach the topic, counted from the first one;
its limit is librdkafka with its own defaults sending as much of the same size, as fast as it can.

Visible is how long after its timestamp an event is in the view, with the whole suite running: by the marks that views keep,
which PostgreSQL sets as the batch is written. Its limit is the way to a consumer, as above.

usage: publish.py [--json] [--quick] [--seconds N] [--rates 500,1000] [--events 200000]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "support"), os.path.join(HERE, "..", "tests", "support")]
os.environ.setdefault("SKAFU_TEST_BUILD", os.path.join(HERE, "..", "build"))

from suite import Suite, token, wait_until  # noqa: E402

TOPIC = "skafu.metric.events"
BEHIND = """
SELECT count(*) FROM read.checkpoint AS c JOIN event_store.logs AS l USING (aggregate_type, partition)
WHERE c.position < l.last_position
"""
LIMIT_TOPIC = "skafu.bench.events"
WARM_UP_SECONDS = 10  # a broker that has just started compiles its code
P50_AIM_MS = 3
VISIBLE_RATE = 500
VISIBLE_AIM_MS = 10
DRAIN_AIM = 100_000

# Batches as a writer makes them, of events like those of the other benchmarks.
FILL = """
DO $$
DECLARE
    n CONSTANT int4 := 1000;
    text_of_data CONSTANT text := '{"metricId":"0198c0de-0000-7000-8000-000000000000","name":"latency","value":1.5,"unit":"ms","tags":{"host":"h1","zone":"a"},"timestamp":"2026-01-01T00:00:00Z","source":"bench"}';
    text_of_metadata CONSTANT text := '{"aggregateType":"metric","causationId":"0198c0de-0000-7000-8000-000000000000","commandId":"0198c0de-0000-7000-8000-000000000000","actor":"bench"}';
BEGIN
    FOR i IN 1..%d LOOP
        PERFORM event_store.append(
            ARRAY(SELECT gen_random_uuid() FROM generate_series(1, n)), array_fill('\\x00'::bytea, ARRAY[n]),
            array_fill('RecordMetric'::text, ARRAY[n]), array_fill('metric'::text, ARRAY[n]),
            ARRAY(SELECT gen_random_uuid()::text FROM generate_series(1, n)),
            ARRAY(SELECT k %% 4 FROM generate_series(1, n) AS k), array_fill(0::int8, ARRAY[n]), array_fill(1, ARRAY[n]),
            array_fill(201::int2, ARRAY[n]), array_fill(NULL::text, ARRAY[n]), array_fill(0::int8, ARRAY[n]),
            array_fill(0, ARRAY[n]), array_fill(0, ARRAY[n]), array_fill('bench'::text, ARRAY[n]),
            ARRAY(SELECT gen_random_uuid() FROM generate_series(1, n)), array_fill('MetricRecorded'::text, ARRAY[n]),
            array_fill(1, ARRAY[n]), array_fill(text_of_data, ARRAY[n]), array_fill(text_of_metadata, ARRAY[n]),
            array_fill('0198c0de-0000-7000-8000-000000000000'::text, ARRAY[n]));
        COMMIT;
    END LOOP;
END
$$
"""

# Of the newest events, in milliseconds.
VISIBLE = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms), percentile_cont(0.99) WITHIN GROUP (ORDER BY ms) FROM (
    SELECT extract(epoch FROM (SELECT min(m.marked_at) FROM projection.marks AS m WHERE m.view = 'metric' AND m.aggregate_type = e.aggregate_type
            AND m.partition = e.partition AND m.position >= e.position) - e.stored_at) * 1000 AS ms
    FROM event_store.events AS e WHERE e.aggregate_type = 'metric' ORDER BY e.stored_at DESC LIMIT %d) AS newest
"""


class Bench:
    def __init__(self, suite, options):
        self.suite = suite
        self.options = options
        self.program = os.path.join(suite.build, "bench", "bench-publish")
        self.command = ["--brokers", suite.brokers, "--port", str(suite.ports["command-svc"]), "--token", token("bench", "Admin")]

    def start(self, mode, topic, **numbers):
        arguments = [text for name, value in numbers.items() for text in (f"--{name}", str(value))]
        return subprocess.Popen([self.program, mode, "--topic", topic, *self.command, *arguments],
                                stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)

    def run(self, mode, topic, **numbers):
        process = self.start(mode, topic, **numbers)
        output = process.communicate()[0]
        if process.returncode != 0:
            raise SystemExit(f"{mode} failed\n{self.suite.log_tail('command-svc')}")
        return json.loads(output.splitlines()[-1])

    def row(self, case, value, unit, limit, ratio, **more):
        if self.options.json:
            print(json.dumps({"bench": "publish", "case": case, "value": value, "unit": unit, "limit": limit, "ratio": ratio, **more}), flush=True)
        else:
            notes = "  ".join(f"{name} {number}" for name, number in more.items())
            print(f"{case:24} {value:10} {unit:9} {limit:10} {ratio:7.2f}  {notes}", flush=True)

    def latency(self, rate, size):
        """Ours and the limit by turns; the median of the slices."""
        slices = {"paced": [], "limit": []}
        for _ in range(1 if self.options.quick else 3):
            slices["limit"].append(self.run("limit", LIMIT_TOPIC, rate=rate, seconds=self.options.seconds, bytes=size))
            slices["paced"].append(self.run("paced", TOPIC, rate=rate, seconds=self.options.seconds))
        ours, limit = ({name: round(statistics.median(one[name] for one in slices[kind]), 3) for name in ("p50_ms", "p99_ms", "late")}
                       for kind in ("paced", "limit"))
        for name in ("p50", "p99"):
            value, other = ours[f"{name}_ms"], limit[f"{name}_ms"]
            more = {"aim": P50_AIM_MS} if name == "p50" else {}
            self.row(f"{name} at {rate}/s", value, "ms", other, round(value / other, 3), late=ours["late"], limit_late=limit["late"], **more)

    def visible(self, size):
        """Until the view shows it: the suite as a whole, after a second of it to make plans and connections."""
        self.suite.start("projector-svc")
        self.suite.start("query-svc")
        self.run("paced", TOPIC, rate=VISIBLE_RATE, seconds=self.options.seconds)
        limit = self.run("limit", LIMIT_TOPIC, rate=VISIBLE_RATE, seconds=self.options.seconds, bytes=size)
        self.run("paced", TOPIC, rate=VISIBLE_RATE, seconds=self.options.seconds)
        wait_until("the view is level", lambda: self.suite.sql(BEHIND)[0][0] == "0")
        times = self.suite.sql(VISIBLE % (VISIBLE_RATE * self.options.seconds))[0]
        for name, time, aim in (("p50", times[0], {"aim": VISIBLE_AIM_MS}), ("p99", times[1], {})):
            other = limit[f"{name}_ms"]
            self.row(f"visible {name} at {VISIBLE_RATE}/s", round(float(time), 3), "ms", other, round(float(time) / other, 3), **aim)
        self.suite.terminate("query-svc")
        self.suite.terminate("projector-svc")

    def drain(self, size):
        count = self.options.events
        self.suite.terminate("command-svc")
        self.suite.sql(FILL % (count // 1000))
        watch = self.start("watch", TOPIC, count=count)
        watch.stdout.readline()
        self.suite.start("command-svc")
        output = watch.communicate()[0]
        if watch.returncode != 0:
            raise SystemExit(self.suite.log_tail("command-svc"))
        seconds = json.loads(output.splitlines()[-1])["seconds"]
        floods = [self.run("flood", LIMIT_TOPIC, count=count, bytes=size)["seconds"] for _ in range(1 if self.options.quick else 3)]
        rate, limit = count / seconds, count / statistics.median(floods)
        self.row("drain", round(rate), "events/s", round(limit), round(rate / limit, 3), aim=DRAIN_AIM)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one slice of each instead of three")
    parser.add_argument("--seconds", type=int, default=4, help="of a slice")
    parser.add_argument("--rates", default="500,1000")
    parser.add_argument("--events", type=int, default=200_000, help="to drain")
    options = parser.parse_args()

    with Suite(services=("command-svc",)) as suite:
        bench = Bench(suite, options)
        # What the events measure is the size of the limit's messages.
        size = bench.run("paced", TOPIC, rate=500, seconds=WARM_UP_SECONDS)["bytes"]
        bench.run("limit", LIMIT_TOPIC, rate=500, seconds=2, bytes=size)
        if not options.json:
            print(f"{'case':24} {'value':>10} {'unit':9} {'limit':>10} {'ratio':>7}")
        for rate in map(int, options.rates.split(",")):
            bench.latency(rate, size)
        bench.visible(size)
        bench.drain(size)


main()
