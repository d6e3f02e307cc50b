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
        void (*ended)(void *owner);
        void *owner;
        pthread_t thread;
        bool started;
        atomic_bool over; /* to be joined */
        atomic_bool stopping;
        char *view;
        pthread_mutex_t lock; /* of what follows */
        PGcancel *cancel;     /* of what runs, when it can be cancelled */
} RebuildFinish;

/* @ended is called with @owner by the thread, as the last thing it does. */
void rebuild_finish_init(RebuildFinish *finish, const ProjectorConfig *config, const Schema *schema,
                         void (*ended)(void *owner), void *owner);
void rebuild_finish_deinit(RebuildFinish *finish);

/* Whether nothing runs. Reaps what is over. */
bool rebuild_finish_is_free(RebuildFinish *finish);

/* Whether it is at work on @view, or was. */
bool rebuild_finish_has(const RebuildFinish *finish, const char *view);

/* Begin with @view; nothing may run. What cannot be done now is tried again with the next call. */
void rebuild_finish_start(RebuildFinish *finish, const char *view);

/* Cancel what runs, and wait for its end. */
void rebuild_finish_stop(RebuildFinish *finish);
