#pragma once

/*
 * library_stack.h — a database with the library's events, a broker with its topic, and workers of its view.
 *
 * What is stored, what is published and what is noted as published are three things here, so that a test
 * can put anything between them. Any failure fails the calling test.
 */

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "common/model/model.h"
#include "common/pg/pg_conn.h"
#include "services/projector-svc/view_crew.h"
#include "tests/support/temp_database.h"

#define LIBRARY_PARTITIONS 4
#define LIBRARY_WAIT_MS    120000

typedef struct LibraryStack {
        TempDatabase *database;
        PGconn *conn; /* superuser */
        char *projector_url;
        Schema *schema;
        const char *view; /* that library_worker() feeds: "book" */
        char *brokers;
        char topic[64], prefix[32];
        rd_kafka_t *host; /* of the built-in cluster; NULL with the real broker */
        rd_kafka_mock_cluster_t *cluster;
        rd_kafka_t *producer;
        int64_t positions[LIBRARY_PARTITIONS]; /* stored */
        ProjectorConfig config;
} LibraryStack;

typedef enum LibraryBroker {
        LIBRARY_BROKER_REAL,     /* of SKAFU_TEST_KAFKA_BROKERS */
        LIBRARY_BROKER_BUILT_IN, /* librdkafka's */
} LibraryBroker;

LibraryStack *library_stack_new(LibraryBroker broker);
void library_stack_free(LibraryStack *stack);
DEFINE_CLEANUP(LibraryStack *, library_stack_free)

/* From now on with another schema, and a view of it. */
void library_use_schema(LibraryStack *stack, const char *schema, const char *view);

/* Store one event; its position. @data is eventData. */
int64_t library_store(LibraryStack *stack, int partition, const char *shelf, const char *type,
                      const char *data);

/* Store @n events that change books of @n_shelves shelves in every way, all valid; the same for the same seed. */
void library_store_many(LibraryStack *stack, int n, int n_shelves, unsigned seed);

/* Produce what is stored, positions @first to @last of @partition. Not waited for: library_flush(). */
void library_publish(LibraryStack *stack, int partition, int64_t first, int64_t last);
void library_publish_all(LibraryStack *stack);

/* A message of anybody's: @position is the header's text, NULL for none. */
void library_publish_raw(LibraryStack *stack, int partition, const char *position,
                         const char *value);

/* The stored event at position @of, with another position in its header. */
void library_publish_as(LibraryStack *stack, int partition, int64_t of, int64_t position);
void library_flush(LibraryStack *stack);

/* What the relay would note: everything stored is acknowledged. */
void library_note_published(LibraryStack *stack);

/* A projector with so many workers, as another process would have it. */
ViewCrew *library_crew(LibraryStack *stack, size_t n_workers);

/* The same with one. */
ViewCrew *library_worker(LibraryStack *stack);

/* Stop and free it, and set *@crew to NULL; fine when it is. */
void library_stop(ViewCrew **crew);

/* Wait until the view has passed all that is stored, then compare it with a fresh fold: without what is parked
 * or was dropped. */
void library_expect_fresh(LibraryStack *stack);
bool library_caught_up(LibraryStack *stack);

/* One number from the database. */
int64_t library_int(LibraryStack *stack, const char *sql);
void library_sql(LibraryStack *stack, const char *sql);

/* A counter or gauge of the view, summed over this process. */
int64_t library_metric(const char *name);
