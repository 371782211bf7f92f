/* SPDX-License-Identifier: MIT */
/* Can a cursor or a field of the head hurt us? Gives any text as cursor, limit, filter,
 * Idempotency-Key, Prefer, Aurora-Deadline, If-Match and If-None-Match to an exchange of its own.
 * No text may pass as a cursor but one that was sealed; that one comes back, and says nothing to
 * another list, filter or principal. The first byte says what is there and who asks. ./dev fuzz
 * builds and runs it. */
#include "http/fields.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX 64

/* Bits of the first byte. */
enum { MATCH = 1, NONE_MATCH = 2, SEES_ALL = 4, OF_ORDERS = 8, FILTERED = 16, TEXT_FILTER = 32 };

struct aurora_http_exchange {
    const char *text; /* what the cursor and every field are */
    uint8_t flags;
    const char *path;
    aurora_http_route route;
    aurora_http_principal principal;
    void *blocks[BLOCKS_MAX];
    size_t count;
    int problems;
};

static const uint8_t key[32] = "thirty-two bytes of a secret key";

const aurora_http_route *aurora_http_exchange_route(const aurora_http_exchange *exchange)
{
    return &exchange->route;
}

const char *aurora_http_exchange_path(const aurora_http_exchange *exchange)
{
    return exchange->path;
}

const aurora_http_principal *aurora_http_exchange_principal(const aurora_http_exchange *exchange)
{
    return &exchange->principal;
}

const char *aurora_http_query(const aurora_http_exchange *exchange, const char *name)
{
    if (strcmp(name, "status") != 0)
        return exchange->text;
    if ((exchange->flags & FILTERED) == 0)
        return NULL;
    return (exchange->flags & TEXT_FILTER) != 0 ? exchange->text : "filter";
}

const char *aurora_http_header(const aurora_http_exchange *exchange, const char *name)
{
    if (strcmp(name, "If-Match") == 0)
        return (exchange->flags & MATCH) != 0 ? exchange->text : NULL;
    if (strcmp(name, "If-None-Match") == 0)
        return (exchange->flags & NONE_MATCH) != 0 ? exchange->text : NULL;
    return exchange->text;
}

void *aurora_http_alloc(aurora_http_exchange *exchange, size_t size)
{
    void *block = exchange->count < BLOCKS_MAX ? malloc(size) : NULL;
    if (block != NULL)
        exchange->blocks[exchange->count++] = block;
    return block;
}

void aurora_http_set(aurora_http_exchange *exchange, const char *name, const char *value)
{
    (void)exchange;
    (void)name;
    (void)value;
}

void aurora_http_blame(aurora_http_exchange *exchange, int at, const char *place,
                       const char *format, ...)
{
    (void)exchange;
    (void)at;
    (void)place;
    (void)format;
}

void aurora_http_problem(aurora_http_exchange *exchange, int status, const char *code,
                         const char *format, ...)
{
    (void)code;
    (void)format;
    exchange->problems += status >= 400;
}

static void expect(aurora_http_exchange *exchange, bool is_taken, int before)
{
    if (is_taken != (exchange->problems == before))
        abort();
}

static void read_fields(aurora_http_exchange *exchange)
{
    const char *idempotency_key;
    aurora_http_condition condition;
    int64_t number = 0;
    uint32_t limit = 50;
    int before = exchange->problems;
    bool is_taken = aurora_http_idempotency_key(exchange, &idempotency_key);
    expect(exchange, is_taken, before);
    if (is_taken && (idempotency_key[0] == '\0' || strlen(idempotency_key) > 255))
        abort();
    before = exchange->problems;
    expect(exchange, aurora_http_query_int(exchange, "cursor", -5, 5, &number), before);
    before = exchange->problems;
    expect(exchange, aurora_http_query_time(exchange, "cursor", &number), before);
    before = exchange->problems;
    is_taken = aurora_http_query_limit(exchange, 100, &limit);
    expect(exchange, is_taken, before);
    if (limit < 1 || limit > 100)
        abort();
    before = exchange->problems;
    expect(exchange, !aurora_http_refuse_late(exchange), before);
    if (aurora_http_prefer_wait_ms(exchange) > 30000 || aurora_http_left_ms(exchange) < 0)
        abort();
    before = exchange->problems;
    expect(exchange, aurora_http_if_match(exchange, &condition), before);
}

/* A tag of ours is known by the version that it was made of, and by no other. */
static void read_tags(aurora_http_exchange *exchange)
{
    bool is_3 = aurora_http_is_unmodified(exchange, 3),
         is_4 = aurora_http_is_unmodified(exchange, 4);
    if ((is_3 || is_4) && (exchange->flags & NONE_MATCH) == 0)
        abort();
    if (is_3 != aurora_http_has_tag(exchange, "\"3\""))
        abort();
    aurora_http_set_etag(exchange, UINT64_MAX);
}

static bool opens(aurora_http_exchange *exchange, const char *text)
{
    const char *cursor;
    int before = exchange->problems;
    bool is_taken = aurora_http_query_cursor(exchange, key, &cursor);
    expect(exchange, is_taken, before);
    if (is_taken && strcmp(cursor, text) != 0)
        abort();
    return is_taken;
}

static void seal_and_open(aurora_http_exchange *exchange)
{
    const char *text = exchange->text, *cursor;
    if (aurora_http_query_cursor(exchange, key, &cursor))
        abort();
    if (text[0] == '\0')
        return;
    exchange->flags &= (uint8_t)~TEXT_FILTER; /* it is the cursor's text from here on */
    exchange->text = aurora_http_cursor_seal(exchange, key, text);
    bool is_short = strlen(exchange->text) <= 4096;
    if (opens(exchange, text) != is_short)
        abort();
    bool is_own = (exchange->flags & (SEES_ALL | OF_ORDERS)) == OF_ORDERS;
    exchange->principal.name = "bob";
    if (opens(exchange, text) != (is_short && !is_own))
        abort();
    exchange->principal.name = "alice";
    exchange->path = "/order";
    if (opens(exchange, text))
        abort();
    exchange->path = "/orders";
    exchange->flags ^= FILTERED;
    if (opens(exchange, text))
        abort();
    exchange->text = text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aurora_http_exchange exchange = {
        .path = "/orders",
        .route = {.template_path = "/orders", .query = "status limit cursor"},
        .principal = {.name = "alice"}};
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    exchange.text = text;
    exchange.flags = data[0];
    exchange.route.scope = (data[0] & OF_ORDERS) != 0 ? AURORA_SCOPE_ORDERS_READ : 0;
    exchange.principal.scopes = (data[0] & SEES_ALL) != 0 ? AURORA_SCOPE_ORDERS_ADMIN : 0;
    read_fields(&exchange);
    read_tags(&exchange);
    seal_and_open(&exchange);
    while (exchange.count > 0)
        free(exchange.blocks[--exchange.count]);
    free(text);
    return 0;
}
