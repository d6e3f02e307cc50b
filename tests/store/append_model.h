#pragma once

/*
 * append_model.h — what event_store.append() promises, as plain code over small arrays.
 */

#include "append_call.h"

typedef struct AppendModel AppendModel;

AppendModel *append_model_new(void);
void append_model_free(AppendModel *model);
DEFINE_CLEANUP(AppendModel *, append_model_free)

/* What the store must answer to @rows. @row->id is one letter, @row->key a number as text. */
void append_model_run(AppendModel *model, const AppendRow *rows, size_t n, AppendAnswer *ret);

/* What is in the store by now. */
int64_t append_model_events(const AppendModel *model);
int64_t append_model_commands(const AppendModel *model);
int64_t append_model_version(const AppendModel *model, const char *id);
int append_model_partition(const AppendModel *model, const char *id); /* -1: no events yet */
