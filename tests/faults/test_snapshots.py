#!/usr/bin/env python3
"""Aggregates with many events: loaded from a snapshot and what follows it, in one round trip, whatever became of the
snapshots meanwhile. Counts of events tell, not times; times are only printed."""

import json
import os
import sys
import threading
import time
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from suite import Suite, token, wait_until  # noqa: E402

MANY = 100_000
SNAPSHOT_EVENTS = 500
PAGE = 1000  # events that one round trip reads
CACHE_BYTES = 4 << 20
MEMORY_MAX = 96 << 20

# One command of n events, straight into the store: $ID at version $VERSION.
APPEND = """
SELECT event_store.append(
    ARRAY[gen_random_uuid()], ARRAY['\\x00'::bytea], ARRAY['Test'], ARRAY['project'], ARRAY['{id}'],
    ARRAY[{partition}], ARRAY[{version}::int8], ARRAY[{n}], ARRAY[201::int2], ARRAY[NULL::text], ARRAY[0::int8],
    ARRAY[0], ARRAY[0], ARRAY['nobody'], array_agg(gen_random_uuid()), array_agg('{type}'::text), array_agg(1), array_agg({data}),
    array_agg('{{"aggregateType":"project","actor":"alice"}}'::text), array_agg('test'::text))
FROM generate_series({version} + 1, {version} + {n}) AS i;
"""


