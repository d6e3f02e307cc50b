#!/usr/bin/env python3
"""schema.graphql changes while everything runs: fields come and go, an index comes, a model comes. Each time a new
version is built beside the live one and takes over, projectors with the older schema run on beside it, and
readers with either schema see no error in what both have."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import ROOT, Suite, token, wait_until  # noqa: E402
from views import Reader, Views  # noqa: E402


def changed(text, *changes):
    for old, new in changes:
        if old not in text:
            raise AssertionError(f"{old} is not in the schema")
        text = text.replace(old, new)
    return text


class SchemaChange(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.environ["SKAFU_REFRESH_MS"] = "200"
        with open(os.path.join(ROOT, "domain", "schema.graphql"), encoding="utf-8") as file:
            full = file.read()
        model = full[full.index('"One measured value'):]
        cls.first = changed(full, (model, ""), ("  description: String\n", ""))
        cls.second = changed(full, ("  name: String!\n  description", '  name: String! @index(name: "byName")\n  description'),
                             ("  owner: String\n", '  owner: String\n  stars: Int @default(value: 3)\n'))
        cls.third = changed(cls.second, ("  updatedAt: AWSDateTime\n", ""))
        cls.impossible = changed(cls.third, ("  owner: String\n", "  owner: String\n  budget: Int!\n"))
        cls.suite = Suite(services=())
        cls.suite.schema = cls.write("first", cls.first)
        cls.suite.__enter__()
        for name in ("command-svc", "projector-svc", "query-svc"):
            cls.suite.start(name)
        for kind in ("projector-svc", "query-svc"):
            cls.suite.another(kind, f"{kind}-2")
        cls.views = Views(cls.suite)
        Load(cls.suite, 1200).start().join()

    @classmethod
    def tearDownClass(cls):
        cls.suite.__exit__(None, None, None)

    @classmethod
    def write(cls, name, text):
        path = os.path.join(cls.suite.dir, f"{name}.graphql")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def read(self, instance, path):
        return self.suite.request(instance, "GET", path, None, {"Authorization": f"Bearer {token('root', 'Admin')}"})

    def test_1_fields_an_index_and_a_model_come(self):
        path = self.write("second", self.second)
        # A reader that is ahead of the projector: what is there it serves, what is not it says.
        self.suite.start("query-svc-2", SKAFU_SCHEMA_FILE=path)
        for missing in ("/v1/projects", "/v1/metrics"):
            status, headers, text = self.read("query-svc-2", missing)
            self.assertEqual((status, headers.get("Retry-After")), (503, "1"), text)
            self.assertIn(b"built", text)
        self.assertEqual(self.read("query-svc-2", "/v1/projects?fields=id,name")[0], 200)

        readers = [Reader(self.suite), Reader(self.suite, "/v1/projects?fields=id,name&limit=3", "query-svc-2")]
        load = Load(self.suite, 1500, threads=4).start()
        for reader in readers:
            reader.start()
        self.suite.start("projector-svc-2", SKAFU_SCHEMA_FILE=path)
        self.views.instance = "projector-svc-2"
        self.views.await_live("project", 2)
        self.views.await_live("metric", 1)
        load.join()
        for reader in readers:
            reader.finish()
        self.suite.schema = path
        self.assertTrue(self.suite.verify()["ok"])
        self.assertEqual(self.views.states("service"), {1: "live"})

        # The same reader goes over by itself.
        status, _, text = self.read("query-svc-2", "/v1/projects?limit=1")
        self.assertEqual(status, 200, text)
        self.assertIn(b'"stars":3', text)
        self.assertEqual(self.read("query-svc-2", "/v1/metrics?limit=1")[0], 200)
        self.assertEqual(self.suite.sql("SELECT 1 FROM pg_indexes WHERE schemaname = 'view_project_2' AND indexname LIKE '%byName'"),
                         [["1"]])
        rebuild = self.views.version("project", 2)["rebuild"]
        self.assertEqual((rebuild["reason"], rebuild["requestedBy"]), ("schema", "projector-svc"))
        self.assertNotIn("stars", rebuild["differences"]["columns"])

    def test_2_an_older_projector_does_not_fight(self):
        wait_until("the older projector says that it is shut out", lambda: not self.suite.ready("projector-svc"))
        _, _, text = self.suite.request("projector-svc", "GET", "/readyz")
        self.assertIn(b"newer schema.graphql", text)
        self.suite.terminate("projector-svc")
        self.suite._spawn("projector-svc", [self.suite.binaries["projector-svc"]],
                          {**self.suite.environment("projector-svc"), "SKAFU_SCHEMA_FILE": os.path.join(self.suite.dir, "first.graphql")})
        wait_until("it says so again", lambda: "schema-older" in self.suite.log_tail("projector-svc", 40))
        Load(self.suite, 100).start().join()
        self.assertTrue(self.suite.verify()["ok"])
        self.assertEqual(self.views.states("project"), {1: "retired", 2: "live"})
        self.suite.terminate("projector-svc")

    def test_3_a_field_goes(self):
        path = self.write("third", self.third)
        reader = Reader(self.suite, "/v1/projects?limit=3", "query-svc-2")
        reader.start()
        load = Load(self.suite, 500, threads=4).start()
        self.suite.terminate("projector-svc-2")
        self.suite.start("projector-svc-2", SKAFU_SCHEMA_FILE=path)
        self.views.await_live("project", 3)
        load.join()
        self.suite.schema = path
        self.assertTrue(self.suite.verify()["ok"])
        status, _, text = self.read("query-svc-2", "/v1/projects?limit=1")
        self.assertEqual(status, 200, text)
        self.assertIn(b'"updatedAt":null', text)
        reader.finish()

    def test_4_what_cannot_be_is_refused(self):
        path = self.write("impossible", self.impossible)
        before = self.views.states("project")
        self.suite.another("projector-svc", "projector-svc-3")
        self.suite._spawn("projector-svc-3", [self.suite.binaries["projector-svc"]],
                          {**self.suite.environment("projector-svc-3"), "SKAFU_SCHEMA_FILE": path})
        process = self.suite.processes.pop("projector-svc-3")
        self.assertEqual(process.wait(60), 1)
        line = self.suite.log_tail("projector-svc-3")
        for word in ("model Project", "budget", "ProjectCreated"):
            self.assertIn(word, line)
        self.assertEqual(self.views.states("project"), before)
        self.assertTrue(self.suite.verify()["ok"])

    def test_5_back_to_the_schema_before(self):
        """The older schema's projector feeds again once somebody asks for its version."""
        self.suite.start("query-svc", SKAFU_SCHEMA_FILE=os.path.join(self.suite.dir, "second.graphql")) \
            if "query-svc" not in self.suite.processes else None
        answer = self.views.post("project/switch-back", {"version": 2})
        self.assertEqual(answer["state"], "building", answer)
        self.views.await_live("project", 2)
        Load(self.suite, 50).start().join()
        self.suite.schema = os.path.join(self.suite.dir, "second.graphql")
        self.assertTrue(self.suite.verify()["ok"])
        self.suite.terminate("projector-svc-2")
        self.suite.start("projector-svc-2", SKAFU_SCHEMA_FILE=os.path.join(self.suite.dir, "second.graphql"))
        self.assertEqual(self.views.states("project"), {1: "retired", 2: "live", 3: "retired"})


if __name__ == "__main__":
    tap.main()
