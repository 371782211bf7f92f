/* SPDX-License-Identifier: MIT */
#include "http/time_text.h"

#include <string.h>

#include "http/decimal.h"

#define DAY_S INT64_C(86400)
#define DAY_MS (DAY_S * 1000)
#define FIRST_DAY INT64_C(-719528) /* 0000-01-01 */
#define LAST_DAY INT64_C(2932896)  /* 9999-12-31 */

/* Days since 1970-01-01 in the proleptic Gregorian calendar. Years begin in March here, so that the
 * leap day is the last one. */
static int64_t count_days(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static bool read_digits(const char **at, int count, int64_t *number_out)
{
    int64_t number = 0;
    for (int i = 0; i < count; i++) {
        if ((*at)[i] < '0' || (*at)[i] > '9')
            return false;
        number = number * 10 + ((*at)[i] - '0');
    }
    *at += count;
    *number_out = number;
    return true;
}

static bool read_char(const char **at, char upper)
{
    if (**at != upper && (upper < 'A' || **at != upper - 'A' + 'a'))
        return false;
    (*at)++;
    return true;
}

bool aurora__http_days_of(int64_t year, int64_t month, int64_t day, int64_t *days_out)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1)
        return false;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > lengths[month - 1] + (month == 2 && is_leap))
        return false;
    *days_out = count_days(year, month, day);
    return true;
}

static bool read_date(const char **at, int64_t *days_out)
{
    int64_t year, month, day;
    return read_digits(at, 4, &year) && read_char(at, '-') && read_digits(at, 2, &month) &&
           read_char(at, '-') && read_digits(at, 2, &day) &&
           aurora__http_days_of(year, month, day, days_out);
}

/* ".5", ".123456" as milliseconds; nothing is 0. */
static bool read_fraction(const char **at, int64_t *ms_out)
{
    int64_t factor = 100;
    *ms_out = 0;
    if (**at != '.')
        return true;
    (*at)++;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; (*at)++, factor /= 10)
        *ms_out += (**at - '0') * factor;
    return true;
}

static bool read_clock(const char **at, int64_t *ms_out)
{
    int64_t hour, minute, second, ms;
    if (!read_digits(at, 2, &hour) || !read_char(at, ':') || !read_digits(at, 2, &minute) ||
        !read_char(at, ':') || !read_digits(at, 2, &second) || !read_fraction(at, &ms))
        return false;
    *ms_out = ((hour * 60 + minute) * 60 + second) * 1000 + ms;
    return hour < 24 && minute < 60 && second < 60;
}

static bool read_offset(const char **at, int64_t *ms_out)
{
    int64_t hour, minute, sign = **at == '-' ? -1 : 1;
    *ms_out = 0;
    if (read_char(at, 'Z'))
        return true;
    if (**at != '+' && **at != '-')
        return false;
    (*at)++;
    if (!read_digits(at, 2, &hour) || !read_char(at, ':') || !read_digits(at, 2, &minute))
        return false;
    *ms_out = sign * (hour * 60 + minute) * 60000;
    return hour < 24 && minute < 60;
}

bool aurora__http_time_read(const char *text, int64_t *ms_out)
{
    int64_t days, clock_ms, offset_ms;
    if (!read_date(&text, &days) || !read_char(&text, 'T') || !read_clock(&text, &clock_ms) ||
        !read_offset(&text, &offset_ms) || *text != '\0')
        return false;
    *ms_out = days * DAY_MS + clock_ms - offset_ms;
    return true;
}

size_t aurora__http_time_write(int64_t us, char text_out[AURORA__HTTP_TIME_BYTES])
{
    const int64_t day_us = DAY_S * 1000000;
    int64_t year, month, day;
    if (us < FIRST_DAY * day_us)
        us = FIRST_DAY * day_us;
    else if (us >= (LAST_DAY + 1) * day_us)
        us = (LAST_DAY + 1) * day_us - 1;
    int64_t days = us / day_us - (us % day_us < 0);
    uint64_t of_day = (uint64_t)(us - days * day_us);
    uint32_t seconds = (uint32_t)(of_day / 1000000);
    uint32_t rest = (uint32_t)(of_day % 1000000);
    date_of(days, &year, &month, &day);
    memcpy(text_out, "0000-00-00T00:00:00.000000Z", AURORA__HTTP_TIME_BYTES);
    aurora__decimal_pair(text_out, (uint32_t)year / 100);
    aurora__decimal_pair(text_out + 2, (uint32_t)year % 100);
    aurora__decimal_pair(text_out + 5, (uint32_t)month);
    aurora__decimal_pair(text_out + 8, (uint32_t)day);
    aurora__decimal_pair(text_out + 11, seconds / 3600);
    aurora__decimal_pair(text_out + 14, seconds / 60 % 60);
    aurora__decimal_pair(text_out + 17, seconds % 60);
    aurora__decimal_pair(text_out + 20, rest / 10000);
    aurora__decimal_pair(text_out + 22, rest / 100 % 100);
    aurora__decimal_pair(text_out + 24, rest % 100);
    return AURORA__HTTP_TIME_BYTES - 1;
}

size_t aurora__http_time_write_ms(int64_t ms, char text_out[AURORA__HTTP_TIME_BYTES])
{
    int64_t us = ms > INT64_MAX / 1000 ? INT64_MAX : ms < INT64_MIN / 1000 ? INT64_MIN : ms * 1000;
    return aurora__http_time_write(us, text_out);
}
