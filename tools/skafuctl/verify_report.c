#include "verify_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/json_writer.h"
#include "common/base/utf8.h"

#define PROBLEMS_TOLD     100
#define PROBLEM_BYTES_MAX 511

void verify_report_deinit(VerifyReport *report)
{
        buffer_deinit(&report->problems);
        buffer_deinit(&report->topics);
        buffer_deinit(&report->views);
        buffer_deinit(&report->table);
}

void verify_problem(VerifyReport *report, const char *fmt, ...)
{
        char text[PROBLEM_BYTES_MAX + 1];
        va_list args;
        size_t size;

        if (report->n_problems++ >= PROBLEMS_TOLD)
                return;
        va_start(args, fmt);
        (void)vsnprintf(text, sizeof text, fmt, args);
        va_end(args);
        size = strlen(text);
        if (size == PROBLEM_BYTES_MAX) /* maybe cut, within a character */
                text[utf8_prefix(text, size)] = '\0';
        for (char *p = text; *p; p++) /* a problem is one line */
                if (*p == '\n' || *p == '\r')
                        *p = ' ';
        json_write_string(&report->problems, NULL, text);
        buffer_printf(&report->table, "  PROBLEM  %s\n", text);
}

void verify_topic_line(VerifyReport *report, const char *topic, int32_t partition, int64_t stored,
                       int64_t published, int64_t repeats)
{
        Buffer *json = &report->topics;

        json_write_object(json, NULL);
        json_write_string(json, "topic", topic);
        json_write_int(json, "partition", partition);
        json_write_int(json, "stored", stored);
        json_write_int(json, "published", published);
        json_write_int(json, "repeats", repeats);
        json_write_object_end(json);
        buffer_printf(&report->table,
                      "  topic    %-32s %4" PRId32 "  stored %10" PRId64 "  published %10" PRId64
                      "%s\n",
                      topic, partition, stored, published,
                      stored == published ? "" : "  DIFFERENT");
}

void verify_view_line(VerifyReport *report, const VerifyViewLine *line)
{
        Buffer *json = &report->views;
        char label[80];

        if (strcmp(line->state, "live") == 0)
                (void)snprintf(label, sizeof label, "%s", line->view);
        else
                (void)snprintf(label, sizeof label, "%s/%d %s", line->view, line->version,
                               line->state);
        json_write_object(json, NULL);
        json_write_string(json, "view", line->view);
        json_write_int(json, "version", line->version);
        json_write_string(json, "state", line->state);
        json_write_bool(json, "compared", !line->not_compared);
        json_write_int(json, "expected", line->expected);
        json_write_int(json, "rows", line->rows);
        json_write_int(json, "different", line->different);
        json_write_int(json, "parked", line->parked);
        json_write_int(json, "dropped", line->dropped);
        json_write_object_end(json);
        if (line->not_compared) {
                buffer_printf(&report->table, "  view     %-32s       NOT COMPARED\n", label);
                return;
        }
        buffer_printf(&report->table,
                      "  view     %-32s       expected %8" PRId64 "  rows %15" PRId64 "%s", label,
                      line->expected, line->rows,
                      line->different || line->expected != line->rows ? "  DIFFERENT" : "");
        if (line->parked)
                buffer_printf(&report->table, "  PARKED %" PRId64, line->parked);
        if (line->dropped)
                buffer_printf(&report->table, "  dropped events %" PRId64, line->dropped);
        buffer_append_char(&report->table, '\n');
}

void verify_progress(const VerifyReport *report, const char *fmt, ...)
{
        va_list args;

        if (!report->progress)
                return;
        va_start(args, fmt);
        (void)fputs("\r\033[K", stderr);
        (void)vfprintf(stderr, fmt, args);
        va_end(args);
}

static void write_list(Buffer *json, const char *key, const Buffer *items)
{
        json_write_array(json, key);
        buffer_append(json, buffer_text(items), items->size);
        json_write_array_end(json);
}

void verify_report_print(const VerifyReport *report, const char *scope, bool json)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        if (report->progress)
                (void)fputs("\r\033[K", stderr);
        if (!json) {
                (void)printf("  store    %" PRId64 " events of %" PRId64 " aggregates, %" PRId64
                             " commands\n%s%s %s\n",
                             report->events, report->streams, report->commands,
                             buffer_text(&report->table), scope,
                             report->n_problems ? "DO NOT agree" : "agree");
                return;
        }
        json_write_object(&text, NULL);
        json_write_bool(&text, "ok", report->n_problems == 0);
        json_write_int(&text, "events", report->events);
        json_write_int(&text, "streams", report->streams);
        json_write_int(&text, "commands", report->commands);
        write_list(&text, "topics", &report->topics);
        write_list(&text, "views", &report->views);
        json_write_int(&text, "problemCount", report->n_problems);
        write_list(&text, "problems", &report->problems);
        json_write_object_end(&text);
        (void)puts(text.data);
}
