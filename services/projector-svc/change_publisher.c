#include "change_publisher.h"

#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "change_metrics.h"
#include "change_outlet.h"
#include "change_session.h"
#include "common/base/clock.h"
#include "common/daemon/log.h"

#define READ_BATCHES_MAX 2000
#define NOTE_EVERY_US    (100 * US_PER_MS) /* how much a crash makes us publish again */
#define AGES_EVERY_US    (1 * US_PER_SEC)
#define PURGE_EVERY_US   (2 * US_PER_SEC)
#define STOP_WAIT_US     (5 * US_PER_SEC)

struct ChangePublisher {
        const ProjectorConfig *config;
        const char *view;
        ChangeMetrics metrics;
        int wake_fd; /* eventfd: commits, delivery reports, stop */
        pthread_t thread;
        bool running;
        atomic_bool stopping, committed;
        _Atomic int64_t stop_deadline_us;

        /* the thread's */
        ChangeSession *session;
        bool leased;
        bool stop_looked; /* it knows the head since it was told to stop */
        int64_t last;     /* committed, as PostgreSQL said last */
        int64_t noted;    /* published, as PostgreSQL knows it */
        int64_t taken;    /* published when we took over */
        ChangeOutlet outlet;
        int64_t lease_due_us, head_due_us, note_due_us, ages_due_us, purge_due_us, retry_due_us;
};

ErrorCode change_publisher_new(ChangePublisher **ret, const ProjectorConfig *config,
                               const Model *model, Error *err)
{
        _cleanup_(change_publisher_freep) ChangePublisher *publisher = calloc(1, sizeof *publisher);

        if (!publisher)
                return error_no_memory(err);
        publisher->config = config;
        publisher->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (publisher->wake_fd < 0)
                return error_set(err, ERROR_INTERNAL, "could not make an eventfd");
        publisher->view = model->view;
        change_metrics_init(&publisher->metrics, model->view);
        change_outlet_init(&publisher->outlet, config, &publisher->metrics, model->view,
                           publisher->wake_fd);
        *ret = TAKE_PTR(publisher);
        return ERROR_NONE;
}

void change_publisher_free(ChangePublisher *publisher)
{
        if (!publisher)
                return;
        if (publisher->view)
                change_outlet_deinit(&publisher->outlet);
        if (publisher->wake_fd >= 0)
                (void)close(publisher->wake_fd);
        free(publisher);
}

static void drop_session(ChangePublisher *publisher)
{
        change_session_close(TAKE_PTR(publisher->session));
        publisher->leased = false;
        publisher->lease_due_us = 0;
        metric_set(publisher->metrics.backlog, 0);
        metric_set_us(publisher->metrics.lag, 0);
        change_outlet_close(&publisher->outlet);
}

static ErrorCode look(ChangePublisher *publisher, Error *err)
{
        bool stopping = atomic_load(&publisher->stopping);
        ChangeHead head = { 0 };
        ErrorCode code = change_session_head(publisher->session, &head, err);

        publisher->head_due_us =
                clock_monotonic_us() + publisher->config->change_poll_ms * US_PER_MS;
        if (code)
                return code;
        publisher->last = head.last;
        if (head.published > publisher->noted)
                publisher->noted = head.published;
        publisher->stop_looked = stopping;
        return ERROR_NONE;
}

/* Begin where the publisher before us has ended. */
static ErrorCode take_over(ChangePublisher *publisher, Error *err)
{
        ErrorCode code;

        publisher->lease_due_us = clock_monotonic_us() + publisher->config->refresh_ms * US_PER_MS;
        code = change_session_lease(publisher->session, &publisher->leased, err);
        if (code || !publisher->leased)
                return code;
        publisher->noted = 0;
        code = look(publisher, err);
        if (code)
                return code;
        publisher->taken = publisher->noted;
        change_window_reset(&publisher->outlet.window, publisher->noted);
        log_info("changes-taken", "%s: publishing changes from position %" PRId64, publisher->view,
                 publisher->noted + 1);
        return ERROR_NONE;
}

static ErrorCode ensure_session(ChangePublisher *publisher, Error *err)
{
        ErrorCode code = ERROR_NONE;

        if (!publisher->session)
                code = change_session_open(&publisher->session, publisher->config->pg_url,
                                           publisher->view, err);
        if (!code && !publisher->leased && clock_monotonic_us() >= publisher->lease_due_us)
                code = take_over(publisher, err);
        return code;
}

