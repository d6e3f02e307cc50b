#include "common/pg/pg_params.h"

#include <assert.h>
#include <endian.h>
#include <limits.h>
#include <string.h>

#include "common/base/buffer.h"

/* Oids of pg_type; they never change. */
enum {
        OID_INFERRED = 0, /* the server finds the type from where the parameter stands */
        OID_BOOL = 16,
        OID_BYTEA = 17,
        OID_INT8 = 20,
        OID_INT2 = 21,
        OID_INT4 = 23,
        OID_TEXT = 25,
        OID_UUID = 2950,
};

static const struct {
        unsigned int array, element; /* Oids */
} array_types[] = {
        [PG_ARRAY_TEXT] = { 1009, OID_TEXT }, [PG_ARRAY_INT2] = { 1005, OID_INT2 },
        [PG_ARRAY_INT4] = { 1007, OID_INT4 }, [PG_ARRAY_INT8] = { 1016, OID_INT8 },
        [PG_ARRAY_UUID] = { 2951, OID_UUID }, [PG_ARRAY_BYTEA] = { 1001, OID_BYTEA },
        [PG_ARRAY_BOOL] = { 1000, OID_BOOL },
};

/* Dimensions, flags, element type, length, lower bound; then length and bytes of each element. */
#define ARRAY_HEADER_SIZE       20
#define ARRAY_HEADER_SIZE_EMPTY 12

typedef struct Param {
        unsigned int type; /* Oid */
        bool is_binary;
        bool is_null;
        bool is_array;
        bool has_null;
        PgArrayKind kind;
        int32_t n_elements;
        Buffer data;
} Param;

struct PgParams {
        int n;
        bool binary_result;
        Param params[PG_PARAMS_MAX];

        unsigned int types[PG_PARAMS_MAX];
        const char *values[PG_PARAMS_MAX];
        int lengths[PG_PARAMS_MAX];
        int formats[PG_PARAMS_MAX];
};

PgParams *pg_params_new(void)
{
        return calloc(1, sizeof(PgParams));
}

void pg_params_free(PgParams *params)
{
        if (!params)
                return;
        for (int i = 0; i < PG_PARAMS_MAX; i++)
                buffer_deinit(&params->params[i].data);
        free(params);
}

void pg_params_clear(PgParams *params)
{
        params->n = 0;
        params->binary_result = false;
}

void pg_params_binary_result(PgParams *params)
{
        params->binary_result = true;
}

static Param *add(PgParams *params, unsigned int type, bool is_binary)
{
        Param *param;

        assert(params->n < PG_PARAMS_MAX);
        param = &params->params[params->n++];
        buffer_clear(&param->data);
        *param = (Param){ .type = type, .is_binary = is_binary, .data = param->data };
        return param;
}

static void add_bytes(PgParams *params, unsigned int type, const void *data, size_t size)
{
        buffer_append(&add(params, type, true)->data, data, size);
}

void pg_params_text(PgParams *params, const char *text)
{
        if (text)
                pg_params_text_n(params, text, strlen(text));
        else
                add(params, OID_INFERRED, false)->is_null = true;
}

void pg_params_text_n(PgParams *params, const char *text, size_t size)
{
        /* Text in text form ends at a NUL; in binary form the server sees it and refuses it. */
        if (size && memchr(text, '\0', size))
                add_bytes(params, OID_TEXT, text, size);
        else
                buffer_append(&add(params, OID_INFERRED, false)->data, text, size);
}

void pg_params_int32(PgParams *params, int32_t value)
{
        uint32_t big = htobe32((uint32_t)value);

        add_bytes(params, OID_INT4, &big, sizeof big);
}

void pg_params_int64(PgParams *params, int64_t value)
{
        uint64_t big = htobe64((uint64_t)value);

        add_bytes(params, OID_INT8, &big, sizeof big);
}

void pg_params_bool(PgParams *params, bool value)
{
        add_bytes(params, OID_BOOL, value ? "\1" : "\0", 1);
}

void pg_params_uuid(PgParams *params, const Uuid *uuid)
{
        add_bytes(params, OID_UUID, uuid->bytes, sizeof uuid->bytes);
}

void pg_params_bytes(PgParams *params, const void *data, size_t size)
{
        add_bytes(params, OID_BYTEA, data, size);
}

