/* SPDX-License-Identifier: MIT */
/* What SIGHUP does: the settings are read again, and those that an open handle may change are. */
#ifndef AURORA_SERVICE_RELOAD_H
#define AURORA_SERVICE_RELOAD_H

#include "service/config.h"
#include "service/log.h"

/* Reads the source of *config again. What differs and is reloadable is put into effect on `shop`
 * (NULL = there is none)
 * (and the level of the log), what differs and is not is said, and *config becomes the new one.
 * Where the new one is refused nothing changes. Every outcome is a line of log. */
void aurora_config_reload(aurora_config **config, const aurora_config_source *source,
                          aurora_t *shop, aurora_service_log *log);

#endif