static ErrorCode read_rows(ChangePublisher *publisher, Error *err)
{
        ChangeWindow *window = &publisher->outlet.window;
        size_t room = change_window_room(window);
        ErrorCode code;

        code = change_session_read(publisher->session, window->sent, window->arrived,
                                   (int64_t)(room < READ_BATCHES_MAX ? room : READ_BATCHES_MAX),
                                   publisher->config->change_window_bytes, &publisher->outlet.rows,
                                   err);
        if (code)
                return code;
        publisher->noted = window->arrived;
        if (PQntuples(publisher->outlet.rows) == 0)
                return error_set(err, ERROR_INTERNAL,
                                 "%s: change %" PRId64 " is committed but not in the table",
                                 publisher->view, window->sent + 1);
        return ERROR_NONE;
}

/* Whether reading is worth a commit: not for a few changes when many wait. */
static bool may_read(const ChangePublisher *publisher)
{
        size_t room = change_window_room(&publisher->outlet.window);
        int64_t waiting = publisher->last - publisher->outlet.window.sent;

        return !publisher->outlet.rows && waiting > 0 && room > 0 &&
               ((int64_t)room >= waiting || room >= publisher->outlet.window.capacity / 2);
}

static ErrorCode pump(ChangePublisher *publisher, Error *err)
{
        ChangeOutlet *outlet = &publisher->outlet;

        for (;;) {
                ErrorCode code = may_read(publisher) ? read_rows(publisher, err) : ERROR_NONE;

                if (!code)
                        code = change_outlet_push(outlet, err);
                if (code || outlet->failed || outlet->lost || outlet->intruded ||
                    !may_read(publisher))
                        return code;
        }
}

static ErrorCode note(ChangePublisher *publisher, int64_t now_us, Error *err)
{
        ErrorCode code;

        if (publisher->outlet.window.arrived <= publisher->noted || now_us < publisher->note_due_us)
                return ERROR_NONE;
        publisher->note_due_us = now_us + NOTE_EVERY_US;
        code = change_session_note(publisher->session, publisher->outlet.window.arrived, err);
        if (!code)
                publisher->noted = publisher->outlet.window.arrived;
        return code;
}

static ErrorCode keep_house(ChangePublisher *publisher, int64_t now_us, Error *err)
{
        ErrorCode code = ERROR_NONE;
        bool more = false;

        if (publisher->last == 0)
                return ERROR_NONE; /* nobody has opened the feed yet */
        if (now_us >= publisher->ages_due_us) {
                int64_t oldest, since_us = 0;

                publisher->ages_due_us = now_us + AGES_EVERY_US;
                code = change_session_ages(publisher->session, publisher->outlet.window.arrived,
                                           &oldest, &since_us, err);
                metric_set_us(publisher->metrics.lag, since_us ? clock_now_us() - since_us : 0);
        }
        if (!code && now_us >= publisher->purge_due_us) {
                code = change_session_purge(publisher->session, publisher->noted,
                                            publisher->config->change_retention_s, &more, err);
                publisher->purge_due_us = more ? 0 : now_us + PURGE_EVERY_US;
        }
        return code;
}

static ErrorCode work(ChangePublisher *publisher, Error *err)
{
        int64_t now_us = clock_monotonic_us();
        ErrorCode code = ensure_session(publisher, err);

        if (code || !publisher->leased)
                return code;
        if (atomic_exchange(&publisher->committed, false) || now_us >= publisher->head_due_us ||
            (atomic_load(&publisher->stopping) && !publisher->stop_looked))
                code = look(publisher, err);
        metric_set(publisher->metrics.backlog, publisher->last - publisher->outlet.window.arrived);
        /* After PostgreSQL: how much waits is known also while the broker is away. */
        if (!code)
                code = keep_house(publisher, now_us, err);
        if (!code && publisher->last > 0)
                code = change_outlet_open(&publisher->outlet, err);
        if (!code && publisher->outlet.producer && !publisher->outlet.lost)
                code = pump(publisher, err);
        if (!code)
                code = note(publisher, now_us, err);
        metric_set(publisher->metrics.backlog, publisher->last - publisher->outlet.window.arrived);
        metric_set(publisher->metrics.position, publisher->outlet.window.arrived);
        return code;
}

/* The topic is not what we have made of it: put it right. */
static ErrorCode repair(ChangePublisher *publisher, Error *err)
{
        int64_t oldest = 0, since_us, from = publisher->taken;
        ErrorCode code = ERROR_NONE;

        change_outlet_close(&publisher->outlet);
        metric_add(publisher->metrics.restarts, 1);
        if (publisher->outlet.lost) {
                log_warning("changes-lost",
                            "%s: the broker has forgotten changes: the feed begins anew",
                            publisher->outlet.topic.name);
                code = change_session_reset(publisher->session, &publisher->stopping, err);
                if (code)
                        return code;
                publisher->outlet.lost = publisher->outlet.intruded = false;
                publisher->outlet.empty = publisher->outlet.window.arrived;
                return look(publisher, err);
        }
        code = change_session_ages(publisher->session, 0, &oldest, &since_us, err);
        if (code)
                return code;
        if (oldest > from + 1)
                from = oldest - 1;
        if (oldest && from < publisher->outlet.window.arrived)
                change_window_reset(&publisher->outlet.window, from);
        log_warning("changes-intruded",
                    "%s: somebody else has written to it: publishing again from change %" PRId64,
                    publisher->outlet.topic.name, publisher->outlet.window.arrived + 1);
        publisher->outlet.intruded = false;
        return ERROR_NONE;
}

