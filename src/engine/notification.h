/* SPDX-License-Identifier: MIT */
/* The follower "notification": turns outcomes of orders into rows, in the same transaction as its
 * cursor, which holds back the trimming of the log. With a notifier of the host's the rows are
 * tasks (core/notification.h); without one the log line is the notification. */
#ifndef AURORA_ENGINE_NOTIFICATION_H
#define AURORA_ENGINE_NOTIFICATION_H

#include "engine/follower.h"

#define AURORA__NOTIFICATION_CURSOR "notification"

/* Lets the follower store what it has with the next turn, however little it is: for takers of
 * tasks, on any thread. */
void aurora__notification_hasten(aurora__engine *engine);

#endif
