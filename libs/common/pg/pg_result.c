#include "common/pg/pg_result.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "common/base/clock.h"

/* 2000-01-01, where PostgreSQL counts from. */
#define POSTGRES_EPOCH_US (INT64_C(946684800) * US_PER_SEC)

int64_t pg_result_int(const PGresult *res, int row, int column)
{
        const char *value = PQgetvalue(res, row, column);
        uint16_t big2;
        uint32_t big4;
        uint64_t big8;

        switch (PQgetlength(res, row, column)) {
        case 0:
                return 0; /* NULL */
        case sizeof big2:
                memcpy(&big2, value, sizeof big2);
                return (int16_t)be16toh(big2);
        case sizeof big4:
                memcpy(&big4, value, sizeof big4);
                return (int32_t)be32toh(big4);
        case sizeof big8:
                memcpy(&big8, value, sizeof big8);
                return (int64_t)be64toh(big8);
        default:
                assert(!"not a binary integer");
                return 0;
        }
}

int64_t pg_result_time_us(const PGresult *res, int row, int column)
{
        return PQgetisnull(res, row, column) ? 0
                                             : pg_result_int(res, row, column) + POSTGRES_EPOCH_US;
}

Uuid pg_result_uuid(const PGresult *res, int row, int column)
{
        Uuid uuid = { { 0 } };

        if (!PQgetisnull(res, row, column)) {
                assert(PQgetlength(res, row, column) == sizeof uuid.bytes);
                memcpy(uuid.bytes, PQgetvalue(res, row, column), sizeof uuid.bytes);
        }
        return uuid;
}
