#include "view_compare.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/json_writer.h"
#include "common/model/model_ddl.h"
#include "common/model/sql_text.h"

/* Of a record "r.t". PostgreSQL adds the hashes of its columns up; hashed again, as bytes, the sum over all rows sees which
 * values stand together. */
#define ROW_HASH(seed) \
        "hash_record_extended(ROW(int8send(hash_record_extended(r.t, " seed "))), " seed ")"

typedef struct Sides {
        PGconn *conn;
        const View *live, *built;
        Buffer columns; /* "id", "name" … */
        Buffer hashed;  /* the same, in forms that have a hash */
        int64_t deadline_us;
} Sides;

void comparison_deinit(Comparison *comparison)
{
        buffer_deinit(&comparison->json);
}

bool comparison_is_equal(const Comparison *comparison)
{
        return !comparison->missing && !comparison->extra && !comparison->different;
}

static void sides_deinit(Sides *sides)
{
        buffer_deinit(&sides->columns);
        buffer_deinit(&sides->hashed);
}

static bool is_common(const Sides *sides, const Field *field)
{
        const Field *other = model_field(sides->built->model, field->name);

        return field->kind == FIELD_COLUMN && other && other->kind == FIELD_COLUMN &&
               strcmp(model_column_type(field), model_column_type(other)) == 0;
}

/* What a column's hash is made of: what texts tell apart, hashes have to as well. PostgreSQL's hash of 64 bits, which many
 * types have, is one of 32 bits, and 0 and -0 are equal numbers: those as bytes. json has no hash at all. */
static const char *hashed_as(const Field *field)
{
        static const char *const functions[SCALAR_ENUM + 1] = {
                [SCALAR_FLOAT] = "float8send", [SCALAR_DATETIME] = "timestamptz_send",
                [SCALAR_TIME] = "timetz_send", [SCALAR_TIMESTAMP] = "int8send",
                [SCALAR_JSON] = "json_send",
        };

        return field->list ? "textsend" : functions[field->scalar];
}

static void append_hashed(Buffer *sql, const Field *field)
{
        const char *function = hashed_as(field);

        if (function)
                buffer_printf(sql, "%s(", function);
        sql_quote_name(sql, field->name);
        buffer_append_string(sql, field->list ? "::text)" : function ? ")" : "");
}

/* PostgreSQL puts at most 1,664 columns into a row; a model has fewer than 256. */
static void list_columns(Sides *sides)
{
        const Model *model = sides->live->model;
        char live[MODEL_FINGERPRINT_SIZE], built[MODEL_FINGERPRINT_SIZE];
        const char *own;

        for (size_t i = 0; i < model->n_fields; i++) {
                if (!is_common(sides, &model->fields[i]))
                        continue;
                sql_quote_name(&sides->columns, model->fields[i].name);
                buffer_append_string(&sides->columns, ", ");
                append_hashed(&sides->hashed, &model->fields[i]);
                buffer_append_string(&sides->hashed, ", ");
        }
        model_fingerprint(sides->live->schema, model, live);
        model_fingerprint(sides->built->schema, sides->built->model, built);
        own = strcmp(live, built) == 0 ? "\"_aggregate\", \"_sequence\"" : "\"_aggregate\"";
        buffer_append_string(&sides->columns, own);
        buffer_append_string(&sides->hashed, own);
}

static void table_of(Buffer *sql, const View *view)
{
        sql_quote_name(sql, view->schema_name);
        buffer_append_char(sql, '.');
        sql_quote_name(sql, view->model->view);
}

static void digest_of(Buffer *sql, const Sides *sides, const View *view)
{
        /* 128 bits that do not depend on the order of the rows. */
        buffer_printf(sql,
                      "SELECT count(*) AS rows, coalesce(sum(%s), 0) AS one, "
                      "coalesce(sum(%s), 0) AS two FROM (SELECT ROW(%s) AS t FROM ",
                      ROW_HASH("1"), ROW_HASH("2"), sides->hashed.data);
        table_of(sql, view);
        buffer_append_string(sql, ") AS r");
}

static ErrorCode digest(const Sides *sides, int64_t *ret_rows, bool *ret_same, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        ErrorCode code;

        buffer_append_string(&sql, "SELECT o.rows, o = n FROM (");
        digest_of(&sql, sides, sides->live);
        buffer_append_string(&sql, ") AS o, (");
        digest_of(&sql, sides, sides->built);
        buffer_append_string(&sql, ") AS n");
        code = pg_exec(sides->conn, sql.data, NULL, &res, sides->deadline_us,
                       "digest two versions of a view", err);
        if (code)
                return code;
        *ret_rows = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
        *ret_same = PQgetvalue(res, 0, 1)[0] == 't';
        return ERROR_NONE;
}

