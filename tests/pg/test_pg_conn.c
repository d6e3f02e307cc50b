/* Connections to a real PostgreSQL: deadlines, broken connections, prepared statements, parameters. */

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/pg/pg_conn.h"
#include "common/pg/pg_params.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_database.h"

static TempDatabase *database;
static PGconn *conn;
static PgParams *params;
static PGresult *res;
static Error err;

static void setup(void)
{
        err = ERROR_INIT;
        res = NULL;
        params = pg_params_new();
        ck_assert_msg(temp_database_new_empty(&database, &err) == ERROR_NONE, "%s", err.message);
        conn = temp_database_connect(database, NULL);
}

static void teardown(void)
{
        PQclear(res);
        PQfinish(conn);
        pg_params_free(params);
        temp_database_free(database);
}

static int64_t soon(void)
{
        return clock_monotonic_us() + 60 * US_PER_SEC;
}

/* Run; keep the result in res and the error in err. */
static ErrorCode exec(const char *sql)
{
        PQclear(res);
        res = NULL;
        err = ERROR_INIT;
        return pg_exec(conn, sql, NULL, &res, soon(), "test", &err);
}

static ErrorCode exec_prepared(const char *name, const char *sql)
{
        PQclear(res);
        res = NULL;
        err = ERROR_INIT;
        return pg_exec_prepared(conn, name, sql, params, &res, soon(), "test", &err);
}

static ErrorCode exec_params(const char *sql)
{
        PQclear(res);
        res = NULL;
        err = ERROR_INIT;
        return pg_exec(conn, sql, params, &res, soon(), "test", &err);
}

static void expect_value(const char *expected)
{
        ck_assert_msg(res, "%s", err.message);
        ck_assert_str_eq(PQgetvalue(res, 0, 0), expected);
}

START_TEST(the_session_is_set_up)
{
        ck_assert_int_eq(exec("SHOW TimeZone"), ERROR_NONE);
        expect_value("UTC");
        ck_assert_int_eq(exec("SHOW jit"), ERROR_NONE);
        expect_value("off");
        ck_assert_int_eq(exec("SHOW client_encoding"), ERROR_NONE);
        expect_value("UTF8");
        ck_assert_int_eq(exec("SHOW application_name"), ERROR_NONE);
        expect_value("test");
        ck_assert_int_eq(exec("SHOW tcp_keepalives_idle"), ERROR_NONE);
        expect_value("10");
        ck_assert_int_eq(exec("SHOW tcp_user_timeout"), ERROR_NONE);
        expect_value("25000");
}
END_TEST

START_TEST(what_the_url_says_wins)
{
        _cleanup_(freep) char *url = temp_database_url(database, NULL);
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        buffer_printf(&text, "%s options='-c jit=on' application_name=mine", url);
        PQfinish(conn);
        conn = NULL;
        ck_assert_int_eq(pg_connect(&conn, buffer_text(&text), "not mine", soon(), &err),
                         ERROR_NONE);
        ck_assert_int_eq(exec("SHOW jit"), ERROR_NONE);
        expect_value("on");
        ck_assert_int_eq(exec("SHOW TimeZone"), ERROR_NONE);
        expect_value("UTC");
        ck_assert_int_eq(exec("SHOW application_name"), ERROR_NONE);
        expect_value("mine");
}
END_TEST

static int listen_on_loopback(uint16_t *ret_port)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
        ck_assert_int_eq(listen(fd, 8), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        *ret_port = ntohs(address.sin_port);
        return fd;
}

START_TEST(connecting_has_a_deadline)
{
        PGconn *none = NULL;
        uint16_t port;
        char url[96];
        int fd = listen_on_loopback(&port); /* accepts, and says nothing */

        (void)snprintf(url, sizeof url, "postgresql://x@127.0.0.1:%u/x?sslmode=disable", port);
        ck_assert_int_eq(pg_connect(&none, url, "test", clock_monotonic_us() + 100 * US_PER_MS,
                                    &err),
                         ERROR_UNAVAILABLE);
        ck_assert_ptr_null(none);
        (void)close(fd);
        ck_assert_int_eq(pg_connect(&none, url, "test", soon(), &err), ERROR_UNAVAILABLE);
        ck_assert_ptr_nonnull(strstr(err.message, "could not connect to PostgreSQL"));
}
END_TEST

