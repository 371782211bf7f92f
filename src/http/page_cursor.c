/* SPDX-License-Identifier: MIT */
/* Cursors as clients see them: base64url of a tag and the library's own text. The tag covers what
 * must be the same on the next page, so that a cursor of one list says nothing to another, and a
 * made-up one is refused before the store is asked. */
#include <string.h>

#include "http/base64url.h"
#include "http/fields.h"
#include "http/hmac.h"
#include "http/secret.h"

#define TAG_BYTES 16
#define SEALED_BYTES_MAX 4096

/* What the tag covers beside the cursor; counted first, then written. */
typedef struct {
    char *bytes; /* NULL = only count */
    size_t len;
} context;

static void add(context *c, const char *text, size_t len)
{
    if (c->bytes != NULL)
        memcpy(c->bytes + c->len, text, len);
    c->len += len;
}

/* NUL separates: no path, name or value has one. */
static void add_text(context *c, const char *text)
{
    add(c, text, strlen(text) + 1);
}

static bool is_word(const char *word, size_t length, const char *other)
{
    return strlen(other) == length && memcmp(word, other, length) == 0;
}

/* Each parameter of the route with its value; absent and empty differ. */
static void add_filters(context *c, const aurora_http_exchange *exchange, const char *names)
{
    char name[64];
    for (const char *at = names; *at != '\0'; at += strspn(at, " ")) {
        const char *word = at;
        size_t length = strcspn(at, " ");
        at += length;
        if (is_word(word, length, "limit") || is_word(word, length, "cursor") ||
            length >= sizeof name)
            continue;
        memcpy(name, word, length);
        name[length] = '\0';
        const char *value = aurora_http_query(exchange, name);
        add_text(c, name);
        add(c, value != NULL ? "=" : "-", 1);
        if (value != NULL)
            add_text(c, value);
    }
}

static void fill(context *c, const aurora_http_exchange *exchange)
{
    const aurora_http_route *route = aurora_http_exchange_route(exchange);
    const aurora_http_principal *principal = aurora_http_exchange_principal(exchange);
    bool sees_all = (principal->scopes & AURORA_SCOPE_ORDERS_ADMIN) != 0;
    add_text(c, route->template_path);
    add_text(c, aurora_http_exchange_path(exchange));
    add_text(c, sees_all ? "all" : "own");
    if (!sees_all && (route->scope & AURORA_SCOPE_ORDERS_READ) != 0)
        add_text(c, principal->name);
    add_filters(c, exchange, route->query);
}

static bool write_tag(aurora_http_exchange *exchange, const uint8_t key[32], const void *cursor,
                      size_t len, uint8_t mac_out[AURORA__MAC_BYTES])
{
    context counted = {0};
    fill(&counted, exchange);
    context written = {.bytes = aurora_http_alloc(exchange, counted.len)};
    if (written.bytes == NULL)
        return false;
    fill(&written, exchange);
    const aurora__piece pieces[] = {{written.bytes, written.len}, {cursor, len}};
    return aurora__hmac(key, 32, pieces, 2, mac_out);
}

static bool refuse(aurora_http_exchange *exchange)
{
    static const char rule[] = "must be a next_cursor of this list with the same filters";
    aurora_http_blame(exchange, AURORA_HTTP_AT_PARAMETER, "cursor", "%s", rule);
    aurora_http_problem(exchange, 400, "invalid_cursor", "cursor %s", rule);
    return false;
}

bool aurora_http_query_cursor(aurora_http_exchange *exchange, const uint8_t key[32],
                              const char **out)
{
    const char *text = aurora_http_query(exchange, "cursor");
    size_t len = 0;
    uint8_t mac[AURORA__MAC_BYTES];
    *out = NULL;
    if (text == NULL)
        return true;
    size_t text_len = strlen(text);
    if (text_len > SEALED_BYTES_MAX)
        return refuse(exchange);
    uint8_t *bytes = aurora_http_alloc(exchange, text_len + 1);
    if (bytes == NULL) {
        aurora_http_problem(exchange, 503, "overloaded", "there is no memory for the cursor");
        return false;
    }
    if (!aurora__base64url_read(text, text_len, bytes, &len) || len <= TAG_BYTES ||
        memchr(bytes + TAG_BYTES, '\0', len - TAG_BYTES) != NULL ||
        !write_tag(exchange, key, bytes + TAG_BYTES, len - TAG_BYTES, mac) ||
        !aurora_secret_is_equal(mac, TAG_BYTES, bytes, TAG_BYTES))
        return refuse(exchange);
    bytes[len] = '\0';
    *out = (const char *)bytes + TAG_BYTES;
    return true;
}

const char *aurora_http_cursor_seal(aurora_http_exchange *exchange, const uint8_t key[32],
                                    const char *next_cursor)
{
    uint8_t mac[AURORA__MAC_BYTES];
    if (next_cursor == NULL)
        return NULL;
    size_t len = strlen(next_cursor);
    size_t sealed_len = TAG_BYTES + len;
    uint8_t *sealed = aurora_http_alloc(exchange, sealed_len);
    char *text = aurora_http_alloc(exchange, AURORA__BASE64URL_BYTES(sealed_len));
    if (sealed == NULL || text == NULL || !write_tag(exchange, key, next_cursor, len, mac))
        return "";
    memcpy(sealed, mac, TAG_BYTES);
    memcpy(sealed + TAG_BYTES, next_cursor, len);
    aurora__base64url_write(sealed, sealed_len, text);
    return text;
}
