/* SPDX-License-Identifier: MIT */
/* Can a token, its claims or a document of keys hurt us? The first byte says which of them the rest
 * is. Of a whole token, judged by four keys of which nobody has the private half, only one payload
 * was ever signed: nothing else may pass. ./dev fuzz builds and runs it. */
#include "auth/claims.h"
#include "auth/key_set.h"
#include "auth/token.h"

#include <stdlib.h>
#include <string.h>

static const aurora__claim_rules rules = {.issuer = "https://id.example/",
                                          .audience = "aurora",
                                          .leeway_ms = 60000,
                                          .lifetime_max_ms = 86400000};

static const char signed_payload[] = "{\"sub\":\"alice\"}";
static const char key_text[] =
    "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"h\",\"alg\":\"HS256\",\"k\":\"YSBzZWNyZXQgb2YgYXQgbGVh"
    "c3QgdGhpcnR5LXR3byBieXRlcw\"},{\"kty\":\"EC\",\"kid\":\"e\",\"crv\":\"P-256\",\"alg\":\"ES25"
    "6\",\"x\":\"WG0vbmAvSGFuM56wtiEipthIde4y5OD7cbm_2aHJcH4\",\"y\":\"3PzVMhcEiLFQ4JcNm9pee-6RPQ"
    "JOFf7EOw8CExHhtzk\"},{\"kty\":\"OKP\",\"kid\":\"o\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\""
    "x\":\"wo_j5VZcJVcPjTCJF19BJh9L1uKcyGvPK1cmg2hNH9E\"},{\"kty\":\"RSA\",\"kid\":\"r\",\"alg\":"
    "\"RS256\",\"n\":\"uP39nJErbzsBjL-t02mnLFzTfzziVP2CAdLIIomFqkNGdH7XdhWcbQBxAMeYOAPDOCyJr95aN8"
    "JAMgsBn_A4lnkAv8HGb1iMvH5hhLzppYtIyFt2SxKWryCncZU4l7Pes3rECQ2i4X5l9PY9S-_-mQbT4HZT4Xd1QtUOCb"
    "Q3KwkOiXoxXE_bC275iL3kRAps51_WwCDJG9T5E3drrKtHQJiukj0F6yowbg0tKmCvQcavHrYxxHFuvMCI4atpUV3wly"
    "VKntFF8T2f77-Olcar2KVIGhANet6UeuZs242fm2_IsJi2H3xCdFujPb_W1BCXfwY6KHYZKjUu2_eEKhzYtQ\",\"e\""
    ":\"AQAB\"}]}";

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

static aurora__key_set *own_keys(void)
{
    static aurora__key_set *set;
    char why[160];
    if (set != NULL)
        return set;
    set = aurora__key_set_new();
    if (set == NULL ||
        !aurora__key_set_read(set, key_text, sizeof key_text - 1, false, NULL, NULL, why) ||
        set->count != 4)
        abort();
    return set;
}

/* As a server judges one: by the key that it names, and that key's algorithm. */
static void judge_token(const char *text, size_t len)
{
    static aurora__token token;
    if (aurora__token_read(text, len, &token) != NULL)
        return;
    const char *id = token.id[0] == '\0' ? NULL : token.id;
    const aurora__key *key = aurora__key_set_find(own_keys(), id, token.algorithm);
    if (key == NULL || key->algorithm != token.algorithm ||
        aurora__key_verify(key, text, token.signed_len, token.signature, token.signature_len) !=
            AURORA__KEY_GOOD)
        return;
    bool is_ours = token.payload_len == sizeof signed_payload - 1 &&
                   memcmp(token.payload, signed_payload, token.payload_len) == 0;
    (void)aurora__key_confirm(key, text);
    if (!is_ours)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *text, size_t len) = {read_token, read_claims,
                                                                    read_keys, judge_token};
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    readers[data[0] % 4](text, size - 1);
    free(text);
    return 0;
}
