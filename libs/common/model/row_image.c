#include "common/model/row_image.h"

#include <stdint.h>
#include <string.h>

#define FLOAT_DIGITS_MAX 15 /* that a double keeps, whatever they are */
#define FLOAT_ZEROS_MAX  3 /* behind the point of a number below 1; with more, it gets an exponent */

/* As PostgreSQL's escape_json(). */
static void append_escaped(Buffer *json, char c)
{
        static const char *const escapes[] = {
                ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n",  ['\r'] = "\\r",
                ['\t'] = "\\t", ['"'] = "\\\"", ['\\'] = "\\\\",
        };

        if (escapes[(unsigned char)c])
                buffer_append_string(json, escapes[(unsigned char)c]);
        else
                buffer_printf(json, "\\u%04x", (unsigned)c);
}

static const char *skip_plain(const char *text)
{
        while ((unsigned char)*text >= ' ' && *text != '"' && *text != '\\')
                text++;
        return text;
}

static bool append_string(Buffer *json, const char *text)
{
        buffer_append_char(json, '"');
        for (;;) {
                const char *end = skip_plain(text);

                buffer_append(json, text, (size_t)(end - text));
                if (!*end)
                        break;
                append_escaped(json, *end);
                text = end + 1;
        }
        buffer_append_char(json, '"');
        return true;
}

static size_t count_digits(const char *text)
{
        size_t n = 0;

        while (text[n] >= '0' && text[n] <= '9')
                n++;
        return n;
}

static bool append_whole(Buffer *json, const char *text, size_t digits_max)
{
        const char *digits = text + (*text == '-');
        size_t n = count_digits(digits);

        if (n == 0 || n > digits_max || digits[n] || (*digits == '0' && (n > 1 || *text == '-')))
                return false;
        buffer_append_string(json, text);
        return true;
}

/* One that is too large is no row's: PostgreSQL refuses it. */
static bool append_int(Buffer *json, const char *text)
{
        return append_whole(json, text, SIZE_MAX);
}

/* The shortest form of a number of few digits is that number, without zeros at its end; PostgreSQL writes it without an
 * exponent unless it is very small or large. */
static bool append_float(Buffer *json, const char *text)
{
        const char *whole = text + (*text == '-'), *fraction;
        size_t n_whole = count_digits(whole), n_fraction, n_zeros;

        if (whole[n_whole] != '.')
                return append_whole(json, text, FLOAT_DIGITS_MAX);
        fraction = whole + n_whole + 1;
        n_fraction = count_digits(fraction);
        if (n_whole == 0 || n_fraction == 0 || fraction[n_fraction] ||
            (*whole == '0' && n_whole > 1))
                return false;
        while (n_fraction && fraction[n_fraction - 1] == '0')
                n_fraction--;
        n_zeros = strspn(fraction, "0");
        if (n_whole + n_fraction > FLOAT_DIGITS_MAX ||
            (*whole == '0' && (n_fraction ? n_zeros > FLOAT_ZEROS_MAX : *text == '-')))
                return false;
        buffer_append(json, text, (size_t)(fraction - text) + n_fraction - (n_fraction == 0));
        return true;
}

static bool append_boolean(Buffer *json, const char *text)
{
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
                return false;
        buffer_append_string(json, text);
        return true;
}

static bool append_json(Buffer *json, const char *text)
{
        buffer_append_string(json, text);
        return true;
}

#define DATE_SIZE     10 /* 2026-01-31 */
#define TIME_SIZE     19 /* 2026-01-31T23:59:59 */
#define FRACTION_SIZE 6

static bool has_digits(const char *text, const char *form)
{
        for (; *form; form++, text++)
                if (*form == '0' ? *text < '0' || *text > '9' : *text != *form)
                        return false;
        return true;
}

static int two_digits(const char *text)
{
        return (text[0] - '0') * 10 + text[1] - '0';
}

