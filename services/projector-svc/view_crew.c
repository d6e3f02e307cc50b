#include "view_crew.h"

#include <assert.h>
#include <stdlib.h>

struct ViewCrew {
        const ProjectorConfig *config;
        ViewPeers peers;
        ChangePublisher *publisher; /* NULL without a change feed */
        ViewWorker **workers;
        size_t n_workers;
};

DEFINE_CLEANUP(ViewCrew *, view_crew_free)

ErrorCode view_crew_new(ViewCrew **ret, const ProjectorConfig *config, const Model *published,
                        size_t n_workers, Error *err)
{
        _cleanup_(view_crew_freep) ViewCrew *crew = calloc(1, sizeof *crew);
        ErrorCode code = ERROR_NONE;

        if (!crew || !(crew->workers = calloc(n_workers, sizeof(ViewWorker *))))
                return error_no_memory(err);
        crew->config = config;
        if (published)
                code = change_publisher_new(&crew->publisher, config, published, err);
        if (code)
                return code;
        view_peers_init(&crew->peers, n_workers, crew->publisher);
        *ret = TAKE_PTR(crew);
        return ERROR_NONE;
}

void view_crew_free(ViewCrew *crew)
{
        if (!crew)
                return;
        view_crew_stop(crew);
        for (size_t i = 0; i < crew->n_workers; i++)
                view_worker_free(crew->workers[i]);
        change_publisher_free(crew->publisher);
        free(crew->workers);
        free(crew);
}

ErrorCode view_crew_add(ViewCrew *crew, View *view, const BuildOrder *order,
                        const char *live_schema, Error *err)
{
        ErrorCode code;

        assert(crew->n_workers < crew->peers.n_workers);
        code = view_worker_new(&crew->workers[crew->n_workers], crew->config, view, order,
                               live_schema, &crew->peers, err);
        if (!code)
                crew->n_workers++;
        return code;
}

ErrorCode view_crew_start(ViewCrew *crew, Error *err)
{
        ErrorCode code =
                crew->publisher ? change_publisher_start(crew->publisher, err) : ERROR_NONE;

        for (size_t i = 0; !code && i < crew->n_workers; i++)
                code = view_worker_start(crew->workers[i], err);
        return code;
}

void view_crew_tell(ViewCrew *crew)
{
        for (size_t i = 0; i < crew->n_workers; i++)
                view_worker_tell(crew->workers[i]);
}

void view_crew_await_workers(ViewCrew *crew)
{
        view_crew_tell(crew);
        for (size_t i = 0; i < crew->n_workers; i++)
                view_worker_stop(crew->workers[i]);
        change_publisher_tell(crew->publisher);
}

void view_crew_stop(ViewCrew *crew)
{
        view_crew_await_workers(crew);
        change_publisher_stop(crew->publisher);
}

ViewWorkerHealth view_crew_health(const ViewCrew *crew)
{
        ViewWorkerHealth sum = view_worker_health(crew->workers[0]);

        for (size_t i = 1; i < crew->n_workers; i++) {
                ViewWorkerHealth worker = view_worker_health(crew->workers[i]);

                view_worker_health_add(&sum, &worker);
        }
        return sum;
}
