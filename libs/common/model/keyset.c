#include "common/model/keyset.h"

#include <string.h>

#include "common/model/model_ddl.h"

static ErrorCode bad_sort(Error *err, const char *reason)
{
        return error_set_field(err, ERROR_MALFORMED, "sort", "sort: %s", reason);
}

/* One "field", "field:asc" or "field:desc" of @size bytes. */
static ErrorCode parse_key(Keyset *keyset, const Model *model, const char *text, size_t size,
                           Error *err)
{
        const char *colon = memchr(text, ':', size);
        size_t name_size = colon ? (size_t)(colon - text) : size;
        size_t direction_size = colon ? size - name_size - 1 : 0;
        KeysetKey key = { .field = NULL };

        for (size_t i = 0; i < model->n_fields; i++)
                if (strlen(model->fields[i].name) == name_size &&
                    memcmp(model->fields[i].name, text, name_size) == 0)
                        key.field = &model->fields[i];
        if (!key.field)
                return bad_sort(err, "names no field of the model; write field:asc,field:desc");
        if (key.field->kind != FIELD_COLUMN || key.field->list || key.field->scalar == SCALAR_JSON)
                return error_set_field(
                        err, ERROR_MALFORMED, "sort",
                        "sort: \"%s\" has no order: it is a relation, a list or JSON",
                        key.field->name);
        for (size_t i = 0; i < keyset->n_keys; i++)
                if (keyset->keys[i].field == key.field)
                        return error_set_field(err, ERROR_MALFORMED, "sort",
                                               "sort: \"%s\" is named twice", key.field->name);
        if (colon) {
                key.descending = direction_size == 4 && memcmp(colon + 1, "desc", 4) == 0;
                if (!key.descending && !(direction_size == 3 && memcmp(colon + 1, "asc", 3) == 0))
                        return error_set_field(err, ERROR_MALFORMED, "sort",
                                               "sort: the direction of \"%s\" is asc or desc",
                                               key.field->name);
        }
        if (keyset->n_keys == KEYSET_FIELDS_MAX)
                return error_set_field(err, ERROR_MALFORMED, "sort", "sort: more than %d fields",
                                       KEYSET_FIELDS_MAX);
        keyset->keys[keyset->n_keys++] = key;
        return ERROR_NONE;
}

static void add_last_key(Keyset *keyset, const Field *field)
{
        bool descending = keyset->n_keys && keyset->keys[keyset->n_keys - 1].descending;

        keyset->keys[keyset->n_keys++] = (KeysetKey){ .field = field, .descending = descending };
}

/* The row's key ends the order, by id where that is not named. Behind it nothing can matter, and what is
 * named behind the id only could for rows of one id: it is dropped. */
static void end_with_key(Keyset *keyset, const Model *model)
{
        const Field *id = &model->fields[0];
        size_t i = 0;

        while (i < keyset->n_keys && keyset->keys[i].field != id)
                i++;
        if (i < keyset->n_keys)
                keyset->n_keys = i + 1;
        else
                add_last_key(keyset, id);
        add_last_key(keyset, &model_aggregate_field);
}

ErrorCode keyset_parse(Keyset *ret, const Model *model, const char *sort, Error *err)
{
        Keyset keyset = { .n_keys = 0 };

        for (const char *p = sort; p;) {
                size_t size = strcspn(p, ",");
                ErrorCode code = parse_key(&keyset, model, p, size, err);

                if (code)
                        return code;
                p = p[size] ? p + size + 1 : NULL;
        }
        end_with_key(&keyset, model);
        *ret = keyset;
        return ERROR_NONE;
}

void keyset_by_key(Keyset *ret, const Model *model)
{
        ret->n_keys = 0;
        end_with_key(ret, model);
}

void keyset_order(SqlText *sql, const Keyset *keyset, const char *alias)
{
        for (size_t i = 0; i < keyset->n_keys; i++) {
                if (i)
                        sql_append(sql, ", ");
                sql_column(sql, alias, keyset->keys[i].field->name);
                if (keyset->keys[i].descending)
                        sql_append(sql, " DESC");
        }
}

/*
 * One comparison of rows does, and an index on the keys serves it, when all keys go the same way and
 * no null follows: descending, nulls come first, and a comparison with one is not true.
 */
static bool is_uniform(const Keyset *keyset, char *const *values)
{
        bool descending = keyset->keys[0].descending;

        for (size_t i = 0; i < keyset->n_keys; i++)
                if (!values[i] || keyset->keys[i].descending != descending ||
                    (!descending && !keyset->keys[i].field->required))
                        return false;
        return true;
}

static void append_uniform(SqlText *sql, const Keyset *keyset, const char *alias,
                           char *const *values)
{
        sql_append(sql, "(");
        for (size_t i = 0; i < keyset->n_keys; i++) {
                if (i)
                        sql_append(sql, ", ");
                sql_column(sql, alias, keyset->keys[i].field->name);
        }
        sql_append(sql, keyset->keys[0].descending ? ") < (" : ") > (");
        for (size_t i = 0; i < keyset->n_keys; i++) {
                if (i)
                        sql_append(sql, ", ");
                (void)sql_param(sql, values[i], model_column_type(keyset->keys[i].field));
        }
        sql_append(sql, ")");
}

/* That the key alone puts a row behind @value. */
static void append_beyond(SqlText *sql, const KeysetKey *key, const char *alias, const char *value,
                          size_t param)
{
        const char *type = model_column_type(key->field);

        if (!value) {
                if (key->descending) { /* nulls come first: all others follow */
                        sql_column(sql, alias, key->field->name);
                        sql_append(sql, " IS NOT NULL");
                } else {
                        sql_append(sql, "false");
                }
                return;
        }
        sql_append(sql, "(");
        sql_column(sql, alias, key->field->name);
        sql_append(sql, key->descending ? " < " : " > ");
        sql_param_again(sql, param, type);
        if (!key->descending && !key->field->required) {
                sql_append(sql, " OR ");
                sql_column(sql, alias, key->field->name);
                sql_append(sql, " IS NULL");
        }
        sql_append(sql, ")");
}

static void append_same(SqlText *sql, const KeysetKey *key, const char *alias, const char *value,
                        size_t param)
{
        sql_column(sql, alias, key->field->name);
        if (!value) {
                sql_append(sql, " IS NULL");
                return;
        }
        sql_append(sql, " = ");
        sql_param_again(sql, param, model_column_type(key->field));
}

/* (a beyond) OR (a same AND ((b beyond) OR (b same AND …))) */
static void append_mixed(SqlText *sql, const Keyset *keyset, const char *alias, char *const *values,
                         const size_t *params)
{
        size_t last = keyset->n_keys - 1;

        for (size_t i = 0; i < last; i++) {
                sql_append(sql, "(");
                append_beyond(sql, &keyset->keys[i], alias, values[i], params[i]);
                sql_append(sql, " OR (");
                append_same(sql, &keyset->keys[i], alias, values[i], params[i]);
                sql_append(sql, " AND ");
        }
        append_beyond(sql, &keyset->keys[last], alias, values[last], params[last]);
        for (size_t i = 0; i < last; i++)
                sql_append(sql, "))");
}

void keyset_after(SqlText *sql, const Keyset *keyset, const char *alias, char *const *values)
{
        size_t params[KEYSET_KEYS_MAX] = { 0 };

        if (is_uniform(keyset, values)) {
                append_uniform(sql, keyset, alias, values);
                return;
        }
        for (size_t i = 0; i < keyset->n_keys; i++)
                if (values[i])
                        params[i] = sql_param_value(sql, values[i]);
        append_mixed(sql, keyset, alias, values, params);
}