/* A day of the Gregorian calendar in the years 1 to 9999. */
static bool is_date(const char *text)
{
        static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        int year, month, day;

        if (!has_digits(text, "0000-00-00"))
                return false;
        year = two_digits(text) * 100 + two_digits(text + 2);
        month = two_digits(text + 5);
        day = two_digits(text + 8);
        if (year < 1 || month < 1 || month > 12 || day < 1 || day > days[month - 1])
                return false;
        return month != 2 || day < 29 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

static bool append_date(Buffer *json, const char *text)
{
        return strlen(text) == DATE_SIZE && is_date(text) && append_string(json, text);
}

/* With "T" and "Z" as it is given, or with a space and "+00" as it is read. */
static bool append_time(Buffer *json, const char *text)
{
        const char *zone;
        size_t n_fraction = 0;

        if (!is_date(text) || (text[DATE_SIZE] != 'T' && text[DATE_SIZE] != ' ') ||
            !has_digits(text + DATE_SIZE + 1, "00:00:00") || two_digits(text + 11) > 23 ||
            two_digits(text + 14) > 59 || two_digits(text + 17) > 59)
                return false;
        zone = text + TIME_SIZE;
        if (*zone == '.') {
                n_fraction = count_digits(zone + 1);
                zone += 1 + n_fraction;
                if (n_fraction == 0 || n_fraction > FRACTION_SIZE)
                        return false;
        }
        if (strcmp(zone, text[DATE_SIZE] == 'T' ? "Z" : "+00") != 0)
                return false;
        buffer_append_char(json, '"');
        buffer_append(json, text, DATE_SIZE);
        buffer_append_char(json, 'T');
        buffer_append(json, text + DATE_SIZE + 1, TIME_SIZE - DATE_SIZE - 1);
        buffer_append_char(json, '.');
        buffer_append(json, text + TIME_SIZE + 1, n_fraction);
        buffer_append(json, "000000", FRACTION_SIZE - n_fraction);
        buffer_append_string(json, "Z\"");
        return true;
}

typedef bool (*AppendItem)(Buffer *json, const char *text);

/* NULL: PostgreSQL's form is another one. */
static const AppendItem append_item[] = {
        [SCALAR_ID] = append_string,       [SCALAR_STRING] = append_string,
        [SCALAR_INT] = append_int,         [SCALAR_FLOAT] = append_float,
        [SCALAR_BOOLEAN] = append_boolean, [SCALAR_DATETIME] = append_time,
        [SCALAR_DATE] = append_date,       [SCALAR_TIME] = NULL,
        [SCALAR_TIMESTAMP] = append_int,   [SCALAR_JSON] = append_json,
        [SCALAR_EMAIL] = append_string,    [SCALAR_URL] = append_string,
        [SCALAR_PHONE] = append_string,    [SCALAR_IP] = append_string,
        [SCALAR_ENUM] = append_string,
};

/* A JSON list of plain strings without a space is what PostgreSQL makes of it. */
static bool append_strings(Buffer *json, const char *text)
{
        const char *at = text;

        if (*at++ != '[')
                return false;
        for (bool first = true; *at != ']'; first = false) {
                if (!first && *at++ != ',')
                        return false;
                if (*at++ != '"')
                        return false;
                at = skip_plain(at);
                if (*at++ != '"')
                        return false;
        }
        if (at[1])
                return false;
        buffer_append_string(json, text);
        return true;
}

static bool append_value(Buffer *json, const Field *field, const char *text)
{
        AppendItem append = append_item[field->scalar];

        if (!text) {
                buffer_append_string(json, "null");
                return true;
        }
        if (field->list)
                return append == append_string && append_strings(json, text);
        return append && append(json, text);
}

bool row_image_append(Buffer *json, const Model *model, const char *const *values)
{
        size_t begin = json->size, column = 0;

        for (size_t i = 0; i < model->n_fields; i++) {
                const Field *field = &model->fields[i];

                if (field->kind != FIELD_COLUMN)
                        continue;
                buffer_append_char(json, column ? ',' : '{');
                (void)append_string(json, field->name);
                buffer_append_char(json, ':');
                if (!append_value(json, field, values[column++])) {
                        buffer_truncate(json, begin);
                        return false;
                }
        }
        buffer_append_char(json, '}');
        return true;
}
