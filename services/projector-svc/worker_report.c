#include "worker_report.h"

#include "common/daemon/log.h"

void worker_report_feeds(WorkerReport *report, const ViewMetrics *metrics, const FeedList *feeds,
                         size_t n_parked)
{
        int64_t held = 0;

        for (size_t i = 0; i < feeds->n_feeds; i++)
                held += feeds->feeds[i]->source != FEED_NONE && feeds->feeds[i]->held_by_event;
        metric_set_part(metrics->held, &report->held_counted, held);
        atomic_store(&report->held, held > 0);
        atomic_store(&report->parked, (int64_t)n_parked);
}

void worker_report_kafka(WorkerReport *report, const char *view, bool ok)
{
        if (ok != atomic_exchange(&report->kafka, ok))
                log_write(ok ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, ok ? "kafka-back" : "kafka-away",
                          NULL, "%s: the brokers %s", view, ok ? "answer" : "do not answer");
}

ViewWorkerHealth worker_report_read(const WorkerReport *report)
{
        return (ViewWorkerHealth){ .postgresql = atomic_load(&report->postgresql),
                                   .kafka = atomic_load(&report->kafka),
                                   .held = atomic_load(&report->held),
                                   .over = atomic_load(&report->over),
                                   .parked = atomic_load(&report->parked),
                                   .lag = atomic_load(&report->lag),
                                   .heads = atomic_load(&report->heads) };
}

void view_worker_health_add(ViewWorkerHealth *sum, const ViewWorkerHealth *worker)
{
        sum->postgresql = sum->postgresql && worker->postgresql;
        sum->kafka = sum->kafka && worker->kafka;
        sum->held = sum->held || worker->held;
        sum->over = sum->over || worker->over;
        sum->parked += worker->parked;
        sum->lag += worker->lag;
        if (sum->heads < worker->heads)
                sum->heads = worker->heads;
}
