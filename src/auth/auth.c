/* SPDX-License-Identifier: MIT */
#include "auth/auth.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/cache.h"
#include "auth/keys.h"
#include "auth/token.h"

#define CACHE_BYTES 16777216

struct aurora_auth {
    aurora__keys *keys;
    aurora__token_cache *cache;
    char *issuer, *audience;
    aurora__claim_rules rules;
    _Atomic uint64_t good, bad, unsure, cache_hits;
};

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static aurora_status refuse(aurora_error *err, aurora_status status, const char *field,
                            const char *message)
{
    err->status = status;
    snprintf(err->field, sizeof err->field, "%s", field);
    snprintf(err->message, sizeof err->message, "%s", message);
    return status;
}

/* --- life ------------------------------------------------------------------------------------- */

static aurora_status check(const aurora_auth_options *options, aurora_error *err)
{
    if (options->issuer[0] == '\0')
        return refuse(err, AURORA_EINVAL, "jwt_issuer", "is required with jwt_keys");
    if (options->audience[0] == '\0')
        return refuse(err, AURORA_EINVAL, "jwt_audience", "is required with jwt_keys");
    return AURORA_OK;
}

aurora_status aurora_auth_open(const aurora_auth_options *options, aurora_auth **out,
                               aurora_error *err)
{
    aurora_status status = check(options, err);
    if (status != AURORA_OK)
        return status;
    aurora_auth *auth = calloc(1, sizeof *auth);
    if (auth == NULL)
        return refuse(err, AURORA_ENOMEM, "jwt_keys", "out of memory");
    auth->cache = aurora__token_cache_new(CACHE_BYTES);
    auth->issuer = strdup(options->issuer);
    auth->audience = strdup(options->audience);
    auth->rules = (aurora__claim_rules){.issuer = auth->issuer,
                                        .audience = auth->audience,
                                        .leeway_ms = options->leeway_ms,
                                        .lifetime_max_ms = options->lifetime_max_ms};
    if (auth->cache == NULL || auth->issuer == NULL || auth->audience == NULL)
        status = refuse(err, AURORA_ENOMEM, "jwt_keys", "out of memory");
    else
        status = aurora__keys_open(options, &auth->keys, err);
    if (status == AURORA_OK)
        *out = auth;
    else
        aurora_auth_close(auth);
    return status;
}

aurora_status aurora_auth_check(const aurora_auth_options *options, aurora_error *err)
{
    aurora_status status = check(options, err);
    return status == AURORA_OK ? aurora__keys_check(options, err) : status;
}

void aurora_auth_close(aurora_auth *auth)
{
    if (auth == NULL)
        return;
    aurora__keys_close(auth->keys);
    aurora__token_cache_free(auth->cache);
    free(auth->issuer);
    free(auth->audience);
    free(auth);
}

void aurora_auth_reload(aurora_auth *auth)
{
    aurora__keys_reload(auth->keys);
}

/* --- judging ---------------------------------------------------------------------------------- */

const char aurora__auth_no_memory[] = "There is no memory to read the token with at the moment.";

static const char unknown_key[] = "is signed with a key that is not known";

/* The key of a token that was read; else the verdict is in *out. */
static const aurora__key *find_key(aurora_auth *auth, const aurora__key_set *set,
                                   const aurora__token *token, aurora_http_bearer *out)
{
    const char *id = token->id[0] != '\0' ? token->id : NULL;
    const aurora__key *key = aurora__key_set_find(set, id, token->algorithm);
    out->verdict = AURORA_BEARER_BAD;
    if (key != NULL) {
        out->detail = "has an alg that is not its key's";
        return key->algorithm == token->algorithm ? key : NULL;
    }
    int missed = aurora__keys_miss(auth->keys);
    out->detail = unknown_key;
    if (missed == AURORA__KEYS_SOON)
        out->verdict = AURORA_BEARER_WAIT;
    if (missed == AURORA__KEYS_MISSING) {
        out->verdict = AURORA_BEARER_UNSURE;
        out->detail = "The keys of tokens cannot be had at the moment.";
    }
    return NULL;
}

/* AURORA__KEY_... */
static int check_signature(const aurora__key *key, const char *text, const aurora__token *token)
{
    int verdict =
        aurora__key_verify(key, text, token->signed_len, token->signature, token->signature_len);
    if (verdict != AURORA__KEY_GOOD || token->is_access_token) /* libjwt knows no typ but JWT */
        return verdict;
    return aurora__key_confirm(key, text);
}

