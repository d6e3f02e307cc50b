#include "view_worker.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/daemon/daemon.h"
#include "common/daemon/log.h"
#include "common/kafka/kafka.h"
#include "topic_end.h"
#include "view_lag.h"
#include "view_parking.h"
#include "view_repair.h"
#include "view_session.h"
#include "view_source.h"
#include "view_writer.h"

#define POLL_MS          50 /* how long a stop or a timer may have to wait */
#define COMMIT_EVERY_US  (5 * US_PER_SEC)
#define PROBE_EVERY_US   (2 * US_PER_SEC)
#define PROBE_TIMEOUT_MS 300
#define RETRY_FIRST_US   (100 * US_PER_MS)

struct ViewWorker {
        const ProjectorConfig *config;
        View *view;
        ViewMetrics metrics;
        ViewPeers *peers; /* NULL: it has none */
        pthread_t thread;
        bool running;
        atomic_bool stopping;

        /* the thread's */
        ViewSession *session;
        bool arrived; /* it has tried to get one */
        ViewSource source;
        ViewParking parking;
        ViewRepair repair;
        ViewBuilder builder;
        ViewWriter writer;
        ViewBatch batches[2]; /* one is under way while the other one is filled */
        size_t filling;
        Backoff backoff;
        int64_t refresh_due_us, commit_due_us, probe_due_us;

        WorkerReport report;
};

static void hold_by_writer(void *owner, Feed *feed, const Error *err)
{
        ViewWorker *worker = owner;

        view_source_hold_event(&worker->source, feed, err);
}

ErrorCode view_worker_new(ViewWorker **ret, const ProjectorConfig *config, View *view,
                          const BuildOrder *order, const char *live_schema, ViewPeers *peers,
                          Error *err)
{
        _cleanup_(view_worker_freep) ViewWorker *worker = calloc(1, sizeof *worker);
        ErrorCode code;

        if (!worker) {
                view_free(view);
                return error_no_memory(err);
        }
        worker->config = config;
        worker->view = view;
        worker->peers = peers;
        worker->backoff = BACKOFF_INIT(RETRY_FIRST_US, config->retry_ms_max * US_PER_MS);
        view_metrics_init(&worker->metrics, view->metrics_name);
        code = view_source_init(&worker->source, config, worker->view, &worker->metrics, err);
        if (!code)
                code = view_parking_init(&worker->parking, config, worker->view, &worker->metrics,
                                         &worker->source, err);
        if (!code)
                code = view_repair_init(&worker->repair, worker->view, &worker->metrics,
                                        &worker->source.feeds, &worker->parking.parked, err);
        view_builder_init(&worker->builder, config, order, live_schema);
        worker->source.follows = view_builder_builds(&worker->builder);
        view_writer_init(&worker->writer, worker->view, &worker->source.feeds, &worker->metrics,
                         hold_by_writer, worker);
        for (size_t i = 0; i < ARRAY_SIZE(worker->batches); i++)
                view_batch_init(&worker->batches[i], worker->view, &worker->parking.parked);
        if (peers && peers->publisher)
                view_set_changes(view);
        if (code)
                return code;
        *ret = TAKE_PTR(worker);
        return ERROR_NONE;
}

void view_worker_free(ViewWorker *worker)
{
        if (!worker)
                return;
        view_repair_deinit(&worker->repair);
        view_parking_deinit(&worker->parking);
        view_source_deinit(&worker->source);
        view_builder_deinit(&worker->builder);
        view_writer_deinit(&worker->writer);
        for (size_t i = 0; i < ARRAY_SIZE(worker->batches); i++)
                view_batch_deinit(&worker->batches[i]);
        view_session_close(worker->session);
        view_free(worker->view);
        free(worker);
}

static FeedList *feeds_of(ViewWorker *worker)
{
        return &worker->source.feeds;
}

static void report_feeds(ViewWorker *worker)
{
        worker_report_feeds(&worker->report, &worker->metrics, feeds_of(worker),
                            parked_set_count(&worker->parking.parked));
}

