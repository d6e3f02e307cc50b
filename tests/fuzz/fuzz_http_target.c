/*
 * fuzz_http_target.c — request targets of any content: what is decoded is UTF-8 without NUL, and fits.
 */

#include <string.h>

#include "common/base/utf8.h"
#include "common/http/http_target.h"
#include "fuzz.h"

static void check_text(const char *text)
{
        FUZZ_CHECK(utf8_valid(text, strlen(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(http_target_deinit) HttpTarget target = HTTP_TARGET_INIT;
        _cleanup_(freep) char *text = strndup((const char *)data, size);
        Error err = ERROR_INIT;

        FUZZ_CHECK(text);
        if (http_target_parse(&target, text, &err)) {
                FUZZ_CHECK(err.code == ERROR_MALFORMED);
                return 0;
        }
        FUZZ_CHECK(target.n_segments >= 1 && target.n_segments <= HTTP_PATH_SEGMENTS_MAX + 1);
        FUZZ_CHECK(target.n_query <= HTTP_QUERY_PARAMS_MAX);
        for (size_t i = 0; i < target.n_segments; i++)
                check_text(target.segments[i]);
        for (size_t i = 0; i < target.n_query; i++) {
                check_text(target.query[i].name);
                check_text(target.query[i].value);
        }
        return 0;
}