/* False: it is not good, and why. */
static bool refuse_token(aurora_http_bearer *out, const char *why)
{
    out->verdict = why == aurora__auth_no_memory ? AURORA_BEARER_UNSURE : AURORA_BEARER_BAD;
    out->detail = why;
    return false;
}

/* Everything but the cache. */
static bool verify(aurora_auth *auth, const aurora__key_set *set, const char *text, size_t len,
                   int64_t now_ms, aurora__claims *claims, aurora_http_bearer *out)
{
    aurora__token token;
    const char *why = aurora__token_read(text, len, &token);
    if (why != NULL)
        return refuse_token(out, why);
    const aurora__key *key = find_key(auth, set, &token, out);
    if (key == NULL)
        return false;
    int verdict = check_signature(key, text, &token);
    if (verdict == AURORA__KEY_UNSURE)
        return refuse_token(out, aurora__auth_no_memory);
    if (verdict == AURORA__KEY_BAD)
        return refuse_token(out, "has a signature that is not its key's");
    why = aurora__claims_read((const char *)token.payload, token.payload_len, &auth->rules, now_ms,
                              claims);
    return why == NULL || refuse_token(out, why);
}

static bool verify_now(aurora_auth *auth, const char *text, size_t len, int64_t now_ms,
                       aurora__claims *claims, aurora_http_bearer *out)
{
    uint64_t generation;
    aurora__key_set *set = aurora__keys_current(auth->keys, &generation);
    bool is_good = verify(auth, set, text, len, now_ms, claims, out);
    if (is_good)
        aurora__token_cache_put(auth->cache, text, len, generation, now_ms, claims);
    aurora__key_set_drop(set);
    return is_good;
}

/* What follows "Bearer" and blanks (RFC 9110, 11.4); NULL for another scheme. */
static const char *token_of(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return NULL;
    authorization += sizeof scheme - 1;
    return authorization + strspn(authorization, " ");
}

/* One that waits is judged again, and counted then. */
static void tally(aurora_auth *auth, int32_t verdict)
{
    _Atomic uint64_t *const counters[] = {[AURORA_BEARER_GOOD] = &auth->good,
                                          [AURORA_BEARER_BAD] = &auth->bad,
                                          [AURORA_BEARER_UNSURE] = &auth->unsure};
    if (counters[verdict] != NULL)
        count(counters[verdict]);
}

void aurora_auth_judge(aurora_auth *auth, const char *authorization, int64_t now_ms,
                       aurora_http_bearer *out)
{
    aurora__claims claims;
    const char *text = token_of(authorization);
    out->verdict = AURORA_BEARER_BAD;
    out->detail = "must be Bearer and a token";
    if (text != NULL) {
        size_t len = strlen(text);
        bool is_cached = aurora__token_cache_find(
            auth->cache, text, len, aurora__keys_generation(auth->keys), now_ms, &claims);
        if (is_cached)
            count(&auth->cache_hits);
        if (is_cached || verify_now(auth, text, len, now_ms, &claims, out)) {
            out->verdict = AURORA_BEARER_GOOD;
            out->detail = NULL;
            out->scopes = claims.scopes;
            memcpy(out->name, claims.subject, strlen(claims.subject) + 1);
            memcpy(out->contact, claims.email, strlen(claims.email) + 1);
        }
    }
    tally(auth, out->verdict);
}

void aurora_auth_figures_get(aurora_auth *auth, aurora_auth_figures *out)
{
    aurora__keys_figures keys;
    aurora__keys_read(auth->keys, &keys);
    *out = (aurora_auth_figures){
        .good = atomic_load_explicit(&auth->good, memory_order_relaxed),
        .bad = atomic_load_explicit(&auth->bad, memory_order_relaxed),
        .unsure = atomic_load_explicit(&auth->unsure, memory_order_relaxed),
        .cache_hits = atomic_load_explicit(&auth->cache_hits, memory_order_relaxed),
        .cached = aurora__token_cache_count(auth->cache),
        .keys = keys.keys,
        .sources = keys.sources,
        .sources_missing = keys.sources_missing,
        .fetches = keys.fetches,
        .fetch_failures = keys.failures,
        .misses = keys.misses,
        .fetched_ms = keys.fetched_ms,
    };
}
