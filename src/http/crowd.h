/* SPDX-License-Identifier: MIT */
/* The connections of each client, by its address (IPv6 by the first 64 bits): how many there are,
 * over all loops, and which of a loop's has been idle for longest. So that one client cannot take
 * the places of all. */
#ifndef AURORA_HTTP_CROWD_H
#define AURORA_HTTP_CROWD_H

#include "http/connection.h"

typedef struct aurora__crowd aurora__crowd;

aurora__crowd *aurora__crowd_new(uint32_t loops, uint64_t seed);
void aurora__crowd_free(aurora__crowd *crowd);
/* Counts a connection in; how many there are of its client now, or 0 without memory. Threads: that
 * of its loop, as for those below. */
uint32_t aurora__crowd_join(aurora__crowd *crowd, aurora__connection *connection);
/* Counts it out; one that has not joined is left alone. */
void aurora__crowd_leave(aurora__crowd *crowd, aurora__connection *connection);
/* Among the client's other connections on this loop the one that has been idle for longest; NULL
 * where none is. */
aurora__connection *aurora__crowd_idle(const aurora__connection *connection);

#endif
