/* SPDX-License-Identifier: MIT */
/* S1 to S5 of docs/SECURITY.md: the tokens that are taken, and every other. */
#include "auth/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/key_set.h"
#include "http/route.h"
#include "support/tokens.h"

static char *folder, *jwks;
static aurora_auth *auth;

enum { ES256, RS256, PS256, EDDSA, HS256, MINTS };
static aurora_mint *mints[MINTS];

/* Once: RSA keys take their time. */
static void make_mints(void)
{
    static const char *const algorithms[] = {"ES256", "RS256", "PS256", "EdDSA", "HS256"};
    for (int i = 0; i < MINTS; i++)
        mints[i] = tokens_mint(algorithms[i], algorithms[i]);
}

static void free_mints(void)
{
    for (int i = 0; i < MINTS; i++)
        aurora_mint_free(mints[i]);
}

static void set_up(void)
{
    folder = aurora_tempdir_new();
    size_t size = strlen(folder) + sizeof "/jwks.json";
    jwks = malloc(size);
    snprintf(jwks, size, "%s/jwks.json", folder);
    tokens_write_jwks(jwks, mints, MINTS);
    auth = tokens_auth(jwks);
}

static void tear_down(void)
{
    aurora_auth_close(auth);
    free(jwks);
    aurora_tempdir_remove(folder);
}

static void expect_bad(char *authorization)
{
    ck_assert_ptr_nonnull(tokens_judge(auth, authorization, AURORA_BEARER_BAD));
}

static void expect_good(char *authorization)
{
    ck_assert_ptr_null(tokens_judge(auth, authorization, AURORA_BEARER_GOOD));
}

/* --- what is taken ---------------------------------------------------------------------------- */

START_TEST(test_auth__each_algorithm_signs_tokens_that_are_taken)
{
    static const char *const algorithms[] = {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512",
                                             "PS256", "ES256", "ES384", "ES512", "EdDSA"};
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        aurora_mint *mint = tokens_mint(algorithms[i], "k");
        tokens_write_jwks(jwks, &mint, 1);
        aurora_auth *own = tokens_auth(jwks);

        tokens_judge(own, tokens_bearer(mint, tokens_claims("")), AURORA_BEARER_GOOD);

        aurora_auth_close(own);
        aurora_mint_free(mint);
    }
}
END_TEST

START_TEST(test_auth__principal_is_sub_with_scopes_and_email)
{
    aurora_http_bearer bearer;
    char *text =
        tokens_bearer(mints[ES256], tokens_claims("\"scope\":\"orders:read profile orders:write\","
                                                  "\"email\":\"alice@shop.example\""));

    aurora_auth_judge(auth, text, TOKENS_NOW, &bearer);

    ck_assert_int_eq(bearer.verdict, AURORA_BEARER_GOOD);
    ck_assert_str_eq(bearer.name, "alice");
    ck_assert_str_eq(bearer.contact, "alice@shop.example");
    ck_assert_uint_eq(bearer.scopes, AURORA_SCOPE_ORDERS_READ | AURORA_SCOPE_ORDERS_WRITE);
    free(text);
}
END_TEST

