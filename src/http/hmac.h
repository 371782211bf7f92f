/* SPDX-License-Identifier: MIT */
/* HMAC-SHA-256 (RFC 2104) and SHA-256 over pieces, by OpenSSL. */
#ifndef AURORA_HTTP_HMAC_H
#define AURORA_HTTP_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AURORA__MAC_BYTES 32

typedef struct {
    const void *bytes;
    size_t len;
} aurora__piece;

/* False when OpenSSL has no memory: then nothing is to be trusted. */
bool aurora__hmac(const void *key, size_t key_len, const aurora__piece *pieces, size_t count,
                  uint8_t mac_out[AURORA__MAC_BYTES]);
bool aurora__digest(const void *bytes, size_t len, uint8_t digest_out[AURORA__MAC_BYTES]);

#endif
