#include "common/model/model_ddl.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/model/sql_text.h"

#define NAME_BYTES_MAX 63 /* of an identifier in PostgreSQL; longer ones are cut */

typedef struct ScalarSql {
        const char *item;
        const char *list;
} ScalarSql;

static const ScalarSql scalar_sql[] = {
        [SCALAR_ID] = { "text", "text[]" },
        [SCALAR_STRING] = { "text", "text[]" },
        [SCALAR_INT] = { "integer", "integer[]" },
        [SCALAR_FLOAT] = { "double precision", "double precision[]" },
        [SCALAR_BOOLEAN] = { "boolean", "boolean[]" },
        [SCALAR_DATETIME] = { "timestamptz", "timestamptz[]" },
        [SCALAR_DATE] = { "date", "date[]" },
        [SCALAR_TIME] = { "timetz", "timetz[]" },
        [SCALAR_TIMESTAMP] = { "bigint", "bigint[]" },
        [SCALAR_JSON] = { "json", "json[]" },
        [SCALAR_EMAIL] = { "text", "text[]" },
        [SCALAR_URL] = { "text", "text[]" },
        [SCALAR_PHONE] = { "text", "text[]" },
        [SCALAR_IP] = { "text", "text[]" },
        [SCALAR_ENUM] = { "text", "text[]" },
};

const char *model_item_type(const Field *field)
{
        return scalar_sql[field->scalar].item;
}

const char *model_column_type(const Field *field)
{
        return field->list ? scalar_sql[field->scalar].list : scalar_sql[field->scalar].item;
}

static void append_enum_check(Buffer *sql, const Field *field)
{
        buffer_append_string(sql, " CHECK (");
        sql_quote_name(sql, field->name);
        buffer_append_string(sql, field->list ? " <@ ARRAY[" : " IN (");
        for (size_t i = 0; i < field->enum_type->n_values; i++) {
                if (i)
                        buffer_append_string(sql, ", ");
                sql_quote_literal(sql, field->enum_type->values[i]);
        }
        buffer_append_string(sql, field->list ? "]::text[])" : "))");
}

static void append_column(Buffer *sql, const Field *field)
{
        const char *type = model_column_type(field);

        buffer_append_string(sql, "\n    ");
        sql_quote_name(sql, field->name);
        buffer_printf(sql, " %s", type);
        if (strcmp(model_item_type(field), "text") == 0)
                buffer_append_string(sql, " COLLATE \"C\"");
        if (field->required)
                buffer_append_string(sql, " NOT NULL");
        if (field->default_text) {
                buffer_append_string(sql, " DEFAULT ");
                sql_quote_literal(sql, field->default_text);
                buffer_printf(sql, "::%s", type);
        }
        if (field->scalar == SCALAR_ENUM)
                append_enum_check(sql, field);
        if (field->list && field->items_required) {
                /* as text[], since json has no equality */
                buffer_append_string(sql, " CHECK (array_position(");
                sql_quote_name(sql, field->name);
                buffer_append_string(sql, "::text[], NULL) IS NULL)");
        }
        buffer_append_char(sql, ',');
}

/* The columns of one index to be, without the id that ends each. */
typedef struct IndexColumns {
        const char *const *names;
        size_t n_names;
} IndexColumns;

static bool same_columns(const Index *index, IndexColumns columns)
{
        if (index->n_fields != columns.n_names)
                return false;
        for (size_t i = 0; i < columns.n_names; i++)
                if (strcmp(index->fields[i], columns.names[i]) != 0)
                        return false;
        return true;
}

/* One index; @name only adds to its number, so it may be cut and need not be unique. */
static void append_index(Buffer *sql, const Model *model, const char *schema_name, size_t *number,
                         const char *name, IndexColumns columns)
{
        char index_name[NAME_BYTES_MAX + 1];

        (void)snprintf(index_name, sizeof index_name, "index_%zu_%s", ++*number, name);
        buffer_append_string(sql, "CREATE INDEX IF NOT EXISTS ");
        sql_quote_name(sql, index_name);
        buffer_append_string(sql, " ON ");
        sql_quote_name(sql, schema_name);
        buffer_append_char(sql, '.');
        sql_quote_name(sql, model->view);
        buffer_append_string(sql, " (");
        for (size_t i = 0; i < columns.n_names; i++) {
                sql_quote_name(sql, columns.names[i]);
                buffer_append_string(sql, ", ");
        }
        buffer_append_string(sql, "\"id\");\n");
}