/* The session is gone or in doubt: what is not committed will be read again. */
static void drop_session(ViewWorker *worker)
{
        FeedList *feeds = feeds_of(worker);

        for (size_t i = 0; i < feeds->n_feeds; i++)
                if (feeds->feeds[i]->source != FEED_NONE)
                        view_source_release(&worker->source, feeds->feeds[i]);
        view_writer_abandon(&worker->writer);
        view_parking_release(&worker->parking, NULL);
        view_repair_forget(&worker->repair);
        view_session_close(TAKE_PTR(worker->session));
        view_builder_close(&worker->builder);
        report_feeds(worker);
        atomic_store(&worker->report.lag, 0);
        worker->refresh_due_us = 0;
}

/* Whether it has a session now or not, the others need not wait for it. */
static void arrive(ViewWorker *worker)
{
        if (worker->peers && !worker->arrived)
                view_peers_arrive(worker->peers);
        worker->arrived = true;
}

static ErrorCode ensure_session(ViewWorker *worker, Error *err)
{
        ErrorCode code = ERROR_NONE;

        if (!worker->session)
                code = view_session_open(&worker->session, worker->config->pg_url, worker->view,
                                         &worker->stopping, err);
        arrive(worker);
        if (!code)
                code = view_builder_open(&worker->builder, worker->view, err);
        return code ? code : view_source_open(&worker->source, err);
}

static ErrorCode release_surplus(ViewWorker *worker, size_t owned, size_t share, Error *err)
{
        FeedList *feeds = feeds_of(worker);
        ErrorCode code = ERROR_NONE;

        for (size_t i = feeds->n_feeds; !code && i-- > 0 && owned > share;) {
                if (feeds->feeds[i]->source == FEED_NONE)
                        continue;
                view_source_release(&worker->source, feeds->feeds[i]);
                view_parking_release(&worker->parking, feeds->feeds[i]);
                view_repair_forget(&worker->repair);
                code = view_session_release(worker->session, feeds->feeds[i], err);
                owned--;
        }
        return code;
}

static ErrorCode lease(ViewWorker *worker, size_t max, Error *err)
{
        FeedList *feeds = feeds_of(worker);
        _cleanup_(freep) Feed **taken = calloc(feeds->n_feeds + 1, sizeof(Feed *));
        size_t n = 0;
        ErrorCode code;

        if (!taken)
                return error_no_memory(err);
        code = view_session_lease(worker->session, feeds, max, taken, &n, err);
        if (!code && n)
                code = view_parking_take(&worker->parking, worker->session, taken, n, err);
        for (size_t i = 0; !code && i < n; i++) {
                log_info("feed-taken", "%s: %s partition %" PRId32 " from position %" PRId64,
                         worker->view->model->view, taken[i]->topic, taken[i]->partition,
                         taken[i]->position);
                code = view_builder_read(&worker->builder, &worker->source, taken[i], err);
        }
        return code || n == 0 ? code : view_session_check(worker->session, err);
}

/* Own about as many log partitions as every other worker of the version does, here and elsewhere. */
static ErrorCode balance(ViewWorker *worker, Error *err)
{
        FeedList *feeds = feeds_of(worker);
        size_t owned = 0, share = 0;
        size_t expected = worker->peers ? view_peers_expected(worker->peers) : 0;
        ErrorCode code = view_session_share(worker->session, feeds->n_feeds, expected, &share, err);

        if (code)
                return code;
        for (size_t i = 0; i < feeds->n_feeds; i++)
                owned += feeds->feeds[i]->source != FEED_NONE;
        if (owned > share)
                return release_surplus(worker, owned, share, err);
        return owned < share && owned < feeds->n_feeds ? lease(worker, share - owned, err)
                                                       : ERROR_NONE;
}

