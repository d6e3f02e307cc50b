/*
 * fuzz_bulk_line.c — bodies of many commands: split into lines, each taken apart and checked as far as its writer.
 */

#include <string.h>

#include "bulk_answers.h"
#include "bulk_lines.h"
#include "bulk_window.h"
#include "common/http/http_stream.h"
#include "fuzz.h"

#define LINE_BYTES_MAX 512

static void read_line(const Buffer *text)
{
        static char name[] = "alice";
        static const Principal principal = { .user = name, .name = name };
        _cleanup_(bulk_line_deinit) BulkLine line = BULK_LINE_INIT;
        _cleanup_(command_intake_deinit) CommandIntake intake = COMMAND_INTAKE_INIT;
        _cleanup_(command_request_deinit) CommandRequest request;
        _cleanup_(command_answer_deinit) CommandAnswer answer = COMMAND_ANSWER_INIT;
        _cleanup_(buffer_deinit) Buffer told = BUFFER_INIT;
        CommandInput input = { .principal = &principal };
        Error err = ERROR_INIT;
        ErrorCode code;

        command_request_init(&request);
        code = bulk_line_parse(&line, text->data, text->size, &err);
        if (!code) {
                input.type = line.type;
                input.payload = line.payload;
                input.headers = line.headers;
                code = command_intake_read(&intake, &input, &request, &err);
        }
        if (!code) {
                FUZZ_CHECK(request.aggregate_id && *request.aggregate_id);
                return;
        }
        FUZZ_CHECK(err.code == code && *err.message);
        command_answer_refuse(&answer, &request, &err, 0);
        bulk_answers_write(&told, 1, false, &answer);
        FUZZ_CHECK(told.data[told.size - 1] == '\n' && !memchr(told.data, '\n', told.size - 1));
        FUZZ_CHECK(json_text_check(told.data, told.size, 2, NULL) == ERROR_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        HttpStream stream = { .body = (const char *)data, .body_size = size };
        _cleanup_(bulk_lines_deinit) BulkLines lines;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        BulkLineKind kind = BULK_LINE;
        Error err = ERROR_INIT;
        int status = 0;

        FUZZ_CHECK(bulk_lines_init(&lines, &stream, LINE_BYTES_MAX, 1, &err) == ERROR_NONE);
        while (kind != BULK_LINES_END) {
                FUZZ_CHECK(bulk_lines_next(&lines, &text, &kind, &status, &err) == ERROR_NONE);
                FUZZ_CHECK(text.size <= LINE_BYTES_MAX);
                if (kind == BULK_LINE)
                        read_line(&text);
        }
        return 0;
}
