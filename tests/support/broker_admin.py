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


def abort_transaction(suite, topic, partition):
    """A message that nobody gets, and behind it the mark that says so: what a transaction leaves that is taken back."""
    kafka = ctypes.CDLL("librdkafka.so.1")
    for function in ("conf_new", "new", "init_transactions", "begin_transaction", "abort_transaction"):
        getattr(kafka, f"rd_kafka_{function}").restype = ctypes.c_void_p
    conf = ctypes.c_void_p(kafka.rd_kafka_conf_new())
    for name, value in (("bootstrap.servers", suite.brokers), ("transactional.id", "tests"), ("broker.address.family", "v4")):
        kafka.rd_kafka_conf_set(conf, name.encode(), value.encode(), None, ctypes.c_size_t(0))
    client = ctypes.c_void_p(kafka.rd_kafka_new(0, conf, None, ctypes.c_size_t(0)))
    failures = [kafka.rd_kafka_init_transactions(client, 60000), kafka.rd_kafka_begin_transaction(client)]
    topic_handle = _topic(kafka, client, topic)
    failures.append(kafka.rd_kafka_produce(topic_handle, ctypes.c_int32(partition), 2, b"taken back", ctypes.c_size_t(10),
                                           None, ctypes.c_size_t(0), None))
    failures.append(kafka.rd_kafka_flush(client, 60000))
    failures.append(kafka.rd_kafka_abort_transaction(client, 60000))
    kafka.rd_kafka_topic_destroy(topic_handle)
    kafka.rd_kafka_destroy(client)
    if any(failures):
        raise AssertionError(f"no transaction was aborted: {failures}")


def _topic(kafka, client, name):
    kafka.rd_kafka_topic_new.restype = ctypes.c_void_p
    return ctypes.c_void_p(kafka.rd_kafka_topic_new(client, name.encode(), None))
