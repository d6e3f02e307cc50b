/* filter_parse.c — filters from query parameters and JSON; see filter.h. */

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/json_text.h"
#include "common/model/filter.h"
#include "common/model/model_value.h"

/* Of the JSON text: an object and a list per level, and what a JSON value to compare with may hold. */
#define JSON_DEPTH_MAX (2 * FILTER_DEPTH_MAX + 16)

typedef enum OperandKind {
        OPERAND_VALUE, /* of the column; null allowed: see null_op */
        OPERAND_ITEM,  /* text, or an item of a list */
        OPERAND_PAIR,
        OPERAND_ITEMS,
        OPERAND_BOOLEAN,
} OperandKind;

typedef struct OperatorName {
        const char *name;
        FilterOperator op;
        OperandKind operand;
        bool ordered; /* needs a column with an order */
        bool text;    /* needs a column of text */
} OperatorName;

static const OperatorName operator_names[] = {
        { "eq", FILTER_EQ, OPERAND_VALUE, false, false },
        { "ne", FILTER_NE, OPERAND_VALUE, false, false },
        { "le", FILTER_LE, OPERAND_VALUE, true, false },
        { "lt", FILTER_LT, OPERAND_VALUE, true, false },
        { "ge", FILTER_GE, OPERAND_VALUE, true, false },
        { "gt", FILTER_GT, OPERAND_VALUE, true, false },
        { "between", FILTER_BETWEEN, OPERAND_PAIR, true, false },
        { "beginsWith", FILTER_BEGINS_WITH, OPERAND_VALUE, true, true },
        { "contains", FILTER_CONTAINS, OPERAND_ITEM, false, true },
        { "notContains", FILTER_NOT_CONTAINS, OPERAND_ITEM, false, true },
        { "in", FILTER_IN, OPERAND_ITEMS, true, false },
        { "notIn", FILTER_NOT_IN, OPERAND_ITEMS, true, false },
        { "attributeExists", FILTER_EXISTS, OPERAND_BOOLEAN, false, false },
};

/* What is read, and where: the path for messages, "filter.or.status". */
typedef struct Reading {
        FilterBuilder *builder;
        Error *err;
        char path[sizeof((Error *)NULL)->field];
} Reading;

void filter_builder_init(FilterBuilder *builder, Arena *arena, const Model *model)
{
        *builder = (FilterBuilder){ .arena = arena, .model = model, .root = { .op = FILTER_AND } };
        builder->end = &builder->root.parts;
}

static ErrorCode take_params(FilterBuilder *builder, size_t n, const char *field, Error *err)
{
        builder->n_params += n;
        if (builder->n_params > FILTER_PARAMS_MAX)
                return error_set_field(err, ERROR_MALFORMED, field,
                                       "more than %d conditions in one request", FILTER_PARAMS_MAX);
        return ERROR_NONE;
}

ErrorCode filter_add_equal(FilterBuilder *builder, const Field *field, const char *value,
                           Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        Filter *filter = arena_alloc(builder->arena, 1, sizeof *filter);
        ErrorCode code = take_params(builder, 1, field->name, err);

        if (!code)
                code = field->list ? model_value_parse_list(field, value, &text, err)
                                   : model_value_parse(field, value, &text, err);
        if (code)
                return code;
        filter->op = FILTER_EQ;
        filter->field = field;
        filter->values[0] = arena_copy(builder->arena, buffer_text(&text));
        *builder->end = filter;
        builder->end = &filter->next;
        return ERROR_NONE;
}

_printf_(2, 3) static ErrorCode bad_filter(Reading *reading, const char *fmt, ...)
{
        char message[sizeof reading->err->message];
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(message, sizeof message, fmt, args);
        va_end(args);
        return error_set_field(reading->err, ERROR_MALFORMED, reading->path, "%s: %s",
                               reading->path, message);
}

/* Go down to @name in the path; returns the length to restore with leave(). */
static size_t enter(Reading *reading, const char *name)
{
        size_t size = strlen(reading->path);

        (void)snprintf(reading->path + size, sizeof reading->path - size, ".%s", name);
        return size;
}

