/* SPDX-License-Identifier: MIT */
#include "adapters/notifier_webhook/webhook.h"
#include "adapters/sender/sender.h"

#include <aurora/order.h>

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES_MIN 24

void aurora__webhook_id(const aurora_task *task, char out[AURORA__WEBHOOK_ID_BYTES])
{
    char id[AURORA_ID_TEXT_BYTES];
    aurora_id_format(task->order_id, id);
    snprintf(out, AURORA__WEBHOOK_ID_BYTES, "%s-%s", id,
             aurora_notification_name(task->notification_kind));
}

/* --- the body --------------------------------------------------------------------------------- */

/* Texts of the library are UTF-8; what JSON wants escaped is little. */
static void put_text(aurora__sender_text *out, const char *name, const char *text)
{
    aurora__sender_word(out, ",\"");
    aurora__sender_word(out, name);
    aurora__sender_word(out, text == NULL ? "\":null" : "\":\"");
    for (; text != NULL && *text != '\0'; text++) {
        char escaped[8];
        if ((uint8_t)*text < 0x20)
            aurora__sender_put(
                out, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", (uint8_t)*text));
        else if (*text == '"' || *text == '\\')
            aurora__sender_put(out, (const char[]){'\\', *text}, 2);
        else
            aurora__sender_put(out, text, 1);
    }
    if (text != NULL)
        aurora__sender_word(out, "\"");
}

static void put_number(aurora__sender_text *out, const char *name, int64_t number)
{
    char digits[64];
    aurora__sender_put(out, digits,
                       (size_t)snprintf(digits, sizeof digits, ",\"%s\":%" PRId64, name, number));
}

static const char *status_of(int32_t kind)
{
    static const char *const names[] = {"", "COMPLETED", "FAILED", "CANCELLED"};
    return kind >= 1 && kind <= 3 ? names[kind] : "";
}

size_t aurora__webhook_body(const aurora_task *task, char text_out[AURORA__WEBHOOK_BODY_BYTES])
{
    char id[AURORA__WEBHOOK_ID_BYTES], order[AURORA_ID_TEXT_BYTES];
    aurora__sender_text out = {.at = text_out, .capacity = AURORA__WEBHOOK_BODY_BYTES};
    aurora__webhook_id(task, id);
    aurora_id_format(task->order_id, order);
    aurora__sender_word(&out, "{\"specversion\":\"1.0\"");
    put_text(&out, "id", id);
    put_text(&out, "source", "/aurora/notification");
    put_text(&out, "type", aurora_notification_name(task->notification_kind));
    put_text(&out, "subject", order);
    put_text(&out, "datacontenttype", "application/json");
    aurora__sender_word(&out, ",\"data\":{\"order_id\":\"");
    aurora__sender_word(&out, order);
    aurora__sender_word(&out, "\"");
    put_text(&out, "status", status_of(task->notification_kind));
    put_text(&out, "reason", task->reason == 0 ? NULL : aurora_reason_name(task->reason));
    put_text(&out, "decline_code", task->decline_code);
    put_text(&out, "currency", task->currency);
    put_number(&out, "total_minor", task->amount_minor);
    put_text(&out, "customer_id", task->customer_id);
    put_text(&out, "contact", task->contact);
    aurora__sender_word(&out, "}}");
    return out.is_full ? 0 : out.len;
}

/* --- the signature ---------------------------------------------------------------------------- */

size_t aurora__webhook_key(const char *secret, uint8_t out[AURORA__WEBHOOK_KEY_BYTES])
{
    static const char mark[] = "whsec_";
    size_t len = strlen(secret);
    if (strncmp(secret, mark, sizeof mark - 1) != 0) {
        if (len < KEY_BYTES_MIN || len > AURORA__WEBHOOK_KEY_BYTES)
            return 0;
        memcpy(out, secret, len);
        return len;
    }
    secret += sizeof mark - 1;
    len -= sizeof mark - 1;
    if (len % 4 != 0 || len == 0 || len / 4 * 3 > AURORA__WEBHOOK_KEY_BYTES)
        return 0;
    int decoded = EVP_DecodeBlock(out, (const unsigned char *)secret, (int)len);
    if (decoded < 0)
        return 0;
    decoded -= (secret[len - 1] == '=') + (secret[len - 2] == '=');
    return decoded >= KEY_BYTES_MIN ? (size_t)decoded : 0;
}

static bool digest(EVP_MAC_CTX *mac, const uint8_t *key, size_t key_len, const char *head,
                   const char *body, size_t body_len, uint8_t out[32])
{
    char name[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", name, 0),
                                     OSSL_PARAM_construct_end()};
    size_t written = 0;
    return EVP_MAC_init(mac, key, key_len, parameters) == 1 &&
           EVP_MAC_update(mac, (const uint8_t *)head, strlen(head)) == 1 &&
           EVP_MAC_update(mac, (const uint8_t *)body, body_len) == 1 &&
           EVP_MAC_final(mac, out, &written, 32) == 1 && written == 32;
}

bool aurora__webhook_sign(const uint8_t *key, size_t key_len, const char *id, int64_t timestamp,
                          const char *body, size_t body_len,
                          char out[AURORA__WEBHOOK_SIGNATURE_BYTES])
{
    uint8_t sum[32];
    char head[AURORA__WEBHOOK_ID_BYTES + 32];
    snprintf(head, sizeof head, "%s.%" PRId64 ".", id, timestamp);
    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = algorithm != NULL ? EVP_MAC_CTX_new(algorithm) : NULL;
    bool is_signed = mac != NULL && digest(mac, key, key_len, head, body, body_len, sum);
    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(algorithm);
    memcpy(out, "v1,", 3);
    if (is_signed)
        EVP_EncodeBlock((unsigned char *)out + 3, sum, sizeof sum);
    return is_signed;
}
