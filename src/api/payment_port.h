/* SPDX-License-Identifier: MIT */
/* The provider that a handle calls by itself. */
#ifndef AURORA_API_PAYMENT_PORT_H
#define AURORA_API_PAYMENT_PORT_H

#include "api/handle.h"
#include "api/setting.h"

/* Opens the provider that settings->payment_url names and lets the engine call it. AURORA_ENOTSUP
 * where no driver has its scheme. Whatever it did is undone by aurora_close. */
aurora_status aurora__payment_port_open(aurora_t *shop, const aurora__settings *settings,
                                        const aurora_options *options, aurora_error *err);

/* Lets a port with threads of its own report what it has, while the engine still runs. */
void aurora__payment_port_stop(aurora_t *shop);

#endif
