/* SPDX-License-Identifier: MIT */
/* A notification as one line of the log: for shops whose log is read by what tells customers, and
 * for trying things out. */
#ifndef AURORA_ENGINE_NOTIFICATION_LINE_H
#define AURORA_ENGINE_NOTIFICATION_LINE_H

#include "core/arena.h"
#include "core/event.h"

/* "order.failed ID customer="..." contact="a***@host" total_minor=2500 currency="EUR"
 * reason=payment_declined": members that an order does not have are left out, and texts are quoted
 * as in JSON. NULL when memory ran out. */
const char *aurora__notification_line(aurora__arena *arena, const aurora__event *event);

/* Writes as much of a contact as lets its owner recognise it: the first character and what follows
 * the '@', or the last two characters of what is no address. At most 255 bytes go in. */
void aurora__notification_mask(const char *contact, char out[264]);

#endif