START_TEST(test_auth__scp_is_read_where_there_is_no_scope)
{
    static const struct {
        const char *more;
        uint32_t scopes;
    } rows[] = {
        {"\"scp\":[\"orders:read\",\"admin\"]", AURORA_SCOPE_ORDERS_READ | AURORA_SCOPE_ADMIN},
        {"\"scp\":\"orders:read x\"", AURORA_SCOPE_ORDERS_READ},
        {"\"scp\":[\"admin\"],\"scope\":\"orders:read\"", AURORA_SCOPE_ORDERS_READ},
        {"\"scp\":[\"admin\"],\"scope\":\"\"", 0},
        {"\"scope\":\"Orders:read orders:rea orders:reads  admin \"", AURORA_SCOPE_ADMIN},
        {"\"scopes\":\"admin\"", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_http_bearer bearer;
        char *text = tokens_bearer(mints[ES256], tokens_claims(rows[i].more));

        aurora_auth_judge(auth, text, TOKENS_NOW, &bearer);

        ck_assert_int_eq(bearer.verdict, AURORA_BEARER_GOOD);
        ck_assert_msg(bearer.scopes == rows[i].scopes, "%s: %u", rows[i].more, bearer.scopes);
        free(text);
    }
}
END_TEST

START_TEST(test_auth__types_of_access_tokens_are_taken)
{
    static const char *const headers[] = {
        "{\"alg\":\"ES256\",\"kid\":\"ES256\"}",
        "{\"typ\":\"jwt\",\"alg\":\"ES256\",\"kid\":\"ES256\"}",
        "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"ES256\"}",
        "{\"typ\":\"application/at+jwt\",\"alg\":\"ES256\",\"kid\":\"ES256\"}",
        "{\"alg\":\"ES256\",\"kid\":\"ES256\",\"x5t\":\"abc\",\"nonce\":1}",
        "{\"alg\":\"ES256\"}", /* the only key of this algorithm */
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        expect_good(tokens_bearer_of(mints[ES256], headers[i], tokens_claims("")));
}
END_TEST

/* --- S1: algorithms --------------------------------------------------------------------------- */

/* Mutation: find_key returns the key whatever its algorithm. */
START_TEST(test_auth__algorithm_is_the_keys_own)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"ES256\"}",
        "{\"alg\":\"None\",\"kid\":\"ES256\"}",
        "{\"alg\":\"nOnE\",\"kid\":\"ES256\"}",
        "{\"alg\":\"\",\"kid\":\"ES256\"}",
        "{\"alg\":null,\"kid\":\"ES256\"}",
        "{\"alg\":256,\"kid\":\"ES256\"}",
        "{\"alg\":[\"ES256\"],\"kid\":\"ES256\"}",
        "{\"kid\":\"ES256\"}",
        "{\"alg\":\"es256\",\"kid\":\"ES256\"}",
        "{\"alg\":\"ES256\\u0020\",\"kid\":\"ES256\"}",
        "{\"alg\":\"ES384\",\"kid\":\"ES256\"}",
        "{\"alg\":\"HS256\",\"kid\":\"ES256\"}",
        "{\"alg\":\"RS256\",\"kid\":\"ES256\"}",
        "{\"alg\":\"ES256\",\"alg\":\"none\",\"kid\":\"ES256\"}",
        "{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"ES256\"}",
        "{\"alg\":\"ES256\",\"a\\u006cg\":\"none\",\"kid\":\"ES256\"}",
        "{\"ALG\":\"ES256\",\"kid\":\"ES256\"}",
        "{\"alg\":\"RS256\",\"kid\":\"PS256\"}",
        "{\"alg\":\"PS256\",\"kid\":\"RS256\"}",
        "{\"alg\":\"ES384\",\"kid\":\"ES256\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"ES256\",\"typ\":\"at+jwt\"}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        expect_bad(tokens_bearer_of(mints[ES256], headers[i], tokens_claims("")));
}
END_TEST

static char *without_signature(const char *header)
{
    char *text = tokens_bearer_of(mints[ES256], header, tokens_claims(""));
    strrchr(text, '.')[1] = '\0';
    return text;
}

/* Mutation: aurora__token_read takes an empty signature, and is_signed answers true for it. */
START_TEST(test_auth__token_without_signature_is_refused)
{
    expect_bad(without_signature("{\"alg\":\"none\"}"));
    expect_bad(without_signature("{\"alg\":\"none\",\"kid\":\"ES256\"}"));
    expect_bad(without_signature("{\"alg\":\"ES256\",\"kid\":\"ES256\"}"));
    expect_bad(without_signature("{\"alg\":\"HS256\",\"kid\":\"HS256\"}"));
}
END_TEST

/* Mutation: is_signed asks libjwt alone, which takes HS256 with the PEM as its key, and neither
 * find_key nor aurora__key_confirm compares the algorithm. */
START_TEST(test_auth__public_key_is_no_secret_of_hs256)
{
    static const char *const headers[] = {
        "{\"alg\":\"HS256\",\"kid\":\"RS256\"}", "{\"alg\":\"HS256\"}",
        "{\"alg\":\"RS256\",\"kid\":\"RS256\"}", "{\"alg\":\"hs256\",\"kid\":\"RS256\"}"};
    char why[160], *jwk = aurora_mint_jwk(mints[RS256], false), text[4096];
    aurora__key_set *set = aurora__key_set_new();
    ck_assert(aurora__key_set_read(set, jwk, strlen(jwk), true, NULL, NULL, why));
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char *token = tokens_hs256(set->keys[0]->material, set->keys[0]->material_len, headers[i],
                                   tokens_claims(""));
        snprintf(text, sizeof text, "Bearer %s", token);
        expect_bad(strdup(text));
        free(token);
    }
    aurora__key_set_drop(set);
    free(jwk);
}
END_TEST

