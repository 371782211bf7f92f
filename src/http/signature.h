/* SPDX-License-Identifier: MIT */
/* How services and auroractl sign their requests with the setting service_secret: HMAC-SHA-256, in
 * lower-case hex as Aurora-Signature, over these lines, each ended by a newline but the last:
 *   METHOD, path, query (as sent, without "?"; "" = none), hex SHA-256 of the body,
 *   Aurora-Principal, Aurora-Scopes (names with a blank between), Aurora-Deadline (Unix ms), and
 *   Aurora-Contact where that is sent.
 * A deadline that has passed, or lies more than 5 minutes ahead, is refused: that bounds
 * replays. */
#ifndef AURORA_HTTP_SIGNATURE_H
#define AURORA_HTTP_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AURORA_SIGNATURE_TEXT_BYTES 65 /* 64 hex digits and a NUL */
#define AURORA_DEADLINE_AHEAD_MS 300000

typedef struct {
    const char *method;
    const char *path;
    const char *query;
    const void *body;
    size_t body_len;
    const char *principal;
    const char *scopes;
    const char *deadline;
    const char *contact; /* Aurora-Contact; NULL = not sent */
} aurora_signed_request;

void aurora_signature_write(const char *secret, const aurora_signed_request *request,
                            char text_out[AURORA_SIGNATURE_TEXT_BYTES]);
/* In constant time. */
bool aurora_signature_is_valid(const char *secret, const aurora_signed_request *request,
                               const char *text);

/* HMAC-SHA-256 in lower-case hex over `timestamp` "." body: payment requests and their
 * callbacks. */
void aurora_signature_body(const char *secret, const char *timestamp, const void *body, size_t len,
                           char text_out[AURORA_SIGNATURE_TEXT_BYTES]);
bool aurora_signature_is_equal(const char *a, const char *b);

/* "orders:read orders:write" to bits; false for an unknown name. */
bool aurora_scopes_parse(const char *text, uint32_t *scopes_out);
/* Writes the names of the bits with blanks between; at most 160 bytes with the NUL. */
void aurora_scopes_write(uint32_t scopes, char text_out[160]);

#endif