static void leave(Reading *reading, size_t size)
{
        reading->path[size] = '\0';
}

static ErrorCode read_text(Reading *reading, const Field *field, const json_t *json, bool whole,
                           const char **ret)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        Error fault = ERROR_INIT;
        ErrorCode code =
                whole && field->list
                        ? model_values_from_json(field, json, FILTER_ITEMS_MAX, &text, &fault)
                        : model_value_from_json(field, json, &text, &fault);

        if (code)
                return bad_filter(reading, "%s", fault.message);
        *ret = arena_copy(reading->builder->arena, buffer_text(&text));
        return take_params(reading->builder, 1, reading->path, reading->err);
}

static ErrorCode read_pair(Reading *reading, const json_t *json, Filter *ret)
{
        ErrorCode code;

        if (!json_is_array(json) || json_array_size(json) != 2)
                return bad_filter(reading, "between takes [least, greatest]");
        code = read_text(reading, ret->field, json_array_get(json, 0), false, &ret->values[0]);
        if (!code)
                code = read_text(reading, ret->field, json_array_get(json, 1), false,
                                 &ret->values[1]);
        return code;
}

static ErrorCode read_items(Reading *reading, const json_t *json, Filter *ret)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        Error fault = ERROR_INIT;

        if (model_values_from_json(ret->field, json, FILTER_ITEMS_MAX, &text, &fault))
                return bad_filter(reading, "%s", fault.message);
        ret->values[0] = arena_copy(reading->builder->arena, buffer_text(&text));
        return take_params(reading->builder, 1, reading->path, reading->err);
}

static ErrorCode read_operand(Reading *reading, const OperatorName *operator, const json_t * json,
                              Filter *ret)
{
        switch (operator->operand) {
        case OPERAND_VALUE:
                if (json_is_null(json) && !operator->ordered) { /* eq and ne */
                        ret->op = ret->op == FILTER_EQ ? FILTER_MISSING : FILTER_EXISTS;
                        return ERROR_NONE;
                }
                return read_text(reading, ret->field, json, true, &ret->values[0]);
        case OPERAND_ITEM:
                return read_text(reading, ret->field, json, false, &ret->values[0]);
        case OPERAND_PAIR:
                return read_pair(reading, json, ret);
        case OPERAND_ITEMS:
                return read_items(reading, json, ret);
        case OPERAND_BOOLEAN:
                if (!json_is_boolean(json))
                        return bad_filter(reading, "attributeExists takes true or false");
                if (json_is_false(json))
                        ret->op = FILTER_MISSING;
                return ERROR_NONE;
        }
        return bad_filter(reading, "unknown operand");
}

static bool is_text(const Field *field)
{
        switch (field->scalar) {
        case SCALAR_ID:
        case SCALAR_STRING:
        case SCALAR_TIME:
        case SCALAR_EMAIL:
        case SCALAR_URL:
        case SCALAR_PHONE:
        case SCALAR_IP:
        case SCALAR_ENUM:
                return true;
        default:
                return false;
        }
}

/* Whether the operator makes sense for the field. */
static ErrorCode check_operator(Reading *reading, const OperatorName *operator, const Field * field)
{
        bool ordered = !field->list && field->scalar != SCALAR_JSON;

        if (operator->ordered && !ordered)
                return bad_filter(reading, "%s is not for lists and JSON", operator->name);
        if (operator->text && !is_text(field) &&
            !(field->list && operator->operand == OPERAND_ITEM))
                return bad_filter(reading, "%s is for text", operator->name);
        if (operator->text && field->scalar == SCALAR_JSON)
                return bad_filter(reading, "%s is not for JSON", operator->name);
        return ERROR_NONE;
}

