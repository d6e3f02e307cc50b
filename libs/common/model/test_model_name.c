#include <check.h>
#include <stdlib.h>

#include "common/model/model_name.h"

static const struct {
        const char *name, *snake, *plural;
} rows[] = {
        { "Project", "project", "projects" },
        { "ServiceMetric", "service_metric", "service_metrics" },
        { "APIKey", "api_key", "api_keys" },
        { "Api2Key", "api2_key", "api2_keys" },
        { "Entry", "entry", "entries" },
        { "Key", "key", "keys" },
        { "Box", "box", "boxes" },
        { "Branch", "branch", "branches" },
        { "Y", "y", "ys" },
        { "Service_Log", "service_log", "service_logs" },
};

START_TEST(views_and_paths)
{
        _cleanup_(buffer_deinit) Buffer name = BUFFER_INIT;

        model_name_snake(&name, rows[_i].name);
        ck_assert_str_eq(buffer_text(&name), rows[_i].snake);
        model_name_plural(&name);
        ck_assert_str_eq(buffer_text(&name), rows[_i].plural);
}
END_TEST

START_TEST(indexes_are_called_as_in_amplify)
{
        _cleanup_(buffer_deinit) Buffer name = BUFFER_INIT;
        char one[] = "name", two[] = "timestamp";
        char *fields[] = { one, two };

        model_name_index(&name, "Metric", fields, 2);
        ck_assert_str_eq(buffer_text(&name), "metricsByNameAndTimestamp");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model_name");
        TCase *tcase = tcase_create("model_name");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_loop_test(tcase, views_and_paths, 0, ARRAY_SIZE(rows));
        tcase_add_test(tcase, indexes_are_called_as_in_amplify);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
