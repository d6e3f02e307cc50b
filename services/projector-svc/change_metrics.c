#include "change_metrics.h"

#include "common/base/buffer.h"

void change_metrics_init(ChangeMetrics *metrics, const char *view)
{
        _cleanup_(buffer_deinit) Buffer labels = BUFFER_INIT;
        const char *l;

        buffer_printf(&labels, "view=\"%s\"", view);
        l = labels.data;
        *metrics = (ChangeMetrics){
                .position = metric_gauge("skafu_change_published_position", l,
                                         "changes of a view that the broker has acknowledged"),
                .backlog = metric_gauge("skafu_change_backlog_rows", l,
                                        "committed changes of a view that wait for the broker"),
                .lag = metric_duration("skafu_change_lag_seconds", l,
                                       "age of the oldest change that waits for the broker"),
                .restarts = metric_counter("skafu_change_restarts_total", l,
                                           "times that publishing began again after a failure"),
                .publish_time = metric_histogram(
                        "skafu_change_seconds", l,
                        "from a row's change to the broker's acknowledgement, sampled"),
        };
}
