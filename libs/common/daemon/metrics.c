#include "common/daemon/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"

typedef enum MetricKind {
        METRIC_COUNTER,
        METRIC_GAUGE,
        METRIC_DURATION,
        METRIC_HISTOGRAM,
} MetricKind;

/* Upper bounds, microseconds, and the same as Prometheus' "le" in seconds; +Inf follows. */
static const struct {
        int64_t bound_us;
        const char *le;
} bounds[] = {
        { 100, "0.0001" },  { 250, "0.00025" }, { 500, "0.0005" },    { 1000, "0.001" },
        { 2500, "0.0025" }, { 5000, "0.005" },  { 10000, "0.01" },    { 25000, "0.025" },
        { 50000, "0.05" },  { 100000, "0.1" },  { 250000, "0.25" },   { 500000, "0.5" },
        { 1000000, "1" },   { 2500000, "2.5" }, { 5000000, "5" },     { 10000000, "10" },
        { 30000000, "30" }, { 60000000, "60" }, { 300000000, "300" },
};

#define N_BUCKETS (ARRAY_SIZE(bounds) + 1)

struct Metric {
        Metric *next;       /* of the family */
        const char *labels; /* NULL for none */
        MetricKind kind;
        _Atomic(const void *) owner;        /* of a gauge that has one at a time */
        _Atomic int64_t value;              /* counter, gauge, microseconds of a duration */
        _Atomic int64_t sum_us;             /* of a histogram */
        _Atomic int64_t buckets[N_BUCKETS]; /* not cumulated, the last one is +Inf */
};

/* All metrics of one name: they share help and type, and stand together in the text. */
typedef struct Family Family;
struct Family {
        Family *next;
        const char *name, *help;
        MetricKind kind;
        Metric *first, **end;
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static Family *registry; /* in the order of registration */
static Family **registry_end = &registry;

static void *allocate(size_t size)
{
        void *p = calloc(1, size);

        if (!p) {
                (void)fprintf(stderr, "out of memory\n");
                abort();
        }
        return p;
}

static Family *family_get(const char *name, const char *help, MetricKind kind)
{
        Family *family;

        for (family = registry; family; family = family->next) {
                if (strcmp(family->name, name) == 0) {
                        assert(family->kind == kind);
                        return family;
                }
        }
        family = allocate(sizeof *family);
        family->name = name;
        family->help = help;
        family->kind = kind;
        family->end = &family->first;
        *registry_end = family;
        registry_end = &family->next;
        return family;
}

static char *copy_text(const char *text)
{
        size_t size = text ? strlen(text) + 1 : 0;

        return text ? memcpy(allocate(size), text, size) : NULL;
}

static bool same_labels(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static Metric *metric_get(const char *name, const char *labels, const char *help, MetricKind kind)
{
        Family *family;
        Metric *metric;

        MUTEX_GUARD(&registry_lock);
        family = family_get(name, help, kind);
        for (metric = family->first; metric; metric = metric->next) {
                if (same_labels(metric->labels, labels))
                        return metric;
        }
        metric = allocate(sizeof *metric);
        metric->labels = copy_text(labels);
        metric->kind = kind;
        *family->end = metric;
        family->end = &metric->next;
        return metric;
}

Metric *metric_counter(const char *name, const char *labels, const char *help)
{
        return metric_get(name, labels, help, METRIC_COUNTER);
}

Metric *metric_gauge(const char *name, const char *labels, const char *help)
{
        return metric_get(name, labels, help, METRIC_GAUGE);
}

Metric *metric_duration(const char *name, const char *labels, const char *help)
{
        return metric_get(name, labels, help, METRIC_DURATION);
}

Metric *metric_histogram(const char *name, const char *labels, const char *help)
{
        return metric_get(name, labels, help, METRIC_HISTOGRAM);
}

void metric_add(Metric *metric, int64_t n)
{
        assert(metric->kind == METRIC_GAUGE || (metric->kind == METRIC_COUNTER && n >= 0));
        (void)atomic_fetch_add_explicit(&metric->value, n, memory_order_relaxed);
}

void metric_set(Metric *metric, int64_t value)
{
        assert(metric->kind == METRIC_GAUGE);
        atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

void metric_set_us(Metric *metric, int64_t duration_us)
{
        assert(metric->kind == METRIC_DURATION);
        atomic_store_explicit(&metric->value, duration_us > 0 ? duration_us : 0,
                              memory_order_relaxed);
}

void metric_set_part(Metric *metric, int64_t *part, int64_t value)
{
        assert(metric->kind == METRIC_GAUGE);
        metric_add(metric, value - *part);
        *part = value;
}

void metric_take(Metric *metric, const void *owner)
{
        atomic_store(&metric->owner, owner);
}

bool metric_is_of(const Metric *metric, const void *owner)
{
        return atomic_load(&metric->owner) == owner;
}

void metric_observe_us(Metric *metric, int64_t duration_us)
{
        size_t i = 0;

        assert(metric->kind == METRIC_HISTOGRAM);
        if (duration_us < 0) /* two clocks that disagree */
                duration_us = 0;
        while (i < ARRAY_SIZE(bounds) && duration_us > bounds[i].bound_us)
                i++;
        (void)atomic_fetch_add_explicit(&metric->sum_us, duration_us, memory_order_relaxed);
        (void)atomic_fetch_add_explicit(&metric->buckets[i], 1, memory_order_relaxed);
}

int64_t metric_value(const Metric *metric)
{
        return atomic_load_explicit(&metric->value, memory_order_relaxed);
}

static void write_value(Buffer *buffer, const char *name, const Metric *metric)
{
        buffer_append_string(buffer, name);
        if (metric->labels)
                buffer_printf(buffer, "{%s}", metric->labels);
        if (metric->kind == METRIC_DURATION)
                buffer_printf(buffer, " %.6f\n", (double)metric_value(metric) / US_PER_SEC);
        else
                buffer_printf(buffer, " %" PRId64 "\n", metric_value(metric));
}

/* The count is the sum of the buckets as they were read, so the two always agree. */
static void write_histogram(Buffer *buffer, const char *name, const Metric *metric)
{
        const char *labels = metric->labels ? metric->labels : "";
        const char *comma = metric->labels ? "," : "";
        int64_t count = 0;
        int64_t sum_us = atomic_load_explicit(&metric->sum_us, memory_order_relaxed);

        for (size_t i = 0; i < N_BUCKETS; i++) {
                count += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
                buffer_printf(buffer, "%s_bucket{%s%sle=\"%s\"} %" PRId64 "\n", name, labels, comma,
                              i < ARRAY_SIZE(bounds) ? bounds[i].le : "+Inf", count);
        }
        if (metric->labels)
                buffer_printf(buffer, "%s_sum{%s} %.6f\n%s_count{%s} %" PRId64 "\n", name, labels,
                              (double)sum_us / 1e6, name, labels, count);
        else
                buffer_printf(buffer, "%s_sum %.6f\n%s_count %" PRId64 "\n", name,
                              (double)sum_us / 1e6, name, count);
}

void metrics_write(Buffer *buffer)
{
        static const char *const kinds[] = { "counter", "gauge", "gauge", "histogram" };

        MUTEX_GUARD(&registry_lock);
        for (const Family *family = registry; family; family = family->next) {
                buffer_printf(buffer, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help,
                              family->name, kinds[family->kind]);
                for (const Metric *metric = family->first; metric; metric = metric->next) {
                        if (metric->kind == METRIC_HISTOGRAM)
                                write_histogram(buffer, family->name, metric);
                        else
                                write_value(buffer, family->name, metric);
                }
        }
}
