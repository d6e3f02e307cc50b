#!/usr/bin/env python3
"""A replay to a view: rows that somebody has changed, deleted or made up become what the events say, those that were right are
not touched, and the change feed tells of it. Live events go on meanwhile, the work survives kill -9, is paused and cancelled,
and its record says who asked for what, and how much there was."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import changes  # noqa: E402
import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, token, wait_until  # noqa: E402

OPEN = ("waiting", "running")
BOTH = ("projector-svc", "projector-svc-2")
FAST = {"SKAFU_REFRESH_MS": "100", "SKAFU_PARK_TRIES": "3", "SKAFU_PARK_RETRY_MS": "20"}
VIEWS = ("project", "service", "metric")

# Every way in which rows can be wrong; %s is the view's schema.
DAMAGE = (
    "UPDATE %s.service SET name = 'edited', \"_sequence\" = 1 WHERE id LIKE '%%1'",
    "UPDATE %s.service SET \"_sequence\" = \"_sequence\" + 1 WHERE id LIKE '%%2'",
    "UPDATE %s.service SET configuration = '{}' WHERE id LIKE '%%3'",
    "DELETE FROM %s.service WHERE id LIKE '%%4'",
    "INSERT INTO %s.service (id, \"projectId\", name, \"_aggregate\", \"_sequence\") "
    "SELECT 'made-up-' || aggregate_id, 'nobody', 'made up', aggregate_id, 1 FROM event_store.streams "
    "WHERE aggregate_type = 'project' AND aggregate_id LIKE '%%5'",
)


class Repair(unittest.TestCase):
    def setUp(self):
        self.suite = Suite(services=("command-svc",))
        self.suite.another("projector-svc", BOTH[1])
        self.suite.__enter__()
        self.addCleanup(self.suite.__exit__, None, None, None)
        self.suite.start(BOTH[0], **FAST)

    def ask(self, method, path, body=None, bearer=None):
        headers = {"Authorization": f"Bearer {bearer or token('operator', 'Admin')}", "Content-Type": "application/json"}
        status, _, text = self.suite.request("command-svc", method, path, json.dumps(body) if body is not None else None, headers)
        return status, json.loads(text)

    def request(self, expected=202, **body):
        status, replay = self.ask("POST", "/v1/replays", body)
        self.assertEqual(status, expected, replay)
        return replay

    def state(self, replay):
        return self.ask("GET", f"/v1/replays/{replay['replayId']}")[1]

    def act(self, replay, action, expected=200):
        status, answer = self.ask("POST", f"/v1/replays/{replay['replayId']}/{action}")
        self.assertEqual(status, expected, answer)
        return answer

    def finished(self, replay, seconds=120):
        wait_until("the replay ends", lambda: self.state(replay)["state"] not in OPEN, seconds)
        return self.state(replay)

    def command(self, name, payload):
        headers = {"Authorization": f"Bearer {token('alice')}", "Content-Type": "application/json"}
        status, _, text = self.suite.request("command-svc", "POST", f"/v1/commands/{name}", json.dumps(payload), headers)
        self.assertEqual(status, 201, text)

    def projects(self, numbers):
        for number in numbers:
            self.command("CreateProject", {"projectId": f"p{number}", "name": "n", "description": "größer"})
            for service in range(2):
                self.command("AddService", {"projectId": f"p{number}", "serviceId": f"s{service}-{number}", "serviceName": f"x{service}",
                                            "serviceType": "API", "configuration": {"port": number}})
            self.command("RemoveService", {"projectId": f"p{number}", "serviceId": f"s1-{number}"})
        wait_until("all views show it", lambda: self.suite.sql(
            "SELECT count(*) FROM event_store.logs JOIN read.checkpoint USING (aggregate_type, partition) "
            "WHERE position < last_position") == [["0"]])

    def schema(self, view):
        return self.suite.sql(f"SELECT schema_name FROM projection.views WHERE view = '{view}' AND live")[0][0]

    def damage(self):
        """Change rows behind the feed's back, then have it begin anew with them: so it can be checked as any other one."""
        for view in VIEWS:
            changes.await_published(self.suite, view)
        for statement in DAMAGE:
            self.suite.sql(statement % self.schema("service"))
        self.suite.sql("SELECT projection.reset_changes('service')")

    def rows(self, view):
        return {(row[0], row[1]): row for row in self.suite.sql(
            f'SELECT id, "_aggregate", xmin, ctid, t FROM {self.schema(view)}.{view} AS t')}

    def wrong(self):
        return self.suite.sql(f"SELECT count(*) FROM {self.schema('service')}.service WHERE name = 'edited'")[0][0] != "0"

    def test_1_damaged_rows_become_right(self):
        self.projects(range(10, 30))
        before = self.rows("service")
        self.damage()
        damaged = self.rows("service")
        replay = self.request(aggregateType="project", view="service", name="after the accident")
        self.assertEqual((replay["state"] in OPEN, replay["topic"], replay["view"], replay["requestedBy"]),
                         (True, None, "service", "operator"))
        done = self.finished(replay)
        self.assertEqual((done["state"], done["aggregates"], done["repaired"], done["leftOut"], done["problems"]),
                         ("done", 20, 20, 0, []), done)
        self.assertEqual(done["positionsDone"], done["positionsTotal"])
        after = self.rows("service")
        self.assertEqual({key: row[4] for key, row in after.items()}, {key: row[4] for key, row in before.items()})
        touched = {key for key in set(after) | set(damaged) if after.get(key) != damaged.get(key)}
        self.assertEqual(done["changedRows"], len(touched))
        self.assertEqual(touched, {key for key in set(before) | set(damaged) if before.get(key, [""] * 5)[4] != damaged.get(key, [""] * 5)[4]})
        self.assertEqual(self.suite.sql("SELECT count(*) FROM replay.aggregates"), [["0"]])
        self.assertTrue(self.suite.verify()["ok"])
        self.told(changes.check(self.suite, "service"), replay)
        self.nothing_to_do_the_second_time(after)

    def told(self, feed, replay):
        """After the reset: what was edited is updated, what was deleted is created, what was made up is deleted."""
        start = max(position for position, change in feed.changes.items() if change["change"] == "reset")
        told = [change for position, change in sorted(feed.changes.items()) if position > start + len(self.rows_at(feed, start))]
        kinds = sorted((change["change"], change["id"]) for change in told)
        expected = [("updated", f"s0-{n}") for n in (11, 13, 21, 23)] + [("created", f"s0-{n}") for n in (14, 24)] + \
            [("deleted", f"made-up-p{n}") for n in (15, 25)]
        self.assertEqual(kinds, sorted(expected))
        for change in told:
            event = self.suite.sql("SELECT event_id, partition, position FROM event_store.events WHERE aggregate_type = 'project' "
                                   f"AND aggregate_id = '{change['aggregateId']}' ORDER BY event_sequence DESC LIMIT 1")[0]
            self.assertEqual([change["eventId"], str(change["partition"]), str(change["position"])], event)

    @staticmethod
    def rows_at(feed, start):
        """The rows that followed a reset: created, without an event."""
        return [change for position, change in feed.changes.items() if position > start and "eventId" not in change]

    def nothing_to_do_the_second_time(self, rows):
        before = changes.await_published(self.suite, "service")
        for view in VIEWS[:2]:
            done = self.finished(self.request(aggregateType="project", view=view))
            self.assertEqual((done["state"], done["repaired"], done["changedRows"]), ("done", 20, 0), done)
        self.assertEqual(self.rows("service"), rows)
        self.assertEqual(changes.await_published(self.suite, "service"), before)

    def test_a_selection_names_aggregates(self):
        self.projects(range(10, 20))
        self.damage()
        done = self.finished(self.request(aggregateType="project", view="service", aggregateId="p11"))
        self.assertEqual((done["aggregates"], done["changedRows"]), (1, 1), done)
        done = self.finished(self.request(aggregateType="project", view="service", eventType="ServiceRemoved", partition=0))
        expected = self.suite.sql("SELECT count(DISTINCT aggregate_id) FROM event_store.events WHERE partition = 0 AND "
                                  "event_type = 'ServiceRemoved'")[0][0]
        self.assertEqual(done["aggregates"], int(expected), done)
        done = self.finished(self.request(aggregateType="project", view="service", aggregateId="nobody"))
        self.assertEqual((done["state"], done["aggregates"]), ("done", 0), done)
        self.finished(self.request(aggregateType="project", view="service"))
        self.assertTrue(self.suite.verify()["ok"])
        # A version from before there was an index to find rows by: slower, and no less right.
        self.suite.sql(f"DROP INDEX {self.schema('service')}.rows_of_aggregate")
        self.damage()
        self.finished(self.request(aggregateType="project", view="service"))
        self.assertTrue(self.suite.verify()["ok"])

    def test_live_events_of_the_same_aggregates_go_on(self):
        self.suite.start(BOTH[1], **FAST)
        load = Load(self.suite, 2500, threads=4).start()
        for turn in range(3):
            wait_until("there is something to damage", lambda: load.count() > 300 * (turn + 1))
            for statement in DAMAGE:  # it locks rows in another order than the projector does
                self.suite.sql(f"LOCK TABLE {self.schema('service')}.service IN SHARE ROW EXCLUSIVE MODE; " +
                               statement % self.schema("service") + (" ON CONFLICT DO NOTHING" if "INSERT" in statement else ""))
            done = self.finished(self.request(aggregateType="project", view="service"))
            self.assertEqual((done["state"], done["repaired"] + done["leftOut"]), ("done", done["aggregates"]), done)
            self.assertGreater(done["changedRows"], 0)
        load.join()
        # An update that met an edited sequence was no fault of the event's: what came of it is repaired as well.
        for item in self.suite.sql("SELECT aggregate_id FROM projection.parked"):
            self.fail(f"{item[0]} was parked: the damage must not be such that events cannot be applied")
        self.finished(self.request(aggregateType="project", view="service"))
        self.assertTrue(self.suite.verify()["ok"])

    def test_it_survives_kill_9_and_is_shared(self):
        self.suite.start(BOTH[1], **FAST)
        self.projects(range(10, 90))
        for turn in range(3):
            self.damage()
            replay = self.request(aggregateType="project", view="service", rate=5)
            wait_until("some are repaired", lambda: self.state(replay)["repaired"] > 3)
            for name in BOTH:
                self.suite.kill(name)
            stands = self.state(replay)
            self.assertEqual(stands["state"], "running")
            self.assertLess(stands["repaired"], 80)
            self.suite.sql("UPDATE replay.replays SET rate = 0, next_at = NULL")
            for name in BOTH:
                self.suite.start(name, **FAST)
            done = self.finished(replay)
            self.assertEqual((done["state"], done["repaired"], done["leftOut"]), ("done", 80, 0), done)
            self.assertTrue(self.suite.verify()["ok"])
            changes.check(self.suite, "service")

    def test_it_is_paused_resumed_and_cancelled(self):
        self.projects(range(10, 70))
        self.damage()
        replay = self.request(aggregateType="project", view="service", rate=5)
        wait_until("some are repaired", lambda: self.state(replay)["repaired"] > 0)
        paused = self.act(replay, "pause")
        self.assertEqual(paused["state"], "paused")
        self.assertLess(paused["repaired"], 60)
        self.act(replay, "pause", 409)
        # Whatever was under way has ended when a second replay, for one aggregate, is done.
        self.finished(self.request(aggregateType="project", view="service", aggregateId="p69"))
        self.assertEqual(self.state(replay)["repaired"], paused["repaired"])
        self.assertEqual(self.act(replay, "resume")["state"], "running")
        wait_until("it goes on", lambda: self.state(replay)["repaired"] > paused["repaired"])
        cancelled = self.act(replay, "cancel")
        self.assertEqual(cancelled["state"], "cancelled")
        self.assertEqual(self.suite.sql("SELECT count(*) FROM replay.aggregates"), [["0"]])
        self.finished(self.request(aggregateType="project", view="service", aggregateId="p69"))
        self.assertEqual(self.state(replay)["repaired"], cancelled["repaired"])
        self.act(replay, "resume", 409)
        listed = {item["replayId"]: item for item in self.ask("GET", "/v1/replays")[1]["items"]}
        self.assertEqual((listed[replay["replayId"]]["state"], listed[replay["replayId"]]["rate"]), ("cancelled", 5))
        self.finished(self.request(aggregateType="project", view="service"))
        self.assertTrue(self.suite.verify()["ok"])

    def poison(self, project, data):
        self.suite.sql(f"""SELECT * FROM event_store.append(ARRAY[gen_random_uuid()], ARRAY['\\x00'::bytea], ARRAY['Poison'],
            ARRAY['project'], ARRAY['{project}'],
            ARRAY[(SELECT partition FROM event_store.streams WHERE aggregate_id = '{project}')],
            ARRAY[(SELECT version FROM event_store.streams WHERE aggregate_id = '{project}')], ARRAY[1], ARRAY[201::int2],
            ARRAY[NULL::text], ARRAY[0::int8], ARRAY[0], ARRAY[0], ARRAY['nobody'],
            ARRAY[gen_random_uuid()], ARRAY['ServiceAdded'], ARRAY[1], ARRAY['{json.dumps(data)}'],
            ARRAY['{{"aggregateType":"project","actor":"nobody"}}'], ARRAY['c'])""")

    def test_what_cannot_be_applied_is_left_out(self):
        self.projects(range(10, 20))
        self.poison("p11", {"projectId": "p11", "serviceId": "bad", "serviceName": "bad", "serviceType": "NONSENSE"})
        self.poison("p13", {"projectId": "p13", "serviceId": "bad", "serviceName": "bad", "serviceType": "NONSENSE"})
        wait_until("they are parked", lambda: self.suite.sql("SELECT count(*) FROM projection.parked WHERE view = 'service'") == [["2"]])
        parked = json.loads(self.suite.request("projector-svc", "GET", "/v1/views/service/parked", None,
                                               {"Authorization": f"Bearer {token('root', 'Admin')}"})[2])["items"]
        event = next(item["eventId"] for item in parked if item["aggregateId"] == "p13")
        status, _, text = self.suite.request("projector-svc", "POST", "/v1/views/service/parked/project/p13/drop",
                                             json.dumps({"eventId": event}),
                                             {"Authorization": f"Bearer {token('root', 'Admin')}", "Content-Type": "application/json"})
        self.assertIn(status, (200, 202), text)
        wait_until("one is dropped", lambda: self.suite.sql("SELECT count(*) FROM projection.parked WHERE view = 'service'") == [["1"]])
        self.damage()
        done = self.finished(self.request(aggregateType="project", view="service"))
        self.assertEqual((done["state"], done["repaired"], done["leftOut"]), ("done", 9, 1), done)
        self.assertEqual([(item["aggregateId"], "parked" in item["problem"]) for item in done["problems"]], [("p11", True)])
        # An event that was applied once, by other rules: its aggregate stays as it is, and the replay says why.
        self.suite.sql(f"ALTER TABLE {self.schema('service')}.service ADD CHECK (id <> 's0-14') NOT VALID")
        self.damage()
        done = self.finished(self.request(aggregateType="project", view="service"))
        self.assertEqual((done["state"], done["repaired"], done["leftOut"]), ("done", 8, 2), done)
        problems = {item["aggregateId"]: item["problem"] for item in done["problems"]}
        self.assertEqual(sorted(problems), ["p11", "p14"])
        self.assertIn("violates check constraint", problems["p14"])
        right = self.suite.sql("SELECT count(*) FROM read.service WHERE name <> 'edited' AND \"_aggregate\" NOT IN ('p11', 'p14')")
        self.assertEqual(right, [["8"]])
        for line in ('skafu_view_repaired_total{view="service"} 17', 'skafu_view_repairs_left_out_total{view="service"} 3'):
            wait_until(f"counted: {line}", lambda line=line: line in self.suite.request(
                "projector-svc", "GET", "/metrics")[2].decode().splitlines())

    def test_a_long_stream(self):
        """More events than are folded at once, and more than fit between two batches."""
        self.projects([10])
        self.suite.sql("""DO $$ DECLARE part int := (SELECT partition FROM event_store.streams WHERE aggregate_id = 'p10'); BEGIN
            FOR n IN 1..30 LOOP
                PERFORM event_store.append(ARRAY[gen_random_uuid()], ARRAY['\\x00'::bytea], ARRAY['Many'], ARRAY['project'],
                    ARRAY['p10'], ARRAY[part], ARRAY[(SELECT version FROM event_store.streams WHERE aggregate_id = 'p10')],
                    ARRAY[500], ARRAY[201::int2], ARRAY[NULL::text], ARRAY[0::int8], ARRAY[0], ARRAY[0], ARRAY['nobody'],
                    ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 500)), array_fill('ServiceAdded'::text, ARRAY[500]),
                    array_fill(1, ARRAY[500]), ARRAY(SELECT json_build_object('projectId', 'p10', 'serviceId', 's' || n % 10 || '-' || i,
                        'serviceName', 'n' || n, 'serviceType', 'API')::text FROM generate_series(1, 500) AS i),
                    array_fill('{"aggregateType":"project","actor":"nobody"}'::text, ARRAY[500]), array_fill('c'::text, ARRAY[500]));
            END LOOP; END $$""")
        self.assertTrue(self.suite.verify(views_only=True)["ok"])
        self.damage()
        done = self.finished(self.request(aggregateType="project", view="service", aggregateId="p10"))
        self.assertEqual((done["state"], done["repaired"]), ("done", 1), done)
        self.assertGreater(done["changedRows"], 1000)
        self.assertTrue(self.suite.verify(views_only=True)["ok"])
        changes.check(self.suite, "service")

    def test_requests_are_checked(self):
        for body, field in [({"view": "nothing"}, "view"), ({"view": "metric"}, "view"), ({"view": ""}, "view"),
                            ({"view": "service", "topic": "t"}, "view"), ({"view": "service", "partition": 99}, "partition")]:
            status, problem = self.ask("POST", "/v1/replays", {"aggregateType": "project", **body})
            self.assertIn(status, (400, 422), body)
            self.assertEqual(problem["field"], field)
        self.assertEqual(self.ask("POST", "/v1/replays", {"aggregateType": "project", "view": "service"}, bearer=token("alice"))[0], 403)
        self.suite.sql("UPDATE projection.views SET state = 'retired' WHERE view = 'metric'")
        status, problem = self.ask("POST", "/v1/replays", {"aggregateType": "metric", "view": "metric"})
        self.assertEqual((status, problem["field"]), (422, "view"), problem)


if __name__ == "__main__":
    tap.main()
