#!/usr/bin/env python3
"""kill -9 of each of the three services in turn, and of the broker, during a load of 5,000 commands. Afterwards every
acknowledged command has its events exactly once, positions are 1…n in store and topic, and every view equals a
fresh fold of the events."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, wait_until  # noqa: E402

COMMANDS = 5000
VICTIMS = ("command-svc", "projector-svc", "query-svc", "command-svc", "projector-svc", "kafka")


class Kill(unittest.TestCase):
    def test_nothing_is_lost_doubled_or_reordered(self):
        with Suite() as suite:
            load = Load(suite, COMMANDS).start()
            for turn, name in enumerate(VICTIMS):
                goal = (turn + 1) * COMMANDS // (len(VICTIMS) + 2)
                wait_until(f"{goal} commands are acknowledged", lambda goal=goal: load.count() >= goal or load.errors)
                print(f"# kill -9 {name} after {load.count()} commands", flush=True)
                suite.kill(name)
                if name == "kafka":
                    suite.start_kafka()
                else:
                    suite.start(name)
            load.join()
            print(f"# {load.count()} commands acknowledged, {load.retries} sent again", flush=True)
            self.assertEqual(load.count(), COMMANDS)
            load.check_acknowledged()
            report = suite.verify()
            print("#", report["views"], flush=True)
            self.assertTrue(report["ok"])


if __name__ == "__main__":
    tap.main()
