#!/usr/bin/env python3
"""Execution records of commands: every step with its time, whoever may see them, from any instance, and until they
expire; and keys, which are free again then."""

import http.client
import json
import os
import subprocess
import sys
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from suite import API_KEY, Suite, token, wait_until  # noqa: E402

STEPS = ["received", "validated", "decided", "stored", "published", "projected"]


class Records(unittest.TestCase):
    suite = None

    @classmethod
    def setUpClass(cls):
        cls.suite = Suite()
        cls.suite.__enter__()
        cls.suite.another("command-svc", "command-svc-2")
        for name in ("command-svc", "command-svc-2"):
            if name in cls.suite.processes:
                cls.suite.terminate(name)
            cls.start(name)

    @classmethod
    def start(cls, name, **overrides):
        cls.suite.start(name, SKAFU_EXPIRY_INTERVAL_S="1", **overrides)

    @classmethod
    def tearDownClass(cls):
        cls.suite.__exit__(None, None, None)

    def command(self, name, payload, bearer=None, instance="command-svc", **headers):
        body = payload if isinstance(payload, str) else json.dumps(payload)
        sent = {"Authorization": f"Bearer {bearer or token('alice')}", "Content-Type": "application/json"}
        sent.update({key.replace("_", "-"): value for key, value in headers.items()})
        status, _, text = self.suite.request(instance, "POST", f"/v1/commands/{name}", body, sent)
        return status, json.loads(text)

    def ask(self, command_id, bearer=None, instance="command-svc", **headers):
        sent = headers or {"Authorization": f"Bearer {bearer or token('alice')}"}
        status, _, text = self.suite.request(instance, "GET", f"/v1/commands/{command_id}", None, sent)
        return status, json.loads(text)

    def record(self, command_id, **where):
        status, record = self.ask(command_id, **where)
        self.assertEqual(status, 200, record)
        return record

    def complete(self, command_id, **where):
        def look():
            status, record = self.ask(command_id, **where)
            return record if status == 200 and record["complete"] else None

        return wait_until("the record is complete", look)

    def create(self, **headers):
        status, body = self.command("CreateProject", {"name": "Billing"}, **headers)
        self.assertEqual(status, 201, body)
        return body

    @staticmethod
    def states(record):
        return [step["state"] for step in record["steps"]]

    def written(self, command_id):
        """Until it stands in the store, for others to read."""
        wait_until("the failure is written", lambda: self.suite.sql(
            f"SELECT 1 FROM event_store.failures WHERE command_id = '{command_id}'"))

    def make_older(self, table, column, command_id):
        # Nobody sweeps meanwhile: a look that does not see the change yet must not be the last one.
        self.suite.sql(f"SELECT pg_advisory_xact_lock(hashtextextended('skafu expiry', 0)); UPDATE event_store.{table} SET {column} = {column} - interval '400 days' "
                       f"WHERE command_id = '{command_id}'; DELETE FROM event_store.expiry")

    def test_a_stored_command(self):
        made = self.create(X_Correlation_Id="order-7")
        record = self.complete(made["commandId"])
        self.assertEqual((record["commandId"], record["commandType"], record["aggregateType"], record["aggregateId"]),
                         (made["commandId"], "CreateProject", "project", made["aggregateId"]))
        self.assertEqual((record["status"], record["httpStatus"], record["version"], record["eventCount"]),
                         ("stored", 201, 1, 1))
        self.assertEqual((record["actor"], record["correlationId"]), ("alice", "order-7"))
        self.assertEqual(record["consistencyToken"], made["consistencyToken"])
        self.assertNotIn("problem", record)
        self.assertEqual([step["name"] for step in record["steps"]], STEPS[:5] + ["projected"] * 2)
        self.assertEqual([step.get("view") for step in record["steps"]], [None] * 5 + ["project", "service"])
        self.assertEqual(set(self.states(record)), {"done"})
        times = [step["at"] for step in record["steps"]]
        self.assertTrue(all(len(time) == len("2026-01-31T12:00:00.123456Z") for time in times), times)
        self.assertEqual(times[:6], sorted(times[:6]))
        self.assertGreaterEqual(times[6], times[4])
        self.assertEqual(times[3], made["events"][0]["timestamp"])
        self.assertTrue(all(step["durationUs"] >= 0 for step in record["steps"]))

    def test_nothing_to_change(self):
        made = self.create()
        archive = {"projectId": made["aggregateId"]}
        self.assertEqual(self.command("ArchiveProject", archive)[0], 201)
        status, body = self.command("ArchiveProject", archive)
        record = self.record(body["commandId"])
        self.assertEqual(record["httpStatus"], status)
        self.assertTrue(record["complete"])
        self.assertEqual(self.states(record)[4:], ["skipped"] * 3)

    def test_a_refused_command(self):
        made = self.create()
        rename = {"projectId": made["aggregateId"], "name": "Later"}
        status, problem = self.command("RenameProject", rename, If_Match='"7"', X_Correlation_Id="c7")
        self.assertEqual(status, 409, problem)
        record = self.record(problem["commandId"])
        self.assertEqual((record["status"], record["httpStatus"], record["version"]), ("refused", 409, 1))
        self.assertEqual(record["problem"], problem)
        self.assertEqual(record["correlationId"], "c7")
        self.assertEqual(self.states(record), ["done", "done", "refused", "done"] + ["skipped"] * 3)
        self.assertTrue(record["complete"])

    def test_commands_that_fail_unstored(self):
        made = self.create()
        cases = [("CreateProject", "{", {}, 400, "validated"),
                 ("CreateProject", {"name": 7}, {}, 400, "validated"),
                 ("Nonsense", {}, {}, 404, "validated"),
                 ("CreateProject", {"name": "x"}, {"Content_Type": "text/plain"}, 415, "validated"),
                 ("CreateProject", {"name": "x"}, {"If_Match": "7"}, 400, "validated"),
                 ("CreateProject", {"name": "x"}, {"Idempotency_Key": "a b"}, 400, "validated"),
                 ("RenameProject", {"projectId": made["aggregateId"], "name": "x"}, {}, 403, "decided")]
        for name, payload, headers, expected, step in cases:
            with self.subTest(name=name, payload=payload, headers=headers):
                status, problem = self.command(name, payload, bearer=token("bob"), **headers)
                self.assertEqual(status, expected, problem)
                record = self.record(problem["commandId"], bearer=token("bob"))  # at once, where it was sent
                self.assertEqual((record["status"], record["httpStatus"], record["commandType"]), ("failed", expected, name))
                self.assertEqual(record["problem"], problem)
                self.assertTrue(record["complete"])
                failed = [s["name"] for s in record["steps"] if s["state"] == "failed"]
                self.assertEqual(failed, [step])
                self.written(problem["commandId"])  # and then everywhere
                self.assertEqual(self.record(problem["commandId"], bearer=token("bob"), instance="command-svc-2"), record)

    def test_a_failure_leaves_its_key_free(self):
        key = str(uuid.uuid4())
        self.assertEqual(self.command("CreateProject", "{", Idempotency_Key=key)[0], 400)
        self.assertEqual(self.record(key)["status"], "failed")
        self.assertEqual(self.command("CreateProject", {"name": 7}, Idempotency_Key=key)[0], 400)
        self.assertEqual(self.record(key)["problem"]["field"], "payload.name")
        status, body = self.command("CreateProject", {"name": "now"}, Idempotency_Key=key)
        self.assertEqual((status, body["commandId"]), (201, key))
        self.assertEqual(self.record(key)["status"], "stored")
        # The key is taken: what is stored stays its record, whatever is sent with it.
        self.assertEqual(self.command("CreateProject", {"name": "other"}, Idempotency_Key=key)[0], 422)
        self.assertEqual(self.command("CreateProject", "{", Idempotency_Key=key)[0], 400)
        self.assertEqual(self.record(key)["status"], "stored")

    def test_who_may_read(self):
        made = self.create()
        self.assertEqual(self.ask(made["commandId"], bearer=token("root", "Admin"))[0], 200)
        for bearer in (token("bob"), token("dev", "Developer")):
            self.assertEqual(self.ask(made["commandId"], bearer=bearer)[0], 404)
        self.assertEqual(self.ask(made["commandId"], **{"x-api-key": API_KEY})[0], 404)
        for nothing in (uuid.uuid4(), "no-uuid", "%20"):
            status, problem = self.ask(nothing)
            self.assertEqual((status, problem["type"].rsplit("/", 1)[1]), (404, "not-found"))
        status, _, text = self.suite.request("command-svc", "POST", "/v1/commands/RecordMetric",
                                             json.dumps({"name": "up", "value": 1, "unit": "s", "source": "x"}),
                                             {"x-api-key": API_KEY, "Content-Type": "application/json"})
        self.assertEqual(status, 201, text)
        command_id = json.loads(text)["commandId"]
        self.assertEqual(self.ask(command_id, **{"x-api-key": API_KEY})[0], 200)
        self.assertEqual(self.ask(command_id)[0], 404)
        # A failure is its sender's too, and one sender's does not hide the other's.
        key = str(uuid.uuid4())
        self.assertEqual(self.command("CreateProject", "{", Idempotency_Key=key)[0], 400)
        self.assertEqual(self.ask(key, bearer=token("bob"))[0], 404)
        self.assertEqual(self.command("CreateProject", "[", bearer=token("bob"), Idempotency_Key=key)[0], 400)
        self.written(key)
        self.assertEqual(self.record(key)["actor"], "alice")
        self.assertEqual(self.record(key, bearer=token("bob"))["actor"], "bob")

    def test_a_running_command(self):
        made = self.create()
        key = str(uuid.uuid4())
        locker = ("psql", "-Xq", self.suite.pg_url(), "-c",
                  "BEGIN; SELECT FROM event_store.logs FOR UPDATE; SELECT pg_sleep(3600)")
        holder = subprocess.Popen(locker, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until("the logs are held", lambda: self.suite.sql(
                "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'BEGIN; SELECT FROM event_store.logs%' "
                "AND wait_event = 'PgSleep'"))
            with ThreadPoolExecutor(1) as pool:
                answer = pool.submit(self.command, "RenameProject", {"projectId": made["aggregateId"], "name": "slow"},
                                     Idempotency_Key=key)
                record = wait_until("the command runs", lambda: (lambda s, r: r if s == 200 and r["steps"][2]["at"] else None)(
                    *self.ask(key)))
                self.assertEqual((record["status"], record["httpStatus"], record["complete"]), ("running", None, False))
                self.assertEqual(self.states(record), ["done"] * 3 + ["pending"] * 4)
                self.assertEqual(self.ask(key, bearer=token("bob"))[0], 404)
                self.assertEqual(self.ask(key, bearer=token("root", "Admin"))[0], 200)
                self.suite.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
                self.assertEqual(answer.result()[0], 201)
            self.assertEqual(self.record(key)["status"], "stored")
        finally:
            holder.kill()
            holder.wait()

    def test_after_a_restart_and_elsewhere(self):
        made = self.create()
        _, problem = self.command("RenameProject", {"projectId": "nobody", "name": "x"})
        _, malformed = self.command("CreateProject", "{")
        ids = [made["commandId"], problem["commandId"], malformed["commandId"]]
        before = [self.complete(command_id) for command_id in ids]
        self.assertEqual([record["status"] for record in before], ["stored", "refused", "failed"])
        self.assertEqual(self.suite.terminate("command-svc"), 0)  # writes what waits
        self.assertEqual([self.record(command_id, instance="command-svc-2") for command_id in ids], before)
        self.start("command-svc")
        self.assertEqual([self.record(command_id) for command_id in ids], before)
        self.suite.kill("command-svc")
        self.start("command-svc")
        self.assertEqual([self.record(command_id) for command_id in ids], before)

    def test_an_expired_key_is_a_new_one(self):
        key = str(uuid.uuid4())
        first = self.create(Idempotency_Key=key)
        self.assertEqual(self.create(Idempotency_Key=key), first)
        self.make_older("commands", "stored_at", key)
        wait_until("the key has expired", lambda: self.ask(key)[0] == 404)
        second = self.create(Idempotency_Key=key)
        self.assertEqual(second["commandId"], key)
        self.assertNotEqual(second["aggregateId"], first["aggregateId"])
        self.assertEqual(self.create(Idempotency_Key=key), second)
        self.assertEqual(self.complete(key)["aggregateId"], second["aggregateId"])
        # The new key is in force for whatever else is sent with it.
        self.assertEqual(self.command("CreateProject", {"name": "other"}, Idempotency_Key=key)[0], 422)

    def test_an_expired_key_used_at_once_happens_once(self):
        key = str(uuid.uuid4())
        first = self.create(Idempotency_Key=key)
        self.make_older("commands", "stored_at", key)
        wait_until("the key has expired", lambda: self.ask(key)[0] == 404)
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda n: self.create(Idempotency_Key=key, instance=("command-svc", "command-svc-2")[n % 2]),
                                 range(16)))
        self.assertEqual(len({body["aggregateId"] for body in made}), 1, made)
        self.assertNotEqual(made[0]["aggregateId"], first["aggregateId"])

    def test_refusals_and_failures_expire(self):
        _, refused = self.command("RenameProject", {"projectId": "nobody", "name": "x"})
        _, failed = self.command("CreateProject", "{")
        self.written(failed["commandId"])
        self.make_older("commands", "stored_at", refused["commandId"])
        self.make_older("failures", "noted_at", failed["commandId"])
        wait_until("they are gone", lambda: {self.ask(p["commandId"])[0] for p in (refused, failed)} == {404})

    def test_nonsense_is_bounded(self):
        """One sender of nonsense neither fills the queue nor costs anybody else a record."""
        def send(_):
            connection = http.client.HTTPConnection("127.0.0.1", self.suite.ports["command-svc"], timeout=30)
            for _ in range(100):
                connection.request("POST", "/v1/commands/CreateProject", "{", {"Authorization": f"Bearer {token('mallory')}"})
                answer = connection.getresponse()
                answer.read()
                self.assertEqual(answer.status, 400)
            connection.close()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(send, range(8)))
        _, problem = self.command("CreateProject", "{")
        self.assertEqual(self.record(problem["commandId"])["status"], "failed")
        _, _, text = self.suite.request("command-svc", "GET", "/metrics")
        dropped = [line for line in text.decode().splitlines() if line.startswith("skafu_command_failures_dropped_total")]
        self.assertGreater(float(dropped[0].split()[-1]), 0)

    def test_zz_everything_agrees(self):
        """Last by name: without the commands that have expired, store, topics and views are whole."""
        self.suite.verify()


if __name__ == "__main__":
    tap.main()
