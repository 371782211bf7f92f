/* SPDX-License-Identifier: MIT */
/* What a token costs: nanoseconds of one judgement by algorithm, of a token that is remembered, of
 * one that is seen first, and of one whose signature is another's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth/auth.h"
#include "auth/mint.h"

#define CACHED_ROUNDS 2000000
#define UNCACHED_ROUNDS 1000
#define CLAIMS_BYTES 512
#define ISSUER "https://id.example.com/"
#define AUDIENCE "aurora"

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t now_ms(void)
{
    return (int64_t)time(NULL) * 1000;
}

static void stop(const char *why)
{
    fprintf(stderr, "bench_jwt: %s\n", why);
    exit(1);
}

/* "Bearer ..." of a customer with a number of its own. */
static char *make_token(const aurora_mint *mint, int number)
{
    char claims[CLAIMS_BYTES];
    snprintf(claims, sizeof claims,
             "{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE
             "\",\"sub\":\"0196a3c2-customer-%d\",\"scope\":\"orders:read orders:write\","
             "\"email\":\"customer%d@shop.example\",\"iat\":%lld,\"exp\":%lld}",
             number, number, (long long)time(NULL), (long long)time(NULL) + 900);
    char *header = aurora_mint_header(mint), *token = aurora_mint_sign(mint, header, claims);
    char *text = token != NULL ? malloc(strlen(token) + 8) : NULL;
    if (text == NULL)
        stop("no token");
    sprintf(text, "Bearer %s", token);
    free(header);
    free(token);
    return text;
}

static void judge(aurora_auth *auth, const char *token, int32_t verdict)
{
    aurora_http_bearer bearer;
    aurora_auth_judge(auth, token, now_ms(), &bearer);
    if (bearer.verdict != verdict)
        stop(bearer.detail != NULL ? bearer.detail : "another verdict");
}

static double measure_cached(aurora_auth *auth, const aurora_mint *mint)
{
    aurora_http_bearer bearer = {0};
    char *token = make_token(mint, 0);
    int64_t at_ms = now_ms();
    judge(auth, token, AURORA_BEARER_GOOD);
    int64_t begin = now_ns();
    for (int i = 0; i < CACHED_ROUNDS && bearer.verdict <= AURORA_BEARER_GOOD; i++)
        aurora_auth_judge(auth, token, at_ms, &bearer);
    int64_t spent = now_ns() - begin;
    if (bearer.verdict != AURORA_BEARER_GOOD)
        stop("a remembered token is refused");
    free(token);
    return (double)spent / CACHED_ROUNDS;
}

static double measure_uncached(aurora_auth *auth, const aurora_mint *mint, int32_t verdict)
{
    static char *tokens[UNCACHED_ROUNDS];
    for (int i = 0; i < UNCACHED_ROUNDS; i++)
        tokens[i] = make_token(mint, i + 1);
    int64_t begin = now_ns();
    for (int i = 0; i < UNCACHED_ROUNDS; i++)
        judge(auth, tokens[i], verdict);
    int64_t spent = now_ns() - begin;
    for (int i = 0; i < UNCACHED_ROUNDS; i++)
        free(tokens[i]);
    return (double)spent / UNCACHED_ROUNDS;
}

static aurora_auth *open_auth(const aurora_mint *mint)
{
    char path[] = "/tmp/aurora-bench-jwt-XXXXXX";
    int fd = mkstemp(path);
    char *jwk = aurora_mint_jwk(mint, false);
    if (fd < 0 || jwk == NULL || write(fd, jwk, strlen(jwk)) != (ssize_t)strlen(jwk))
        stop("no file for the key");
    close(fd);
    const aurora_auth_options options = {.keys = path,
                                         .issuer = ISSUER,
                                         .audience = AUDIENCE,
                                         .ca = "",
                                         .leeway_ms = 60000,
                                         .lifetime_max_ms = 86400000,
                                         .refresh_ms = 300000};
    aurora_auth *auth = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    if (aurora_auth_open(&options, &auth, &err) != AURORA_OK)
        stop(err.message);
    unlink(path);
    free(jwk);
    return auth;
}

int main(void)
{
    static const char *const algorithms[] = {"HS256", "RS256", "PS256", "ES256", "EdDSA"};
    char why[160];
    printf("%-8s %12s %12s %12s  ns of processor time a token\n", "alg", "remembered", "first seen",
           "forged");
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        aurora_mint *mint = aurora_mint_new(algorithms[i], "bench", why);
        aurora_mint *other = aurora_mint_new(algorithms[i], "bench", why);
        if (mint == NULL || other == NULL)
            stop(why);
        aurora_auth *auth = open_auth(mint);
        double cached = measure_cached(auth, mint);
        double uncached = measure_uncached(auth, mint, AURORA_BEARER_GOOD);
        double forged = measure_uncached(auth, other, AURORA_BEARER_BAD);
        printf("%-8s %12.0f %12.0f %12.0f\n", algorithms[i], cached, uncached, forged);
        aurora_auth_close(auth);
        aurora_mint_free(mint);
        aurora_mint_free(other);
    }
    return 0;
}
