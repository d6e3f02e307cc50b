#include "failure_queue.h"

#include <string.h>

#include "common/base/hash.h"
#include "common/daemon/metrics.h"

#define SENDER_SHARE     4 /* one sender may have this part of the queue */
#define RECORD_BYTES_MAX 4096

typedef struct Entry {
        FailureRecord *record;
        uint64_t actor_hash;
        uint64_t number; /* in the order of addition */
} Entry;

struct FailureQueue {
        pthread_mutex_t lock;
        Entry *entries; /* oldest first */
        size_t n_entries, limit;
        uint64_t next_number;
        Metric *noted, *dropped;
};

FailureQueue *failure_queue_new(size_t limit)
{
        FailureQueue *queue = calloc(1, sizeof *queue);

        if (!queue)
                return NULL;
        queue->entries = calloc(limit, sizeof *queue->entries);
        if (!queue->entries) {
                free(queue);
                return NULL;
        }
        queue->limit = limit;
        (void)pthread_mutex_init(&queue->lock, NULL);
        queue->noted = metric_counter("skafu_command_failures_noted_total", NULL,
                                      "records of failed commands written");
        queue->dropped = metric_counter("skafu_command_failures_dropped_total", NULL,
                                        "failed commands without a record: too many at once");
        return queue;
}

void failure_queue_free(FailureQueue *queue)
{
        if (!queue)
                return;
        for (size_t i = 0; i < queue->n_entries; i++)
                failure_record_free(queue->entries[i].record);
        (void)pthread_mutex_destroy(&queue->lock);
        free(queue->entries);
        free(queue);
}

static bool is_of(const FailureRecord *record, const Uuid *id, const char *actor)
{
        return memcmp(&record->command_id, id, sizeof *id) == 0 &&
               (!actor || strcmp(record->actor, actor) == 0);
}

static void remove_at(FailureQueue *queue, size_t index)
{
        failure_record_free(queue->entries[index].record);
        queue->n_entries--;
        memmove(&queue->entries[index], &queue->entries[index + 1],
                (queue->n_entries - index) * sizeof *queue->entries);
}

/* Make room for @record: false when its sender has enough. */
static bool make_room(FailureQueue *queue, const FailureRecord *record, uint64_t actor_hash)
{
        size_t n_own = 0;

        for (size_t i = 0; i < queue->n_entries; i++) {
                if (is_of(queue->entries[i].record, &record->command_id, record->actor)) {
                        remove_at(queue, i);
                        return true;
                }
                n_own += queue->entries[i].actor_hash == actor_hash;
        }
        return queue->n_entries < queue->limit &&
               n_own < (queue->limit + SENDER_SHARE - 1) / SENDER_SHARE;
}

void failure_queue_add(FailureQueue *queue, const FailureRecord *record)
{
        uint64_t actor_hash = hash_bytes(record->actor, strlen(record->actor));
        FailureRecord *copy = NULL;

        MUTEX_GUARD(&queue->lock);
        if (failure_record_bytes(record) <= RECORD_BYTES_MAX &&
            make_room(queue, record, actor_hash))
                copy = failure_record_new(record);
        if (!copy) {
                metric_add(queue->dropped, 1);
                return;
        }
        queue->entries[queue->n_entries++] = (Entry){ copy, actor_hash, queue->next_number++ };
}

FailureRecord *failure_queue_find(FailureQueue *queue, const Uuid *id, const char *actor)
{
        MUTEX_GUARD(&queue->lock);
        for (size_t i = queue->n_entries; i-- > 0;)
                if (is_of(queue->entries[i].record, id, actor))
                        return failure_record_new(queue->entries[i].record);
        return NULL;
}

size_t failure_queue_count(FailureQueue *queue)
{
        MUTEX_GUARD(&queue->lock);
        return queue->n_entries;
}

/* Copies of the oldest, and the number of the last of them. */
static size_t copy_oldest(FailureQueue *queue, FailureRecord **ret, size_t max, uint64_t *ret_last)
{
        size_t n = 0;

        MUTEX_GUARD(&queue->lock);
        while (n < max && n < queue->n_entries &&
               (ret[n] = failure_record_new(queue->entries[n].record)))
                *ret_last = queue->entries[n++].number;
        return n;
}

static void forget_until(FailureQueue *queue, uint64_t last)
{
        size_t n = 0;

        MUTEX_GUARD(&queue->lock);
        while (n < queue->n_entries && queue->entries[n].number <= last)
                failure_record_free(queue->entries[n++].record);
        queue->n_entries -= n;
        memmove(queue->entries, queue->entries + n, queue->n_entries * sizeof *queue->entries);
}

ErrorCode failure_queue_flush(FailureQueue *queue, PGconn *conn, size_t max, int64_t deadline_us,
                              Error *err)
{
        _cleanup_(freep) FailureRecord **records = calloc(max, sizeof(FailureRecord *));
        uint64_t last = 0;
        ErrorCode code = ERROR_NONE;
        size_t n;

        if (!records)
                return error_no_memory(err);
        n = copy_oldest(queue, records, max, &last);
        if (n > 0)
                code = store_note_failures(conn, (const FailureRecord *const *)records, n,
                                           deadline_us, err);
        if (n > 0 && !code) {
                forget_until(queue, last);
                metric_add(queue->noted, (int64_t)n);
        }
        for (size_t i = 0; i < n; i++)
                failure_record_free(records[i]);
        return code;
}
