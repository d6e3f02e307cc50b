#include "json_table.h"

#include <stdio.h>
#include <string.h>

#include "table.h"

static void append_value(Buffer *buffer, const json_t *value)
{
        if (json_is_string(value))
                buffer_append_string(buffer, json_string_value(value));
        else if (json_is_integer(value))
                buffer_printf(buffer, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        else if (json_is_real(value))
                buffer_printf(buffer, "%.3f", json_real_value(value));
        else if (json_is_boolean(value))
                buffer_append_string(buffer, json_is_true(value) ? "yes" : "no");
}

/* A member, or one of an object inside: "progress.done". */
static const json_t *find(const json_t *item, const char *path)
{
        const char *dot = strchr(path, '.');
        char name[64];

        if (!dot)
                return json_object_get(item, path);
        (void)snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        return find(json_object_get(item, name), dot + 1);
}

static void add_cell(Table *table, const json_t *item, const JsonColumn *column)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        append_value(&text, find(item, column->first));
        if (column->of && text.size) {
                buffer_append_char(&text, '/');
                append_value(&text, find(item, column->of));
        }
        table_cell(table, text.size ? text.data : NULL);
}

void json_table_append(Buffer *buffer, const json_t *items, const JsonColumn *columns)
{
        _cleanup_(table_freep) Table *table = table_new();
        const json_t *sample = json_array_get(items, 0), *item;
        size_t i;

        for (const JsonColumn *column = columns; column->name; column++)
                table_column(table, column->name,
                             column->of || json_is_number(find(sample, column->first)));
        json_array_foreach(items, i, item)
                for (const JsonColumn *column = columns; column->name; column++)
                        add_cell(table, item, column);
        table_append(buffer, table);
}
