#pragma once

/*
 * view_peers.h — what the workers of one version share in this process.
 */

#include <stdatomic.h>
#include <stddef.h>

#include "change_publisher.h"

typedef struct ViewPeers {
        ChangePublisher *publisher; /* told of every commit; NULL without a change feed */
        size_t n_workers;
        atomic_size_t awaited; /* that have not tried to get a session yet */
} ViewPeers;

/* @publisher: borrowed. */
void view_peers_init(ViewPeers *peers, size_t n_workers, ChangePublisher *publisher);

/* A worker has tried to get its session, for the first time. Thread: any. */
void view_peers_arrive(ViewPeers *peers);

/* So many workers must be counted on, whether they have sessions already or not: at the start the first one must not take
 * what it would have to give to the next one. Later only those count that have a session. Thread: any. */
size_t view_peers_expected(const ViewPeers *peers);
