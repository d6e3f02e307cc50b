#pragma once

/*
 * library.h — a small business for tests of projections: shelves, and the books that stand on them.
 *
 * Events of a shelf: BookPlaced {bookId, title, kind, pages, tags, notes}, BookRetitled {bookId, title},
 * BookRemoved {bookId}, and ShelfPainted {}, which concerns no view.
 */

extern const char library_schema[]; /* one model: Book */
extern const char library_schema_changed[];
