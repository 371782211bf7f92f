/* SPDX-License-Identifier: MIT */
#include "http/hmac.h"

#include <openssl/evp.h>
#include <openssl/params.h>

static bool run(EVP_MAC_CTX *context, const void *key, size_t key_len, const aurora__piece *pieces,
                size_t count, uint8_t *mac_out)
{
    char name[] = "SHA256";
    size_t length = 0;
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", name, 0),
                                     OSSL_PARAM_construct_end()};
    if (EVP_MAC_init(context, key, key_len, parameters) != 1)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > 0 && EVP_MAC_update(context, pieces[i].bytes, pieces[i].len) != 1)
            return false;
    }
    return EVP_MAC_final(context, mac_out, &length, AURORA__MAC_BYTES) == 1 &&
           length == AURORA__MAC_BYTES;
}

bool aurora__hmac(const void *key, size_t key_len, const aurora__piece *pieces, size_t count,
                  uint8_t mac_out[AURORA__MAC_BYTES])
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    bool is_done = context != NULL && run(context, key, key_len, pieces, count, mac_out);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return is_done;
}

bool aurora__digest(const void *bytes, size_t len, uint8_t digest_out[AURORA__MAC_BYTES])
{
    unsigned length = 0;
    return EVP_Digest(bytes, len, digest_out, &length, EVP_sha256(), NULL) == 1;
}
