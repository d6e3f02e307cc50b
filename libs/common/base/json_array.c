#include "common/base/json_array.h"

bool json_array_next(JsonSpan *rest, JsonSpan *ret)
{
        const char *end, *item, *behind;

        /* What is left begins with the bracket or the comma before the next item. */
        if (rest->size == 0 || (*rest->text != '[' && *rest->text != ','))
                return false;
        end = rest->text + rest->size;
        item = json_scan_space(rest->text + 1, end);
        behind = json_scan_value(item, end);
        if (!behind)
                return false; /* an empty array's bracket */
        *ret = (JsonSpan){ item, (size_t)(behind - item) };
        behind = json_scan_space(behind, end);
        *rest = (JsonSpan){ behind, (size_t)(end - behind) };
        return true;
}
