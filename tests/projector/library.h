#pragma once

/*
 * library.h — a small business for tests of projections: shelves, and the books that stand on them.
 *
 * Events of a shelf: BookPlaced {bookId, title, kind, pages, tags, notes, label}, BookRetitled {bookId, title},
 * BookRemoved {bookId}, and ShelfPainted {}, which concerns no view.
 */

extern const char library_schema[]; /* one model: Book */
extern const char library_schema_changed[];

/* Another model: Stock, with books again, and how many were ever placed: a shared row for each kind ("NOVEL"), and one for
 * each last digit of their pages ("last-7"). */
extern const char library_schema_stock[];
