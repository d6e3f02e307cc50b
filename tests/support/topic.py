"""What stands in a topic, read with kcat."""

import json
import subprocess


def read_topic(suite, topic):
    """All messages that are there now, in order within each partition: dicts with partition, offset, key, headers (a
    dict), payload (text, or None)."""
    done = subprocess.run(["kcat", "-C", "-b", suite.brokers, "-t", topic, "-o", "beginning", "-e", "-q", "-J"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(f"kcat {topic}: {done.stderr}")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    for message in messages:
        pairs = message.get("headers") or []
        message["headers"] = dict(zip(pairs[::2], pairs[1::2]))
    return messages
