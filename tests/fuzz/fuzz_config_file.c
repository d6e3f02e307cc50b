/*
 * fuzz_config_file.c — configuration files of any content: what is read can be written and read again.
 */

#include <string.h>

#include "common/base/buffer.h"
#include "common/daemon/config_file.h"
#include "fuzz.h"

static ErrorCode rewrite(void *data, const char *key, const char *value, unsigned line, Error *err)
{
        FUZZ_CHECK(*key && line);
        FUZZ_CHECK(!strpbrk(key, "=\n") && !strchr(value, '\n'));
        buffer_printf(data, "%s = %s\n", key, value);
        return ERROR_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(buffer_deinit) Buffer first = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer second = BUFFER_INIT;
        Error err = ERROR_INIT;

        if (config_file_parse((const char *)data, size, "fuzz", rewrite, &first, &err)) {
                FUZZ_CHECK(err.code == ERROR_INVALID && *err.message);
                return 0;
        }
        FUZZ_CHECK(config_file_parse(buffer_text(&first), first.size, "fuzz", rewrite, &second,
                                     &err) == ERROR_NONE);
        FUZZ_CHECK(strcmp(buffer_text(&first), buffer_text(&second)) == 0);
        return 0;
}