class Snapshots(unittest.TestCase):
    def setUp(self):
        self.suite = Suite(services=(), broker="embedded")
        self.suite.another("command-svc", "command-svc-2")
        self.suite.__enter__()
        self.addCleanup(self.suite.__exit__, None, None, None)

    # ---- what a test says ------------------------------------------------------------------------------

    def start(self, name="command-svc", **settings):
        self.suite.start(name, **{"SKAFU_SNAPSHOT_EVENTS": str(SNAPSHOT_EVENTS), **settings})

    def restart(self, **settings):
        """kill -9: a stop would wait for the broker, and there is none. A snapshot that a test counts on is waited for."""
        self.suite.kill("command-svc")
        self.start(**settings)

    def command(self, command_type, project, expected=201, instance="command-svc", **payload):
        headers = {"Authorization": f"Bearer {token('alice')}", "Content-Type": "application/json",
                   "Idempotency-Key": str(uuid.uuid4())}
        status, _, text = self.suite.request(instance, "POST", f"/v1/commands/{command_type}",
                                             json.dumps({"projectId": project, **payload}), headers)
        self.assertEqual(status, expected, text)
        return json.loads(text)

    def rename(self, project, name=None, **more):
        return self.command("RenameProject", project, name=name or str(uuid.uuid4()), **more)

    def metric(self, name, instance="command-svc"):
        text = self.suite.request(instance, "GET", "/metrics")[2].decode()
        return sum(int(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " "))

    def events_read(self, instance="command-svc"):
        return self.metric("skafu_aggregate_events_read_total", instance)

    def stream(self, project):
        row = self.suite.sql(f"SELECT partition, version FROM event_store.streams WHERE aggregate_id = '{project}'")[0]
        return int(row[0]), int(row[1])

    def grow(self, project, to, event_type="ProjectRenamed", data=None):
        """Append events until the project is at version @to, past the service."""
        partition, version = self.stream(project)
        data = data or f"""format('{{"projectId":"{project}","name":"name %s"}}', i)"""
        while version < to:
            n = min(5000, to - version)
            self.suite.sql(APPEND.format(id=project, partition=partition, version=version, n=n, type=event_type,
                                         data=data))
            version += n

    def snapshot(self, project, versions="true"):
        """The snapshot of a project: version, version of the state, and the state. None of another version is read:
        a test may have spoiled it, and it is replaced behind the answer to a command."""
        rows = self.suite.sql("SELECT version, state_version, state FROM event_store.snapshots "
                              f"WHERE aggregate_id = '{project}' AND {versions}")
        return (int(rows[0][0]), int(rows[0][1]), json.loads(rows[0][2])) if rows else None

    def wait_snapshot(self, project, version):
        return wait_until(f"there is a snapshot of {project} at {version} or later",
                          lambda: self.snapshot(project, f"version >= {version}"))

    def timed(self, function):
        started = time.monotonic()
        function()
        return (time.monotonic() - started) * 1000

    # ---- tests -----------------------------------------------------------------------------------------

    def test_many_events_are_read_once(self):
        self.start()
        for project, version in (("short", 10), ("long", MANY)):
            self.command("CreateProject", project, name="first")
            self.grow(project, version)
        self.restart()
        self.rename("short")
        before = self.events_read()
        worst = self.load_beside_others()
        self.assertGreaterEqual(self.events_read() - before, MANY)
        snapshot = self.wait_snapshot("long", MANY)
        self.assertEqual(snapshot[1], 1)
        self.assertEqual(snapshot[2]["owner"], "alice")

        self.restart()
        short = self.timed(lambda: self.rename("short"))
        self.assertLess(self.events_read(), self.stream("short")[1])
        before = self.events_read()
        long = self.timed(lambda: self.rename("long"))
        self.assertLessEqual(self.events_read() - before, SNAPSHOT_EVENTS)
        self.assertEqual(self.metric("skafu_snapshots_read_total"), 1)
        print(f"# first command after a restart: {short:.1f} ms with 10 events, {long:.1f} ms with {MANY} "
              f"({long / short:.1f} times); others waited {worst:.1f} ms at most while {MANY} were read", flush=True)

        # Off is off: the events tell the same.
        self.restart(SKAFU_SNAPSHOT_EVENTS="0")
        state = self.rename("long", name="without snapshots")
        self.assertGreaterEqual(self.events_read(), MANY)
        self.assertEqual(state["version"], self.stream("long")[1])

    def load_beside_others(self):
        """The long project is loaded; the worst time of another command of the same writer meanwhile."""
        done = threading.Event()
        times = []

        def others():
            while not done.is_set():
                times.append(self.timed(lambda: self.rename("short")))

        thread = threading.Thread(target=others)
        thread.start()
        took = self.timed(lambda: self.rename("long"))
        done.set()
        thread.join()
        print(f"# {MANY} events without a snapshot: {took:.0f} ms; {len(times)} other commands meanwhile", flush=True)
        return max(times)

    def test_a_snapshot_after_so_many_events(self):
        self.start()
        self.command("CreateProject", "p", name="first")
        self.grow("p", SNAPSHOT_EVENTS - 2)
        self.restart(SKAFU_STOP_TIMEOUT_S="1")
        self.rename("p")
        self.assertIsNone(self.snapshot("p"))
        self.rename("p", name='q"\\\n é \U0001f680')
        self.assertEqual(self.wait_snapshot("p", SNAPSHOT_EVENTS)[2]["name"], 'q"\\\n é \U0001f680')
        self.assertEqual(self.suite.terminate("command-svc"), 0)  # the broker that it waits for does not come
        self.start()
        # The same name again changes nothing: the state is known.
        self.command("RenameProject", "p", expected=200, name='q"\\\n é \U0001f680')
        self.assertEqual(self.events_read(), 0)

    def test_what_cannot_be_used_is_ignored_and_replaced(self):
        self.start()
        self.command("CreateProject", "p", name="first")
        self.grow("p", 2 * SNAPSHOT_EVENTS)
        self.restart()
        version = self.rename("p")["version"]
        good = self.wait_snapshot("p", version)
        for spoil in ("state_version = 99", "state = '{}'", "state = 'nothing'", "version = version + 1000000",
                      "state_version = 0, state = ''"):
            self.suite.sql(f"UPDATE event_store.snapshots SET {spoil}")
            self.restart()
            version = self.rename("p", name=f"after {spoil}")["version"]
            self.assertEqual(self.stream("p")[1], version)
            self.assertEqual(self.metric("skafu_snapshots_ignored_total"), 1, spoil)
            snapshot = wait_until("it is replaced", lambda v=version: self.snapshot("p", f"version = {v}"))
            self.assertEqual(snapshot[:2], (version, good[1]))
            self.assertEqual(snapshot[2]["name"], f"after {spoil}")
        # Its owner may truncate it at any time.
        self.suite.sql("TRUNCATE event_store.snapshots")
        self.rename("p")
        self.restart()
        self.rename("p")
        self.assertEqual(self.metric("skafu_snapshots_ignored_total"), 0)
        self.wait_snapshot("p", version)

    def test_snapshots_that_cannot_be_kept(self):
        self.start()
        self.command("CreateProject", "p", name="first")
        self.suite.sql("REVOKE EXECUTE ON FUNCTION event_store.store_snapshots FROM skafu_command")
        self.grow("p", 2 * SNAPSHOT_EVENTS)
        self.restart()
        self.rename("p")
        wait_until("it is lost", lambda: self.metric("skafu_snapshots_lost_total") == 1)
        self.rename("p")
        self.suite.sql("GRANT EXECUTE ON FUNCTION event_store.store_snapshots TO skafu_command")
        self.restart()
        self.wait_snapshot("p", self.rename("p")["version"])

    def test_two_instances_on_one_long_aggregate(self):
        self.start()
        self.start("command-svc-2")
        self.command("CreateProject", "long", name="first")
        self.grow("long", MANY // 10)
        self.rename("long", instance="command-svc-2")
        self.wait_snapshot("long", MANY // 10)
        instances = ("command-svc", "command-svc-2")
        self.rename("long")
        before = sum(self.events_read(i) for i in instances)
        turns = 40
        for turn in range(turns):
            self.rename("long", instance=instances[turn % 2])
        read = sum(self.events_read(i) for i in instances) - before
        self.assertLessEqual(read, turns * (SNAPSHOT_EVENTS + PAGE))  # the whole stream each time is many times more
        print(f"# {turns} commands by turns: {read} events read", flush=True)
        # A refusal on a state that is only older reads what is new, and nothing else.
        self.rename("long", instance="command-svc", name="the same")
        before = self.events_read("command-svc-2")
        self.command("RestoreProject", "long", expected=422, instance="command-svc-2")
        self.rename("long", instance="command-svc")
        self.command("RestoreProject", "long", expected=422, instance="command-svc-2")
        self.assertLessEqual(self.events_read("command-svc-2") - before, SNAPSHOT_EVENTS)

    def test_more_partitions_later(self):
        """Old aggregates stay where they are, and their commands go the fast way."""
        self.suite.sql("ALTER DATABASE skafu SET track_functions = 'all'")
        self.start(SKAFU_PARTITIONS="2")
        projects = [f"p{n}" for n in range(24)]
        for project in projects:
            self.command("CreateProject", project, name="first")
        homes = {project: self.stream(project)[0] for project in projects}
        self.restart(SKAFU_PARTITIONS="7")
        for name in ("second", "third"):
            for project in projects:
                self.rename(project, name=name)
        self.assertEqual({project: self.stream(project)[0] for project in projects}, homes)
        self.assertEqual(self.slow_appends(), 0)
        self.command("CreateProject", "p0", expected=409, name="again")  # guessed to be new, which goes the slow way
        self.rename("p0", name="fourth")
        self.assertEqual(self.slow_appends(), 1)
        self.grow("p1", SNAPSHOT_EVENTS)
        self.rename("p1")
        self.wait_snapshot("p1", SNAPSHOT_EVENTS)
        self.restart(SKAFU_PARTITIONS="11")
        self.command("ArchiveProject", "p1")  # its partition is known from the snapshot alone
        self.assertEqual(self.events_read(), 0)
        self.assertEqual(self.slow_appends(), 1)

    def slow_appends(self):
        """How often append() had to look at each command."""
        self.suite.kill("command-svc")  # the counts come when its sessions end
        wait_until("its sessions are gone", lambda: self.suite.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'skafu_command'") == [["0"]])
        rows = self.suite.sql("SELECT calls FROM pg_stat_user_functions WHERE funcname = 'append_carefully'")
        self.start(SKAFU_PARTITIONS="7")
        return int(rows[0][0]) if rows else 0

    def test_memory(self):
        """Huge states, many times what the cache may hold, and long streams: the cache keeps its bound, and pages of
        events are given back."""
        self.start()
        services = 3000
        projects = [f"huge{n}" for n in range(100)]

        def fill(project):
            self.command("CreateProject", project, name="first")
            data = f"""format('{{"projectId":"{project}","serviceId":"a-service-of-some-length-%s","serviceName":"{'n' * 200}
                    %s","serviceType":"API","configuration":null}}', i, i)""".replace("\n                    ", "")
            self.grow(project, services + 1, "ServiceAdded", data)

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(fill, projects))
        self.command("CreateProject", "long", name="first")
        self.grow("long", MANY)
        big = "x" * 16000
        self.command("CreateProject", "wide", name="first")
        self.grow("wide", 5000, data=f"""format('{{"projectId":"wide","name":"%s{big}"}}', i)""")
        self.restart(SKAFU_CACHE_BYTES_MAX=str(CACHE_BYTES))
        for turn in range(2):
            for project in projects + ["long", "wide"]:
                self.rename(project)
        with open(f"/proc/{self.suite.pid('command-svc')}/status", encoding="ascii") as file:
            peak = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
        print(f"# peak memory {peak / (1 << 20):.1f} MiB", flush=True)
        if "ASAN_OPTIONS" not in os.environ:  # a sanitizer keeps what was freed: its memory says nothing
            self.assertLess(peak, MEMORY_MAX)
        turn = self.rename("huge0")
        self.assertEqual(turn["version"], services + 4)


if __name__ == "__main__":
    tap.main()
