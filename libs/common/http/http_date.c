#include "common/http/http_date.h"

#include <stdio.h>

#include "common/base/clock.h"

#define US_PER_DAY (US_PER_SEC * 24 * 3600)

void http_date_format(int64_t time_us, char ret_text[HTTP_DATE_SIZE])
{
        static const char days[7][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
        static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        int64_t day = time_us / US_PER_DAY - (time_us % US_PER_DAY < 0);
        char text[CLOCK_TEXT_SIZE]; /* 2026-01-31T23:59:59.123456Z */
        int month;

        clock_format(time_us, text);
        month = (text[5] - '0') * 10 + text[6] - '0';
        (void)snprintf(ret_text, HTTP_DATE_SIZE, "%s, %.2s %s %.4s %.8s GMT",
                       days[((day % 7) + 7) % 7], text + 8, months[month - 1], text, text + 11);
}
