#include "view_metrics.h"

#include "common/base/buffer.h"

void view_metrics_init(ViewMetrics *metrics, const char *view)
{
        _cleanup_(buffer_deinit) Buffer labels = BUFFER_INIT;
        const char *l;

        buffer_printf(&labels, "view=\"%s\"", view);
        l = labels.data;
        *metrics = (ViewMetrics){
                .events = metric_counter("skafu_view_events_total", l, "events applied to a view"),
                .batches = metric_counter("skafu_view_batches_total", l, "transactions of a view"),
                .repeats = metric_counter("skafu_view_repeats_total", l,
                                          "messages that were applied before"),
                .gaps = metric_counter("skafu_view_gaps_total", l,
                                       "times that positions were missing in a topic"),
                .filled = metric_counter("skafu_view_filled_total", l,
                                         "events read from the event store instead of the topic"),
                .undecodable = metric_counter("skafu_view_undecodable_total", l,
                                              "messages that are no event of their topic"),
                .failures = metric_counter("skafu_view_failures_total", l,
                                           "tries of an event that could not be applied"),
                .fenced = metric_counter("skafu_view_fenced_total", l,
                                         "batches refused: another instance had taken over"),
                .parkings = metric_counter(
                        "skafu_view_parkings_total", l,
                        "aggregates parked: one of their events could not be applied"),
                .drops = metric_counter("skafu_view_dropped_total", l,
                                        "events left out since an operator wanted it"),
                .repaired = metric_counter("skafu_view_repaired_total", l,
                                           "aggregates whose rows were checked by a replay"),
                .repaired_rows = metric_counter(
                        "skafu_view_repaired_rows_total", l,
                        "rows that were not right, and were written or deleted by a replay"),
                .repairs_left_out = metric_counter("skafu_view_repairs_left_out_total", l,
                                                   "aggregates that a replay could not make right"),
                .parked = metric_gauge("skafu_view_parked", l,
                                       "parked aggregates of the log partitions of this instance"),
                .held = metric_gauge(
                        "skafu_view_held_partitions", l,
                        "log partitions that wait for an event that cannot be applied"),
                .apply_time = metric_histogram("skafu_apply_seconds", l, "time to apply a batch"),
                .visible_time = metric_histogram("skafu_visible_seconds", l,
                                                 "from stored to shown by a view"),
        };
}
