#pragma once

/*
 * admin_page.h — lists for operators, a page at a time: ?limit=, ?cursor=, and ?version= of a view.
 */

#include "common/admin/admin_call.h"

typedef struct AdminPage {
        int64_t limit;
        int version;   /* of the view; 0: the live one */
        Buffer cursor; /* a JSON object: the keys of the last row; empty: from the beginning */
        const char *const *keys; /* of such a cursor, NULL behind the last; NULL: it is no list */
} AdminPage;

#define ADMIN_PAGE_INIT        ((AdminPage){ .limit = 100 })
#define ADMIN_PAGE_LIST(names) ((AdminPage){ .limit = 100, .keys = (names) })

void admin_page_deinit(AdminPage *page);

/**
 * admin_page_read() - what the query asks for: ?limit= and ?cursor= of lists only
 * @of_view:  whether the list belongs to a view, so that ?version= means something
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED naming the parameter.
 */
_must_check_ ErrorCode admin_page_read(AdminPage *ret, const AdminCall *call, bool of_view,
                                       Error *err);

/**
 * admin_page_answer() - run a list's statement and answer {"items":[…],"nextCursor":…}
 * @sql:  its last two parameters are added here: the cursor as jsonb, or NULL, and a number of rows; it gives
 *        two columns, the item and the keys of the next cursor
 *
 * Return: ERROR_NONE; ERROR_MALFORMED when the cursor is none of this list; or as pg_exec().
 */
_must_check_ ErrorCode admin_page_answer(const AdminPage *page, AdminCall *call, const char *sql,
                                         const char *what, Error *err);
