#pragma once

/*
 * rebuild_finish.h — the end of a rebuild: the comparison with the live version, and the switch.
 *
 * A thread of its own, since a comparison reads all rows of two versions. One instance at a time does it for a
 * view (an advisory lock); when it dies in the middle, another one begins again.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "common/model/model.h"
#include "common/pg/pg_conn.h"
#include "projector_config.h"
#include "version_list.h"

typedef struct RebuildFinish {
        const ProjectorConfig *config;
        const Schema *schema; /* of this instance */
        const char *view;
        void (*ended)(void *owner);
        void *owner;
        pthread_t thread;
        bool started;
        int64_t due_us;   /* not again before */
        atomic_bool over; /* to be joined */
        atomic_bool stopping;
        pthread_mutex_t lock; /* of what follows */
        PGcancel *cancel;     /* of what runs, when it can be cancelled */
} RebuildFinish;

/* @view: borrowed. @ended is called with @owner by the thread, near its end. */
void rebuild_finish_init(RebuildFinish *finish, const ProjectorConfig *config, const Schema *schema,
                         const char *view, void (*ended)(void *owner), void *owner);
void rebuild_finish_deinit(RebuildFinish *finish);

/* Whether it runs. Reaps what is over. */
bool rebuild_finish_runs(RebuildFinish *finish);

/* Begin, unless it runs, or ended less than refresh_ms ago: what could not be done is tried again then, and others come
 * first. */
void rebuild_finish_start(RebuildFinish *finish);

/* Cancel what runs; then wait for its end. */
void rebuild_finish_tell(RebuildFinish *finish);
void rebuild_finish_stop(RebuildFinish *finish);
