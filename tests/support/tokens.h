/* SPDX-License-Identifier: MIT */
/* Keys and tokens for tests: a mint for each algorithm, JWK sets in files, and an aurora_auth over
 * them with rules of its own. */
#ifndef AURORA_TESTS_SUPPORT_TOKENS_H
#define AURORA_TESTS_SUPPORT_TOKENS_H

#include "auth/auth.h"
#include "auth/mint.h"
#include "test.h"

#define TOKENS_NOW INT64_C(1795415886000) /* ms */
#define TOKENS_NOW_S (TOKENS_NOW / 1000)
#define TOKENS_ISSUER "https://id.example/"
#define TOKENS_AUDIENCE "aurora"

/* A new key; its kid is `id`. */
aurora_mint *tokens_mint(const char *algorithm, const char *id);
/* Writes the verifying halves of so many mints to a file, as a JWK set. */
void tokens_write_jwks(const char *path, aurora_mint *const *mints, size_t count);
void tokens_write_file(const char *path, const char *text);
/* {"sub":"alice","iss":...,"aud":...,"iat":now,"exp":now+600,<more>}; `more` may be "". */
const char *tokens_claims(const char *more);
/* "Bearer " and a token that `mint` signs, with its own header; to be freed. */
char *tokens_bearer(const aurora_mint *mint, const char *claims);
/* The same with any header. */
char *tokens_bearer_of(const aurora_mint *mint, const char *header, const char *claims);

/* A token of HS256 with any secret, without "Bearer"; to be freed. */
char *tokens_hs256(const void *secret, size_t len, const char *header, const char *claims);

aurora_auth *tokens_auth(const char *keys);

/* Frees `authorization`. Fails the test where the verdict is another one. Returns the detail. */
const char *tokens_judge(aurora_auth *auth, char *authorization, int32_t verdict);

#endif
