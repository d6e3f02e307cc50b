#include <check.h>
#include <stdlib.h>

#include "worker_report.h"

START_TEST(workers_are_well_when_all_are)
{
        const ViewWorkerHealth well = {
                .postgresql = true, .kafka = true, .parked = 1, .lag = 10, .heads = 100
        };
        ViewWorkerHealth sum = well;

        view_worker_health_add(&sum, &well);
        ck_assert(sum.postgresql && sum.kafka && !sum.held && !sum.over);
        view_worker_health_add(&sum, &(ViewWorkerHealth){
                                             .kafka = true, .held = true, .lag = 5, .heads = 101 });
        ck_assert(!sum.postgresql && sum.kafka && sum.held && !sum.over);
        view_worker_health_add(&sum, &(ViewWorkerHealth){ .postgresql = true, .over = true });
        ck_assert(!sum.postgresql && !sum.kafka && sum.held && sum.over);
        ck_assert_int_eq(sum.parked, 2);
        ck_assert_int_eq(sum.lag, 25);
        ck_assert_int_eq(sum.heads, 101);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("worker_report");
        TCase *tcase = tcase_create("worker_report");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, workers_are_well_when_all_are);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
