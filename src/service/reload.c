/* SPDX-License-Identifier: MIT */
#include "service/reload.h"

#include <stdlib.h>
#include <string.h>

static bool put(aurora_t *shop, const aurora_config_value *value, aurora_error *err)
{
    char assignment[4096];
    snprintf(assignment, sizeof assignment, "%s=%s", value->info->name, value->text);
    return aurora_setting_put(shop, assignment, err) == AURORA_OK;
}

static bool has_changed(const aurora_config_value *old, const aurora_config_value *new)
{
    return strcmp(old->text, new->text) != 0;
}

static bool is_of_handle(const aurora_config_value *value)
{
    return (value->info->flags & AURORA_SETTING_RELOADABLE) != 0 &&
           (value->info->flags & AURORA_SETTING_DAEMON) == 0;
}

static void say(aurora_service_log *log, const aurora_config_value *value, const char *what)
{
    char text[512];
    aurora_config_show(value, text, sizeof text);
    aurora_service_log_write(log, AURORA_LOG_INFO, "config", "%s is %s (%s)%s", value->info->name,
                             text, value->origin, what);
}

/* Two settings that bound each other may only be changed in one order: what is refused at first is
 * tried again once the others are in place. */
static void put_changes(const aurora_config_value *old, const aurora_config_value *new,
                        uint32_t count, aurora_t *shop, aurora_service_log *log)
{
    bool *is_refused = calloc(count, sizeof *is_refused);
    if (is_refused == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (!has_changed(&old[i], &new[i]) || !is_of_handle(&new[i]))
            continue;
        is_refused[i] = !put(shop, &new[i], NULL);
        if (!is_refused[i])
            say(log, &new[i], "");
    }
    for (uint32_t i = 0; i < count; i++) {
        aurora_error err = AURORA_ERROR_INIT;
        if (!is_refused[i])
            continue;
        if (put(shop, &new[i], &err))
            say(log, &new[i], "");
        else
            aurora_service_log_write(log, AURORA_LOG_ERROR, "config", "%s stays: %s (%s)",
                                     new[i].info->name, err.message, new[i].origin);
    }
    free(is_refused);
}

static void apply(const aurora_config *old, const aurora_config *new, aurora_t *shop,
                  aurora_service_log *log)
{
    uint32_t count;
    const aurora_config_value *before = aurora_config_values(old, &count);
    const aurora_config_value *after = aurora_config_values(new, &count);
    if (shop != NULL)
        put_changes(before, after, count, shop, log);
    for (uint32_t i = 0; i < count; i++) {
        bool is_reloadable = (after[i].info->flags & AURORA_SETTING_RELOADABLE) != 0;
        if (has_changed(&before[i], &after[i]) && !is_reloadable)
            say(log, &after[i], " after the next start");
    }
}

/* False with the rule that is broken. */
static bool read_levels(const aurora_config *config, aurora_log_levels *out,
                        char error_out[AURORA_CONFIG_ERROR_BYTES])
{
    char rule[AURORA_LOG_RULE_BYTES];
    const aurora_config_value *value = aurora_config_get(config, "log_level");
    if (aurora_log_levels_parse(value->text, out, rule))
        return true;
    snprintf(error_out, AURORA_CONFIG_ERROR_BYTES, "log_level %s (%s)", rule, value->origin);
    return false;
}

/* The log's own settings. They are said whatever the level is: the old one could hide that it
 * changed, and so could the new one. */
static void put_log(const aurora_config *old, const aurora_config *new,
                    const aurora_log_levels *levels, aurora_t *shop, aurora_service_log *log)
{
    static const char *const names[] = {"log_level", "log_repeats"};
    aurora_service_log_set_levels(log, levels);
    aurora_service_log_set_repeats(log, (uint32_t)aurora_config_number(new, "log_repeats"));
    if (shop != NULL)
        (void)aurora_log_set_level(shop, aurora_log_levels_library(levels));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const aurora_config_value *value = aurora_config_get(new, names[i]);
        if (has_changed(aurora_config_get(old, names[i]), value))
            aurora_service_log_announce(log, "%s is %s (%s)", names[i], value->text, value->origin);
    }
}

bool aurora_config_reload(aurora_config **config, const aurora_config_source *source,
                          const aurora_config_judge *judge, aurora_t *shop, aurora_service_log *log)
{
    char error[AURORA_CONFIG_ERROR_BYTES];
    aurora_config *new = NULL;
    aurora_log_levels levels;
    if (!aurora_config_read(source, &new, error) || !read_levels(new, &levels, error) ||
        (judge != NULL && !judge->is_good(judge->self, new, error))) {
        aurora_service_log_write(log, AURORA_LOG_ERROR, "config", "nothing is changed: %s", error);
        aurora_config_free(new);
        return false;
    }
    apply(*config, new, shop, log);
    put_log(*config, new, &levels, shop, log);
    aurora_service_log_announce(log, "settings are read again");
    aurora_config_free(*config);
    *config = new;
    return true;
}
