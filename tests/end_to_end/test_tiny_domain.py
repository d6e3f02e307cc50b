#!/usr/bin/env python3
"""The same services with another, tiny domain: nothing in the engine is wired to the one that ships. And an event of
an older schema version still decides and projects."""

import json
import os
import sys
import unittest
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from suite import ROOT, SERVICES, Suite, token, wait_until  # noqa: E402


class TinyDomain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        programs = os.path.join(os.environ["SKAFU_TEST_BUILD"], "tests", "end_to_end")
        cls.suite = Suite(schema=os.path.join(ROOT, "tests", "domains", "tiny", "schema.graphql"),
                          binaries={name: os.path.join(programs, f"tiny-{name}") for name in SERVICES + ("skafuctl",)})
        cls.suite.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.suite.__exit__(None, None, None)

    def command(self, name, payload, user="ann"):
        status, _, text = self.suite.request("command-svc", "POST", f"/v1/commands/{name}", json.dumps(payload),
                                             {"Authorization": f"Bearer {token(user)}", "Content-Type": "application/json"})
        return status, json.loads(text)

    def read(self, path, after=None, user="ann"):
        headers = {"Authorization": f"Bearer {token(user)}"}
        if after:
            headers["X-Consistency-Token"] = after
        status, _, text = self.suite.request("query-svc", "GET", path, None, headers)
        return status, json.loads(text)

    def test_from_command_to_row(self):
        status, made = self.command("CreateTodo", {"title": "sleep", "priority": 2})
        self.assertEqual(status, 201, made)
        status, done = self.command("CompleteTodo", {"todoId": made["aggregateId"]})
        self.assertEqual(status, 201, done)
        status, row = self.read(f"/v1/todos/{made['aggregateId']}", after=done["consistencyToken"])
        self.assertEqual((status, row.get("title"), row.get("done")), (200, "sleep", True), row)
        self.assertEqual(self.read(f"/v1/todos/{made['aggregateId']}", user="ben")[0], 404)
        self.assertEqual(self.command("CreateProject", {"name": "x"})[0], 404)
        self.assertEqual(self.read("/v1/projects")[0], 404)

    def test_an_old_event_decides_and_projects(self):
        self.suite.sql("""SELECT * FROM event_store.append(ARRAY[gen_random_uuid()], ARRAY['\\x00'::bytea], ARRAY['CreateTodo'],
            ARRAY['todo'], ARRAY['old'], ARRAY[1], ARRAY[0::int8], ARRAY[1], ARRAY[201::int2], ARRAY[NULL::text], ARRAY[0::int8],
            ARRAY[0], ARRAY[0], ARRAY['ann'],
            ARRAY[gen_random_uuid()], ARRAY['TodoCreated'], ARRAY[1], ARRAY['{"todoId":"old","text":"written long ago","owner":"ann"}'],
            ARRAY['{"aggregateType":"todo","actor":"ann"}'], ARRAY['c'])""")
        wait_until("the row of the old event", lambda: self.read("/v1/todos/old")[0] == 200)
        self.assertEqual(self.read("/v1/todos/old")[1]["title"], "written long ago")
        self.assertEqual(self.command("CompleteTodo", {"todoId": "old"}, user="ben")[0], 403)
        self.assertEqual(self.command("CompleteTodo", {"todoId": "old"})[0], 201)

    def todos(self, *todos):
        """CreateTodo each; the last answer, once its lists are counted."""
        for todo in todos:
            status, answer = self.command("CreateTodo", {"title": "x", **todo})
            self.assertEqual(status, 201, answer)
        return answer

    def settle(self):
        """Until all views show all that is stored."""
        wait_until("the views are up to date", lambda: self.suite.sql(
            """SELECT count(*) FROM event_store.logs l CROSS JOIN projection.views v LEFT JOIN read.checkpoint c
               USING (view, aggregate_type, partition) WHERE v.live AND l.last_position <> coalesce(c.position, 0)""") == [["0"]])

    def test_rows_of_many_aggregates_are_read_like_others(self):
        names = [f"shop-{n}" for n in range(7)]
        self.todos(*({"list": name, "priority": n} for n, name in enumerate(names)), {"list": "shop-3", "priority": 9},
                   {"todoId": "bread", "list": "shop-3"})
        self.assertEqual(self.command("CompleteTodo", {"todoId": "bread"})[0], 201)
        self.settle()
        row = {"id": "shop-3", "name": "shop-3", "unit": "todos", "created": 3, "open": 2, "priorities": 112}
        self.assertEqual(self.read("/v1/tallies/shop-3"), (200, row))
        self.assertEqual(self.read("/v1/tallies/shop-3", user="ben"), (200, row))
        self.assertEqual(self.suite.request("query-svc", "GET", "/v1/tallies/shop-3")[0], 401)

        found, cursor = [], ""
        while cursor is not None:
            status, page = self.read(f"/v1/tallies?limit=2&sort=created:desc,name&filter={quote(json.dumps({'name': {'beginsWith': 'shop-'}}))}"
                                     + (f"&cursor={cursor}" if cursor else ""))
            self.assertEqual(status, 200, page)
            found += [item["name"] for item in page["items"]]
            cursor = page["nextCursor"]
        self.assertEqual(found, ["shop-3"] + [name for name in names if name != "shop-3"])

        _, row = self.read("/v1/tallies/shop-3?include=todos")
        self.assertEqual(len(row["todos"]["items"]), 3)
        _, row = self.read("/v1/tallies/shop-3?include=todos", user="ben")
        self.assertEqual(row["todos"]["items"], [])
        _, row = self.read("/v1/todos/bread?include=list&fields=id,listId")
        self.assertEqual((row["listId"], row["list"]["created"]), ("shop-3", 3), row)

    def test_the_past_of_a_counter_is_not_kept(self):
        self.todos({"list": "past"})
        self.settle()
        for moment in ("1", "2030-01-31T23:59:59Z"):
            status, problem = self.read(f"/v1/tallies/past?asOf={moment}")
            self.assertEqual((status, problem["field"]), (422, "asOf"), problem)
            self.assertIn("made by events of many aggregates", problem["detail"])
        self.assertEqual(self.read("/v1/tallies/never?asOf=1")[0], 404)

    def test_a_counter_can_follow_what_it_belongs_to(self):
        """Without rules of its own it is seen by whoever sees the row that it refers to."""
        self.todos({"todoId": "loud"})
        for _ in range(3):
            self.assertEqual(self.command("EchoTodo", {"todoId": "loud", "text": "ho", "times": 1, "events": 2})[0], 201)
        self.settle()
        self.assertEqual(self.read("/v1/noises/loud"), (200, {"id": "loud", "todoId": "loud", "echoes": 6}))
        self.assertEqual(self.read("/v1/noises/loud?include=todo&fields=echoes")[1]["todo"]["title"], "x")
        self.assertEqual(self.read("/v1/noises/loud", user="ben")[0], 404)
        self.assertEqual([row["id"] for row in self.read("/v1/noises")[1]["items"] if row["id"] == "loud"], ["loud"])
        self.assertEqual(self.read("/v1/noises", user="ben")[1]["items"], [])

    def test_events_have_a_size(self):
        """A decision that makes more than the broker takes is refused, instead of standing in the way of others."""
        _, made = self.command("CreateTodo", {"title": "shout"})
        name = made["aggregateId"]

        def echo(times, events=1, size=900000):
            return self.command("EchoTodo", {"todoId": name, "text": "x" * size, "times": times, "events": events})

        for times, events, size, expected, word in ((6, 1, 900000, 413, "an event of more than 5242880 bytes"),
                                                    (5, 4, 900000, 413, "events of more than 16777216 bytes together"),
                                                    (1, 65, 1, 422, "more than 64 events")):
            status, problem = echo(times, events, size)
            self.assertEqual(status, expected, str(problem)[:500])
            self.assertIn(word, problem["detail"])
        status, body = echo(5, 3)
        self.assertEqual((status, body["version"]), (201, 4))
        status, body = echo(1, 64, 1)
        self.assertEqual((status, body["version"]), (201, 68))
        # As much as can be configured goes through the broker.
        self.suite.terminate("command-svc")
        self.suite.start("command-svc", SKAFU_EVENT_BYTES_MAX="8126464")
        status, body = echo(9)
        self.assertEqual((status, body["version"]), (201, 69))
        self.suite.verify()

    def test_zz_everything_agrees(self):
        """Last by name."""
        report = self.suite.verify()
        self.assertEqual([view["view"] for view in report["views"]], ["noise", "tally", "todo"])


if __name__ == "__main__":
    tap.main()
