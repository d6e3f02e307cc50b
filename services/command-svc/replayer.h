#pragma once

/*
 * replayer.h — publishes past events again, as operators have requested; one replay at a time per instance. For a
 * replay to a view it lists the aggregates that are selected, and leaves the rest to the view's owners.
 *
 * Requests stand in the store, and so does how far each one is: any instance may take one, and another one
 * goes on when it dies. Then at most a page of events is published twice, with the same position and replay id.
 */

#include "command_config.h"

typedef struct Replayer Replayer;

/* @config outlives the replayer. */
_must_check_ ErrorCode replayer_new(Replayer **ret, const CommandConfig *config, Error *err);
void replayer_free(Replayer *replayer);
DEFINE_CLEANUP(Replayer *, replayer_free)

_must_check_ ErrorCode replayer_start(Replayer *replayer, Error *err);

/* Leave what is under way to another instance, or to the next start. */
void replayer_stop(Replayer *replayer);

/* Something was requested or changed. Thread: any. */
void replayer_wake(Replayer *replayer);