int pg_params_array(PgParams *params, PgArrayKind kind)
{
        Param *param = add(params, array_types[kind].array, true);

        param->is_array = true;
        param->kind = kind;
        param->data.size = 0;
        (void)buffer_reserve(&param->data, ARRAY_HEADER_SIZE);
        param->data.size = ARRAY_HEADER_SIZE; /* filled in by pg_params_view() */
        return params->n - 1;
}

static Param *array_at(PgParams *params, int array)
{
        assert(array >= 0 && array < params->n && params->params[array].is_array);
        return &params->params[array];
}

static void add_element(Param *param, const void *data, size_t size)
{
        uint32_t length = htobe32((uint32_t)size);

        assert(size <= INT32_MAX && param->n_elements < INT32_MAX);
        buffer_append(&param->data, &length, sizeof length);
        buffer_append(&param->data, data, size);
        param->n_elements++;
}

void pg_array_text(PgParams *params, int array, const char *text)
{
        if (text)
                pg_array_text_n(params, array, text, strlen(text));
        else
                pg_array_null(params, array);
}

void pg_array_text_n(PgParams *params, int array, const char *text, size_t size)
{
        Param *param = array_at(params, array);

        assert(param->kind == PG_ARRAY_TEXT);
        add_element(param, text, size);
}

void pg_array_int(PgParams *params, int array, int64_t value)
{
        Param *param = array_at(params, array);
        uint16_t big2 = htobe16((uint16_t)value);
        uint32_t big4 = htobe32((uint32_t)value);
        uint64_t big8 = htobe64((uint64_t)value);

        switch (param->kind) {
        case PG_ARRAY_INT2:
                assert(value >= INT16_MIN && value <= INT16_MAX);
                add_element(param, &big2, sizeof big2);
                break;
        case PG_ARRAY_INT4:
                assert(value >= INT32_MIN && value <= INT32_MAX);
                add_element(param, &big4, sizeof big4);
                break;
        case PG_ARRAY_INT8:
                add_element(param, &big8, sizeof big8);
                break;
        case PG_ARRAY_TEXT:
        case PG_ARRAY_UUID:
        case PG_ARRAY_BYTEA:
        case PG_ARRAY_BOOL:
                assert(!"not an array of integers");
        }
}

void pg_array_uuid(PgParams *params, int array, const Uuid *uuid)
{
        Param *param = array_at(params, array);

        assert(param->kind == PG_ARRAY_UUID);
        add_element(param, uuid->bytes, sizeof uuid->bytes);
}

void pg_array_bytes(PgParams *params, int array, const void *data, size_t size)
{
        Param *param = array_at(params, array);

        assert(param->kind == PG_ARRAY_BYTEA);
        add_element(param, data, size);
}

void pg_array_bool(PgParams *params, int array, bool value)
{
        Param *param = array_at(params, array);

        assert(param->kind == PG_ARRAY_BOOL);
        add_element(param, value ? "\1" : "\0", 1);
}

void pg_array_null(PgParams *params, int array)
{
        static const uint32_t null_length = UINT32_MAX; /* -1 in any byte order */
        Param *param = array_at(params, array);

        buffer_append(&param->data, &null_length, sizeof null_length);
        param->has_null = true;
        param->n_elements++;
}

static void write_header(Param *param)
{
        const uint32_t header[ARRAY_HEADER_SIZE / sizeof(uint32_t)] = {
                htobe32(param->n_elements ? 1 : 0),
                htobe32(param->has_null),
                htobe32(array_types[param->kind].element),
                htobe32((uint32_t)param->n_elements),
                htobe32(1),
        };

        memcpy(param->data.data, header, sizeof header);
}

PgParamView pg_params_view(PgParams *params)
{
        for (int i = 0; i < params->n; i++) {
                Param *param = &params->params[i];
                size_t size = param->data.size;

                if (param->is_array) {
                        write_header(param);
                        if (!param->n_elements)
                                size = ARRAY_HEADER_SIZE_EMPTY;
                }
                assert(size <= INT_MAX);
                params->types[i] = param->type;
                params->values[i] = param->is_null ? NULL : buffer_text(&param->data);
                params->lengths[i] = (int)size;
                params->formats[i] = param->is_binary;
        }
        return (PgParamView){
                .n = params->n,
                .types = params->types,
                .values = params->values,
                .lengths = params->lengths,
                .formats = params->formats,
                .result_format = params->binary_result,
        };
}
