"""A TCP proxy on loopback that treats connections as bad networks do: it delays, swallows, resets and half-closes
them, on command or when certain bytes have gone by. One thread serves all connections."""

import collections
import selectors
import socket
import struct
import threading
import time

CHUNK = 65536

# What may happen to a connection when the client's bytes have been seen.
LOSE = "lose"  # those bytes reach nobody; both ends are reset
CUT = "cut"  # they are handed to the server, then both ends are reset
CUT_ANSWER = "cut answer"  # both ends are reset when the server's first byte comes back
HALF_CLOSE = "half-close"  # handed over; the client reads an end of file in the place of an answer
MUTE = "mute"  # handed over; nothing the server says comes through any more
FATES = (LOSE, CUT, CUT_ANSWER, HALF_CLOSE, MUTE)


class Way:
    """One direction of a connection: what was read from one end, and when it may go to the other."""

    def __init__(self, source, sink):
        self.source = source
        self.sink = sink
        self.waiting = collections.deque()  # (when it may go, bytes)
        self.ended = False  # the source has said all
        self.shut = False  # and the sink was told
        self.swallows = False


class Link:
    """A client's connection and ours to the server."""

    def __init__(self, client, server):
        self.client = client
        self.server = server
        self.up = Way(client, server)
        self.down = Way(server, client)
        self.fate = None
        self.seen = b""  # for the inspector's own use: what it has to remember of this connection

    def ways(self):
        return (self.up, self.down)


class Proxy:
    """with Proxy(port) as proxy: a client of proxy.port speaks to the server at port.

    inspect(link, data) is called, in the proxy's thread, with all that a client sends; it returns a fate, or None."""

    def __init__(self, target, inspect=None):
        self.target = target
        self.inspect = inspect
        self.delay = 0.0  # seconds that every chunk is held back, both ways
        self.counts = collections.Counter()  # fates that came true, and "connections"
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self._listener.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._orders = collections.deque()
        self._links = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._stopping = False

    # ---- commands, from any thread -------------------------------------------------------------------

    def _order(self, function):
        done = threading.Event()
        self._orders.append((function, done))
        self._wake.send(b"x")
        if not done.wait(60):
            raise AssertionError("the proxy does not answer")

    def each(self, fate):
        """This fate for every connection there is, now."""
        def strike():
            for link in list(self._links):
                self._strike(link, fate)
        self._order(strike)

    def cut(self):
        """Reset every connection there is."""
        self.each(CUT)

    def count(self):
        return len(self._links)

    def __enter__(self):
        for sock in (self._listener, self._woken):
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ, None)
        self._thread.start()
        return self

    def __exit__(self, kind, error, trace):
        def stop():
            self._stopping = True
        self._order(stop)
        self._thread.join(60)
        for link in list(self._links):
            self._reset(link)
        for sock in (self._listener, self._wake, self._woken):
            sock.close()
        self._selector.close()

    # ---- the thread ----------------------------------------------------------------------------------

    def _run(self):
        while not self._stopping:
            for key, events in self._selector.select(self._next_due()):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._woken:
                    self._woken.recv(CHUNK)
                elif key.data in self._links and events & selectors.EVENT_READ:
                    self._read(key.data, key.fileobj)
            while self._orders:
                function, done = self._orders.popleft()
                function()
                done.set()
            for link in list(self._links):
                self._pass_on(link)

    def _next_due(self):
        """Seconds until something held back may go; None when nothing waits for the clock."""
        now = time.monotonic()
        dues = [way.waiting[0][0] - now for link in self._links for way in link.ways() if way.waiting]
        dues = [due for due in dues if due > 0]
        return min(dues) if dues else None

    def _accept(self):
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=60)
        except OSError:
            client.close()
            return
        link = Link(client, server)
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
        self._links.append(link)
        self._watch(link)
        self.counts["connections"] += 1

    def _watch(self, link):
        """Read where the source has not ended; write where something waited too long for the sink."""
        now = time.monotonic()
        for sock in (link.client, link.server):
            out = link.down if sock is link.client else link.up
            into = link.up if sock is link.client else link.down
            wanted = 0 if into.ended else selectors.EVENT_READ
            if out.waiting and out.waiting[0][0] <= now:
                wanted |= selectors.EVENT_WRITE
            known = sock in self._selector.get_map()
            if wanted and known:
                self._selector.modify(sock, wanted, link)
            elif wanted:
                self._selector.register(sock, wanted, link)
            elif known:
                self._selector.unregister(sock)

    def _read(self, link, sock):
        way = link.up if sock is link.client else link.down
        try:
            data = sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self._reset(link)
            return
        if not data:
            way.ended = True
        elif way is link.down and link.fate == CUT_ANSWER:
            self._reset(link)
        elif not way.swallows:
            fate = self.inspect(link, data) if self.inspect and way is link.up else None
            if fate != LOSE:
                way.waiting.append((time.monotonic() + self.delay, data))
            if fate:
                self._strike(link, fate)

    def _pass_on(self, link):
        if link not in self._links:
            return
        try:
            for way in link.ways():
                while way.waiting and way.waiting[0][0] <= time.monotonic():
                    due, data = way.waiting.popleft()
                    sent = way.sink.send(data)
                    if sent < len(data):
                        way.waiting.appendleft((due, data[sent:]))
                if way.ended and not way.waiting and not way.shut:
                    way.shut = True
                    way.sink.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            way.waiting.appendleft((due, data))
        except OSError:
            self._reset(link)
            return
        if link.up.shut and link.down.shut:
            self._close(link)
        elif link.fate == CUT and not link.up.waiting:
            self._reset(link)
        else:
            self._watch(link)

    def _strike(self, link, fate):
        self.counts[fate] += 1
        link.fate = fate
        if fate == LOSE:
            self._reset(link)
        elif fate in (HALF_CLOSE, MUTE):
            link.down.swallows = True
            link.down.waiting.clear()
            link.down.ended = fate == HALF_CLOSE

    def _reset(self, link):
        """No orderly end: whoever reads next gets ECONNRESET."""
        for sock in (link.client, link.server):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._close(link)

    def _close(self, link):
        if link not in self._links:
            return
        self._links.remove(link)
        for sock in (link.client, link.server):
            if sock in self._selector.get_map():
                self._selector.unregister(sock)
            sock.close()
