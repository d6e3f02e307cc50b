#include "common/daemon/process_metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static void filep(FILE **file)
{
        if (*file)
                (void)fclose(*file);
}

static void dirp(DIR **dir)
{
        if (*dir)
                (void)closedir(*dir);
}

static double seconds(struct timeval time)
{
        return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Entries of a folder of /proc/self, which are descriptors or threads; 0 when it cannot be read. */
static unsigned count_entries(const char *path)
{
        _cleanup_(dirp) DIR *dir = opendir(path);
        unsigned n = 0;

        /* the folder is read by this thread alone */
        while (dir && readdir(dir)) /* NOLINT(concurrency-mt-unsafe) */
                n++;
        return n > 2 ? n - 2 : 0;
}

static unsigned long resident_pages(void)
{
        _cleanup_(filep) FILE *file = fopen("/proc/self/statm", "re");
        char line[128] = "", *end;

        if (!file || !fgets(line, sizeof line, file))
                return 0;
        (void)strtoul(line, &end, 10);
        return strtoul(end, NULL, 10);
}

static void gauge(Buffer *buffer, const char *name, const char *help, unsigned long value)
{
        buffer_printf(buffer, "# HELP %s %s\n# TYPE %s gauge\n%s %lu\n", name, help, name, name,
                      value);
}

void process_metrics_write(Buffer *buffer, const char *service)
{
        struct rusage usage = { 0 };

        (void)getrusage(RUSAGE_SELF, &usage);
        buffer_printf(buffer,
                      "# HELP skafu_build_info Version of the service.\n"
                      "# TYPE skafu_build_info gauge\n"
                      "skafu_build_info{service=\"%s\",version=\"%s\"} 1\n",
                      service, SKAFU_VERSION);
        buffer_printf(buffer,
                      "# HELP process_cpu_seconds_total CPU time used, seconds.\n"
                      "# TYPE process_cpu_seconds_total counter\n"
                      "process_cpu_seconds_total %.3f\n",
                      seconds(usage.ru_utime) + seconds(usage.ru_stime));
        gauge(buffer, "process_resident_memory_bytes", "Memory in use, bytes.",
              resident_pages() * (unsigned long)sysconf(_SC_PAGESIZE));
        gauge(buffer, "process_open_fds", "Open descriptors.", count_entries("/proc/self/fd"));
        gauge(buffer, "process_threads", "Threads.", count_entries("/proc/self/task"));
}
