/* SPDX-License-Identifier: MIT */
#include "fields.h"

#include <string.h>

aurora_json_value ctl_field(aurora_json_value object, const char *name)
{
    uint32_t count = 0;
    aurora_json_error error;
    aurora_json_value none = {.doc = object.doc};
    if (!aurora_json_is_present(object) || !aurora_json_members(object, UINT32_MAX, &count, &error))
        return none;
    for (uint32_t i = 0; i < count; i++) {
        const char *each = NULL;
        aurora_json_value value;
        aurora_json_member(object, i, &each, &value);
        if (strcmp(each, name) == 0)
            return value;
    }
    return none;
}

uint32_t ctl_field_count(aurora_json_value object, const char *name)
{
    uint32_t count = 0;
    aurora_json_error error;
    aurora_json_value value = ctl_field(object, name);
    if (!aurora_json_is_present(value) || !aurora_json_array(value, 0, UINT32_MAX, &count, &error))
        return 0;
    return count;
}

const char *ctl_field_text(aurora_json_value object, const char *name)
{
    const char *text = NULL;
    aurora_json_error error;
    aurora_json_value value = ctl_field(object, name);
    if (!aurora_json_is_present(value) || !aurora_json_text(value, 0, UINT32_MAX, &text, &error))
        return NULL;
    return text;
}

int64_t ctl_field_number(aurora_json_value object, const char *name)
{
    int64_t number = 0;
    aurora_json_error error;
    aurora_json_value value = ctl_field(object, name);
    if (!aurora_json_is_present(value) ||
        !aurora_json_integer(value, INT64_MIN, INT64_MAX, &number, &error))
        return 0;
    return number;
}

bool ctl_field_bool(aurora_json_value object, const char *name)
{
    bool is_true = false;
    aurora_json_error error;
    aurora_json_value value = ctl_field(object, name);
    return aurora_json_is_present(value) && aurora_json_bool(value, &is_true, &error) && is_true;
}

int64_t ctl_field_time(aurora_json_value object, const char *name)
{
    int64_t at_ms = 0;
    aurora_json_error error;
    aurora_json_value value = ctl_field(object, name);
    if (!aurora_json_is_present(value) || !aurora_json_time(value, &at_ms, &error))
        return 0;
    return at_ms;
}

aurora_id ctl_field_id(aurora_json_value object, const char *name)
{
    aurora_id id = {{0}};
    const char *text = ctl_field_text(object, name);
    if (text != NULL && aurora_id_parse(text, &id) != AURORA_OK)
        memset(&id, 0, sizeof id);
    return id;
}
