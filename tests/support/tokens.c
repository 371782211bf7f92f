/* SPDX-License-Identifier: MIT */
#include "tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/base64url.h"
#include "http/hmac.h"

aurora_mint *tokens_mint(const char *algorithm, const char *id)
{
    char why[160];
    aurora_mint *mint = aurora_mint_new(algorithm, id, why);
    ck_assert_msg(mint != NULL, "%s: %s", algorithm, why);
    return mint;
}

void tokens_write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

void tokens_write_jwks(const char *path, aurora_mint *const *mints, size_t count)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs("{\"keys\":[", file);
    for (size_t i = 0; i < count; i++) {
        char *jwk = aurora_mint_jwk(mints[i], false);
        fprintf(file, "%s%s", i > 0 ? "," : "", jwk);
        free(jwk);
    }
    fputs("]}", file);
    ck_assert_int_eq(fclose(file), 0);
}

const char *tokens_claims(const char *more)
{
    static char text[16384];
    snprintf(text, sizeof text,
             "{\"sub\":\"alice\",\"iss\":\"" TOKENS_ISSUER "\",\"aud\":\"" TOKENS_AUDIENCE
             "\",\"iat\":%lld,\"exp\":%lld%s%s}",
             (long long)TOKENS_NOW_S, (long long)TOKENS_NOW_S + 600, *more != '\0' ? "," : "",
             more);
    return text;
}

char *tokens_bearer_of(const aurora_mint *mint, const char *header, const char *claims)
{
    char *token = aurora_mint_sign(mint, header, claims);
    ck_assert_ptr_nonnull(token);
    size_t size = strlen(token) + 8;
    char *text = malloc(size);
    snprintf(text, size, "Bearer %s", token);
    free(token);
    return text;
}

char *tokens_bearer(const aurora_mint *mint, const char *claims)
{
    char *header = aurora_mint_header(mint);
    char *text = tokens_bearer_of(mint, header, claims);
    free(header);
    return text;
}

char *tokens_hs256(const void *secret, size_t len, const char *header, const char *claims)
{
    uint8_t mac[AURORA__MAC_BYTES];
    size_t header_len = strlen(header), claims_len = strlen(claims);
    char *token = malloc(2 * (header_len + claims_len) + 128);
    aurora__base64url_write((const uint8_t *)header, header_len, token);
    strcat(token, ".");
    aurora__base64url_write((const uint8_t *)claims, claims_len, token + strlen(token));
    const aurora__piece piece = {.bytes = token, .len = strlen(token)};
    ck_assert(aurora__hmac(secret, len, &piece, 1, mac));
    strcat(token, ".");
    aurora__base64url_write(mac, sizeof mac, token + strlen(token));
    return token;
}

aurora_auth *tokens_auth(const char *keys)
{
    const aurora_auth_options options = {.keys = keys,
                                         .issuer = TOKENS_ISSUER,
                                         .audience = TOKENS_AUDIENCE,
                                         .ca = "",
                                         .leeway_ms = 60000,
                                         .lifetime_max_ms = 86400000,
                                         .refresh_ms = 300000};
    aurora_auth *auth = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status = aurora_auth_open(&options, &auth, &err);
    ck_assert_msg(status == AURORA_OK, "%s: %s", err.field, err.message);
    return auth;
}

const char *tokens_judge(aurora_auth *auth, char *authorization, int32_t verdict)
{
    aurora_http_bearer bearer = {0};
    aurora_auth_judge(auth, authorization, TOKENS_NOW, &bearer);
    ck_assert_msg(bearer.verdict == verdict, "%.200s is %d (%s), expected %d", authorization,
                  bearer.verdict, bearer.detail != NULL ? bearer.detail : "", verdict);
    free(authorization);
    return bearer.detail;
}