static void wait_before_retry(ChangePublisher *publisher)
{
        publisher->retry_due_us =
                clock_monotonic_us() + backoff_next_us(&publisher->outlet.backoff);
}

static void recover(ChangePublisher *publisher, Error *err)
{
        char reason[256];

        if (!err->code && (publisher->outlet.lost || publisher->outlet.intruded) &&
            publisher->session && publisher->leased && repair(publisher, err) == ERROR_NONE)
                wait_before_retry(publisher);
        if (err->code) {
                log_warning("publisher-interrupted", "%s: %s", publisher->view, err->message);
                if (publisher->outlet.away) /* we stay the publisher, and know what waits */
                        change_outlet_close(&publisher->outlet);
                else
                        drop_session(publisher);
                publisher->outlet.away = false;
                wait_before_retry(publisher);
                return;
        }
        if (!publisher->outlet.producer ||
            (!publisher->outlet.failed &&
             !rd_kafka_fatal_error(publisher->outlet.producer, reason, sizeof reason)))
                return;
        log_warning("change-producer-replaced",
                    "%s: publishing begins again from what is acknowledged", publisher->view);
        metric_add(publisher->metrics.restarts, 1);
        change_outlet_close(&publisher->outlet);
        wait_before_retry(publisher);
}

static void wait_for_work(ChangePublisher *publisher)
{
        struct pollfd fd = { .fd = publisher->wake_fd, .events = POLLIN };
        int64_t due_us = publisher->leased ? publisher->head_due_us : publisher->lease_due_us;
        int64_t timeout_ms;
        uint64_t count;

        if (publisher->retry_due_us)
                due_us = publisher->retry_due_us;
        timeout_ms = (due_us - clock_monotonic_us()) / US_PER_MS + 1;
        if (timeout_ms > 0 && publisher->purge_due_us == 0 && !publisher->retry_due_us &&
            publisher->leased)
                timeout_ms = 1; /* there is more to delete */
        if (poll(&fd, 1, timeout_ms > 0 ? (int)timeout_ms : 0) > 0)
                (void)!read(publisher->wake_fd, &count, sizeof count);
}

static bool finished(ChangePublisher *publisher)
{
        if (!atomic_load(&publisher->stopping))
                return false;
        return !publisher->leased ||
               (publisher->stop_looked && publisher->outlet.window.arrived >= publisher->last) ||
               clock_monotonic_us() >= atomic_load(&publisher->stop_deadline_us);
}

static void *run(void *data)
{
        ChangePublisher *publisher = data;

        do {
                Error err = ERROR_INIT;

                if (clock_monotonic_us() >= publisher->retry_due_us) {
                        publisher->retry_due_us = 0;
                        (void)!work(publisher, &err);
                        recover(publisher, &err);
                }
                if (!finished(publisher))
                        wait_for_work(publisher);
        } while (!finished(publisher));

        if (publisher->session && publisher->outlet.window.arrived > publisher->noted &&
            change_session_note(publisher->session, publisher->outlet.window.arrived, NULL))
                log_warning("note-failed", "%s: some changes will be published again",
                            publisher->view);
        drop_session(publisher);
        return NULL;
}

ErrorCode change_publisher_start(ChangePublisher *publisher, Error *err)
{
        if (pthread_create(&publisher->thread, NULL, run, publisher) != 0)
                return error_set(err, ERROR_INTERNAL,
                                 "could not start the thread of a change feed");
        publisher->running = true;
        return ERROR_NONE;
}

void change_publisher_tell(ChangePublisher *publisher)
{
        if (!publisher || !publisher->running || atomic_load(&publisher->stopping))
                return;
        atomic_store(&publisher->stop_deadline_us, clock_monotonic_us() + STOP_WAIT_US);
        atomic_store(&publisher->stopping, true);
        change_publisher_wake(publisher);
}

void change_publisher_stop(ChangePublisher *publisher)
{
        if (!publisher || !publisher->running)
                return;
        change_publisher_tell(publisher);
        (void)pthread_join(publisher->thread, NULL);
        publisher->running = false;
}

void change_publisher_wake(ChangePublisher *publisher)
{
        if (!publisher)
                return;
        atomic_store(&publisher->committed, true);
        (void)!write(publisher->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}
