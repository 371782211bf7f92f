/* SPDX-License-Identifier: MIT */
/* What a step gives, as a document, and how that compares with what the file expects. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "step.h"

#define WIDE (INT64_C(1) << 53)
#define IS_DOUBLE 0xF10A7
#define TOLERANCE 1e-9

/* --- giving ----------------------------------------------------------------------------------- */

void give_int(cJSON *to, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    if (value > -WIDE && value < WIDE)
        cJSON_AddNumberToObject(to, name, (double)value);
    else
        cJSON_AddStringToObject(to, name, text);
}

void give_uint(cJSON *to, const char *name, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    if (value < (uint64_t)WIDE)
        cJSON_AddNumberToObject(to, name, (double)value);
    else
        cJSON_AddStringToObject(to, name, text);
}

void give_double(cJSON *to, const char *name, double value)
{
    cJSON_AddNumberToObject(to, name, value)->valueint = IS_DOUBLE;
}

void give_bool(cJSON *to, const char *name, bool value)
{
    cJSON_AddBoolToObject(to, name, value);
}

void give_text(cJSON *to, const char *name, const char *text)
{
    if (text == NULL)
        cJSON_AddNullToObject(to, name);
    else
        cJSON_AddStringToObject(to, name, text);
}

void give_named(cJSON *to, const char *name, const char *text)
{
    give_text(to, name, text[0] == '\0' ? NULL : text);
}

void give_id(cJSON *to, const char *name, const aurora_id *id)
{
    char text[AURORA_ID_TEXT_BYTES];
    aurora_id_format(*id, text);
    give_text(to, name, aurora_id_is_equal(*id, (aurora_id){{0}}) ? NULL : text);
}

void give_bytes(cJSON *to, const char *name, const void *bytes, size_t len)
{
    char *text = calloc(2 * len + 1, 1);
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", ((const uint8_t *)bytes)[i]);
    cJSON_AddStringToObject(to, name, text);
    free(text);
}

const char *status_word(aurora_status status)
{
    return aurora_status_name(status) + strlen("AURORA_");
}

void give_status(cJSON *to, const char *name, aurora_status status)
{
    cJSON_AddStringToObject(to, name, status_word(status));
}

void give_enum(cJSON *to, const char *name, int32_t value, const char *const *names)
{
    int32_t count = 0;
    while (names[count] != NULL)
        count++;
    if (value == 0)
        cJSON_AddNullToObject(to, name);
    else if (value > 0 && value <= count)
        cJSON_AddStringToObject(to, name, names[value - 1]);
    else
        give_int(to, name, value);
}

cJSON *give_array(cJSON *to, const char *name)
{
    return cJSON_AddArrayToObject(to, name);
}

cJSON *give_item(cJSON *array)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(array, item);
    return item;
}

/* --- comparing -------------------------------------------------------------------------------- */

static char *differs(const char *place, const cJSON *expected, const cJSON *actual)
{
    char *wanted = cJSON_PrintUnformatted(expected);
    char *got = actual == NULL ? NULL : cJSON_PrintUnformatted(actual);
    char *why = NULL;
    if (asprintf(&why, "%s is %.400s, expected %.400s", place, got == NULL ? "not given" : got,
                 wanted) < 0)
        abort();
    free(wanted);
    free(got);
    return why;
}

/* The decimal digits of an integer in either form; false for anything else. */
static bool digits_of(const cJSON *node, char out[32])
{
    if (cJSON_IsNumber(node) && node->valuedouble == floor(node->valuedouble)) {
        snprintf(out, 32, "%.0f", node->valuedouble);
        return true;
    }
    if (!cJSON_IsString(node) || node->valuestring[0] == '\0' || strlen(node->valuestring) > 30)
        return false;
    const char *text = node->valuestring + (node->valuestring[0] == '-');
    for (const char *at = text; *at != '\0'; at++) {
        if (!isdigit((unsigned char)*at))
            return false;
    }
    snprintf(out, 32, "%s", node->valuestring);
    return *text != '\0';
}

static bool number_is_equal(const cJSON *expected, const cJSON *actual)
{
    char wanted[32], got[32];
    if (cJSON_IsNumber(actual) && actual->valueint == IS_DOUBLE) {
        double a = actual->valuedouble, b = expected->valuedouble;
        return cJSON_IsNumber(expected) && fabs(a - b) <= TOLERANCE * fabs(b);
    }
    return digits_of(expected, wanted) && digits_of(actual, got) && strcmp(wanted, got) == 0;
}

static bool pattern_fits(case_run *run, const char *pattern, const cJSON *actual)
{
    aurora_id id;
    if (strcmp(pattern, "?any") == 0)
        return true;
    if (strcmp(pattern, "?text") == 0)
        return cJSON_IsString(actual) && actual->valuestring[0] != '\0';
    if (strcmp(pattern, "?positive") == 0)
        return cJSON_IsNumber(actual) && actual->valuedouble > 0;
    if (strcmp(pattern, "?id") == 0)
        return cJSON_IsString(actual) && aurora_id_parse(actual->valuestring, &id) == AURORA_OK;
    case_fail(run, "there is no pattern %s", pattern);
    return false;
}

static char *compare_arrays(case_run *run, const cJSON *expected, const cJSON *actual,
                            const char *place)
{
    if (!cJSON_IsArray(actual))
        return differs(place, expected, actual);
    char inner[256];
    int count = cJSON_GetArraySize(expected);
    if (count != cJSON_GetArraySize(actual)) {
        snprintf(inner, sizeof inner, "%s has %d elements, not %d:", place,
                 cJSON_GetArraySize(actual), count);
        return differs(inner, expected, actual);
    }
    for (int i = 0; i < count; i++) {
        snprintf(inner, sizeof inner, "%s.%d", place, i);
        char *why = compare_values(run, cJSON_GetArrayItem(expected, i),
                                   cJSON_GetArrayItem(actual, i), inner);
        if (why != NULL)
            return why;
    }
    return NULL;
}

static char *compare_objects(case_run *run, const cJSON *expected, const cJSON *actual,
                             const char *place)
{
    if (!cJSON_IsObject(actual))
        return differs(place, expected, actual);
    for (const cJSON *child = expected->child; child != NULL; child = child->next) {
        char inner[256];
        snprintf(inner, sizeof inner, "%s%s%s", place, place[0] == '\0' ? "" : ".", child->string);
        const cJSON *got = cJSON_GetObjectItemCaseSensitive(actual, child->string);
        char *why = compare_values(run, child, got, inner);
        if (why != NULL)
            return why;
    }
    return NULL;
}

char *compare_values(case_run *run, const cJSON *expected, const cJSON *actual, const char *place)
{
    if (actual == NULL)
        return differs(place, expected, NULL);
    if (cJSON_IsObject(expected))
        return compare_objects(run, expected, actual, place);
    if (cJSON_IsArray(expected))
        return compare_arrays(run, expected, actual, place);
    bool is_same = false;
    if (cJSON_IsString(expected) && expected->valuestring[0] == '?')
        is_same = pattern_fits(run, expected->valuestring, actual);
    else if (cJSON_IsString(expected) && cJSON_IsString(actual))
        is_same = strcmp(expected->valuestring, actual->valuestring) == 0;
    else if (cJSON_IsNumber(expected) || cJSON_IsNumber(actual))
        is_same = number_is_equal(expected, actual);
    else
        is_same = cJSON_Compare(expected, actual, true);
    return is_same ? NULL : differs(place, expected, actual);
}