START_TEST(a_bad_url_is_not_repeated_in_the_message)
{
        PGconn *none = NULL;

        ck_assert_int_eq(pg_connect(&none, "password:secret", "test", soon(), &err),
                         ERROR_UNAVAILABLE);
        ck_assert_ptr_null(strstr(err.message, "secret"));
        ck_assert_int_eq(pg_connect(&none, "postgresql://u:secret@h:x:y/", "test", soon(), &err),
                         ERROR_UNAVAILABLE);
        ck_assert_ptr_null(strstr(err.message, "secret"));
}
END_TEST

static int64_t count_sleepers(PGconn *on)
{
        _cleanup_(PQclearp) PGresult *count = NULL;

        if (pg_exec(on,
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND "
                    "datname = current_database()",
                    NULL, &count, soon(), "count", NULL))
                return -1;
        return strtoll(PQgetvalue(count, 0, 0), NULL, 10);
}

START_TEST(a_missed_deadline_ends_the_statement_on_both_sides)
{
        _cleanup_(PQfinishp) PGconn *other = temp_database_connect(database, NULL);

        ck_assert_int_eq(pg_exec(conn, "SELECT pg_sleep(600)", NULL, NULL,
                                 clock_monotonic_us() + 100 * US_PER_MS, "sleep", &err),
                         ERROR_UNAVAILABLE);
        ck_assert_str_eq(err.message, "could not sleep: no answer from PostgreSQL in time");
        ck_assert_int_eq(PQstatus(conn), CONNECTION_BAD);
        ck_assert_int_eq(exec("SELECT 1"), ERROR_UNAVAILABLE);
        ck_assert(eventually(60000, count_sleepers(other) == 0));
}
END_TEST

START_TEST(a_killed_session_says_why)
{
        ck_assert_int_eq(exec("SELECT pg_terminate_backend(pg_backend_pid())"), ERROR_UNAVAILABLE);
        ck_assert_str_eq(err.sqlstate, "57P01");
        ck_assert_int_eq(PQstatus(conn), CONNECTION_BAD);
        ck_assert_int_eq(exec_prepared("one", "SELECT 1"), ERROR_UNAVAILABLE);
}
END_TEST

START_TEST(states_have_codes)
{
        static const struct {
                const char *sql, *state;
                ErrorCode code;
        } cases[] = {
                { "SELEC 1", "42601", ERROR_INTERNAL },
                { "SELECT 1 / 0", "22012", ERROR_INTERNAL },
                { "DO $$ BEGIN RAISE serialization_failure; END $$", "40001", ERROR_CONFLICT },
                { "DO $$ BEGIN RAISE deadlock_detected; END $$", "40P01", ERROR_CONFLICT },
                { "DO $$ BEGIN RAISE lock_not_available; END $$", "55P03", ERROR_UNAVAILABLE },
                { "SET statement_timeout = 1; SELECT pg_sleep(5)", "57014", ERROR_UNAVAILABLE },
                { "BEGIN READ ONLY; CREATE TABLE t ()", "25006", ERROR_UNAVAILABLE },
                { "DO $$ BEGIN RAISE disk_full; END $$", "53100", ERROR_UNAVAILABLE },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                ck_assert_int_eq(exec(cases[i].sql), cases[i].code);
                ck_assert_str_eq(err.sqlstate, cases[i].state);
                ck_assert_int_eq(exec("ROLLBACK; RESET statement_timeout"), ERROR_NONE);
        }
}
END_TEST

START_TEST(several_statements_give_the_last_result)
{
        ck_assert_int_eq(exec("SELECT 1; SELECT 2"), ERROR_NONE);
        expect_value("2");
        ck_assert_int_eq(exec("SELECT 1; SELECT 1 / 0; SELECT 3"), ERROR_INTERNAL);
        ck_assert_ptr_null(res);
        ck_assert_int_eq(exec(""), ERROR_NONE);
}
END_TEST

START_TEST(copy_is_refused)
{
        ck_assert_int_eq(exec("COPY (SELECT 1) TO STDOUT"), ERROR_INTERNAL);
        ck_assert_int_eq(PQstatus(conn), CONNECTION_BAD);
}
END_TEST

START_TEST(prepared_statements_survive_their_loss)
{
        pg_params_int32(params, 41);
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(exec_prepared("add \"one\"", "SELECT $1 + 1"), ERROR_NONE);
                expect_value("42");
        }
        ck_assert_int_eq(exec("DISCARD ALL"), ERROR_NONE);
        ck_assert_int_eq(exec_prepared("add \"one\"", "SELECT $1 + 1"), ERROR_NONE);
        expect_value("42");
        ck_assert_int_eq(err.code, ERROR_NONE);

        ck_assert_int_eq(exec("DEALLOCATE ALL; BEGIN"), ERROR_NONE);
        ck_assert_int_eq(exec_prepared("add \"one\"", "SELECT $1 + 1"), ERROR_INTERNAL);
        ck_assert_str_eq(err.sqlstate, "26000");
        ck_assert_int_eq(exec("ROLLBACK"), ERROR_NONE);
        ck_assert_int_eq(exec_prepared("add \"one\"", "SELECT $1 + 1"), ERROR_NONE);
}
END_TEST

