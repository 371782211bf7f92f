/* SPDX-License-Identifier: MIT */
/* How the text of a value is read, and what is said when it cannot be. */
#include <aurora/setting.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/check.h"
#include "api/refuse.h"

#define URL_BYTES_MAX 2048
#define SHOWN_BYTES_MAX 40

typedef struct {
    const char *suffix;
    int64_t factor;
} unit;

static const unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};
static const unit sizes[] = {
    {"", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {NULL, 0},
};

/* How bounds are written: a count of 1,024 is no size. */
static const unit shown_sizes[] = {
    {"", 1},
    {"MiB", 1048576},
    {"GiB", 1073741824},
    {NULL, 0},
};

/* A whole number and one of the suffixes; false for anything else and beyond int64. */
static bool read_number(const char *text, const unit *units, int64_t *number_out)
{
    int64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';
        if (number > (INT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (at == text)
        return false;
    for (; units->suffix != NULL; units++) {
        if (strcmp(at, units->suffix) != 0)
            continue;
        if (number > INT64_MAX / units->factor)
            return false;
        *number_out = number * units->factor;
        return true;
    }
    return false;
}

/* With the largest unit that divides it. */
static void write_number(char *out, size_t capacity, int64_t number, const unit *units)
{
    const unit *best = units;
    for (; units->suffix != NULL; units++) {
        if (number != 0 && number % units->factor == 0)
            best = units;
    }
    snprintf(out, capacity, "%" PRId64 "%s", number / best->factor, best->suffix);
}

/* `, is "..."`; secrets and what is not one line of text are not shown. */
static void show(const aurora_setting_info *info, const char *text, char *out, size_t capacity)
{
    size_t length;
    out[0] = '\0';
    if ((info->flags & AURORA_SETTING_SECRET) != 0 ||
        !aurora__text_is_utf8(text, URL_BYTES_MAX, &length) ||
        aurora__text_has_control(text, length))
        return;
    size_t shown = length;
    if (shown > SHOWN_BYTES_MAX) {
        shown = SHOWN_BYTES_MAX;
        while (shown > 0 && ((uint8_t)text[shown] & 0xC0) == 0x80)
            shown--;
    }
    snprintf(out, capacity, ", is \"%.*s%s\"", (int)shown, text, shown < length ? "..." : "");
}

static aurora_status refuse(const aurora_setting_info *info, const char *text, const char *rule,
                            aurora_error *err)
{
    char shown[SHOWN_BYTES_MAX + 16];
    show(info, text, shown, sizeof shown);
    return aurora__refuse(err, AURORA_EINVAL, info->name, "must be %s%s", rule, shown);
}

static aurora_status parse_number(const aurora_setting_info *info, const char *text,
                                  int64_t *number_out, aurora_error *err)
{
    bool is_duration = info->kind == AURORA_SETTING_DURATION;
    const unit *units = is_duration ? durations : sizes;
    bool is_number = read_number(text, units, number_out);
    if (is_number && *number_out >= info->minimum && *number_out <= info->maximum)
        return AURORA_OK;
    char rule[128], minimum[32], maximum[32];
    const unit *shown = is_duration ? durations : shown_sizes;
    write_number(minimum, sizeof minimum, info->minimum, shown);
    write_number(maximum, sizeof maximum, info->maximum, shown);
    const char *form = is_number     ? ""
                       : is_duration ? "a whole number and ms, s, m, h or d, "
                                     : "a whole number, also with KiB, MiB or GiB, ";
    snprintf(rule, sizeof rule, "%s%s to %s", form, minimum, maximum);
    return refuse(info, text, rule, err);
}

static aurora_status parse_text(const aurora_setting_info *info, const char *text,
                                aurora_error *err)
{
    return aurora__check_text(err, info->name, text, (size_t)info->minimum, (size_t)info->maximum,
                              true);
}

/* RFC 3986, section 3.1, in lower case. */
static size_t scheme_length(const char *text)
{
    size_t length = 0;
    while ((text[length] >= 'a' && text[length] <= 'z') ||
           (length > 0 && ((text[length] >= '0' && text[length] <= '9') ||
                           (text[length] != '\0' && strchr("+-.", text[length]) != NULL))))
        length++;
    return text[length] == ':' ? length : 0;
}

static aurora_status parse_url(const aurora_setting_info *info, const char *text, aurora_error *err)
{
    if (text[0] == '\0' && info->default_text[0] == '\0')
        return AURORA_OK;
    aurora_status rc = aurora__check_text(err, info->name, text, 0, URL_BYTES_MAX, true);
    if (rc != AURORA_OK || scheme_length(text) > 0)
        return rc;
    return refuse(info, text, "a URL, scheme:rest", err);
}

static aurora_status parse_bool(const aurora_setting_info *info, const char *text,
                                int64_t *number_out, aurora_error *err)
{
    *number_out = strcmp(text, "true") == 0;
    if (*number_out == 1 || strcmp(text, "false") == 0)
        return AURORA_OK;
    return refuse(info, text, "true or false", err);
}

aurora_status aurora_setting_parse(const aurora_setting_info *info, const char *text,
                                   int64_t *number_out, aurora_error *err)
{
    int64_t number = 0;
    aurora_status rc;
    if (info == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "info", "is required");
    if (text == NULL)
        return aurora__refuse(err, AURORA_EINVAL, info->name, "is required");
    switch (info->kind) {
    case AURORA_SETTING_DURATION:
    case AURORA_SETTING_INTEGER:
        rc = parse_number(info, text, &number, err);
        break;
    case AURORA_SETTING_URL:
        rc = parse_url(info, text, err);
        break;
    case AURORA_SETTING_BOOL:
        rc = parse_bool(info, text, &number, err);
        break;
    default:
        rc = parse_text(info, text, err);
    }
    if (rc == AURORA_OK && number_out != NULL)
        *number_out = number;
    return rc;
}
