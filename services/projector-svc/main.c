#include <malloc.h>

#include "projector_app.h"

/* Many threads, of which few allocate at the same time: with an arena each, memory would keep what every one of them
 * needed at most. */
#define ARENAS_MAX 4

/* A batch's texts and parameters come and go: what is larger is given back at once. By itself malloc() would raise this limit
 * to the largest of them, and keep a third more, in holes. */
#define MAP_BYTES (256 * 1024)

int main(int argc, char **argv)
{
        (void)mallopt(M_ARENA_MAX, ARENAS_MAX); /* NOLINT(concurrency-mt-unsafe): no threads yet */
        (void)mallopt(M_MMAP_THRESHOLD, MAP_BYTES); /* NOLINT(concurrency-mt-unsafe): the same */
        return daemon_main(&projector_daemon, argc, argv);
}
