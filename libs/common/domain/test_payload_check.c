#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/domain.h"

static const char *const colours[] = { "RED", "GREEN", NULL };

static const PayloadField fields[] = {
        { "thingId", PAYLOAD_ID },
        { "name", PAYLOAD_STRING, true, 8 },
        { "note", PAYLOAD_STRING },
        { "colour", PAYLOAD_ENUM, .values = colours },
        { "weight", PAYLOAD_NUMBER },
        { "count", PAYLOAD_INTEGER },
        { "open", PAYLOAD_BOOLEAN },
        { "at", PAYLOAD_DATETIME },
        { "tags", PAYLOAD_OBJECT, .max_bytes = 20 },
        { "data", PAYLOAD_JSON, .max_bytes = 20 },
        { NULL },
};

static const CommandType make_thing = { .name = "MakeThing",
                                        .fields = fields,
                                        .id_field = "thingId" };

/* The domain of this test: none. */
const AggregateType *const domain_aggregates[] = { NULL };

/* An apostrophe in @body stands for a quotation mark. */
static ErrorCode check_body(const char *body, Error *err)
{
        _cleanup_(json_fields_deinit) JsonFields payload = JSON_FIELDS_INIT;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        for (; *body; body++)
                buffer_append(&text, *body == '\'' ? "\"" : body, 1);
        *err = ERROR_INIT;
        return payload_check(&make_thing, buffer_text(&text), text.size, &payload, err);
}

static void check_taken(const char *body)
{
        Error err;

        ck_assert_msg(check_body(body, &err) == ERROR_NONE, "%s: %s", body, err.message);
}

static void check_refused(const char *body, ErrorCode code, const char *field)
{
        Error err;

        ck_assert_msg(check_body(body, &err) == code, "%s: %s, %s", body, error_code_name(err.code),
                      err.message);
        ck_assert_str_eq(err.field, field);
        ck_assert_msg(*err.message, "no message for %s", body);
        ck_assert_msg(strstr(err.message, field), "\"%s\" does not name %s", err.message, field);
}

static void check_malformed(const char *body, const char *field)
{
        check_refused(body, ERROR_MALFORMED, field);
}

START_TEST(every_kind_is_taken)
{
        check_taken("{'name':'a'}");
        check_taken(
                "{'thingId':'a.b_c:d-1','name':'a','note':'','colour':'GREEN','weight':-1.5e3,'count':-3,"
                "'open':false,'at':'2026-01-31T12:00:00+01:00','tags':{'a':[1]},'data':[1,'x',null]}");
        check_taken("{'name':'a','data':'text'}");
        check_taken("{'name':'a','data':1.5}");
        check_taken("{'name':'a','data':true}");
}
END_TEST

START_TEST(optional_fields_may_be_null)
{
        check_taken(
                "{'name':'a','thingId':null,'note':null,'colour':null,'weight':null,'count':null,'open':null,"
                "'at':null,'tags':null,'data':null}");
}
END_TEST

START_TEST(the_payload_is_indexed)
{
        _cleanup_(json_fields_deinit) JsonFields payload = JSON_FIELDS_INIT;
        static const char text[] = "{\"name\":\"a\",\"weight\":1.50}";

        ck_assert_int_eq(payload_check(&make_thing, text, strlen(text), &payload, NULL),
                         ERROR_NONE);
        ck_assert_str_eq(json_fields_string(&payload, "name"), "a");
        ck_assert_uint_eq(json_fields_get(&payload, "weight").size, 4);
}
END_TEST

START_TEST(required_fields)
{
        check_malformed("{}", "payload.name");
        check_malformed("{'name':null}", "payload.name");
        check_malformed("{'name':''}", "payload.name");
        check_malformed("{'name':' \\t\\r\\n'}", "payload.name");
}
END_TEST

START_TEST(other_kinds_are_refused)
{
        static const struct {
                const char *field;
                JsonKind taken;
        } rows[] = {
                { "thingId", JSON_KIND_STRING }, { "name", JSON_KIND_STRING },
                { "note", JSON_KIND_STRING },    { "colour", JSON_KIND_STRING },
                { "weight", JSON_KIND_NUMBER },  { "count", JSON_KIND_NUMBER },
                { "open", JSON_KIND_BOOLEAN },   { "at", JSON_KIND_STRING },
                { "tags", JSON_KIND_OBJECT },
        };
        static const struct {
                const char *text;
                JsonKind kind;
        } values[] = {
                { "true", JSON_KIND_BOOLEAN }, { "1", JSON_KIND_NUMBER },
                { "'x'", JSON_KIND_STRING },   { "[]", JSON_KIND_ARRAY },
                { "{}", JSON_KIND_OBJECT },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
                        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT, field = BUFFER_INIT;

                        if (rows[i].taken == values[j].kind)
                                continue;
                        buffer_printf(&field, "payload.%s", rows[i].field);
                        buffer_printf(&body, "{%s'%s':%s}", i == 1 ? "" : "'name':'a',",
                                      rows[i].field, values[j].text);
                        check_malformed(buffer_text(&body), buffer_text(&field));
                }
        }
}
END_TEST

START_TEST(ids)
{
        check_malformed("{'name':'a','thingId':''}", "payload.thingId");
        check_malformed("{'name':'a','thingId':'a b'}", "payload.thingId");
        check_malformed("{'name':'a','thingId':'a/b'}", "payload.thingId");
        check_malformed("{'name':'a','thingId':'\\u00e9'}", "payload.thingId");
        check_malformed("{'name':'a','thingId':'a\\n'}", "payload.thingId");
        check_taken("{'name':'a','thingId':'\\u0061'}");
}
END_TEST

