/* SPDX-License-Identifier: MIT */
#include "http/secret.h"

#include <openssl/crypto.h>

bool aurora_secret_is_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && CRYPTO_memcmp(a, b, a_len) == 0;
}
