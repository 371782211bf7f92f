/* SPDX-License-Identifier: MIT */
/* The algorithms of RFC 7518 and RFC 8037 that tokens may be signed with, as a table. `none` is
 * none of them. */
#ifndef AURORA_AUTH_ALGORITHM_H
#define AURORA_AUTH_ALGORITHM_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    AURORA__JWT_HMAC = 1,
    AURORA__JWT_RSA,     /* RSASSA-PKCS1-v1_5 */
    AURORA__JWT_RSA_PSS, /* with a salt as long as the hash */
    AURORA__JWT_EC,
    AURORA__JWT_EDDSA
} aurora__jwt_family;

typedef struct {
    const char *name; /* as a header has it, in this case alone */
    aurora__jwt_family family;
    const char *hash;  /* of OpenSSL; NULL = the family's own */
    const char *curve; /* as a JWK has it; NULL = none */
    const char *group; /* the same as OpenSSL has it */
    uint32_t bytes;    /* of the hash; of EC of one coordinate; of EdDSA of the public key */
    int32_t libjwt;    /* its jwt_alg_t; 0 = that library lacks it */
} aurora__jwt_algorithm;

/* By the name in a header or in a JWK; NULL = none of ours. */
const aurora__jwt_algorithm *aurora__jwt_algorithm_find(const char *name);
/* The one that belongs to a curve of a JWK, "P-256"; NULL = none. */
const aurora__jwt_algorithm *aurora__jwt_algorithm_of_curve(const char *curve);
/* The same by OpenSSL's name of the group. */
const aurora__jwt_algorithm *aurora__jwt_algorithm_of_group(const char *group);

#endif
