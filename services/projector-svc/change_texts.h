#pragma once

/*
 * change_texts.h — the changes of a batch whose images are known, as the texts that are stored: see change_entries.h.
 */

#include "common/pg/pg_params.h"
#include "view_batch.h"

/* Zero-initialize. */
typedef struct ChangeTexts {
        Buffer text, new_image;
        struct ChangePart {
                size_t end; /* of its entries in "text" */
                int32_t n;  /* entries */
        } * parts;
        size_t n_parts, capacity;
        const FoldRow **order; /* scratch */
        size_t order_capacity;
} ChangeTexts;

void change_texts_deinit(ChangeTexts *texts);

/**
 * change_texts_make() - what @n rows of a batch have become, in the order of the changes that made them so
 * @rows:  each "stored" with its image, when it is stored
 *
 * Rows that are written as they were before are no changes. Return: false when PostgreSQL has to make an image.
 */
_must_check_ bool change_texts_make(ChangeTexts *texts, const View *view, const ViewBatch *batch,
                                    const FoldRow *rows, size_t n);

/* Two arrays as the next parameters, an element per text: how many changes are in it (int4), the text. */
void change_texts_add(const ChangeTexts *texts, PgParams *params);