/* Mutation: aurora__key_verify answers true. */
START_TEST(test_auth__any_other_bit_of_a_signature_is_refused)
{
    for (int i = 0; i < MINTS; i++) {
        char *text = tokens_bearer(mints[i], tokens_claims(""));
        char *signature = strrchr(text, '.') + 1;
        size_t step = strlen(signature) / 5;
        for (size_t at = 0; at + 1 < strlen(signature); at += step) {
            char kept = signature[at];
            signature[at] = kept == 'A' ? 'B' : 'A';
            expect_bad(strdup(text));
            signature[at] = kept;
        }
        signature[strlen(signature) - 1] = '\0'; /* one letter less */
        expect_bad(text);
    }
}
END_TEST

START_TEST(test_auth__signature_of_one_key_is_not_anothers)
{
    char why[160], *jwk = aurora_mint_jwk(mints[HS256], true);
    aurora_mint *other = tokens_mint("ES256", "ES256");

    expect_bad(tokens_bearer(other, tokens_claims("")));
    expect_bad(
        tokens_bearer_of(mints[RS256], "{\"alg\":\"RS256\",\"kid\":\"PS256\"}", tokens_claims("")));

    aurora_mint_free(other);
    other = aurora_mint_read(jwk, strlen(jwk), why);
    expect_good(tokens_bearer(other, tokens_claims("")));
    aurora_mint_free(other);
    free(jwk);
}
END_TEST

/* --- S2: the header --------------------------------------------------------------------------- */

/* Mutation: the list of refused members in token.c is empty. */
START_TEST(test_auth__header_points_nowhere)
{
    static const char *const members[] = {
        "\"crit\":[\"exp\"]",
        "\"crit\":[]",
        "\"jku\":\"https://evil.example/jwks.json\"",
        "\"x5u\":\"https://evil.example/cert.pem\"",
        "\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "\"x5c\":[\"MIIB\"]",
        "\"enc\":\"A128GCM\"",
        "\"zip\":\"DEF\"",
        "\"b64\":false",
        "\"typ\":\"JOSE\"",
        "\"typ\":\"secevent+jwt\"",
        "\"typ\":1",
    };
    char header[256];
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"ES256\",%s}", members[i]);
        expect_bad(tokens_bearer_of(mints[ES256], header, tokens_claims("")));
    }
}
END_TEST

/* Mutation: aurora__key_id_is_good answers true. */
START_TEST(test_auth__kid_is_a_name_in_a_table)
{
    static const char *const ids[] = {
        "\"../../dev/null\"",
        "\"' OR 1=1\"",
        "\"https://evil.example/\"",
        "\"\"",
        "\"ES256\\u0000\"",
        "\"ES256 \"",
        "\"a/b\"",
        "\"es256\"",
        "\"other\"",
        "1",
        "null",
        "[\"ES256\"]",
        "{\"a\":1}",
        "\"\\u00e9\"",
        "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", /* 65 */
    };
    char header[256], *jwk = aurora_mint_jwk(mints[ES256], false);
    /* A key without an id is the one for ids that none has, but not for what is no id. */
    memcpy(strstr(jwk, "\"kid\""), "\"xid\"", 5);
    tokens_write_file(jwks, jwk);
    aurora_auth *lenient = tokens_auth(jwks);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":%s}", ids[i]);
        expect_bad(tokens_bearer_of(mints[ES256], header, tokens_claims("")));
        bool is_id = strcmp(ids[i], "\"es256\"") == 0 || strcmp(ids[i], "\"other\"") == 0;
        tokens_judge(lenient, tokens_bearer_of(mints[ES256], header, tokens_claims("")),
                     is_id ? AURORA_BEARER_GOOD : AURORA_BEARER_BAD);
    }
    aurora_auth_close(lenient);
    free(jwk);
}
END_TEST

