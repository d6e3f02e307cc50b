"""What stands in a topic, read with kcat."""

import json
import subprocess


def read_topic(suite, topic):
    """All messages that are there now, in order within each partition: dicts with partition, offset, key, headers (a
    dict), payload (text, or None)."""
    done = subprocess.run(["kcat", "-C", "-b", suite.brokers, "-t", topic, "-o", "beginning", "-e", "-q", "-J"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(f"kcat {topic}: {done.stderr}")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    for message in messages:
        pairs = message.get("headers") or []
        message["headers"] = dict(zip(pairs[::2], pairs[1::2]))
    return messages


def produce(suite, topic, partition, value, key=None, headers=()):
    """One message: @value are bytes, @headers pairs of text."""
    arguments = [item for name, text in headers for item in ("-H", f"{name}={text}")] + (["-k", key] if key else [])
    subprocess.run(["kcat", "-b", suite.brokers, "-P", "-t", topic, "-p", str(partition), "-D", "\\0\\0\\0", *arguments],
                   input=value, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def produce_again(suite, topic, message):
    """A message of read_topic(), at the end of its partition, as it was."""
    produce(suite, topic, message["partition"], message["payload"].encode(), message["key"], message["headers"].items())
