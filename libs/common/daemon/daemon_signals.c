#include "common/daemon/daemon_signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/daemon/daemon.h"
#include "common/daemon/log.h"

static atomic_bool has_failed;
static _Atomic int fail_event = -1; /* eventfd */
static int signal_fd = -1;

static sigset_t stop_signals(void)
{
        sigset_t set;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        return set;
}

ErrorCode daemon_signals_init(Error *err)
{
        struct sigaction ignore = { .sa_handler = SIG_IGN };
        sigset_t set = stop_signals();

        (void)sigaction(SIGPIPE, &ignore, NULL);
        (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
        signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
        atomic_store(&fail_event, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (signal_fd < 0 || atomic_load(&fail_event) < 0)
                return error_set(err, ERROR_INTERNAL, "could not wait for signals: %s",
                                 strerrordesc_np(errno));
        return ERROR_NONE;
}

void daemon_signals_deinit(void)
{
        int event = atomic_exchange(&fail_event, -1);

        if (event >= 0)
                (void)close(event);
        if (signal_fd >= 0)
                (void)close(signal_fd);
        signal_fd = -1;
}

static void forgive_once(int number)
{
        (void)number;
}

/* The signal that asked us to stop kills when it comes again. A terminal's SIGINT is often followed
 * by the SIGTERM of a script that runs us, so the other one is forgiven once. */
static void make_next_signal_final(int number)
{
        struct sigaction end = { .sa_handler = SIG_DFL };
        struct sigaction forgive = { .sa_handler = forgive_once, .sa_flags = (int)SA_RESETHAND };
        sigset_t set = stop_signals();

        (void)sigaction(number, &end, NULL);
        (void)sigaction(number == SIGTERM ? SIGINT : SIGTERM, &forgive, NULL);
        (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

const char *daemon_signals_wait(void)
{
        struct pollfd fds[] = {
                { .fd = signal_fd, .events = POLLIN },
                { .fd = atomic_load(&fail_event), .events = POLLIN },
        };
        struct signalfd_siginfo info = { 0 };

        while (!fds[0].revents && !fds[1].revents) {
                if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
                        return NULL;
        }
        if (!fds[0].revents) {
                make_next_signal_final(SIGTERM);
                return NULL;
        }
        (void)read(signal_fd, &info, sizeof info);
        make_next_signal_final((int)info.ssi_signo);
        return info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM";
}

bool daemon_failed(void)
{
        return atomic_load(&has_failed);
}

void daemon_fail(const char *fmt, ...)
{
        char message[512];
        uint64_t one = 1;
        int event = atomic_load(&fail_event);
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(message, sizeof message, fmt, args);
        va_end(args);
        log_error("failed", "%s", message);
        atomic_store(&has_failed, true);
        if (event >= 0)
                (void)write(event, &one, sizeof one);
}
