/* SPDX-License-Identifier: MIT */
/* Which keys are taken out of which documents, and what OpenSSL makes of them: the vectors of the
 * RFCs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/key_set.h"
#include "http/base64url.h"
#include "support/tokens.h"

#define EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\""
#define OKP                                                                                        \
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\","                                                         \
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define OCT "\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"" /* 32 bytes */

static aurora__key_set *read_set(const char *text, bool is_public)
{
    char why[160];
    aurora__key_set *set = aurora__key_set_new();
    bool is_read = aurora__key_set_read(set, text, strlen(text), is_public, NULL, NULL, why);
    ck_assert_msg(is_read, "%.200s %s", text, why);
    return set;
}

/* The one key of a document; to be dropped with the set. */
static aurora__key_set *read_one(const char *text)
{
    aurora__key_set *set = read_set(text, false);
    ck_assert_msg(set->count == 1, "%.200s gives %u keys", text, set->count);
    return set;
}

static void expect_none(const char *text, bool is_public)
{
    aurora__key_set *set = read_set(text, is_public);
    ck_assert_msg(set->count == 0, "%.200s gives %u keys", text, set->count);
    aurora__key_set_drop(set);
}

/* --- records ---------------------------------------------------------------------------------- */

START_TEST(test_token_keys__algorithm_is_that_of_the_record)
{
    static const struct {
        const char *jwk, *algorithm;
    } rows[] = {
        {"{" EC "}", "ES256"},
        {"{" EC ",\"alg\":\"ES256\",\"use\":\"sig\",\"kid\":\"a.b~c_d-1\"}", "ES256"},
        {"{" EC ",\"key_ops\":[\"verify\"],\"x5t\":\"a\",\"d\":\"AA\"}", "ES256"},
        {"{" OKP "}", "EdDSA"},
        {"{" OCT ",\"alg\":\"HS256\"}", "HS256"},
        {"{\"keys\":[{" OKP "}],\"other\":1}", "EdDSA"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora__key_set *set = read_one(rows[i].jwk);
        ck_assert_str_eq(set->keys[0]->algorithm->name, rows[i].algorithm);
        aurora__key_set_drop(set);
    }
}
END_TEST

/* S1. Mutation: read_secret does not compare the length with the hash, or takes oct without alg. */
START_TEST(test_token_keys__other_keys_are_left_out)
{
    static const char *const jwks[] = {
        "{" OCT "}",
        "{" OCT ",\"alg\":\"HS384\"}",
        "{" OCT ",\"alg\":\"ES256\"}",
        "{" OCT ",\"alg\":\"none\"}",
        "{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ\",\"alg\":\"HS256\"}",
        "{\"kty\":\"oct\",\"k\":\"\",\"alg\":\"HS256\"}",
        "{" EC ",\"alg\":\"ES384\"}",
        "{" EC ",\"alg\":\"HS256\"}",
        "{" EC ",\"alg\":\"RS256\"}",
        "{" EC ",\"alg\":\"ECDH-ES\"}",
        "{" EC ",\"use\":\"enc\"}",
        "{" EC ",\"key_ops\":[\"sign\"]}",
        "{" EC ",\"kid\":\"../a\"}",
        "{" EC ",\"kid\":\"\"}",
        "{" EC ",\"kid\":7}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"11qYAYKxCrfVS_"
        "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcH\"}",
        "{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}",
        "{\"kty\":\"RSA\",\"n\":\"" EC_X "\",\"e\":\"AQAB\"}", /* 256 bits */
        "{\"kty\":\"rsa\"}",
        "{}",
    };
    for (size_t i = 0; i < sizeof jwks / sizeof *jwks; i++)
        expect_none(jwks[i], false);
}
END_TEST

/* Mutation: is_good_rsa answers true: with an exponent of 1 every signature is its own text. */
START_TEST(test_token_keys__weak_rsa_is_left_out)
{
    static const char *const exponents[] = {"AQ", "Ag", "AQAA", "AQAAAAAAAAAB"};
    aurora_mint *mint = tokens_mint("RS256", "a");
    char *jwk = aurora_mint_jwk(mint, false), text[2048];
    const char *n = strstr(jwk, "\"n\":\"") + 5;
    int len = (int)strcspn(n, "\"");
    for (size_t i = 0; i < sizeof exponents / sizeof *exponents; i++) {
        snprintf(text, sizeof text, "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"%s\"}", len, n,
                 exponents[i]);
        expect_none(text, false);
    }
    snprintf(text, sizeof text, "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"AQAB\"}", len, n);
    aurora__key_set *set = read_one(text);
    ck_assert_str_eq(set->keys[0]->algorithm->name, "RS256");
    aurora__key_set_drop(set);
    free(jwk);
    aurora_mint_free(mint);
}
END_TEST

START_TEST(test_token_keys__secret_in_a_public_document_is_left_out)
{
    expect_none("{" OCT ",\"alg\":\"HS256\"}", true);
    aurora__key_set_drop(read_one("{" OCT ",\"alg\":\"HS256\"}"));
}
END_TEST

START_TEST(test_token_keys__what_is_no_document_is_refused)
{
    static const char *const texts[] = {
        "",
        "no keys",
        "[]",
        "{\"keys\":{}}",
        "{\"keys\":[],\"keys\":[]}",
        "{\"keys\":[]} x",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n",
    };
    char why[160];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        aurora__key_set *set = aurora__key_set_new();
        ck_assert_msg(
            !aurora__key_set_read(set, texts[i], strlen(texts[i]), false, NULL, NULL, why), "%s",
            texts[i]);
        ck_assert_str_ne(why, "");
        aurora__key_set_drop(set);
    }
}
END_TEST

