"""What tests ask of the broker itself."""

import ctypes
import json
import subprocess


def _ask(suite):
    """The broker's own tools are not among what is fetched, so librdkafka is asked: the library, a client and a queue."""
    kafka = ctypes.CDLL("librdkafka.so.1")
    for function in ("conf_new", "new", "queue_new", "DeleteTopic_new", "NewTopic_new", "queue_poll"):
        getattr(kafka, f"rd_kafka_{function}").restype = ctypes.c_void_p
    conf = ctypes.c_void_p(kafka.rd_kafka_conf_new())
    kafka.rd_kafka_conf_set(conf, b"bootstrap.servers", suite.brokers.encode(), None, ctypes.c_size_t(0))
    kafka.rd_kafka_conf_set(conf, b"log_level", b"0", None, ctypes.c_size_t(0))
    client = ctypes.c_void_p(kafka.rd_kafka_new(0, conf, None, ctypes.c_size_t(0)))
    return kafka, client, ctypes.c_void_p(kafka.rd_kafka_queue_new(client))


def partitions(suite, name):
    """How many a topic has; 0: it is not there."""
    done = subprocess.run(["kcat", "-L", "-J", "-b", suite.brokers], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=True)
    return next((len(topic["partitions"]) for topic in json.loads(done.stdout)["topics"] if topic["topic"] == name), 0)


def create_topic(suite, name, count, **settings):
    kafka, client, queue = _ask(suite)
    topic = ctypes.c_void_p(kafka.rd_kafka_NewTopic_new(name.encode(), count, 1, None, ctypes.c_size_t(0)))
    for setting, value in settings.items():
        kafka.rd_kafka_NewTopic_set_config(topic, setting.replace("_", ".").encode(), value.encode())
    topics = (ctypes.c_void_p * 1)(topic.value)
    kafka.rd_kafka_CreateTopics(client, topics, ctypes.c_size_t(1), None, queue)
    if not kafka.rd_kafka_queue_poll(queue, 60000):
        raise AssertionError(f"{name} was not created")


def delete_topic(suite, name):
    kafka, client, queue = _ask(suite)
    topics = (ctypes.c_void_p * 1)(kafka.rd_kafka_DeleteTopic_new(name.encode()))
    kafka.rd_kafka_DeleteTopics(client, topics, ctypes.c_size_t(1), None, queue)
    if not kafka.rd_kafka_queue_poll(queue, 60000):
        raise AssertionError(f"{name} was not deleted")
