"""Sends commands over a few kept-alive connections; the commands of one list stay in their order."""

import collections
import http.client
import json
import queue
import threading
import time
import urllib.parse
import uuid

RETRY_SECONDS = 60


class Refused(Exception):
    """A command was answered with something that sending it again cannot change."""


class Sender:
    def __init__(self, url, token, connections):
        self.address = urllib.parse.urlsplit(url)
        self.token = token
        self.connections = connections
        self.lists = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.acknowledged = collections.Counter()  # by command type
        self.events = 0
        self.retries = 0
        self.milliseconds = []
        self.error = None

    def send(self, lists, progress):
        """Send all lists of (type, payload); progress(number) is called now and then."""
        for commands in lists:
            self.lists.put(commands)
        threads = [threading.Thread(target=self.work, daemon=True) for _ in range(self.connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.1)
                progress(len(self.milliseconds))
        if self.error:
            raise self.error

    def work(self):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=30)
        try:
            while not self.error:
                for kind, payload in self.lists.get_nowait():
                    self.command(connection, kind, json.dumps(payload).encode())
        except queue.Empty:
            pass
        except Exception as error:  # told by send(), on the main thread
            self.error = error
        finally:
            connection.close()

    def command(self, connection, kind, body):
        """Send one command until it is acknowledged: the key makes sending it twice harmless."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        start = time.monotonic()
        pause = 0.02
        while True:
            try:
                connection.request("POST", f"/v1/commands/{kind}", body, headers)
                response = connection.getresponse()
                text = response.read()
                if response.status in (200, 201):
                    break
                problem = f"{kind}: {response.status} {text.decode(errors='replace')}"
                if response.status not in (429, 503):
                    raise Refused(problem)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                problem = f"{kind}: {error or type(error).__name__}"
            if time.monotonic() - start > RETRY_SECONDS:
                raise Refused(f"{problem} (for {RETRY_SECONDS} s)")
            with self.lock:
                self.retries += 1
            time.sleep(pause)
            pause = min(pause * 2, 1)
        elapsed = (time.monotonic() - start) * 1000
        events = len(json.loads(text)["events"])
        with self.lock:
            self.acknowledged[kind] += 1
            self.events += events
            self.milliseconds.append(elapsed)
