/* SPDX-License-Identifier: MIT */
/* What a token whose signature is right says, held against what is asked of it. Pure: the time
 * comes in. */
#ifndef AURORA_AUTH_CLAIMS_H
#define AURORA_AUTH_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/no_memory.h"

#define AURORA__CLAIM_BYTES 256

typedef struct {
    const char *issuer;   /* exactly */
    const char *audience; /* exactly, or one of the token's */
    int64_t leeway_ms;
    int64_t lifetime_max_ms;
} aurora__claim_rules;

typedef struct {
    char subject[AURORA__CLAIM_BYTES];
    char email[AURORA__CLAIM_BYTES]; /* "" = none that can be used */
    uint32_t scopes;                 /* AURORA_SCOPE_... ; names that are not ours are left out */
    int64_t from_ms, until_ms;       /* good from and before, leeway included */
} aurora__claims;

/* NULL where they are good at `now_ms`, else why not: static text, the rest of a sentence; or
 * aurora__auth_no_memory. */
const char *aurora__claims_read(const char *json, size_t len, const aurora__claim_rules *rules,
                                int64_t now_ms, aurora__claims *out);

#endif
