/* SPDX-License-Identifier: MIT */
#include "time_text.h"

#include <string.h>

#include "http/time_text.h"

_Static_assert(CTL_TIME_BYTES >= AURORA__HTTP_TIME_BYTES, "a time has no place");

#define DAY_MS INT64_C(86400000)

/* Reads between `fewest` and `most` digits and moves *at behind them. */
static bool read_digits(const char **at, int fewest, int most, int64_t *number_out)
{
    int count = 0;
    *number_out = 0;
    while (count < most && **at >= '0' && **at <= '9') {
        *number_out = *number_out * 10 + (**at - '0');
        (*at)++;
        count++;
    }
    return count >= fewest;
}

static bool read_char(const char **at, char expected)
{
    if (**at != expected)
        return false;
    (*at)++;
    return true;
}

/* No sheet has a year 0. */
static bool days_of(int64_t year, int64_t month, int64_t day, int64_t *days_out)
{
    return year >= 1 && aurora__http_days_of(year, month, day, days_out);
}

/* "H:MM[:SS[.digits]]" as milliseconds of the day. */
static bool read_clock(const char **at, int64_t *ms_out)
{
    int64_t hour = 0, minute = 0, second = 0, milli = 0;
    if (!read_digits(at, 1, 2, &hour) || !read_char(at, ':') || !read_digits(at, 2, 2, &minute))
        return false;
    if (read_char(at, ':')) {
        if (!read_digits(at, 2, 2, &second))
            return false;
        if (read_char(at, '.')) {
            const char *first = *at;
            if (!read_digits(at, 1, 3, &milli))
                return false;
            for (int64_t count = *at - first; count < 3; count++)
                milli *= 10;
            while (**at >= '0' && **at <= '9')
                (*at)++;
        }
    }
    *ms_out = ((hour * 60 + minute) * 60 + second) * 1000 + milli;
    return hour < 24 && minute < 60 && second < 60;
}

bool ctl_time_parse(const char *text, int64_t *ms_out)
{
    int64_t year = 0, month = 0, day = 0, days = 0, clock_ms = 0;
    if (!read_digits(&text, 4, 4, &year) || !read_char(&text, '-') ||
        !read_digits(&text, 2, 2, &month) || !read_char(&text, '-') ||
        !read_digits(&text, 2, 2, &day) || !days_of(year, month, day, &days))
        return false;
    if (*text != 0) {
        if (*text != 'T' && *text != 't' && *text != ' ')
            return false;
        text++;
        if (!read_clock(&text, &clock_ms))
            return false;
        if (*text == 'Z' || *text == 'z')
            text++;
    }
    if (*text != 0)
        return false;
    *ms_out = days * DAY_MS + clock_ms;
    return true;
}

bool ctl_time_parse_sheet(const char *text, int64_t *ms_out)
{
    int64_t year = 0, month = 0, day = 0, days = 0, clock_ms = 0;
    if (strchr(text, '/') == NULL)
        return ctl_time_parse(text, ms_out);
    if (!read_digits(&text, 1, 2, &month) || !read_char(&text, '/') ||
        !read_digits(&text, 1, 2, &day) || !read_char(&text, '/') ||
        !read_digits(&text, 4, 4, &year) || !days_of(year, month, day, &days))
        return false;
    if (*text != 0 && (!read_char(&text, ' ') || !read_clock(&text, &clock_ms) || *text != 0))
        return false;
    *ms_out = days * DAY_MS + clock_ms;
    return true;
}

const char *ctl_time_format(int64_t ms, char text_out[CTL_TIME_BYTES])
{
    aurora__http_time_write_ms(ms, text_out);
    return text_out;
}

const char *ctl_time_show(int64_t ms, char text_out[CTL_TIME_BYTES])
{
    if (ms == 0)
        return "-";
    ctl_time_format(ms, text_out);
    text_out[10] = ' ';
    text_out[19] = 0;
    return text_out;
}
