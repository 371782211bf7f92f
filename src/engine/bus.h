/* SPDX-License-Identifier: MIT */
/* The engine's two ends of a bus: the relay publishes the log's events, the inbound listener turns
 * others' events into commands. One thread each, beside the driver; or, where there is no worker,
 * steps of the engine's turns. */
#ifndef AURORA_ENGINE_BUS_H
#define AURORA_ENGINE_BUS_H

#include "engine/engine.h"

#include <aurora/port/bus.h>

typedef struct aurora__bus aurora__bus;

/* The name of the relay's cursor and lease rows. */
#define AURORA__RELAY_NAME "relay"

/* What stands in the way of this set of modules on a bus; NULL = nothing. A set either has all that
 * its modules listen to, or is one module alone. */
const char *aurora__bus_objection(uint32_t modules);

/* Takes the port over, also on failure. */
aurora_status aurora__bus_new(aurora__engine *engine, const aurora_bus *port, aurora__bus **out);

/* Starts the threads, behind the engine's worker, or gets ready for steps. */
aurora_status aurora__bus_start(aurora__bus *bus);

/* The driver's, once a turn: takes the steps that are due, if it is for the host's pump to take
 * them. True when something was done. */
bool aurora__bus_turn(aurora__engine *engine);

/* Milliseconds until such a step is due, 0 = now, -1 = there are none. */
int64_t aurora__bus_next_ms(const aurora__engine *engine);

/* Ends them: the relay's position is saved and its lease given up. The engine still works. */
void aurora__bus_stop(aurora__bus *bus);

/* Closes the port and frees; behind the engine's end. NULL is a no-op. */
void aurora__bus_free(aurora__bus *bus);

/* Any thread: events were appended to the log. Nothing to do without a bus. */
void aurora__bus_wake(aurora__engine *engine);

/* Whether a broker answers; the message says what is missing. */
aurora_status aurora__bus_health(const aurora__bus *bus, char *message_out, size_t bytes);

void aurora__bus_figures(const aurora__bus *bus, aurora_bus_figures *out);
/* At most `capacity` of the partitions that are consumed; how many were written. */
uint32_t aurora__bus_lags(const aurora__bus *bus, aurora_bus_lag *lags_out, uint32_t capacity);

#endif
