#include "common/pg/pg_prepared.h"

#include <assert.h>
#include <libpq-events.h>
#include <string.h>

typedef struct Statement {
        char *name;
        char *sql;
} Statement;

typedef struct Prepared {
        size_t n;
        Statement statements[PG_PREPARED_MAX]; /* sorted by name */
} Prepared;

static void statement_deinit(Statement *statement)
{
        free(statement->name);
        free(statement->sql);
}

static void prepared_clear(Prepared *prepared)
{
        for (size_t i = 0; i < prepared->n; i++)
                statement_deinit(&prepared->statements[i]);
        prepared->n = 0;
}

static int on_event(PGEventId id, void *info, void *pass);

static Prepared *prepared_of(PGconn *conn)
{
        return PQinstanceData(conn, on_event);
}

static int on_event(PGEventId id, void *info, void *pass)
{
        Prepared *prepared;

        switch (id) {
        case PGEVT_REGISTER:
                prepared = calloc(1, sizeof *prepared);
                return prepared &&
                       PQsetInstanceData(((PGEventRegister *)info)->conn, on_event, prepared);
        case PGEVT_CONNRESET:
                prepared_clear(prepared_of(((PGEventConnReset *)info)->conn));
                return 1;
        case PGEVT_CONNDESTROY:
                prepared = prepared_of(((PGEventConnDestroy *)info)->conn);
                if (prepared)
                        prepared_clear(prepared);
                free(prepared);
                return 1;
        case PGEVT_RESULTCREATE:
        case PGEVT_RESULTCOPY:
        case PGEVT_RESULTDESTROY:
                break;
        }
        return 1;
}

bool pg_prepared_register(PGconn *conn)
{
        return PQregisterEventProc(conn, on_event, "skafu prepared statements", NULL);
}

/* Where @name stands, or would. */
static size_t find(const Prepared *prepared, const char *name, bool *ret_found)
{
        size_t low = 0, high = prepared->n;

        *ret_found = false;
        while (low < high) {
                size_t middle = (low + high) / 2;
                int order = strcmp(prepared->statements[middle].name, name);

                if (order == 0) {
                        *ret_found = true;
                        return middle;
                }
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

bool pg_prepared_has(PGconn *conn, const char *name, const char *sql)
{
        Prepared *prepared = prepared_of(conn);
        Statement *statement;
        bool found;
        size_t at = find(prepared, name, &found);

        if (!found)
                return false;
        statement = &prepared->statements[at];
        if (strcmp(statement->sql, sql) == 0)
                return true;
        statement_deinit(statement);
        prepared->n--;
        memmove(statement, statement + 1, (prepared->n - at) * sizeof *statement);
        return false;
}

size_t pg_prepared_count(PGconn *conn)
{
        return prepared_of(conn)->n;
}

void pg_prepared_add(PGconn *conn, const char *name, const char *sql)
{
        Prepared *prepared = prepared_of(conn);
        bool found;
        size_t at = find(prepared, name, &found);
        Statement added = { .name = strdup(name), .sql = strdup(sql) };
        Statement *place = &prepared->statements[at];

        assert(!found && prepared->n < PG_PREPARED_MAX);
        if (!added.name || !added.sql) {
                /* Prepared again next time: pg_send_prepared() copes with a name that is taken. */
                statement_deinit(&added);
                return;
        }
        memmove(place + 1, place, (prepared->n - at) * sizeof *place);
        *place = added;
        prepared->n++;
}

void pg_prepared_forget_all(PGconn *conn)
{
        prepared_clear(prepared_of(conn));
}
