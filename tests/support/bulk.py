"""A client of POST /v1/commands that writes lines and reads answers at the same time, over a socket of its own, so
that a test can also be slow, silent or gone."""

import json
import socket
import threading

from suite import token


def line(name, payload, **members):
    return json.dumps({"type": name, **members, "payload": payload}).encode() + b"\n"


class Bulk:
    """with Bulk(suite) as bulk: bulk.send(…); bulk.answer(); bulk.end()"""

    def __init__(self, suite, bearer=None, name="command-svc", headers="", timeout=60, receive_bytes=None):
        self.socket = socket.socket()
        self.socket.settimeout(timeout)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(("127.0.0.1", suite.ports[name]))
        self.file = self.socket.makefile("rb")
        self.rest = b""
        self.status = None
        self.headers = {}
        self.send_raw(f"POST /v1/commands HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n{headers}"
                      f"Authorization: Bearer {bearer or token('bulk', 'Admin')}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, *lines):
        data = b"".join(lines)
        self.send_raw(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.send_raw(b"0\r\n\r\n")

    def read_head(self):
        first = self.file.readline()
        if not first:
            raise ConnectionError("no answer")
        self.status = int(first.split()[1])
        for text in iter(self.file.readline, b"\r\n"):
            name, value = text.decode().split(":", 1)
            self.headers[name.lower()] = value.strip()

    def _chunk(self):
        size = int(self.file.readline() or b"-1", 16)
        if size < 0:
            raise ConnectionError("the answer is cut off")
        data = self.file.read(size + 2)
        if len(data) != size + 2:
            raise ConnectionError("the answer is cut off")
        return data[:-2]

    def answer(self):
        """The next answer; None behind the last one."""
        if self.status is None:
            self.read_head()
        while b"\n" not in self.rest:
            chunk = self._chunk()
            if not chunk:
                assert not self.rest, self.rest
                return None
            self.rest += chunk
        text, self.rest = self.rest.split(b"\n", 1)
        return json.loads(text)

    def answers(self):
        return list(iter(self.answer, None))


def exchange(suite, lines, size=200, **options):
    """Send lines and read answers at the same time; what was answered until the end, or until the connection broke."""
    answers = []
    try:
        bulk = Bulk(suite, **options)
    except OSError:  # broken already
        return answers
    with bulk:
        def send():
            try:
                for at in range(0, len(lines), size):
                    bulk.send(*lines[at:at + size])
                bulk.end()
            except OSError:
                pass  # the reader sees it, too

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        try:
            for answer in iter(bulk.answer, None):
                answers.append(answer)
        except (OSError, ValueError):
            pass
        bulk.socket.close()
        sender.join(60)
    return answers
