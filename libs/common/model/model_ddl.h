#pragma once

/*
 * model_ddl.h — the PostgreSQL side of a model: column types, the table and indexes of a view version.
 *
 * Column names are the fields' names, quoted (sql_quote_name()). Two hidden columns follow them:
 * "_aggregate" text, the id of the aggregate whose events made the row, and "_sequence" bigint, the
 * eventSequence of its last change. The key is ("id", "_aggregate"): two aggregates may use the same id
 * for something of theirs, and neither reaches the other's row. A shared row, which events of any aggregate add to,
 * has '' for the one and the number of these adds for the other.
 */

#include "common/base/buffer.h"
#include "common/model/model.h"

#define MODEL_FINGERPRINT_SIZE 65 /* 64 hexadecimal digits and the NUL */

/* The type of a FIELD_COLUMN's column: "text", "timestamptz", "text[]". Static text. */
const char *model_column_type(const Field *field);

/* The type of one item: that of the column unless the field is a list. Static text. */
const char *model_item_type(const Field *field);

/**
 * model_ddl() - append the statements that make the empty table and the indexes of a view version
 * @schema:       the whole schema: relations of other models need indexes here
 * @schema_name:  the PostgreSQL schema, which exists: "view_project_1"
 *
 * Text is compared and sorted bytewise (COLLATE "C"), so that order does not depend on the database's locale.
 */
void model_ddl(Buffer *sql, const Schema *schema, const Model *model, const char *schema_name);

/* Its two halves: the table with its key, and the indexes beside the key, those that are not there yet. */
void model_table_ddl(Buffer *sql, const Model *model, const char *schema_name);
void model_index_ddl(Buffer *sql, const Schema *schema, const Model *model,
                     const char *schema_name);

/* SHA-256 of the generated statements, the same for every version: tells whether a view's tables
 * are still those of the schema. */
void model_fingerprint(const Schema *schema, const Model *model,
                       char ret_text[MODEL_FINGERPRINT_SIZE]);
