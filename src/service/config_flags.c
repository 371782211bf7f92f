/* SPDX-License-Identifier: MIT */
/* --order-wait 2s or --order-wait=2s; the last of several counts, so that a script can add one. */
#include <string.h>

#include "service/config_internal.h"

static const struct {
    const char *flag;
    int32_t action;
} actions[] = {
    {"--help", AURORA_CONFIG_HELP},          {"-h", AURORA_CONFIG_HELP},
    {"--version", AURORA_CONFIG_VERSION},    {"--check-config", AURORA_CONFIG_CHECK},
    {"--print-config", AURORA_CONFIG_PRINT},
};

static void spell(const char *name, char text_out[64])
{
    snprintf(text_out, 64, "--%s", name);
    for (char *at = text_out; *at != '\0'; at++)
        *at = *at == '_' ? '-' : *at;
}

static int32_t action_of(const char *flag)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].flag, flag) == 0)
            return actions[i].action;
    }
    return AURORA_CONFIG_RUN;
}

/* A flag with its value, which may be the next word. */
typedef struct {
    const char *name; /* behind the dashes, of `length` bytes */
    size_t length;
    const char *value; /* NULL = missing */
} flag;

/* Reads word *at, and moves it to the last one that was taken. False for a word that is no flag. */
static bool next_flag(const aurora_config *config, int *at, flag *out)
{
    const char *word = config->source.argv[*at];
    if (strncmp(word, "--", 2) != 0 || word[2] == '\0')
        return false;
    const char *equals = strchr(word, '=');
    out->name = word + 2;
    out->length = equals != NULL ? (size_t)(equals - word) - 2 : strlen(word + 2);
    out->value = equals != NULL ? equals + 1 : NULL;
    if (equals == NULL && *at + 1 < config->source.argc)
        out->value = config->source.argv[++*at];
    return true;
}

static bool is_config(const flag *f)
{
    return f->length == 6 && memcmp(f->name, "config", 6) == 0;
}

bool aurora__config_read_actions(aurora_config *config)
{
    for (int i = 1; i < config->source.argc; i++) {
        flag f;
        int32_t action = action_of(config->source.argv[i]);
        if (action != AURORA_CONFIG_RUN)
            config->action = action;
        if (action != AURORA_CONFIG_RUN || !next_flag(config, &i, &f) || !is_config(&f))
            continue;
        if (f.value == NULL)
            return aurora__config_fail(config, "--config needs a file");
        config->file = f.value;
    }
    return true;
}

static bool read_flag(aurora_config *config, const flag *f)
{
    char origin[64], name[64];
    snprintf(name, sizeof name, "%.*s", (int)(f->length < 63 ? f->length : 63), f->name);
    snprintf(origin, sizeof origin, "--%.*s", 60, name);
    uint32_t index = strchr(name, '_') == NULL ? aurora__config_find(f->name, f->length)
                                               : UINT32_MAX; /* flags have dashes */
    if (index == UINT32_MAX)
        return aurora__config_unknown(config, name, origin, spell);
    if (f->value == NULL)
        return aurora__config_fail(config, "%s needs a value", origin);
    return aurora__config_put(config, index, f->value, AURORA_CONFIG_FLAG, origin);
}

bool aurora__config_read_flags(aurora_config *config)
{
    for (int i = 1; i < config->source.argc; i++) {
        flag f;
        const char *word = config->source.argv[i];
        if (action_of(word) != AURORA_CONFIG_RUN)
            continue;
        if (!next_flag(config, &i, &f))
            return aurora__config_fail(config, "'%.64s' is not a flag; --help lists all", word);
        if (!is_config(&f) && !read_flag(config, &f))
            return false;
    }
    return true;
}
