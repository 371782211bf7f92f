/* SPDX-License-Identifier: MIT */
/* The bus of a handle: opened from the setting `bus` by a driver of the host's. */
#ifndef AURORA_API_BUS_PORT_H
#define AURORA_API_BUS_PORT_H

#include "api/handle.h"
#include "api/setting.h"

/* Opens the bus, if there is to be one, for the engine; its threads start by _start. A handle that
 * only reads has none. */
aurora_status aurora__bus_port_open(aurora_t *shop, const aurora__settings *settings,
                                    const aurora_options *options, aurora_error *err);

/* Whether the setting is right, as far as that can be said without opening anything. */
aurora_status aurora__bus_port_check(aurora_t *shop, const aurora__settings *settings,
                                     const aurora_options *options, aurora_error *err);

#endif