START_TEST(prepared_statements_follow_changed_columns)
{
        ck_assert_int_eq(exec("CREATE TABLE t (a int); INSERT INTO t VALUES (1)"), ERROR_NONE);
        ck_assert_int_eq(exec_prepared("all", "SELECT * FROM t"), ERROR_NONE);
        ck_assert_int_eq(exec_prepared("other", "SELECT 1"), ERROR_NONE);
        ck_assert_int_eq(exec("ALTER TABLE t ADD b int DEFAULT 2"), ERROR_NONE);
        ck_assert_int_eq(exec_prepared("all", "SELECT * FROM t"), ERROR_NONE);
        ck_assert_int_eq(PQnfields(res), 2);
        ck_assert_int_eq(exec_prepared("other", "SELECT 1"), ERROR_NONE);
}
END_TEST

START_TEST(the_number_of_prepared_statements_is_bounded)
{
        for (int i = 0; i < 600; i++) {
                char name[16], sql[32];

                (void)snprintf(name, sizeof name, "s%d", i);
                (void)snprintf(sql, sizeof sql, "SELECT %d", i);
                ck_assert_int_eq(exec_prepared(name, sql), ERROR_NONE);
        }
        ck_assert_int_eq(exec("SELECT count(*) <= 256 FROM pg_prepared_statements"), ERROR_NONE);
        expect_value("t");
        ck_assert_int_eq(exec_prepared("s0", "SELECT 0"), ERROR_NONE);
        expect_value("0");
}
END_TEST

START_TEST(a_name_never_runs_another_text)
{
        ck_assert_int_eq(exec_prepared("same", "SELECT 1"), ERROR_NONE);
        expect_value("1");
        ck_assert_int_eq(exec_prepared("same", "SELECT 2"), ERROR_NONE);
        expect_value("2");
        ck_assert_int_eq(exec_prepared("same", "SELECT 1"), ERROR_NONE);
        expect_value("1");
}
END_TEST

START_TEST(the_halves_of_a_call)
{
        pg_params_int32(params, 7);
        ck_assert_int_eq(pg_send_prepared(conn, "half", "SELECT $1 * 2", params, soon(), "send",
                                          &err),
                         ERROR_NONE);
        ck_assert_int_eq(pg_receive(conn, &res, soon(), "receive", &err), ERROR_NONE);
        expect_value("14");
}
END_TEST

START_TEST(more_than_the_sockets_hold)
{
        const size_t size = (size_t)24 * 1024 * 1024;
        _cleanup_(freep) char *text = malloc(size + 1);

        memset(text, 'x', size);
        text[size] = '\0';
        pg_params_text(params, text);
        ck_assert_int_eq(exec_params("SELECT $1::text || 'y', generate_series(1, 2)"), ERROR_NONE);
        ck_assert_int_eq(PQntuples(res), 2);
        ck_assert_int_eq(PQgetlength(res, 1, 0), (int)size + 1);
}
END_TEST

START_TEST(scalars_arrive_as_they_are)
{
        static const uint8_t bytes[] = { 0, 1, 0xff, '\\', '\'' };
        Uuid uuid;

        ck_assert(uuid_parse("0198c0de-0000-7000-8000-00000000abcd", 36, &uuid));
        pg_params_text(params, "é'\"\\\n");
        pg_params_text(params, NULL);
        pg_params_int32(params, INT32_MIN);
        pg_params_int64(params, INT64_MAX);
        pg_params_bool(params, true);
        pg_params_uuid(params, &uuid);
        pg_params_bytes(params, bytes, sizeof bytes);
        pg_params_text(params, "2026-01-31T12:00:00+01:00");
        ck_assert_int_eq(exec_params(
                                 "SELECT $1::text = E'é''\"\\\\\\n' AND $2::text IS NULL AND $3 = "
                                 "-2147483648 AND $4 = 9223372036854775807 AND $5 AND $6 = "
                                 "'0198c0de-0000-7000-8000-00000000abcd' AND $7 = "
                                 "'\\x0001ff5c27'::bytea AND $8::timestamptz = "
                                 "'2026-01-31T11:00:00Z'"),
                         ERROR_NONE);
        expect_value("t");
}
END_TEST

