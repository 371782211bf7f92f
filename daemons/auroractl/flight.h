/* SPDX-License-Identifier: MIT */
/* Many requests to one server at once, each on a connection that is kept: curl's multi interface
 * under a submit and a take. Retries nothing. */
#ifndef AURORACTL_FLIGHT_H
#define AURORACTL_FLIGHT_H

#include "wire.h"

typedef struct ctl_flight ctl_flight;

/* *out is freed with ctl_flight_free; `endpoint` is copied, its texts are borrowed. */
aurora_status ctl_flight_new(const ctl_endpoint *endpoint, uint32_t connections, ctl_flight **out);
void ctl_flight_free(ctl_flight *flight);

/* Requests that can be submitted now. */
uint32_t ctl_flight_room(const ctl_flight *flight);
/* Sends a request, copied before it returns. AURORA_EBUSY without room; AURORA_ENOMEM. */
aurora_status ctl_flight_submit(ctl_flight *flight, const ctl_request *request, uint64_t tag);

/* Waits at most timeout_ms until something moves, and hands every answer that is there to
 * `landed`, also those that are none (status 0). */
aurora_status ctl_flight_take(ctl_flight *flight, int timeout_ms,
                              void (*landed)(void *self, uint64_t tag, const ctl_reply *reply),
                              void *self);

#endif
