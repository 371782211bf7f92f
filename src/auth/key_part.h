/* SPDX-License-Identifier: MIT */
/* What the files that make keys share. */
#ifndef AURORA_AUTH_KEY_PART_H
#define AURORA_AUTH_KEY_PART_H

#include "auth/key.h"

/* A key without its public half yet; NULL without memory. */
aurora__key *aurora__key_new(const aurora__jwt_algorithm *algorithm, const void *material,
                             size_t len);

#endif
