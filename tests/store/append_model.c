#include "append_model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define IDS        26
#define PARTITIONS 4
#define KEYS       4096

typedef struct Known {
        bool stored;
        const char *digest; /* the caller's; texts that stay */
        AppendAnswer answer;
} Known;

struct AppendModel {
        int64_t versions[IDS];
        int partitions[IDS]; /* -1: none yet */
        int proposed[IDS];   /* the first in this batch */
        int64_t last[PARTITIONS];
        Known commands[KEYS];
};

AppendModel *append_model_new(void)
{
        AppendModel *model = calloc(1, sizeof *model);

        for (int i = 0; model && i < IDS; i++)
                model->partitions[i] = -1;
        return model;
}

void append_model_free(AppendModel *model)
{
        free(model);
}

static int index_of(const AppendRow *row)
{
        assert(row->id[0] >= 'a' && row->id[0] <= 'z' && !row->id[1]);
        return row->id[0] - 'a';
}

static Known *known_of(AppendModel *model, const AppendRow *row)
{
        long key = strtol(row->key, NULL, 10);

        assert(key >= 0 && key < KEYS);
        return &model->commands[key];
}

static AppendAnswer repeat(const Known *known, const AppendRow *row)
{
        AppendAnswer answer = known->answer;

        answer.outcome = strcmp(known->digest, row->digest) == 0 ? REPEATED : REUSED;
        return answer;
}

static AppendAnswer store(AppendModel *model, const AppendRow *row)
{
        int id = index_of(row);
        AppendAnswer answer = { .outcome = STORED,
                                .partition = model->partitions[id] >= 0 ? model->partitions[id]
                                                                        : model->proposed[id] };

        if (row->events > 0) {
                model->partitions[id] = answer.partition;
                model->versions[id] += row->events;
                answer.first_position = model->last[answer.partition] + 1;
                model->last[answer.partition] += row->events;
        }
        answer.version = model->versions[id];
        *known_of(model, row) = (Known){ .stored = true, .digest = row->digest, .answer = answer };
        return answer;
}

void append_model_run(AppendModel *model, const AppendRow *rows, size_t n, AppendAnswer *ret)
{
        bool broken[IDS] = { false };

        memset(model->proposed, -1, sizeof model->proposed);
        for (size_t i = 0; i < n; i++) {
                int id = index_of(&rows[i]);
                Known *known = known_of(model, &rows[i]);
                size_t first = 0;

                while (strcmp(rows[first].key, rows[i].key) != 0)
                        first++;
                if (!known->stored && model->proposed[id] < 0)
                        model->proposed[id] = rows[i].partition;
                if (known->stored) {
                        ret[i] = repeat(known, &rows[i]);
                } else if (first < i) { /* its first was a conflict */
                        ret[i] = ret[first];
                } else if (broken[id] || rows[i].expected != model->versions[id]) {
                        broken[id] = true;
                        ret[i] = (AppendAnswer){ .outcome = CONFLICT };
                } else {
                        ret[i] = store(model, &rows[i]);
                }
        }
        /* A conflict names the version after the batch. */
        for (size_t i = 0; i < n; i++) {
                size_t first = 0;

                while (strcmp(rows[first].key, rows[i].key) != 0)
                        first++;
                if (ret[i].outcome == CONFLICT)
                        ret[i].version = model->versions[index_of(&rows[first])];
        }
}

int64_t append_model_events(const AppendModel *model)
{
        int64_t n = 0;

        for (int i = 0; i < PARTITIONS; i++)
                n += model->last[i];
        return n;
}

int64_t append_model_commands(const AppendModel *model)
{
        int64_t n = 0;

        for (int i = 0; i < KEYS; i++)
                n += model->commands[i].stored;
        return n;
}

int64_t append_model_version(const AppendModel *model, const char *id)
{
        return model->versions[id[0] - 'a'];
}

int append_model_partition(const AppendModel *model, const char *id)
{
        return model->partitions[id[0] - 'a'];
}
