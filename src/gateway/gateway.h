/* SPDX-License-Identifier: MIT */
/* The gateway: the whole API on one address, each call passed on to the service that it belongs
 * to. It judges requests as the services do, says who asks, repeats what may be repeated, and has
 * no store and no rule of the domain. */
#ifndef AURORA_GATEWAY_GATEWAY_H
#define AURORA_GATEWAY_GATEWAY_H

#include "daemon/daemon.h"

/* What a daemon of this kind is made of. Static. */
const aurora_daemon_parts *aurora_gateway_parts(void);

#endif
