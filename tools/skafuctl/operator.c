#include "operator.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "service_client.h"
#include "skafuctl.h"

#define BAR_WIDTH 30
#define PAGE_SIZE 1000 /* the most that the services give */

ErrorCode operator_ask(const OperatorOptions *options, const char *method, const char *path,
                       const char *body, json_t **ret, Error *err)
{
        ServiceAnswer answer = { .status = 0 };
        ErrorCode code =
                service_ask_for(options->url, method, path, options->token, body, &answer, err);

        *ret = NULL;
        if (!code && answer.body.size > 0) {
                *ret = json_loadb(answer.body.data, answer.body.size, 0, NULL);
                if (!*ret)
                        code = error_set(err, ERROR_INTERNAL, "%s answers no JSON", options->url);
        }
        service_answer_deinit(&answer);
        return code;
}

ErrorCode operator_ask_all(const OperatorOptions *options, const char *path, json_t **ret,
                           Error *err)
{
        json_t *all = NULL;

        *ret = NULL;
        for (;;) {
                _cleanup_(buffer_deinit) Buffer page_path = BUFFER_INIT;
                json_t *page = NULL;
                const char *cursor = json_string_value(json_object_get(all, "nextCursor"));
                ErrorCode code;

                buffer_printf(&page_path, "%s?limit=%d%s%s", path, PAGE_SIZE,
                              cursor ? "&cursor=" : "", cursor ? cursor : "");
                code = operator_ask(options, "GET", page_path.data, NULL, &page, err);
                if (code) {
                        json_decref(all);
                        return code;
                }
                if (all) { /* what stands before goes in front */
                        json_t *items = json_incref(json_object_get(all, "items"));

                        (void)json_array_extend(items, json_object_get(page, "items"));
                        (void)json_object_set_new(page, "items", items);
                        json_decref(all);
                }
                all = page;
                if (!json_is_string(json_object_get(all, "nextCursor"))) {
                        *ret = all;
                        return ERROR_NONE;
                }
        }
}

void operator_print(const OperatorOptions *options, json_t *answer, const JsonColumn *columns,
                    const char *empty)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        json_t *items = json_object_get(answer, "items"), *one = NULL;

        if (!answer) {
                (void)puts(options->json ? "null" : "done");
                return;
        }
        if (options->json) {
                (void)json_dumpf(answer, stdout, JSON_COMPACT);
                (void)putchar('\n');
                return;
        }
        if (!items)
                items = one = json_pack("[O]", answer);
        if (json_array_size(items) > 0)
                json_table_append(&text, items, columns);
        else
                buffer_printf(&text, "%s\n", empty);
        (void)fputs(text.data, stdout);
        json_decref(one);
}

void operator_path(Buffer *path, const char *segment)
{
        static const char plain[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

        buffer_append_char(path, '/');
        for (; *segment; segment++)
                if (strchr(plain, *segment))
                        buffer_append_char(path, *segment);
                else
                        buffer_printf(path, "%%%02X", (unsigned)(unsigned char)*segment);
}

int operator_failed(const Error *err)
{
        (void)fprintf(stderr, "skafuctl: %s\n", err->message);
        return EXIT_FAILED;
}

void operator_progress(int64_t done, int64_t total, int64_t started_us, const char *what)
{
        int64_t elapsed_us = clock_monotonic_us() - started_us;
        int filled = total > 0 ? (int)(done * BAR_WIDTH / total) : BAR_WIDTH;

        if (!isatty(STDERR_FILENO))
                return;
        filled = filled > BAR_WIDTH ? BAR_WIDTH : filled;
        (void)fprintf(stderr, "\r\033[K[%.*s%*s] %" PRId64 "/%" PRId64 " %s", filled,
                      "##############################", BAR_WIDTH - filled, "", done, total, what);
        if (done > 0 && elapsed_us > US_PER_SEC)
                (void)fprintf(stderr, "  %" PRId64 "/s, %" PRId64 " s left",
                              done * US_PER_SEC / elapsed_us,
                              (total - done) * (elapsed_us / US_PER_MS) / done / 1000);
}

void operator_progress_end(void)
{
        if (isatty(STDERR_FILENO))
                (void)fputs("\r\033[K", stderr);
}
