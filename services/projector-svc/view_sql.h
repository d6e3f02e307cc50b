#pragma once

/*
 * view_sql.h — the statements of a view version, made from its model.
 */

#include "common/base/buffer.h"
#include "view.h"

/* Parameters of the write statement before the columns: see view_sql_write(). */
#define VIEW_SQL_WRITE_FIXED 7

/* Append "schema"."table" of the view version. */
void view_sql_table(Buffer *sql, const View *view, const char *table);

/* The checkpoint table of a new version. */
void view_sql_checkpoint_table(Buffer *sql, const View *view);

/* read.<view>, and who may read it. Fields that may be null and that @former (may be NULL) had last are still
 * there, and null: a reader with the schema.graphql of then goes on. */
void view_sql_read_view(Buffer *sql, const View *view, const View *former);

/* The same over another version, which fails when its columns do not begin with those that it had. */
void view_sql_replace_read_view(Buffer *sql, const View *view, const View *former);

/* Take over log partitions: $1 aggregate types, $2 partitions, $3 owner. Gives type, partition, position,
 * Kafka offset, epoch of each. */
void view_sql_take(Buffer *sql, const View *view);

/* Advance checkpoints: $1 aggregate types, $2 partitions, $3 positions, $4 Kafka offsets, $5 epochs. Fails with
 * SQLSTATE SK002 when an epoch is not the current one. */
void view_sql_advance(Buffer *sql, const View *view);

/* Rows by key: $1 ids, $2 whose; a key may stand there twice. Gives the columns as text, then whose and which sequence. */
void view_sql_load(Buffer *sql, const View *view);

/* A transaction that begins with rows, in COPY's text format: the columns, then whose and which sequence. */
void view_sql_copy(Buffer *sql, const View *view);

/* A batch: $1 to $5 as view_sql_advance(); rows to delete: $6 ids, $7 whose; rows to write: one array per
 * column, then whose, then sequences. With changes, what change_sql_entries() takes follows. */
void view_sql_write(Buffer *sql, const View *view);

/* The same with changes of which the images are known: what change_sql_texts() takes follows. */
void view_sql_write_imaged(Buffer *sql, const View *view);

/* The same for a batch with shared rows among those to write: what they have is added to what is stored, and their
 * sequences are how many adds that is. Fails with SQLSTATE 22023 when the labels of one differ from those stored. */
void view_sql_write_shared(Buffer *sql, const View *view);
