/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include <string.h>

/* A bounded text under construction; what does not fit is cut. All texts here are ASCII. */
typedef struct {
    char *at;
    size_t left;
} writer;

static void put(writer *w, const char *text)
{
    while (*text != '\0' && w->left > 1) {
        *w->at++ = *text++;
        w->left--;
    }
    *w->at = '\0';
}

static void put_number(writer *w, uint64_t number)
{
    char digits[21];
    char *first = digits + sizeof digits - 1;

    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    put(w, first);
}

static void put_value(writer *w, uint64_t value)
{
    if (value > INT64_MAX) {
        put(w, "-");
        value = 0 - value;
    }
    put_number(w, value);
}

/* A caller built against another size of the struct gets the status alone. */
static bool begin(aurora_error *err, const char *field, writer *message)
{
    if (err == NULL || err->size < sizeof *err)
        return false;
    writer w = {err->field, sizeof err->field};
    put(&w, field);
    err->status = AURORA_EINVAL;
    *message = (writer){err->message, sizeof err->message};
    return true;
}

aurora_status aurora__rule_refuse(aurora_error *err, const char *field, const char *message)
{
    writer w;
    if (begin(err, field, &w))
        put(&w, message);
    return AURORA_EINVAL;
}

static void describe(const aurora__rule *rule, aurora_error *err)
{
    writer w;
    if (!begin(err, rule->field, &w))
        return;
    put(&w, "must be ");
    put_number(&w, rule->min);
    put(&w, " to ");
    put_number(&w, rule->max);
    put(&w, ", is ");
    put_value(&w, rule->value);
}

aurora_status aurora__rule_check(const aurora__rule *rules, size_t count, aurora_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].value < rules[i].min || rules[i].value > rules[i].max) {
            describe(&rules[i], err);
            return AURORA_EINVAL;
        }
    }
    return AURORA_OK;
}

aurora_status aurora__rule_copy(void *known, size_t known_size, const void *given,
                                aurora_error *err)
{
    uint32_t size;

    memset(known, 0, known_size);
    if (given == NULL)
        return AURORA_OK;
    memcpy(&size, given, sizeof size);
    if (size < sizeof size)
        return aurora__rule_refuse(err, "size", "must be the size of the struct, is 0");
    memcpy(known, given, size < known_size ? size : known_size);
    return AURORA_OK;
}
