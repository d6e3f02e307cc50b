#pragma once

/*
 * command_app.h — command-svc put together: writers, relay, replayer, snapshots, look-ups; what the handlers
 * are given.
 */

#include <stdatomic.h>

#include "command_config.h"
#include "common/pg/pg_pool.h"
#include "failure_queue.h"
#include "record_keeper.h"
#include "relay.h"
#include "replayer.h"
#include "running_commands.h"
#include "snapshot_writer.h"
#include "writer.h"

typedef struct CommandApp {
        const CommandConfig *config;
        PgPool *pool; /* for look-ups, and the keeper */
        RunningCommands *running;
        FailureQueue *failures;
        RecordKeeper *keeper;
        Relay *relay;
        Replayer *replayer;
        SnapshotWriter *snapshots; /* NULL when they are off */
        Writer **writers;
        size_t n_writers;
        atomic_int n_bulk_requests; /* running now */
} CommandApp;

extern const DaemonType command_daemon;
