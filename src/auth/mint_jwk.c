/* SPDX-License-Identifier: MIT */
/* JWKs of keys that sign, out and in: RFC 7517; RFC 7518, section 6; RFC 8037. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "auth/mint_part.h"
#include "http/base64url.h"
#include "http/json_in.h"
#include "http/json_out.h"

#define NUMBER_BYTES_MAX 1024
#define TEXT_BYTES_MAX 2048
#define MEMBERS_MAX 32

/* Members that are numbers, and OpenSSL's names of them. */
typedef struct {
    const char *member;
    const char *parameter;
    bool is_private;
} number;

static const number rsa_numbers[] = {
    {"n", OSSL_PKEY_PARAM_RSA_N, false},         {"e", OSSL_PKEY_PARAM_RSA_E, false},
    {"d", OSSL_PKEY_PARAM_RSA_D, true},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1, true},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2, true},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, true},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, true}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, true},
};
static const number ec_numbers[] = {
    {"x", OSSL_PKEY_PARAM_EC_PUB_X, false},
    {"y", OSSL_PKEY_PARAM_EC_PUB_Y, false},
    {"d", OSSL_PKEY_PARAM_PRIV_KEY, true},
};

#define RSA_COUNT (sizeof rsa_numbers / sizeof *rsa_numbers)
#define EC_COUNT (sizeof ec_numbers / sizeof *ec_numbers)

/* --- writing ---------------------------------------------------------------------------------- */

static void write_bytes(aurora_json_out *out, const char *name, const unsigned char *bytes,
                        size_t len)
{
    char text[AURORA__BASE64URL_BYTES(NUMBER_BYTES_MAX)];
    aurora__base64url_write(bytes, len, text);
    aurora_json_out_text(out, name, text);
    OPENSSL_cleanse(text, sizeof text);
}

/* `width` 0: as many bytes as it takes. */
static bool write_number(aurora_json_out *out, const EVP_PKEY *pair, const number *what, int width)
{
    unsigned char bytes[NUMBER_BYTES_MAX];
    BIGNUM *value = NULL;
    bool is_good = EVP_PKEY_get_bn_param(pair, what->parameter, &value) == 1;
    int len = is_good && width == 0 ? BN_num_bytes(value) : width;
    is_good = is_good && BN_bn2binpad(value, bytes, len) == len;
    if (is_good)
        write_bytes(out, what->member, bytes, (size_t)len);
    OPENSSL_cleanse(bytes, sizeof bytes);
    BN_clear_free(value);
    return is_good;
}

static bool write_numbers(aurora_json_out *out, const EVP_PKEY *pair, const number *numbers,
                          size_t count, int width, bool is_private)
{
    bool is_good = true;
    for (size_t i = 0; is_good && i < count; i++)
        is_good =
            (numbers[i].is_private && !is_private) || write_number(out, pair, &numbers[i], width);
    return is_good;
}

static bool write_raw(aurora_json_out *out, const EVP_PKEY *pair, bool is_private)
{
    unsigned char bytes[32];
    size_t len = sizeof bytes;
    bool is_good = EVP_PKEY_get_raw_public_key(pair, bytes, &len) == 1;
    if (is_good)
        write_bytes(out, "x", bytes, len);
    len = sizeof bytes;
    if (is_good && is_private && (is_good = EVP_PKEY_get_raw_private_key(pair, bytes, &len) == 1))
        write_bytes(out, "d", bytes, len);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return is_good;
}

static bool write_key(aurora_json_out *out, const aurora_mint *mint, bool is_private)
{
    const aurora__jwt_algorithm *algorithm = mint->algorithm;
    switch (algorithm->family) {
    case AURORA__JWT_HMAC:
        aurora_json_out_text(out, "kty", "oct");
        write_bytes(out, "k", mint->secret, mint->secret_len);
        return true;
    case AURORA__JWT_EC:
        aurora_json_out_text(out, "kty", "EC");
        aurora_json_out_text(out, "crv", algorithm->curve);
        return write_numbers(out, mint->pair, ec_numbers, EC_COUNT, (int)algorithm->bytes,
                             is_private);
    case AURORA__JWT_EDDSA:
        aurora_json_out_text(out, "kty", "OKP");
        aurora_json_out_text(out, "crv", algorithm->curve);
        return write_raw(out, mint->pair, is_private);
    default:
        aurora_json_out_text(out, "kty", "RSA");
        return write_numbers(out, mint->pair, rsa_numbers, RSA_COUNT, 0, is_private);
    }
}

