#include <malloc.h>

#include "projector_app.h"

/* Many threads, of which few allocate at the same time: with an arena each, memory would keep what every one of them
 * needed at most. */
#define ARENAS_MAX 4

int main(int argc, char **argv)
{
        (void)mallopt(M_ARENA_MAX, ARENAS_MAX); /* NOLINT(concurrency-mt-unsafe): no threads yet */
        return daemon_main(&projector_daemon, argc, argv);
}
