#!/usr/bin/env python3
"""Many commands in one request: answers in order while the body still comes, bounded memory, slow and vanishing clients,
kill -9 and outages in the middle. Whatever happens, sending everything again has each line done exactly once."""

import json
import os
import sys
import threading
import unittest
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from bulk import Bulk, exchange, line  # noqa: E402
from projection import count  # noqa: E402
from suite import Suite, token, wait_until  # noqa: E402

LINES = 10000
GROWTH_MAX = 48 << 20  # windows, buffers, the cache and the relay's queue; not the lines


def fresh(text):
    return f"{text}-{uuid.uuid4()}"


def life(project, number):
    """Lines that depend on each other."""
    return [line("CreateProject", {"projectId": project, "name": f"Project {number}"}, id=f"{project}-1"),
            line("RenameProject", {"projectId": project, "name": f"Renamed {number}"}, id=f"{project}-2", ifMatch=1),
            line("DescribeProject", {"projectId": project, "description": "größer"}, id=f"{project}-3", ifMatch='"2"'),
            line("ArchiveProject", {"projectId": project}, id=f"{project}-4", ifMatch=3)]


def lives(n):
    """Many of them, the lines of eight projects interleaved."""
    lines = []
    prefix = fresh("p")
    for at in range(0, n, 8):
        group = [life(f"{prefix}-{number}", number) for number in range(at, min(at + 8, n))]
        lines += [one[step] for step in range(4) for one in group]
    return lines


