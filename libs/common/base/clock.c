#include "common/base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

int64_t clock_now_us(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_REALTIME, &ts);
        return (int64_t)ts.tv_sec * US_PER_SEC + ts.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * US_PER_SEC + ts.tv_nsec / 1000;
}

void clock_wait_us(int64_t duration_us)
{
        struct timespec pause = { .tv_sec = (time_t)(duration_us / US_PER_SEC),
                                  .tv_nsec = (long)(duration_us % US_PER_SEC) * 1000 };

        if (duration_us > 0)
                (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

void clock_format(int64_t time_us, char ret_text[CLOCK_TEXT_SIZE])
{
        time_t seconds = (time_t)(time_us / US_PER_SEC);
        int64_t fraction = time_us % US_PER_SEC;
        struct tm tm;

        if (fraction < 0) {
                fraction += US_PER_SEC;
                seconds--;
        }
        (void)gmtime_r(&seconds, &tm);
        assert(tm.tm_year + 1900 >= 1 && tm.tm_year + 1900 <= 9999);
        (void)snprintf(ret_text, CLOCK_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
                       (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
                       (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
                       (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100,
                       (unsigned)fraction % 1000000);
}

/* Read exactly @n digits at *@p; -1 when there are fewer. */
static int read_digits(const char **p, const char *end, int n)
{
        int value = 0;

        for (; n > 0; n--, (*p)++) {
                if (*p >= end || **p < '0' || **p > '9')
                        return -1;
                value = value * 10 + (**p - '0');
        }
        return value;
}

static bool read_char(const char **p, const char *end, const char *set)
{
        for (; *p < end && *set; set++) {
                if (**p == *set) {
                        (*p)++;
                        return true;
                }
        }
        return false;
}

static bool read_fraction(const char **p, const char *end, int64_t *ret_us)
{
        int digits = 0;

        *ret_us = 0;
        if (!read_char(p, end, "."))
                return true;
        for (; *p < end && **p >= '0' && **p <= '9'; (*p)++, digits++) {
                if (digits < 6)
                        *ret_us = *ret_us * 10 + (**p - '0');
        }
        for (int i = digits; i < 6; i++)
                *ret_us *= 10;
        return digits >= 1 && digits <= 9;
}

static bool read_offset(const char **p, const char *end, int *ret_minutes)
{
        int sign, hours, minutes;

        *ret_minutes = 0;
        if (read_char(p, end, "Zz"))
                return true;
        if (*p >= end || (**p != '+' && **p != '-'))
                return false;
        sign = **p == '-' ? -1 : 1;
        (*p)++;
        hours = read_digits(p, end, 2);
        if (hours < 0 || hours > 23 || !read_char(p, end, ":"))
                return false;
        minutes = read_digits(p, end, 2);
        if (minutes < 0 || minutes > 59)
                return false;
        *ret_minutes = sign * (hours * 60 + minutes);
        return true;
}

static bool read_date(const char **p, const char *end, struct tm *tm)
{
        static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        int year, leap;

        year = read_digits(p, end, 4);
        if (year < 1 || !read_char(p, end, "-"))
                return false;
        tm->tm_year = year - 1900;
        tm->tm_mon = read_digits(p, end, 2) - 1;
        if (tm->tm_mon < 0 || tm->tm_mon > 11 || !read_char(p, end, "-"))
                return false;
        tm->tm_mday = read_digits(p, end, 2);
        leap = tm->tm_mon == 1 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);
        return tm->tm_mday >= 1 && tm->tm_mday <= month_days[tm->tm_mon] + leap;
}

static bool read_time(const char **p, const char *end, struct tm *tm)
{
        tm->tm_hour = read_digits(p, end, 2);
        if (tm->tm_hour < 0 || tm->tm_hour > 23 || !read_char(p, end, ":"))
                return false;
        tm->tm_min = read_digits(p, end, 2);
        if (tm->tm_min < 0 || tm->tm_min > 59 || !read_char(p, end, ":"))
                return false;
        tm->tm_sec = read_digits(p, end, 2);
        return tm->tm_sec >= 0 && tm->tm_sec <= 59;
}

ErrorCode clock_parse(const char *text, size_t size, int64_t *ret_time_us, Error *err)
{
        const char *p = text, *end = text + size;
        struct tm tm = { 0 };
        int64_t fraction, seconds;
        int offset;

        if (!read_date(&p, end, &tm) || !read_char(&p, end, "Tt ") || !read_time(&p, end, &tm) ||
            !read_fraction(&p, end, &fraction) || !read_offset(&p, end, &offset) || p != end)
                return error_set(err, ERROR_MALFORMED,
                                 "expected an RFC 3339 date-time such as 2026-01-31T12:00:00Z");
        seconds = (int64_t)timegm(&tm) - (int64_t)offset * 60;
        /* An offset can push the first and the last day out of the years that can be written. */
        if (seconds < INT64_C(-62135596800) || seconds > INT64_C(253402300799))
                return error_set(err, ERROR_MALFORMED, "date-time out of range");
        *ret_time_us = seconds * US_PER_SEC + fraction;
        return ERROR_NONE;
}
