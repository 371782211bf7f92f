/* SPDX-License-Identifier: MIT */
/* What readers of a token say where they found no memory, which is no fault of the token's. Told
 * from their other texts by its address. */
#ifndef AURORA_AUTH_NO_MEMORY_H
#define AURORA_AUTH_NO_MEMORY_H

extern const char aurora__auth_no_memory[];

#endif
