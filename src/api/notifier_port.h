/* SPDX-License-Identifier: MIT */
/* The notifier that a driver opens from the setting `notify`, and the thread that hands it
 * tasks. */
#ifndef AURORA_API_NOTIFIER_PORT_H
#define AURORA_API_NOTIFIER_PORT_H

#include "api/handle.h"
#include "api/setting.h"

typedef struct aurora__notifier aurora__notifier;

/* Opens the port that settings->notify_url names, before there is an engine. AURORA_ENOTSUP where
 * no driver has its scheme. */
aurora_status aurora__notifier_open(aurora_t *shop, const aurora__settings *settings,
                                    const aurora_options *options, aurora_error *err);
/* AURORA_NOTIFIER_... of the port; 0 without one. */
uint32_t aurora__notifier_flags(const aurora__notifier *notifier);
/* Starts to hand over tasks, with the engine. */
aurora_status aurora__notifier_start(aurora_t *shop, aurora_error *err);
/* Hands over no more, and lets the port report what it has while the engine still runs. NULL is a
 * no-op. */
void aurora__notifier_stop(aurora__notifier *notifier);
/* NULL is a no-op. In a forked child nothing of the port is touched. */
void aurora__notifier_free(aurora__notifier *notifier, bool is_owner);

#endif