static void rows_of(Buffer *sql, const Sides *sides, const View *view)
{
        buffer_printf(sql, "(SELECT \"id\", \"_aggregate\", ROW(%s)::text AS t FROM ",
                      sides->columns.data);
        table_of(sql, view);
        buffer_append_char(sql, ')');
}

/* Kind, how many, some ids as JSON. */
static ErrorCode find_differences(const Sides *sides, int64_t examples_max, PGresult **ret,
                                  Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;

        buffer_append_string(&sql,
                             "WITH d AS MATERIALIZED (SELECT coalesce(o.\"id\", n.\"id\") AS id, "
                             "CASE WHEN n.\"id\" IS NULL THEN 'missing' WHEN o.\"id\" IS NULL THEN "
                             "'extra' ELSE 'different' END AS kind FROM ");
        rows_of(&sql, sides, sides->live);
        buffer_append_string(&sql, " AS o FULL JOIN ");
        rows_of(&sql, sides, sides->built);
        buffer_printf(
                &sql,
                " AS n ON o.\"id\" = n.\"id\" AND o.\"_aggregate\" = n.\"_aggregate\" WHERE "
                "o.\"id\" IS NULL OR n.\"id\" IS NULL OR o.t <> n.t) "
                "SELECT k.kind, (SELECT count(*) FROM d WHERE d.kind = k.kind), "
                "(SELECT coalesce(json_agg(e.id), '[]') FROM (SELECT id FROM d WHERE d.kind = "
                "k.kind ORDER BY id LIMIT %" PRId64 ") AS e) "
                "FROM (VALUES (1, 'missing'), (2, 'extra'), (3, 'different')) AS k (n, kind) "
                "ORDER BY k.n",
                examples_max);
        return pg_exec(sides->conn, sql.data, NULL, ret, sides->deadline_us,
                       "compare two versions of a view", err);
}

static void write_columns(Buffer *json, const Sides *sides)
{
        const Model *model = sides->live->model;

        json_write_array(json, "columns");
        for (size_t i = 0; i < model->n_fields; i++)
                if (is_common(sides, &model->fields[i]))
                        json_write_string(json, NULL, model->fields[i].name);
        json_write_array_end(json);
}

static void write_report(const Sides *sides, Comparison *ret, const PGresult *differences)
{
        static const char *const kinds[] = { "missing", "extra", "different" };
        int64_t *counts[] = { &ret->missing, &ret->extra, &ret->different };
        int n = differences ? PQntuples(differences) : 0;

        json_write_object(&ret->json, NULL);
        json_write_int(&ret->json, "rows", ret->rows);
        write_columns(&ret->json, sides);
        for (int i = 0; i < (int)ARRAY_SIZE(kinds); i++) {
                *counts[i] = i < n ? strtoll(PQgetvalue(differences, i, 1), NULL, 10) : 0;
                json_write_int(&ret->json, kinds[i], *counts[i]);
        }
        json_write_object(&ret->json, "examples");
        for (int i = 0; i < n; i++)
                json_write_raw(&ret->json, PQgetvalue(differences, i, 0),
                               (JsonSpan){ PQgetvalue(differences, i, 2),
                                           (size_t)PQgetlength(differences, i, 2) });
        json_write_object_end(&ret->json);
        json_write_object_end(&ret->json);
}

/* NOLINTNEXTLINE(readability-function-size): two sides, a bound, and the answer */
ErrorCode view_compare(PGconn *conn, const View *live, const View *built, int64_t examples_max,
                       Comparison *ret, int64_t deadline_us, Error *err)
{
        _cleanup_(sides_deinit) Sides sides = {
                .conn = conn, .live = live, .built = built, .deadline_us = deadline_us
        };
        _cleanup_(PQclearp) PGresult *differences = NULL;
        bool same = false;
        ErrorCode code;

        list_columns(&sides);
        code = digest(&sides, &ret->rows, &same, err);
        if (!code && !same)
                code = find_differences(&sides, examples_max, &differences, err);
        if (!code)
                write_report(&sides, ret, differences);
        return code;
}