static ErrorCode refresh(ViewWorker *worker, Error *err)
{
        FeedList *feeds = feeds_of(worker);
        int64_t lag = 0;
        ErrorCode code =
                view_session_heads(worker->session, feeds, worker->config->topic_prefix, err);

        if (!code)
                code = balance(worker, err);
        for (size_t i = 0; !code && i < feeds->n_feeds; i++)
                if (feeds->feeds[i]->source != FEED_NONE)
                        topic_end_check(&worker->source, feeds->feeds[i]);
        worker->source.undecoded_logs = 0;
        atomic_store(&worker->report.heads, feed_list_heads(feeds));
        report_feeds(worker);
        if (!code)
                code = view_lag_report(view_session_conn(worker->session), feeds, &lag,
                                       view_session_deadline_us(), err);
        if (!code)
                atomic_store(&worker->report.lag, lag);
        return code;
}

static void probe_kafka(ViewWorker *worker)
{
        bool ok = worker->source.heard || kafka_ready(worker->source.consumer, PROBE_TIMEOUT_MS);

        worker_report_kafka(&worker->report, worker->view->model->view, ok);
        worker->source.heard = false;
}

/* Wait for the batch under way. When it did not fit as a whole, @filled is to be collected again. */
static ErrorCode finish(ViewWorker *worker, ViewBatch *filled, Error *err)
{
        bool clean = true, under_way = worker->writer.batch != NULL;
        ErrorCode code = view_writer_finish(&worker->writer, worker->session, &clean, err);

        if (under_way && worker->peers)
                change_publisher_wake(worker->peers->publisher);
        if (code || clean)
                return code;
        *err = ERROR_INIT;
        view_batch_clear(filled);
        return view_source_rewind(&worker->source, err);
}

/* Park what has failed often enough, and do what operators want; with no batch under way. */
static ErrorCode serve_wishes(ViewWorker *worker, ViewBatch *filled, bool refreshed, Error *err)
{
        bool unpark = refreshed || worker->parking.more;
        bool repair = refreshed || worker->repair.more;
        ErrorCode code;

        if (!unpark && !repair && !view_parking_is_due(&worker->parking))
                return ERROR_NONE;
        code = finish(worker, filled, err);
        if (!code)
                code = view_parking_park(&worker->parking, worker->session, err);
        if (!code && unpark)
                code = view_parking_serve(&worker->parking, worker->session, err);
        if (!code && repair)
                code = view_repair_serve(&worker->repair, worker->session, err);
        return code;
}

static ErrorCode serve_timers(ViewWorker *worker, ViewBatch *filled, Error *err)
{
        int64_t now_us = clock_monotonic_us();
        bool refresh_due = now_us >= worker->refresh_due_us;
        ErrorCode code = ERROR_NONE;

        if (refresh_due) {
                code = finish(worker, filled, err);
                if (!code)
                        code = refresh(worker, err);
                worker->refresh_due_us = now_us + worker->config->refresh_ms * US_PER_MS;
        }
        if (!code)
                code = serve_wishes(worker, filled, refresh_due, err);
        if (!code)
                code = view_builder_retry(&worker->builder, &worker->source, now_us, err);
        if (now_us >= worker->probe_due_us) {
                if (!code && !worker->source.heard) /* a commit must not wait for Kafka */
                        code = finish(worker, filled, err);
                probe_kafka(worker);
                worker->probe_due_us = clock_monotonic_us() + PROBE_EVERY_US;
        }
        if (now_us >= worker->commit_due_us) {
                view_source_commit_offsets(&worker->source);
                worker->commit_due_us = now_us + COMMIT_EVERY_US;
        }
        return code;
}

/* A version that is built rests now and then. */
static ErrorCode rest(ViewWorker *worker, ViewBatch *batch, int64_t rest_us, Error *err)
{
        ErrorCode code = finish(worker, batch, err);

        clock_wait_us(rest_us < POLL_MS * US_PER_MS ? rest_us : POLL_MS * US_PER_MS);
        return code;
}

