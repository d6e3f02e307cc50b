"""What an operator asks of projector-svc about views, and a reader that must not notice it."""

import http.client
import json
import threading

from suite import token, wait_until


class Views:
    def __init__(self, suite, instance="projector-svc"):
        self.suite = suite
        self.instance = instance

    def ask(self, method, path, body=None, bearer=None, instance=None):
        headers = {"Authorization": f"Bearer {bearer or token('root', 'Admin')}", "Content-Type": "application/json"}
        status, _, text = self.suite.request(instance or self.instance, method, path,
                                             None if body is None else json.dumps(body), headers)
        return status, json.loads(text) if text else None

    def post(self, path, body=None, expected=(200, 202, 204), **options):
        status, answer = self.ask("POST", f"/v1/views/{path}", body, **options)
        if status not in expected:
            raise AssertionError(f"POST {path}: {status} {answer}")
        return answer

    def versions(self, view, **options):
        status, answer = self.ask("GET", f"/v1/views/{view}", **options)
        if status != 200:
            raise AssertionError(f"{status} {answer}")
        return {item["version"]: item for item in answer["items"]}

    def version(self, view, number, **options):
        return self.versions(view, **options).get(number)

    def states(self, view):
        """From the registry itself: also when no projector runs."""
        return {int(version): state for version, state in
                self.suite.sql(f"SELECT version, state FROM projection.views WHERE view = '{view}'")}

    def await_live(self, view, number, seconds=120):
        def live():
            if self.states(view).get(number) == "live":
                return True
            rows = self.suite.sql(f"SELECT phase, note FROM projection.rebuilds WHERE view = '{view}' AND version = {number}")
            if any(row[0] in ("different", "cancelled") for row in rows):
                raise AssertionError(f"version {number} of {view}: {rows}")
            return False

        try:
            wait_until(f"version {number} of view {view} is live", live, seconds)
        except AssertionError as error:
            rows = self.suite.sql("SELECT view, version, phase, note, events_per_second FROM projection.rebuilds")
            raise AssertionError(f"{error}: {self.states(view)} {rows}") from error

    def await_phase(self, view, number, phase, seconds=120):
        wait_until(f"version {number} of view {view} is {phase}", lambda: self.suite.sql(
            f"SELECT 1 FROM projection.rebuilds WHERE view = '{view}' AND version = {number} AND phase = '{phase}'"), seconds)


class Reader(threading.Thread):
    """Reads one list again and again: every answer is 200, and no position is ever lower than before, not even
    when the token of the answer before is not sent."""

    def __init__(self, suite, path="/v1/projects?limit=5", instance="query-svc"):
        super().__init__(daemon=True)
        self.suite = suite
        self.path = path
        self.instance = instance
        self.reads = 0
        self.faults = []
        self.seen = {}
        self.ending = threading.Event()

    def run(self):
        connection = None
        headers = {"Authorization": f"Bearer {token('reader', 'Admin')}"}
        while not self.ending.is_set() and not self.faults:
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.suite.ports[self.instance], timeout=60)
                connection.request("GET", self.path, None, headers)
                response = connection.getresponse()
                text = response.read()
            except OSError as error:
                self.faults.append(f"read {self.reads}: {error}")
                return
            if response.status != 200:
                self.faults.append(f"read {self.reads}: {response.status} {text[:500]}")
                return
            self._look_at(response.getheader("X-Consistency-Token") or "")
            self.reads += 1

    def _look_at(self, text):
        now = {}
        for part in filter(None, text.split(",")):
            kind, partition, position = part.strip().rsplit(".", 2)
            now[kind, partition] = int(position)
        for key, position in self.seen.items():
            if now.get(key, 0) < position:
                self.faults.append(f"read {self.reads}: {key} at {now.get(key)} after {position}")
        self.seen = now

    def finish(self):
        self.ending.set()
        self.join(60)
        if self.faults or not self.reads or not self.seen:
            raise AssertionError(f"after {self.reads} reads: {self.faults}")
