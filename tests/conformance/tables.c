/* SPDX-License-Identifier: MIT */
/* Operations on what the library knows of itself: statuses, names, settings. */
#include <stdlib.h>
#include <string.h>

#include "step.h"

static const char *const classes[] = {"usage", "retriable", "fatal", NULL};
static const char *const formats[] = {"prometheus", "openmetrics", NULL};

/* --- statuses --------------------------------------------------------------------------------- */

static const aurora_status_info *info_of(aurora_status status)
{
    uint32_t count;
    const aurora_status_info *table = aurora_status_table(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (table[i].status == status)
            return &table[i];
    }
    return NULL;
}

static aurora_status status_of(step *of)
{
    uint32_t count;
    const aurora_status_info *table = aurora_status_table(&count);
    const cJSON *given = input_member(of, of->with, "status");
    if (cJSON_IsNumber(given))
        return (aurora_status)given->valuedouble;
    for (uint32_t i = 0; cJSON_IsString(given) && i < count; i++) {
        if (strcmp(status_word(table[i].status), given->valuestring) == 0)
            return table[i].status;
    }
    case_fail(of->run, "there is no such status");
    return AURORA_OK;
}

static aurora_status status_read(step *of)
{
    aurora_status status = status_of(of);
    const aurora_status_info *info = info_of(status);
    give_text(of->gives, "name", aurora_status_name(status));
    give_text(of->gives, "text", aurora_status_text(status));
    give_bool(of->gives, "is_retriable", aurora_status_is_retriable(status));
    give_int(of->gives, "value", status);
    if (info == NULL)
        return AURORA_OK;
    give_text(of->gives, "class", info->class_of == 0 ? "none" : classes[info->class_of - 1]);
    give_int(of->gives, "http_status", info->http_status);
    return AURORA_OK;
}

static aurora_status status_table(step *of)
{
    uint32_t count;
    const aurora_status_info *table = aurora_status_table(&count);
    cJSON *names = give_array(of->gives, "names");
    for (uint32_t i = 0; i < count; i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(status_word(table[i].status)));
    return AURORA_OK;
}

/* --- names ------------------------------------------------------------------------------------ */

static const struct {
    const char *what;
    const char *(*name_of)(int32_t value);
    int32_t (*parse)(const char *name);
} vocabularies[] = {
    {"order_status", aurora_order_status_name, aurora_order_status_parse},
    {"reason", aurora_reason_name, aurora_reason_parse},
    {"charge", aurora_charge_name, aurora_charge_parse},
    {"participant", aurora_participant_name, aurora_participant_parse},
    {"event", aurora_event_name, aurora_event_parse},
    {"notification_state", aurora_notification_state_name, aurora_notification_state_parse},
    {"repair", aurora_repair_name, aurora_repair_parse},
    {"result", aurora_result_name, aurora_result_parse},
    {"verb", aurora_verb_name, NULL},
    {"outcome", aurora_outcome_name, NULL},
    {"notification", aurora_notification_name, NULL},
    {"decision", aurora_decision_name, NULL},
    {"reservation_status", aurora_reservation_status_name, NULL},
    {"breaker_state", aurora_breaker_state_name, NULL},
    {"setting_kind", aurora_setting_kind_name, NULL},
    {"log_level", aurora_log_level_name, NULL},
};

static size_t vocabulary_of(step *of)
{
    const char *what = input_text(of, of->with, "what");
    for (size_t i = 0; what != NULL && i < sizeof vocabularies / sizeof *vocabularies; i++) {
        if (strcmp(vocabularies[i].what, what) == 0)
            return i;
    }
    case_fail(of->run, "nothing has names called %s", what == NULL ? "nothing" : what);
    return 0;
}

static aurora_status name_of(step *of)
{
    size_t which = vocabulary_of(of);
    give_text(of->gives, "name", vocabularies[which].name_of(input_i32(of, of->with, "value")));
    return AURORA_OK;
}

static aurora_status value_of(step *of)
{
    size_t which = vocabulary_of(of);
    const char *name = input_text(of, of->with, "name");
    if (vocabularies[which].parse == NULL)
        case_fail(of->run, "these names are not read back");
    else
        give_int(of->gives, "value", vocabularies[which].parse(name));
    return AURORA_OK;
}

/* --- settings and formats --------------------------------------------------------------------- */

static aurora_status setting_find(step *of)
{
    const char *name = input_text(of, of->with, "name");
    const aurora_setting_info *info = aurora_setting_find(name, name == NULL ? 0 : strlen(name));
    give_text(of->gives, "name", info == NULL ? NULL : info->name);
    if (info == NULL)
        return AURORA_OK;
    give_text(of->gives, "kind", aurora_setting_kind_name(info->kind));
    give_text(of->gives, "default_text", info->default_text);
    give_int(of->gives, "minimum", info->minimum);
    give_int(of->gives, "maximum", info->maximum);
    give_bool(of->gives, "is_secret", (info->flags & AURORA_SETTING_SECRET) != 0);
    give_bool(of->gives, "is_reloadable", (info->flags & AURORA_SETTING_RELOADABLE) != 0);
    give_bool(of->gives, "is_daemon", (info->flags & AURORA_SETTING_DAEMON) != 0);
    return AURORA_OK;
}

static aurora_status setting_nearest(step *of)
{
    give_text(of->gives, "name", aurora_setting_nearest(input_text(of, of->with, "name")));
    return AURORA_OK;
}

static aurora_status setting_parse(step *of)
{
    const char *name = input_text(of, of->with, "name");
    const char *text = input_text(of, of->with, "text");
    const aurora_setting_info *info = aurora_setting_find(name, name == NULL ? 0 : strlen(name));
    int64_t number = 0;
    if (info == NULL) {
        case_fail(of->run, "there is no setting %s", name == NULL ? "" : name);
        return AURORA_OK;
    }
    aurora_status rc = aurora_setting_parse(info, text, &number, &of->err);
    give_int(of->gives, "number", number);
    return rc;
}

static aurora_status metric_format(step *of)
{
    int32_t format = aurora_metric_format(input_text(of, of->with, "accept"));
    give_enum(of->gives, "format", format, formats);
    give_text(of->gives, "content_type", aurora_metric_content_type(format));
    return AURORA_OK;
}

static aurora_status version(step *of)
{
    give_text(of->gives, "version", aurora_version());
    return AURORA_OK;
}

const operation table_operations[] = {
    {"status_read", status_read},
    {"status_table", status_table},
    {"name_of", name_of},
    {"value_of", value_of},
    {"setting_find", setting_find},
    {"setting_nearest", setting_nearest},
    {"setting_parse", setting_parse},
    {"metric_format", metric_format},
    {"version", version},
    {NULL, NULL},
};
