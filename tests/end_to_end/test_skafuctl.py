#!/usr/bin/env python3
"""The operators' command line on a whole Skafu: what it shows is what is there, for people and for machines."""

import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from suite import ROOT, Suite, token, wait_until  # noqa: E402

PROJECT = "skafuctl-project"


class Skafuctl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = Suite()
        cls.suite.__enter__()
        cls.addClassCleanup(cls.suite.__exit__, None, None, None)
        cls.send("CreateProject", {"projectId": PROJECT, "name": "größer"})
        for turn in range(4):
            cls.send("RenameProject", {"projectId": PROJECT, "name": f"turn {turn}"})
        wait_until("everything is published and projected", lambda: cls.totals()["unpublished"] == 0 == cls.totals()["unapplied"])

    @classmethod
    def send(cls, name, payload):
        # Line feeds between the members of a payload are kept in the event.
        status, _, text = cls.suite.request(
            "command-svc", "POST", f"/v1/commands/{name}", json.dumps(payload, indent=2),
            {"Authorization": f"Bearer {token('alice')}", "Content-Type": "application/json"})
        assert status == 201, text

    @classmethod
    def call(cls, *arguments):
        url = {name: f"http://127.0.0.1:{cls.suite.ports[name]}" for name in ("command-svc", "query-svc", "projector-svc")}
        environment = {**os.environ, "SKAFU_PG_URL": cls.suite.pg_url(), "SKAFU_COMMAND_URL": url["command-svc"],
                       "SKAFU_QUERY_URL": url["query-svc"], "SKAFU_PROJECTOR_URL": url["projector-svc"],
                       "SKAFU_KAFKA_BROKERS": cls.suite.brokers, "SKAFU_TOKEN_ADMIN": token("admin", "Admin")}
        return [cls.suite.skafuctl, *arguments], environment

    @classmethod
    def run_skafuctl(cls, *arguments, code=0):
        command, environment = cls.call(*arguments)
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                              check=False)
        if code is not None and done.returncode != code:
            raise AssertionError(f"skafuctl {arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout if not code else done.stdout + done.stderr

    @classmethod
    def totals(cls):
        return json.loads(cls.run_skafuctl("status", "--json", code=None))["store"]

    def test_status_shows_services_and_totals(self):
        def ready():  # on a busy machine the broker may be missed for a moment
            status = json.loads(self.run_skafuctl("status", "--json", code=None))
            return status if {service["state"] for service in status["services"]} == {"ready"} else None

        status = wait_until("all services are ready", ready)
        self.assertEqual(len(status["services"]), 3, status)
        stored = int(self.suite.sql("SELECT count(*) FROM event_store.events")[0][0])
        self.assertGreaterEqual(stored, 5)
        self.assertEqual((status["store"]["events"], status["store"]["commands"], status["store"]["liveViews"]),
                         (stored, stored, 3))
        table = self.run_skafuctl("status", code=None)
        self.assertIn("aggregate types", table)
        self.assertIn("projector-svc", table)

    def test_status_says_who_is_away(self):
        text = self.run_skafuctl("status", "--query-url", "http://127.0.0.1:1", code=1)
        self.assertRegex(text, r"query-svc +http://127.0.0.1:1 +away +no answer")

    def test_status_without_the_store(self):
        status = json.loads(self.run_skafuctl("status", "--json", "--pg-url", "postgresql://postgres@127.0.0.1:1/skafu", code=1)
                            .splitlines()[0])
        self.assertEqual(([service["service"] for service in status["services"]], status["store"]),
                         (["command-svc", "projector-svc", "query-svc"], None))
        text = self.run_skafuctl("status", "--pg-url", "postgresql://postgres@127.0.0.1:1/skafu", code=1)
        self.assertRegex(text, r"command-svc +http")
        self.assertIn("the event store could not be read", text)

    def test_what_cannot_be_shown_is_a_failure(self):
        for arguments in (["views", "--json"], ["events", "project", PROJECT], ["parked", "project", "--json"], ["--help"],
                          ["tail", "--from-start"], ["lag", "--every", "1"]):
            command, environment = self.call(*arguments)
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=120, check=False)
            self.assertEqual(done.returncode, 1, (arguments, done.stderr))
            self.assertIn("could not write to standard output", done.stderr)

    def test_lag_is_by_consumer_and_partition(self):
        rows = json.loads(self.run_skafuctl("lag", "--json"))
        partitions = len(self.suite.sql("SELECT 1 FROM event_store.logs"))
        self.assertEqual(len([row for row in rows if row["consumer"] == "topic"]), partitions)
        self.assertEqual({row["lagEvents"] for row in rows}, {0})
        self.assertEqual({row["lagSeconds"] for row in rows}, {0})
        only = json.loads(self.run_skafuctl("lag", "project", "--json"))
        self.assertEqual({row["consumer"] for row in only}, {"view project"})
        self.assertIn('there is no live view "nothing"', self.run_skafuctl("lag", "nothing", "--json", code=1))
        self.assertEqual([[str(row["partition"]), str(row["position"])] for row in only], self.suite.sql(
            "SELECT partition, last_position FROM event_store.logs WHERE aggregate_type = 'project' ORDER BY 1"))

    def test_lag_counts_what_a_view_lacks(self):
        self.suite.terminate("projector-svc")
        try:
            self.send("CreateProject", {"projectId": "late", "name": "late"})
            row = next(row for row in json.loads(self.run_skafuctl("lag", "project", "--json")) if row["lagEvents"])
            self.assertEqual(row["lagEvents"], 1)
            self.assertGreater(row["lagSeconds"], 0)
        finally:
            self.suite.start("projector-svc")
        wait_until("it was published and projected", lambda: self.totals()["unpublished"] == 0 == self.totals()["unapplied"])

    def test_views_lists_versions(self):
        rows = json.loads(self.run_skafuctl("views", "--json"))
        self.assertEqual([row["view"] for row in rows if row["state"] == "live"], ["metric", "project", "service"])
        self.assertEqual([row["version"] for row in rows if row["view"] == "project"][0], 1)
        self.assertIn("live since", self.run_skafuctl("views"))

    def test_events_are_the_stream_of_an_aggregate(self):
        lines = [json.loads(line) for line in self.run_skafuctl("events", "project", PROJECT, "--json").splitlines()]
        self.assertEqual([line["event"]["eventSequence"] for line in lines], [1, 2, 3, 4, 5])
        self.assertEqual(lines[0]["event"]["eventData"]["name"], "größer")
        after = self.run_skafuctl("events", "project", PROJECT, "--after", "3", "--limit", "1").splitlines()
        self.assertEqual(len(after), 1)
        self.assertRegex(after[0], rf"Z  project/\d+:\d+  {PROJECT}#4  ProjectRenamed  alice  {{.*turn 2.*}}$")
        self.assertIn("there is no project", self.run_skafuctl("events", "project", "nobody", code=1))

    def state(self, *arguments, aggregate=PROJECT):
        return json.loads(self.run_skafuctl("events", "project", aggregate, "--state", "--json", *arguments))

    def test_events_give_the_state_at_a_version_or_a_time(self):
        events = [json.loads(line)["event"] for line in self.run_skafuctl("events", "project", PROJECT, "--json").splitlines()]
        names = [event["eventData"]["name"] for event in events]
        for number, event in enumerate(events, 1):
            state = self.state("--version", str(number))
            self.assertEqual((state["version"], state["timestamp"], state["state"]["name"]),
                             (number, event["timestamp"], names[number - 1]))
            self.assertEqual(self.state("--at", event["timestamp"])["version"], number)
        self.assertEqual(self.state(), {"aggregateType": "project", "aggregateId": PROJECT, "version": 5,
                                        "timestamp": events[4]["timestamp"], "state": {
                                            "status": "ACTIVE", "name": "turn 3", "description": None, "owner": "alice",
                                            "services": []}})
        self.assertEqual(self.run_skafuctl("events", "project", PROJECT, "--state", "--version", "1"), f"""\
project  {PROJECT}  version 1  {events[0]["timestamp"]}
  "status": "ACTIVE"
  "name": "größer"
  "description": null
  "owner": "alice"
  "services": []
""")

    def test_the_state_of_what_was_deleted(self):
        self.send("CreateProject", {"projectId": "gone", "name": "short"})
        self.send("DeleteProject", {"projectId": "gone"})
        self.assertEqual(self.state(aggregate="gone")["state"]["status"], "DELETED")
        self.assertEqual(self.state("--version", "1", aggregate="gone")["state"]["status"], "ACTIVE")

    def test_the_state_behind_many_events(self):
        """More than a page of events, in number and in bytes."""
        partition = self.suite.sql("SELECT max(partition) FROM event_store.logs WHERE aggregate_type = 'project'")[0][0]
        for version in range(0, 2500, 500):
            self.suite.sql(f"""SELECT event_store.append(
                ARRAY[gen_random_uuid()], ARRAY['\\x00'::bytea], ARRAY['Test'], ARRAY['project'], ARRAY['long'],
                ARRAY[{partition}], ARRAY[{version}::int8], ARRAY[500], ARRAY[201::int2], ARRAY[NULL::text], ARRAY[0::int8],
                ARRAY[0], ARRAY[0], ARRAY['alice'], array_agg(gen_random_uuid()),
                array_agg(CASE WHEN i = 1 THEN 'ProjectCreated' ELSE 'ProjectRenamed' END), array_agg(1),
                array_agg('{{"projectId":"long","name":"' || i || repeat('x', 6000) || '","owner":"alice"}}'),
                array_agg('{{"aggregateType":"project","actor":"alice"}}'::text), array_agg('test'::text))
                FROM generate_series({version} + 1, {version} + 500) AS i""")
        self.assertEqual(self.state(aggregate="long")["version"], 2500)
        for version in (1, 1000, 1001, 2500):
            state = self.state("--version", str(version), aggregate="long")
            self.assertEqual((state["version"], state["state"]["name"].rstrip("x")), (version, str(version)))

    def test_a_state_that_there_is_not(self):
        def failure(*arguments, code=1):
            return self.run_skafuctl("events", *arguments, "--state", code=code)

        self.assertIn(f'project "{PROJECT}" is at version 5, there is no version 6 yet',
                      failure("project", PROJECT, "--version", "6"))
        self.assertIn('there is no project "nobody"', failure("project", "nobody"))
        self.assertIn('there was no project', failure("project", PROJECT, "--at", "2001-01-01T00:00:00Z"))
        self.assertIn('there is no aggregate type "nothing"', failure("nothing", "x", code=2))
        self.assertIn("--at is a time", failure("project", PROJECT, "--at", "yesterday", code=2))
        self.assertIn("not both", failure("project", PROJECT, "--at", "2026-01-01T00:00:00Z", "--version", "1", code=2))
        self.assertIn("versions begin at 1", failure("project", PROJECT, "--version", "0", code=2))
        self.assertIn("not --state", failure("project", PROJECT, "--limit", "1", code=2))
        self.assertIn("go with --state", self.run_skafuctl("events", "project", PROJECT, "--version", "1", code=2))

    def test_tail_filters_and_follows(self):
        every = self.run_skafuctl("tail", "--from-start", "--no-follow", "--aggregate", PROJECT).splitlines()
        self.assertEqual(len(every), 5)
        self.assertEqual(len(self.run_skafuctl("tail", "--from-start", "--limit", "2", "--event-type", "ProjectRenamed",
                                               "--json").splitlines()), 2)
        self.assertIn('there is no aggregate type "nothing"', self.run_skafuctl("tail", "--type", "nothing", code=2))
        with subprocess.Popen([self.suite.skafuctl, "tail", "--limit", "1", "--last", "0", "--aggregate", "followed"],
                              env={**os.environ, "SKAFU_PG_URL": self.suite.pg_url()}, stdout=subprocess.PIPE,
                              text=True) as process:
            try:
                wait_until("it follows", lambda: self.suite.sql(  # and knows where the logs end
                    "SELECT 1 FROM pg_stat_activity WHERE application_name = 'skafuctl tail' AND query LIKE '%event_store.events%'"))
                self.send("CreateProject", {"projectId": "followed", "name": "followed"})
                self.assertIn("followed#1", process.communicate(timeout=120)[0])
            finally:
                process.kill()

    def test_replay_shows_how_it_ended(self):
        replay = json.loads(self.run_skafuctl("replay", "--type", "project", "--aggregate", PROJECT, "--event-type",
                                              "ProjectRenamed", "--name", "again", "--json"))
        self.assertEqual((replay["state"], replay["published"], replay["name"]), ("done", 4, "again"), replay)
        self.assertRegex(self.run_skafuctl("replays"), rf"{replay['replayId']} +done +project +skafu.project.replays +4 ")
        self.send("CreateProject", {"projectId": "slow", "name": "0"})
        for turn in range(60):  # a minute's work
            self.send("RenameProject", {"projectId": "slow", "name": f"turn {turn}"})
        slow = json.loads(self.run_skafuctl("replay", "--type", "project", "--aggregate", "slow", "--position", "1..1000",
                                            "--rate", "1", "--detach", "--json"))
        self.run_skafuctl("replays", slow["replayId"], "--cancel")
        self.assertIn("cancelled", self.run_skafuctl("replays", slow["replayId"]))
        self.assertIn("the replay is in no state to resume it",
                      self.run_skafuctl("replays", slow["replayId"], "--resume", code=1))
        self.assertIn('there is no aggregate type "nothing"', self.run_skafuctl("replay", "--type", "nothing", code=1))
        self.assertIn("--position is P..Q", self.run_skafuctl("replay", "--type", "project", "--position", "a..b", code=2))
        self.assertIn("403", self.run_skafuctl("replays", "--token", token("alice"), code=1))

    def many_events(self):
        """An aggregate with so many that at one a second there is time to interfere."""
        if not self.suite.sql("SELECT 1 FROM event_store.streams WHERE aggregate_id = 'many'"):
            self.send("CreateProject", {"projectId": "many", "name": "0"})
            for turn in range(60):
                self.send("RenameProject", {"projectId": "many", "name": f"turn {turn}"})

    def interfere(self, arguments, what, find, act):
        """What becomes of a command that waits when act() is done to what find() selects."""
        command, environment = self.call(*arguments)
        with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            try:
                act(wait_until(what, lambda: self.suite.sql(find))[0][0])
                out, errors = process.communicate(timeout=120)
            finally:
                process.kill()
        return process.returncode, out, errors

    def test_replay_that_does_not_come_to_its_end(self):
        self.many_events()
        for action, state in (("--pause", "paused"), ("--cancel", "cancelled")):
            code, out, _ = self.interfere(
                ["replay", "--type", "project", "--aggregate", "many", "--rate", "1", "--name", state, "--json"], "it runs",
                f"SELECT replay_id FROM replay.replays WHERE name = '{state}'",
                lambda replay, action=action: self.run_skafuctl("replays", replay, action))
            self.assertEqual((code, json.loads(out)["state"]), (1, state))
        for (replay,) in self.suite.sql("SELECT replay_id FROM replay.replays WHERE state = 'paused'"):
            self.run_skafuctl("replays", replay, "--cancel")

    def test_values_are_taken_as_they_are(self):
        def count():
            return self.suite.sql("SELECT (SELECT count(*) FROM replay.replays), (SELECT count(*) FROM projection.rebuilds)")

        before = count()
        for position in ("0", "..0", "0..5"):
            self.assertIn("must be a whole number from 1",
                          self.run_skafuctl("replay", "--type", "project", "--position", position, code=1))
        self.assertIn("--position is P..Q", self.run_skafuctl("replay", "--type", "project", "--position", "..", code=2))
        self.assertIn("versions begin at 1", self.run_skafuctl("rebuild", "metric", "--drop", "0", code=2))
        self.assertIn("one thing at a time", self.run_skafuctl("rebuild", "metric", "--status", "--drop", "1", code=2))
        self.assertIn("--cancel takes no value", self.run_skafuctl("rebuild", "metric", "--cancel=no", code=2))
        self.assertIn("--ignore-differences takes no value",
                      self.run_skafuctl("rebuild", "metric", "--ignore-differences=false", code=2))
        self.assertIn("versions begin at 1", self.run_skafuctl("verify", "--view", "metric", "--version", "0", code=2))
        for arguments in (["project", "--dropped", "--retry"], ["project", "project", PROJECT, "--dropped", "--drop", "e"],
                          ["--undecodable", "--retry"], ["--undecodable", "--dropped"],
                          ["project", "project", PROJECT, "--retry", "--drop", "e"]):
            self.assertIn("one of --retry, --drop, --dropped and --undecodable", self.run_skafuctl("parked", *arguments, code=2))
        self.assertIn("takes VIEW only", self.run_skafuctl("parked", "project", "project", PROJECT, "--dropped", code=2))
        self.assertEqual(count(), before)

    def test_lists_have_all_pages(self):
        self.suite.sql("INSERT INTO projection.undecodable (topic, partition, kafka_offset, digest, headers, bytes, error) "
                       "SELECT 'pages', 0, n, '\\x00', '\\x', 0, 'none' FROM generate_series(1, 2003) AS n")
        try:
            page = json.loads(self.run_skafuctl("parked", "--undecodable", "--json"))
            self.assertEqual((sorted(item["offset"] for item in page["items"]), page["nextCursor"]),
                             (list(range(1, 2004)), None))
            self.assertEqual(len(self.run_skafuctl("parked", "--undecodable").splitlines()), 2004)
        finally:
            self.suite.sql("DELETE FROM projection.undecodable WHERE topic = 'pages'")

    def test_replay_repairs_a_view(self):
        schema = self.suite.sql("SELECT schema_name FROM projection.views WHERE view = 'project' AND live")[0][0]
        name = self.suite.sql(f"SELECT name FROM read.project WHERE id = '{PROJECT}'")
        self.suite.sql(f"UPDATE {schema}.project SET name = 'edited' WHERE id = '{PROJECT}'")
        replay = json.loads(self.run_skafuctl("replay", "--type", "project", "--event-type", "ProjectCreated", "--to-view",
                                              "project", "--name", "edited by hand", "--json"))
        self.assertEqual((replay["state"], replay["view"], replay["repaired"], replay["changedRows"], replay["published"]),
                         ("done", "project", replay["aggregates"], 1, None), replay)
        self.assertEqual(self.suite.sql(f"SELECT name FROM read.project WHERE id = '{PROJECT}'"), name)
        self.assertRegex(self.run_skafuctl("replays"), rf"{replay['replayId']} +done +project .* project +(\d+)/\1 +1 +0 +")
        self.assertIn('there is no view "nothing"', self.run_skafuctl("replay", "--type", "project", "--to-view", "nothing", code=1))
        self.assertIn("not to both", self.run_skafuctl("replay", "--type", "project", "--to-view", "project", "--to-topic", "t",
                                                       code=1))
        self.assertIn('the events of a metric change nothing in view "project"',
                      self.run_skafuctl("replay", "--type", "metric", "--to-view", "project", code=1))

    def test_parked_shows_that_nothing_is(self):
        self.assertIn("nothing is parked", self.run_skafuctl("parked", "project"))
        self.assertEqual(json.loads(self.run_skafuctl("parked", "project", "--json"))["items"], [])
        self.assertIn("no event was left out", self.run_skafuctl("parked", "project", "--dropped"))
        self.assertIn("all messages of the topics were events", self.run_skafuctl("parked", "--undecodable"))
        self.assertIn("0 aggregates are tried again", self.run_skafuctl("parked", "project", "--retry"))
        self.assertIn("404", self.run_skafuctl("parked", "project", "project", "a/b c", "--retry", code=1))
        self.assertIn('no view "nothing"', self.run_skafuctl("parked", "nothing", code=1))
        self.assertIn("VIEW is missing", self.run_skafuctl("parked", code=2))

    def test_rebuild_watches_until_the_switch(self):
        table = self.run_skafuctl("rebuild", "metric")
        self.assertRegex(table, r"metric +2 +live")
        self.assertRegex(table, r"metric +1 +retired")
        self.assertIn("live", self.run_skafuctl("rebuild", "metric", "--status"))
        self.assertEqual(self.run_skafuctl("rebuild", "metric", "--drop", "1", "--json"), "null\n")
        rows = json.loads(self.run_skafuctl("rebuild", "metric", "--status", "--json"))["items"]
        self.assertEqual([(row["version"], row["state"]) for row in rows], [(2, "live")])
        self.assertIn("no rebuild", self.run_skafuctl("rebuild", "metric", "--pause", code=1))
        self.assertIn("one thing at a time", self.run_skafuctl("rebuild", "metric", "--pause", "--resume", code=2))
        self.assertIn('no view "nothing"', self.run_skafuctl("rebuild", "nothing", code=1))

    def test_rebuild_that_is_cancelled(self):
        self.many_events()
        code, _, errors = self.interfere(
            ["rebuild", "project", "--rate", "1"], "it is built",
            "SELECT view FROM projection.rebuilds WHERE view = 'project' AND finished_at IS NULL",
            lambda view: wait_until("it is cancelled",  # which may have to be asked for again while it is written to
                                    lambda: self.run_skafuctl("rebuild", view, "--cancel", code=None) == "done\n"))
        self.assertEqual(code, 1)
        self.assertRegex(errors, r'version \d+ of view "project" has not taken over')

    def verify(self, *arguments, code=0):
        return self.run_skafuctl("verify", "--wait", "60", "--schema-file", os.path.join(ROOT, "domain", "schema.graphql"),
                                 *arguments, code=code)

    def versions(self, *arguments, code=0):
        return {(view["view"], view["version"]): (view["state"], view["different"])
                for view in json.loads(self.verify(*arguments, "--json", code=code))["views"]}

    def test_verify_looks_at_versions_that_are_not_live(self):
        """One that was kept after a switch, and one that is being built: each up to where it is."""
        self.run_skafuctl("rebuild", "service")
        self.send("RenameProject", {"projectId": PROJECT, "name": "behind the switch"})
        self.run_skafuctl("rebuild", "project", "--detach", "--manual")
        wait_until("it is built", lambda: self.suite.sql(
            "SELECT 1 FROM projection.rebuilds WHERE view = 'project' AND phase = 'waiting'"))
        new = int(self.suite.sql("SELECT max(version) FROM projection.views WHERE view = 'project'")[0][0])
        every = self.versions("--all-versions")
        self.assertEqual({version: every[version] for version in every if version[0] != "metric"},
                         {("project", 1): ("live", 0), ("project", new): ("building", 0),
                          ("service", 1): ("retired", 0), ("service", 2): ("live", 0)})
        self.assertEqual(self.versions("--view", "project"), {("project", 1): ("live", 0)})
        self.suite.sql(f"UPDATE view_project_{new}.project SET name = 'damaged' WHERE id = '{PROJECT}'")
        self.assertEqual(self.versions("--view", "project"), {("project", 1): ("live", 0)})
        self.assertEqual(self.versions("--view", "project", "--version", str(new), code=1),
                         {("project", new): ("building", 2)})
        text = self.verify("--all-versions", code=1)
        self.assertRegex(text, rf"view +project/{new} building .* DIFFERENT")
        self.assertRegex(text, rf"PROBLEM +view project/{new}: the row is .*damaged")
        self.run_skafuctl("rebuild", "project", "--cancel")
        self.assertNotIn(("project", new), self.versions("--all-versions"))
        self.assertIn("has no such version", self.verify("--view", "project", "--version", str(new), code=1))
        self.assertIn("has no live version", self.verify("--view", "nothing", code=1))
        self.assertIn("--version is one of --view", self.verify("--version", "2", code=2))
        self.run_skafuctl("rebuild", "service", "--drop", "1")

    def test_a_shell_completes(self):
        script = f"""
            PATH={os.path.dirname(self.suite.skafuctl)}:$PATH
            eval "$(skafuctl completion bash)"
            COMP_WORDS=(skafuctl ve) COMP_CWORD=1; _skafuctl; echo "${{COMPREPLY[@]}}"
            COMP_WORDS=(skafuctl lag --ev) COMP_CWORD=2; _skafuctl; echo "${{COMPREPLY[@]}}"
            COMP_WORDS=(skafuctl events project p1 --st) COMP_CWORD=4; _skafuctl; echo "${{COMPREPLY[@]}}"
            COMP_WORDS=(skafuctl replay --to-) COMP_CWORD=2; _skafuctl; echo "${{COMPREPLY[@]}}"
            """
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "verify\n--every\n--state\n--to-topic --to-view\n", done.stderr)
        self.assertIn("not \"fish\"", self.run_skafuctl("completion", "fish", code=2))

    def test_usage_is_explained(self):
        for name in ("status", "lag", "views", "tail", "events", "verify", "migrate", "completion", "replay", "replays", "parked", "rebuild"):
            self.assertIn(f"usage: skafuctl {name}", self.run_skafuctl(name, "--help"))
            self.assertIn(name, self.run_skafuctl("--help"))
        self.assertIn("TYPE is missing", self.run_skafuctl("events", code=2))
        self.assertIn('unknown argument "--no-such"', self.run_skafuctl("lag", "--no-such", code=2))
        self.assertIn("there is no subcommand", self.run_skafuctl("nothing", code=2))


if __name__ == "__main__":
    tap.main()
