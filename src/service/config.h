/* SPDX-License-Identifier: MIT */
/* The configuration of a daemon: the table of aurora/setting.h, filled from its defaults, a file,
 * the environment and the flags, each going before the one named first. Every value knows where it
 * comes from. Not a place for what a setting means.
 *
 * Threads: confined while it is read; immutable then, and shared. */
#ifndef AURORA_SERVICE_CONFIG_H
#define AURORA_SERVICE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <aurora/setting.h>

typedef struct aurora_config aurora_config;

#define AURORA_CONFIG_ERROR_BYTES 512

/* Where a value comes from, in rising precedence. */
enum {
    AURORA_CONFIG_DEFAULT = 0,
    AURORA_CONFIG_FILE = 1,
    AURORA_CONFIG_ENVIRONMENT = 2,
    AURORA_CONFIG_FLAG = 3
};

/* What the program was asked for. */
enum {
    AURORA_CONFIG_RUN = 0,
    AURORA_CONFIG_CHECK = 1,   /* --check-config */
    AURORA_CONFIG_PRINT = 2,   /* --print-config */
    AURORA_CONFIG_HELP = 3,    /* --help */
    AURORA_CONFIG_VERSION = 4, /* --version */
};

/* A default of this program alone, in place of the table's. */
typedef struct {
    const char *name;
    const char *text;
    bool is_fixed; /* then another value is refused wherever it stands */
} aurora_config_default;

/* What is read; must outlive the configuration. */
typedef struct {
    const char *program;      /* "aurorad" */
    const char *summary;      /* one sentence for --help */
    int argc;                 /* as main has them */
    char *const *argv;        /* "--order-wait 2s", "--order-wait=2s", "--config FILE" */
    char *const *environment; /* "AURORA_ORDER_WAIT=2s"; NULL = none */
    const aurora_config_default *defaults;
    uint32_t default_count;
    /* What the environment says in another's words of a setting that nothing gives: NULL = nothing,
     * else the name of the variable is in *variable_out. A bad value is warned of and not used.
     * NULL = there are no such words. */
    const char *(*stand_in)(char *const *environment, const char *setting,
                            const char **variable_out);
} aurora_config_source;

typedef struct {
    const aurora_setting_info *info;
    const char *default_text; /* of this program */
    const char *text;
    int64_t number;     /* of a duration (ms), an integer or a bool */
    int32_t source;     /* AURORA_CONFIG_... */
    const char *origin; /* "aurora.ini:3", "AURORA_ORDER_WAIT", "--order-wait", "default" */
} aurora_config_value;

/* Reads everything; with --help or --version nothing but that. False with one line in error_out: an
 * unknown name with the nearest one, a value that breaks its rule, a file that cannot be read, each
 * with its origin. *out is freed with aurora_config_free, also after false. */
bool aurora_config_read(const aurora_config_source *source, aurora_config **out,
                        char error_out[AURORA_CONFIG_ERROR_BYTES]);
void aurora_config_free(aurora_config *config);

int32_t aurora_config_action(const aurora_config *config);
/* All values in the order of the table. */
const aurora_config_value *aurora_config_values(const aurora_config *config, uint32_t *count_out);
/* The value of a setting of the table. */
const aurora_config_value *aurora_config_get(const aurora_config *config, const char *name);
const char *aurora_config_text(const aurora_config *config, const char *name);
int64_t aurora_config_number(const aurora_config *config, const char *name);

/* "order_wait=2s" of each setting of a handle that is not the table's default, and
 * "kafka.NAME=VALUE" of each line of [kafka]: aurora_options.settings. */
const char *const *aurora_config_assignments(const aurora_config *config, uint32_t *count_out);

/* A line of a section that is a list of its own: [kafka], whose names are librdkafka's, and those
 * that name a thing, as [rate_limit.checkout] and [upstream.search]. */
typedef struct {
    const char *section; /* "rate_limit.checkout" */
    const char *name;
    const char *value;
    const char *origin; /* "aurora.ini:12" */
} aurora_config_property;

/* All of them in the order of the file. No name stands twice in one section. What a line means is
 * judged by the part of the program that it is for. */
const aurora_config_property *aurora_config_properties(const aurora_config *config,
                                                       uint32_t *count_out);

/* The one of `names` (each under 64 bytes) that `name` is likely to mean; NULL where none is near.
 * Pure. */
const char *aurora_config_nearest(const char *name, const char *const *names, uint32_t count);

/* Variables that begin with AURORA_ and look like a misspelt setting, and bad ones of those that
 * stand in, one line each. They are no error: orchestrators set variables of such names
 * themselves. */
const char *const *aurora_config_warnings(const aurora_config *config, uint32_t *count_out);

/* The value as it may be shown: a secret is "********", and so is a password in a URL. */
void aurora_config_show(const aurora_config_value *value, char *text_out, size_t capacity);
/* What --print-config, --help and --version answer. */
void aurora_config_print(const aurora_config *config, FILE *file);

#endif