START_TEST(test_auth__kid_of_a_megabyte_is_refused)
{
    size_t size = 1048576;
    char *header = malloc(size + 64);
    int at = sprintf(header, "{\"alg\":\"ES256\",\"kid\":\"");
    memset(header + at, 'a', size);
    memcpy(header + at + size, "\"}", sizeof "\"}");

    expect_bad(tokens_bearer_of(mints[ES256], header, tokens_claims("")));

    free(header);
}
END_TEST

START_TEST(test_auth__parts_are_strict)
{
    char *good = tokens_bearer(mints[ES256], tokens_claims("")), text[8192];
    const char *token = good + 7;
    const char *claims = strchr(token, '.') + 1;
    static const char *const formats[] = {
        "Bearer",       "Bearer ",         "Basic %s",   "Bearer%s",      "Bearer %s.",
        "Bearer .%s",   "Bearer %s=",      "Bearer %s ", "Bearer \"%s\"", "Bearer %s, Bearer x",
        "Bearer %s %s", "Token %s",        "%s",         "Bearer %s.a.b", "Bearer\t%s",
        "Bearer %s+",   "bearer token=%s",
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const char *mark = strstr(formats[i], "%s");
        if (mark == NULL)
            snprintf(text, sizeof text, "%s", formats[i]);
        else
            snprintf(text, sizeof text, "%.*s%s%s", (int)(mark - formats[i]), formats[i], token,
                     mark + 2);
        expect_bad(strdup(text));
    }
    snprintf(text, sizeof text, "Bearer e30.%s", claims); /* {} */
    expect_bad(strdup(text));
    snprintf(text, sizeof text, "Bearer W10.%s", claims); /* [] */
    expect_bad(strdup(text));
    snprintf(text, sizeof text, "bearer  %s", token); /* the scheme in any case, and more blanks */
    expect_good(strdup(text));
    free(good);
}
END_TEST

/* Mutation: aurora__base64url_read takes bits that are left over. */
START_TEST(test_auth__one_token_has_one_spelling)
{
    char *text = tokens_bearer(mints[EDDSA], tokens_claims(""));
    char *last = text + strlen(text) - 1; /* 64 bytes: of the last letter two bits count */
    const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    *last = letters[(strchr(letters, *last) - letters) ^ 1];

    expect_bad(text);
}
END_TEST

START_TEST(test_auth__token_of_more_than_8_kib_is_refused)
{
    char more[8192];
    int at = sprintf(more, "\"x\":\"");
    memset(more + at, 'a', 5000);
    strcpy(more + at + 5000, "\"");
    expect_good(tokens_bearer(mints[ES256], tokens_claims(more)));
    memset(more + at, 'a', 6200);
    strcpy(more + at + 6200, "\"");

    expect_bad(tokens_bearer(mints[ES256], tokens_claims(more)));
}
END_TEST

/* --- S3, S4: claims --------------------------------------------------------------------------- */

#define HEAD "{\"sub\":\"alice\",\"iss\":\"" TOKENS_ISSUER "\",\"aud\":\"aurora\","

static char *with_time(const char *name, int64_t seconds)
{
    static char text[512];
    snprintf(text, sizeof text, HEAD "\"%s\":%lld%s", name, (long long)seconds, "}");
    return text;
}

static char *with_times(int64_t iat, int64_t exp)
{
    static char text[512];
    snprintf(text, sizeof text, HEAD "\"iat\":%lld,\"exp\":%lld}", (long long)(TOKENS_NOW_S + iat),
             (long long)(TOKENS_NOW_S + exp));
    return text;
}