START_TEST(test_token_keys__two_keys_have_not_one_id)
{
    aurora__key_set *set = read_set(
        "{\"keys\":[{" EC ",\"kid\":\"a\"},{" OKP ",\"kid\":\"a\"},{" OKP "},{" OKP "}]}", false);

    ck_assert_uint_eq(set->count, 3);
    ck_assert_str_eq(set->keys[0]->algorithm->name, "ES256");
    aurora__key_set_drop(set);
}
END_TEST

/* --- finding ---------------------------------------------------------------------------------- */

START_TEST(test_token_keys__key_is_found_by_its_id_or_where_there_is_no_other)
{
    const aurora__jwt_algorithm *es256 = aurora__jwt_algorithm_find("ES256");
    const aurora__jwt_algorithm *eddsa = aurora__jwt_algorithm_find("EdDSA");
    const aurora__jwt_algorithm *rs256 = aurora__jwt_algorithm_find("RS256");
    aurora__key_set *set =
        read_set("{\"keys\":[{" EC ",\"kid\":\"a\"},{" EC ",\"kid\":\"b\"},{" OKP "}]}", false);

    ck_assert_ptr_eq(aurora__key_set_find(set, "a", es256), set->keys[0]);
    ck_assert_ptr_eq(aurora__key_set_find(set, "b", es256), set->keys[1]);
    ck_assert_ptr_eq(aurora__key_set_find(set, "a", eddsa), set->keys[0]); /* to be refused then */
    ck_assert_ptr_eq(aurora__key_set_find(set, "c", eddsa), set->keys[2]);
    ck_assert_ptr_eq(aurora__key_set_find(set, NULL, eddsa), set->keys[2]);
    ck_assert_ptr_null(aurora__key_set_find(set, NULL, es256)); /* which of the two? */
    ck_assert_ptr_null(aurora__key_set_find(set, "c", es256));
    ck_assert_ptr_null(aurora__key_set_find(set, "c", rs256));
    ck_assert_ptr_null(aurora__key_set_find(set, "", es256));
    aurora__key_set_drop(set);
}
END_TEST

/* --- signatures of others --------------------------------------------------------------------- */

