/* SPDX-License-Identifier: MIT */
/* HMAC is two hashes, written out here, and SHA-256 is looked up once a process: OpenSSL's EVP_MAC
 * and EVP_sha256() look algorithms up by name several times a call, which costs more than the
 * hashing. */
#include "http/hmac.h"

#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define BLOCK_BYTES 64 /* of SHA-256 */
#define INNER 0x36
#define OUTER 0x5c

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256; /* kept until the process ends; NULL = OpenSSL has none to give */

static void find_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static EVP_MD_CTX *hash_open(void)
{
    pthread_once(&once, find_sha256);
    return sha256 != NULL ? EVP_MD_CTX_new() : NULL;
}

static bool hash_begin(EVP_MD_CTX *hash)
{
    return EVP_DigestInit_ex(hash, sha256, NULL) == 1;
}

static bool hash_pieces(EVP_MD_CTX *hash, const aurora__piece *pieces, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > 0 && EVP_DigestUpdate(hash, pieces[i].bytes, pieces[i].len) != 1)
            return false;
    }
    return EVP_DigestFinal_ex(hash, out, NULL) == 1;
}

/* Hashes the key's block, each byte changed by `mark`, then the pieces. */
static bool hash_keyed(EVP_MD_CTX *hash, uint8_t block[BLOCK_BYTES], uint8_t mark,
                       const aurora__piece *pieces, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        block[i] ^= mark;
    return hash_begin(hash) && EVP_DigestUpdate(hash, block, BLOCK_BYTES) == 1 &&
           hash_pieces(hash, pieces, count, out);
}

/* RFC 2104: a key that is longer than a block is hashed first. */
static bool read_key(EVP_MD_CTX *hash, const void *key, size_t key_len, uint8_t block[BLOCK_BYTES])
{
    const aurora__piece whole = {.bytes = key, .len = key_len};
    memset(block, 0, BLOCK_BYTES);
    if (key_len > BLOCK_BYTES)
        return hash_begin(hash) && hash_pieces(hash, &whole, 1, block);
    if (key_len > 0)
        memcpy(block, key, key_len);
    return true;
}

bool aurora__hmac(const void *key, size_t key_len, const aurora__piece *pieces, size_t count,
                  uint8_t mac_out[AURORA__MAC_BYTES])
{
    EVP_MD_CTX *hash = hash_open();
    uint8_t block[BLOCK_BYTES], digest[AURORA__MAC_BYTES];
    const aurora__piece inner = {.bytes = digest, .len = sizeof digest};
    bool is_done = hash != NULL && read_key(hash, key, key_len, block) &&
                   hash_keyed(hash, block, INNER, pieces, count, digest) &&
                   hash_keyed(hash, block, INNER ^ OUTER, &inner, 1, mac_out);
    OPENSSL_cleanse(block, sizeof block);
    EVP_MD_CTX_free(hash);
    return is_done;
}

bool aurora__digest(const void *bytes, size_t len, uint8_t digest_out[AURORA__MAC_BYTES])
{
    static const uint8_t of_nothing[AURORA__MAC_BYTES] = {
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
        0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
        0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    if (len == 0) {
        memcpy(digest_out, of_nothing, sizeof of_nothing); /* most calls have no body */
        return true;
    }
    EVP_MD_CTX *hash = hash_open();
    const aurora__piece whole = {.bytes = bytes, .len = len};
    bool is_done = hash != NULL && hash_begin(hash) && hash_pieces(hash, &whole, 1, digest_out);
    EVP_MD_CTX_free(hash);
    return is_done;
}