static ErrorCode collect(ViewWorker *worker, ViewBatch *batch, Error *err)
{
        PGconn *conn = worker->builder.reader;
        ErrorCode code = view_builder_follow(&worker->builder, &worker->source, err);

        worker->source.batch_events_max =
                view_builder_batch_max(&worker->builder, feeds_of(worker));
        if (!code && !conn && view_source_needs_store(&worker->source))
                code = finish(worker, batch, err);
        if (!code && !conn && !worker->writer.batch)
                conn = view_session_conn(worker->session);
        /* Behind a batch under way nobody waits for more: its commit is to be noticed, and its changes published. */
        return code ? code
                    : view_source_collect(&worker->source, conn, batch,
                                          worker->writer.batch || worker->repair.more ? 0 : POLL_MS,
                                          err);
}

/* Fill one batch while PostgreSQL works on the one before, then send it off. */
static ErrorCode work(ViewWorker *worker, Error *err)
{
        ViewBatch *batch = &worker->batches[worker->filling];
        int64_t rest_us = view_builder_rest_us(&worker->builder);
        ErrorCode code = ensure_session(worker, err);

        view_batch_clear(batch);
        if (!code)
                code = serve_timers(worker, batch, err);
        if (!code && rest_us)
                return rest(worker, batch, rest_us, err);
        if (!code)
                code = collect(worker, batch, err);
        if (!code)
                code = finish(worker, batch, err);
        if (!code) /* before a checkpoint can be behind them */
                code = undecodable_list_store(worker->source.undecodable,
                                              view_session_conn(worker->session), worker->config,
                                              err);
        if (!code)
                code = view_writer_begin(&worker->writer, worker->session, batch, err);
        view_builder_note(&worker->builder, feeds_of(worker), batch->n_items);
        worker->filling = 1 - worker->filling;
        return code;
}

static void recover(ViewWorker *worker, const Error *err)
{
        int64_t until_us = clock_monotonic_us() + backoff_next_us(&worker->backoff);

        if (strcmp(err->sqlstate, VIEW_SESSION_FENCED) == 0)
                metric_add(worker->metrics.fenced, 1);
        log_warning("view-interrupted", "%s: %s", worker->view->model->view, err->message);
        atomic_store(&worker->report.postgresql, false);
        drop_session(worker);
        while (!atomic_load(&worker->stopping) && clock_monotonic_us() < until_us)
                clock_wait_us(POLL_MS * US_PER_MS);
}

/* Finish what is under way, give the log partitions up. */
static void end(ViewWorker *worker)
{
        Error err = ERROR_INIT;

        if (worker->session && finish(worker, &worker->batches[worker->filling], &err))
                log_warning("batch-unfinished", "%s: %s", worker->view->model->view, err.message);
        drop_session(worker);
}

static void *run(void *data)
{
        ViewWorker *worker = data;

        while (!atomic_load(&worker->stopping)) {
                Error err = ERROR_INIT;
                ErrorCode code = work(worker, &err);

                if (code == ERROR_NOT_FOUND) {
                        log_info("view-over", "%s", err.message);
                        break;
                }
                if (code == ERROR_INVALID && !worker->session) {
                        daemon_fail("%s", err.message);
                        break;
                }
                if (code) {
                        recover(worker, &err);
                        continue;
                }
                atomic_store(&worker->report.postgresql, true);
                backoff_reset(&worker->backoff);
        }
        end(worker);
        atomic_store(&worker->report.over, true);
        return NULL;
}

ErrorCode view_worker_start(ViewWorker *worker, Error *err)
{
        if (pthread_create(&worker->thread, NULL, run, worker) != 0)
                return error_set(err, ERROR_INTERNAL, "could not start the thread of a view");
        worker->running = true;
        return ERROR_NONE;
}

void view_worker_tell(ViewWorker *worker)
{
        atomic_store(&worker->stopping, true);
}

void view_worker_stop(ViewWorker *worker)
{
        if (!worker->running)
                return;
        view_worker_tell(worker);
        (void)pthread_join(worker->thread, NULL);
        worker->running = false;
}

ViewWorkerHealth view_worker_health(const ViewWorker *worker)
{
        return worker_report_read(&worker->report);
}
