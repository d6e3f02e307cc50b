"""What tests ask of the broker itself."""

import ctypes


def delete_topic(suite, name):
    """The broker's own tools are not among what is fetched, so librdkafka is asked."""
    kafka = ctypes.CDLL("librdkafka.so.1")
    for function in ("conf_new", "new", "queue_new", "DeleteTopic_new", "queue_poll"):
        getattr(kafka, f"rd_kafka_{function}").restype = ctypes.c_void_p
    conf = ctypes.c_void_p(kafka.rd_kafka_conf_new())
    kafka.rd_kafka_conf_set(conf, b"bootstrap.servers", suite.brokers.encode(), None, ctypes.c_size_t(0))
    client = ctypes.c_void_p(kafka.rd_kafka_new(0, conf, None, ctypes.c_size_t(0)))
    queue = ctypes.c_void_p(kafka.rd_kafka_queue_new(client))
    topics = (ctypes.c_void_p * 1)(kafka.rd_kafka_DeleteTopic_new(name.encode()))
    kafka.rd_kafka_DeleteTopics(client, topics, ctypes.c_size_t(1), None, queue)
    if not kafka.rd_kafka_queue_poll(queue, 60000):
        raise AssertionError(f"{name} was not deleted")
