#pragma once

/*
 * config_file.h — the syntax of a configuration file: lines "key = value", '#' comments.
 */

#include <stddef.h>

#include "common/base/error.h"

/* Called for each line that sets something; @key and @value are valid during the call. */
typedef ErrorCode (*ConfigFileVisit)(void *data, const char *key, const char *value, unsigned line,
                                     Error *err);

/**
 * config_file_parse() - visit the settings in @text, in order
 * @name:  of the file, for messages
 *
 * Space around key and value is dropped; the value is the rest of its line as it is, so a '#' inside
 * it belongs to it. Stops at the first error, the visitor's included. Thread: any.
 *
 * Return: ERROR_NONE; ERROR_INVALID naming file and line, never showing the line (it may hold a
 *         secret); whatever @visit returned.
 */
_must_check_ ErrorCode config_file_parse(const char *text, size_t size, const char *name,
                                         ConfigFileVisit visit, void *data, Error *err);

/* The same for the file at @path: ERROR_INVALID when it cannot be read or is over 1 MiB. */
_must_check_ ErrorCode config_file_read(const char *path, ConfigFileVisit visit, void *data,
                                        Error *err);
