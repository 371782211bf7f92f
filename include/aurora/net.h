/* SPDX-License-Identifier: MIT */
/* libaurora-net: adapters that talk to a network, as one table of drivers for aurora_options. Not
 * part of libaurora; aurora.h does not include it. Link aurora-net beside aurora. */
#ifndef AURORA_NET_H
#define AURORA_NET_H

#include <aurora/port/driver.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The drivers of this library: payment for https: and http: (docs/PAYMENTS.md), notifiers for
 * smtp:, smtps:, https: and http: (docs/NOTIFICATIONS.md), cache and limiter for redis:
 * (docs/REDIS.md), and what else it was built with. The table is static; nothing is registered.
 * Threads: shared. */
AURORA_API const aurora_driver *aurora_net_drivers(uint32_t *count_out);

#ifdef __cplusplus
}
#endif
#endif