START_TEST(enums_list_their_values)
{
        Error err;

        check_malformed("{'name':'a','colour':'BLUE'}", "payload.colour");
        check_malformed("{'name':'a','colour':'red'}", "payload.colour");
        check_malformed("{'name':'a','colour':''}", "payload.colour");
        (void)check_body("{'name':'a','colour':'BLUE'}", &err);
        ck_assert_str_eq(err.message, "payload.colour must be one of RED, GREEN");
}
END_TEST

START_TEST(numbers)
{
        check_malformed("{'name':'a','count':1.0}", "payload.count");
        check_malformed("{'name':'a','count':1e3}", "payload.count");
        check_malformed("{'name':'a','weight':1e-400}", "payload.weight");
        check_malformed(
                "{'name':'a','weight':0.1000000000000000000000000000000000000000000000000000000000000000}",
                "payload.weight");
        check_malformed("{'name':'a','weight':1e400}", "");
        check_malformed("{'name':'a','count':9223372036854775808}", "");
        check_taken("{'name':'a','count':9223372036854775807,'weight':1.7976931348623157e308}");
}
END_TEST

START_TEST(times)
{
        check_malformed("{'name':'a','at':'2026-01-31'}", "payload.at");
        check_malformed("{'name':'a','at':''}", "payload.at");
}
END_TEST

START_TEST(sizes)
{
        check_taken("{'name':'12345678'}");
        check_refused("{'name':'123456789'}", ERROR_TOO_LARGE, "payload.name");
        check_taken("{'name':'\\u0031\\u0032\\u0033'}");
        check_refused("{'name':'\\u20ac\\u20ac\\u20ac'}", ERROR_TOO_LARGE, "payload.name");
        check_taken("{'name':'a','tags':{'a':'123456789012'}}");
        check_refused("{'name':'a','tags':{'a':'1234567890123'}}", ERROR_TOO_LARGE, "payload.tags");
        check_refused("{'name':'a','data':'1234567890123456789'}", ERROR_TOO_LARGE, "payload.data");
        check_refused("{'name':'a','data':100000000000000.000000}", ERROR_TOO_LARGE,
                      "payload.data");
}
END_TEST

START_TEST(sizes_by_default)
{
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;

        buffer_printf(&body, "{'name':'a','note':'%01024d'}", 0);
        check_taken(buffer_text(&body));
        buffer_clear(&body);
        buffer_printf(&body, "{'name':'a','note':'%01025d'}", 0);
        check_refused(buffer_text(&body), ERROR_TOO_LARGE, "payload.note");
        buffer_clear(&body);
        buffer_printf(&body, "{'name':'a','thingId':'%0128d'}", 0);
        check_taken(buffer_text(&body));
        buffer_clear(&body);
        buffer_printf(&body, "{'name':'a','thingId':'%0129d'}", 0);
        check_refused(buffer_text(&body), ERROR_TOO_LARGE, "payload.thingId");
}
END_TEST

START_TEST(unknown_fields_are_refused_by_name)
{
        Error err;

        check_malformed("{'name':'a','size':1}", "payload.size");
        check_malformed("{'name':'a','Name':'b'}", "payload.Name");
        check_malformed("{'name':'a','':1}", "payload.");
        (void)check_body("{'name':'a','size':1}", &err);
        ck_assert_ptr_nonnull(strstr(err.message, "MakeThing"));
        ck_assert_ptr_nonnull(strstr(err.message, "thingId, name, note"));
        /* A known name in disguise would not be found by the rules. */
        check_malformed("{'n\\u0061me':'a'}", "payload.name");
}
END_TEST

START_TEST(long_unknown_names_are_cut_between_characters)
{
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        Error err;

        buffer_append_string(&body, "{'x");
        for (int i = 0; i < 100; i++)
                buffer_append_string(&body, "\xe2\x82\xac");
        buffer_append_string(&body, "':1}");
        ck_assert_int_eq(check_body(buffer_text(&body), &err), ERROR_MALFORMED);
        ck_assert_uint_eq((strlen(err.field) - strlen("payload.x")) % 3, 0);
        ck_assert_ptr_null(strchr(err.message, '?'));
        ck_assert_ptr_nonnull(strstr(err.message, "thingId"));
}
END_TEST

START_TEST(what_is_no_object_is_refused)
{
        static const char *const bad[] = { "",
                                           "x",
                                           "[]",
                                           "'a'",
                                           "{'name':'a'",
                                           "{'name':'a'}x",
                                           "{'name':'a','name':'b'}",
                                           "{'name':'\\u0000'}",
                                           "{'name':'\\ud800'}" };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                check_malformed(bad[i], "");
}
END_TEST

START_TEST(nesting_is_bounded)
{
        char body[128] = "{'name':'a','data':";

        memset(body + strlen(body), '[', 32);
        memset(body + strlen(body), ']', 32);
        body[strlen(body)] = '}';
        check_malformed(body, "");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("payload_check");
        TCase *tcase = tcase_create("payload_check");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, every_kind_is_taken);
        tcase_add_test(tcase, optional_fields_may_be_null);
        tcase_add_test(tcase, the_payload_is_indexed);
        tcase_add_test(tcase, required_fields);
        tcase_add_test(tcase, other_kinds_are_refused);
        tcase_add_test(tcase, ids);
        tcase_add_test(tcase, enums_list_their_values);
        tcase_add_test(tcase, numbers);
        tcase_add_test(tcase, times);
        tcase_add_test(tcase, sizes);
        tcase_add_test(tcase, sizes_by_default);
        tcase_add_test(tcase, unknown_fields_are_refused_by_name);
        tcase_add_test(tcase, long_unknown_names_are_cut_between_characters);
        tcase_add_test(tcase, what_is_no_object_is_refused);
        tcase_add_test(tcase, nesting_is_bounded);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
