#include "common/model/model_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool is_upper(char c)
{
        return c >= 'A' && c <= 'Z';
}

static char to_lower(char c)
{
        return (char)tolower((unsigned char)c);
}

static bool is_lower(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Whether a word begins at @name[@i], not the first character: "aB", or the B of "ABc". */
static bool starts_word(const char *name, size_t i)
{
        return is_upper(name[i]) &&
               (is_lower(name[i - 1]) || (is_upper(name[i - 1]) && is_lower(name[i + 1])));
}

void model_name_snake(Buffer *ret, const char *name)
{
        for (size_t i = 0; name[i]; i++) {
                if (i && starts_word(name, i))
                        buffer_append_char(ret, '_');
                buffer_append_char(ret, to_lower(name[i]));
        }
}

static bool ends_with(const Buffer *name, const char *ending)
{
        size_t size = strlen(ending);

        return name->size >= size && memcmp(name->data + name->size - size, ending, size) == 0;
}

void model_name_plural(Buffer *name)
{
        static const char *const hissing[] = { "s", "x", "z", "ch", "sh" };

        if (ends_with(name, "y") && name->size > 1 &&
            !strchr("aeiou", name->data[name->size - 2])) {
                name->size--;
                buffer_append_string(name, "ies");
                return;
        }
        for (size_t i = 0; i < ARRAY_SIZE(hissing); i++) {
                if (ends_with(name, hissing[i])) {
                        buffer_append_string(name, "es");
                        return;
                }
        }
        buffer_append_char(name, 's');
}

static void append_capitalised(Buffer *ret, const char *name)
{
        buffer_append_char(ret, (char)toupper((unsigned char)*name));
        buffer_append_string(ret, name + 1);
}

void model_name_index(Buffer *ret, const char *name, char *const *fields, size_t n_fields)
{
        buffer_append_char(ret, to_lower(*name));
        buffer_append_string(ret, name + 1);
        model_name_plural(ret);
        for (size_t i = 0; i < n_fields; i++) {
                buffer_append_string(ret, i ? "And" : "By");
                append_capitalised(ret, fields[i]);
        }
}
