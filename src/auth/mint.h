/* SPDX-License-Identifier: MIT */
/* The other end, for development and tests: keys are made, and tokens signed with them. An identity
 * provider does both in production; no server of ours calls this. */
#ifndef AURORA_AUTH_MINT_H
#define AURORA_AUTH_MINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct aurora_mint aurora_mint; /* a key that signs */

/* A new key. `algorithm`: "ES256" and the like, any that the verifier takes; `id`: its kid, 1 to 64
 * of [A-Za-z0-9_.~-]. RSA keys have 2048 bits. NULL with one line in why_out. */
aurora_mint *aurora_mint_new(const char *algorithm, const char *id, char why_out[160]);
/* The key of a private JWK, as aurora_mint_jwk writes it. NULL with one line in why_out. */
aurora_mint *aurora_mint_read(const char *text, size_t len, char why_out[160]);
void aurora_mint_free(aurora_mint *mint); /* wipes it; NULL is a no-op */

const char *aurora_mint_algorithm(const aurora_mint *mint);
const char *aurora_mint_id(const aurora_mint *mint);
/* Whether its verifier needs the secret itself: then there is no public half. */
bool aurora_mint_is_secret(const aurora_mint *mint);

/* Its JWK, to be freed; NULL without memory. Not `is_private`: without what signs, but where there
 * is no public half. */
char *aurora_mint_jwk(const aurora_mint *mint, bool is_private);

/* A token with this header and these claims (JSON), to be freed; NULL without memory. */
char *aurora_mint_sign(const aurora_mint *mint, const char *header, const char *claims);
/* The header that goes with the key: alg, typ JWT and kid. To be freed; NULL without memory. */
char *aurora_mint_header(const aurora_mint *mint);

#endif