class BulkCommands(unittest.TestCase):
    suite = None

    @classmethod
    def setUpClass(cls):
        cls.suite = Suite(broker="embedded", services=("command-svc",))
        cls.suite.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.suite.__exit__(None, None, None)

    def setUp(self):
        if "command-svc" not in self.suite.processes:
            self.suite.start("command-svc")

    def restart(self, **overrides):
        if "command-svc" in self.suite.processes:
            self.suite.terminate("command-svc")
        self.suite.start("command-svc", **overrides)

    def stored(self, answers):
        """How many of the answered commands have exactly the events in the store that were answered."""
        events = {}
        for command, event in self.suite.sql("SELECT metadata::json ->> 'commandId', event_id FROM event_store.events "
                                             "ORDER BY aggregate_type, aggregate_id, event_sequence"):
            events.setdefault(command, []).append(event)
        done = {a["commandId"]: [e["eventId"] for e in a["events"]] for a in answers if a["status"] in (200, 201)}
        for command, expected in done.items():
            self.assertEqual(events.get(command), expected)
        return len(done)

    def peak(self):
        with open(f"/proc/{self.suite.pid('command-svc')}/status", encoding="ascii") as file:
            return next(int(row.split()[1]) << 10 for row in file if row.startswith("VmHWM"))

    def expect_all_done(self, lines):
        """After whatever happened before, sending everything again does what is left, and nothing twice. As long as
        there is a 503, or an answer is missing, a client sends again."""
        def attempt():
            answers = exchange(self.suite, lines)
            return answers if len(answers) == len(lines) and 503 not in {a["status"] for a in answers} else None

        answers = wait_until("every line is answered, none with 503", attempt)
        self.assertEqual([a["line"] for a in answers], list(range(1, len(lines) + 1)))
        self.assertEqual({a["status"] for a in answers}, {201})
        self.assertEqual(self.stored(answers), len(lines))
        projects = {json.loads(text)["payload"]["projectId"] for text in lines}
        rows = self.suite.sql("SELECT aggregate_id, count(*) FROM event_store.events GROUP BY 1")
        counts = {project: int(count) for project, count in rows}
        self.assertEqual({counts[project] for project in projects}, {len(lines) // len(projects)})
        return answers

    # ---- what is answered --------------------------------------------------------------------------

    def test_mixed_lines_are_answered_in_order(self):
        project = fresh("p")
        kinds = [
            lambda i: (line("CreateProject", {"projectId": f"{project}-{i}", "name": "Billing"}, id=f"{project}-{i}"), 201, None),
            lambda i: (line("RenameProject", {"projectId": f"{project}-{i - 1}", "name": "Other"}), 201, None),
            lambda i: (line("CreateProject", {"projectId": f"{project}-{i - 2}", "name": "Again"}), 409, None),
            lambda i: (line("RenameProject", {"projectId": fresh("none"), "name": "x"}), 404, None),
            lambda i: (b"no command\n", 400, None),
            lambda i: (line("CreateProject", {"projectId": f"{project}-{i - 5}", "name": "Billing"}, id=f"{project}-{i - 5}"), 201, i - 5),
            lambda i: (line("NoSuchCommand", {}), 404, None),
            lambda i: (line("CreateProject", {"projectId": f"{project}-{i - 7}", "name": "Else"}, id=f"{project}-{i - 7}"), 422, None),
            lambda i: (line("CreateProject", {"name": ""}), 400, None),
            lambda i: (line("RenameProject", {"projectId": f"{project}-{i - 9}", "name": "x"}, ifMatch=1), 409, None),
        ]
        expected = [kinds[i % len(kinds)](i) for i in range(LINES)]
        answers = exchange(self.suite, [text for text, _, _ in expected])
        self.assertEqual([a["line"] for a in answers], list(range(1, LINES + 1)))
        for i, (text, status, same_as) in enumerate(expected):
            self.assertEqual(answers[i]["status"], status, (text, answers[i]))
            self.assertEqual(answers[i]["replayed"], same_as is not None, (text, answers[i]))
            if same_as is not None:
                first = dict(answers[same_as], line=i + 1, replayed=True)
                self.assertEqual(answers[i], first)
        self.assertEqual(self.stored(answers), LINES // 5)
        count = self.suite.sql(f"SELECT count(*) FROM event_store.events WHERE aggregate_id LIKE '{project}-%'")
        self.assertEqual(int(count[0][0]), LINES // 5)
        conflict = answers[9]
        self.assertEqual((conflict["currentVersion"], conflict["type"]), (2, "https://skafu.dev/problems/conflict"))

    def test_lines_depend_on_earlier_ones(self):
        answers = self.expect_all_done(lives(200))
        self.assertEqual({a["replayed"] for a in answers}, {False})

    def test_a_line_is_answered_before_the_next_is_sent(self):
        project = fresh("p")
        with Bulk(self.suite) as bulk:
            for number, text in enumerate(life(project, 1)):
                bulk.send(text)
                answer = bulk.answer()
                self.assertEqual((answer["line"], answer["status"], answer["version"]), (number + 1, 201, number + 1))
            bulk.end()
            self.assertIsNone(bulk.answer())

    def test_the_same_as_alone(self):
        project = fresh("p")
        payload = '{"projectId":"%s",\r\n "name":"größer"}' % project
        headers = {"Authorization": f"Bearer {token('bulk', 'Admin')}", "Idempotency-Key": f"{project}-key"}
        status, _, body = self.suite.request("command-svc", "POST", "/v1/commands/CreateProject", payload.encode(), headers)
        self.assertEqual(status, 201)
        again = line("CreateProject", {}, id=f"{project}-key").replace(b"{}}", payload.replace("\r\n", "  ").encode() + b"}")
        answers = exchange(self.suite, [again])
        self.assertEqual(answers[0]["status"], 422)  # other bytes are another command
        one = line("RenameProject", {"projectId": project, "name": "b"}, id=f"{project}-2", correlationId="c-1")
        done = exchange(self.suite, [one])[0]
        self.assertEqual(done["events"][0]["correlationId"], "c-1")
        headers["Idempotency-Key"] = f"{project}-2"
        status, answered, body = self.suite.request("command-svc", "POST", "/v1/commands/RenameProject",
                                                    json.dumps({"projectId": project, "name": "b"}).encode(), headers)
        self.assertEqual((status, answered["Idempotent-Replayed"]), (201, "true"))
        self.assertEqual({**json.loads(body), "line": 1, "status": 201, "replayed": False}, done)

    def test_a_long_line_is_refused_alone(self):
        texts = [line("CreateProject", {"name": "a"}), b'{"type":"' + b"x" * (1 << 20) + b'"}\n', line("CreateProject", {"name": "b"})]
        self.assertEqual([a["status"] for a in exchange(self.suite, texts)], [201, 413, 201])

    def test_requests_that_cannot_be_bulk(self):
        for headers, status, field in (("Idempotency-Key: a\r\n", 400, "Idempotency-Key"), ("If-Match: *\r\n", 400, "If-Match")):
            with Bulk(self.suite, headers=headers) as bulk:
                bulk.read_head()
                self.assertEqual(bulk.status, status)
                self.assertEqual(json.loads(bulk.file.read())["field"], field)
        headers = {"Authorization": f"Bearer {token('alice')}"}
        for path, kind, status in (("/v1/commands?wait=project", None, 400), ("/v1/commands?x=1", None, 400),
                                   ("/v1/commands", "application/json", 415)):
            sent = {**headers, "Content-Type": kind} if kind else headers
            self.assertEqual(self.suite.request("command-svc", "POST", path, b"", sent)[0], status)
        self.assertEqual(self.suite.request("command-svc", "POST", "/v1/commands", b"")[0], 401)
        self.assertEqual(self.suite.request("command-svc", "GET", "/v1/commands", None, headers)[0], 405)

    def test_a_kept_connection_takes_bodies_up_to_the_limit(self):
        import http.client
        connection = http.client.HTTPConnection("127.0.0.1", self.suite.ports["command-svc"], timeout=60)
        headers = {"Authorization": f"Bearer {token('bulk', 'Admin')}"}
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        texts = lives(50)
        connection.request("POST", "/v1/commands", b"".join(texts), headers)
        response = connection.getresponse()
        answers = [json.loads(text) for text in response.read().splitlines()]
        self.assertEqual([(a["line"], a["status"]) for a in answers], [(i + 1, 201) for i in range(len(texts))])
        connection.request("POST", "/v1/commands", b"\n" * ((1 << 20) + 1), headers)
        response = connection.getresponse()
        self.assertEqual((response.status, response.getheader("Connection")), (413, "close"))

    # ---- limits ------------------------------------------------------------------------------------

    def test_memory_does_not_grow_with_the_lines(self):
        self.restart(SKAFU_CACHE_BYTES_MAX="1048576", SKAFU_RELAY_QUEUE_BYTES_MAX="1048576")
        exchange(self.suite, lives(500))
        before = self.peak()
        answers = exchange(self.suite, lives(10 * LINES // 8))
        self.assertEqual(({a["status"] for a in answers}, len(answers)), ({201}, 5 * LINES))
        print(f"# peak {before >> 20} MiB, then {self.peak() >> 20} MiB", flush=True)
        if "ASAN_OPTIONS" not in os.environ:  # a sanitizer keeps what was freed: its memory says nothing
            self.assertLess(self.peak() - before, GROWTH_MAX)

    def test_large_commands_do_not_share_one_append(self):
        """What an append holds in memory is bounded by bytes too; whatever finds no room keeps its turn."""
        at_most, size, n = 65536, 4000, 1000
        self.restart(SKAFU_BATCH_BYTES_MAX=str(at_most), SKAFU_WRITERS="1")
        self.addCleanup(self.restart)
        before = count(self.suite, ["command-svc"], "skafu_appends_total")
        project, prefix = fresh("p"), fresh("large")
        lines = [line("CreateProject", {"projectId": project, "name": "Billing"})]
        for i in range(n // 2):
            lines += [line("DescribeProject", {"projectId": project, "description": f"{i:05}" * (size // 5)}, ifMatch=i + 1),
                      line("CreateProject", {"projectId": f"{prefix}-{i}", "name": "x" * 200})]
        answers = exchange(self.suite, lines)
        self.assertEqual({a["status"] for a in answers}, {201})
        self.assertEqual(self.stored(answers), len(lines))
        appends = count(self.suite, ["command-svc"], "skafu_appends_total") - before
        self.assertGreaterEqual(appends, n // 2 * size // (at_most + size))

    def test_requests_at_a_time_are_limited(self):
        self.restart(SKAFU_BULK_REQUESTS_MAX="1")
        with Bulk(self.suite) as bulk:
            bulk.send(line("CreateProject", {"name": "a"}))
            self.assertEqual(bulk.answer()["status"], 201)
            with Bulk(self.suite) as other:
                other.read_head()
                self.assertEqual(other.status, 503)
                self.assertIn("retry-after", other.headers)
            bulk.end()
            self.assertIsNone(bulk.answer())
        wait_until("the next one has its turn", lambda: exchange(self.suite, [line("CreateProject", {"name": "b"})]))
        self.restart()

    def test_a_client_that_does_not_read_is_cut_off(self):
        self.restart(SKAFU_BULK_WRITE_TIMEOUT_S="1")
        texts = lives(1000)
        sent = 0
        with Bulk(self.suite, receive_bytes=4096) as bulk:
            with self.assertRaises(ConnectionError):  # while it is not cut off, sending waits, and at last times out
                while True:
                    bulk.send(*texts)
                    sent += len(texts)
        print(f"# cut off after {sent} lines", flush=True)
        self.expect_all_done(texts)
        self.restart()

    def test_a_client_that_stops_sending_is_told(self):
        self.restart(SKAFU_BULK_READ_TIMEOUT_S="1")
        with Bulk(self.suite) as bulk:
            bulk.send(line("CreateProject", {"name": "a"}))
            bulk.send(b'{"type":"Create')
            answers = bulk.answers()
        self.assertEqual([(a["line"], a["status"], a.get("ended")) for a in answers], [(1, 201, None), (2, 408, True)])
        self.restart()

    # ---- when something goes away --------------------------------------------------------------------

    def test_a_client_that_disconnects(self):
        texts = lives(1000)
        with Bulk(self.suite) as bulk:
            sender = threading.Thread(target=lambda: self.send_until_broken(bulk, texts), daemon=True)
            sender.start()
            answers = [bulk.answer() for _ in range(1000)]
            bulk.socket.shutdown(2)
            sender.join()
        again = self.expect_all_done(texts)
        for first, second in zip(answers, again):
            self.assertEqual(dict(first, replayed=True), second)

    @staticmethod
    def send_until_broken(bulk, texts):
        try:
            for at in range(0, len(texts), 50):
                bulk.send(*texts[at:at + 50])
        except OSError:
            pass

    def test_a_body_cut_inside_a_line(self):
        text = line("CreateProject", {"projectId": fresh("p"), "name": "whole"})
        with Bulk(self.suite) as bulk:
            bulk.send(text, text[:-1])  # whole JSON, but maybe not the whole line
            bulk.socket.shutdown(1)
            answers = bulk.answers()
        self.assertEqual([(a["line"], a["status"], a.get("ended")) for a in answers], [(1, 201, None), (2, 400, True)])

    def test_kill_in_the_middle(self):
        texts = lives(2000)
        answers = []
        for turn in range(2):
            killer = threading.Timer(0.15 + turn * 0.1, lambda: self.suite.kill("command-svc"))
            killer.start()
            got = exchange(self.suite, texts)
            killer.join()
            print(f"# killed after {len(got)} answers", flush=True)
            answers.append(got)
            self.suite.start("command-svc")
        again = self.expect_all_done(texts)
        for got in answers:
            for first, second in zip(got, again):
                self.assertEqual(dict(first, replayed=True), second)

    def test_postgresql_away_in_the_middle(self):
        """No line is refused for good because an earlier one was not stored."""
        self.restart(SKAFU_COMMAND_TIMEOUT_MS="2000")
        texts = lives(2000)
        with Bulk(self.suite) as bulk:
            sender = threading.Thread(target=lambda: self.send_until_broken(bulk, texts), daemon=True)
            sender.start()
            answers = [bulk.answer()]
            self.suite.kill("postgres")
            answers += bulk.answers()
            try:
                bulk.socket.shutdown(2)
            except OSError:  # the service was first
                pass
            sender.join()
        print(f"# {len(answers)} answers, then PostgreSQL was gone", flush=True)
        self.assertEqual({a["status"] for a in answers}, {201, 503})
        self.assertEqual([a["line"] for a in answers], list(range(1, len(answers) + 1)))
        self.assertTrue(answers[-1]["ended"])
        self.suite.start_postgres()
        wait_until("the service is ready", lambda: self.suite.ready("command-svc"))
        self.expect_all_done(texts)
        self.restart()

    def test_sigterm_answers_what_was_taken(self):
        with Bulk(self.suite) as bulk:
            bulk.send(line("CreateProject", {"name": "a"}))
            first = bulk.answer()
            # Long before the client's silence would have ended its request.
            self.assertEqual(self.suite.terminate("command-svc", 45), 0)
            answers = [first] + bulk.answers()
        self.assertEqual([(a["line"], a["status"], a.get("ended")) for a in answers], [(1, 201, None), (2, 503, True)])


if __name__ == "__main__":
    tap.main()
