#pragma once

/*
 * verify_report.h — what `skafuctl verify` found, as a table for people or as JSON.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"

typedef struct VerifyReport {
        bool progress; /* show where it is, on stderr */
        int64_t events, streams, commands;
        int64_t n_problems;
        Buffer problems; /* JSON strings, the first ones */
        Buffer topics;   /* JSON objects */
        Buffer views;    /* JSON objects */
        Buffer table;    /* lines for people */
} VerifyReport;

#define VERIFY_REPORT_INIT ((VerifyReport){ .events = 0 })

void verify_report_deinit(VerifyReport *report);

/* Count a disagreement; the first 100 are told. */
_printf_(2, 3) void verify_problem(VerifyReport *report, const char *fmt, ...);

/* One line of what was compared: "topic skafu.x.events/0", how many on both sides. */
void verify_topic_line(VerifyReport *report, const char *topic, int32_t partition, int64_t stored,
                       int64_t published, int64_t repeats);

typedef struct VerifyViewLine {
        const char *view;
        int version;
        const char *state;
        int64_t expected, rows, different;
        int64_t parked;    /* aggregates; what they hold is not expected */
        int64_t dropped;   /* events; not expected either */
        bool not_compared; /* no projection makes its rows: nothing is known of them */
} VerifyViewLine;

void verify_view_line(VerifyReport *report, const VerifyViewLine *line);

_printf_(2, 3) void verify_progress(const VerifyReport *report, const char *fmt, ...);

/* @scope: what was looked at: "store, topics and views". */
void verify_report_print(const VerifyReport *report, const char *scope, bool json);
