#include <check.h>
#include <unistd.h>

#include "common/http/http_connections.h"

#define FD 1000 /* never open: nothing is cut off in these tests */

static HttpConnections *connections;

static void setup(void)
{
        Error err = ERROR_INIT;

        ck_assert_int_eq(http_connections_new(&connections, 60, 60, &err), ERROR_NONE);
}

static void teardown(void)
{
        http_connections_free(connections);
}

START_TEST(each_counts_once)
{
        HttpConnection *one = http_connection_open(connections, FD);
        HttpConnection *other = http_connection_open_unsorted(connections, FD + 1);

        ck_assert_uint_eq(http_connections_count(connections), 2);
        ck_assert_uint_eq(http_connections_opened(connections), 1);
        http_connection_close(one);
        http_connection_close(other);
        ck_assert_uint_eq(http_connections_count(connections), 0);
}
END_TEST

/* The library answers from a thread of its own, before or after the sorter has let go. */
START_TEST(one_that_moves_counts_once)
{
        for (int is_moved_first = 0; is_moved_first < 2; is_moved_first++) {
                HttpConnection *sorted = http_connection_open_unsorted(connections, FD);
                HttpConnection *moved;

                http_connection_moving(sorted);
                ck_assert_uint_eq(http_connections_count(connections), 1);
                moved = http_connection_open(connections, FD);
                ck_assert_uint_eq(http_connections_count(connections), 1);
                http_connection_close(is_moved_first ? moved : sorted);
                http_connection_close(is_moved_first ? sorted : moved);
                ck_assert_uint_eq(http_connections_count(connections), 0);
        }
}
END_TEST

START_TEST(one_that_could_not_move_is_gone)
{
        HttpConnection *sorted = http_connection_open_unsorted(connections, FD);
        HttpConnection *next;

        http_connection_moving(sorted);
        http_connection_close(sorted);
        ck_assert_uint_eq(http_connections_count(connections), 0);
        next = http_connection_open(connections, FD); /* the number is free again */
        ck_assert_uint_eq(http_connections_count(connections), 1);
        http_connection_close(next);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("http_connections");
        TCase *tc = tcase_create("http_connections");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_test(tc, each_counts_once);
        tcase_add_test(tc, one_that_moves_counts_once);
        tcase_add_test(tc, one_that_could_not_move_is_gone);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
