#include "writer_session.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/daemon/log.h"
#include "event_store_setup.h"

struct WriterSession {
        const CommandConfig *config;
        unsigned number;
        PGconn *conn;
        atomic_bool ready;
        bool away; /* PostgreSQL, and the log says so */
};

WriterSession *writer_session_new(const CommandConfig *config, unsigned number)
{
        WriterSession *session = calloc(1, sizeof *session);

        if (!session)
                return NULL;
        session->config = config;
        session->number = number;
        return session;
}

void writer_session_free(WriterSession *session)
{
        if (!session)
                return;
        PQfinish(session->conn);
        free(session);
}

ErrorCode writer_session_open(WriterSession *session, int64_t deadline_us, Error *err)
{
        char name[64];
        ErrorCode code;

        if (session->conn)
                return ERROR_NONE;
        (void)snprintf(name, sizeof name, "command-svc writer %u", session->number);
        code = pg_connect(&session->conn, session->config->pg_url, name, deadline_us, err);
        if (!code)
                code = event_store_setup(session->conn, (int)session->config->partitions,
                                         deadline_us, err);
        if (code) {
                writer_session_drop(session);
                return code;
        }
        atomic_store(&session->ready, true);
        if (session->away)
                log_info("store-available", "writer %u is connected again", session->number);
        session->away = false;
        return ERROR_NONE;
}

PGconn *writer_session_conn(const WriterSession *session)
{
        return session->conn;
}

void writer_session_drop(WriterSession *session)
{
        PQfinish(TAKE_PTR(session->conn));
        atomic_store(&session->ready, false);
}

void writer_session_note_outage(WriterSession *session, const Error *err)
{
        if (!session->away)
                log_warning("store-unavailable", "%s", err->message);
        session->away = true;
}

bool writer_session_ready(const WriterSession *session)
{
        return atomic_load(&session->ready);
}
