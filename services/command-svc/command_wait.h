#pragma once

/*
 * command_wait.h — ?wait=view,view: an answer that comes when views show the command's events.
 */

#include "common/store/view_position.h"

#define COMMAND_WAIT_MAX 16

typedef struct CommandWait {
        char *text; /* owned; the names point into it */
        ViewNames views;
} CommandWait;

/* Return: ERROR_NONE, or ERROR_MALFORMED: a name that is no view of the domain. */
_must_check_ ErrorCode command_wait_parse(const char *text, CommandWait *ret, Error *err);
void command_wait_deinit(CommandWait *wait);

/**
 * command_wait_views() - until the views show what @token names, or @wait_ms have passed
 *
 * Return: whether they do. A look that fails counts as not there: the command is stored all the same.
 */
bool command_wait_views(PgPool *pool, const CommandWait *wait, const Token *token, int64_t wait_ms);
