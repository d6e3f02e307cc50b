#!/usr/bin/env python3
"""Poison in the log, garbage in the topics: one aggregate is parked, everything else goes on, operators bring it back by
HTTP, and kill -9 at any moment changes none of it."""

import base64
import json
import os
import random
import subprocess
import sys
import unittest
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from suite import Suite, token, wait_until  # noqa: E402
from topic import produce  # noqa: E402

BOTH = ("projector-svc", "projector-svc-2")
FAST = {"SKAFU_PARK_TRIES": "3", "SKAFU_PARK_RETRY_MS": "20", "SKAFU_REFRESH_MS": "100"}


def cursor(**keys):
    return base64.urlsafe_b64encode(json.dumps(keys).encode()).decode().rstrip("=")


class Parking(unittest.TestCase):
    def setUp(self):
        self.suite = Suite(services=("command-svc",))
        self.suite.another("projector-svc", "projector-svc-2")
        self.suite.__enter__()
        self.addCleanup(self.suite.__exit__, None, None, None)
        for name in BOTH:
            self.suite.start(name, **FAST)

    def command(self, name, payload):
        headers = {"Authorization": f"Bearer {token('alice')}", "Content-Type": "application/json"}
        status, _, text = self.suite.request("command-svc", "POST", f"/v1/commands/{name}", json.dumps(payload), headers)
        self.assertEqual(status, 201, text)

    def admin(self, method, path, body=None, user="root", groups=("Admin",), instance=BOTH[0]):
        headers = {"Authorization": f"Bearer {token(user, *groups)}"}
        status, _, text = self.suite.request(instance, method, path, json.dumps(body) if body else None, headers)
        return status, json.loads(text)

    def poison(self, project, kind="ServiceAdded", data=None):
        """An event that command-svc would never make, in the log like any other."""
        data = json.dumps(data or {"projectId": project, "serviceId": f"{project}-bad", "serviceName": "bad",
                                   "serviceType": "NONSENSE", "configuration": {}})
        self.suite.sql(f"""SELECT * FROM event_store.append(ARRAY[gen_random_uuid()], ARRAY['\\x00'::bytea], ARRAY['Poison'],
            ARRAY['project'], ARRAY['{project}'],
            ARRAY[(SELECT partition FROM event_store.streams WHERE aggregate_id = '{project}')],
            ARRAY[(SELECT version FROM event_store.streams WHERE aggregate_id = '{project}')], ARRAY[1], ARRAY[201::int2],
            ARRAY[NULL::text], ARRAY[0::int8], ARRAY[0], ARRAY[0], ARRAY['nobody'],
            ARRAY[gen_random_uuid()], ARRAY['{kind}'], ARRAY[1], ARRAY['{data}'],
            ARRAY['{{"aggregateType":"project","actor":"nobody"}}'], ARRAY['c'])""")

    def parked(self, view="service"):
        status, page = self.admin("GET", f"/v1/views/{view}/parked")
        self.assertEqual(status, 200, page)
        return {item["aggregateId"]: item for item in page["items"]}

    def projects(self, count):
        for number in range(count):
            self.command("CreateProject", {"projectId": f"p{number}", "name": "n"})
            self.command("AddService", {"projectId": f"p{number}", "serviceId": f"s{number}", "serviceName": "good",
                                        "serviceType": "API", "configuration": {}})

    def services(self, project):
        for number in range(20):
            self.command("ConfigureService", {"projectId": project, "serviceId": f"s{project[1:]}",
                                              "configuration": {"turn": number}})

    def caught_up(self):
        return self.suite.sql("SELECT count(*) FROM event_store.logs l CROSS JOIN projection.views v LEFT JOIN read.checkpoint c "
                              "USING (view, aggregate_type, partition) WHERE c.position < l.last_position") == [["0"]]

    def verify(self):
        command = [self.suite.skafuctl, "verify", "--json", "--wait", "120", "--pg-url", self.suite.pg_url(),
                   "--kafka-brokers", self.suite.brokers, "--schema-file", self.suite.schema, "--no-topics"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return json.loads(done.stdout)

    def produce(self, topic, partition, value, *headers):
        arguments = [item for header in headers for item in ("-H", header)]
        subprocess.run(["kcat", "-b", self.suite.brokers, "-P", "-t", topic, "-p", str(partition), *arguments],
                       input=value, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_parked_and_brought_back(self):
        self.projects(12)
        self.poison("p1")
        self.poison("p2")
        for project in ("p1", "p2", "p3"):
            self.services(project)
        wait_until("two aggregates are parked", lambda: sorted(self.parked()) == ["p1", "p2"])
        wait_until("all others went on", self.caught_up)
        item = self.parked()["p1"]
        self.assertEqual((item["view"], item["version"], item["aggregateType"], item["eventSequence"], item["eventType"]),
                         ("service", 1, "project", 3, "ServiceAdded"))
        self.assertEqual((item["tries"], item["heldEvents"], item["wanted"]), (3, 21, None))
        self.assertIn("NONSENSE", self.suite.sql("SELECT event_data FROM event_store.events WHERE event_id = "
                                                 f"'{item['eventId']}'")[0][0])
        self.assertEqual(self.parked("project"), {})
        self.assertEqual(self.admin("GET", "/v1/views/service/parked/project/p1"), (200, item))
        report = self.verify()
        self.assertFalse(report["ok"])
        self.assertEqual(report["problems"], ["view service: parked: 2 aggregates, whose rows are behind"])
        self.shown_or_not()
        self.degraded_but_ready()
        item = self.parked()["p1"]
        self.refusals(item)
        self.drop_and_retry(item)
        self.assertTrue(self.verify()["ok"])

    def shown_or_not(self):
        """?wait= is not answered with 201 by a view that holds the change back."""
        for project, view, expected in (("p1", "project", 201), ("p3", "service", 201), ("p1", "service", 202)):
            if expected == 202:  # which comes when the wait is over
                self.assertEqual(self.suite.terminate("command-svc"), 0)
                self.suite.start("command-svc", SKAFU_VIEW_WAIT_MS="500")
            headers = {"Authorization": f"Bearer {token('alice')}", "Content-Type": "application/json"}
            body = json.dumps({"projectId": project, "name": f"seen by {view}"})
            status, _, text = self.suite.request("command-svc", "POST", f"/v1/commands/RenameProject?wait={view}", body, headers)
            self.assertEqual(status, expected, text)

    def degraded_but_ready(self):
        def parked(name):
            return sum(float(line.split()[-1]) for line in self.suite.request(name, "GET", "/metrics")[2].decode().splitlines()
                       if line.startswith('skafu_view_parked{view="service"}'))

        for name in BOTH:
            wait_until("the health check has heard of it", lambda name=name: self.suite.ready(name))
        wait_until("both together count what is parked", lambda: sum(parked(name) for name in BOTH) == 2)
        wait_until("an owner says that it is degraded", lambda: any(
            b"parked" in self.suite.request(name, "GET", "/readyz")[2] for name in BOTH))

    def refusals(self, item):
        parked = "/v1/views/service/parked"
        other = "01890000-0000-7000-8000-000000000000"
        for method, path, body, expected in (
                ("GET", "/v1/views/nothing/parked", None, 404),
                ("GET", f"{parked}?limit=0", None, 400),
                ("GET", f"{parked}?limit=1001", None, 400),
                ("GET", f"{parked}?cursor=x", None, 400),
                ("GET", f"{parked}?cursor=e30x", None, 400),
                ("GET", f"{parked}?cursor={cursor(type='project', id=None)}", None, 400),
                ("GET", f"{parked}?cursor={cursor(type='project')}", None, 400),
                ("GET", f"/v1/views/service/dropped?cursor={cursor(type='project', id='p1')}", None, 400),
                ("GET", f"/v1/undecodable?cursor={cursor(type='project', id='p1')}", None, 400),
                ("POST", f"{parked}/retry?limit=1", None, 400),
                ("POST", f"{parked}/retry?cursor={cursor(type='project', id='p1')}", None, 400),
                ("POST", f"{parked}/retry?colour=red", None, 400),
                ("GET", f"{parked}/project/p1?limit=1", None, 400),
                ("GET", f"{parked}?version=0", None, 400),
                ("GET", f"{parked}?colour=red", None, 400),
                ("GET", f"{parked}/project/p3", None, 404),
                ("GET", f"{parked}/project/{quote(chr(39))}", None, 404),
                ("POST", f"{parked}/project/p3/retry", None, 404),
                ("POST", f"{parked}/project/p1/retry?version=2", None, 404),
                ("POST", f"{parked}/project/p3/drop", {"eventId": other}, 404),
                ("POST", f"{parked}/project/p1/drop", {"eventId": other}, 409),
                ("POST", f"{parked}/project/p1/drop", {"eventId": "x"}, 400),
                ("POST", f"{parked}/project/p1/drop", {"eventId": other, "x": 1}, 400),
                ("POST", f"{parked}/project/p1/drop", None, 400),
                ("GET", "/v1/undecodable?version=1", None, 400),
                ("GET", "/v1/views/service/dropped?cursor=eyJhdCI6IngifQ", None, 400)):
            status, answer = self.admin(method, path, body)
            self.assertEqual(status, expected, (method, path, answer))
            if "cursor=" in path:
                self.assertEqual(answer["field"], "cursor", (path, answer))
        for method, path in (("GET", parked), ("POST", f"{parked}/retry"), ("POST", f"{parked}/project/p1/drop"),
                             ("POST", f"{parked}/project/p1/retry"), ("GET", "/v1/undecodable")):
            self.assertEqual(self.admin(method, path, user="alice", groups=("Developer",))[0], 403)
        self.assertEqual(self.parked()["p1"], item)
        self.assertEqual(self.admin("GET", f"{parked}?version=7"), (200, {"items": [], "nextCursor": None}))
        status, first = self.admin("GET", f"{parked}?limit=1")
        self.assertEqual([entry["aggregateId"] for entry in first["items"]], ["p1"])
        status, rest = self.admin("GET", f"{parked}?limit=1&cursor={first['nextCursor']}")
        self.assertEqual(([entry["aggregateId"] for entry in rest["items"]], rest["nextCursor"]), (["p2"], None))

    def drop_and_retry(self, item):
        status, wish = self.admin("POST", "/v1/views/service/parked/project/p1/drop", {"eventId": item["eventId"]},
                                  instance=BOTH[1])
        self.assertEqual((status, wish["wanted"], wish["aggregateId"]), (202, "drop", "p1"))
        wait_until("the event is dropped and the rest is applied", lambda: sorted(self.parked()) == ["p2"])
        self.assertEqual(self.suite.sql("SELECT configuration FROM read.service WHERE id = 's1'"), [['{"turn": 19}']])
        status, page = self.admin("GET", "/v1/views/service/dropped")
        self.assertEqual(status, 200, page)
        self.assertEqual([(entry["eventId"], entry["droppedBy"], entry["aggregateId"]) for entry in page["items"]],
                         [(item["eventId"], "root", "p1")])
        self.assertEqual(self.admin("POST", "/v1/views/service/parked/project/p2/retry")[0], 202)
        wait_until("the retry has failed", lambda: self.parked()["p2"]["tries"] == 4)
        self.assertEqual(self.parked()["p2"]["wanted"], None)
        self.suite.sql("ALTER TABLE view_service_1.service DROP CONSTRAINT service_type_check")
        self.assertEqual(self.admin("POST", "/v1/views/service/parked/retry"), (202, {"aggregates": 1, "wanted": "retry"}))
        wait_until("the retry has succeeded", lambda: not self.parked())
        self.assertEqual(self.suite.sql("SELECT configuration FROM read.service WHERE id = 's2'"), [['{"turn": 19}']])
        self.assertEqual(self.suite.sql("SELECT type FROM read.service WHERE id = 'p2-bad'"), [["NONSENSE"]])

    def test_killed_at_any_moment(self):
        """Both projectors die again and again: while aggregates are parked, and while they come back."""
        count = 24
        self.projects(count)
        dice = random.Random(4)

        def kill_some(times):
            for _ in range(times):
                name = dice.choice(BOTH)
                self.suite.kill(name)
                self.suite.start(name, **FAST)

        for number in range(0, count, 2):
            self.poison(f"p{number}")
            self.poison(f"p{number}", "ServiceConfigured", {"projectId": f"p{number}", "serviceId": f"s{number}",
                                                            "configuration": {"last": number}})
            if number % 6 == 0:
                kill_some(1)
        wait_until("half of them are parked", lambda: len(self.parked()) == count // 2)
        self.suite.sql("ALTER TABLE view_service_1.service DROP CONSTRAINT service_type_check")
        for number in range(0, count, 4):
            event = self.parked()[f"p{number}"]["eventId"]
            status, _ = self.admin("POST", f"/v1/views/service/parked/project/p{number}/drop", {"eventId": event})
            self.assertEqual(status, 202)
            if number % 8 == 0:
                kill_some(1)
        self.admin("POST", "/v1/views/service/parked/retry")
        kill_some(3)
        wait_until("nothing is parked any more", lambda: not self.parked())
        report = self.verify()
        self.assertTrue(report["ok"], report)
        self.assertEqual([(view["parked"], view["dropped"]) for view in report["views"] if view["view"] == "service"],
                         [(0, count // 4)])
        self.assertEqual(self.suite.sql("SELECT count(*) FROM read.service WHERE type = 'NONSENSE'"), [[str(count // 4)]])
        self.assertEqual(self.suite.sql("SELECT count(*) FROM read.service WHERE configuration::text LIKE '{\"last\"%'"),
                         [[str(count // 2)]])

    def test_garbage_in_the_topics(self):
        self.projects(4)
        wait_until("all is applied", self.caught_up)
        for partition in range(4):
            self.produce("skafu.project.events", partition, b"\xff\x00garbage")
            self.produce("skafu.project.events", partition, b"{}", "skafu-position=1000000")
            self.produce("skafu.project.events", partition, b"{}", "skafu-position=-1", "ce_type=ProjectCreated")
        self.projects_again()
        wait_until("all is applied", self.caught_up)
        wait_until("the garbage is kept", lambda: len(self.admin("GET", "/v1/undecodable")[1]["items"]) == 12)
        items = self.admin("GET", "/v1/undecodable?limit=10")[1]
        self.assertEqual(len(items["items"]), 10)
        rest = self.admin("GET", f"/v1/undecodable?cursor={items['nextCursor']}")[1]
        values = [entry["value"] for entry in items["items"] + rest["items"]]
        self.assertEqual(sorted(values), ["\\377\\000garbage"] * 4 + ["{}"] * 8)
        self.large_garbage()
        self.assertTrue(self.verify()["ok"])

    def large_garbage(self):
        """Of each part the beginning is shown."""
        filler = "x" * 5000
        produce(self.suite, "skafu.project.events", 0, filler.encode() + b"123", filler + "1", [("h", filler)])
        wait_until("it is kept", lambda: len(self.admin("GET", "/v1/undecodable")[1]["items"]) == 13)
        item = self.admin("GET", "/v1/undecodable?limit=1")[1]["items"][0]
        self.assertEqual((item["keyBytes"], item["headersBytes"], item["valueBytes"]), (5001, 5004, 5003))
        self.assertEqual((item["key"], item["headers"], item["value"]), (filler[:4096], ("h: " + filler)[:4096], filler[:4096]))
        item = self.admin("GET", "/v1/undecodable")[1]["items"][-1]
        self.assertEqual((item["key"], item["keyBytes"]), (None, None))

    def projects_again(self):
        for number in range(4):
            self.command("RenameProject", {"projectId": f"p{number}", "name": "renamed"})


if __name__ == "__main__":
    tap.main()
