/* SPDX-License-Identifier: MIT */
/* Can a token, its claims or a document of keys hurt us? The first byte says which of the three the
 * rest is. ./dev fuzz builds and runs it. */
#include "auth/claims.h"
#include "auth/key_set.h"
#include "auth/token.h"

#include <stdlib.h>
#include <string.h>

static const aurora__claim_rules rules = {.issuer = "https://id.example/",
                                          .audience = "aurora",
                                          .leeway_ms = 60000,
                                          .lifetime_max_ms = 86400000};

static void read_token(const char *text, size_t len)
{
    static aurora__token token;
    if (aurora__token_read(text, len, &token) != NULL)
        return;
    if (token.algorithm == NULL || token.signature_len == 0 || token.signed_len >= len)
        abort();
    if (token.id[0] != '\0' && !aurora__key_id_is_good(token.id))
        abort();
}

static void read_claims(const char *text, size_t len)
{
    aurora__claims claims;
    if (aurora__claims_read(text, len, &rules, INT64_C(1795415886000), &claims) != NULL)
        return;
    if (claims.subject[0] == '\0' || claims.until_ms <= INT64_C(1795415886000))
        abort();
}

static void read_keys(const char *text, size_t len)
{
    char why[160];
    aurora__key_set *set = aurora__key_set_new();
    if (set != NULL)
        (void)aurora__key_set_read(set, text, len, true, NULL, NULL, why);
    for (uint32_t i = 0; set != NULL && i < set->count; i++) {
        if (set->keys[i]->algorithm->family == AURORA__JWT_HMAC)
            abort(); /* a secret in a public document */
    }
    aurora__key_set_drop(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *text, size_t len) = {read_token, read_claims,
                                                                    read_keys};
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    readers[data[0] % 3](text, size - 1);
    free(text);
    return 0;
}
