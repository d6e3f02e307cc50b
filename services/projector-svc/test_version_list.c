#include <check.h>
#include <stdlib.h>

#include "version_list.h"

static ViewVersion version(int number, const char *fingerprint, VersionState state)
{
        return (ViewVersion){
                .view = "book", .version = number, .fingerprint = fingerprint, .state = state
        };
}

START_TEST(an_instance_feeds_its_own_schema_and_older_ones)
{
        ViewVersion versions[] = {
                version(1, "a", VERSION_RETIRED),
                version(2, "b", VERSION_LIVE),
                version(3, "c", VERSION_BUILDING),
        };
        VersionList list = { .versions = versions, .n_versions = ARRAY_SIZE(versions) };

        ck_assert(version_list_may_feed(&list, &versions[0], "a"));
        ck_assert(!version_list_may_feed(&list, &versions[1], "a"));
        ck_assert(!version_list_may_feed(&list, &versions[2], "a"));

        ck_assert(version_list_may_feed(&list, &versions[0], "b"));
        ck_assert(version_list_may_feed(&list, &versions[1], "b"));
        ck_assert(!version_list_may_feed(&list, &versions[2], "b"));

        for (size_t i = 0; i < list.n_versions; i++) {
                ck_assert(version_list_may_feed(&list, &versions[i], "c"));
                ck_assert(!version_list_may_feed(&list, &versions[i], "never seen"));
        }
}
END_TEST

START_TEST(a_schema_that_was_built_again_is_the_newest)
{
        ViewVersion versions[] = {
                version(1, "a", VERSION_RETIRED),
                version(2, "b", VERSION_LIVE),
                version(3, "a", VERSION_BUILDING),
        };
        VersionList list = { .versions = versions, .n_versions = ARRAY_SIZE(versions) };

        ck_assert(version_list_may_feed(&list, &versions[1], "a"));
        ck_assert(!version_list_may_feed(&list, &versions[2], "b"));
        ck_assert_int_eq(version_list_newest(&list, "book"), 3);
        ck_assert_int_eq(version_list_newest_of(&list, "book", "b"), 2);
        ck_assert_int_eq(version_list_newest(&list, "shelf"), 0);
        ck_assert_ptr_eq(version_list_live(&list, "book"), &versions[1]);
        ck_assert_ptr_eq(version_list_building(&list, "book"), &versions[2]);
        ck_assert_ptr_null(version_list_live(&list, "shelf"));
        ck_assert_ptr_eq(version_list_find(&list, "book", 1), &versions[0]);
        ck_assert_ptr_null(version_list_find(&list, "book", 4));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("version_list");
        TCase *tcase = tcase_create("version_list");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, an_instance_feeds_its_own_schema_and_older_ones);
        tcase_add_test(tcase, a_schema_that_was_built_again_is_the_newest);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
