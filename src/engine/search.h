/* SPDX-License-Identifier: MIT */
/* The follower "search": brings product events to an index behind a port. It owes the store
 * nothing: the position that counts is the index's own, and what the log can no longer tell comes
 * from the product table. */
#ifndef AURORA_ENGINE_SEARCH_H
#define AURORA_ENGINE_SEARCH_H

#include "engine/engine.h"

#include <aurora/port/search.h>

/* Adds the follower; the port, copied, must outlive the engine. What is wrong with the index does
 * not fail it: it is tried again, and the log says so. With a worker the index is written by a
 * thread of its own, else by whoever drives. */
aurora_status aurora__follow_search(aurora__engine *engine, const aurora_search_port *port,
                                    aurora_error *err);

/* Applies what this handle knows and has not yet applied: for queries of handles without a worker,
 * which nobody may drive for a while. Does nothing without the follower. */
void aurora__search_flush(aurora__engine *engine);

/* Starts a rebuild. AURORA_ENOTSUP without the follower; what the port says. */
aurora_status aurora__search_rebuild(aurora__engine *engine);

#endif
