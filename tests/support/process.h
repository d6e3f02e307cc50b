#pragma once

/*
 * process.h — a program under test: started with pipes, waited for, never left behind.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/base/buffer.h"

#define PROCESS_TIMEOUT_MS 30000

typedef struct Process {
        pid_t pid; /* 0 when it has ended */
        int out_fd, err_fd;
        Buffer out, err; /* what was read of them so far */
        int status;      /* exit code, or 128 + the signal that ended it */
} Process;

/**
 * process_start() - run @argv[0] with stdout and stderr read by us
 * @argv, @environment:  end with NULL; the environment has nothing else in it
 *
 * Fails the test when it cannot be started.
 */
void process_start(Process *process, const char *const *argv, const char *const *environment);

/* Kill it if it still runs, and free everything. */
void process_deinit(Process *process);

/* Read stderr until @text is in it; false when it ends or the time is up before. */
bool process_wait_err(Process *process, const char *text);

/* Read both streams to their ends and wait for the end; fails the test when that takes too long. */
int process_wait(Process *process);
void process_signal(Process *process, int number);
