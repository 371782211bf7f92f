/* SPDX-License-Identifier: MIT */
#include "auth/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "auth/key_part.h"
#include "http/base64url.h"
#include "http/secret.h"

#define RSA_BYTES_MAX (AURORA__KEY_RSA_BITS_MAX / 8)
#define EXPONENT_BITS_MAX 64
#define PROBE_BYTES 16384 /* about what a verification takes at once */

bool aurora__key_id_is_good(const char *id)
{
    size_t length =
        strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~-");
    return length > 0 && length < AURORA__KEY_ID_BYTES && id[length] == '\0';
}

static void *refuse(char *why, const char *text)
{
    snprintf(why, 160, "%s", text);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

aurora__key *aurora__key_new(const aurora__jwt_algorithm *algorithm, const void *material,
                             size_t len)
{
    aurora__key *key = calloc(1, sizeof *key);
    unsigned char *copy = malloc(len + 1);
    if (key == NULL || copy == NULL) {
        free(key);
        free(copy);
        return NULL;
    }
    memcpy(copy, material, len);
    copy[len] = '\0';
    atomic_init(&key->references, 1);
    key->algorithm = algorithm;
    key->material = copy;
    key->material_len = len;
    return key;
}

aurora__key *aurora__key_hold(aurora__key *key)
{
    atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
    return key;
}

void aurora__key_drop(aurora__key *key)
{
    if (key == NULL || atomic_fetch_sub_explicit(&key->references, 1, memory_order_acq_rel) != 1)
        return;
    OPENSSL_cleanse(key->material, key->material_len);
    free(key->material);
    EVP_PKEY_free(key->public_key);
    free(key);
}

/* --- of OpenSSL's ----------------------------------------------------------------------------- */

/* An even or tiny exponent or modulus would let anybody sign. */
static bool is_good_rsa(const EVP_PKEY *public_key)
{
    BIGNUM *n = NULL, *e = NULL;
    bool is_good = EVP_PKEY_get_bn_param(public_key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                   EVP_PKEY_get_bn_param(public_key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
                   BN_num_bits(n) >= AURORA__KEY_RSA_BITS_MIN &&
                   BN_num_bits(n) <= AURORA__KEY_RSA_BITS_MAX && BN_is_odd(n) && BN_is_odd(e) &&
                   !BN_is_one(e) && BN_num_bits(e) <= EXPONENT_BITS_MAX;
    BN_free(n);
    BN_free(e);
    return is_good;
}

static const aurora__jwt_algorithm *algorithm_of(const EVP_PKEY *public_key)
{
    char group[64];
    if (EVP_PKEY_is_a(public_key, "RSA"))
        return aurora__jwt_algorithm_find("RS256");
    if (EVP_PKEY_is_a(public_key, "ED25519"))
        return aurora__jwt_algorithm_find("EdDSA");
    if (EVP_PKEY_is_a(public_key, "EC") &&
        EVP_PKEY_get_group_name(public_key, group, sizeof group, NULL) == 1)
        return aurora__jwt_algorithm_of_group(group);
    return NULL;
}

static aurora__key *take_pem(EVP_PKEY *public_key, const aurora__jwt_algorithm *algorithm)
{
    char *text;
    aurora__key *key = NULL;
    BIO *pem = BIO_new(BIO_s_mem());
    if (pem != NULL && PEM_write_bio_PUBKEY(pem, public_key) == 1) {
        long len = BIO_get_mem_data(pem, &text);
        key = aurora__key_new(algorithm, text, (size_t)len);
    }
    BIO_free(pem);
    return key;
}

aurora__key *aurora__key_of_public(EVP_PKEY *public_key, const aurora__jwt_algorithm *algorithm,
                                   char why_out[160])
{
    const aurora__jwt_algorithm *own = algorithm_of(public_key);
    aurora__key *key = NULL;
    bool is_rsa = own != NULL && own->family == AURORA__JWT_RSA;
    if (algorithm == NULL)
        algorithm = own;
    bool is_pair = own == algorithm || (is_rsa && (algorithm->family == AURORA__JWT_RSA ||
                                                   algorithm->family == AURORA__JWT_RSA_PSS));
    if (own == NULL)
        refuse(why_out, "is of a type or curve that signs no tokens here");
    else if (!is_pair)
        refuse(why_out, "has an alg that is not of its type and curve");
    else if (is_rsa && !is_good_rsa(public_key))
        refuse(why_out, "must have 2048 to 8192 bits and an odd exponent of at least 3");
    else if ((key = take_pem(public_key, algorithm)) == NULL)
        refuse(why_out, "cannot be kept: out of memory");
    if (key == NULL)
        EVP_PKEY_free(public_key);
    else
        key->public_key = public_key;
    return key;
}

/* --- verifying -------------------------------------------------------------------------------- */

/* OpenSSL notes in its queue what it found no memory for, and that queue needs memory too. */
bool aurora__key_lacks_memory(void)
{
    bool lacks = false;
    unsigned long error;
    while ((error = ERR_get_error()) != 0)
        lacks |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    void *volatile probe = malloc(PROBE_BYTES);
    lacks |= probe == NULL;
    free(probe);
    return lacks;
}

/* RFC 7518, 3.4: two coordinates of fixed length; OpenSSL wants them in DER. NULL without
 * memory. */
static unsigned char *make_der(const aurora__jwt_algorithm *algorithm,
                               const unsigned char *signature, size_t *len_out)
{
    unsigned char *der = NULL;
    int half = (int)algorithm->bytes, der_len = -1;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, half, NULL), *s = BN_bin2bn(signature + half, half, NULL);
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        der_len = i2d_ECDSA_SIG(pair, &der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    *len_out = der_len > 0 ? (size_t)der_len : 0;
    return der_len > 0 ? der : NULL;
}

static int verify_mac(const aurora__key *key, const char *text, size_t len,
                      const unsigned char *signature, size_t signature_len)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    size_t mac_len = 0;
    bool is_made =
        EVP_Q_mac(NULL, "HMAC", NULL, key->algorithm->hash, NULL, key->material, key->material_len,
                  (const unsigned char *)text, len, mac, sizeof mac, &mac_len) != NULL;
    bool is_good = is_made && mac_len == key->algorithm->bytes &&
                   aurora_secret_is_equal(mac, mac_len, signature, signature_len);
    OPENSSL_cleanse(mac, sizeof mac);
    if (!is_made)
        return AURORA__KEY_UNSURE;
    return is_good ? AURORA__KEY_GOOD : AURORA__KEY_BAD;
}

static bool begin_verify(EVP_MD_CTX *context, const aurora__key *key)
{
    EVP_PKEY_CTX *options = NULL;
    if (EVP_DigestVerifyInit_ex(context, &options, key->algorithm->hash, NULL, NULL,
                                key->public_key, NULL) != 1)
        return false;
    return key->algorithm->family != AURORA__JWT_RSA_PSS ||
           (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1);
}

/* The key is known to be whole: that nothing can be begun with it is no fault of the token's. */
static int verify_signature(const aurora__key *key, const char *text, size_t len,
                            const unsigned char *signature, size_t signature_len)
{
    int verdict = AURORA__KEY_UNSURE;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL && begin_verify(context, key)) {
        bool is_good = EVP_DigestVerify(context, signature, signature_len,
                                        (const unsigned char *)text, len) == 1;
        verdict = is_good                      ? AURORA__KEY_GOOD
                  : aurora__key_lacks_memory() ? AURORA__KEY_UNSURE
                                               : AURORA__KEY_BAD;
    }
    EVP_MD_CTX_free(context);
    return verdict;
}

static int verify_pair(const aurora__key *key, const char *text, size_t len,
                       const unsigned char *signature, size_t signature_len)
{
    size_t der_len = 0;
    if (signature_len != 2 * (size_t)key->algorithm->bytes)
        return AURORA__KEY_BAD;
    unsigned char *der = make_der(key->algorithm, signature, &der_len);
    int verdict = der != NULL ? verify_signature(key, text, len, der, der_len) : AURORA__KEY_UNSURE;
    OPENSSL_free(der);
    return verdict;
}

static int verify(const aurora__key *key, const char *text, size_t len,
                  const unsigned char *signature, size_t signature_len)
{
    if (key->algorithm->family == AURORA__JWT_HMAC)
        return verify_mac(key, text, len, signature, signature_len);
    if (key->algorithm->family == AURORA__JWT_EC)
        return verify_pair(key, text, len, signature, signature_len);
    return verify_signature(key, text, len, signature, signature_len);
}

/* OpenSSL does not note all that it found no memory for: what it refuses is shown to it twice. */
int aurora__key_verify(const aurora__key *key, const char *signed_text, size_t len,
                       const unsigned char *signature, size_t signature_len)
{
    ERR_clear_error();
    int verdict = verify(key, signed_text, len, signature, signature_len);
    if (verdict != AURORA__KEY_GOOD)
        verdict = verify(key, signed_text, len, signature, signature_len);
    ERR_clear_error(); /* of this thread's queue, which the next call of TLS would read */
    return verdict;
}
