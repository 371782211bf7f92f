/* SPDX-License-Identifier: MIT */
/* What --print-config, --help and --version say. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "service/config_internal.h"

#define MASK "********"

/* Where the password of "scheme://user:password@host" lies; false where there is none. */
static bool find_password(const char *url, size_t *begin_out, size_t *end_out)
{
    const char *authority = strstr(url, "://");
    if (authority == NULL)
        return false;
    authority += 3;
    size_t length = strcspn(authority, "/?#");
    const char *at = NULL;
    for (size_t i = 0; i < length; i++) {
        if (authority[i] == '@')
            at = authority + i;
    }
    const char *colon = at != NULL ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
    if (colon == NULL)
        return false;
    *begin_out = (size_t)(colon + 1 - url);
    *end_out = (size_t)(at - url);
    return true;
}

/* "?password=..." and "?sslpassword=...", as libpq takes them; what follows is kept. */
static void mask_parameters(char *text, size_t capacity)
{
    static const char word[] = "password";
    const size_t length = sizeof word - 1;
    char rest[4096];
    char *at = strstr(text, "://") != NULL ? strchr(text, '?') : NULL;
    while (at != NULL && (*at == '?' || *at == '&')) {
        at++;
        size_t name = strcspn(at, "=&#"), end = strcspn(at, "&#");
        if (name < length || name == end || strncasecmp(at + name - length, word, length) != 0) {
            at += end;
            continue;
        }
        snprintf(rest, sizeof rest, "%s", at + end);
        at += name + 1;
        snprintf(at, capacity - (size_t)(at - text), MASK "%s", rest);
        at += strcspn(at, "&#");
    }
}

void aurora_config_show(const aurora_config_value *value, char *text_out, size_t capacity)
{
    size_t begin, end;
    if ((value->info->flags & AURORA_SETTING_SECRET) != 0)
        snprintf(text_out, capacity, "%s", value->text[0] == '\0' ? "" : MASK);
    else if (find_password(value->text, &begin, &end))
        snprintf(text_out, capacity, "%.*s" MASK "%s", (int)begin, value->text, value->text + end);
    else
        snprintf(text_out, capacity, "%s", value->text);
    mask_parameters(text_out, capacity);
}

static void print_values(const aurora_config *config, FILE *file)
{
    for (uint32_t i = 0; i < config->count; i++) {
        const aurora_config_value *value = &config->values[i];
        char text[4096];
        aurora_config_show(value, text, sizeof text);
        fprintf(file, "%s = %s\t# %s\n", value->info->name, text, value->origin);
    }
    for (uint32_t i = 0; i < config->property_count; i++) {
        const aurora_config_property *property = &config->properties[i];
        bool is_kafka = strcmp(property->section, "kafka") == 0; /* may hold a password */
        fprintf(file, "%s: %s = %s\t# %s\n", property->section, property->name,
                is_kafka ? MASK : property->value, property->origin);
    }
}

static void print_help(const aurora_config *config, FILE *file)
{
    const char *program = config->source.program;
    fprintf(file,
            "%s: %s\n\nusage: %s [--config FILE] [--SETTING VALUE]...\n"
            "       %s --check-config | --print-config | --help | --version\n\n"
            "Each setting is also a line `name = value` of the file, and a variable of the\n"
            "environment: --order-wait, order_wait, AURORA_ORDER_WAIT. A flag goes before the\n"
            "environment, that before the file. AURORA_..._FILE names a file with a secret.\n\n",
            program, config->source.summary, program, program);
    for (uint32_t i = 0; i < config->count; i++) {
        const aurora_setting_info *info = config->values[i].info;
        char flag[64];
        int length = snprintf(flag, sizeof flag, "--%s %s", info->name,
                              aurora_setting_kind_name(info->kind));
        for (int at = 0; at < length && at < (int)sizeof flag; at++)
            flag[at] = flag[at] == '_' ? '-' : flag[at];
        fprintf(file, "  %-32s %s", flag, info->help);
        if (config->values[i].default_text[0] != '\0')
            fprintf(file, " [%s]", config->values[i].default_text);
        fputc('\n', file);
    }
}

void aurora_config_print(const aurora_config *config, FILE *file)
{
    if (config->action == AURORA_CONFIG_HELP)
        print_help(config, file);
    else if (config->action == AURORA_CONFIG_VERSION)
        fprintf(file, "%s %s\n", config->source.program, aurora_version());
    else
        print_values(config, file);
}
