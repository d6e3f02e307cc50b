#pragma once

/*
 * auth_file.h — a file with keys, read whole, and noticed when it changes.
 */

#include <stdint.h>
#include <sys/stat.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

#define AUTH_FILE_BYTES_MAX ((size_t)1024 * 1024)

typedef struct AuthFile {
        const char *path;    /* borrowed; NULL: there is none, and it never changes */
        const char *setting; /* its config key, for messages */
        struct timespec changed;
        off_t size;
        ino_t inode;
} AuthFile;

/* Read it into @ret (empty before) and remember which state that was.
 * Return: ERROR_NONE; ERROR_INVALID naming the setting. */
_must_check_ ErrorCode auth_file_read(AuthFile *file, Buffer *ret, Error *err);

/* Whether it is another one than was read last; false while it cannot be looked at. */
bool auth_file_changed(const AuthFile *file);
