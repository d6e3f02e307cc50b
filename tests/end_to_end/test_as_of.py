#!/usr/bin/env python3
"""A row as it was: at every version and every moment of an aggregate's life it is what a read would have answered."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from suite import Suite, token  # noqa: E402

PROJECT = "as-of"
SERVICE = "as-of-service"
LIFE = [("CreateProject", {"projectId": PROJECT, "name": "größer"}),
        ("AddService", {"projectId": PROJECT, "serviceId": SERVICE, "serviceName": "billing", "serviceType": "API",
                        "configuration": {"port": 8080, "share": 0.1}}),
        ("RenameProject", {"projectId": PROJECT, "name": "second"}),
        ("ConfigureService", {"projectId": PROJECT, "serviceId": SERVICE, "configuration": {"port": 1}}),
        ("DescribeProject", {"projectId": PROJECT, "description": "described"}),
        ("RemoveService", {"projectId": PROJECT, "serviceId": SERVICE}),
        ("ArchiveProject", {"projectId": PROJECT})]


class AsOf(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = Suite()
        cls.suite.__enter__()
        cls.addClassCleanup(cls.suite.__exit__, None, None, None)
        cls.rows = []  # what a read answered after each command: (project, service)
        cls.times = []
        for name, payload in LIFE:
            status, _, text = cls.ask("command-svc", "POST", f"/v1/commands/{name}?wait=project,service", payload)
            assert status == 201, text
            body = json.loads(text)
            cls.times.append(cls.suite.sql(
                "SELECT to_char(stored_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM event_store.events "
                f"WHERE event_id = '{body['events'][0]['eventId']}'")[0][0])
            cls.rows.append((cls.read(f"projects/{PROJECT}"), cls.read(f"services/{SERVICE}")))

    @classmethod
    def ask(cls, service, method, path, body=None, bearer=None):
        return cls.suite.request(service, method, path, json.dumps(body) if body else None,
                                 {"Authorization": f"Bearer {bearer or token('alice')}", "Content-Type": "application/json"})

    @classmethod
    def read(cls, path, bearer=None):
        """The body, as text; or the status of an error."""
        status, _, text = cls.ask("query-svc", "GET", f"/v1/{path}", bearer=bearer)
        return text.decode() if status == 200 else status

    def test_a_row_at_every_version_and_time(self):
        admin = token("admin", "Admin")
        for version, (project, service) in enumerate(self.rows, 1):
            self.assertEqual(self.read(f"projects/{PROJECT}?asOf={version}"), project)
            self.assertEqual(self.read(f"projects/{PROJECT}?asOf={self.times[version - 1]}"), project)
            self.assertEqual(self.read(f"projects/{PROJECT}?asOf={version}", admin), project)
            if service == 404:
                self.assertEqual(self.read(f"services/{SERVICE}?asOf={version}"), 404)
        self.assertEqual(json.loads(self.read(f"projects/{PROJECT}?asOf=1&fields=name")), {"name": "größer"})
        self.assertEqual(self.read(f"projects/{PROJECT}?asOf=2000-01-01T00:00:00Z"), 404)
        self.assertEqual(self.read(f"projects/{PROJECT}?asOf=2999-01-01T00:00:00Z"), self.rows[-1][0])
        self.assertEqual(self.read(f"projects/{PROJECT}?asOf={len(LIFE) + 1}"), 404)

    def test_something_inside_an_aggregate(self):
        for name, payload in [("CreateProject", {"projectId": "inside", "name": "n"}),
                              ("AddService", {**LIFE[1][1], "projectId": "inside", "serviceId": "inside-service"}),
                              ("ConfigureService", {"projectId": "inside", "serviceId": "inside-service",
                                                    "configuration": {"port": 2}})]:
            self.assertEqual(self.ask("command-svc", "POST", f"/v1/commands/{name}?wait=service", payload)[0], 201)
        now, then = (json.loads(self.read(f"services/inside-service{query}")) for query in ("", "?asOf=2"))
        self.assertEqual((json.loads(now["configuration"]) if isinstance(now["configuration"], str) else now["configuration"]),
                         {"port": 2})
        self.assertNotEqual(now["configuration"], then["configuration"])
        self.assertEqual(self.read("services/inside-service?asOf=1"), 404)

    def test_only_what_one_may_see(self):
        self.assertEqual(self.read(f"projects/{PROJECT}?asOf=1", token("bob")), 404)
        self.assertEqual(self.read("projects/nothing?asOf=1", token("admin", "Admin")), 404)
        self.assertEqual(self.ask("command-svc", "POST", "/v1/commands/CreateProject?wait=project",
                                  {"projectId": "gone", "name": "n"})[0], 201)
        self.assertEqual(json.loads(self.read("projects/gone?asOf=1"))["name"], "n")
        self.suite.sql("DELETE FROM view_project_1.project WHERE id = 'gone'")  # a view that shows it no longer
        self.assertEqual(self.read("projects/gone?asOf=1"), 404)
        self.assertEqual(json.loads(self.read("projects/gone?asOf=1", token("admin", "Admin")))["name"], "n")

    def test_bad_parameters_are_named(self):
        for query, field in [("asOf=yesterday", "asOf"), ("asOf=0", "asOf"), ("asOf=", "asOf"), ("asOf=99999999999999999999", "asOf"),
                             ("asOf=1&include=services", "include")]:
            status, _, text = self.ask("query-svc", "GET", f"/v1/projects/{PROJECT}?{query}")
            self.assertEqual((status, json.loads(text)["field"]), (400, field), query)
        status, _, text = self.ask("query-svc", "GET", "/v1/projects?asOf=1")
        self.assertEqual((status, json.loads(text)["field"]), (400, "asOf"))


if __name__ == "__main__":
    tap.main()
