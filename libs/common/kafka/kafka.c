#include "common/kafka/kafka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/kafka/kafka_client.h"

#define PURGE_TIMEOUT_MS 1000

/* Longer than making a group takes: a part of it that was sent ahead would keep the rest waiting until it is
 * acknowledged, and librdkafka spins meanwhile. */
#define GROUP_LINGER_MS "100"

static const char *const common_settings[][2] = {
        { "broker.address.family", "v4" },
        { "socket.nagle.disable", "true" },
        { "socket.keepalive.enable", "true" },
        { "reconnect.backoff.ms", "50" },
        { "reconnect.backoff.max.ms", "1000" },
        { "allow.auto.create.topics", "false" },
        { "log_level", "3" }, /* errors reach us as errors */
        { NULL, NULL },
};

/* What keeps order and loses nothing; the store holds the event, so the broker may take its time. */
static const char *const producer_settings[][2] = {
        { "enable.idempotence", "true" },
        { "acks", "all" },
        { "compression.codec", "lz4" },
        { "message.timeout.ms", "0" },
        { "message.max.bytes", "8388608" },
        { "batch.size", "1000000" },
        { "partitioner",
          "murmur2_random" }, /* by key, as Java's clients do, where nobody names a partition */
        /* Beyond, the sender waits: what waits for a broker that is away must not eat the memory. */
        { "queue.buffering.max.kbytes", "65536" },
        { "topic.metadata.refresh.interval.ms", "60000" },
        { NULL, NULL },
};

static void ignore_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
}

ErrorCode kafka_settings_apply(rd_kafka_conf_t *conf, const char *const (*settings)[2], Error *err)
{
        char text[256];

        for (; (*settings)[0]; settings++)
                if (rd_kafka_conf_set(conf, (*settings)[0], (*settings)[1], text, sizeof text))
                        return error_set(err, ERROR_INTERNAL, "%s", text);
        return ERROR_NONE;
}

ErrorCode kafka_conf_new(rd_kafka_conf_t **ret, const char *brokers, const char *client_id,
                         Error *err)
{
        const char *const own[][2] = { { "bootstrap.servers", brokers },
                                       { "client.id", client_id },
                                       { NULL, NULL } };
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        ErrorCode code;

        rd_kafka_conf_set_log_cb(conf, ignore_log);
        code = kafka_settings_apply(conf, common_settings, err);
        if (!code)
                code = kafka_settings_apply(conf, own, err);
        if (code) {
                rd_kafka_conf_destroy(conf);
                return code;
        }
        *ret = conf;
        return ERROR_NONE;
}

ErrorCode kafka_client_new(rd_kafka_t **ret, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                           Error *err)
{
        char text[256];

        *ret = rd_kafka_new(type, conf, text, sizeof text);
        if (*ret)
                return ERROR_NONE;
        rd_kafka_conf_destroy(conf);
        return error_set(err, ERROR_INTERNAL, "could not make a Kafka client: %s", text);
}

static ErrorCode new_producer(rd_kafka_t **ret, const char *brokers, const char *client_id,
                              const char *linger_ms, KafkaDelivery delivered, void *opaque,
                              Error *err)
{
        const char *const linger[][2] = { { "linger.ms", linger_ms }, { NULL, NULL } };
        rd_kafka_conf_t *conf;
        ErrorCode code = kafka_conf_new(&conf, brokers, client_id, err);

        if (code)
                return code;
        code = kafka_settings_apply(conf, producer_settings, err);
        if (!code)
                code = kafka_settings_apply(conf, linger, err);
        if (code) {
                rd_kafka_conf_destroy(conf);
                return code;
        }
        rd_kafka_conf_set_opaque(conf, opaque);
        rd_kafka_conf_set_dr_msg_cb(conf, delivered);
        return kafka_client_new(ret, RD_KAFKA_PRODUCER, conf, err);
}

ErrorCode kafka_producer_new(rd_kafka_t **ret, const char *brokers, const char *client_id,
                             KafkaDelivery delivered, void *opaque, Error *err)
{
        return new_producer(ret, brokers, client_id, "0", delivered, opaque, err);
}

ErrorCode kafka_group_producer_new(rd_kafka_t **ret, const char *brokers, const char *client_id,
                                   KafkaDelivery delivered, void *opaque, Error *err)
{
        return new_producer(ret, brokers, client_id, GROUP_LINGER_MS, delivered, opaque, err);
}

void kafka_producer_free(rd_kafka_t *producer)
{
        if (!producer)
                return;
        (void)rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        (void)rd_kafka_flush(producer,
                             PURGE_TIMEOUT_MS); /* serves the reports of what was purged */
        rd_kafka_destroy(producer);
}

bool kafka_is_refusal(rd_kafka_resp_err_t fault)
{
        switch (fault) {
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: /* a name that cannot be used */
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
                return true;
        default:
                return false;
        }
}

bool kafka_ready(rd_kafka_t *client, int timeout_ms)
{
        const struct rd_kafka_metadata *metadata = NULL;
        bool ready = rd_kafka_metadata(client, 0, NULL, &metadata, timeout_ms) == 0;

        if (ready)
                rd_kafka_metadata_destroy(metadata);
        return ready;
}
