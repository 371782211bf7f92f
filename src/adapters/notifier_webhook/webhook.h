/* SPDX-License-Identifier: MIT */
/* A notifier that POSTs signed JSON, as standardwebhooks.com has it: "https:", "http:". */
#ifndef AURORA_ADAPTERS_NOTIFIER_WEBHOOK_WEBHOOK_H
#define AURORA_ADAPTERS_NOTIFIER_WEBHOOK_WEBHOOK_H

#include <sys/socket.h>

#include <aurora/port/notifier.h>

#define AURORA__WEBHOOK_BODY_BYTES                                                                 \
    8192 /* texts have at most 255 bytes each, and escaped six times that */
#define AURORA__WEBHOOK_ID_BYTES 80
#define AURORA__WEBHOOK_SIGNATURE_BYTES 64
#define AURORA__WEBHOOK_KEY_BYTES 256

aurora_status aurora__webhook_open(const aurora_notifier_options *options,
                                   aurora_notifier_port *out, aurora_error *err);

/* --- its parts, apart for tests --- */

/* The id of a task, the same at each attempt: "<order id>-order.completed". */
void aurora__webhook_id(const aurora_task *task, char out[AURORA__WEBHOOK_ID_BYTES]);

/* The event as CloudEvents 1.0 in structured mode. Returns its length; 0 where it has no room. */
size_t aurora__webhook_body(const aurora_task *task, char out[AURORA__WEBHOOK_BODY_BYTES]);

/* The key behind a secret: what follows "whsec_" in base64, or its bytes. Returns how many; 0 for
 * bad base64 or fewer than 24. */
size_t aurora__webhook_key(const char *secret, uint8_t out[AURORA__WEBHOOK_KEY_BYTES]);

/* "v1,<base64 of HMAC-SHA-256 over id.timestamp.body>". False where libcrypto fails. */
bool aurora__webhook_sign(const uint8_t *key, size_t key_len, const char *id, int64_t timestamp,
                          const char *body, size_t body_len,
                          char out[AURORA__WEBHOOK_SIGNATURE_BYTES]);

/* Whether an address is one that strangers on the internet may be reached at: neither loopback,
 * private, link-local (169.254.169.254 among them), shared, multicast nor reserved, also where it
 * is wrapped in IPv6 (mapped, 6to4, NAT64, Teredo). */
bool aurora__webhook_is_public(const struct sockaddr *address);

#endif
