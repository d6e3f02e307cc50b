#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buffer.h"
#include "common/http/http_chunks.h"

/* Decode @text, given @step bytes at a time; false when it is refused. */
static bool decode(const char *text, size_t step, Buffer *body, HttpChunks *chunks)
{
        size_t size = strlen(text), at = 0, have = 0;

        *chunks = HTTP_CHUNKS_INIT;
        buffer_clear(body);
        while (chunks->state != CHUNKS_END && (at < have || have < size)) {
                const char *piece = NULL;
                size_t used, n;
                Error err;

                if (at == have)
                        have = have + step < size ? have + step : size;
                if (http_chunks_next(chunks, text + at, have - at, &used, &piece, &n, &err))
                        return false;
                if (n)
                        buffer_append(body, piece, n);
                at += used;
        }
        return true;
}

START_TEST(a_body_is_put_together_however_it_is_cut)
{
        static const char text[] = "5\r\nhello\r\n1;ext=\"x y\"\r\n \r\n0a\r\n0123456789\r\n"
                                   "000\r\nTrailer: a\r\nAnother: b\r\n\r\nbehind";
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        HttpChunks chunks;

        for (size_t step = 1; step <= sizeof text; step++) {
                ck_assert(decode(text, step, &body, &chunks));
                ck_assert_str_eq(buffer_text(&body), "hello 0123456789");
                ck_assert_int_eq(chunks.state, CHUNKS_END);
        }
}
END_TEST

START_TEST(malformed_chunks_are_refused)
{
        static const char *const bad[] = {
                "\r\n",
                "g\r\n",
                " 5\r\nhello\r\n",
                "5 \r\nhello\r\n",
                "0x5\r\nhello\r\n",
                "-5\r\nhello\r\n",
                "5\nhello\n",
                "5\r\nhello\n",
                "5\r\nhelloo\r\n",
                "5\r\nhello\r\r",
                "5\rhello",
                ";\r\n",
                "5;a\x01\r\nhello\r\n",
                "1000000000000000\r\n",
                "0\r\nA: b\n\r\n",
                "0\r\n\rx",
        };
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        HttpChunks chunks;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                ck_assert_msg(!decode(bad[i], 3, &body, &chunks), "%s", bad[i]);
}
END_TEST

START_TEST(what_is_ignored_is_bounded)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        HttpChunks chunks;

        buffer_append_string(&text, "0\r\n");
        for (int i = 0; i < HTTP_CHUNKS_EXTRA_BYTES_MAX / 4; i++)
                buffer_append_string(&text, "A: b\r\n");
        ck_assert(decode(text.data, 100, &body, &chunks));
        buffer_append_string(&text, "A: b\r\n");
        ck_assert(!decode(text.data, 100, &body, &chunks));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("http_chunks");
        TCase *tcase = tcase_create("http_chunks");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, a_body_is_put_together_however_it_is_cut);
        tcase_add_test(tcase, malformed_chunks_are_refused);
        tcase_add_test(tcase, what_is_ignored_is_bounded);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
