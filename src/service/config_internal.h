/* SPDX-License-Identifier: MIT */
/* What the files of the configuration share. */
#ifndef AURORA_SERVICE_CONFIG_INTERNAL_H
#define AURORA_SERVICE_CONFIG_INTERNAL_H

#include "service/config.h"

struct aurora_config {
    aurora_config_source source;
    int32_t action;
    const char *file; /* of --config; NULL = none */
    aurora_config_value *values;
    uint32_t count;
    const char **assignments;
    uint32_t assignment_count;
    aurora_config_property *properties;
    uint32_t property_count;
    const char **warnings;
    uint32_t warning_count;
    char **texts; /* all that was allocated for the above */
    uint32_t text_count;
    char *error; /* AURORA_CONFIG_ERROR_BYTES */
};

/* Writes the one line. Returns false. */
bool aurora__config_fail(aurora_config *config, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The list with room for one element more, moved perhaps; NULL, with the error written, without
 * memory: the old one is still there then. */
void *aurora__config_grow(aurora_config *config, void *list, uint32_t count, size_t size);

/* A copy that lives as long as the configuration; NULL, with the error written, without memory. */
const char *aurora__config_keep(aurora_config *config, const char *text, size_t len);

/* The number of a setting's row by a name in any spelling: "order_wait", "order-wait". UINT32_MAX
 * for none. */
uint32_t aurora__config_find(const char *name, size_t len);

/* Sets a value that goes before what is there. */
bool aurora__config_put(aurora_config *config, uint32_t index, const char *text, int32_t source,
                        const char *origin);

/* Fails: no such setting, and which is near. `spell` makes the near name look like this one. */
bool aurora__config_unknown(aurora_config *config, const char *name, const char *origin,
                            void (*spell)(const char *name, char text_out[64]));

bool aurora__config_read_file(aurora_config *config, const char *path);
bool aurora__config_read_environment(aurora_config *config);
/* After all else: what stands for settings that nothing has given. */
bool aurora__config_stand_in(aurora_config *config);
bool aurora__config_read_flags(aurora_config *config);
/* --help, --version, --check-config, --print-config, --config: before anything else is read. */
bool aurora__config_read_actions(aurora_config *config);

/* The whole of a small file, NUL-terminated, to be freed; NULL with the error written. */
char *aurora__config_slurp(aurora_config *config, const char *path, const char *origin,
                           size_t *len_out);
/* Frees what may hold a secret, and leaves nothing of it. */
void aurora__config_wipe(char *text);

#endif
