#include "view_repair.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/daemon/log.h"

#define TURN_US  (20 * US_PER_MS) /* until events get their turn */
#define LOOK_MAX 50               /* aggregates of a log partition looked up at once */

ErrorCode view_repair_init(ViewRepair *repair, const View *view, ViewMetrics *metrics,
                           const FeedList *feeds, const ParkedSet *parked, Error *err)
{
        ErrorCode code;

        *repair = (ViewRepair){ .view = view,
                                .metrics = metrics,
                                .feeds = feeds,
                                .parked = parked,
                                .ids = ARENA_INIT };
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
        arena_deinit(&repair->ids);
        free(repair->jobs);
}

void view_repair_forget(ViewRepair *repair)
{
        repair->n_jobs = repair->next = 0;
        arena_clear(&repair->ids);
        repair_fold_clear(&repair->fold);
        repair->more = false;
}

static void add_job(void *data, Feed *feed, const Uuid *replay_id, const char *aggregate_id)
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
        repair->jobs[repair->n_jobs++] =
                (RepairJob){ .replay_id = *replay_id,
                             .feed = feed,
                             .aggregate_id = arena_copy(&repair->ids, aggregate_id) };
}

static ErrorCode look(ViewRepair *repair, ViewSession *session, Error *err)
{
        view_repair_forget(repair);
        return repair_store_wanted(repair->store, view_session_conn(session), repair->feeds,
                                   LOOK_MAX, add_job, repair, err);
}

static void note(ViewRepair *repair, const RepairJob *job, const RepairResult *result,
                 const char *problem)
{
        char replay[UUID_TEXT_SIZE];

        uuid_format(&job->replay_id, replay);
        metric_add(repair->metrics->repaired_rows, result->changed);
        if (problem) {
                _cleanup_(buffer_deinit) Buffer id = BUFFER_INIT;

                json_string_encode(&id, job->aggregate_id, strlen(job->aggregate_id));
                metric_add(repair->metrics->repairs_left_out, 1);
                log_warning("aggregate-not-repaired", "%s: replay %s leaves out %s %s: %s",
                            repair->view->model->view, replay, job->feed->aggregate->name, id.data,
                            problem);
        } else {
                metric_add(repair->metrics->repaired, 1);
        }
        if (result->outcome == REPAIR_DONE_LAST)
                log_info("replay-ends", "%s: replay %s has repaired what was selected",
                         repair->view->model->view, replay);
}

static ErrorCode finish(ViewRepair *repair, ViewSession *session, const RepairJob *job,
                        const char *problem, Error *err)
{
        RepairResult result;
        Error refusal;
        ErrorCode code = repair_write_apply(&repair->write, session, job, &repair->fold, problem,
                                            &result, err);

        if (!code && result.outcome == REPAIR_REFUSED) {
                refusal = result.refusal;
                problem = refusal.message;
                code = repair_write_apply(&repair->write, session, job, &repair->fold, problem,
                                          &result, err);
        }
        if (code || result.outcome == REPAIR_LATER)
                return code;
        if (result.outcome == REPAIR_NOBODY) {
                view_repair_forget(repair);
                return ERROR_NONE;
        }
        note(repair, job, &result, problem);
        repair_fold_clear(&repair->fold);
        repair->next++;
        return ERROR_NONE;
}

/* A page of the aggregate at hand, and its end after the last one. */
static ErrorCode step(ViewRepair *repair, ViewSession *session, Error *err)
{
        const RepairJob *job = &repair->jobs[repair->next];
        bool done = false;
        Error problem = ERROR_INIT;
        ErrorCode code;

        if (parked_set_has(repair->parked, job->feed, job->aggregate_id))
                return finish(repair, session, job, "it is parked: retry or drop its event first",
                              err);
        code = repair_fold_page(&repair->fold, view_session_conn(session), job->feed,
                                job->aggregate_id, &done, &problem, err);
        if (code)
                return code;
        if (problem.code)
                return finish(repair, session, job, problem.message, err);
        return done ? finish(repair, session, job, NULL, err) : ERROR_NONE;
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
                        code = step(repair, session, err);
        } while (!code && repair->more && clock_monotonic_us() < until_us);
        return code;
}
