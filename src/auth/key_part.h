/* SPDX-License-Identifier: MIT */
/* What the files that make keys share. */
#ifndef AURORA_AUTH_KEY_PART_H
#define AURORA_AUTH_KEY_PART_H

#include "auth/key.h"

/* A key without its public half yet; NULL without memory. */
aurora__key *aurora__key_new(const aurora__jwt_algorithm *algorithm, const void *material,
                             size_t len);

/* Whether what OpenSSL or libjwt just refused was for lack of memory; empties this thread's queue
 * of errors. */
bool aurora__key_lacks_memory(void);

#endif
