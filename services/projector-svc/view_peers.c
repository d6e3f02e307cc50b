#include "view_peers.h"

void view_peers_init(ViewPeers *peers, size_t n_workers, ChangePublisher *publisher)
{
        peers->publisher = publisher;
        peers->n_workers = n_workers;
        atomic_init(&peers->awaited, n_workers);
}

void view_peers_arrive(ViewPeers *peers)
{
        (void)atomic_fetch_sub(&peers->awaited, 1);
}

size_t view_peers_expected(const ViewPeers *peers)
{
        return atomic_load(&peers->awaited) > 0 ? peers->n_workers : 0;
}
