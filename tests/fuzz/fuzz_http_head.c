/*
 * fuzz_http_head.c — heads of streamed requests. What passes has nothing in it that could be read in two ways.
 */

#include <string.h>

#include "common/base/buffer.h"
#include "common/http/http_head.h"
#include "fuzz.h"

static void check_text(const char *text)
{
        for (; *text; text++)
                FUZZ_CHECK(((unsigned char)*text >= ' ' && *text != 0x7f) || *text == '\t');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        size_t head_size = http_head_size((const char *)data, size);
        HttpHead head;
        Error err = ERROR_INIT;
        int status = 0;

        if (!head_size)
                return 0;
        FUZZ_CHECK(head_size <= size);
        buffer_append(&text, data, head_size);
        if (http_head_parse(&head, text.data, head_size, &status, &err)) {
                FUZZ_CHECK(err.code && *err.message);
                return 0;
        }
        FUZZ_CHECK(*head.method && *head.target && head.n_headers <= HTTP_HEADERS_MAX);
        FUZZ_CHECK(!strpbrk(head.method, " \t") && !strpbrk(head.target, " \t"));
        check_text(head.method);
        check_text(head.target);
        for (size_t i = 0; i < head.n_headers; i++) {
                FUZZ_CHECK(*head.headers[i].name && !strpbrk(head.headers[i].name, " \t:"));
                check_text(head.headers[i].name);
                check_text(head.headers[i].value);
        }
        return 0;
}
