/* SPDX-License-Identifier: MIT */
/* For what must be told its port, or must have none that answers. What can bind port 0 needs it
 * not. */
#ifndef AURORA_TESTS_SUPPORT_FREE_PORT_H
#define AURORA_TESTS_SUPPORT_FREE_PORT_H

/* A port of 127.0.0.1 where nobody listens, and that no other test gets before this process ends:
 * scripts/lib/free_port.py says how. */
int free_port(void);

#endif
