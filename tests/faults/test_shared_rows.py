#!/usr/bin/env python3
"""Rows that events of many aggregates in all log partitions add to: two projectors and PostgreSQL killed
with kill -9 under load, a rebuild beside it, and an event that does not fit. Every event counts once, and each change goes on where the one before
ended."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import changes  # noqa: E402
import tap  # noqa: E402
from load import Client, Load  # noqa: E402
from suite import ROOT, SERVICES, Suite, token, wait_until  # noqa: E402
from views import Views  # noqa: E402

COMMANDS = 3000
LISTS = 5
PROJECTORS = ("projector-svc", "projector-svc-2")
VICTIMS = PROJECTORS + ("postgres",) + PROJECTORS
PROGRAMS = os.path.join(os.environ["SKAFU_TEST_BUILD"], "tests", "end_to_end")

# What the events say, counted by PostgreSQL.
COUNTED = """SELECT event_data::json ->> 'list', count(*) FILTER (WHERE event_type = 'TodoCreated'),
    sum(CASE event_type WHEN 'TodoCreated' THEN 1 ELSE -1 END), 100 + coalesce(sum((event_data::json ->> 'priority')::int), 0),
    count(*)
    FROM event_store.events WHERE event_data::json ->> 'list' IS NOT NULL GROUP BY 1 ORDER BY 1"""
SHOWN = "SELECT id, created, open, priorities, _sequence FROM read.tally ORDER BY id"


def todo_life(todo, turn):
    life = [("CreateTodo", {"todoId": todo, "title": f"todo {turn}", "priority": turn % 10, "list": f"list-{turn % LISTS}"})]
    if turn % 3:
        life.append(("CompleteTodo", {"todoId": todo}))
    if turn % 4 == 0:
        life.append(("DropTodo", {"todoId": todo}))
    return life


class SharedRows(unittest.TestCase):
    def setUp(self):
        os.environ["SKAFU_BATCH_EVENTS_MAX"] = "20"  # many transactions
        os.environ["SKAFU_REFRESH_MS"] = "200"
        binaries = {name: os.path.join(PROGRAMS, f"tiny-{name}") for name in SERVICES + ("skafuctl",)}
        self.suite = Suite(schema=os.path.join(ROOT, "tests", "domains", "tiny", "schema.graphql"), binaries=binaries)
        self.suite.__enter__()
        self.addCleanup(self.suite.__exit__, None, None, None)
        self.suite.another("projector-svc", PROJECTORS[1])
        self.suite.start(PROJECTORS[1])
        self.views = Views(self.suite)

    def check(self):
        self.assertTrue(self.suite.verify()["ok"])
        self.assertEqual(self.suite.sql(SHOWN), self.suite.sql(COUNTED))
        feed = changes.check(self.suite, "tally")
        print(f"# {len(feed.changes)} changes {feed.kinds}, {feed.repeats} repeats: {self.suite.sql(SHOWN)}", flush=True)
        return feed

    def owners(self):
        return len(self.suite.sql("SELECT DISTINCT c.owner FROM projection.views v, LATERAL (SELECT owner FROM "
                                  "view_tally_1.checkpoint) c WHERE v.view = 'tally' AND v.live"))

    def test_1_whatever_is_killed_under_load(self):
        wait_until("both projectors have log partitions", lambda: self.owners() == 2)
        load = Load(self.suite, COMMANDS, life=todo_life).start()

        def reach(share):
            wait_until(f"{share} of the commands", lambda: load.count() >= share * COMMANDS or load.errors, 180)

        for turn, victim in enumerate(VICTIMS):
            reach((turn + 1) / (len(VICTIMS) + 2))
            self.suite.kill(victim)
            if turn == 1:
                self.views.post("tally/rebuild", {"from": "topic"}, instance=PROJECTORS[0])
            if victim == "postgres":
                self.suite.start_postgres()  # which has forgotten the last transactions of views
            else:
                self.suite.start(victim)
        load.join()
        self.views.await_live("tally", 2)
        feed = self.check()
        # It was no single batch that counted: lists change again and again, by events of all log partitions.
        partitions = {change["partition"] for change in feed.changes.values() if change.get("id") == "list-1" and "partition" in change}
        self.assertEqual(len(partitions), len(self.suite.sql("SELECT 1 FROM event_store.logs WHERE last_position > 0")))
        self.assertGreater(sum(change.get("id") == "list-1" for change in feed.changes.values()), 50)
        self.assertEqual({row[0] for row in self.suite.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = 'skafu'")}, {"0"})
        print(f"# rebuild: {json.dumps(self.views.version('tally', 2)['rebuild']['differences'])}", flush=True)

    def test_2_an_event_that_does_not_fit_counts_when_there_is_room(self):
        client = Client(self.suite, token("ann"))
        self.addCleanup(client.close)

        def send(name, payload):
            status, body, _ = client.send(name, payload, float("inf"))
            self.assertIn(status, (200, 201), body)

        send("CreateTodo", {"todoId": "first", "title": "t", "list": "full", "priority": 1})
        wait_until("it is counted", lambda: self.suite.sql(SHOWN) == [["full", "1", "1", "101", "1"]])
        # As if very much had been counted before.
        self.suite.sql("UPDATE view_tally_1.tally SET priorities = 2147483640 WHERE id = 'full'")
        send("CreateTodo", {"todoId": "second", "title": "t", "list": "full", "priority": 9})
        send("CompleteTodo", {"todoId": "second"})
        wait_until("its aggregate is parked", lambda: self.suite.sql(
            "SELECT aggregate_id FROM projection.parked WHERE view = 'tally' AND error LIKE '%out of range%'") == [["second"]])
        for number in range(20):
            send("CreateTodo", {"todoId": f"later-{number}", "title": "t", "list": "full"})
        wait_until("the others are counted", lambda: self.suite.sql(SHOWN) == [["full", "21", "21", "2147483640", "21"]])
        self.suite.sql("UPDATE view_tally_1.tally SET priorities = 101 WHERE id = 'full'")
        self.views.post("tally/parked/todo/second/retry")
        wait_until("nothing is parked", lambda: not self.suite.sql("SELECT 1 FROM projection.parked"))
        self.assertEqual(self.suite.sql(SHOWN), [["full", "22", "21", "110", "23"]])
        self.assertTrue(self.suite.verify()["ok"])


if __name__ == "__main__":
    tap.main()
