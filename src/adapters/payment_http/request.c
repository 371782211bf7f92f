/* SPDX-License-Identifier: MIT */
#include "adapters/payment_http/request.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- the body --------------------------------------------------------------------------------- */

typedef struct {
    char *at;
    size_t capacity;
    size_t length;
} writer;

static void put(writer *out, const char *bytes, size_t length)
{
    if (out->length + length <= out->capacity)
        memcpy(out->at + out->length, bytes, length);
    out->length += length;
}

static void put_word(writer *out, const char *word)
{
    put(out, word, strlen(word));
}

static void put_name(writer *out, const char *name)
{
    put_word(out, out->length == 0 ? "{\"" : ",\"");
    put_word(out, name);
    put_word(out, "\":");
}

/* Texts of the library are UTF-8; what JSON wants escaped is little. */
static void put_text(writer *out, const char *name, const char *text)
{
    put_name(out, name);
    if (text == NULL) {
        put_word(out, "null");
        return;
    }
    put_word(out, "\"");
    for (; *text != '\0'; text++) {
        char escaped[8];
        if ((uint8_t)*text < 0x20)
            put(out, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", (uint8_t)*text));
        else if (*text == '"' || *text == '\\')
            put(out, (const char[]){'\\', *text}, 2);
        else
            put(out, text, 1);
    }
    put_word(out, "\"");
}

static void put_number(writer *out, const char *name, int64_t number)
{
    char digits[24];
    put_name(out, name);
    put(out, digits, (size_t)snprintf(digits, sizeof digits, "%" PRId64, number));
}

static void put_id(writer *out, const char *name, aurora_id id)
{
    char text[AURORA_ID_TEXT_BYTES];
    aurora_id_format(id, text);
    put_text(out, name, text);
}

/* RFC 3339, UTC, with microseconds, as all times of our HTTP. */
static void put_time(writer *out, const char *name, int64_t at_ms)
{
    char text[64];
    struct tm parts;
    time_t seconds = (time_t)(at_ms / 1000);
    if (at_ms <= 0 || gmtime_r(&seconds, &parts) == NULL) {
        put_text(out, name, NULL);
        return;
    }
    size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + length, sizeof text - length, ".%03d000Z", (int)(at_ms % 1000));
    put_text(out, name, text);
}

size_t aurora__bridge_body(const aurora_task *task, char *buffer, size_t capacity)
{
    writer out = {.at = buffer, .capacity = capacity};
    put_text(&out, "verb", task->is_query ? "query" : aurora_verb_name(task->verb));
    if (task->is_query)
        put_text(&out, "queried", aurora_verb_name(task->verb));
    put_id(&out, "task_id", task->id);
    put_id(&out, "order_id", task->order_id);
    put_number(&out, "amount_minor", task->amount_minor);
    put_text(&out, "currency", task->currency);
    put_text(&out, "payment_method", task->payment_method);
    put_id(&out, "authorize_id", task->authorize_id);
    put_text(&out, "provider_reference", task->provider_reference);
    put_text(&out, "customer_id", task->customer_id);
    put_number(&out, "attempt", task->attempt);
    put_time(&out, "deadline", task->deadline_at_ms);
    put_word(&out, "}");
    return out.length;
}

/* --- the signature ---------------------------------------------------------------------------- */

static bool sign(EVP_MAC_CTX *mac, const char *secret, const char *timestamp, const char *body,
                 size_t length, uint8_t digest_out[32])
{
    char name[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", name, 0),
                                     OSSL_PARAM_construct_end()};
    size_t written = 0;
    return EVP_MAC_init(mac, (const uint8_t *)secret, strlen(secret), parameters) == 1 &&
           EVP_MAC_update(mac, (const uint8_t *)timestamp, strlen(timestamp)) == 1 &&
           EVP_MAC_update(mac, (const uint8_t *)".", 1) == 1 &&
           EVP_MAC_update(mac, (const uint8_t *)body, length) == 1 &&
           EVP_MAC_final(mac, digest_out, &written, 32) == 1 && written == 32;
}

bool aurora__bridge_sign(const char *secret, const char *timestamp, const char *body, size_t length,
                         char hex_out[AURORA__HEX_SHA256_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[32];
    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = algorithm != NULL ? EVP_MAC_CTX_new(algorithm) : NULL;
    bool is_signed = mac != NULL && sign(mac, secret, timestamp, body, length, digest);
    for (size_t i = 0; is_signed && i < sizeof digest; i++) {
        hex_out[2 * i] = digits[digest[i] >> 4];
        hex_out[2 * i + 1] = digits[digest[i] & 15];
    }
    hex_out[2 * sizeof digest] = '\0';
    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(algorithm);
    return is_signed;
}
