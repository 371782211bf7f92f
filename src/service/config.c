/* SPDX-License-Identifier: MIT */
#include "service/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "service/config_internal.h"

#define FILE_BYTES_MAX (1u << 20)

bool aurora__config_fail(aurora_config *config, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(config->error, AURORA_CONFIG_ERROR_BYTES, format, arguments);
    va_end(arguments);
    for (char *at = config->error; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20)
            *at = '?'; /* one line, whatever was quoted in it */
    }
    return false;
}

void *aurora__config_grow(aurora_config *config, void *list, uint32_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return list;
    void *larger = realloc(list, (count == 0 ? 1 : (size_t)count * 2) * size);
    if (larger == NULL)
        aurora__config_fail(config, "out of memory");
    return larger;
}

const char *aurora__config_keep(aurora_config *config, const char *text, size_t len)
{
    char **texts =
        aurora__config_grow(config, config->texts, config->text_count, sizeof *config->texts);
    if (texts == NULL)
        return NULL;
    config->texts = texts;
    char *copy = malloc(len + 1);
    if (copy == NULL) {
        aurora__config_fail(config, "out of memory");
        return NULL;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    config->texts[config->text_count++] = copy;
    return copy;
}

uint32_t aurora__config_find(const char *name, size_t len)
{
    char folded[64];
    uint32_t count;
    if (len >= sizeof folded)
        return UINT32_MAX;
    for (size_t i = 0; i < len; i++)
        folded[i] = name[i] == '-' ? '_' : name[i];
    const aurora_setting_info *found = aurora_setting_find(folded, len);
    return found != NULL ? (uint32_t)(found - aurora_setting_table(&count)) : UINT32_MAX;
}

static const aurora_config_default *own_default(const aurora_config *config, const char *name)
{
    for (uint32_t i = 0; i < config->source.default_count; i++) {
        if (strcmp(config->source.defaults[i].name, name) == 0)
            return &config->source.defaults[i];
    }
    return NULL;
}

bool aurora__config_put(aurora_config *config, uint32_t index, const char *text, int32_t source,
                        const char *origin)
{
    aurora_config_value *value = &config->values[index];
    const aurora_config_default *own = own_default(config, value->info->name);
    aurora_error err = AURORA_ERROR_INIT;
    int64_t number = 0;
    if (aurora_setting_parse(value->info, text, &number, &err) != AURORA_OK)
        return aurora__config_fail(config, "%s: %s (%s)", value->info->name, err.message, origin);
    if (own != NULL && own->is_fixed && strcmp(own->text, text) != 0)
        return aurora__config_fail(config, "%s: is always %s in %s (%s)", own->name, own->text,
                                   config->source.program, origin);
    value->text = aurora__config_keep(config, text, strlen(text));
    value->origin = aurora__config_keep(config, origin, strlen(origin));
    value->number = number;
    value->source = source;
    return value->text != NULL && value->origin != NULL;
}

bool aurora__config_unknown(aurora_config *config, const char *name, const char *origin,
                            void (*spell)(const char *name, char text_out[64]))
{
    const char *nearest = aurora_setting_nearest(name);
    char spelt[64];
    if (nearest == NULL)
        return aurora__config_fail(config, "%s is not a setting (%s); --help lists all", name,
                                   origin);
    spell(nearest, spelt);
    return aurora__config_fail(config, "%s is not a setting (%s); the nearest is %s", name, origin,
                               spelt);
}

char *aurora__config_slurp(aurora_config *config, const char *path, const char *origin,
                           size_t *len_out)
{
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? malloc(FILE_BYTES_MAX + 1) : NULL;
    size_t len = text != NULL ? fread(text, 1, FILE_BYTES_MAX + 1, file) : 0;
    bool is_read = text != NULL && ferror(file) == 0;
    if (!is_read)
        aurora__config_fail(config, "%s: %s (%s)", path, strerror(errno), origin);
    else if (len > FILE_BYTES_MAX)
        is_read = aurora__config_fail(config, "%s: is longer than 1 MiB (%s)", path, origin);
    else if (memchr(text, '\0', len) != NULL)
        is_read = aurora__config_fail(config, "%s: is not a text (%s)", path, origin);
    if (file != NULL)
        fclose(file);
    if (!is_read) {
        free(text);
        return NULL;
    }
    text[len] = '\0';
    *len_out = len;
    return text;
}

static bool fill_defaults(aurora_config *config)
{
    const aurora_setting_info *table = aurora_setting_table(&config->count);
    config->values = calloc(config->count, sizeof *config->values);
    if (config->values == NULL)
        return aurora__config_fail(config, "out of memory");
    for (uint32_t i = 0; i < config->count; i++) {
        aurora_config_value *value = &config->values[i];
        const aurora_config_default *own = own_default(config, table[i].name);
        const char *text = own != NULL ? own->text : table[i].default_text;
        *value = (aurora_config_value){
            .info = &table[i], .default_text = text, .text = text, .origin = "default"};
        if (aurora_setting_parse(value->info, value->text, &value->number, NULL) != AURORA_OK)
            return aurora__config_fail(config, "%s: the default breaks its rule", table[i].name);
    }
    return true;
}

/* What a handle is opened with. */
static bool add_assignment(aurora_config *config, const char *group, const char *name,
                           const char *value)
{
    char text[4096];
    int length = snprintf(text, sizeof text, "%s%s=%s", group, name, value);
    if (length < 0 || (size_t)length >= sizeof text)
        return aurora__config_fail(config, "%s%s: is too long", group, name);
    const char *kept = aurora__config_keep(config, text, (size_t)length);
    const char **list = aurora__config_grow(config, config->assignments, config->assignment_count,
                                            sizeof *config->assignments);
    if (list != NULL)
        config->assignments = list;
    if (kept == NULL || list == NULL)
        return false;
    config->assignments[config->assignment_count++] = kept;
    return true;
}

static bool is_of_handle(const aurora_setting_info *info)
{
    return (info->flags & AURORA_SETTING_DAEMON) == 0;
}

static bool write_assignments(aurora_config *config)
{
    for (uint32_t i = 0; i < config->count; i++) {
        const aurora_config_value *value = &config->values[i];
        /* NOLINTNEXTLINE(analyzer-malloc-leak): the configuration frees its list of assignments */
        if (is_of_handle(value->info) && strcmp(value->text, value->info->default_text) != 0 &&
            !add_assignment(config, "", value->info->name, value->text))
            return false;
    }
    for (uint32_t i = 0; i < config->property_count; i++) {
        const aurora_config_property *property = &config->properties[i];
        if (strcmp(property->section, "kafka") == 0 &&
            !add_assignment(config, "kafka.", property->name, property->value))
            return false;
    }
    return true;
}

bool aurora_config_read(const aurora_config_source *source, aurora_config **out,
                        char error_out[AURORA_CONFIG_ERROR_BYTES])
{
    aurora_config *config = calloc(1, sizeof *config);
    *out = config;
    if (config == NULL) {
        snprintf(error_out, AURORA_CONFIG_ERROR_BYTES, "out of memory");
        return false;
    }
    config->source = *source;
    config->error = error_out;
    error_out[0] = '\0';
    if (!fill_defaults(config) || !aurora__config_read_actions(config))
        return false;
    if (config->action == AURORA_CONFIG_HELP || config->action == AURORA_CONFIG_VERSION)
        return true;
    return (config->file == NULL || aurora__config_read_file(config, config->file)) &&
           aurora__config_read_environment(config) && aurora__config_read_flags(config) &&
           aurora__config_stand_in(config) && write_assignments(config);
}

void aurora__config_wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

void aurora_config_free(aurora_config *config)
{
    if (config == NULL)
        return;
    for (uint32_t i = 0; i < config->text_count; i++)
        aurora__config_wipe(config->texts[i]); /* one of them may be a secret */
    free(config->texts);
    free(config->warnings);
    free(config->properties);
    free(config->assignments);
    free(config->values);
    free(config);
}

int32_t aurora_config_action(const aurora_config *config)
{
    return config->action;
}

const aurora_config_value *aurora_config_values(const aurora_config *config, uint32_t *count_out)
{
    *count_out = config->count;
    return config->values;
}

const aurora_config_value *aurora_config_get(const aurora_config *config, const char *name)
{
    uint32_t index = aurora__config_find(name, strlen(name));
    return index < config->count ? &config->values[index] : NULL;
}

const char *aurora_config_text(const aurora_config *config, const char *name)
{
    const aurora_config_value *value = aurora_config_get(config, name);
    return value != NULL ? value->text : "";
}

int64_t aurora_config_number(const aurora_config *config, const char *name)
{
    const aurora_config_value *value = aurora_config_get(config, name);
    return value != NULL ? value->number : 0;
}

const char *const *aurora_config_assignments(const aurora_config *config, uint32_t *count_out)
{
    *count_out = config->assignment_count;
    return config->assignments;
}

const aurora_config_property *aurora_config_properties(const aurora_config *config,
                                                       uint32_t *count_out)
{
    *count_out = config->property_count;
    return config->properties;
}

const char *const *aurora_config_warnings(const aurora_config *config, uint32_t *count_out)
{
    *count_out = config->warning_count;
    return config->warnings;
}
