#pragma once

/*
 * http_date.h — a moment as HTTP writes it: "Sun, 06 Nov 1994 08:49:37 GMT".
 */

#include <stdint.h>

#define HTTP_DATE_SIZE 30 /* 29 characters and the NUL */

/* @time_us: wall clock, years 0001 to 9999. Thread: any. */
void http_date_format(int64_t time_us, char ret_text[HTTP_DATE_SIZE]);
