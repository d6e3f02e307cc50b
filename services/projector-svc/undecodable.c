#include "undecodable.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buffer.h"
#include "common/pg/pg_params.h"
#include "undecodable_add.sql.h"
#include "undecodable_trim.sql.h"
#include "view_session.h"

#define MESSAGES_MAX 100
#define BYTES_MAX    ((size_t)4 * 1024 * 1024)

enum {
        TOPIC,
        PARTITION,
        OFFSET,
        KEY,
        HEADERS,
        VALUE,
        ERROR,
        N_ARRAYS
};

struct UndecodableList {
        PgParams *params; /* of the statement, as far as they are there */
        size_t n, bytes;
};

static void clear(UndecodableList *list)
{
        static const PgArrayKind kinds[N_ARRAYS] = {
                [TOPIC] = PG_ARRAY_TEXT, [PARTITION] = PG_ARRAY_INT4, [OFFSET] = PG_ARRAY_INT8,
                [KEY] = PG_ARRAY_BYTEA,  [HEADERS] = PG_ARRAY_BYTEA,  [VALUE] = PG_ARRAY_BYTEA,
                [ERROR] = PG_ARRAY_TEXT,
        };

        pg_params_clear(list->params);
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                (void)pg_params_array(list->params, kinds[i]);
        list->n = 0;
        list->bytes = 0;
}

ErrorCode undecodable_list_new(UndecodableList **ret, Error *err)
{
        _cleanup_(undecodable_list_freep) UndecodableList *list = calloc(1, sizeof *list);

        if (!list || !(list->params = pg_params_new()))
                return error_no_memory(err);
        clear(list);
        *ret = TAKE_PTR(list);
        return ERROR_NONE;
}

void undecodable_list_free(UndecodableList *list)
{
        if (!list)
                return;
        pg_params_free(list->params);
        free(list);
}

static void append_headers(Buffer *ret, const rd_kafka_message_t *message)
{
        rd_kafka_headers_t *headers;
        const char *name;
        const void *value;
        size_t size;

        if (rd_kafka_message_headers(message, &headers))
                return;
        for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &size); i++) {
                buffer_append_string(ret, name);
                buffer_append_string(ret, ": ");
                if (value)
                        buffer_append(ret, value, size);
                buffer_append_char(ret, '\n');
        }
}

static void add_bytes(UndecodableList *list, int array, const void *data, size_t size)
{
        if (data)
                pg_array_bytes(list->params, array, data, size);
        else
                pg_array_null(list->params, array);
        list->bytes += size;
}

void undecodable_list_add(UndecodableList *list, const rd_kafka_message_t *message,
                          const char *reason)
{
        _cleanup_(buffer_deinit) Buffer headers = BUFFER_INIT;

        append_headers(&headers, message);
        pg_array_text(list->params, TOPIC, rd_kafka_topic_name(message->rkt));
        pg_array_int(list->params, PARTITION, message->partition);
        pg_array_int(list->params, OFFSET, message->offset);
        add_bytes(list, KEY, message->key, message->key_len);
        add_bytes(list, HEADERS, buffer_text(&headers), headers.size);
        add_bytes(list, VALUE, message->payload, message->len);
        pg_array_text(list->params, ERROR, reason);
        list->n++;
}

bool undecodable_list_is_full(const UndecodableList *list)
{
        return list->n >= MESSAGES_MAX || list->bytes >= BYTES_MAX;
}

static ErrorCode trim(PgParams *params, PGconn *conn, const ProjectorConfig *config, Error *err)
{
        pg_params_clear(params);
        pg_params_int64(params, config->undecodable_rows_max);
        pg_params_int64(params, config->undecodable_bytes_max);
        return pg_exec_prepared(conn, "undecodable_trim", sql_undecodable_trim, params, NULL,
                                view_session_deadline_us(), "make room for undecodable messages",
                                err);
}

ErrorCode undecodable_list_store(UndecodableList *list, PGconn *conn, const ProjectorConfig *config,
                                 Error *err)
{
        ErrorCode code;

        if (list->n == 0)
                return ERROR_NONE;
        code = pg_exec_prepared(conn, "undecodable_add", sql_undecodable_add, list->params, NULL,
                                view_session_deadline_us(), "keep undecodable messages", err);
        if (!code)
                code = trim(list->params, conn, config, err);
        clear(list); /* after a failure they are read again */
        return code;
}
