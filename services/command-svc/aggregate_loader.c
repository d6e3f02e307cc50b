#include "aggregate_loader.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "common/store/store.h"

#define PAGE_EVENTS_MAX 1000
#define PAGE_BYTES_MAX  (INT64_C(4) << 20)
#define ROUND_PAGES     4 /* then other commands have their turn */

struct AggregateLoader {
        AggregateCache *cache;
        bool snapshots;
        int pages_left;            /* in this round */
        bool logged_state_version; /* that snapshots of another one are there: once will do */
        Metric *events, *snapshots_read, *snapshots_ignored;
};

AggregateLoader *aggregate_loader_new(AggregateCache *cache, bool snapshots)
{
        AggregateLoader *loader = calloc(1, sizeof *loader);

        if (!loader)
                return NULL;
        loader->cache = cache;
        loader->snapshots = snapshots;
        loader->events = metric_counter("skafu_aggregate_events_read_total", NULL,
                                        "events read to load aggregates");
        loader->snapshots_read = metric_counter("skafu_snapshots_read_total", NULL,
                                                "aggregates loaded with a snapshot");
        loader->snapshots_ignored = metric_counter("skafu_snapshots_ignored_total", NULL,
                                                   "snapshots that could not be used");
        return loader;
}

void aggregate_loader_free(AggregateLoader *loader)
{
        free(loader);
}

/* A snapshot that is of no use: the events tell it all, and another one is kept then. */
static void ignore_snapshot(AggregateLoader *loader, CachedAggregate *cached, const char *why)
{
        metric_add(loader->snapshots_ignored, 1);
        cached->snapshot_version = 0;
        cached->snapshot_wanted = true;
        log_warning("snapshot-ignored", "the snapshot of %s \"%s\" %s; its events are read instead",
                    cached->aggregate->type->name, cached->id, why);
}

/* One of another program version, as after every upgrade that raises it. */
static void ignore_state_version(AggregateLoader *loader, CachedAggregate *cached, int found)
{
        metric_add(loader->snapshots_ignored, 1);
        cached->snapshot_version = 0;
        cached->snapshot_wanted = true;
        if (!loader->logged_state_version)
                log_info("snapshots-outdated",
                         "the snapshot of %s \"%s\" has state version %d, this program knows %d; "
                         "it and others like it are replaced when they are met",
                         cached->aggregate->type->name, cached->id, found,
                         cached->aggregate->type->snapshot->state_version);
        loader->logged_state_version = true;
}

/* True when the aggregate is at the snapshot's version, or when there is none: the page's events follow. */
static bool take_snapshot(AggregateLoader *loader, CachedAggregate *cached,
                          const AggregateRead *read, const StoredSnapshot *snapshot)
{
        const AggregateType *type = cached->aggregate->type;
        Aggregate *decoded = NULL;
        Error err = ERROR_INIT;

        if (snapshot->version == 0)
                return true;
        if (!stored_snapshot_usable(snapshot, read)) {
                if (snapshot->partition < 0)
                        ignore_snapshot(loader, cached, "is ahead of its events");
                else
                        ignore_state_version(loader, cached, snapshot->state_version);
                return true;
        }
        if (aggregate_decode(&decoded, type, snapshot->version, snapshot->state, &err)) {
                ignore_snapshot(loader, cached, err.message);
                return false;
        }
        aggregate_free(cached->aggregate);
        cached->aggregate = decoded;
        cached->partition = snapshot->partition;
        cached->snapshot_version = snapshot->version;
        metric_add(loader->snapshots_read, 1);
        return true;
}

static ErrorCode apply_page(AggregateLoader *loader, CachedAggregate *cached,
                            const EventBatch *events, Error *err)
{
        for (size_t i = 0; i < events->n_events; i++) {
                ErrorCode code = aggregate_apply(cached->aggregate, &events->events[i], err);

                if (code)
                        return code;
                cached->partition = events->events[i].partition;
        }
        metric_add(loader->events, (int64_t)events->n_events);
        return ERROR_NONE;
}

void aggregate_loader_begin(AggregateLoader *loader)
{
        loader->pages_left = ROUND_PAGES;
}

/* Read on from where the aggregate is, as far as the round allows. One that is new here gets a page in any
 * case: it is mostly the last one. */
static ErrorCode read_on(AggregateLoader *loader, PGconn *conn, CachedAggregate *cached, bool first,
                         int64_t deadline_us, Error *err)
{
        const AggregateType *type = cached->aggregate->type;
        bool snapshots = loader->snapshots && aggregate_can_encode(type);

        for (bool begins = true; cached->behind && (first || loader->pages_left > 0);
             begins = first = false, loader->pages_left--) {
                const AggregateRead read = {
                        .aggregate_type = type->name,
                        .aggregate_id = cached->id,
                        .after = cached->aggregate->version,
                        .state_version = snapshots && begins ? type->snapshot->state_version : 0,
                        .events_max = PAGE_EVENTS_MAX,
                        .bytes_max = PAGE_BYTES_MAX,
                };
                _cleanup_(aggregate_page_deinit) AggregatePage page = { .last = false };
                ErrorCode code = store_read_aggregate(conn, &read, &page, deadline_us, err);

                if (code)
                        return code;
                if (!take_snapshot(loader, cached, &read, &page.snapshot))
                        continue;
                code = apply_page(loader, cached, page.events, err);
                if (code)
                        return code;
                cached->behind = !page.last;
        }
        return ERROR_NONE;
}

/* What a creating command names is nearly always new. The append checks that, and a wrong guess is a
 * conflict that brings the command back here; so creating costs no reading. */
static bool is_new(const CommandRequest *request)
{
        return (request->aggregate_is_new || request->type->creates) && request->conflicts == 0;
}

ErrorCode aggregate_loader_find(AggregateLoader *loader, PGconn *conn,
                                const CommandRequest *request, CachedAggregate **ret,
                                int64_t deadline_us, Error *err)
{
        CachedAggregate *cached =
                aggregate_cache_find(loader->cache, request->aggregate_type, request->aggregate_id);
        bool first = !cached;
        ErrorCode code = ERROR_NONE;

        if (first) {
                /* Before and not after: what comes now must stay. */
                aggregate_cache_trim(loader->cache);
                cached = aggregate_cache_add(loader->cache, request->aggregate_id,
                                             aggregate_new(request->aggregate_type));
                cached->behind = !is_new(request);
        }
        if (cached->behind)
                code = read_on(loader, conn, cached, first, deadline_us, err);
        if (!code)
                *ret = cached;
        return code;
}