static void expect_vector(const char *jwk, const char *token)
{
    unsigned char signature[512];
    size_t len;
    aurora__key_set *set = read_one(jwk);
    const char *dot = strrchr(token, '.');
    ck_assert(aurora__base64url_read(dot + 1, strlen(dot + 1), signature, &len));

    ck_assert_int_eq(aurora__key_verify(set->keys[0], token, (size_t)(dot - token), signature, len),
                     AURORA__KEY_GOOD);

    signature[len / 2] ^= 1;
    ck_assert_int_eq(aurora__key_verify(set->keys[0], token, (size_t)(dot - token), signature, len),
                     AURORA__KEY_BAD);
    aurora__key_set_drop(set);
}

/* RFC 7515, appendices A.1 and A.3; RFC 8037, appendix A.4. */
START_TEST(test_token_keys__vectors_of_the_rfcs_verify)
{
    expect_vector(
        "{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1"
        "qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}",
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    expect_vector("{" EC "}", "eyJhbGciOiJFUzI1NiJ9."
                              "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                              "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
                              "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
                              "pmWQxfKTUJqPP3-Kg6NU1Q");
    expect_vector("{" OKP "}", "eyJhbGciOiJFZERTQSJ9."
                               "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
                               "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B"
                               "hVsPt9g7sVvpAr_MuM0KAg");
}
END_TEST

/* S1: r and s of 0 verify under a verifier that forgets to look (CVE-2022-21449). */
START_TEST(test_token_keys__signature_of_zeros_is_refused)
{
    static const unsigned char zeros[64];
    aurora__key_set *set = read_one("{" EC "}");

    ck_assert_int_eq(aurora__key_verify(set->keys[0], "a.b", 3, zeros, 64), AURORA__KEY_BAD);
    ck_assert_int_eq(aurora__key_verify(set->keys[0], "a.b", 3, zeros, 63), AURORA__KEY_BAD);
    ck_assert_int_eq(aurora__key_verify(set->keys[0], "a.b", 3, zeros, 0), AURORA__KEY_BAD);
    aurora__key_set_drop(set);
}
END_TEST

/* The PEM of a public key as the secret of HS256: what libjwt 1.10 takes when it is asked alone.
 * Mutation: aurora__key_confirm does not compare what jwt_get_alg says. */
START_TEST(test_token_keys__libjwt_is_not_let_choose)
{
    aurora_mint *mint = tokens_mint("RS256", "a");
    char *jwk = aurora_mint_jwk(mint, false);
    aurora__key_set *set = read_one(jwk);
    const aurora__key *key = set->keys[0];
    char *token = tokens_hs256(key->material, key->material_len, "{\"alg\":\"HS256\"}", "{}");

    ck_assert_int_eq(aurora__key_confirm(key, token), AURORA__KEY_BAD);
    ck_assert_int_eq(aurora__key_confirm(key, "eyJhbGciOiJub25lIn0.e30."), AURORA__KEY_BAD);

    free(token);
    free(jwk);
    aurora_mint_free(mint);
    aurora__key_set_drop(set);
}
END_TEST

static Suite *token_keys_suite(void)
{
    Suite *suite = suite_create("token_keys");
    TCase *tcase = tcase_create("keys");
    tcase_add_test(tcase, test_token_keys__algorithm_is_that_of_the_record);
    tcase_add_test(tcase, test_token_keys__other_keys_are_left_out);
    tcase_add_test(tcase, test_token_keys__weak_rsa_is_left_out);
    tcase_add_test(tcase, test_token_keys__secret_in_a_public_document_is_left_out);
    tcase_add_test(tcase, test_token_keys__what_is_no_document_is_refused);
    tcase_add_test(tcase, test_token_keys__two_keys_have_not_one_id);
    tcase_add_test(tcase, test_token_keys__key_is_found_by_its_id_or_where_there_is_no_other);
    tcase_add_test(tcase, test_token_keys__vectors_of_the_rfcs_verify);
    tcase_add_test(tcase, test_token_keys__signature_of_zeros_is_refused);
    tcase_add_test(tcase, test_token_keys__libjwt_is_not_let_choose);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(token_keys_suite)
