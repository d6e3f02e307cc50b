#include "common/auth/auth_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void filep(FILE **file)
{
        if (*file)
                (void)fclose(*file);
}

static ErrorCode unreadable(const AuthFile *file, Error *err)
{
        return error_set_field(err, ERROR_INVALID, file->setting, "%s: could not read \"%s\": %s",
                               file->setting, file->path, strerrordesc_np(errno));
}

ErrorCode auth_file_read(AuthFile *file, Buffer *ret, Error *err)
{
        _cleanup_(filep) FILE *stream = fopen(file->path, "re");
        struct stat info;
        size_t n;

        if (!stream || fstat(fileno(stream), &info) != 0)
                return unreadable(file, err);
        file->changed = info.st_mtim;
        file->size = info.st_size;
        file->inode = info.st_ino;
        do {
                n = fread(buffer_reserve(ret, 4096), 1, 4096, stream);
                ret->size += n;
                ret->data[ret->size] = '\0';
        } while (n && ret->size <= AUTH_FILE_BYTES_MAX);
        if (ferror(stream))
                return unreadable(file, err);
        if (ret->size > AUTH_FILE_BYTES_MAX)
                return error_set_field(err, ERROR_INVALID, file->setting,
                                       "%s: \"%s\" is over %zu bytes", file->setting, file->path,
                                       AUTH_FILE_BYTES_MAX);
        return ERROR_NONE;
}

bool auth_file_changed(const AuthFile *file)
{
        struct stat info;

        return file->path && stat(file->path, &info) == 0 &&
               (info.st_mtim.tv_sec != file->changed.tv_sec ||
                info.st_mtim.tv_nsec != file->changed.tv_nsec || info.st_size != file->size ||
                info.st_ino != file->inode);
}
