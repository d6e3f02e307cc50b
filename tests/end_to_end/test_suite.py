#!/usr/bin/env python3
"""The real binaries, from a command over HTTP to the row that a read answers, and what they refuse."""

import json
import os
import subprocess
import sys
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from suite import API_KEY, OTHER_API_KEY, Suite, token, wait_until  # noqa: E402

JSON = "application/json"


class EndToEnd(unittest.TestCase):
    suite = None

    @classmethod
    def setUpClass(cls):
        cls.suite = Suite()
        cls.suite.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.suite.__exit__(None, None, None)

    def command(self, name, payload, bearer=None, **headers):
        body = payload if isinstance(payload, (bytes, str)) else json.dumps(payload)
        body = body.encode() if isinstance(body, str) else body
        sent = {"Authorization": f"Bearer {bearer or token('alice')}", "Content-Type": JSON}
        sent.update({key.replace("_", "-"): value for key, value in headers.items()})
        status, answered, text = self.suite.request("command-svc", "POST", f"/v1/commands/{name}", body, sent)
        return status, {key.lower(): value for key, value in answered.items()}, json.loads(text)

    def read(self, path, bearer=None, after=None):
        headers = {"Authorization": f"Bearer {bearer or token('alice')}"}
        if after:
            headers["X-Consistency-Token"] = after
        status, _, text = self.suite.request("query-svc", "GET", path, None, headers)
        return status, json.loads(text)

    def create(self, **payload):
        status, _, body = self.command("CreateProject", {"name": "Billing", **payload})
        self.assertEqual(status, 201, body)
        return body

    def test_command_to_row(self):
        project = self.create(description="größer")
        event = project["events"][0]
        self.assertEqual(event["eventType"], "ProjectCreated")
        self.assertEqual(event["eventSequence"], 1)
        self.assertEqual(event["metadata"]["actor"], "alice")
        self.assertEqual(event["metadata"]["aggregateType"], "project")
        self.assertEqual(event["metadata"]["commandId"], project["commandId"])

        status, row = self.read(f"/v1/projects/{project['aggregateId']}", after=project["consistencyToken"])
        self.assertEqual(status, 200, row)
        self.assertEqual((row["name"], row["description"], row["status"], row["owner"]), ("Billing", "größer", "ACTIVE", "alice"))
        self.assertEqual(row["createdAt"], event["timestamp"])

        status, _, added = self.command("AddService", '{"projectId":"%s","serviceName":"api","serviceType":"API",'
                                        '"configuration":{"b":1.50,"a":[1e2]}}' % project["aggregateId"])
        self.assertEqual(status, 201, added)
        self.assertEqual(added["version"], 2)
        service = added["events"][0]["eventData"]["serviceId"]
        # Two views: each is waited for with the token.
        status, row = self.read(f"/v1/services/{service}?include=project", after=added["consistencyToken"])
        self.assertEqual(status, 200, row)
        self.assertEqual(row["project"]["name"], "Billing")
        status, row = self.read(f"/v1/projects/{project['aggregateId']}?include=services", after=added["consistencyToken"])
        self.assertEqual([s["id"] for s in row["services"]["items"]], [service])

    def test_text_travels_untouched(self):
        project = self.create()
        configuration = '{"b":1.50,"a":[1e2, 0.10],"é":"\\u00e9"}'
        status, _, added = self.command("AddService", '{"projectId":"%s","serviceName":"x","serviceType":"WORKER","configuration":%s}'
                                        % (project["aggregateId"], configuration))
        self.assertEqual(status, 201, added)
        row = self.suite.sql(f"SELECT event_data FROM event_store.events WHERE event_id = '{added['events'][0]['eventId']}'")
        self.assertIn(configuration, row[0][0])
        wait_until("the service's row", lambda: self.suite.sql(
            f"SELECT 1 FROM read.service WHERE \"projectId\" = '{project['aggregateId']}'"))
        row = self.suite.sql(f"SELECT configuration FROM read.service WHERE \"projectId\" = '{project['aggregateId']}'")
        self.assertEqual(row[0][0], configuration)

    def test_line_breaks_between_values_stay(self):
        """Byte for byte, and nothing that goes by lines is misled."""
        configuration = '{\n  "a": [1,\r\n\t2],\r  "b": "x\\ny"\n}'
        project = self.create()["aggregateId"]
        body = '{\n"projectId": "%s",\n"serviceName": "x", "serviceType": "API",\n"configuration":%s\n}' % (project, configuration)
        status, _, added = self.command("AddService", body)
        self.assertEqual(status, 201, added)
        found = self.suite.sql("SELECT position(convert_from('\\x%s', 'UTF8') IN event_data) FROM event_store.events WHERE event_id = '%s'"
                               % (configuration.encode().hex(), added["events"][0]["eventId"]))
        self.assertGreater(int(found[0][0]), 0)
        bearer = {"Authorization": f"Bearer {token('alice')}", "X-Consistency-Token": added["consistencyToken"]}
        for path in (f"/v1/projects/{project}?include=services", f"/v1/services?projectId={project}", f"/v1/history/project/{project}"):
            status, _, text = self.suite.request("query-svc", "GET", path, None, bearer)
            self.assertEqual(status, 200, text)
            self.assertIn(configuration.encode(), text)
            json.loads(text)
        for arguments in (["events", "project", project], ["events", "project", project, "--json"]):
            done = subprocess.run([self.suite.skafuctl, *arguments, "--pg-url", self.suite.pg_url()], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, check=True)
            self.assertEqual(len(done.stdout.splitlines()), 2, done.stdout)
        self.assertEqual([json.loads(line)["event"]["eventSequence"] for line in done.stdout.splitlines()], [1, 2])
        for name in ("command-svc", "projector-svc", "query-svc"):
            for line in self.suite.log_tail(name, 1000).splitlines():
                json.loads(line)

    def test_same_key_same_answer(self):
        key = f"order-{uuid.uuid4()}"
        first = self.command("CreateProject", {"name": "Once"}, Idempotency_Key=key)
        again = self.command("CreateProject", {"name": "Once"}, Idempotency_Key=key)
        self.assertEqual(first[0], 201)
        self.assertEqual((first[0], first[2]), (again[0], again[2]))
        self.assertEqual(again[1].get("idempotent-replayed"), "true")
        self.assertNotIn("idempotent-replayed", first[1])
        self.assertEqual(first[1]["x-consistency-token"], again[1]["x-consistency-token"])
        other = self.command("CreateProject", {"name": "Twice"}, Idempotency_Key=key)
        self.assertEqual(other[0], 422)
        self.assertEqual(other[2]["field"], "Idempotency-Key")
        # Somebody else's key of the same text is another key.
        stranger = self.command("CreateProject", {"name": "Once"}, bearer=token("bob"), Idempotency_Key=key)
        self.assertEqual(stranger[0], 201)
        self.assertNotEqual(stranger[2]["aggregateId"], first[2]["aggregateId"])

    def test_refusals_are_repeated_too(self):
        project = self.create()
        key = str(uuid.uuid4())
        rename = {"projectId": project["aggregateId"], "name": "Later"}
        self.assertEqual(self.command("ArchiveProject", {"projectId": project["aggregateId"]})[0], 201)
        first = self.command("RenameProject", rename, Idempotency_Key=key)
        self.assertEqual(first[0], 422, first)
        self.assertEqual(self.command("RestoreProject", {"projectId": project["aggregateId"]})[0], 201)
        again = self.command("RenameProject", rename, Idempotency_Key=key)
        self.assertEqual((first[0], first[2]), (again[0], again[2]))
        self.assertEqual(self.command("RenameProject", rename)[0], 201)

    def test_wait(self):
        status, headers, body = self.command("CreateProject?wait=project,service", {"name": "seen"})
        self.assertEqual(status, 201, body)
        self.assertEqual(self.read(f"/v1/projects/{body['aggregateId']}")[0], 200)
        # A view that these events do not feed shows them as it is.
        self.assertEqual(self.command("CreateProject?wait=metric", {"name": "seen"})[0], 201)
        for name in ("projects", "Project", "nothing", "", "project,", "project,nothing"):
            status, _, problem = self.command(f"CreateProject?wait={name}", {"name": "unseen"})
            self.assertEqual((status, problem.get("field")), (400, "wait"), problem)
        # A view that has not begun is not there yet.
        for name in ("command-svc", "projector-svc"):
            self.assertEqual(self.suite.terminate(name), 0)
        self.suite.start("command-svc", SKAFU_VIEW_WAIT_MS="500")
        self.suite.sql("DELETE FROM view_project_1.checkpoint; DELETE FROM view_project_1.project")
        status, _, body = self.command("CreateProject?wait=project", {"name": "later"})
        self.assertEqual(status, 202, body)
        self.suite.start("projector-svc")
        self.assertEqual(self.read(f"/v1/projects/{body['aggregateId']}", after=body["consistencyToken"])[0], 200)

    def test_expected_version(self):
        project = self.create()
        rename = {"projectId": project["aggregateId"], "name": "New"}
        status, _, problem = self.command("RenameProject", rename, If_Match='"7"')
        self.assertEqual((status, problem["currentVersion"], problem["field"]), (409, 1, "If-Match"))
        self.assertEqual(self.command("RenameProject", rename, If_Match='"1"')[0], 201)
        self.assertEqual(self.command("RenameProject", rename, If_Match="1")[0], 400)
        taken = {"projectId": project["aggregateId"], "name": "Billing"}
        self.assertEqual(self.command("CreateProject", taken, If_None_Match="*")[0], 412)
        self.assertEqual(self.command("CreateProject", taken)[0], 409)

    def test_bad_input_names_the_field(self):
        cases = [("CreateProject", {}, 400, "payload.name"),
                 ("CreateProject", {"name": 7}, 400, "payload.name"),
                 ("CreateProject", {"name": "x", "nmae": "y"}, 400, "payload.nmae"),
                 ("CreateProject", {"name": "x" * 5000}, 413, "payload.name"),
                 ("CreateProject", "{", 400, "payload"),
                 ("CreateProject", b"{\"name\":\"\xff\"}", 400, "payload"),
                 ("CreateProject", "{\"name\":\"a\\u0000b\"}", 400, "payload"),
                 ("AddService", {"projectId": "p", "serviceName": "s", "serviceType": "TOASTER"}, 400, "payload.serviceType"),
                 ("RecordMetric", {"name": "x", "value": "much", "unit": "s", "source": "t"}, 400, "payload.value")]
        for name, payload, status, field in cases:
            with self.subTest(name=name, payload=payload):
                answered, headers, problem = self.command(name, payload)
                self.assertEqual((answered, problem.get("field")), (status, field), problem)
                self.assertEqual(headers["content-type"], "application/problem+json")
                self.assertTrue(problem["detail"])
        self.assertEqual(self.command("Nonsense", {})[0], 404)
        self.assertEqual(self.command("RenameProject", {"projectId": "nobody", "name": "x"})[0], 404)

    def test_who_may_what(self):
        project = self.create()
        rename = {"projectId": project["aggregateId"], "name": "Mine now"}
        self.assertEqual(self.command("RenameProject", rename, bearer=token("bob"))[0], 403)
        self.assertEqual(self.command("RenameProject", rename, bearer=token("root", "Admin"))[0], 201)
        status, _ = self.read(f"/v1/projects/{project['aggregateId']}", bearer=token("bob"), after=project["consistencyToken"])
        self.assertEqual(status, 404)
        status, _ = self.read(f"/v1/projects/{project['aggregateId']}", bearer=token("dev", "Developer"))
        self.assertEqual(status, 200)
        for service, path in (("command-svc", "/v1/commands/CreateProject"), ("query-svc", "/v1/projects")):
            for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}):
                method = "POST" if service == "command-svc" else "GET"
                status, answered, _ = self.suite.request(service, method, path, "{}" if method == "POST" else None, headers)
                self.assertEqual(status, 401)
                self.assertIn("Bearer", answered.get("WWW-Authenticate", ""))

    def test_api_keys(self):
        def ask(service, method, path, payload=None, key=API_KEY):
            body = json.dumps(payload).encode() if payload is not None else None
            status, _, text = self.suite.request(service, method, path, body, {"x-api-key": key, "Content-Type": JSON})
            return status, json.loads(text)

        metric = {"name": "uptime", "value": 1, "unit": "s", "source": "probe"}
        status, recorded = ask("command-svc", "POST", "/v1/commands/RecordMetric", metric)
        self.assertEqual(status, 201, recorded)
        status, row = ask("query-svc", "GET", f"/v1/metrics/{recorded['aggregateId']}?after={recorded['consistencyToken']}")
        self.assertEqual((status, row.get("source")), (200, "probe"), row)
        self.assertEqual(ask("command-svc", "POST", "/v1/commands/CreateProject", {"name": "x"})[0], 403)
        project = self.create()
        self.assertEqual(ask("query-svc", "GET", f"/v1/projects/{project['aggregateId']}?after={project['consistencyToken']}")[0], 404)
        self.assertEqual(ask("query-svc", "GET", "/v1/projects")[1]["items"], [])
        self.assertEqual(ask("query-svc", "GET", f"/v1/history/project/{project['aggregateId']}")[0], 404)
        for key in ("an expired key", "no key at all"):
            self.assertEqual(ask("query-svc", "GET", "/v1/metrics", key=key)[0], 401)
        self.assertEqual(self.command("RecordMetric", metric)[0], 403)  # a plain user

    def test_each_api_key_is_somebody(self):
        """The same key and body from two API keys, and from a user called like one, are three commands."""
        metric = json.dumps({"name": "uptime", "value": 2, "unit": "s", "source": "probe"})
        seen = {}
        for name, key in (("test", API_KEY), ("another device", OTHER_API_KEY)):
            status, answered, text = self.suite.request("command-svc", "POST", "/v1/commands/RecordMetric", metric,
                                                        {"x-api-key": key, "Content-Type": JSON, "Idempotency-Key": "mine"})
            self.assertEqual(status, 201, text)
            self.assertNotIn("Idempotent-Replayed", answered)
            body = json.loads(text)
            self.assertEqual(body["events"][0]["metadata"]["actor"], f"api-key:{name}")
            seen[body["commandId"]] = body
        status, headers, body = self.command("RecordMetric", metric, bearer=token("test", "Developer"), Idempotency_Key="mine")
        self.assertEqual((status, body["events"][0]["metadata"]["actor"]), (201, "test"), body)
        self.assertNotIn("idempotent-replayed", headers)
        seen[body["commandId"]] = body
        self.assertEqual(len(seen), 3)
        # A UUID is the command's id itself: somebody else's is refused.
        key = str(uuid.uuid4())
        for api_key, expected in ((API_KEY, 201), (OTHER_API_KEY, 422), (API_KEY, 201)):
            status, _, text = self.suite.request("command-svc", "POST", "/v1/commands/RecordMetric", metric,
                                                 {"x-api-key": api_key, "Content-Type": JSON, "Idempotency-Key": key})
            self.assertEqual(status, expected, text)
        # No user can pass for an API key in what is written down.
        status, _, problem = self.command("RecordMetric", metric, bearer=token("api-key:test", "Developer"))
        self.assertEqual(status, 401, problem)
        self.assertIn("api-key:", problem["detail"])

    def test_a_number_too_small_to_hold_is_refused(self):
        self.assertEqual(self.read("/v1/metrics?value=1e-999")[0], 400)

    def test_metrics_and_lists(self):
        developer = token("dev", "Developer")
        source = f"s-{uuid.uuid4()}"
        for value in range(25):
            status, _, body = self.command("RecordMetric", {"name": "load", "value": value / 10, "unit": "1", "source": source,
                                                            "timestamp": f"2026-01-01T00:00:{value:02}Z"}, bearer=developer)
            self.assertEqual(status, 201, body)
            self.read(f"/v1/metrics/{body['aggregateId']}", after=body["consistencyToken"])
        seen, cursor = [], ""
        while True:
            status, page = self.read(f"/v1/metrics?source={source}&sort=timestamp:desc&limit=10{cursor}")
            self.assertEqual(status, 200, page)
            seen += [item["value"] for item in page["items"]]
            if not page["nextCursor"]:
                break
            cursor = f"&cursor={page['nextCursor']}"
        self.assertEqual(seen, [value / 10 for value in reversed(range(25))])

        status, page = self.read("/v1/metrics?filter=" + quote(json.dumps(
            {"source": {"eq": source}, "or": [{"value": {"lt": 0.25}}, {"value": {"between": [2.05, 2.2]}}]})) + "&fields=value&sort=value")
        self.assertEqual((status, page.get("items")), (200, [{"value": value} for value in (0.0, 0.1, 0.2, 2.1, 2.2)]), page)
        status, problem = self.read("/v1/metrics?filter=" + quote('{"source":{"like":"x"}}'))
        self.assertEqual(status, 400, problem)
        self.assertIn("filter", problem["field"])

    def test_two_aggregates_use_one_id(self):
        """Whoever comes first, and in whatever log partitions they are: each has a row, and sees it."""
        for turn in (("alice", "bob"), ("bob", "alice")) * 3:
            service, projects = f"s-{uuid.uuid4()}", {}
            for name in turn:
                status, _, body = self.command("CreateProject", {"name": name}, bearer=token(name))
                self.assertEqual(status, 201, body)
                projects[name] = body["aggregateId"]
                status, _, body = self.command("AddService", {"projectId": projects[name], "serviceId": service, "serviceName": name,
                                                              "serviceType": "API"}, bearer=token(name))
                self.assertEqual(status, 201, body)
                self.read(f"/v1/services/{service}", after=body["consistencyToken"])
            for name in turn:
                status, row = self.read(f"/v1/services/{service}", bearer=token(name))
                self.assertEqual((status, row.get("name"), row.get("projectId")), (200, name, projects[name]))
                status, page = self.read(f"/v1/services?id={service}", bearer=token(name))
                self.assertEqual([item["name"] for item in page["items"]], [name])
            first = min(projects.values())
            self.assertEqual(self.read(f"/v1/services/{service}", bearer=token("root", "Admin"))[1]["projectId"], first)
            status, page = self.read(f"/v1/services?id={service}", bearer=token("root", "Admin"))
            self.assertEqual([item["projectId"] for item in page["items"]], sorted(projects.values()))

    def test_history(self):
        project = self.create()
        name = project["aggregateId"]
        for number in range(4):
            status, _, last = self.command("RenameProject", {"projectId": name, "name": f"n{number}"}, X_Correlation_Id=f"c{number}")
            self.assertEqual(status, 201)
        self.assertEqual(self.read(f"/v1/projects/{name}", after=last["consistencyToken"])[0], 200)
        seen, cursor = [], ""
        while True:
            status, page = self.read(f"/v1/history/project/{name}?limit=2{cursor}")
            self.assertEqual(status, 200, page)
            seen += page["items"]
            if not page["nextCursor"]:
                break
            cursor = f"&cursor={page['nextCursor']}"
        self.assertEqual([event["eventSequence"] for event in seen], [1, 2, 3, 4, 5])
        self.assertEqual(seen[0], project["events"][0])
        self.assertEqual(seen[4]["correlationId"], "c3")
        self.assertEqual(seen[4]["metadata"]["actor"], "alice")
        self.assertEqual(self.read(f"/v1/history/project/{name}", bearer=token("bob"))[0], 404)
        self.assertEqual(self.read(f"/v1/history/project/{name}", bearer=token("root", "Admin"))[0], 200)
        self.assertEqual(self.read("/v1/history/project/nobody", bearer=token("root", "Admin"))[0], 404)
        self.assertEqual(self.read(f"/v1/history/project/{name}?limit=x")[0], 400)

    def test_many_at_once_on_one_aggregate(self):
        project = self.create()
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda n: self.command("RenameProject", {"projectId": project["aggregateId"], "name": f"n{n}"}),
                                    range(200)))
        self.assertEqual({status for status, _, _ in answers}, {201})
        self.assertEqual(sorted(body["version"] for _, _, body in answers), list(range(2, 202)))

    def admin(self, method, path, bearer=None):
        headers = {"Authorization": f"Bearer {bearer or token('root', 'Admin')}"}
        status, _, text = self.suite.request("projector-svc", method, path, None, headers)
        return status, json.loads(text)

    def test_operators_endpoints_are_for_admins(self):
        status, views = self.admin("GET", "/v1/views")
        self.assertEqual(status, 200, views)
        self.assertIn(("project", 1, "live"), [(view["view"], view["version"], view["state"]) for view in views["items"]])
        self.assertEqual(self.admin("GET", "/v1/views", bearer=token("alice", "Developer"))[0], 403)
        self.assertEqual(self.admin("GET", "/v1/views", bearer="x")[0], 401)

    def test_health(self):
        for name in ("command-svc", "projector-svc", "query-svc"):
            self.assertEqual(self.suite.request(name, "GET", "/healthz")[0], 200)
            wait_until(f"{name} is ready", lambda name=name: self.suite.ready(name))
            _, _, text = self.suite.request(name, "GET", "/readyz")
            self.assertIn("postgresql", json.loads(text)["checks"])
            status, _, text = self.suite.request(name, "GET", "/metrics")
            self.assertEqual(status, 200)
            self.assertIn(b"# TYPE skafu_", text)

    def measured(self, service, name):
        """The sum of a metric over its labels."""
        text = self.suite.request(service, "GET", "/metrics")[2].decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))

    def test_each_stage_is_measured(self):
        self.create()
        for service, name in (("command-svc", "skafu_append_seconds_count"), ("command-svc", "skafu_publish_seconds_count"),
                              ("projector-svc", 'skafu_apply_seconds_count{view="project"}'),
                              ("projector-svc", 'skafu_visible_seconds_count{view="project"}'),
                              ("projector-svc", 'skafu_change_seconds_count{view="project"}')):
            wait_until(f"{service} measures {name}", lambda service=service, name=name: self.measured(service, name) > 0)
        wait_until("nothing lags", lambda: self.measured("projector-svc", "skafu_view_lag_events{") == 0 ==
                   self.measured("projector-svc", "skafu_view_lag_seconds{"))

    def test_zz_orderly_stop(self):
        """Last by name: SIGTERM finishes and flushes, exit code 0; started again, nothing is missing."""
        for name in ("query-svc", "projector-svc", "command-svc"):
            self.assertEqual(self.suite.terminate(name), 0, self.suite.log_tail(name))
        unpublished = self.suite.sql("SELECT sum(l.last_position - p.published) FROM event_store.logs l "
                                     "JOIN event_store.publications p USING (aggregate_type, partition)")
        self.assertEqual(unpublished, [["0"]])
        for name in ("command-svc", "projector-svc", "query-svc"):
            self.suite.start(name)
        self.suite.verify()
        # And it would say so: a row that is somebody else's, one that is missing, one with another value.
        for change in ("SET \"_aggregate\" = 'x' || \"_aggregate\"", "SET id = 'x' || id", "SET name = name || 'x'"):
            self.suite.sql(f"UPDATE view_project_1.project {change} WHERE id = (SELECT min(id) FROM view_project_1.project)")
            with self.assertRaisesRegex(AssertionError, "the row should be"):
                self.suite.verify()


if __name__ == "__main__":
    tap.main()
