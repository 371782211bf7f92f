/* SPDX-License-Identifier: MIT */
#include "auth/key_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#define JWKS_MAX 256 /* in one document, with those that are left out */

static bool fail(char *why, const char *text)
{
    snprintf(why, 160, "%s", text);
    return false;
}

/* --- life ------------------------------------------------------------------------------------- */

aurora__key_set *aurora__key_set_new(void)
{
    aurora__key_set *set = calloc(1, sizeof *set);
    if (set != NULL)
        atomic_init(&set->references, 1);
    return set;
}

aurora__key_set *aurora__key_set_hold(aurora__key_set *set)
{
    atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
    return set;
}

void aurora__key_set_drop(aurora__key_set *set)
{
    if (set == NULL || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < set->count; i++)
        aurora__key_drop(set->keys[i]);
    free(set);
}

/* --- keys ------------------------------------------------------------------------------------- */

bool aurora__key_set_add(aurora__key_set *set, aurora__key *key, char why_out[160])
{
    bool is_taken = false;
    for (uint32_t i = 0; i < set->count && key->id[0] != '\0'; i++)
        is_taken |= strcmp(set->keys[i]->id, key->id) == 0;
    if (is_taken)
        fail(why_out, "has the kid of another key");
    else if (set->count == AURORA__KEYS_MAX)
        fail(why_out, "is one more than the 64 that are kept");
    else {
        set->keys[set->count++] = key;
        return true;
    }
    aurora__key_drop(key);
    return false;
}

const aurora__key *aurora__key_set_find(const aurora__key_set *set, const char *id,
                                        const aurora__jwt_algorithm *algorithm)
{
    const aurora__key *only = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        const aurora__key *key = set->keys[i];
        if (id != NULL && key->id[0] != '\0' && strcmp(key->id, id) == 0)
            return key;
        if (key->algorithm == algorithm && (id == NULL || key->id[0] == '\0')) {
            only = key;
            count++;
        }
    }
    return count == 1 ? only : NULL;
}

/* --- documents -------------------------------------------------------------------------------- */

typedef struct {
    aurora__key_set *set;
    bool is_public;
    void (*skipped)(void *self, const char *why);
    void *self;
} reading;

static void skip(const reading *r, uint32_t number, const char *why)
{
    char line[224];
    snprintf(line, sizeof line, "key %u %s", number + 1, why);
    if (r->skipped != NULL)
        r->skipped(r->self, line);
}

static void read_jwk(const reading *r, aurora_json_value value, uint32_t number)
{
    char why[160];
    aurora__key *key = aurora__key_of_jwk(value, r->is_public, why);
    if (key == NULL || !aurora__key_set_add(r->set, key, why))
        skip(r, number, why);
}

/* The member "keys"; absent where the document is one JWK. */
static bool find_keys(aurora_json_value root, aurora_json_value *out)
{
    aurora_json_error error;
    uint32_t count;
    *out = (aurora_json_value){0};
    if (!aurora_json_members(root, JWKS_MAX, &count, &error))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const char *name;
        aurora_json_value member;
        aurora_json_member(root, i, &name, &member);
        if (strcmp(name, "keys") == 0)
            *out = member;
    }
    return true;
}

static bool read_json(const reading *r, const char *text, size_t len, char *why)
{
    aurora_json_doc *doc;
    aurora_json_error error;
    aurora_json_value keys;
    uint32_t count = 0;
    if (!aurora_json_parse(text, len, &doc, &error)) {
        snprintf(why, 160, "is neither PEM nor JSON: %.100s", error.detail);
        return false;
    }
    bool is_good = find_keys(aurora_json_root(doc), &keys);
    if (is_good && !aurora_json_is_present(keys))
        read_jwk(r, aurora_json_root(doc), 0);
    else
        is_good = is_good && aurora_json_array(keys, 0, JWKS_MAX, &count, &error);
    for (uint32_t i = 0; is_good && i < count; i++)
        read_jwk(r, aurora_json_item(keys, i), i);
    aurora_json_free(doc);
    return is_good || fail(why, "must be an object with an array \"keys\" of at most 256 JWKs");
}

static bool read_pem(const reading *r, const char *text, size_t len, char *why)
{
    BIO *pem = BIO_new_mem_buf(text, (int)len);
    EVP_PKEY *public_key;
    uint32_t number = 0;
    char skipped[160];
    while (pem != NULL && (public_key = PEM_read_bio_PUBKEY(pem, NULL, NULL, NULL)) != NULL) {
        aurora__key *key = aurora__key_of_public(public_key, NULL, skipped);
        if (key == NULL || !aurora__key_set_add(r->set, key, skipped))
            skip(r, number, skipped);
        number++;
    }
    BIO_free(pem);
    ERR_clear_error();
    return number > 0 || fail(why, "is PEM without a public key (BEGIN PUBLIC KEY)");
}

bool aurora__key_set_read(aurora__key_set *set, const char *text, size_t len, bool is_public,
                          void (*skipped)(void *self, const char *why), void *self,
                          char why_out[160])
{
    const reading r = {.set = set, .is_public = is_public, .skipped = skipped, .self = self};
    why_out[0] = '\0';
    if (memchr(text, '\0', len) != NULL)
        return fail(why_out, "has a NUL byte");
    if (strstr(text, "-----BEGIN ") == NULL)
        return read_json(&r, text, len, why_out);
    if (strstr(text, "PRIVATE KEY-----") != NULL)
        return fail(why_out, "has a private key: only the public half belongs here");
    return read_pem(&r, text, len, why_out);
}
