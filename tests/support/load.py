"""A load of commands over HTTP that behaves as a careful client does: every command has an
Idempotency-Key and is sent again, unchanged, until it has an answer. What was answered is remembered, so that a
test can ask the store whether it is all there, once."""

import http.client
import json
import threading
import time
import uuid

from suite import token


def ordinary_life(project, turn):
    """A project that lives a little, and metrics beside it."""
    service = f"s-{project}"
    life = [("CreateProject", {"projectId": project, "name": f"Project {turn}", "description": "größer \"als\" vorher"}),
            ("AddService", {"projectId": project, "serviceId": service, "serviceName": "billing",
                            "serviceType": "API", "configuration": {"port": 8080, "share": 0.1}}),
            ("RecordMetric", {"name": "latency", "value": turn / 7, "unit": "ms", "source": project, "tags": {"turn": turn}}),
            ("RenameProject", {"projectId": project, "name": f"Renamed {turn}"}),
            ("ConfigureService", {"projectId": project, "serviceId": service, "configuration": {"port": turn}}),
            ("RecordMetric", {"name": "requests", "value": turn, "unit": "1", "source": project}),
            ("DescribeProject", {"projectId": project, "description": f"turn {turn}"})]
    if turn % 5 == 0:
        life.append(("RemoveService", {"projectId": project, "serviceId": service}))
    if turn % 7 == 0:
        life.append(("DeleteProject", {"projectId": project}))
    return life


class Load:
    def __init__(self, suite, commands, threads=8, seconds=600, instances=("command-svc",), life=ordinary_life,
                 every=0.0):
        """instances: those of command-svc that the clients use; life: the commands of one project; every: seconds from
        one command of a client to its next, at least."""
        self.suite = suite
        self.instances = instances
        self.life = life
        self.every = every
        self.commands = commands
        self.deadline = time.monotonic() + seconds
        self.acknowledged = []  # (command id, status, event ids)
        self.errors = []
        self.retries = 0
        self.lock = threading.Lock()
        self.enough = threading.Event()
        share = commands // threads
        self.threads = [threading.Thread(target=self._run, args=(number, share), daemon=True) for number in range(threads)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def count(self):
        with self.lock:
            return len(self.acknowledged)

    def join(self):
        for thread in self.threads:
            thread.join(max(0.0, self.deadline - time.monotonic()) + 30)
        if any(thread.is_alive() for thread in self.threads):
            raise AssertionError("the load does not end")
        if self.errors:
            raise AssertionError(f"{len(self.errors)} commands failed, the first: {self.errors[0]}")

    def stop(self):
        """Enough: no client begins another command. Wait for those that are on their way, as in join()."""
        self.enough.set()
        self.join()

    def _script(self, number, share):
        """The commands of one client: one project after another."""
        sent = 0
        turn = 0
        while sent < share:
            turn += 1
            project = f"p-{number}-{turn}-{uuid.uuid4()}"
            for command in self.life(project, turn)[:share - sent]:
                if self.enough.is_set():
                    return
                yield command
                sent += 1

    def _run(self, number, share):
        client = Client(self.suite, token("load", "Admin"), self.instances, number)
        try:
            for name, payload in self._script(number, share):
                due = time.monotonic() + self.every
                status, body, retries = client.send(name, payload, self.deadline)
                with self.lock:
                    self.retries += retries
                    if status in (200, 201):
                        self.acknowledged.append((body["commandId"], status, [e["eventId"] for e in body["events"]]))
                    else:
                        self.errors.append((name, payload, status, body))
                time.sleep(max(0.0, due - time.monotonic()))
        except Exception as error:  # pylint: disable=broad-except
            with self.lock:
                self.errors.append((number, repr(error)))
        finally:
            client.close()

    def check_acknowledged(self, others=frozenset()):
        """Every acknowledged command has its events in the store, exactly once, and nothing else is there but the events
        of other commands, which the caller names."""
        stored = {}
        for command, event in self.suite.sql("SELECT metadata::json ->> 'commandId', event_id FROM event_store.events "
                                             "ORDER BY aggregate_type, aggregate_id, event_sequence"):
            stored.setdefault(command, []).append(event)
        wrong = [(command, events, stored.get(command)) for command, _, events in self.acknowledged
                 if stored.get(command, []) != events]
        if wrong:
            raise AssertionError(f"{len(wrong)} acknowledged commands differ from the store, the first: {wrong[0]}")
        known = {command for command, _, _ in self.acknowledged}
        strange = [command for command in stored if command not in known and command not in others]
        if strange:
            raise AssertionError(f"{len(strange)} commands in the store were never answered, the first: {strange[0]}")


class Client:
    """One keep-alive connection; a broken one is opened again, to the next instance where there are several."""

    def __init__(self, suite, bearer, instances=("command-svc",), number=0):
        self.ports = [suite.ports[instance] for instance in instances]
        self.turn = number
        self.bearer = bearer
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None
            self.turn += 1

    def connect(self):
        if not self.connection:
            port = self.ports[self.turn % len(self.ports)]
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        return self.connection

    def send(self, name, payload, deadline):
        key = str(uuid.uuid4())
        body = json.dumps(payload).encode()
        retries = 0
        while True:
            try:
                self.connect().request("POST", f"/v1/commands/{name}", body,
                                       {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json",
                                        "Idempotency-Key": key})
                response = self.connection.getresponse()
                text = response.read()
                if response.status != 503:
                    return response.status, json.loads(text), retries
            except (OSError, http.client.HTTPException, ValueError):
                self.close()
            if time.monotonic() > deadline:
                raise AssertionError(f"no answer for {name}")
            retries += 1
            time.sleep(0.05)
