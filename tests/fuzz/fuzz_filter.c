/*
 * fuzz_filter.c — the filter of a list, as JSON. What is accepted becomes SQL in which nothing of the
 * client's stands: its values are parameters, as many as there is room for.
 */

#include <string.h>

#include "common/model/filter.h"
#include "fuzz.h"

static const char schema_text[] =
        "enum Colour { RED BLUE }\n"
        "type A @model { s: String! i: Int f: Float b: Boolean t: AWSDateTime d: AWSDate\n"
        "  u: AWSTimestamp j: AWSJSON e: Colour l: [String] li: [Int!] lj: [AWSJSON]\n"
        "  as: [A] @hasMany(references: \"s\") }\n";

/* The statement is made of names of the schema, operators and $n. */
static void check_sql(const char *sql)
{
        FUZZ_CHECK(!strchr(sql, '\'') && !strchr(sql, ';') && !strchr(sql, '\\'));
        FUZZ_CHECK(!strstr(sql, "--") && !strstr(sql, "/*"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(schema_freep) Schema *schema = NULL;
        _cleanup_(arena_deinit) Arena arena = ARENA_INIT;
        _cleanup_(sql_text_deinit) SqlText sql = SQL_TEXT_INIT;
        char *text = strndup((const char *)data, size);
        FilterBuilder builder;
        Error err = ERROR_INIT;

        FUZZ_CHECK(!schema_parse(&schema, "fuzz", schema_text, strlen(schema_text), NULL));
        filter_builder_init(&builder, &arena, schema->models[0]);
        if (filter_add_json(&builder, text, &err)) {
                FUZZ_CHECK(err.code == ERROR_MALFORMED);
                FUZZ_CHECK(strncmp(err.field, "filter", 6) == 0);
        } else {
                filter_sql(&sql, &builder.root, "t");
                FUZZ_CHECK(sql.n_params <= FILTER_PARAMS_MAX);
                check_sql(buffer_text(&sql.text));
        }
        free(text);
        return 0;
}
