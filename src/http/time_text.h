/* SPDX-License-Identifier: MIT */
/* Times as RFC 3339 texts. Pure. */
#ifndef AURORA_HTTP_TIME_TEXT_H
#define AURORA_HTTP_TIME_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AURORA__HTTP_TIME_BYTES 28 /* "2026-11-23T06:38:06.123000Z" and the NUL */

/* Reads a time with its offset ("Z", "+01:00") as Unix milliseconds; more than three digits of a
 * second are cut. False for anything else, also a leap second, and *ms_out is left alone. */
bool aurora__http_time_read(const char *text, int64_t *ms_out);

/* The days from 1970-01-01 to a date of the years 0 to 9999; false where there is no such date. */
bool aurora__http_days_of(int64_t year, int64_t month, int64_t day, int64_t *days_out);

/* Writes Unix microseconds in UTC and returns the length. Times outside the years 0 to 9999 become
 * the first or the last one. */
size_t aurora__http_time_write(int64_t us, char text_out[AURORA__HTTP_TIME_BYTES]);
/* The same for milliseconds. */
size_t aurora__http_time_write_ms(int64_t ms, char text_out[AURORA__HTTP_TIME_BYTES]);

#endif
