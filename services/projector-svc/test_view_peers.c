#include <check.h>
#include <stdlib.h>

#include "view_peers.h"

/* Until all have tried to get a session; after that one without a session must not keep its share. */
START_TEST(peers_are_expected_until_all_have_tried)
{
        ViewPeers peers;

        view_peers_init(&peers, 3, NULL);
        for (int i = 0; i < 3; i++) {
                ck_assert_uint_eq(view_peers_expected(&peers), 3);
                view_peers_arrive(&peers);
        }
        ck_assert_uint_eq(view_peers_expected(&peers), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("view_peers");
        TCase *tcase = tcase_create("view_peers");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, peers_are_expected_until_all_have_tried);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
