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

/* `width` digits, or -1. */
static int64_t take_number(const char **at, int width)
{
    int64_t number = 0;
    for (int i = 0; i < width; i++) {
        if (**at < '0' || **at > '9')
            return -1;
        number = number * 10 + (*(*at)++ - '0');
    }
    return number;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    *at += 1;
    return true;
}

static int64_t take_fraction(const char **at)
{
    int64_t ms = 0;
    int64_t weight = 100;
    if (**at < '0' || **at > '9')
        return -1;
    for (; **at >= '0' && **at <= '9'; *at += 1, weight /= 10)
        ms += weight * (**at - '0');
    return ms;
}

/* Minutes east of Greenwich; false for a wrong one. */
static bool take_offset(const char **at, int64_t *minutes_out)
{
    *minutes_out = 0;
    if (take_char(at, 'Z'))
        return true;
    bool is_west = **at == '-';
    if (!is_west && **at != '+')
        return false;
    *at += 1;
    int64_t hours = take_number(at, 2);
    bool has_colon = hours >= 0 && take_char(at, ':');
    int64_t minutes = has_colon ? take_number(at, 2) : -1;
    if (hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *minutes_out = (is_west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

/* Days since 1970; false for a date that does not exist. */
static bool days_of(int64_t year, int64_t month, int64_t day, int64_t *days_out)
{
    int64_t shifted = year - (month <= 2 ? 1 : 0) + 400;
    int64_t era = shifted / 400;
    int64_t of_era = shifted - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    *days_out = (era - 1) * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    date back = date_of(*days_out);
    return back.year == year && back.month == month && back.day == day;
}

bool aurora__time_parse(const char *text, int64_t *ms_out)
{
    static const char behind[] = "--T::";
    static const int64_t most[] = {9999, 12, 31, 23, 59, 60};
    int64_t parts[6];
    int64_t ms = 0;
    int64_t offset;
    int64_t days;
    for (int i = 0; i < 6; i++) {
        parts[i] = take_number(&text, i == 0 ? 4 : 2);
        if (parts[i] < 0 || parts[i] > most[i] || (i < 5 && !take_char(&text, behind[i])))
            return false;
    }
    if (take_char(&text, '.') && (ms = take_fraction(&text)) < 0)
        return false;
    if (parts[1] < 1 || parts[2] < 1 || !take_offset(&text, &offset) || *text != '\0' ||
        !days_of(parts[0], parts[1], parts[2], &days))
        return false;
    *ms_out = days * MS_A_DAY + ((parts[3] * 60 + parts[4] - offset) * 60 + parts[5]) * 1000 + ms;
    return true;
}
