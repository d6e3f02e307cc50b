#include "common/pg/pg_prepared.h"

#include <assert.h>
#include <libpq-events.h>
#include <string.h>

typedef struct Prepared {
        size_t n_names;
        char *names[PG_PREPARED_MAX]; /* sorted */
} Prepared;

static void prepared_clear(Prepared *prepared)
{
        for (size_t i = 0; i < prepared->n_names; i++)
                free(prepared->names[i]);
        prepared->n_names = 0;
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
        size_t low = 0, high = prepared->n_names;

        *ret_found = false;
        while (low < high) {
                size_t middle = (low + high) / 2;
                int order = strcmp(prepared->names[middle], name);

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

bool pg_prepared_has(PGconn *conn, const char *name)
{
        const Prepared *prepared = prepared_of(conn);
        bool found;

        (void)find(prepared, name, &found);
        return found;
}

size_t pg_prepared_count(PGconn *conn)
{
        return prepared_of(conn)->n_names;
}

void pg_prepared_add(PGconn *conn, const char *name)
{
        Prepared *prepared = prepared_of(conn);
        bool found;
        size_t at = find(prepared, name, &found);
        char *copy;

        assert(!found && prepared->n_names < PG_PREPARED_MAX);
        copy = strdup(name);
        if (!copy) /* prepared again next time: pg_send_prepared() copes with a name that is taken */
                return;
        memmove(prepared->names + at + 1, prepared->names + at,
                (prepared->n_names - at) * sizeof *prepared->names);
        prepared->names[at] = copy;
        prepared->n_names++;
}

void pg_prepared_forget_all(PGconn *conn)
{
        prepared_clear(prepared_of(conn));
}
