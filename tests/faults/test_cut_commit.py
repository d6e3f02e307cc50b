#!/usr/bin/env python3
"""Every connection of command-svc to PostgreSQL goes through a proxy that breaks it again and again under load: at
any moment, and above all between the last byte of an append and its answer, when nobody can say whether the COMMIT
came about. What was answered is there, once; nothing else is; positions are 1…n."""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from load import Load  # noqa: E402
from proxy import CUT, CUT_ANSWER, FATES, HALF_CLOSE, LOSE, MUTE, Proxy  # noqa: E402
from suite import ROLES, Suite, wait_until  # noqa: E402

COMMANDS = 1600
APPEND = b"\0append\0"  # Bind: portal "", statement "append"
SYNC = b"S\0\0\0\4"  # the last message of a request
# An append in so many meets one of these.
APPEND_FATES = [CUT] * 4 + [CUT_ANSWER] * 4 + [LOSE] * 2 + [HALF_CLOSE] * 2 + [MUTE]
APPENDS_PER_FATE = 8
CHUNKS_PER_FATE = 150  # anything else that is sent: connecting, reading, leases, notes


class Breaker:
    """Decides what happens to whom, by chance."""

    def __init__(self):
        self.active = False
        self.appends = 0
        self.struck = 0  # appends that met a fate
        self.deck = []  # their next fates: each comes its turn

    def inspect(self, link, data):
        link.seen = (link.seen + data)[-1 << 20:]
        if not link.seen.endswith(SYNC):
            return None
        is_append = APPEND in link.seen
        link.seen = b""
        self.appends += is_append
        if not self.active:
            return None
        if is_append and random.randrange(APPENDS_PER_FATE) == 0:
            self.struck += 1
            if not self.deck:
                self.deck = random.sample(APPEND_FATES, len(APPEND_FATES))
            return self.deck.pop()
        if not is_append and random.randrange(CHUNKS_PER_FATE) == 0:
            return random.choice((LOSE, CUT, CUT_ANSWER, HALF_CLOSE))
        return None


class CutCommit(unittest.TestCase):
    def test_an_unknown_outcome_is_resolved(self):
        breaker = Breaker()
        with Suite(services=()) as suite, Proxy(suite.ports["postgres"], breaker.inspect) as proxy:
            url = suite.pg_url(ROLES["command-svc"], proxy.port)
            suite.start("command-svc", SKAFU_PG_URL=url)
            suite.start("projector-svc")
            load = Load(suite, COMMANDS)

            def reach(goal):
                wait_until(f"{goal} commands are acknowledged", lambda: load.count() >= goal or load.errors)

            # A slow network is slow, and nothing else.
            proxy.delay = 0.01
            load.start()
            reach(200)
            self.assertEqual(load.retries, 0)
            proxy.delay = 0.0

            suite.kill("command-svc")
            suite.start("command-svc", SKAFU_PG_URL=url, SKAFU_COMMAND_TIMEOUT_MS="800")  # a mute connection costs so long
            breaker.active = True
            for goal in range(400, COMMANDS - 100, 200):
                reach(goal)
                proxy.cut()  # all at once, at a moment that has nothing to do with what goes over them
            load.join()
            breaker.active = False
            print(f"# {load.count()} commands acknowledged, {load.retries} sent again; {breaker.appends} appends,",
                  f"{breaker.struck} of them broken; {dict(proxy.counts)}", flush=True)

            self.assertEqual(load.count(), COMMANDS)
            for fate in FATES:
                self.assertGreater(proxy.counts[fate], 0, f"nothing was tested: {fate}")
            load.check_acknowledged()
            self.assertEqual(suite.sql("SELECT count(*), sum(event_count) FROM event_store.commands"),
                             suite.sql(f"SELECT {COMMANDS}, count(*) FROM event_store.events"))
            wait_until("command-svc is ready again", lambda: suite.ready("command-svc"))
            self.assertTrue(suite.verify()["ok"])


if __name__ == "__main__":
    tap.main()
