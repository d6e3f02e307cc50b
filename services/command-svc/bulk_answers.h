#pragma once

/*
 * bulk_answers.h — the thread that answers the lines of one request, in order, as their outcomes come.
 */

#include "bulk_window.h"
#include "command_answer.h"
#include "command_app.h"

typedef struct BulkAnswers BulkAnswers;

/**
 * bulk_answers_start() - answer what comes into @window, to @stream
 * @app, @window, @stream:  borrowed; @stream has to be started before the first line is added
 *
 * Answers go out together, as many as there are, but none waits for another line's outcome. When they cannot
 * be sent the lines are waited for all the same, unanswered.
 */
_must_check_ ErrorCode bulk_answers_start(BulkAnswers **ret, const CommandApp *app,
                                          BulkWindow *window, HttpStream *stream, Error *err);

/* Ends the window, and waits until every line is answered. */
void bulk_answers_free(BulkAnswers *answers);
DEFINE_CLEANUP(BulkAnswers *, bulk_answers_free)

/* Append the answer as a line: {"line":…,"status":…,"replayed":…, and the members of @answer's body. */
void bulk_answers_write(Buffer *text, int64_t number, bool is_end, const CommandAnswer *answer);
