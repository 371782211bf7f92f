/* SPDX-License-Identifier: MIT */
/* Tasks that the library takes itself, for a port. */
#ifndef AURORA_API_TASK_TAKE_H
#define AURORA_API_TASK_TAKE_H

#include <aurora/task.h>

/* aurora_task_take of notifications that a port of ours sends, which nobody else is given. */
aurora_status aurora__task_take_notifications(aurora_t *shop, uint32_t capacity, uint32_t lease_ms,
                                              int32_t wait_ms, aurora_task_page **out);

#endif
