#include "bulk_answers.h"

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/daemon/metrics.h"

#define FLUSH_BYTES 65536

struct BulkAnswers {
        const CommandApp *app;
        BulkWindow *window;
        HttpStream *stream;
        Buffer text; /* not sent yet */
        bool is_cut; /* nobody takes them any more */
        Metric *lines;
        pthread_t thread;
        bool has_thread;
};

void bulk_answers_write(Buffer *text, int64_t number, bool is_end, const CommandAnswer *answer)
{
        size_t start;

        json_write_object(text, NULL);
        json_write_int(text, "line", number);
        if (is_end)
                json_write_bool(text, "ended", true);
        if (!answer->problem.code) /* a problem has its status inside */
                json_write_int(text, "status", answer->status);
        json_write_bool(text, "replayed", answer->is_replayed);
        buffer_append_char(text, ',');
        start = text->size;
        buffer_append(text, answer->body.data + 1, answer->body.size - 1);
        /* data of an event is as its client sent it, maybe alone and on several lines; inside a JSON text
         * that is white space */
        for (char *p = text->data + start; *p; p++) {
                if (*p == '\n' || *p == '\r')
                        *p = ' ';
        }
        buffer_append_char(text, '\n');
}

static void flush(BulkAnswers *answers)
{
        int64_t timeout_us = answers->app->config->bulk_write_timeout_s * US_PER_SEC;

        if (answers->text.size && !answers->is_cut)
                answers->is_cut =
                        !http_stream_write(answers->stream, answers->text.data, answers->text.size,
                                           clock_monotonic_us() + timeout_us);
        buffer_clear(&answers->text);
}

static void answer(BulkAnswers *answers, BulkItem *item)
{
        _cleanup_(command_answer_deinit) CommandAnswer made = COMMAND_ANSWER_INIT;

        if (item->is_submitted)
                command_intake_settle(answers->app, &item->request);
        else
                command_intake_fail(answers->app, &item->request, &item->refusal,
                                    item->refusal_status);
        if (answers->is_cut)
                return;
        if (item->is_submitted)
                command_answer_make(&made, answers->app->pool, &item->request, NULL, 0);
        else
                command_answer_refuse(&made, &item->request, &item->refusal, item->refusal_status);
        bulk_answers_write(&answers->text, item->number, item->is_end, &made);
        if (answers->text.size >= FLUSH_BYTES)
                flush(answers);
}

/* The oldest line whose outcome is there; NULL at the end. */
static BulkItem *next_item(BulkAnswers *answers)
{
        BulkItem *item = bulk_window_first(answers->window);

        if (item && (!item->is_submitted || command_request_is_complete(&item->request)))
                return item;
        flush(answers); /* nobody waits for an answer because we wait for the next one's outcome */
        item = bulk_window_wait_first(answers->window);
        if (item && item->is_submitted)
                command_request_wait(&item->request);
        return item;
}

static void *answer_all(void *data)
{
        BulkAnswers *answers = data;
        BulkItem *item;

        while ((item = next_item(answers))) {
                answer(answers, item);
                if (!item->is_end)
                        metric_add(answers->lines, 1);
                command_request_deinit(&item->request);
                bulk_window_remove(answers->window);
        }
        flush(answers);
        return NULL;
}

ErrorCode bulk_answers_start(BulkAnswers **ret, const CommandApp *app, BulkWindow *window,
                             HttpStream *stream, Error *err)
{
        _cleanup_(bulk_answers_freep) BulkAnswers *answers = calloc(1, sizeof *answers);

        if (!answers)
                return error_no_memory(err);
        answers->app = app;
        answers->window = window;
        answers->stream = stream;
        answers->lines = metric_counter("skafu_bulk_lines_total", NULL,
                                        "Lines answered of requests of many commands.");
        if (pthread_create(&answers->thread, NULL, answer_all, answers) != 0)
                return error_set(err, ERROR_INTERNAL, "could not start a thread");
        answers->has_thread = true;
        *ret = TAKE_PTR(answers);
        return ERROR_NONE;
}

void bulk_answers_free(BulkAnswers *answers)
{
        if (!answers)
                return;
        if (answers->has_thread) {
                bulk_window_end(answers->window);
                (void)pthread_join(answers->thread, NULL);
        }
        buffer_deinit(&answers->text);
        free(answers);
}
