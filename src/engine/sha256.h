/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4) over bytes that arrive in pieces. What tells one request from another; no
 * secret is involved. */
#ifndef AURORA_ENGINE_SHA256_H
#define AURORA_ENGINE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define AURORA__SHA256_BYTES 32
#define AURORA__SHA256_BLOCK 64

typedef struct {
    uint32_t state[8];
    uint64_t length; /* bytes taken so far; the last length % 64 of them wait in `block` */
    uint8_t block[AURORA__SHA256_BLOCK];
} aurora__sha256;

void aurora__sha256_init(aurora__sha256 *hash);
void aurora__sha256_add(aurora__sha256 *hash, const void *bytes, size_t length);
/* Writes the digest; the hash is then to be initialised again. */
void aurora__sha256_end(aurora__sha256 *hash, uint8_t digest_out[AURORA__SHA256_BYTES]);

#endif