START_TEST(arrays_arrive_as_they_are)
{
        static const uint8_t bytes[] = { 0, 0xff };
        int text, ints[3], bools, bytea, uuids, empty;
        Uuid uuid = { { 1 } };

        text = pg_params_array(params, PG_ARRAY_TEXT);
        ints[0] = pg_params_array(params, PG_ARRAY_INT2);
        ints[1] = pg_params_array(params, PG_ARRAY_INT4);
        ints[2] = pg_params_array(params, PG_ARRAY_INT8);
        bools = pg_params_array(params, PG_ARRAY_BOOL);
        bytea = pg_params_array(params, PG_ARRAY_BYTEA);
        uuids = pg_params_array(params, PG_ARRAY_UUID);
        empty = pg_params_array(params, PG_ARRAY_TEXT);
        (void)empty;
        pg_array_text(params, text, "NULL");
        pg_array_text(params, text, NULL);
        pg_array_text_n(params, text, "{\"a\",b}'\\xyz", 9);
        pg_array_text(params, text, "");
        for (int i = 0; i < 3; i++) {
                pg_array_int(params, ints[i], -1);
                pg_array_null(params, ints[i]);
                pg_array_int(params, ints[i], 32767);
        }
        pg_array_bool(params, bools, true);
        pg_array_bool(params, bools, false);
        pg_array_bytes(params, bytea, bytes, sizeof bytes);
        pg_array_null(params, bytea);
        pg_array_uuid(params, uuids, &uuid);
        ck_assert_int_eq(
                exec_params("SELECT $1 = ARRAY['NULL', NULL, E'{\"a\",b}''\\\\', ''] AND $2 = "
                            "'{-1,NULL,32767}'::int2[] AND $3 = '{-1,NULL,32767}'::int4[] AND $4 "
                            "= '{-1,NULL,32767}'::int8[] AND $5 = '{t,f}'::bool[] AND $6 = "
                            "ARRAY['\\x00ff'::bytea, NULL] AND $7 = "
                            "'{01000000-0000-0000-0000-000000000000}'::uuid[] AND $8 = "
                            "'{}'::text[] AND cardinality($8) = 0"),
                ERROR_NONE);
        expect_value("t");
}
END_TEST

START_TEST(a_nul_byte_is_refused_and_never_cut_off)
{
        pg_params_text_n(params, "a\0b", 3);
        ck_assert_int_eq(exec_params("SELECT $1::text"), ERROR_INTERNAL);
        ck_assert_str_eq(err.sqlstate, "22021");
        ck_assert_int_eq(exec("SELECT 1"), ERROR_NONE);
}
END_TEST

START_TEST(results_can_be_binary)
{
        pg_params_binary_result(params);
        ck_assert_int_eq(exec_params("SELECT 258::int4"), ERROR_NONE);
        ck_assert_int_eq(PQgetlength(res, 0, 0), 4);
        ck_assert_mem_eq(PQgetvalue(res, 0, 0), "\0\0\1\2", 4);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pg_conn");
        TCase *tcase = tcase_create("pg_conn");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, the_session_is_set_up);
        tcase_add_test(tcase, what_the_url_says_wins);
        tcase_add_test(tcase, connecting_has_a_deadline);
        tcase_add_test(tcase, a_bad_url_is_not_repeated_in_the_message);
        tcase_add_test(tcase, a_missed_deadline_ends_the_statement_on_both_sides);
        tcase_add_test(tcase, a_killed_session_says_why);
        tcase_add_test(tcase, states_have_codes);
        tcase_add_test(tcase, several_statements_give_the_last_result);
        tcase_add_test(tcase, copy_is_refused);
        tcase_add_test(tcase, prepared_statements_survive_their_loss);
        tcase_add_test(tcase, prepared_statements_follow_changed_columns);
        tcase_add_test(tcase, the_number_of_prepared_statements_is_bounded);
        tcase_add_test(tcase, a_name_never_runs_another_text);
        tcase_add_test(tcase, the_halves_of_a_call);
        tcase_add_test(tcase, more_than_the_sockets_hold);
        tcase_add_test(tcase, scalars_arrive_as_they_are);
        tcase_add_test(tcase, arrays_arrive_as_they_are);
        tcase_add_test(tcase, a_nul_byte_is_refused_and_never_cut_off);
        tcase_add_test(tcase, results_can_be_binary);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
