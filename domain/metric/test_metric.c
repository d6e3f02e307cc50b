#include "common/domain/testing/scenario.h"
#include "common/domain/testing/test_main.h"

static const Actor alice = ACTOR_USER("alice");
static const Actor admin = ACTOR_IN_GROUP("root", "Admin");
static const Actor developer = ACTOR_IN_GROUP("dave", "Developer");
static const Actor api_key = ACTOR_API_KEY;

#define FULL                                                                                \
        "{'metricId':'m1','name':'cpu','value':0.50,'unit':'percent','tags':{'host': 'a'}," \
        "'timestamp':'2026-01-31T12:00:00+01:00','source':'node-1'}"
#define SHORT "{'name':'cpu','value':1,'unit':'percent','source':'node-1'}"
#define RECORDED                                                                            \
        "{'metricId':'m1','name':'cpu','value':0.50,'unit':'percent','tags':{'host': 'a'}," \
        "'timestamp':'2026-01-31T11:00:00.000000Z','source':'node-1'}"

START_TEST(record_keeps_the_value_and_tags_as_they_came)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("metric", "m1");

        when(s, "RecordMetric", FULL, &developer);
        then_event(s, "MetricRecorded", RECORDED);
        then_nothing_more(s);
}
END_TEST

START_TEST(record_without_timestamp_takes_the_time_of_arrival)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("metric", "m1");

        when(s, "RecordMetric", SHORT, &developer);
        then_event(s, "MetricRecorded",
                   "{'metricId':'m1','name':'cpu','value':1,'unit':'percent',"
                   "'timestamp':'2026-01-01T00:00:00.500000Z','source':'node-1'}");
        then_nothing_more(s);
}
END_TEST

START_TEST(a_metric_is_written_once)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("metric", "m1");

        given(s, "MetricRecorded", RECORDED);
        when(s, "RecordMetric", FULL, &developer);
        then_refused(s, ERROR_CONFLICT, "payload.metricId");
}
END_TEST

START_TEST(who_may_record)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("metric", "m1");

        when(s, "RecordMetric", SHORT, &alice);
        then_refused(s, ERROR_FORBIDDEN, "");
        when(s, "RecordMetric", SHORT, &admin);
        ck_assert_str_eq(scenario_message(s), "");
}
END_TEST

START_TEST(an_api_key_may_record)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("metric", "m1");

        when(s, "RecordMetric", FULL, &api_key);
        then_event(s, "MetricRecorded", RECORDED);
}
END_TEST

START_TEST(record_refuses_malformed_payloads)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("metric", "m1");

        static const struct {
                const char *payload, *field;
        } bad[] = {
                { "{'value':1,'unit':'u','source':'s'}", "payload.name" },
                { "{'name':'n','unit':'u','source':'s'}", "payload.value" },
                { "{'name':'n','value':1,'source':'s'}", "payload.unit" },
                { "{'name':'n','value':1,'unit':'u'}", "payload.source" },
                { "{'name':'n','value':'1','unit':'u','source':'s'}", "payload.value" },
                { "{'name':'n','value':null,'unit':'u','source':'s'}", "payload.value" },
                { "{'name':'n','value':1e-999,'unit':'u','source':'s'}", "payload.value" },
                { "{'name':'n','value':1,'unit':'u','source':'s','tags':[1]}", "payload.tags" },
                { "{'name':'n','value':1,'unit':'u','source':'s','timestamp':'now'}",
                  "payload.timestamp" },
                { "{'name':'n','value':1,'unit':'u','source':'s','timestamp':5}",
                  "payload.timestamp" },
                { "{'name':'n','value':1,'unit':'u','source':'s','extra':5}", "payload.extra" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                when(s, "RecordMetric", bad[i].payload, &developer);
                then_refused(s, ERROR_MALFORMED, bad[i].field);
        }
}
END_TEST

START_TEST(recorded_puts_the_metric)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("metric", "m1");

        given(s, "MetricRecorded", RECORDED);
        then_row(s, "Metric", "m1",
                 "{'name':'cpu','value':0.50,'unit':'percent','tags':{'host': 'a'},"
                 "'timestamp':'2026-01-31T11:00:00.000000Z','source':'node-1'}");
        then_row_count(s, "Metric", 1);
}
END_TEST

START_TEST(recorded_without_tags)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("metric", "m1");

        given(s, "MetricRecorded",
              "{'metricId':'m1','name':'cpu','value':-1e3,'unit':'percent',"
              "'timestamp':'2026-01-31T11:00:00.000000Z','source':'node-1'}");
        then_row(s, "Metric", "m1",
                 "{'name':'cpu','value':-1e3,'unit':'percent','tags':null,"
                 "'timestamp':'2026-01-31T11:00:00.000000Z','source':'node-1'}");
}
END_TEST

TEST_MAIN("metric", record_keeps_the_value_and_tags_as_they_came,
          record_without_timestamp_takes_the_time_of_arrival, a_metric_is_written_once,
          who_may_record, an_api_key_may_record, record_refuses_malformed_payloads,
          recorded_puts_the_metric, recorded_without_tags)
