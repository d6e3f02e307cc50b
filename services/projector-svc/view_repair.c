#include "view_repair.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/daemon/log.h"

#define TURN_US    (20 * US_PER_MS) /* until events get their turn */
#define LOOK_MAX   50   /* aggregates of a log partition looked up at once, or done at once */
#define EVENTS_MAX 1000 /* of aggregates that are done at once, about */

ErrorCode view_repair_init(ViewRepair *repair, const View *view, ViewMetrics *metrics,
                           const FeedList *feeds, const ParkedSet *parked, Error *err)
{
        ErrorCode code;

        *repair = (ViewRepair){ .view = view,
                                .metrics = metrics,
                                .feeds = feeds,
                                .parked = parked,
                                .texts = ARENA_INIT };
        code = repair_store_new(&repair->store, view, err);
        if (code)
                return code;
        repair_fold_init(&repair->fold, view, repair->store);
        return repair_write_init(&repair->write, view, feeds, repair->store, err);
}

void view_repair_deinit(ViewRepair *repair)
{
        repair_store_free(repair->store);
        repair_fold_deinit(&repair->fold);
        repair_write_deinit(&repair->write);
        arena_deinit(&repair->texts);
        free(repair->jobs);
}

void view_repair_forget(ViewRepair *repair)
{
        repair->n_jobs = repair->next = repair->alone = 0;
        arena_clear(&repair->texts);
        repair_fold_clear(&repair->fold);
        repair->more = false;
}

static void add_job(void *data, const RepairJob *job)
{
        ViewRepair *repair = data;

        if (repair->n_jobs == repair->capacity) {
                size_t capacity = repair->capacity ? repair->capacity * 2 : LOOK_MAX;
                RepairJob *grown = realloc(repair->jobs, capacity * sizeof *grown);

                if (!grown)
                        abort();
                repair->jobs = grown;
                repair->capacity = capacity;
        }
        repair->jobs[repair->n_jobs] = *job;
        repair->jobs[repair->n_jobs++].aggregate_id = arena_copy(&repair->texts, job->aggregate_id);
}

static ErrorCode look(ViewRepair *repair, ViewSession *session, Error *err)
{
        view_repair_forget(repair);
        return repair_store_wanted(repair->store, view_session_conn(session), repair->feeds,
                                   LOOK_MAX, add_job, repair, err);
}

static void note_job(ViewRepair *repair, const RepairJob *job, const char *replay)
{
        _cleanup_(buffer_deinit) Buffer id = BUFFER_INIT;

        if (!job->problem) {
                metric_add(repair->metrics->repaired, 1);
                return;
        }
        json_string_encode(&id, job->aggregate_id, strlen(job->aggregate_id));
        metric_add(repair->metrics->repairs_left_out, 1);
        log_warning("aggregate-not-repaired", "%s: replay %s leaves out %s %s: %s",
                    repair->view->model->view, replay, job->feed->aggregate->name, id.data,
                    job->problem);
}

static void note(ViewRepair *repair, size_t n, const RepairResult *result)
{
        char replay[UUID_TEXT_SIZE];

        uuid_format(&repair->jobs[repair->next].replay_id, replay);
        for (size_t i = 0; i < n; i++)
                note_job(repair, &repair->jobs[repair->next + i], replay);
        metric_add(repair->metrics->repaired_rows, result->changed);
        if (result->outcome == REPAIR_DONE_LAST)
                log_info("replay-ends", "%s: replay %s has repaired what was selected",
                         repair->view->model->view, replay);
}

/* Fold the aggregates at hand from their beginnings again. */
static void begin_again(ViewRepair *repair)
{
        repair_fold_clear(&repair->fold);
        for (size_t i = repair->next; i < repair->n_jobs; i++)
                repair->jobs[i].sequence = 0;
}

/* The next @n jobs are folded. */
static ErrorCode finish(ViewRepair *repair, ViewSession *session, size_t n, Error *err)
{
        RepairJob *jobs = &repair->jobs[repair->next];
        RepairResult result;
        ErrorCode code =
                repair_write_apply(&repair->write, session, jobs, n, &repair->fold, &result, err);

        if (code)
                return code;
        switch (result.outcome) {
        case REPAIR_NOBODY:
                view_repair_forget(repair);
                return ERROR_NONE;
        case REPAIR_REFUSED:
                if (n == 1) /* it is to blame: the next time it is left out */
                        jobs->problem = arena_copy(&repair->texts, result.refusal.message);
                repair->alone = n;
                break;
        case REPAIR_LATER:
                break;
        case REPAIR_DONE:
        case REPAIR_DONE_LAST:
                note(repair, n, &result);
                repair->next += n;
                repair->alone -= repair->alone < n ? repair->alone : n;
                break;
        }
        begin_again(repair);
        return ERROR_NONE;
}

/* A page of a job's events; none when it is known that nothing can be done. */
static ErrorCode fold_job(ViewRepair *repair, ViewSession *session, RepairJob *job, bool *ret_done,
                          Error *err)
{
        Error problem = ERROR_INIT;
        ErrorCode code;

        *ret_done = true;
        if (parked_set_has(repair->parked, job->feed, job->aggregate_id))
                job->problem = "it is parked: retry or drop its event first";
        if (job->problem)
                return ERROR_NONE;
        code = repair_fold_page(&repair->fold, view_session_conn(session), job, ret_done, &problem,
                                err);
        if (!code && problem.code)
                job->problem = arena_copy(&repair->texts, problem.message);
        return code;
}

/* Whether @job can be done in one transaction with the first one. */
static bool goes_with(const ViewRepair *repair, const RepairJob *job)
{
        const RepairJob *first = &repair->jobs[repair->next];

        return job == first ||
               (job->feed == first->feed && !repair->alone &&
                memcmp(&job->replay_id, &first->replay_id, sizeof job->replay_id) == 0);
}

/* Some small aggregates, or a page of a large one, and its end after the last one. */
static ErrorCode step(ViewRepair *repair, ViewSession *session, int64_t until_us, Error *err)
{
        size_t n = 0;
        int64_t events = 0;
        bool done = true;
        ErrorCode code = ERROR_NONE;

        while (!code && n < LOOK_MAX && events < EVENTS_MAX && repair->next + n < repair->n_jobs) {
                RepairJob *job = &repair->jobs[repair->next + n];

                if (!goes_with(repair, job))
                        break;
                code = fold_job(repair, session, job, &done, err);
                if (code || !done)
                        break; /* a large one goes alone, when its turn has come */
                n++;
                events += job->sequence;
                if (clock_monotonic_us() >= until_us)
                        break;
        }
        return code || n == 0 ? code : finish(repair, session, n, err);
}

ErrorCode view_repair_serve(ViewRepair *repair, ViewSession *session, Error *err)
{
        int64_t until_us = clock_monotonic_us() + TURN_US;
        ErrorCode code = ERROR_NONE;

        if (repair->view->role != VIEW_LIVE)
                return ERROR_NONE;
        do {
                if (repair->next == repair->n_jobs)
                        code = look(repair, session, err);
                repair->more = repair->next < repair->n_jobs;
                if (!code && repair->more)
                        code = step(repair, session, until_us, err);
        } while (!code && repair->more && clock_monotonic_us() < until_us);
        return code;
}
