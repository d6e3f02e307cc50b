#include "event_store_setup.h"

#include "common/domain/aggregate.h"
#include "common/pg/pg_params.h"
#include "ensure_logs.sql.h"

ErrorCode event_store_setup(PGconn *conn, int partitions, int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();

        if (!params)
                return error_no_memory(err);
        for (const AggregateType *const *type = domain_aggregates; *type; type++) {
                ErrorCode code;

                pg_params_clear(params);
                pg_params_text(params, (*type)->name);
                pg_params_int32(params, partitions);
                code = pg_exec(conn, sql_ensure_logs, params, NULL, deadline_us,
                               "make log partitions", err);
                if (code)
                        return code;
        }
        return ERROR_NONE;
}
