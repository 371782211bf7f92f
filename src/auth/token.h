/* SPDX-License-Identifier: MIT */
/* The parts of a token, read strictly before anything is verified: three parts of base64url without
 * padding, a header that is an object of which every member is known once, nothing in it that
 * points elsewhere. */
#ifndef AURORA_AUTH_TOKEN_H
#define AURORA_AUTH_TOKEN_H

#include "auth/key.h"
#include "auth/no_memory.h"

#define AURORA__TOKEN_BYTES_MAX 8192
#define AURORA__TOKEN_PART_BYTES_MAX (AURORA__TOKEN_BYTES_MAX * 3 / 4)

typedef struct {
    const aurora__jwt_algorithm *algorithm;
    char id[AURORA__KEY_ID_BYTES]; /* kid; "" = it names none */
    bool is_access_token;          /* typ at+jwt: RFC 9068 */
    size_t signed_len;             /* of "HEADER.PAYLOAD" */
    size_t payload_len, signature_len;
    unsigned char payload[AURORA__TOKEN_PART_BYTES_MAX + 1];
    unsigned char signature[AURORA__TOKEN_PART_BYTES_MAX];
} aurora__token;

/* NULL where it is read, else why it is not: static text, the rest of a sentence; or
 * aurora__auth_no_memory. */
const char *aurora__token_read(const char *text, size_t len, aurora__token *out);

#endif
