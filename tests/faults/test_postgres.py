#!/usr/bin/env python3
"""PostgreSQL is killed with kill -9 under load, twice, with commands on their way. What was answered is there, once; what
was not is sent again under its key; the services recover by themselves."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import SERVICES, Suite, wait_until  # noqa: E402


class Postgres(unittest.TestCase):
    def test_a_killed_postgresql_costs_no_command(self):
        with Suite() as suite:
            load = Load(suite, 2000).start()
            for goal in (500, 1200):
                wait_until(f"{goal} commands are acknowledged", lambda goal=goal: load.count() >= goal or load.errors)
                suite.kill("postgres")
                suite.start_postgres()
            load.join()
            print(f"# {load.count()} commands acknowledged, {load.retries} sent again", flush=True)
            self.assertEqual(load.count(), 2000)
            load.check_acknowledged()
            for name in SERVICES:
                wait_until(f"{name} is ready again", lambda name=name: suite.ready(name))
            self.assertTrue(suite.verify()["ok"])


if __name__ == "__main__":
    tap.main()
