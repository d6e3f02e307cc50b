#pragma once

/*
 * writer_session.h — a writer's connection to the event store, made when it is needed and again after an
 * outage; an outage is logged once, however many commands it costs.
 */

#include "command_config.h"
#include "common/pg/pg_conn.h"

typedef struct WriterSession WriterSession;

/* @config is borrowed; @number names the writer. NULL when there is no memory. */
WriterSession *writer_session_new(const CommandConfig *config, unsigned number);
void writer_session_free(WriterSession *session);
DEFINE_CLEANUP(WriterSession *, writer_session_free)

/* Connect, unless it is connected. Return: ERROR_NONE, or as pg_connect() and pg_exec(). */
_must_check_ ErrorCode writer_session_open(WriterSession *session, int64_t deadline_us, Error *err);

/* The connection; NULL when there is none. */
PGconn *writer_session_conn(const WriterSession *session);

/* Give the connection up; what was in flight may or may not have been stored. */
void writer_session_drop(WriterSession *session);

/* PostgreSQL is away, because of @err. */
void writer_session_note_outage(WriterSession *session, const Error *err);

/* Whether the last thing that was asked of PostgreSQL worked. Thread: any. */
bool writer_session_ready(const WriterSession *session);
