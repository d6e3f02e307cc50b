#!/usr/bin/env python3
"""kill -9 of each of the three services in turn, and of the broker, during a load of 5,000 commands. Afterwards every
acknowledged command has its events exactly once, positions are 1…n in store and topic, and every view equals a
fresh fold of the events."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from load import Load  # noqa: E402
from suite import Suite, wait_until  # noqa: E402

COMMANDS = 5000


def main():
    with Suite() as suite:
        load = Load(suite, COMMANDS).start()
        for turn, name in enumerate(("command-svc", "projector-svc", "query-svc", "kafka", "command-svc", "projector-svc")):
            goal = (turn + 1) * COMMANDS // 8
            wait_until(f"{goal} commands are acknowledged", lambda goal=goal: load.count() >= goal or load.errors, 120)
            print(f"# kill -9 {name} after {load.count()} commands", flush=True)
            suite.kill(name)
            if name == "kafka":
                suite.start_kafka()
            else:
                suite.start(name)
        load.join()
        print(f"# {load.count()} commands acknowledged, {load.retries} sent again", flush=True)
        if load.count() != COMMANDS:
            raise AssertionError(f"{load.count()} of {COMMANDS} commands acknowledged")
        load.check_acknowledged()
        print("#", suite.verify(), flush=True)
    print("1..1\nok 1 - nothing lost, doubled or reordered")


main()
