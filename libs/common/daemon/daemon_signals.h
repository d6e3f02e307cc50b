#pragma once

/*
 * daemon_signals.h — the ways in which a process is asked to end, waited for in the main thread.
 */

#include <stdbool.h>

#include "common/base/error.h"

/* Block SIGTERM and SIGINT in this thread and all that it starts; ignore SIGPIPE. Before any thread. */
_must_check_ ErrorCode daemon_signals_init(Error *err);
void daemon_signals_deinit(void);

/**
 * daemon_signals_wait() - until a signal or daemon_fail()
 *
 * From its return on, the same signal again ends the process at once, as does the other one's second.
 * Return: the signal's name, or NULL after daemon_fail(). Thread: the main one, once.
 */
const char *daemon_signals_wait(void);

/* Whether daemon_fail() was called. Thread: any. */
bool daemon_failed(void);
