/* SPDX-License-Identifier: MIT */
/* What the files that make keys and tokens share. */
#ifndef AURORA_AUTH_MINT_PART_H
#define AURORA_AUTH_MINT_PART_H

#include "auth/key.h"
#include "auth/mint.h"

#define AURORA__MINT_SECRET_BYTES 64

struct aurora_mint {
    const aurora__jwt_algorithm *algorithm;
    char id[AURORA__KEY_ID_BYTES];
    EVP_PKEY *pair;                                  /* NULL of HMAC */
    unsigned char secret[AURORA__MINT_SECRET_BYTES]; /* of HMAC */
    size_t secret_len;
};

#endif
