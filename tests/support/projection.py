"""What must hold whatever was done to projector-svc, once the load rests: positions are 1…n in store and topics, every
view is a fresh fold of the events, its change feed is complete and right, and nothing was parked or left out."""

import changes
from suite import wait_until

VIEWS = ("project", "service", "metric")


def progress(suite):
    """How many events the views have applied, all together."""
    return int(suite.sql("SELECT coalesce(sum(position), 0) FROM read.checkpoint")[0][0])


def published(suite):
    """How many changes were brought to Kafka, all views together."""
    return int(suite.sql("SELECT coalesce(sum(published), 0) FROM read.change_position")[0][0])


def count(suite, instances, metric):
    """What instances count under a metric, all labels together."""
    total = 0
    for name in instances:
        for line in suite.request(name, "GET", "/metrics")[2].decode().splitlines():
            if line.split("{")[0].split(" ")[0] == metric:
                total += int(float(line.split()[-1]))
    return total


def await_caught_up(suite, seconds=120):
    wait_until("the views have all events of the store", lambda: suite.sql(
        "SELECT count(*) FROM event_store.logs l JOIN read.checkpoint c USING (aggregate_type, partition) "
        "WHERE c.position < l.last_position") == [["0"]], seconds)


def check(suite, loads=(), others=frozenset(), views_only=False, switched=(), note=""):
    """All of it. @loads: everybody who has sent commands; @others: those of other origin. @views_only: the topics of events hold
    more than they should. @switched: views whose feed began anew, because another version has taken over."""
    known = {command for load in loads for command, _, _ in load.acknowledged} | others
    for load in loads:
        load.check_acknowledged(known)
    if not suite.verify(views_only=views_only)["ok"]:
        raise AssertionError("skafuctl verify")
    for table in ("parked", "dropped"):
        rows = suite.sql(f"SELECT * FROM projection.{table}")
        if rows:
            raise AssertionError(f"{len(rows)} rows in projection.{table}, the first: {rows[0]}")
    counts = []
    for view in VIEWS:
        feed = changes.check(suite, view)
        if not feed.rows or feed.kinds.get("reset") != 1 + switched.count(view):
            raise AssertionError(f"{view}: {len(feed.rows)} rows, {feed.kinds}")
        counts.append(f"{view} {len(feed.changes)} changes, {feed.repeats} repeats")
    print(f"# {note}{sum(len(load.acknowledged) for load in loads)} commands; {'; '.join(counts)}", flush=True)
