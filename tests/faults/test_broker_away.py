#!/usr/bin/env python3
"""The broker is away while commands come in: for more than a minute frozen with its connections open, then killed.
Commands are accepted all the same; command-svc stays ready, tells how much waits, and leaves what waits in the store
instead of its memory. Once the broker is back, everything is published in order and the views agree."""

import json
import os
import re
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, wait_until  # noqa: E402

COMMANDS = 2400
FILLER = "x" * 15000  # what waits has to be much more than what may be kept in memory
THREADS = 8
OUTAGE_S = 65  # longer than the minute after which clients of Kafka give up by default
QUEUE_BYTES = 1 << 20
GROWTH_MAX = 12 << 20  # while 20 MB and more wait; the rest is what serving many connections takes


def large_life(project, turn):
    """Of large events alone, nearly."""
    service = f"s-{project}"
    return ([("CreateProject", {"projectId": project, "name": f"Project {turn}"}),
             ("AddService", {"projectId": project, "serviceId": service, "serviceName": "billing", "serviceType": "API",
                             "configuration": {"filler": FILLER}})] +
            [("ConfigureService", {"projectId": project, "serviceId": service,
                                   "configuration": {"filler": FILLER, "turn": turn, "change": change}}) for change in range(10)])


class BrokerAway(unittest.TestCase):
    def setUp(self):
        self.suite = Suite(services=())
        self.suite.__enter__()
        self.addCleanup(self.suite.__exit__, None, None, None)
        self.start_command_svc()
        self.suite.start("projector-svc")

    def start_command_svc(self):
        self.suite.start("command-svc", SKAFU_RELAY_QUEUE_BYTES_MAX=str(QUEUE_BYTES))

    def broker(self):
        """What /readyz says: is the broker there, and how many events wait for it."""
        status, _, text = self.suite.request("command-svc", "GET", "/readyz")
        self.assertEqual(status, 200, text)
        detail = json.loads(text)["checks"]["kafka"]["detail"]
        return "cannot be reached" not in detail, int(re.search(r"(\d+) events wait", detail)[1])

    def unpublished(self):
        """Events, and their bytes."""
        row = self.suite.sql("""SELECT count(*), sum(length(e.event_data)) FROM event_store.events e
                                JOIN event_store.publications p USING (aggregate_type, partition)
                                WHERE e.position > p.published""")[0]
        return int(row[0]), int(row[1] or 0)

    def while_away(self, load, goal):
        """Wait until so many commands were taken and command-svc has noticed; the most memory that it had."""
        most = 0

        def noticed():
            nonlocal most
            self.assertFalse(load.errors, load.errors[:1])
            most = max(most, self.suite.memory("command-svc"))
            there, waiting = self.broker()
            return load.count() >= goal and not there and waiting

        waiting = wait_until("commands are taken, and the broker is missed", noticed, 5 * OUTAGE_S)
        events, size = self.unpublished()
        print(f"# {load.count()} commands acknowledged; {waiting} events wait, {size >> 20} MiB", flush=True)
        self.assertGreater(waiting, events / 2)
        self.assertEqual(load.retries, 0)
        return most, size

    def test_commands_do_not_wait_for_the_broker(self):
        suite = self.suite
        loads = [Load(suite, commands, THREADS, life=large_life, every=every)
                 for commands, every in ((240, 0), (COMMANDS, OUTAGE_S * THREADS / COMMANDS), (240, 0))]
        loads[0].start().join()
        wait_until("nothing waits", lambda: self.broker() == (True, 0))
        before = suite.memory("command-svc")

        loads[1].start()
        wait_until("the load runs", lambda: loads[1].count() > 16 or loads[1].errors)
        suite.signal("kafka", signal.SIGSTOP)
        away_since = time.monotonic()
        most, size = self.while_away(loads[1], COMMANDS)
        print(f"# memory of command-svc: {before >> 20} MiB before, {most >> 20} MiB at most", flush=True)
        self.assertGreater(size, 20 << 20)
        if "ASAN_OPTIONS" not in os.environ:  # a sanitizer keeps what was freed: its memory says nothing
            self.assertLess(most - before, GROWTH_MAX)
        self.assertGreater(time.monotonic() - away_since, 60)
        suite.signal("kafka", signal.SIGCONT)
        wait_until("the broker is noticed", lambda: self.broker()[0])

        suite.kill("kafka")
        loads[2].start()
        self.while_away(loads[2], 240)
        suite.kill("command-svc")
        self.start_command_svc()
        wait_until("a new command-svc knows what waits", lambda: self.broker() == (False, self.unpublished()[0]))
        suite.start_kafka()

        for load in loads:
            load.join()
            load.check_acknowledged({command for other in loads for command, _, _ in other.acknowledged})
        report = suite.verify()
        print("#", sum(topic["repeats"] for topic in report["topics"]), "published again", report["views"], flush=True)
        self.assertTrue(report["ok"])


if __name__ == "__main__":
    tap.main()