char *aurora_mint_jwk(const aurora_mint *mint, bool is_private)
{
    size_t len;
    aurora_json_out out = {0};
    aurora_json_out_object(&out, NULL);
    aurora_json_out_text(&out, "kid", mint->id);
    aurora_json_out_text(&out, "alg", mint->algorithm->name);
    aurora_json_out_text(&out, "use", "sig");
    bool is_good = write_key(&out, mint, is_private);
    aurora_json_out_close(&out, '}');
    if (is_good)
        return aurora_json_out_end(&out, &len);
    aurora_json_out_drop(&out);
    return NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The text of a member; NULL = there is none. */
static const char *member_of(aurora_json_value object, const char *name)
{
    aurora_json_error error;
    uint32_t count = 0;
    const char *text = NULL;
    if (!aurora_json_members(object, MEMBERS_MAX, &count, &error))
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        const char *own;
        aurora_json_value value;
        aurora_json_member(object, i, &own, &value);
        if (strcmp(own, name) == 0 && !aurora_json_text(value, 1, TEXT_BYTES_MAX, &text, &error))
            text = NULL;
    }
    return text;
}

static size_t read_bytes(aurora_json_value object, const char *name, unsigned char *out, size_t max)
{
    const char *text = member_of(object, name);
    size_t len = 0;
    if (text == NULL || strlen(text) * 3 / 4 > max ||
        !aurora__base64url_read(text, strlen(text), out, &len))
        return 0;
    return len;
}

static EVP_PKEY *make_pair(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *made = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (parameters != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &made, EVP_PKEY_KEYPAIR, parameters) != 1)
        made = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return made;
}

static EVP_PKEY *read_rsa(aurora_json_value object)
{
    unsigned char bytes[NUMBER_BYTES_MAX];
    BIGNUM *values[RSA_COUNT] = {NULL};
    EVP_PKEY *made = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    bool is_good = build != NULL;
    for (size_t i = 0; is_good && i < RSA_COUNT; i++) {
        size_t len = read_bytes(object, rsa_numbers[i].member, bytes, sizeof bytes);
        values[i] = BN_secure_new();
        is_good = len > 0 && values[i] != NULL && BN_bin2bn(bytes, (int)len, values[i]) != NULL &&
                  OSSL_PARAM_BLD_push_BN(build, rsa_numbers[i].parameter, values[i]) == 1;
    }
    if (is_good)
        made = make_pair("RSA", build);
    OSSL_PARAM_BLD_free(build);
    for (size_t i = 0; i < RSA_COUNT; i++)
        BN_clear_free(values[i]);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return made;
}

static EVP_PKEY *read_ec(aurora_json_value object, const aurora__jwt_algorithm *algorithm)
{
    unsigned char point[1 + 2 * 66 + 2] = {POINT_CONVERSION_UNCOMPRESSED}, d_bytes[68];
    size_t bytes = algorithm->bytes;
    EVP_PKEY *made = NULL;
    BIGNUM *d = BN_secure_new();
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (d != NULL && build != NULL && read_bytes(object, "x", point + 1, bytes) == bytes &&
        read_bytes(object, "y", point + 1 + bytes, bytes) == bytes &&
        read_bytes(object, "d", d_bytes, bytes) == bytes &&
        BN_bin2bn(d_bytes, (int)bytes, d) != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, algorithm->group, 0) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * bytes) ==
            1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1)
        made = make_pair("EC", build);
    OSSL_PARAM_BLD_free(build);
    BN_clear_free(d);
    OPENSSL_cleanse(d_bytes, sizeof d_bytes);
    return made;
}

static EVP_PKEY *read_raw(aurora_json_value object)
{
    unsigned char d[32];
    EVP_PKEY *made = NULL;
    if (read_bytes(object, "d", d, sizeof d) == sizeof d)
        made = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, d, sizeof d);
    OPENSSL_cleanse(d, sizeof d);
    return made;
}

static bool read_key(aurora_mint *mint, aurora_json_value object)
{
    switch (mint->algorithm->family) {
    case AURORA__JWT_HMAC:
        mint->secret_len = read_bytes(object, "k", mint->secret, sizeof mint->secret);
        return mint->secret_len >= mint->algorithm->bytes;
    case AURORA__JWT_EC:
        mint->pair = read_ec(object, mint->algorithm);
        break;
    case AURORA__JWT_EDDSA:
        mint->pair = read_raw(object);
        break;
    default:
        mint->pair = read_rsa(object);
    }
    ERR_clear_error();
    return mint->pair != NULL;
}

static bool read_all(aurora_mint *mint, aurora_json_value object)
{
    const char *alg = member_of(object, "alg"), *kid = member_of(object, "kid");
    mint->algorithm = alg != NULL ? aurora__jwt_algorithm_find(alg) : NULL;
    if (mint->algorithm == NULL || kid == NULL || !aurora__key_id_is_good(kid))
        return false;
    snprintf(mint->id, sizeof mint->id, "%s", kid);
    return read_key(mint, object);
}

aurora_mint *aurora_mint_read(const char *text, size_t len, char why_out[160])
{
    aurora_json_doc *doc = NULL;
    aurora_json_error error;
    aurora_mint *mint = calloc(1, sizeof *mint);
    bool is_good = mint != NULL && aurora_json_parse(text, len, &doc, &error) &&
                   read_all(mint, aurora_json_root(doc));
    aurora_json_free(doc);
    if (is_good)
        return mint;
    aurora_mint_free(mint);
    snprintf(why_out, 160, "is no private JWK with alg and kid, as auroractl keygen writes it");
    return NULL;
}