/* {"beginsWith":"a","ne":"ab"}: all of them hold. */
static ErrorCode read_field(Reading *reading, const Field *field, json_t *json, Filter ***link)
{
        const char *name;
        json_t *value;

        if (!json_is_object(json))
                return bad_filter(reading, "expected {\"eq\":…} or another operator");
        json_object_foreach(json, name, value) {
                const OperatorName *operator= NULL;
                Filter *filter = arena_alloc(reading->builder->arena, 1, sizeof *filter);
                ErrorCode code;

                for (size_t i = 0; i < ARRAY_SIZE(operator_names); i++)
                        if (strcmp(operator_names[i].name, name) == 0)
                                operator= & operator_names[i];
                if (!operator)
                        return bad_filter(reading, "unknown operator \"%.40s\"", name);
                filter->op = operator->op;
                filter->field = field;
                code = check_operator(reading, operator, field);
                if (!code)
                        code = read_operand(reading, operator, value, filter);
                if (code)
                        return code;
                **link = filter;
                *link = &filter->next;
        }
        return ERROR_NONE;
}

static ErrorCode read_object(Reading *reading, json_t *json, unsigned depth, Filter ***link);

/* The parts of and, or and not: a list of objects, or one. */
static ErrorCode read_parts(Reading *reading, FilterOperator op, json_t *json, unsigned depth,
                            Filter ***link)
{
        Filter *filter = arena_alloc(reading->builder->arena, 1, sizeof *filter);
        size_t n = json_is_array(json) ? json_array_size(json) : 1;
        Filter **end = &filter->parts;

        if (op == FILTER_NOT && !json_is_object(json))
                return bad_filter(reading, "not takes one object");
        if (n > FILTER_PARAMS_MAX)
                return bad_filter(reading, "more than %d parts", FILTER_PARAMS_MAX);
        filter->op = op;
        for (size_t i = 0; i < n; i++) {
                json_t *item = json_is_array(json) ? json_array_get(json, i) : json;
                Filter *part = arena_alloc(reading->builder->arena, 1, sizeof *part);
                Filter **part_end = &part->parts;
                ErrorCode code;

                part->op = FILTER_AND;
                code = read_object(reading, item, depth + 1, &part_end);
                if (code)
                        return code;
                *end = part;
                end = &part->next;
        }
        **link = filter;
        *link = &filter->next;
        return ERROR_NONE;
}

static ErrorCode read_member(Reading *reading, const char *name, json_t *json, unsigned depth,
                             Filter ***link)
{
        const Field *field;

        if (strcmp(name, "and") == 0)
                return read_parts(reading, FILTER_AND, json, depth, link);
        if (strcmp(name, "or") == 0)
                return read_parts(reading, FILTER_OR, json, depth, link);
        if (strcmp(name, "not") == 0)
                return read_parts(reading, FILTER_NOT, json, depth, link);
        field = model_field(reading->builder->model, name);
        if (!field)
                return bad_filter(reading, "model %s has no such field",
                                  reading->builder->model->name);
        if (field->kind != FIELD_COLUMN)
                return bad_filter(reading, "a relation cannot be compared");
        return read_field(reading, field, json, link);
}

static ErrorCode read_object(Reading *reading, json_t *json, unsigned depth, Filter ***link)
{
        const char *name;
        json_t *value;

        if (!json_is_object(json))
                return bad_filter(reading, "expected an object");
        if (depth > FILTER_DEPTH_MAX)
                return bad_filter(reading, "nested more than %d levels deep", FILTER_DEPTH_MAX);
        json_object_foreach(json, name, value) {
                size_t size = enter(reading, name);
                ErrorCode code = read_member(reading, name, value, depth, link);

                if (code)
                        return code;
                leave(reading, size);
        }
        return ERROR_NONE;
}

ErrorCode filter_add_json(FilterBuilder *builder, const char *text, Error *err)
{
        Error local = ERROR_INIT;
        Reading reading = { .builder = builder, .err = err ? err : &local, .path = "filter" };
        json_auto_t *json = NULL;
        ErrorCode code = json_text_check(text, strlen(text), JSON_DEPTH_MAX, reading.err);

        if (code)
                return bad_filter(&reading, "%s", reading.err->message);
        json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        return read_object(&reading, json, 1, &builder->end);
}
