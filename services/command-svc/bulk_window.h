#pragma once

/*
 * bulk_window.h — the lines of one request that are on their way: entered in order by the thread that reads,
 * taken out in order by the one that answers. Bounded in number and in bytes.
 */

#include "bulk_line.h"
#include "command_intake.h"

/* A line and its command; all memory that the command points to. */
typedef struct BulkItem {
        int64_t number;
        Buffer text;
        BulkLine line;
        CommandIntake intake;
        CommandRequest request;
        bool is_submitted;  /* its writer completes the request; otherwise … */
        Error refusal;      /* … this is why not, … */
        int refusal_status; /* … with the code's own status for 0 */
        bool is_end;        /* no line, but why the request ends before its body does */
} BulkItem;

typedef struct BulkWindow BulkWindow;

/**
 * bulk_window_new() - an empty window
 * @items_max:  lines in it
 * @bytes_max:  of their texts together; one line may be larger
 */
_must_check_ ErrorCode bulk_window_new(BulkWindow **ret, size_t items_max, size_t bytes_max,
                                       Error *err);
void bulk_window_free(BulkWindow *window); /* must be empty */
DEFINE_CLEANUP(BulkWindow *, bulk_window_free)

/* Thread: the one that reads. A place for the next line, its request initialised; waits until there is one.
 * Fill it, and add it. */
BulkItem *bulk_window_place(BulkWindow *window);
void bulk_window_add(BulkWindow *window);

/* Nothing will be added any more. */
void bulk_window_end(BulkWindow *window);

/* Until everything that was added is answered. Return: whether there was something to wait for. */
bool bulk_window_wait_answered(BulkWindow *window);

/* Thread: the one that answers. The oldest line, NULL when there is none now; and the same, but it waits,
 * and NULL means the end. */
BulkItem *bulk_window_first(BulkWindow *window);
BulkItem *bulk_window_wait_first(BulkWindow *window);

/* The oldest line is answered; its request is complete. */
void bulk_window_remove(BulkWindow *window);