/* Mutation: judge_times answers NULL. */
START_TEST(test_auth__time_is_bounded)
{
    static const struct {
        int64_t iat, exp;
        bool is_good;
    } rows[] = {
        {-600, -59, true},
        {-600, -60, false},
        {-600, -61, false},
        {60, 600, true},
        {61, 600, false},
        {-86400, 0, true},
        {-86401, 0, false},
        {0, 86400, true},
        {0, 86401, false},
        {0, 0, false},
        {30, 10, false},
        {0, 253402300799 - TOKENS_NOW_S, false},
        {-TOKENS_NOW_S, 60, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = tokens_bearer(mints[HS256], with_times(rows[i].iat, rows[i].exp));
        tokens_judge(auth, text, rows[i].is_good ? AURORA_BEARER_GOOD : AURORA_BEARER_BAD);
    }
}
END_TEST

START_TEST(test_auth__without_iat_the_rest_of_the_life_counts)
{
    expect_good(tokens_bearer(mints[HS256], with_time("exp", TOKENS_NOW_S + 86400)));
    expect_good(tokens_bearer(mints[HS256], with_time("exp", TOKENS_NOW_S + 86460)));
    expect_bad(tokens_bearer(mints[HS256], with_time("exp", TOKENS_NOW_S + 86461)));
    expect_bad(tokens_bearer(mints[HS256], with_time("iat", TOKENS_NOW_S)));
}
END_TEST

START_TEST(test_auth__nbf_holds_until_the_leeway)
{
    char more[64];
    snprintf(more, sizeof more, "\"nbf\":%lld", (long long)TOKENS_NOW_S + 60);
    expect_good(tokens_bearer(mints[HS256], tokens_claims(more)));
    snprintf(more, sizeof more, "\"nbf\":%lld", (long long)TOKENS_NOW_S + 61);
    expect_bad(tokens_bearer(mints[HS256], tokens_claims(more)));
}
END_TEST

/* Mutation: read_integer of json_value.c takes what follows the digits. */
START_TEST(test_auth__times_are_whole_seconds)
{
    static const char *const values[] = {
        "\"1795416486\"",
        "1795416486.5",
        "1795416486.0",
        "1.795416486e9",
        "1e400",
        "-1",
        "null",
        "true",
        "[1795416486]",
        "{}",
        "99999999999999999999",
        "253402300800",
        "01795416486",
        "+1795416486",
        "0x6b03a8a6",
    };
    static const char *const names[] = {"exp", "nbf", "iat"};
    char claims[512];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        for (size_t j = 0; j < 3; j++) {
            snprintf(claims, sizeof claims, HEAD "%s\"%s\":%s}",
                     j == 0 ? "" : "\"exp\":1795416486,", names[j], values[i]);
            expect_bad(tokens_bearer(mints[HS256], claims));
        }
    }
}
END_TEST

#define TIMES "\"exp\":1795416486}"
#define ISS "\"iss\":\"" TOKENS_ISSUER "\","
#define AUD "\"aud\":\"aurora\","
#define SUB "\"sub\":\"alice\","

