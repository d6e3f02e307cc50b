#include "change_topic.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/clock.h"

#define TIMEOUT_MS    5000
#define LOOK_EVERY_US (50 * US_PER_MS)

ErrorCode change_topic_ensure(ChangeTopic *topic, const ProjectorConfig *config, rd_kafka_t *client,
                              Error *err)
{
        int64_t deadline_us = clock_monotonic_us() + TIMEOUT_MS * US_PER_MS;
        char lag_ms[24];
        const char *const settings[][2] = { { "cleanup.policy", "compact" },
                                            { "min.compaction.lag.ms", lag_ms },
                                            { NULL, NULL } };
        const KafkaTopic wanted = { .name = topic->name,
                                    .partitions = (int32_t)config->change_partitions,
                                    .settings = settings,
                                    .keeps_partitions = true };
        ErrorCode code;

        (void)snprintf(lag_ms, sizeof lag_ms, "%" PRId64, config->change_compaction_lag_s * 1000);
        code = kafka_topics_ensure(config->kafka_brokers, &wanted, 1,
                                   (int)config->topic_replication, (int)config->topic_min_insync,
                                   deadline_us, err);
        if (!code)
                code = kafka_topic_partitions(client, topic->name, &topic->partitions, deadline_us,
                                              err);
        if (!code && topic->partitions < 1)
                code = error_set(err, ERROR_UNAVAILABLE, "topic %s is gone", topic->name);
        return code;
}

/* Of a topic that was made just now, some brokers know nothing yet. */
static rd_kafka_resp_err_t find_end(const ChangeTopic *topic, rd_kafka_t *client, int32_t partition,
                                    int64_t deadline_us, int64_t *ret)
{
        for (;;) {
                int64_t begin;
                rd_kafka_resp_err_t fault =
                        rd_kafka_query_watermark_offsets(client, topic->name, partition, &begin,
                                                         ret, TIMEOUT_MS);

                if (!fault || clock_monotonic_us() >= deadline_us)
                        return fault;
                clock_wait_us(LOOK_EVERY_US);
        }
}

ErrorCode change_topic_ends(const ChangeTopic *topic, rd_kafka_t *client, int64_t *ret_ends,
                            Error *err)
{
        int64_t deadline_us = clock_monotonic_us() + TIMEOUT_MS * US_PER_MS;

        for (int32_t p = 0; p < topic->partitions; p++) {
                rd_kafka_resp_err_t fault = find_end(topic, client, p, deadline_us, &ret_ends[p]);

                if (fault)
                        return error_set(err, ERROR_UNAVAILABLE, "%s partition %" PRId32 ": %s",
                                         topic->name, p, rd_kafka_err2str(fault));
        }
        return ERROR_NONE;
}
