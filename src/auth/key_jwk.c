/* SPDX-License-Identifier: MIT */
/* JWKs (RFC 7517, RFC 7518 section 6, RFC 8037): from base64url numbers to a key of OpenSSL. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "auth/key_part.h"
#include "http/base64url.h"

#define MEMBERS_MAX 64
#define TEXT_BYTES_MAX 4096
#define NUMBER_BYTES_MAX 3072
#define SECRET_BYTES_MAX 512

typedef struct {
    const char *kty, *alg, *use, *kid, *crv, *n, *e, *x, *y, *k;
    bool has_operations, may_verify;
} jwk;

static void *refuse(char *why, const char *text)
{
    snprintf(why, 160, "%s", text);
    return NULL;
}

/* --- members ---------------------------------------------------------------------------------- */

static const char **place_of(jwk *key, const char *name)
{
    const struct {
        const char *name;
        const char **place;
    } places[] = {
        {"kty", &key->kty}, {"alg", &key->alg}, {"use", &key->use}, {"kid", &key->kid},
        {"crv", &key->crv}, {"n", &key->n},     {"e", &key->e},     {"x", &key->x},
        {"y", &key->y},     {"k", &key->k},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (strcmp(places[i].name, name) == 0)
            return places[i].place;
    }
    return NULL;
}

static bool read_operations(jwk *key, aurora_json_value value)
{
    aurora_json_error error;
    uint32_t count;
    const char *operation;
    if (!aurora_json_array(value, 0, MEMBERS_MAX, &count, &error))
        return false;
    key->has_operations = true;
    for (uint32_t i = 0; i < count; i++) {
        if (!aurora_json_text(aurora_json_item(value, i), 1, TEXT_BYTES_MAX, &operation, &error))
            return false;
        key->may_verify |= strcmp(operation, "verify") == 0;
    }
    return true;
}

static bool read_members(aurora_json_value value, jwk *out)
{
    aurora_json_error error;
    uint32_t count;
    if (!aurora_json_members(value, MEMBERS_MAX, &count, &error))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const char *name;
        aurora_json_value member;
        aurora_json_member(value, i, &name, &member);
        const char **place = place_of(out, name);
        if (place != NULL && !aurora_json_text(member, 1, TEXT_BYTES_MAX, place, &error))
            return false;
        if (strcmp(name, "key_ops") == 0 && !read_operations(out, member))
            return false;
    }
    return out->kty != NULL;
}

/* Bytes of a base64url text; 0 for anything else. */
static size_t read_bytes(const char *text, unsigned char *out, size_t max)
{
    size_t len = 0, text_len = text != NULL ? strlen(text) : 0;
    if (text_len == 0 || text_len * 3 / 4 > max ||
        !aurora__base64url_read(text, text_len, out, &len))
        return 0;
    return len;
}

/* --- kinds ------------------------------------------------------------------------------------ */

static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *made = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (parameters != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        made = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return made;
}

static EVP_PKEY *make_rsa(const jwk *key)
{
    unsigned char n_bytes[NUMBER_BYTES_MAX], e_bytes[16];
    size_t n_len = read_bytes(key->n, n_bytes, sizeof n_bytes);
    size_t e_len = read_bytes(key->e, e_bytes, sizeof e_bytes);
    if (n_len == 0 || e_len == 0)
        return NULL;
    EVP_PKEY *made = NULL;
    BIGNUM *n = BN_bin2bn(n_bytes, (int)n_len, NULL), *e = BN_bin2bn(e_bytes, (int)e_len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (n != NULL && e != NULL && build != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        made = make_key("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return made;
}

/* OpenSSL refuses a point that is not on its curve. */
static EVP_PKEY *make_ec(const jwk *key, const aurora__jwt_algorithm *algorithm)
{
    unsigned char point[1 + 2 * 66] = {POINT_CONVERSION_UNCOMPRESSED}, spare[NUMBER_BYTES_MAX];
    size_t bytes = algorithm->bytes;
    if (read_bytes(key->x, spare, sizeof spare) != bytes)
        return NULL;
    memcpy(point + 1, spare, bytes);
    if (read_bytes(key->y, spare, sizeof spare) != bytes)
        return NULL;
    memcpy(point + 1 + bytes, spare, bytes);
    EVP_PKEY *made = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, algorithm->group, 0) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * bytes) == 1)
        made = make_key("EC", build);
    OSSL_PARAM_BLD_free(build);
    return made;
}

