/*
 * embedded-broker — librdkafka's built-in cluster as a process of its own, for developers without Java.
 *
 * It keeps 5 MiB a partition, nothing on disk, and forgets everything when it stops; topics come into
 * being on first use, with four partitions. What it loses, the services refill from the event store.
 *
 * usage: embedded-broker --port PORT      serves 127.0.0.1:PORT until SIGTERM or SIGINT
 */

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXIT_USAGE 2

/* What bind() below puts in the place of port 0. Set before librdkafka runs. */
static in_port_t wanted_port;

/*
 * The built-in cluster binds port 0 and has no setting for another, and its metadata names the port
 * that it got, so that no forwarder helps. But librdkafka calls bind() through its procedure linkage
 * table, and the executable is searched first: this definition (exported by the linker's
 * --export-dynamic) is the one that it reaches. SO_REUSEADDR lets a broker come back on the port at
 * once while connections to the old one linger in TIME_WAIT. A port that is taken ends the program
 * here, since librdkafka 2.0.2 trips over its own clean-up when a broker of the cluster cannot listen.
 */
__attribute__((__visibility__("default"))) int bind(int fd, const struct sockaddr *addr,
                                                    socklen_t len)
{
        struct sockaddr_in fixed;
        const int on = 1;
        long result;

        if (addr->sa_family != AF_INET || len < sizeof fixed)
                return (int)syscall(SYS_bind, fd, addr, len);

        memcpy(&fixed, addr, sizeof fixed);
        if (!fixed.sin_port)
                fixed.sin_port = htons(wanted_port);
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        result = syscall(SYS_bind, fd, &fixed, sizeof fixed);
        if (result) {
                (void)fprintf(stderr, "embedded-broker: could not listen on port %d: %s\n",
                              ntohs(fixed.sin_port), strerrordesc_np(errno));
                _exit(EXIT_FAILURE);
        }
        return 0;
}

static int usage(void)
{
        (void)fprintf(stderr, "usage: embedded-broker --port PORT\n");
        return EXIT_USAGE;
}

static bool port_parse(const char *text, in_port_t *ret)
{
        char *end;
        unsigned long port;

        errno = 0;
        port = strtoul(text, &end, 10);
        if (errno || end == text || *end || port < 1 || port > USHRT_MAX)
                return false;
        *ret = (in_port_t)port;
        return true;
}

/* Serve until a signal of @signals comes. */
static int serve(const sigset_t *signals)
{
        char reason[256];
        rd_kafka_conf_t *conf;
        rd_kafka_t *owner;
        rd_kafka_mock_cluster_t *cluster;
        int received;

        conf = rd_kafka_conf_new();
        /* Warnings and worse: the notice that a client without brokers connects to none is no news. */
        (void)rd_kafka_conf_set(conf, "log_level", "4", NULL, 0);
        owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
        if (!owner) {
                rd_kafka_conf_destroy(conf);
                (void)fprintf(stderr, "embedded-broker: could not start: %s\n", reason);
                return EXIT_FAILURE;
        }
        cluster = rd_kafka_mock_cluster_new(owner, 1);
        if (!cluster) {
                (void)fprintf(stderr, "embedded-broker: could not make the cluster\n");
                rd_kafka_destroy(owner);
                return EXIT_FAILURE;
        }
        (void)fprintf(stderr, "embedded-broker: serves %s\n",
                      rd_kafka_mock_cluster_bootstraps(cluster));

        while (sigwait(signals, &received) != 0)
                ;
        rd_kafka_mock_cluster_destroy(cluster);
        rd_kafka_destroy(owner);
        return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        sigset_t signals;

        if (argc != 3 || strcmp(argv[1], "--port") != 0 || !port_parse(argv[2], &wanted_port))
                return usage();

        /* Blocked before librdkafka starts its threads, so that none of them takes the signal. */
        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGTERM);
        (void)sigaddset(&signals, SIGINT);
        (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
        return serve(&signals);
}