static bool is_reference(const Schema *schema, const Model *model, const Field *column)
{
        for (size_t i = 0; i < model->n_fields; i++) {
                const Field *field = &model->fields[i];

                if (field->kind == FIELD_BELONGS_TO && strcmp(field->reference, column->name) == 0)
                        return true;
        }
        for (size_t i = 0; i < schema->n_models; i++) {
                const Model *other = schema->models[i];

                for (size_t j = 0; j < other->n_fields; j++) {
                        const Field *field = &other->fields[j];

                        if (field->kind == FIELD_HAS_MANY && field->related == model &&
                            strcmp(field->reference, column->name) == 0)
                                return true;
                }
        }
        return false;
}

static bool is_owner(const Model *model, const Field *column)
{
        for (size_t i = 0; i < model->n_rules; i++)
                if (model->rules[i].allow == AUTH_OWNER &&
                    strcmp(model->rules[i].owner_field, column->name) == 0)
                        return true;
        return false;
}

/* An index on @column alone, when relations or the owner's lists look rows up by it. */
static void append_lookup_index(Buffer *sql, const Schema *schema, const Model *model,
                                const char *schema_name, size_t *number, const Field *column)
{
        const char *const names[] = { column->name };
        IndexColumns columns = { names, 1 };

        if (strcmp(column->name, "id") == 0 || column->list)
                return;
        if (!is_reference(schema, model, column) && !is_owner(model, column))
                return;
        for (size_t i = 0; i < model->n_indexes; i++)
                if (same_columns(&model->indexes[i], columns))
                        return;
        append_index(sql, model, schema_name, number, column->name, columns);
}

void model_table_ddl(Buffer *sql, const Model *model, const char *schema_name)
{
        buffer_append_string(sql, "CREATE TABLE ");
        sql_quote_name(sql, schema_name);
        buffer_append_char(sql, '.');
        sql_quote_name(sql, model->view);
        buffer_append_string(sql, " (");
        for (size_t i = 0; i < model->n_fields; i++)
                if (model->fields[i].kind == FIELD_COLUMN)
                        append_column(sql, &model->fields[i]);
        buffer_append_string(sql, "\n    \"_aggregate\" text COLLATE \"C\" NOT NULL,"
                                  "\n    \"_sequence\" bigint NOT NULL,"
                                  "\n    PRIMARY KEY (\"id\", \"_aggregate\")\n);\n");
}

void model_index_ddl(Buffer *sql, const Schema *schema, const Model *model, const char *schema_name)
{
        size_t number = 0;

        for (size_t i = 0; i < model->n_indexes; i++) {
                const Index *index = &model->indexes[i];
                IndexColumns columns = { (const char *const *)index->fields, index->n_fields };

                append_index(sql, model, schema_name, &number, index->name, columns);
        }
        for (size_t i = 0; i < model->n_fields; i++)
                if (model->fields[i].kind == FIELD_COLUMN)
                        append_lookup_index(sql, schema, model, schema_name, &number,
                                            &model->fields[i]);
}

void model_ddl(Buffer *sql, const Schema *schema, const Model *model, const char *schema_name)
{
        model_table_ddl(sql, model, schema_name);
        model_index_ddl(sql, schema, model, schema_name);
}

void model_fingerprint(const Schema *schema, const Model *model,
                       char ret_text[MODEL_FINGERPRINT_SIZE])
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        uint8_t digest[HASH_SHA256_SIZE];

        model_ddl(&sql, schema, model, "view");
        hash_sha256(sql.data, sql.size, digest);
        for (size_t i = 0; i < sizeof digest; i++)
                (void)snprintf(ret_text + 2 * i, 3, "%02x", (unsigned)digest[i]);
}
