#!/usr/bin/env python3
"""What becomes of the topics is no reason to stop publishing: one that is deleted under a running relay is made
again, and raising the number of partitions gives the topics the rest. What is answered before SIGTERM is published
before the end."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from broker_admin import delete_topic  # noqa: E402
from load import Load  # noqa: E402
from suite import Suite, wait_until  # noqa: E402


def unpublished(suite):
    return int(suite.sql("""SELECT coalesce(sum(l.last_position - p.published), 0) FROM event_store.logs l
                            JOIN event_store.publications p USING (aggregate_type, partition)""")[0][0])


def behind(suite):
    return int(suite.sql("""SELECT coalesce(sum(greatest(l.last_position - c.position, 0)), 0)
                            FROM read.checkpoint c JOIN event_store.logs l USING (aggregate_type, partition)""")[0][0])


class Topics(unittest.TestCase):
    def test_partitions_are_added(self):
        with Suite() as suite:
            Load(suite, 200).start().join()
            suite.terminate("command-svc")
            suite.start("command-svc", SKAFU_PARTITIONS="8")
            load = Load(suite, 400).start()
            load.join()
            self.assertTrue(suite.verify()["ok"])
            self.assertGreater(int(suite.sql("SELECT count(DISTINCT partition) FROM event_store.events")[0][0]), 4)

    def test_a_stop_publishes_what_was_answered(self):
        with Suite() as suite:
            for _ in range(20):
                Load(suite, 16, threads=16).start().join()
                suite.terminate("command-svc")
                self.assertEqual(unpublished(suite), 0)
                suite.start("command-svc")

    def test_a_deleted_topic_is_made_again(self):
        with Suite() as suite:
            Load(suite, 200).start().join()
            wait_until("everything is published", lambda: unpublished(suite) == 0)
            delete_topic(suite, "skafu.project.events")
            Load(suite, 200).start().join()
            wait_until("everything is published", lambda: unpublished(suite) == 0, 120)
            wait_until("the views have caught up", lambda: behind(suite) == 0)
            self.assertTrue(suite.verify(views_only=True)["ok"])


if __name__ == "__main__":
    tap.main()
