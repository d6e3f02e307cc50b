#include "common/admin/admin_page.h"

#include <string.h>

#include "common/base/base64url.h"
#include "common/base/json_fields.h"
#include "common/base/json_writer.h"
#include "common/base/number.h"

#define LIMIT_MAX 1000

/* What the visitor of the query's parameters works on. */
typedef struct Reading {
        AdminPage *page;
        bool of_view;
        ErrorCode code;
        Error *err;
} Reading;

void admin_page_deinit(AdminPage *page)
{
        buffer_deinit(&page->cursor);
}

/* All keys and no others: with one that is NULL no row would come behind, as if the list had ended. */
static bool has_keys(const AdminPage *page, Error *err)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        size_t n = 0;

        if (json_text_check(page->cursor.data, page->cursor.size, 1, err) ||
            json_fields_parse(&fields, page->cursor.data, page->cursor.size, err))
                return false;
        for (; page->keys[n]; n++) {
                JsonKind kind = json_span_kind(json_fields_get(&fields, page->keys[n]));

                if (kind != JSON_KIND_STRING && kind != JSON_KIND_NUMBER)
                        return false;
        }
        return fields.n_fields == n;
}

static ErrorCode read_cursor(AdminPage *page, const char *value, Error *err)
{
        buffer_clear(&page->cursor);
        if (base64url_decode(&page->cursor, value, strlen(value)) && has_keys(page, err))
                return ERROR_NONE;
        return error_set_field(err, ERROR_MALFORMED, "cursor",
                               "cursor is not a nextCursor of this resource");
}

static void read_parameter(void *data, const char *name, const char *value)
{
        Reading *reading = data;
        int64_t version;

        if (reading->code)
                return;
        if (reading->page->keys && strcmp(name, "limit") == 0) {
                if (!number_read(value, LIMIT_MAX, &reading->page->limit))
                        reading->code =
                                error_set_field(reading->err, ERROR_MALFORMED, name,
                                                "limit must be a number from 1 to %d", LIMIT_MAX);
        } else if (reading->page->keys && strcmp(name, "cursor") == 0) {
                reading->code = read_cursor(reading->page, value, reading->err);
        } else if (reading->of_view && strcmp(name, "version") == 0) {
                if (number_read(value, INT32_MAX, &version))
                        reading->page->version = (int)version;
                else
                        reading->code = error_set_field(reading->err, ERROR_MALFORMED, name,
                                                        "version must be a number from 1 on");
        } else {
                reading->code = error_set_field(reading->err, ERROR_MALFORMED, name,
                                                "unknown parameter \"%s\"", name);
        }
}

ErrorCode admin_page_read(AdminPage *ret, const AdminCall *call, bool of_view, Error *err)
{
        Reading reading = { .page = ret, .of_view = of_view, .err = err };

        http_request_each_query(call->req, read_parameter, &reading);
        return reading.code;
}

static void send(const AdminPage *page, AdminCall *call, const PGresult *res)
{
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        int n = PQntuples(res), shown = n <= (int)page->limit ? n : (int)page->limit;

        json_write_object(&body, NULL);
        json_write_array(&body, "items");
        for (int row = 0; row < shown; row++)
                json_write_raw(&body, NULL,
                               (JsonSpan){ PQgetvalue(res, row, 0),
                                           (size_t)PQgetlength(res, row, 0) });
        json_write_array_end(&body);
        if (n > shown) {
                _cleanup_(buffer_deinit) Buffer cursor = BUFFER_INIT;

                base64url_encode(&cursor, PQgetvalue(res, shown - 1, 1),
                                 (size_t)PQgetlength(res, shown - 1, 1));
                json_write_string(&body, "nextCursor", cursor.data);
        } else {
                json_write_null(&body, "nextCursor");
        }
        json_write_object_end(&body);
        http_response_json(call->res, 200, body.data, body.size);
}

ErrorCode admin_page_answer(const AdminPage *page, AdminCall *call, const char *sql,
                            const char *what, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        Error fault = ERROR_INIT;
        ErrorCode code;

        pg_params_text(call->params, page->cursor.size ? page->cursor.data : NULL);
        pg_params_int64(call->params, page->limit + 1);
        code = admin_query(call, sql, &res, what, &fault);
        if (!code) {
                send(page, call, res);
                return ERROR_NONE;
        }
        if (page->cursor.size && strncmp(fault.sqlstate, "22", 2) == 0)
                return error_set_field(err, ERROR_MALFORMED, "cursor",
                                       "cursor is not a nextCursor of this resource");
        *err = fault;
        return code;
}
