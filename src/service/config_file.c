/* SPDX-License-Identifier: MIT */
/* The INI file: `name = value` a line, `[section]` to group, # and ; before a comment. Debian's
 * libinih was tried: it cuts lines at 200 bytes, and values at " ;", without a word. */
#include <stdlib.h>
#include <string.h>

#include "service/config_internal.h"

#define SECTION_BYTES_MAX 64

typedef struct {
    aurora_config *config;
    const char *path;
    uint32_t number; /* of the line */
    char section[SECTION_BYTES_MAX];
} reader;

static bool fail_at(reader *r, const char *what)
{
    return aurora__config_fail(r->config, "%s:%u: %s", r->path, (unsigned)r->number, what);
}

static void spell_as_is(const char *name, char text_out[64])
{
    snprintf(text_out, 64, "%s", name);
}

/* Cuts blanks at both ends, in place. */
static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
        length--;
    text[length] = '\0';
    return text;
}

static bool read_section(reader *r, char *line)
{
    size_t length = strlen(line);
    if (line[length - 1] != ']' || length < 3 || length - 2 >= sizeof r->section)
        return fail_at(r, "is not a [section]");
    memcpy(r->section, line + 1, length - 2);
    r->section[length - 2] = '\0';
    return true;
}

/* [kafka], [rate_limit.NAME] and [upstream.NAME]. */
static bool is_of_properties(const char *section)
{
    static const char *const prefixes[] = {"rate_limit.", "upstream."};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i]);
        if (strncmp(section, prefixes[i], length) == 0)
            return true;
    }
    return strcmp(section, "kafka") == 0;
}

/* The last line of librdkafka's properties goes before the others, as it does in its own files. */
static const aurora_config_property *find_twin(const reader *r, const char *name)
{
    for (uint32_t i = 0; i < r->config->property_count; i++) {
        const aurora_config_property *at = &r->config->properties[i];
        if (strcmp(at->section, r->section) == 0 && strcmp(at->name, name) == 0)
            return at;
    }
    return NULL;
}

static bool put_property(reader *r, const char *name, const char *value)
{
    aurora_config *config = r->config;
    char origin[AURORA_CONFIG_ERROR_BYTES / 2];
    const aurora_config_property *twin = find_twin(r, name);
    snprintf(origin, sizeof origin, "%s:%u", r->path, (unsigned)r->number);
    if (twin != NULL && strcmp(r->section, "kafka") != 0)
        return aurora__config_fail(config, "%s of [%s] is given twice: %s and %s", name, r->section,
                                   twin->origin, origin);
    const aurora_config_property property = {
        .section = aurora__config_keep(config, r->section, strlen(r->section)),
        .name = aurora__config_keep(config, name, strlen(name)),
        .value = aurora__config_keep(config, value, strlen(value)),
        .origin = aurora__config_keep(config, origin, strlen(origin)),
    };
    aurora_config_property *list = aurora__config_grow(
        config, config->properties, config->property_count, sizeof *config->properties);
    if (property.section == NULL || property.name == NULL || property.value == NULL ||
        property.origin == NULL || list == NULL)
        return false;
    config->properties = list;
    list[config->property_count++] = property;
    return true;
}

static bool put_setting(reader *r, const char *name, const char *value)
{
    char origin[AURORA_CONFIG_ERROR_BYTES / 2];
    uint32_t index = aurora__config_find(name, strlen(name));
    snprintf(origin, sizeof origin, "%s:%u", r->path, (unsigned)r->number);
    if (index == UINT32_MAX)
        return aurora__config_unknown(r->config, name, origin, spell_as_is);
    if (r->config->values[index].source == AURORA_CONFIG_FILE)
        return aurora__config_fail(r->config, "%s is given twice: %s and %s", name,
                                   r->config->values[index].origin, origin);
    return aurora__config_put(r->config, index, value, AURORA_CONFIG_FILE, origin);
}

static bool read_line(reader *r, char *line)
{
    line = trim(line);
    if (*line == '\0' || *line == '#' || *line == ';')
        return true;
    if (*line == '[')
        return read_section(r, line);
    char *equals = strchr(line, '=');
    if (equals == NULL || equals == line)
        return fail_at(r, "is neither name = value, nor [section], nor a comment");
    *equals = '\0';
    const char *name = trim(line), *value = trim(equals + 1);
    if (is_of_properties(r->section))
        return put_property(r, name, value);
    return put_setting(r, name, value);
}

bool aurora__config_read_file(aurora_config *config, const char *path)
{
    reader r = {.config = config, .path = path};
    size_t len;
    char *text = aurora__config_slurp(config, path, "--config", &len);
    bool is_read = text != NULL;
    for (char *at = text; is_read && *at != '\0';) {
        size_t length = strcspn(at, "\n");
        bool is_last = at[length] == '\0';
        at[length] = '\0';
        r.number++;
        is_read = read_line(&r, at);
        at += length + !is_last;
    }
    aurora__config_wipe(text);
    return is_read;
}