/* Mutation: read_iss compares as far as the token's text goes; or judge does not ask for aud. */
START_TEST(test_auth__issuer_audience_and_subject_are_asked_for)
{
    static const char *const bad[] = {
        "{" SUB AUD TIMES,
        "{" SUB ISS TIMES,
        "{" ISS AUD TIMES,
        "{" SUB AUD "\"iss\":\"https://id.example\"," TIMES,
        "{" SUB AUD "\"iss\":\"https://id.example/x\"," TIMES,
        "{" SUB AUD "\"iss\":\"HTTPS://ID.EXAMPLE/\"," TIMES,
        "{" SUB AUD "\"iss\":[\"" TOKENS_ISSUER "\"]," TIMES,
        "{" SUB AUD "\"iss\":null," TIMES,
        "{" SUB ISS "\"aud\":\"other\"," TIMES,
        "{" SUB ISS "\"aud\":\"aurora2\"," TIMES,
        "{" SUB ISS "\"aud\":\"auror\"," TIMES,
        "{" SUB ISS "\"aud\":\"other aurora\"," TIMES,
        "{" SUB ISS "\"aud\":[]," TIMES,
        "{" SUB ISS "\"aud\":[\"other\"]," TIMES,
        "{" SUB ISS "\"aud\":[\"aurora\",1]," TIMES,
        "{" SUB ISS "\"aud\":{\"aurora\":1}," TIMES,
        "{" SUB ISS "\"aud\":[[\"aurora\"]]," TIMES,
        "{" ISS AUD "\"sub\":\"\"," TIMES,
        "{" ISS AUD "\"sub\":7," TIMES,
        "{" ISS AUD "\"sub\":\"a b\"," TIMES,
        "{" ISS AUD "\"sub\":\"a\\r\\nb\"," TIMES,
        "{" ISS AUD "\"sub\":\"a\\u0000b\"," TIMES,
        "{" ISS AUD "\"sub\":\"a\\u007f\"," TIMES,
        "{" ISS AUD SUB "\"sub\":\"bob\"," TIMES,
        "{" ISS AUD SUB "\"iss\":\"" TOKENS_ISSUER "\"," TIMES,
        "{" ISS AUD SUB "\"scope\":1," TIMES,
        "{" ISS AUD SUB "\"scope\":[\"admin\"]," TIMES,
        "{" ISS AUD SUB "\"scp\":[1]," TIMES,
        "["
        "]",
        "\"a\"",
        "",
        "{" ISS AUD SUB TIMES "x",
        "{" ISS AUD SUB "\"exp\":1795416486,}",
    };
    expect_good(tokens_bearer(mints[HS256], "{" ISS AUD SUB TIMES));
    expect_good(tokens_bearer(mints[HS256], "{" ISS SUB "\"aud\":[\"x\",\"aurora\"]," TIMES));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_bad(tokens_bearer(mints[HS256], bad[i]));
}
END_TEST

START_TEST(test_auth__email_that_is_none_is_left_out)
{
    static const char *const values[] = {
        "1", "\"\"", "\"alice\"", "\"a@b c\"", "\"a@b\\r\\nX: y\"", "null", "[\"a@b\"]"};
    char more[64];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        aurora_http_bearer bearer;
        snprintf(more, sizeof more, "\"email\":%s", values[i]);
        char *text = tokens_bearer(mints[HS256], tokens_claims(more));

        aurora_auth_judge(auth, text, TOKENS_NOW, &bearer);

        ck_assert_int_eq(bearer.verdict, AURORA_BEARER_GOOD);
        ck_assert_str_eq(bearer.contact, "");
        free(text);
    }
}
END_TEST

/* --- the cache -------------------------------------------------------------------------------- */

static uint64_t hits(void)
{
    aurora_auth_figures figures;
    aurora_auth_figures_get(auth, &figures);
    return figures.cache_hits;
}

START_TEST(test_auth__second_sight_of_a_token_is_remembered_as_the_first_was)
{
    aurora_http_bearer first, second;
    char *text = tokens_bearer(mints[ES256], tokens_claims("\"scope\":\"admin\","
                                                           "\"email\":\"a@b\""));
    aurora_auth_judge(auth, text, TOKENS_NOW, &first);
    ck_assert_uint_eq(hits(), 0);

    aurora_auth_judge(auth, text, TOKENS_NOW, &second);

    ck_assert_uint_eq(hits(), 1);
    ck_assert_int_eq(second.verdict, AURORA_BEARER_GOOD);
    ck_assert_str_eq(second.name, first.name);
    ck_assert_str_eq(second.contact, "a@b");
    ck_assert_uint_eq(second.scopes, AURORA_SCOPE_ADMIN);
    free(text);
}
END_TEST

/* Mutation: aurora__token_cache_find does not compare until_ms. */
START_TEST(test_auth__remembered_token_expires)
{
    aurora_http_bearer bearer;
    char *text = tokens_bearer(mints[ES256], tokens_claims(""));
    aurora_auth_judge(auth, text, TOKENS_NOW, &bearer);

    aurora_auth_judge(auth, text, TOKENS_NOW + 659999, &bearer);
    ck_assert_int_eq(bearer.verdict, AURORA_BEARER_GOOD);
    aurora_auth_judge(auth, text, TOKENS_NOW + 660000, &bearer);

    ck_assert_int_eq(bearer.verdict, AURORA_BEARER_BAD);
    free(text);
}
END_TEST

