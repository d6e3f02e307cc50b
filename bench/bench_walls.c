/*
 * bench_walls.c — how fast events can be read at all: consuming them from Kafka with a look at their positions, decoding
 * them too, and folding them into the rows of every view as well, in memory, with nothing written anywhere.
 *
 * usage: bench-walls consume|decode|fold --brokers LIST --schema-file FILE --events N
 * One thread, from the beginning of the topics skafu.<aggregate type>.events. Prints {"seconds":…,"events":…}; the time
 * begins with the first message.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrivals.h"
#include "common/base/clock.h"
#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "common/domain/row_fold.h"
#include "common/kafka/event_message.h"
#include "common/kafka/kafka_consumer.h"
#include "feed.h"
#include "view.h"

#define VIEWS_MAX    64
#define BATCH_EVENTS 2000
#define QUEUE_KBYTES 2000000 /* never full: a client that stops fetching rests for a while */

typedef enum Depth {
        DEPTH_CONSUME,
        DEPTH_DECODE,
        DEPTH_FOLD,
        N_DEPTHS,
} Depth;

static const char *const depth_names[N_DEPTHS] = { "consume", "decode", "fold" };

typedef struct Wall {
        Depth depth;
        rd_kafka_t *consumer;
        FeedList feeds;
        EventDecoder decoder;
        EventProjection projection;
        View *views[VIEWS_MAX];
        RowFold *folds[VIEWS_MAX];
        size_t n_views;
        RowChanges *changes;
        int64_t n_events;
} Wall;

static void open_views(Wall *wall, const Schema *schema)
{
        Error err = ERROR_INIT;

        for (size_t i = 0; i < schema->n_models && wall->n_views < VIEWS_MAX; i++) {
                View **view = &wall->views[wall->n_views];

                if (view_new(view, schema, schema->models[i], &err))
                        bench_fail("%s", err.message);
                wall->folds[wall->n_views++] = row_fold_new((*view)->columns, (*view)->n_columns);
        }
}

static void open_topics(Wall *wall, const char *brokers)
{
        KafkaConsumerOptions options = { .brokers = brokers,
                                         .client_id = "bench-walls",
                                         .group_id = "bench-walls",
                                         .queue_kbytes = QUEUE_KBYTES };
        Error err = ERROR_INIT;

        if (kafka_consumer_new(&wall->consumer, &options, &err))
                bench_fail("%s", err.message);
        for (size_t i = 0; domain_aggregates[i]; i++)
                for (int32_t p = 0; p < BENCH_PARTITIONS; p++) {
                        Feed *feed = feed_list_get(&wall->feeds, domain_aggregates[i], p, "skafu",
                                                   "bench");

                        if (kafka_consumer_assign(wall->consumer, feed->topic, p,
                                                  RD_KAFKA_OFFSET_BEGINNING, &err))
                                bench_fail("%s", err.message);
                        feed->source = FEED_TOPIC;
                }
}

static void fold(Wall *wall, const Feed *feed, const Event *event)
{
        Error err = ERROR_INIT;

        for (size_t i = 0; i < wall->n_views; i++) {
                const char *model = wall->views[i]->model->name;

                if (!event_type_feeds(feed->aggregate, event->type, model))
                        continue;
                row_changes_clear(wall->changes);
                if (event_project(&wall->projection, feed->aggregate, event, model, wall->changes,
                                  &err) ||
                    row_fold_apply(wall->folds[i], event, wall->changes, 0,
                                   row_changes_count(wall->changes), &err))
                        bench_fail("%s", err.message);
        }
        if (wall->n_events % BATCH_EVENTS == 0)
                for (size_t i = 0; i < wall->n_views; i++)
                        row_fold_clear(wall->folds[i]);
}

static void take(Wall *wall, const rd_kafka_message_t *message)
{
        Feed *feed =
                feed_list_find(&wall->feeds, rd_kafka_topic_name(message->rkt), message->partition);
        Error err = ERROR_INIT;
        int64_t position;
        Event event;

        if (!feed || !event_message_position(message, &position))
                bench_fail("a message that is no event");
        if (position != ++feed->position)
                bench_fail("position %lld at %lld", (long long)position, (long long)feed->position);
        wall->n_events++;
        if (wall->depth == DEPTH_CONSUME)
                return;
        if (event_message_decode(&wall->decoder, message, &event, &err))
                bench_fail("%s", err.message);
        if (wall->depth == DEPTH_FOLD)
                fold(wall, feed, &event);
}

static void run(Wall *wall, int64_t n)
{
        int64_t begun_us = 0;

        while (wall->n_events < n) {
                rd_kafka_message_t *message =
                        rd_kafka_consumer_poll(wall->consumer, BENCH_TIMEOUT_MS);

                if (!message)
                        bench_fail("nothing comes after %lld events", (long long)wall->n_events);
                if (!begun_us)
                        begun_us = clock_monotonic_us();
                if (!message->err)
                        take(wall, message);
                else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF && message->rkt)
                        bench_fail("%s", rd_kafka_message_errstr(message));
                rd_kafka_message_destroy(message);
        }
        (void)printf("{\"seconds\":%.3f,\"events\":%lld}\n",
                     (double)(clock_monotonic_us() - begun_us) / US_PER_SEC, (long long)n);
}

static int usage(void)
{
        (void)fprintf(
                stderr,
                "usage: bench-walls consume|decode|fold --brokers LIST --schema-file FILE --events N\n");
        return 2;
}

int main(int argc, char **argv)
{
        static const struct option options[] = { { "brokers", required_argument, NULL, 'b' },
                                                 { "schema-file", required_argument, NULL, 's' },
                                                 { "events", required_argument, NULL, 'e' },
                                                 { 0 } };
        const char *brokers = NULL, *file = NULL;
        int64_t events = 0;
        Wall wall = { .depth = N_DEPTHS,
                      .decoder = EVENT_DECODER_INIT,
                      .projection = EVENT_PROJECTION_INIT,
                      .changes = row_changes_new() };
        Schema *schema = NULL;
        Error err = ERROR_INIT;

        /* NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet */
        for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                if (c == 'b')
                        brokers = optarg;
                else if (c == 's')
                        file = optarg;
                else if (c == 'e')
                        events = strtoll(optarg, NULL, 10);
                else
                        return usage();
        }
        for (int d = 0; optind < argc && d < N_DEPTHS; d++)
                if (strcmp(argv[optind], depth_names[d]) == 0)
                        wall.depth = (Depth)d;
        if (!brokers || !file || events <= 0 || wall.depth == N_DEPTHS)
                return usage();
        if (schema_load(&schema, file, &err))
                bench_fail("%s", err.message);
        open_views(&wall, schema);
        open_topics(&wall, brokers);
        run(&wall, events);
        return 0;
}
