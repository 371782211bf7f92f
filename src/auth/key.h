/* SPDX-License-Identifier: MIT */
/* One key that tokens are verified with. Its algorithm is pinned here, by its record, and is never
 * a token's to choose. Immutable once made, counted, and so shared by sets of keys. */
#ifndef AURORA_AUTH_KEY_H
#define AURORA_AUTH_KEY_H

#include <stdatomic.h>
#include <stdbool.h>

#include <openssl/evp.h>

#include "auth/algorithm.h"
#include "http/json_in.h"

#define AURORA__KEY_ID_BYTES 65 /* with its NUL */
#define AURORA__KEY_RSA_BITS_MIN 2048
#define AURORA__KEY_RSA_BITS_MAX 8192

typedef struct {
    _Atomic uint32_t references;
    const aurora__jwt_algorithm *algorithm;
    char id[AURORA__KEY_ID_BYTES]; /* "" = it has none */
    EVP_PKEY *public_key;          /* NULL of HMAC */
    unsigned char *material;       /* of HMAC the secret, else its PEM with a NUL; wiped at last */
    size_t material_len;           /* without the NUL */
} aurora__key;

/* 1 to 64 of [A-Za-z0-9_.~-]. */
bool aurora__key_id_is_good(const char *id);

/* A key out of a JWK (RFC 7517). NULL with one line in why_out: it is to be left out. `is_public`:
 * the document is for everybody, and a secret in it is no secret. Members that are not read, as
 * those of a private key, change nothing. */
aurora__key *aurora__key_of_jwk(aurora_json_value jwk, bool is_public, char why_out[160]);
/* Takes over a public key that OpenSSL has read: RS256, PS256 and the like by `algorithm` (NULL =
 * by its type and curve). NULL with one line in why_out. */
aurora__key *aurora__key_of_public(EVP_PKEY *public_key, const aurora__jwt_algorithm *algorithm,
                                   char why_out[160]);

aurora__key *aurora__key_hold(aurora__key *key);
void aurora__key_drop(aurora__key *key); /* NULL is a no-op */

enum {
    AURORA__KEY_GOOD = 1,
    AURORA__KEY_BAD,
    AURORA__KEY_UNSURE /* there is no memory to tell */
};

/* Whether `signature` is the key's, by its own algorithm, over the text `signed_text` of a token,
 * "HEADER.PAYLOAD". By OpenSSL. Threads: shared. */
int aurora__key_verify(const aurora__key *key, const char *signed_text, size_t len,
                       const unsigned char *signature, size_t signature_len);
/* The same of a whole token, NUL-terminated, by libjwt, which reads the header anew and parses
 * `material` for each call. GOOD where that library lacks the algorithm: then it has no say. */
int aurora__key_confirm(const aurora__key *key, const char *token);

#endif
