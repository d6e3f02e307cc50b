/*
 * replay.c — runs a fuzz target over its corpus: each file whole, and each cut short at every byte.
 *
 * usage: replay_NAME FOLDER
 */

#include <dirent.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/buffer.h"
#include "fuzz.h"

/* Files up to this size are cut short at every byte, larger ones at this many places. */
#define CUTS_MAX 2048

static bool read_file(const char *path, Buffer *ret)
{
        FILE *file = fopen(path, "rb");
        size_t n;

        if (!file)
                return false;
        do {
                n = fread(buffer_reserve(ret, 65536), 1, 65536, file);
                ret->size += n;
        } while (n > 0);
        (void)fclose(file);
        return true;
}

/* A copy of exactly @size bytes, so that a sanitizer sees the first byte read behind them. */
static void feed(const Buffer *input, size_t size)
{
        uint8_t *copy = malloc(size ? size : 1);

        if (!copy)
                abort();
        if (size)
                memcpy(copy, input->data, size);
        (void)LLVMFuzzerTestOneInput(copy, size);
        free(copy);
}

static void replay(const Buffer *input)
{
        size_t step = input->size / CUTS_MAX + 1;

        feed(input, input->size);
        for (size_t size = 0; size < input->size; size += step)
                feed(input, size);
}

static int is_file(const struct dirent *entry)
{
        return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
        struct dirent **entries;
        int n, failed = 0;

        if (argc != 2) {
                (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
                return 2;
        }
        n = scandir(argv[1], &entries, is_file, alphasort);
        if (n <= 0) {
                (void)printf("Bail out! no corpus in %s\n", argv[1]);
                return 1;
        }
        for (int i = 0; i < n; i++) {
                _cleanup_(buffer_deinit) Buffer path = BUFFER_INIT;
                _cleanup_(buffer_deinit) Buffer input = BUFFER_INIT;
                bool found;

                buffer_printf(&path, "%s/%s", argv[1], entries[i]->d_name);
                found = read_file(buffer_text(&path), &input);
                if (found)
                        replay(&input);
                else
                        failed = 1;
                (void)printf("%sok %d - %s\n", found ? "" : "not ", i + 1, entries[i]->d_name);
                free(entries[i]);
        }
        free(entries);
        (void)printf("1..%d\n", n);
        return failed;
}
