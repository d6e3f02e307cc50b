#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"

START_TEST(values_never_change)
{
        /* Streams are placed by these: another value would move them. */
        ck_assert_uint_eq(hash_bytes("", 0), UINT64_C(9615434041927672947));
        ck_assert_uint_eq(hash_bytes("p1", 2), UINT64_C(4323672072232761906));
}
END_TEST

START_TEST(low_bits_spread_ids_evenly)
{
        unsigned counts[4] = { 0 };
        char id[16];

        for (int i = 0; i < 4000; i++) {
                (void)snprintf(id, sizeof id, "id-%d", i);
                counts[hash_bytes(id, strlen(id)) % 4]++;
        }
        for (int i = 0; i < 4; i++)
                ck_assert_uint_ge(counts[i], 850);
}
END_TEST

START_TEST(sha256_of_abc)
{
        static const uint8_t expected[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea };
        uint8_t digest[HASH_SHA256_SIZE];

        hash_sha256("abc", 3, digest);
        ck_assert_int_eq(memcmp(digest, expected, sizeof expected), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hash");
        TCase *tcase = tcase_create("hash");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, values_never_change);
        tcase_add_test(tcase, low_bits_spread_ids_evenly);
        tcase_add_test(tcase, sha256_of_abc);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
