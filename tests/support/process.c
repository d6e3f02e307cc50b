#include "tests/support/process.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"

/* posix_spawn() takes the vectors of main(), whose texts could be changed; these are copies. */
static char **copy_vector(const char *const *texts)
{
        size_t n = 0;
        char **copy;

        while (texts[n])
                n++;
        copy = calloc(n + 1, sizeof *copy);
        ck_assert_ptr_nonnull(copy);
        for (size_t i = 0; i < n; i++)
                ck_assert_ptr_nonnull(copy[i] = strdup(texts[i]));
        return copy;
}

static void free_vector(char **texts)
{
        for (char **p = texts; *p; p++)
                free(*p);
        free(texts);
}

void process_start(Process *process, const char *const *argv, const char *const *environment)
{
        int out[2], err[2];
        char **arguments = copy_vector(argv), **variables = copy_vector(environment);
        posix_spawn_file_actions_t actions;

        *process = (Process){ .pid = 0 };
        ck_assert(pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
        (void)posix_spawn_file_actions_init(&actions);
        (void)posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
        (void)posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
        ck_assert_msg(posix_spawn(&process->pid, argv[0], &actions, NULL, arguments, variables) ==
                              0,
                      "could not start %s", argv[0]);
        (void)posix_spawn_file_actions_destroy(&actions);
        (void)close(out[1]);
        (void)close(err[1]);
        process->out_fd = out[0];
        process->err_fd = err[0];
        free_vector(arguments);
        free_vector(variables);
}

/* Read what comes from one stream; closes it at its end. */
static void read_some(int *fd, Buffer *buffer)
{
        ssize_t n = read(*fd, buffer_reserve(buffer, 4096), 4096);

        if (n > 0) {
                buffer->size += (size_t)n;
                buffer->data[buffer->size] = '\0';
        } else {
                buffer->data[buffer->size] = '\0';
                (void)close(*fd);
                *fd = -1;
        }
}

/* One turn; false when both streams have ended or the time is up. */
static bool read_streams(Process *process, int64_t deadline_us)
{
        struct pollfd fds[] = {
                { .fd = process->out_fd, .events = POLLIN },
                { .fd = process->err_fd, .events = POLLIN },
        };
        int64_t left_us = deadline_us - clock_monotonic_us();

        if (left_us <= 0 || (process->out_fd < 0 && process->err_fd < 0) ||
            poll(fds, ARRAY_SIZE(fds), (int)(left_us / US_PER_MS) + 1) <= 0)
                return false;
        if (fds[0].revents)
                read_some(&process->out_fd, &process->out);
        if (fds[1].revents)
                read_some(&process->err_fd, &process->err);
        return true;
}

bool process_wait_err(Process *process, const char *text)
{
        int64_t deadline_us = clock_monotonic_us() + PROCESS_TIMEOUT_MS * US_PER_MS;

        while (!strstr(buffer_text(&process->err), text)) {
                if (!read_streams(process, deadline_us))
                        return false;
        }
        return true;
}

int process_wait(Process *process)
{
        int64_t deadline_us = clock_monotonic_us() + PROCESS_TIMEOUT_MS * US_PER_MS;
        int status = 0;

        while (read_streams(process, deadline_us))
                ;
        ck_assert_msg(process->out_fd < 0 && process->err_fd < 0, "still runs: %s",
                      buffer_text(&process->err));
        ck_assert_int_eq(waitpid(process->pid, &status, 0), process->pid);
        process->pid = 0;
        process->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        return process->status;
}

void process_signal(Process *process, int number)
{
        ck_assert_int_gt(process->pid, 0);
        ck_assert_int_eq(kill(process->pid, number), 0);
}

void process_deinit(Process *process)
{
        if (process->pid > 0) {
                (void)kill(process->pid, SIGKILL);
                (void)waitpid(process->pid, NULL, 0);
                if (process->out_fd >= 0)
                        (void)close(process->out_fd);
                if (process->err_fd >= 0)
                        (void)close(process->err_fd);
        }
        buffer_deinit(&process->out);
        buffer_deinit(&process->err);
        *process = (Process){ .pid = 0 };
}