/* Mutation: is_same compares the last 32 bytes, those that are hashed. */
START_TEST(test_auth__token_with_anothers_signature_is_not_taken_for_it)
{
    aurora_http_bearer bearer;
    char *good = tokens_bearer(mints[ES256], tokens_claims(""));
    char *evil = tokens_bearer(mints[ES256], tokens_claims("\"scope\":\"admin\""));
    size_t payload = (size_t)(strrchr(evil, '.') - evil);
    char *mixed = malloc(strlen(good) + payload + 1);
    memcpy(mixed, evil, payload);
    strcpy(mixed + payload, strrchr(good, '.'));
    aurora_auth_judge(auth, good, TOKENS_NOW, &bearer);
    char *same_length = strdup(good);
    same_length[strchr(good, '.') - good + 5] ^= 1;

    expect_bad(mixed);
    expect_bad(same_length);

    free(good);
    free(evil);
}
END_TEST

/* Mutation: merge does not count the generation up. */
START_TEST(test_auth__remembered_token_goes_with_its_key)
{
    char *text = tokens_bearer(mints[ES256], tokens_claims(""));
    char *other = tokens_bearer(mints[RS256], tokens_claims(""));
    expect_good(strdup(text));
    expect_good(strdup(other));
    tokens_write_jwks(jwks, &mints[RS256], 1);

    aurora_auth_reload(auth);

    expect_bad(text);
    expect_good(other);
}
END_TEST

static Suite *auth_suite(void)
{
    Suite *suite = suite_create("auth");
    TCase *tcase = tcase_create("tokens");
    tcase_add_unchecked_fixture(tcase, make_mints, free_mints);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_auth__each_algorithm_signs_tokens_that_are_taken);
    tcase_add_test(tcase, test_auth__principal_is_sub_with_scopes_and_email);
    tcase_add_test(tcase, test_auth__scp_is_read_where_there_is_no_scope);
    tcase_add_test(tcase, test_auth__types_of_access_tokens_are_taken);
    tcase_add_test(tcase, test_auth__algorithm_is_the_keys_own);
    tcase_add_test(tcase, test_auth__token_without_signature_is_refused);
    tcase_add_test(tcase, test_auth__public_key_is_no_secret_of_hs256);
    tcase_add_test(tcase, test_auth__any_other_bit_of_a_signature_is_refused);
    tcase_add_test(tcase, test_auth__signature_of_one_key_is_not_anothers);
    tcase_add_test(tcase, test_auth__header_points_nowhere);
    tcase_add_test(tcase, test_auth__kid_is_a_name_in_a_table);
    tcase_add_test(tcase, test_auth__kid_of_a_megabyte_is_refused);
    tcase_add_test(tcase, test_auth__parts_are_strict);
    tcase_add_test(tcase, test_auth__one_token_has_one_spelling);
    tcase_add_test(tcase, test_auth__token_of_more_than_8_kib_is_refused);
    tcase_add_test(tcase, test_auth__time_is_bounded);
    tcase_add_test(tcase, test_auth__without_iat_the_rest_of_the_life_counts);
    tcase_add_test(tcase, test_auth__nbf_holds_until_the_leeway);
    tcase_add_test(tcase, test_auth__times_are_whole_seconds);
    tcase_add_test(tcase, test_auth__issuer_audience_and_subject_are_asked_for);
    tcase_add_test(tcase, test_auth__email_that_is_none_is_left_out);
    tcase_add_test(tcase, test_auth__second_sight_of_a_token_is_remembered_as_the_first_was);
    tcase_add_test(tcase, test_auth__remembered_token_expires);
    tcase_add_test(tcase, test_auth__token_with_anothers_signature_is_not_taken_for_it);
    tcase_add_test(tcase, test_auth__remembered_token_goes_with_its_key);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(auth_suite)