static EVP_PKEY *make_okp(const jwk *key)
{
    unsigned char x[NUMBER_BYTES_MAX];
    if (read_bytes(key->x, x, sizeof x) != 32)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, 32);
}

static aurora__key *read_public(const jwk *key, const aurora__jwt_algorithm *algorithm, char *why)
{
    const aurora__jwt_algorithm *of_curve =
        key->crv != NULL ? aurora__jwt_algorithm_of_curve(key->crv) : NULL;
    aurora__jwt_family family = of_curve != NULL ? of_curve->family : 0;
    EVP_PKEY *made = NULL;
    if (strcmp(key->kty, "RSA") == 0)
        made = make_rsa(key);
    else if (strcmp(key->kty, "EC") == 0 && family == AURORA__JWT_EC)
        made = make_ec(key, of_curve);
    else if (strcmp(key->kty, "OKP") == 0 && family == AURORA__JWT_EDDSA)
        made = make_okp(key);
    else
        return refuse(why, "is of a type or curve that signs no tokens here");
    ERR_clear_error();
    if (made == NULL)
        return refuse(why, "has numbers that are no such key");
    return aurora__key_of_public(made, algorithm, why);
}

static aurora__key *read_secret(const jwk *key, const aurora__jwt_algorithm *algorithm,
                                bool is_public, char *why)
{
    unsigned char secret[SECRET_BYTES_MAX];
    aurora__key *made = NULL;
    if (is_public)
        return refuse(why,
                      "is a secret (oct) in a document that others can read: keep it in a file");
    if (algorithm == NULL || algorithm->family != AURORA__JWT_HMAC)
        return refuse(why, "is oct and must have alg HS256, HS384 or HS512");
    size_t len = read_bytes(key->k, secret, sizeof secret);
    if (len < algorithm->bytes)
        refuse(why, "is oct and must have k as long as the hash of its alg, at most 512 bytes");
    else if ((made = aurora__key_new(algorithm, secret, len)) == NULL)
        refuse(why, "cannot be kept: out of memory");
    OPENSSL_cleanse(secret, sizeof secret);
    return made;
}

aurora__key *aurora__key_of_jwk(aurora_json_value value, bool is_public, char why_out[160])
{
    jwk key = {0};
    why_out[0] = '\0';
    if (!read_members(value, &key))
        return refuse(why_out, "is no JWK: kty and what it names must be texts");
    if (key.use != NULL && strcmp(key.use, "sig") != 0)
        return refuse(why_out, "has a use other than sig");
    if (key.has_operations && !key.may_verify)
        return refuse(why_out, "has key_ops without verify");
    if (key.kid != NULL && !aurora__key_id_is_good(key.kid))
        return refuse(why_out, "has a kid that is not 1 to 64 of [A-Za-z0-9_.~-]");
    const aurora__jwt_algorithm *algorithm =
        key.alg != NULL ? aurora__jwt_algorithm_find(key.alg) : NULL;
    if (key.alg != NULL && algorithm == NULL)
        return refuse(why_out, "has an alg that is not taken here");
    bool is_secret = strcmp(key.kty, "oct") == 0;
    aurora__key *made = is_secret ? read_secret(&key, algorithm, is_public, why_out)
                                  : read_public(&key, algorithm, why_out);
    if (made != NULL && key.kid != NULL)
        snprintf(made->id, sizeof made->id, "%s", key.kid);
    return made;
}
