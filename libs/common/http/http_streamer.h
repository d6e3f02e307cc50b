#pragma once

/*
 * http_streamer.h — serves a connection whose first request is streamed, on a thread of its own.
 */

#include "common/http/http_site.h"

/**
 * http_streamer_start() - serve one request on @fd, then close it
 * @fd, @connection:  owned from now on; the connection is closed when nothing of @site is used any more
 *
 * The request takes the same way as any other, see http_site_answer(), but that its body has no limit and is
 * not read before its handler does. Without a thread to be had, the connection is closed.
 */
void http_streamer_start(const HttpSite *site, int fd, HttpConnection *connection);
