/* SPDX-License-Identifier: MIT */
#include "auth/algorithm.h"

#include <string.h>

#include <jwt.h>

static const aurora__jwt_algorithm table[] = {
    {"HS256", AURORA__JWT_HMAC, "SHA256", NULL, NULL, 32, JWT_ALG_HS256},
    {"HS384", AURORA__JWT_HMAC, "SHA384", NULL, NULL, 48, JWT_ALG_HS384},
    {"HS512", AURORA__JWT_HMAC, "SHA512", NULL, NULL, 64, JWT_ALG_HS512},
    {"RS256", AURORA__JWT_RSA, "SHA256", NULL, NULL, 32, JWT_ALG_RS256},
    {"RS384", AURORA__JWT_RSA, "SHA384", NULL, NULL, 48, JWT_ALG_RS384},
    {"RS512", AURORA__JWT_RSA, "SHA512", NULL, NULL, 64, JWT_ALG_RS512},
    {"PS256", AURORA__JWT_RSA_PSS, "SHA256", NULL, NULL, 32, 0},
    {"ES256", AURORA__JWT_EC, "SHA256", "P-256", "prime256v1", 32, JWT_ALG_ES256},
    {"ES384", AURORA__JWT_EC, "SHA384", "P-384", "secp384r1", 48, JWT_ALG_ES384},
    {"ES512", AURORA__JWT_EC, "SHA512", "P-521", "secp521r1", 66, JWT_ALG_ES512},
    {"EdDSA", AURORA__JWT_EDDSA, NULL, "Ed25519", NULL, 32, 0},
};

#define COUNT (sizeof table / sizeof *table)

static const aurora__jwt_algorithm *find(size_t member, const char *text)
{
    for (size_t i = 0; i < COUNT; i++) {
        const char *own;
        memcpy(&own, (const char *)&table[i] + member, sizeof own);
        if (own != NULL && strcmp(own, text) == 0)
            return &table[i];
    }
    return NULL;
}

const aurora__jwt_algorithm *aurora__jwt_algorithm_find(const char *name)
{
    return find(offsetof(aurora__jwt_algorithm, name), name);
}

const aurora__jwt_algorithm *aurora__jwt_algorithm_of_curve(const char *curve)
{
    return find(offsetof(aurora__jwt_algorithm, curve), curve);
}

const aurora__jwt_algorithm *aurora__jwt_algorithm_of_group(const char *group)
{
    return find(offsetof(aurora__jwt_algorithm, group), group);
}
