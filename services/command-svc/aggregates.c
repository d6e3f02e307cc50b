#include "aggregates.h"

#include <stdlib.h>

#include "aggregate_loader.h"

struct Aggregates {
        AggregateCache *cache;
        AggregateLoader *loader;
        SnapshotWriter *snapshots; /* NULL: off */
        int64_t snapshot_events;
};

ErrorCode aggregates_new(Aggregates **ret, const CommandConfig *config, SnapshotWriter *snapshots,
                         Error *err)
{
        _cleanup_(aggregates_freep) Aggregates *aggregates = calloc(1, sizeof *aggregates);

        if (!aggregates)
                return error_no_memory(err);
        aggregates->snapshots = snapshots;
        aggregates->snapshot_events = config->snapshot_events;
        aggregates->cache =
                aggregate_cache_new((size_t)(config->cache_bytes_max / config->writers));
        if (aggregates->cache)
                aggregates->loader = aggregate_loader_new(aggregates->cache, snapshots != NULL);
        if (!aggregates->loader)
                return error_no_memory(err);
        *ret = TAKE_PTR(aggregates);
        return ERROR_NONE;
}

void aggregates_free(Aggregates *aggregates)
{
        if (!aggregates)
                return;
        aggregate_loader_free(aggregates->loader);
        aggregate_cache_free(aggregates->cache);
        free(aggregates);
}

void aggregates_begin(Aggregates *aggregates)
{
        aggregate_loader_begin(aggregates->loader);
}

ErrorCode aggregates_find(Aggregates *aggregates, PGconn *conn, const CommandRequest *request,
                          CachedAggregate **ret, int64_t deadline_us, Error *err)
{
        return aggregate_loader_find(aggregates->loader, conn, request, ret, deadline_us, err);
}

static CachedAggregate *find_cached(Aggregates *aggregates, const CommandRequest *request)
{
        return aggregate_cache_find(aggregates->cache, request->aggregate_type,
                                    request->aggregate_id);
}

void aggregates_note_stored(Aggregates *aggregates, const CommandRequest *request,
                            const AppendResult *result)
{
        CachedAggregate *cached = find_cached(aggregates, request);

        if (cached)
                cached->partition = result->partition;
}

void aggregates_note_not_stored(Aggregates *aggregates, const CommandRequest *request,
                                const AppendResult *result)
{
        CachedAggregate *cached = find_cached(aggregates, request);

        /* Without events that are nowhere else it is only older, and the rest can be read. */
        if (cached && result->outcome == APPEND_CONFLICT && !cached->unstored &&
            cached->aggregate->version < result->version)
                cached->behind = true;
        else
                aggregates_drop(aggregates, request);
}

static bool is_snapshot_due(const Aggregates *aggregates, const CachedAggregate *cached)
{
        const Aggregate *aggregate = cached->aggregate;

        return aggregates->snapshots && aggregate_can_encode(aggregate->type) &&
               aggregate->version > 0 &&
               (cached->snapshot_wanted ||
                aggregate->version - cached->snapshot_version >= aggregates->snapshot_events);
}

void aggregates_review(Aggregates *aggregates)
{
        CachedAggregate *cached = NULL;

        while ((cached = aggregate_cache_next_used(aggregates->cache, cached))) {
                cached->unstored = false;
                if (is_snapshot_due(aggregates, cached) &&
                    snapshot_writer_offer(aggregates->snapshots, cached->id, cached->aggregate)) {
                        cached->snapshot_version = cached->aggregate->version;
                        cached->snapshot_wanted = false;
                }
        }
}

void aggregates_drop(Aggregates *aggregates, const CommandRequest *request)
{
        aggregate_cache_drop(aggregates->cache, request->aggregate_type, request->aggregate_id);
}

void aggregates_clear(Aggregates *aggregates)
{
        aggregate_cache_clear(aggregates->cache);
}

void aggregates_trim(Aggregates *aggregates)
{
        aggregate_cache_trim(aggregates->cache);
}
