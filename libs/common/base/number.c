#include "common/base/number.h"

bool number_read(const char *text, int64_t max, int64_t *ret)
{
        int64_t number = 0;

        if (*text < '1' || *text > '9')
                return false;
        for (; *text >= '0' && *text <= '9'; text++) {
                int64_t digit = *text - '0';

                if (number > (max - digit) / 10)
                        return false;
                number = number * 10 + digit;
        }
        if (*text || number > max)
                return false;
        *ret = number;
        return true;
}
