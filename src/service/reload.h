/* SPDX-License-Identifier: MIT */
/* What SIGHUP does: the settings are read again, and those that an open handle may change are. */
#ifndef AURORA_SERVICE_RELOAD_H
#define AURORA_SERVICE_RELOAD_H

#include "service/config.h"
#include "service/log.h"

/* Rules that the settings' own rows do not know, for what the program changes itself once *config
 * is the new one. */
typedef struct {
    bool (*is_good)(void *self, const aurora_config *config,
                    char error_out[AURORA_CONFIG_ERROR_BYTES]);
    void *self;
} aurora_config_judge;

/* Reads the source of *config again. What differs and is reloadable is put into effect on `shop`
 * (NULL = there is none)
 * (and the level of the log), what differs and is not is said, and *config becomes the new one.
 * Where the new one is refused, by its rules or the judge (NULL = there is none), nothing changes
 * and the call is false. Every outcome is a line of log. */
bool aurora_config_reload(aurora_config **config, const aurora_config_source *source,
                          const aurora_config_judge *judge, aurora_t *shop,
                          aurora_service_log *log);

#endif
