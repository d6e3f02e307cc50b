#include "0001_event_store.sql.h"
#include "0002_projection.sql.h"
#include "0003_parked.sql.h"
#include "0004_replays.sql.h"
#include "0005_snapshots.sql.h"
#include "0006_command_records.sql.h"
#include "0007_changes.sql.h"
#include "0008_shared_rows.sql.h"
#include "0009_repairs.sql.h"
#include "0010_change_batches.sql.h"
#include "0011_change_resets.sql.h"
#include "common/store/migrate.h"

const Migration store_migrations[] = {
        { 1, "event_store", sql_0001_event_store },
        { 2, "projection", sql_0002_projection },
        { 3, "parked", sql_0003_parked },
        { 4, "replays", sql_0004_replays },
        { 5, "snapshots", sql_0005_snapshots },
        { 6, "command_records", sql_0006_command_records },
        { 7, "changes", sql_0007_changes },
        { 8, "shared_rows", sql_0008_shared_rows },
        { 9, "repairs", sql_0009_repairs },
        { 10, "change_batches", sql_0010_change_batches },
        { 11, "change_resets", sql_0011_change_resets },
        { 0, NULL, NULL },
};
