/* SPDX-License-Identifier: MIT */
/* AURORA_ORDER_WAIT=2s, and AURORA_SERVICE_SECRET_FILE=PATH for what should not be seen there; and
 * what a program reads of others' variables. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "service/config_internal.h"

#define PREFIX "AURORA_"
#define PREFIX_LENGTH (sizeof PREFIX - 1)
#define NAME_BYTES 64

static void spell(const char *name, char text_out[NAME_BYTES])
{
    int length = snprintf(text_out, NAME_BYTES, PREFIX "%s", name);
    for (int i = 0; i < length && i < NAME_BYTES; i++)
        text_out[i] = (char)toupper((unsigned char)text_out[i]);
}

static const char *look_up(const aurora_config *config, const char *variable)
{
    size_t length = strlen(variable);
    for (char *const *at = config->source.environment; *at != NULL; at++) {
        if (strncmp(*at, variable, length) == 0 && (*at)[length] == '=')
            return *at + length + 1;
    }
    return NULL;
}

/* A secret's file holds it and perhaps a line's end. */
static bool read_secret(aurora_config *config, uint32_t index, const char *path,
                        const char *variable)
{
    size_t len;
    char *text = aurora__config_slurp(config, path, variable, &len);
    if (text == NULL)
        return false;
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        text[--len] = '\0';
    bool is_put = aurora__config_put(config, index, text, AURORA_CONFIG_ENVIRONMENT, variable);
    aurora__config_wipe(text);
    return is_put;
}

static bool read_setting(aurora_config *config, uint32_t index)
{
    const aurora_setting_info *info = config->values[index].info;
    char variable[NAME_BYTES], of_file[NAME_BYTES + 8];
    spell(info->name, variable);
    snprintf(of_file, sizeof of_file, "%s_FILE", variable);
    const char *text = look_up(config, variable), *path = look_up(config, of_file);
    if (path != NULL && (info->flags & AURORA_SETTING_SECRET) == 0)
        return aurora__config_fail(config, "%s is for secrets only; %s takes the value itself",
                                   of_file, variable);
    if (path != NULL && text != NULL)
        return aurora__config_fail(config, "%s and %s are both given", variable, of_file);
    if (path != NULL)
        return read_secret(config, index, path, of_file);
    return text == NULL ||
           aurora__config_put(config, index, text, AURORA_CONFIG_ENVIRONMENT, variable);
}

static bool add_warning(aurora_config *config, const char *text)
{
    const char *kept = aurora__config_keep(config, text, strlen(text));
    const char **list = aurora__config_grow(config, config->warnings, config->warning_count,
                                            sizeof *config->warnings);
    if (kept == NULL || list == NULL)
        return false;
    config->warnings = list;
    list[config->warning_count++] = kept;
    return true;
}

static bool warn_unknown(aurora_config *config, const char *variable, const char *nearest)
{
    char spelt[NAME_BYTES], text[256];
    spell(nearest, spelt);
    snprintf(text, sizeof text, "%s is not a setting; the nearest is %s", variable, spelt);
    return add_warning(config, text);
}

/* A variable that no setting has. Orchestrators set AURORA_PORT and the like for a service of that
 * name, so this cannot be an error. */
static bool look_at(aurora_config *config, const char *assignment)
{
    char name[NAME_BYTES], variable[NAME_BYTES + PREFIX_LENGTH];
    const char *equals = strchr(assignment, '=');
    size_t length = equals != NULL ? (size_t)(equals - assignment) : 0;
    if (length <= PREFIX_LENGTH || length - PREFIX_LENGTH >= sizeof name ||
        strncmp(assignment, PREFIX, PREFIX_LENGTH) != 0)
        return true;
    memcpy(variable, assignment, length);
    variable[length] = '\0';
    for (size_t i = 0; i <= length - PREFIX_LENGTH; i++)
        name[i] = (char)tolower((unsigned char)variable[PREFIX_LENGTH + i]);
    length -= PREFIX_LENGTH;
    bool is_file = length > 5 && strcmp(name + length - 5, "_file") == 0;
    if (aurora__config_find(name, length) != UINT32_MAX ||
        (is_file && aurora__config_find(name, length - 5) != UINT32_MAX))
        return true;
    const char *nearest = aurora_setting_nearest(name);
    return nearest == NULL || warn_unknown(config, variable, nearest);
}

bool aurora__config_read_environment(aurora_config *config)
{
    if (config->source.environment == NULL)
        return true;
    for (uint32_t i = 0; i < config->count; i++) {
        if (!read_setting(config, i))
            return false;
    }
    for (char *const *at = config->source.environment; *at != NULL; at++) {
        if (!look_at(config, *at))
            return false;
    }
    return true;
}

bool aurora__config_stand_in(aurora_config *config)
{
    const aurora_config_source *source = &config->source;
    for (uint32_t i = 0; source->stand_in != NULL && i < config->count; i++) {
        const aurora_config_value *value = &config->values[i];
        const char *variable = NULL, *text = NULL;
        aurora_error err = AURORA_ERROR_INIT;
        char warning[AURORA_CONFIG_ERROR_BYTES];
        if (value->source == AURORA_CONFIG_DEFAULT && source->environment != NULL)
            text = source->stand_in(source->environment, value->info->name, &variable);
        if (text == NULL)
            continue;
        bool is_good = aurora_setting_parse(value->info, text, NULL, &err) == AURORA_OK;
        snprintf(warning, sizeof warning, "%s is not used: %s", variable, err.message);
        if (!(is_good ? aurora__config_put(config, i, text, AURORA_CONFIG_ENVIRONMENT, variable)
                      : add_warning(config, warning)))
            return false;
    }
    return true;
}
