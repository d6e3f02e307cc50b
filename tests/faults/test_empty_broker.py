#!/usr/bin/env python3
"""The embedded broker forgets everything when it stops. Stop it, start it empty, go on: no view loses an event, with
the projector running and with the projector away while the broker forgot what it had not read yet."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, wait_until  # noqa: E402


def behind(suite):
    """Events that some view has not applied."""
    return int(suite.sql("""SELECT coalesce(sum(greatest(l.last_position - c.position, 0)), 0)
                            FROM read.checkpoint c JOIN event_store.logs l USING (aggregate_type, partition)""")[0][0])


def unpublished(suite):
    return int(suite.sql("""SELECT coalesce(sum(l.last_position - p.published), 0) FROM event_store.logs l
                            JOIN event_store.publications p USING (aggregate_type, partition)""")[0][0])


class EmptyBroker(unittest.TestCase):
    def test_a_broker_that_forgets_loses_nothing(self):
        with Suite(broker="embedded") as suite:
            Load(suite, 400).start().join()
            wait_until("the views have caught up", lambda: behind(suite) == 0)

            # Published, but read by nobody: only the store still has these events.
            suite.terminate("projector-svc")
            Load(suite, 200).start().join()
            wait_until("everything is published", lambda: unpublished(suite) == 0)
            suite.kill("kafka")
            suite.start_kafka()
            suite.start("projector-svc")
            wait_until("the views were filled from the store", lambda: behind(suite) == 0)

            # And under load, everything running.
            load = Load(suite, 400).start()
            wait_until("the load runs", lambda: load.count() > 100 or load.errors)
            suite.kill("kafka")
            suite.start_kafka()
            load.join()
            wait_until("the views have caught up", lambda: behind(suite) == 0)
            report = suite.verify(views_only=True)
            print("#", report["views"], flush=True)
            self.assertTrue(report["ok"])


if __name__ == "__main__":
    tap.main()
