/* SPDX-License-Identifier: MIT */
#include "codec/time_text.h"

#define MS_A_DAY INT64_C(86400000)
#define FIRST_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00 */
#define LAST_MS INT64_C(253402300799999)  /* 9999-12-31T23:59:59.999 */

typedef struct {
    uint32_t year;
    uint32_t month;
    uint32_t day;
} date;

/* Proleptic Gregorian. Years are counted from March, so that the leap day is the last of its year;
 * `days` counts from 0000-03-01 of the era of 400 years before year 0. */
static date date_of(int64_t days_since_1970)
{
    uint32_t days = (uint32_t)(days_since_1970 + 719468 + 146097);
    uint32_t era = days / 146097;
    uint32_t of_era = days % 146097;
    uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * of_year + 2) / 153;
    uint32_t day = of_year - (153 * month + 2) / 5 + 1;
    year += era * 400 - 400 + (month >= 10 ? 1 : 0);
    return (date){year, month < 10 ? month + 3 : month - 9, day};
}

static char *put(char *at, uint32_t number, int width, char behind)
{
    for (int i = width - 1; i >= 0; i--) {
        at[i] = (char)('0' + number % 10);
        number /= 10;
    }
    at[width] = behind;
    return at + width + 1;
}

size_t aurora__time_format(int64_t ms, char text_out[AURORA__TIME_TEXT_BYTES])
{
    ms = ms < FIRST_MS ? FIRST_MS : ms > LAST_MS ? LAST_MS : ms;
    int64_t days = ms / MS_A_DAY - (ms % MS_A_DAY < 0 ? 1 : 0);
    uint32_t of_day = (uint32_t)(ms - days * MS_A_DAY);
    date when = date_of(days);
    char *at = put(text_out, when.year, 4, '-');
    at = put(at, when.month, 2, '-');
    at = put(at, when.day, 2, 'T');
    at = put(at, of_day / 3600000, 2, ':');
    at = put(at, of_day / 60000 % 60, 2, ':');
    at = put(at, of_day / 1000 % 60, 2, '.');
    at = put(at, of_day % 1000 * 1000, 6, 'Z');
    *at = '\0';
    return (size_t)(at - text_out);
}
