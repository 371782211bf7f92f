/* SPDX-License-Identifier: MIT */
/* A token that meets no memory is no bad token: each allocation of judging one fails in turn, those
 * of OpenSSL, libjwt, Jansson and cJSON among them, once and from then on. */
#include "auth/auth.h"

#include <stdio.h>
#include <string.h>

#include "support/scarce.h"
#include "support/tokens.h"

#ifndef SCARCE_IS_LEFT_OUT

static const char *const algorithms[] = {"ES256", "RS256", "EdDSA", "HS256"};

#define ALGORITHMS ((int)(sizeof algorithms / sizeof *algorithms))

static char *folder, *jwks;
static aurora_auth *auth;
static aurora_mint *mints[ALGORITHMS], *mint;
static bool is_lasting;
static int failed;

/* Once: RSA keys take their time. */
static void make_mints(void)
{
    for (int i = 0; i < ALGORITHMS; i++)
        mints[i] = tokens_mint(algorithms[i], "k");
}

static void free_mints(void)
{
    for (int i = 0; i < ALGORITHMS; i++)
        aurora_mint_free(mints[i]);
}

static void set_up(int number)
{
    is_lasting = number % 2 != 0;
    mint = mints[number / 2];
    folder = aurora_tempdir_new();
    size_t size = strlen(folder) + sizeof "/jwks.json";
    jwks = malloc(size);
    snprintf(jwks, size, "%s/jwks.json", folder);
    tokens_write_jwks(jwks, &mint, 1);
    auth = tokens_auth(jwks);
}

static void tear_down(void)
{
    aurora_auth_close(auth);
    free(jwks);
    aurora_tempdir_remove(folder);
}

/* A token that nobody has seen yet. */
static char *new_token(int number)
{
    char more[64];
    snprintf(more, sizeof more, "\"jti\":\"%d\",\"scope\":\"orders:read\"", number);
    return tokens_bearer(mint, tokens_claims(more));
}

/* To read a PEM takes OpenSSL thousands, of which some will do. */
static int next(int at)
{
    return at < 200 ? at + 1 : at + 31;
}

static void judge(const char *token, int at, aurora_http_bearer *out)
{
    *out = (aurora_http_bearer){0};
    scarce_begin(at, is_lasting);
    aurora_auth_judge(auth, token, TOKENS_NOW, out);
    failed = scarce_end();
}

/* Mutation: aurora__token_read says of any parse that fails that the header is no JSON. */
START_TEST(test_auth_memory__lack_of_it_is_no_fault_of_the_token)
{
    set_up(_i);
    int unsure = 0;
    char *token = NULL;
    aurora_http_bearer bearer;

    for (int at = 0; at == 0 || failed > 0; at = next(at)) {
        if (token == NULL)
            token = new_token(at);
        judge(token, at, &bearer);
        ck_assert_msg(
            bearer.verdict == AURORA_BEARER_GOOD || bearer.verdict == AURORA_BEARER_UNSURE,
            "%s, allocation %d: %d, %s", algorithms[_i / 2], at, bearer.verdict, bearer.detail);
        if (bearer.verdict == AURORA_BEARER_UNSURE) {
            ck_assert_ptr_nonnull(strstr(bearer.detail, "memory"));
            unsure++;
            continue;
        }
        free(token); /* which is remembered now */
        token = NULL;
    }

    ck_assert_int_gt(unsure, 10);
    ck_assert_int_eq(bearer.verdict, AURORA_BEARER_GOOD);
    tear_down();
}
END_TEST

/* Mutation: aurora__key_verify answers AURORA__KEY_GOOD where it answers AURORA__KEY_UNSURE. */
START_TEST(test_auth_memory__lack_of_it_lets_nobody_in)
{
    set_up(_i);
    aurora_http_bearer bearer;
    char *token = new_token(0);
    char *signature = strrchr(token, '.') + 1;
    signature[8] = signature[8] == 'A' ? 'B' : 'A';

    for (int at = 0; at == 0 || failed > 0; at = next(at)) {
        judge(token, at, &bearer);
        ck_assert_int_ne(bearer.verdict, AURORA_BEARER_GOOD);
    }

    ck_assert_int_eq(bearer.verdict, AURORA_BEARER_BAD);
    free(token);
    tear_down();
}
END_TEST

static Suite *suite(void)
{
    if (!scarce_works())
        return scarce_skip();
    Suite *s = suite_create("auth_memory");
    TCase *tc = tcase_create("auth_memory");
    tcase_add_unchecked_fixture(tc, make_mints, free_mints);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_auth_memory__lack_of_it_is_no_fault_of_the_token, 0,
                        2 * ALGORITHMS);
    tcase_add_loop_test(tc, test_auth_memory__lack_of_it_lets_nobody_in, 0, 2 * ALGORITHMS);
    suite_add_tcase(s, tc);
    return s;
}

#else

static Suite *suite(void)
{
    return scarce_skip();
}

#endif

AURORA_TEST_MAIN(suite)
