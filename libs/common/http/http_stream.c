#include "common/http/http_stream.h"

#include <assert.h>
#include <string.h>

#include "common/http/http_exchange.h"

ErrorCode http_stream_read(HttpStream *stream, void *data, size_t size, size_t *ret_n,
                           int64_t deadline_us, int *ret_status, Error *err)
{
        if (stream->wire)
                return http_wire_read(stream->wire, data, size, ret_n, deadline_us, ret_status,
                                      err);
        *ret_n = stream->body_size < size ? stream->body_size : size;
        if (*ret_n)
                memcpy(data, stream->body, *ret_n);
        stream->body += *ret_n;
        stream->body_size -= *ret_n;
        return ERROR_NONE;
}

void http_stream_start(HttpStream *stream, HttpResponse *res, int status, const char *content_type)
{
        assert(!stream->is_started && !res->is_filled);
        stream->is_started = true;
        stream->status = status;
        stream->headers = res->ulfius->map_header;
        res->is_filled = true;
        res->ulfius->status = (unsigned)status;
        http_response_header(res, "Content-Type", content_type);
}

static bool send_head(HttpStream *stream, int64_t deadline_us)
{
        return stream->wire->is_head_sent ||
               http_wire_send_head(stream->wire, stream->status, stream->headers, deadline_us);
}

bool http_stream_write(HttpStream *stream, const void *data, size_t size, int64_t deadline_us)
{
        assert(stream->is_started);
        if (stream->wire)
                return send_head(stream, deadline_us) &&
                       http_wire_send_piece(stream->wire, data, size, deadline_us);
        buffer_append(&stream->answer, data, size);
        return true;
}

void http_stream_finish(HttpStream *stream, HttpResponse *res, int64_t deadline_us)
{
        if (stream->is_started && stream->wire)
                (void)(send_head(stream, deadline_us) &&
                       http_wire_send_end(stream->wire, deadline_us));
        else if (stream->wire)
                (void)http_wire_send_whole(stream->wire, (int)res->ulfius->status,
                                           res->ulfius->map_header, res->ulfius->binary_body,
                                           res->ulfius->binary_body_length, deadline_us);
        else if (stream->is_started)
                (void)ulfius_set_binary_body_response(res->ulfius, (unsigned)stream->status,
                                                      buffer_text(&stream->answer),
                                                      stream->answer.size);
        buffer_deinit(&stream->answer);
}
