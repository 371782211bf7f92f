/* SPDX-License-Identifier: MIT */
#include "http/signature.h"

#include <string.h>

#include "http/hex.h"
#include "http/hmac.h"
#include "http/route.h"
#include "http/secret.h"

static aurora__piece piece(const char *text)
{
    return (aurora__piece){.bytes = text, .len = strlen(text)};
}

/* Leaves "" where there is no memory: no signature equals that. */
static void write(const char *secret, const aurora__piece *pieces, size_t count, char *text_out)
{
    uint8_t mac[AURORA__MAC_BYTES];
    text_out[0] = '\0';
    if (aurora__hmac(secret, strlen(secret), pieces, count, mac))
        aurora__hex_write(mac, sizeof mac, text_out);
}

void aurora_signature_write(const char *secret, const aurora_signed_request *request,
                            char text_out[AURORA_SIGNATURE_TEXT_BYTES])
{
    uint8_t digest[AURORA__MAC_BYTES];
    char body[2 * AURORA__MAC_BYTES + 1];
    text_out[0] = '\0';
    if (!aurora__digest(request->body, request->body_len, digest))
        return;
    aurora__hex_write(digest, sizeof digest, body);
    const aurora__piece line = {.bytes = "\n", .len = 1};
    const aurora__piece pieces[] = {
        piece(request->method),
        line,
        piece(request->path),
        line,
        piece(request->query),
        line,
        piece(body),
        line,
        piece(request->principal),
        line,
        piece(request->scopes),
        line,
        piece(request->deadline),
        line,
        piece(request->contact != NULL ? request->contact : ""),
    };
    const size_t count = sizeof pieces / sizeof *pieces;
    write(secret, pieces, request->contact != NULL ? count : count - 2, text_out);
}

bool aurora_signature_is_valid(const char *secret, const aurora_signed_request *request,
                               const char *text)
{
    char expected[AURORA_SIGNATURE_TEXT_BYTES];
    aurora_signature_write(secret, request, expected);
    return aurora_signature_is_equal(expected, text);
}

void aurora_signature_body(const char *secret, const char *timestamp, const void *body, size_t len,
                           char text_out[AURORA_SIGNATURE_TEXT_BYTES])
{
    const aurora__piece pieces[] = {piece(timestamp), piece("."), {.bytes = body, .len = len}};
    write(secret, pieces, sizeof pieces / sizeof *pieces, text_out);
}

bool aurora_signature_is_equal(const char *a, const char *b)
{
    const size_t length = AURORA_SIGNATURE_TEXT_BYTES - 1;
    return strlen(a) == length && aurora_secret_is_equal(a, length, b, strlen(b));
}

static const struct {
    const char *name;
    uint32_t bit;
} scope_names[] = {
    {"orders:read", AURORA_SCOPE_ORDERS_READ},
    {"orders:write", AURORA_SCOPE_ORDERS_WRITE},
    {"orders:admin", AURORA_SCOPE_ORDERS_ADMIN},
    {"orders:import", AURORA_SCOPE_ORDERS_IMPORT},
    {"products:write", AURORA_SCOPE_PRODUCTS_WRITE},
    {"inventory:read", AURORA_SCOPE_INVENTORY_READ},
    {"inventory:write", AURORA_SCOPE_INVENTORY_WRITE},
    {"admin", AURORA_SCOPE_ADMIN},
};

#define SCOPE_COUNT (sizeof scope_names / sizeof *scope_names)

static uint32_t scope_of(const char *name, size_t length)
{
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if (strlen(scope_names[i].name) == length && memcmp(scope_names[i].name, name, length) == 0)
            return scope_names[i].bit;
    }
    return 0;
}

bool aurora_scopes_parse(const char *text, uint32_t *scopes_out)
{
    uint32_t scopes = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        uint32_t bit = scope_of(text, length);
        if (bit == 0)
            return false;
        scopes |= bit;
        text += length;
        if (*text == ' ' && *++text == '\0')
            return false;
    }
    *scopes_out = scopes;
    return true;
}

void aurora_scopes_write(uint32_t scopes, char text_out[160])
{
    char *at = text_out;
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        size_t len = strlen(scope_names[i].name);
        if ((scopes & scope_names[i].bit) == 0)
            continue;
        if (at != text_out)
            *at++ = ' ';
        memcpy(at, scope_names[i].name, len);
        at += len;
    }
    *at = '\0';
}
