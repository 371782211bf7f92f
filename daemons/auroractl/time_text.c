/* SPDX-License-Identifier: MIT */
#include "time_text.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years are counted from March, so that
 * a leap day ends its year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int *year_out, int *month_out, int *day_out)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    *day_out = (int)(of_year - (153 * month + 2) / 5 + 1);
    *month_out = (int)(month < 10 ? month + 3 : month - 9);
    *year_out = (int)(year + era * 400 + (*month_out <= 2));
}

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

static bool is_date(int64_t year, int64_t month, int64_t day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && is_leap);
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
    int64_t year = 0, month = 0, day = 0, clock_ms = 0;
    if (!read_digits(&text, 4, 4, &year) || !read_char(&text, '-') ||
        !read_digits(&text, 2, 2, &month) || !read_char(&text, '-') ||
        !read_digits(&text, 2, 2, &day) || !is_date(year, month, day))
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
    *ms_out = days_of(year, month, day) * DAY_MS + clock_ms;
    return true;
}

bool ctl_time_parse_sheet(const char *text, int64_t *ms_out)
{
    int64_t year = 0, month = 0, day = 0, clock_ms = 0;
    if (strchr(text, '/') == NULL)
        return ctl_time_parse(text, ms_out);
    if (!read_digits(&text, 1, 2, &month) || !read_char(&text, '/') ||
        !read_digits(&text, 1, 2, &day) || !read_char(&text, '/') ||
        !read_digits(&text, 4, 4, &year) || !is_date(year, month, day))
        return false;
    if (*text != 0 && (!read_char(&text, ' ') || !read_clock(&text, &clock_ms) || *text != 0))
        return false;
    *ms_out = days_of(year, month, day) * DAY_MS + clock_ms;
    return true;
}

const char *ctl_time_format(int64_t ms, char text_out[CTL_TIME_BYTES])
{
    int year = 0, month = 0, day = 0;
    int64_t days = (ms >= 0 ? ms : ms - DAY_MS + 1) / DAY_MS;
    int of_day = (int)(ms - days * DAY_MS);
    date_of(days, &year, &month, &day);
    /* Years of five digits do not fit the format, and no time of ours has one. */
    snprintf(text_out, CTL_TIME_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%03d000Z", year % 10000,
             month % 13, day % 32, of_day / 3600000 % 24, of_day / 60000 % 60, of_day / 1000 % 60,
             of_day % 1000);
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
