#!/usr/bin/env python3
"""Views built again beside the live ones, under load, by two projectors that are killed at any moment; and all
that an operator can ask of it. Readers never see an error, nor an older state than before."""

import os
import random
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, token, wait_until  # noqa: E402
from views import Reader, Views  # noqa: E402

PROJECTORS = ("projector-svc", "projector-svc-2")


class Rebuild(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.environ["SKAFU_REFRESH_MS"] = "200"
        cls.suite = Suite()
        cls.suite.__enter__()
        cls.suite.another("projector-svc", "projector-svc-2")
        cls.suite.start("projector-svc-2")
        cls.views = Views(cls.suite)
        Load(cls.suite, 1500).start().join()

    @classmethod
    def tearDownClass(cls):
        cls.suite.__exit__(None, None, None)

    def test_1_under_load_while_projectors_are_killed(self):
        readers = [Reader(self.suite), Reader(self.suite, "/v1/services?limit=5&include=project")]
        load = Load(self.suite, 2500, threads=4).start()
        for reader in readers:
            reader.start()
        answer = self.views.post("project/rebuild", {"rate": 1500})
        self.assertEqual((answer["version"], answer["state"]), (2, "building"), answer)
        self.assertEqual((answer["rebuild"]["requestedBy"], answer["rebuild"]["from"]), ("root", "store"), answer)
        self.views.post("service/rebuild", {"from": "topic"})
        chance = random.Random(7)
        for turn in range(6):
            victim = PROJECTORS[turn % 2]
            wait_until("some more commands", lambda goal=load.count() + chance.randrange(50, 250):
                       load.count() >= goal or load.errors or load.count() >= 2500)
            self.suite.kill(victim)
            self.suite.start(victim)
        self.views.await_live("project", 2)
        self.views.await_live("service", 2)
        load.join()
        for reader in readers:
            reader.finish()
        print("#", [reader.reads for reader in readers], "reads", flush=True)
        self.assertTrue(self.suite.verify()["ok"])
        self.assertEqual(self.views.states("project"), {1: "retired", 2: "live"})
        done = self.views.version("project", 2)
        self.assertEqual(done["rebuild"]["phase"], "switched")
        self.assertEqual({key: done["rebuild"]["differences"][key] for key in ("missing", "extra", "different")},
                         {"missing": 0, "extra": 0, "different": 0})
        self.assertEqual(done["progress"]["done"], done["progress"]["total"])
        for view in ("project", "service"):
            indexes = [self.suite.sql(f"SELECT replace(indexdef, '{schema}.', '') FROM pg_indexes WHERE schemaname = '{schema}' ORDER BY 1")
                       for schema in (f"view_{view}_1", f"view_{view}_2")]
            self.assertGreater(len(indexes[0]), 2, indexes)
            self.assertEqual(*indexes)

    def test_2_pause_resume_cancel_and_rate(self):
        self.views.post("project/rebuild", {"rate": 100})
        status, problem = self.views.ask("POST", "/v1/views/project/rebuild", {})
        self.assertEqual(status, 409, problem)
        number = max(self.views.versions("project"))

        def done():
            return self.views.version("project", number)["progress"]["done"]

        wait_until("the build begins", lambda: done() > 0)
        answer = self.views.post("project/rebuild/pause", instance="projector-svc-2")
        self.assertTrue(answer["rebuild"]["paused"])
        self.assertEqual(answer["rebuild"]["actions"][0]["action"], "pause")
        self.assertEqual(answer["rebuild"]["actions"][0]["by"], "root")
        held = []

        def still():
            held.append(done())
            return len(held) > 40 and len(set(held[-20:])) == 1

        wait_until("the build rests", still)
        self.assertLess(held[-1], self.views.version("project", number)["progress"]["total"])
        self.views.post("project/rebuild/resume")
        wait_until("the build goes on", lambda: done() > held[-1])
        self.assertEqual(self.views.ask("POST", "/v1/views/project/rebuild/cancel")[0], 204)
        self.assertEqual(self.views.states("project")[number], "dropped")
        wait_until("its tables are gone", lambda: not self.suite.sql(
            f"SELECT 1 FROM pg_namespace WHERE nspname = 'view_project_{number}'"))
        self.assertEqual(self.views.ask("POST", "/v1/views/project/rebuild/pause")[0], 404)

    def test_2_a_cancel_does_not_wait_for_autovacuum(self):
        """It works on the table of a version for minutes, and gives way only to who waits for some time."""
        number = self.views.post("project/rebuild", {"switch": "manual"})["version"]
        self.views.await_phase("project", number, "waiting")
        table = f"view_project_{number}.project"
        self.suite.sql("ALTER SYSTEM SET autovacuum_naptime = '1s'")
        self.addCleanup(self.suite.sql, "SELECT pg_reload_conf()")
        self.addCleanup(self.suite.sql, "ALTER SYSTEM RESET autovacuum_naptime")
        self.suite.sql("SELECT pg_reload_conf()")
        self.suite.sql(f"ALTER TABLE {table} SET (autovacuum_vacuum_insert_threshold = 1, autovacuum_vacuum_cost_delay = 100, "
                       "autovacuum_vacuum_cost_limit = 1)")
        self.suite.sql(f"INSERT INTO {table} (id, name, _aggregate, _sequence) SELECT 'filler-' || i, repeat('x', 100), "
                       "'filler-' || i, 1 FROM generate_series(1, 50000) AS i")
        wait_until("autovacuum works on it", lambda: self.suite.sql(
            f"SELECT 1 FROM pg_stat_progress_vacuum WHERE relid = '{table}'::regclass"))
        self.assertEqual(self.views.ask("POST", "/v1/views/project/rebuild/cancel")[0], 204)
        self.assertEqual(self.views.states("project")[number], "dropped")

    def test_3_a_difference_stops_the_switch(self):
        rows = self.suite.sql("SELECT id FROM read.project ORDER BY id LIMIT 3")
        live = next(number for number, state in self.views.states("project").items() if state == "live")
        self.suite.sql(f"UPDATE view_project_{live}.project SET name = 'wrong' WHERE id = '{rows[0][0]}'")
        self.suite.sql(f"DELETE FROM view_project_{live}.project WHERE id = '{rows[1][0]}'")
        self.suite.sql(f"INSERT INTO view_project_{live}.project (id, name, _aggregate, _sequence) VALUES ('ghost', 'g', 'ghost', 1)")
        number = self.views.post("project/rebuild")["version"]
        self.views.await_phase("project", number, "different")
        self.assertEqual(self.views.states("project")[number], "building")
        found = self.views.version("project", number)["rebuild"]
        self.assertIn("1 rows missing, 1 extra, 1 different", found["note"])
        self.assertEqual(found["differences"]["examples"],
                         {"missing": ["ghost"], "extra": [rows[1][0]], "different": [rows[0][0]]})
        self.views.post("project/switch", {"ignoreDifferences": True})
        self.views.await_live("project", number)
        self.assertTrue(self.suite.verify()["ok"])

    def test_3_values_that_changed_places_are_a_difference(self):
        """Also to sums over all rows."""
        rows = self.suite.sql("(SELECT id, name FROM read.project ORDER BY name LIMIT 1) UNION ALL "
                              "(SELECT id, name FROM read.project ORDER BY name DESC LIMIT 1)")
        live = next(number for number, state in self.views.states("project").items() if state == "live")
        self.assertNotEqual(rows[0][1], rows[1][1])
        for (row, _), (_, name) in zip(rows, reversed(rows)):
            self.suite.sql(f"UPDATE view_project_{live}.project SET name = '{name}' WHERE id = '{row}'")
        number = self.views.post("project/rebuild")["version"]
        self.views.await_phase("project", number, "different")
        self.assertEqual(self.views.version("project", number)["rebuild"]["differences"]["examples"],
                         {"missing": [], "extra": [], "different": sorted(row for row, _ in rows)})
        self.views.post("project/switch", {"ignoreDifferences": True})
        self.views.await_live("project", number)
        self.assertTrue(self.suite.verify()["ok"])

    def test_4_switch_by_hand_switch_back_and_drop(self):
        reader = Reader(self.suite)
        reader.start()
        number = self.views.post("project/rebuild", {"switch": "manual"})["version"]
        self.views.await_phase("project", number, "waiting")
        before = next(n for n, state in self.views.states("project").items() if state == "live")
        Load(self.suite, 100).start().join()
        self.views.post("project/switch")
        self.views.await_live("project", number)
        Load(self.suite, 100).start().join()
        self.views.post("project/switch-back", {"version": before})
        self.views.await_live("project", before)
        self.assertEqual(self.views.states("project")[number], "retired")
        reader.finish()
        self.assertTrue(self.suite.verify()["ok"])
        self.assertEqual(self.views.ask("POST", f"/v1/views/project/versions/{before}/drop")[0], 409)
        self.assertEqual(self.views.ask("POST", f"/v1/views/project/versions/{number}/drop")[0], 204)
        self.assertEqual(self.views.ask("POST", f"/v1/views/project/versions/{number}/drop")[0], 404)
        self.assertNotIn(number, self.views.versions("project"))

    def test_4_all_views_at_once(self):
        numbers = {view: self.views.post(f"{view}/rebuild")["version"] for view in ("project", "service", "metric")}
        for view, number in numbers.items():
            self.views.await_live(view, number)
        self.assertTrue(self.suite.verify()["ok"])

    def test_4_an_end_that_another_instance_is_at_is_not_asked_for_all_the_time(self):
        over = threading.Event()

        def hold():
            try:
                self.suite.sql("SELECT pg_advisory_lock(hashtextextended('skafu rebuild project', 0)); SELECT pg_sleep(6)")
            finally:
                over.set()

        holder = threading.Thread(target=hold)
        holder.start()
        wait_until("the end is held", lambda: self.suite.sql(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid IN ("
            "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_advisory_lock%')") == [["1"]])
        number = self.views.post("project/rebuild")["version"]
        wait_until("it is built", lambda: self.views.version("project", number)["progress"]["done"] >= self.views.version("project", number)["progress"]["total"])
        sessions = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
        before = int(self.suite.sql(sessions)[0][0])
        over.wait()
        self.assertLess(int(self.suite.sql(sessions)[0][0]) - before, 120)
        holder.join()
        self.views.await_live("project", number)

    def test_5_who_may_and_what_is_malformed(self):
        self.assertEqual(self.views.ask("POST", "/v1/views/project/rebuild", {}, bearer=token("alice"))[0], 403)
        for body, field in (({"from": "moon"}, "from"), ({"rate": -1}, "rate"), ({"rate": 1000001}, "rate"),
                            ({"rate": 9223372036854775807}, "rate"), ({"switch": 1}, "switch"),
                            ({"ignoreDifferences": "yes"}, "ignoreDifferences"), ({"speed": 1}, "body")):
            status, problem = self.views.ask("POST", "/v1/views/project/rebuild", body)
            self.assertEqual((status, problem["field"]), (400, field), problem)
        self.assertEqual(self.views.ask("POST", "/v1/views/project/switch-back", {"rate": 1000001})[1]["field"], "rate")
        headers = {"Authorization": f"Bearer {token('root', 'Admin')}", "Content-Type": "application/json"}
        status, _, text = self.suite.request("projector-svc", "POST", "/v1/views/project/rebuild", b'{"from":"\xff"}', headers)
        self.assertEqual((status, b"UTF-8" in text), (400, True), text)
        self.assertEqual(self.views.ask("POST", "/v1/views/nothing/rebuild")[0], 404)
        self.assertEqual(self.views.ask("GET", "/v1/views/nothing")[0], 404)
        self.assertEqual(self.views.ask("POST", "/v1/views/project/switch-back", {"version": 4711})[0], 404)


if __name__ == "__main__":
    tap.main()
