/* SPDX-License-Identifier: MIT */
#include "auth/mint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "auth/mint_part.h"
#include "http/base64url.h"
#include "http/json_out.h"

#define RSA_BITS 2048
#define SIGNATURE_BYTES_MAX 1024

static void *refuse(char *why, const char *text)
{
    snprintf(why, 160, "%s", text);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool generate(aurora_mint *mint)
{
    const aurora__jwt_algorithm *algorithm = mint->algorithm;
    switch (algorithm->family) {
    case AURORA__JWT_HMAC:
        mint->secret_len = algorithm->bytes;
        return RAND_priv_bytes(mint->secret, (int)mint->secret_len) == 1;
    case AURORA__JWT_EC:
        mint->pair = EVP_EC_gen(algorithm->group);
        break;
    case AURORA__JWT_EDDSA:
        mint->pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        break;
    default:
        mint->pair = EVP_RSA_gen(RSA_BITS);
    }
    return mint->pair != NULL;
}

aurora_mint *aurora_mint_new(const char *algorithm, const char *id, char why_out[160])
{
    const aurora__jwt_algorithm *found = aurora__jwt_algorithm_find(algorithm);
    if (found == NULL)
        return refuse(why_out, "must be HS256, HS384, HS512, RS256, RS384, RS512, PS256, ES256, "
                               "ES384, ES512 or EdDSA");
    if (!aurora__key_id_is_good(id))
        return refuse(why_out, "the kid must be 1 to 64 of [A-Za-z0-9_.~-]");
    aurora_mint *mint = calloc(1, sizeof *mint);
    if (mint == NULL)
        return refuse(why_out, "out of memory");
    mint->algorithm = found;
    snprintf(mint->id, sizeof mint->id, "%s", id);
    if (generate(mint))
        return mint;
    aurora_mint_free(mint);
    return refuse(why_out, "OpenSSL makes no such key");
}

void aurora_mint_free(aurora_mint *mint)
{
    if (mint == NULL)
        return;
    EVP_PKEY_free(mint->pair);
    OPENSSL_cleanse(mint, sizeof *mint);
    free(mint);
}

const char *aurora_mint_algorithm(const aurora_mint *mint)
{
    return mint->algorithm->name;
}

const char *aurora_mint_id(const aurora_mint *mint)
{
    return mint->id;
}

bool aurora_mint_is_secret(const aurora_mint *mint)
{
    return mint->algorithm->family == AURORA__JWT_HMAC;
}

/* --- signing ---------------------------------------------------------------------------------- */

/* From DER to two coordinates of fixed length. */
static size_t split_pair(const aurora__jwt_algorithm *algorithm, unsigned char *signature,
                         size_t len)
{
    const unsigned char *at = signature;
    int half = (int)algorithm->bytes;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool is_good = pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, half) == half &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + half, half) == half;
    ECDSA_SIG_free(pair);
    return is_good ? 2 * (size_t)half : 0;
}

static bool begin_sign(const aurora_mint *mint, EVP_MD_CTX *context)
{
    EVP_PKEY_CTX *options = NULL;
    if (EVP_DigestSignInit_ex(context, &options, mint->algorithm->hash, NULL, NULL, mint->pair,
                              NULL) != 1)
        return false;
    return mint->algorithm->family != AURORA__JWT_RSA_PSS ||
           (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static size_t sign_by_pair(const aurora_mint *mint, const char *text, unsigned char *out)
{
    size_t len = SIGNATURE_BYTES_MAX;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good =
        context != NULL && begin_sign(mint, context) &&
        EVP_DigestSign(context, out, &len, (const unsigned char *)text, strlen(text)) == 1;
    EVP_MD_CTX_free(context);
    if (is_good && mint->algorithm->family == AURORA__JWT_EC)
        return split_pair(mint->algorithm, out, len);
    return is_good ? len : 0;
}

/* 0 where it cannot be made. */
static size_t sign(const aurora_mint *mint, const char *text, unsigned char *out)
{
    size_t len = 0;
    if (!aurora_mint_is_secret(mint))
        return sign_by_pair(mint, text, out);
    if (EVP_Q_mac(NULL, "HMAC", NULL, mint->algorithm->hash, NULL, mint->secret, mint->secret_len,
                  (const unsigned char *)text, strlen(text), out, SIGNATURE_BYTES_MAX,
                  &len) == NULL)
        return 0;
    return len;
}

char *aurora_mint_sign(const aurora_mint *mint, const char *header, const char *claims)
{
    unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t header_len = strlen(header), claims_len = strlen(claims);
    char *token = malloc(AURORA__BASE64URL_BYTES(header_len) + AURORA__BASE64URL_BYTES(claims_len) +
                         AURORA__BASE64URL_BYTES(sizeof signature) + 2);
    if (token == NULL)
        return NULL;
    aurora__base64url_write((const uint8_t *)header, header_len, token);
    size_t at = strlen(token);
    token[at++] = '.';
    aurora__base64url_write((const uint8_t *)claims, claims_len, token + at);
    at += strlen(token + at);
    size_t len = sign(mint, token, signature);
    if (len == 0) {
        free(token);
        return NULL;
    }
    token[at++] = '.';
    aurora__base64url_write(signature, len, token + at);
    return token;
}

char *aurora_mint_header(const aurora_mint *mint)
{
    size_t len;
    aurora_json_out out = {0};
    aurora_json_out_object(&out, NULL);
    aurora_json_out_text(&out, "alg", mint->algorithm->name);
    aurora_json_out_text(&out, "typ", "JWT");
    aurora_json_out_text(&out, "kid", mint->id);
    aurora_json_out_close(&out, '}');
    return aurora_json_out_end(&out, &len);
}
