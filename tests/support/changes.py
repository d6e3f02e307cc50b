"""Check a view's change feed after whatever has happened: the topic against the table and the rows.

What is checked: every change position from 1 on was published; repeats are the same, and each Kafka partition rises
but for repeats; each change's old image is the new image of the change before it; what is left at the end is exactly the
view's rows; a delete has its tombstone.
"""

import json
import subprocess

from suite import wait_until


class Feed:
    """What a reader of the topic has at its end."""

    def __init__(self):
        self.changes = {}  # by position: the message's value, parsed
        self.texts = {}  # by position: the value as it came
        self.rows = {}  # by (id, aggregate id): the image
        self.repeats = 0
        self.kinds = {}


def read_topic(suite, topic):
    """All messages, by partition and offset."""
    done = subprocess.run(["kcat", "-C", "-b", suite.brokers, "-t", topic, "-e", "-q", "-J", "-X", "auto.offset.reset=earliest"],
                          capture_output=True, text=True, check=True)
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return sorted(messages, key=lambda message: (message["partition"], message["offset"]))


def last_published(suite, view, prefix="skafu"):
    """The highest change that the topic has, 0 when it has none or is not there yet."""
    topic = f"{prefix}.{view}.changes"
    topics = json.loads(subprocess.run(["kcat", "-L", "-b", suite.brokers, "-J"], capture_output=True, text=True, check=True).stdout)
    if topic not in {known["topic"] for known in topics["topics"]}:
        return 0
    return max((int(header(message, "skafu-change")) for message in read_topic(suite, topic)), default=0)


def header(message, name):
    names = message.get("headers", [])
    return names[names.index(name) + 1] if name in names else None


def key_of(change):
    def escape(text):
        return text.replace("%", "%25").replace("/", "%2F")

    if change["change"] == "reset":
        return "%reset"
    own = change["id"] == change["aggregateId"]
    return escape(change["id"]) if own else escape(change["aggregateId"]) + "/" + escape(change["id"])


def _note(feed, message, partition_of):
    position = int(header(message, "skafu-change"))
    if message["payload"] is None:
        assert feed.changes[position]["change"] == "deleted", f"a tombstone for change {position}"
        assert key_of(feed.changes[position]) == message["key"]
        return position, True
    change = json.loads(message["payload"])
    assert change["changePosition"] == position, message
    assert key_of(change) == message["key"], message
    if change["change"] != "reset":
        assert partition_of.setdefault(message["key"], message["partition"]) == message["partition"], message
    if position in feed.texts:
        assert feed.texts[position] == message["payload"], f"change {position} is another one the second time: " \
            f"{feed.texts[position]} and {message['payload']}"
        feed.repeats += change["change"] != "reset"
    feed.texts[position] = message["payload"]
    feed.changes[position] = change
    return position, False


def _apply(feed, change):
    feed.kinds[change["change"]] = feed.kinds.get(change["change"], 0) + 1
    if change["change"] == "reset":
        feed.rows = {}
        return
    key = (change["id"], change["aggregateId"])
    before, after = change["old"], change["new"]
    assert feed.rows.get(key) == before, f"change {change['changePosition']}: old image {before}, but it was {feed.rows.get(key)}"
    assert before != after, change
    expected = "created" if before is None else "deleted" if after is None else "updated"
    assert change["change"] == expected, change
    assert after is not None or change["aggregateId"], f"{change}: rows of no aggregate stay"
    if after is None:
        del feed.rows[key]
    else:
        feed.rows[key] = after


def read_feed(suite, view, prefix="skafu"):
    """Fold the topic; fails where it contradicts itself."""
    feed, partition_of, last, deleted = Feed(), {}, {}, {}
    for message in read_topic(suite, f"{prefix}.{view}.changes"):
        position, tombstone = _note(feed, message, partition_of)
        highest = last.get(message["partition"], 0)
        assert position >= highest or position in feed.texts, f"{message} behind change {highest}"
        last[message["partition"]] = max(position, highest)
        if tombstone:
            deleted[position] = True
    for position in range(1, max(feed.changes, default=0) + 1):
        assert position in feed.changes, f"{view}: change {position} was never published"
        change = feed.changes[position]
        _apply(feed, change)
        assert change["change"] != "deleted" or position in deleted, f"no tombstone for change {position}"
    return feed


def await_published(suite, view, seconds=120):
    """Until all committed changes are noted as published; how many there are."""
    def done():
        rows = suite.sql(f"SELECT position, published FROM read.change_position WHERE view = '{view}'")
        return rows and rows[0][0] == rows[0][1] and rows[0]
    return int(wait_until(f"all changes of view {view} are published", done, seconds)[0])


def check(suite, view, prefix="skafu"):
    """The whole check, once the view is at rest."""
    n = await_published(suite, view)
    feed = read_feed(suite, view, prefix)
    assert max(feed.changes, default=0) == n, f"{view}: {n} changes are committed, {max(feed.changes, default=0)} in the topic"
    schema = suite.sql(f"SELECT schema_name FROM projection.views WHERE view = '{view}' AND live")[0][0]
    stored = suite.sql(f'SELECT json_build_array(id, aggregate, image::json) FROM {schema}."_images"')
    rows = {(row[0], row[1]): row[2] for row in (json.loads(line[0]) for line in stored)}
    assert feed.rows == rows, f"{view}: {len(feed.rows)} rows from the feed, {len(rows)} stored; they differ in " \
        f"{[key for key in set(rows) | set(feed.rows) if rows.get(key) != feed.rows.get(key)][:5]}"
    return feed
