/* SPDX-License-Identifier: MIT */
/* Can a cursor or a field of the head hurt us? Gives any text as cursor, Idempotency-Key, Prefer,
 * If-Match and If-None-Match to an exchange of its own. No text may pass as a cursor but one that
 * was sealed, and that comes back. ./dev fuzz builds and runs it. */
#include "http/fields.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX 16

struct aurora_http_exchange {
    const char *text; /* what the cursor and every field are */
    void *blocks[BLOCKS_MAX];
    size_t count;
    int problems;
};

static const aurora_http_route route = {.template_path = "/orders", .query = "status cursor"};
static const aurora_http_principal principal = {.name = "alice"};
static const uint8_t key[32] = "thirty-two bytes of a secret key";

const aurora_http_route *aurora_http_exchange_route(const aurora_http_exchange *exchange)
{
    (void)exchange;
    return &route;
}

const char *aurora_http_exchange_path(const aurora_http_exchange *exchange)
{
    (void)exchange;
    return "/orders";
}

const aurora_http_principal *aurora_http_exchange_principal(const aurora_http_exchange *exchange)
{
    (void)exchange;
    return &principal;
}

const char *aurora_http_query(const aurora_http_exchange *exchange, const char *name)
{
    return strcmp(name, "cursor") == 0 ? exchange->text : "filter";
}

const char *aurora_http_header(const aurora_http_exchange *exchange, const char *name)
{
    return strcmp(name, "If-None-Match") == 0 && exchange->text[0] == 'M' ? NULL : exchange->text;
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
    exchange->problems += status >= 400 && status < 500;
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
    int before = exchange->problems;
    expect(exchange, aurora_http_idempotency_key(exchange, &idempotency_key), before);
    before = exchange->problems;
    expect(exchange, aurora_http_if_match(exchange, &condition), before);
    before = exchange->problems;
    expect(exchange, aurora_http_query_int(exchange, "cursor", -5, 5, &number), before);
    before = exchange->problems;
    expect(exchange, aurora_http_query_time(exchange, "cursor", &number), before);
    (void)aurora_http_is_unmodified(exchange, 3);
    if (aurora_http_prefer_wait_ms(exchange) > 30000)
        abort();
}

static void seal_and_open(aurora_http_exchange *exchange)
{
    const char *text = exchange->text, *cursor;
    if (aurora_http_query_cursor(exchange, key, &cursor))
        abort();
    if (text[0] == '\0')
        return;
    exchange->text = aurora_http_cursor_seal(exchange, key, text);
    bool is_short = strlen(exchange->text) <= 4096;
    if (aurora_http_query_cursor(exchange, key, &cursor) != is_short ||
        (is_short && strcmp(cursor, text) != 0))
        abort();
    exchange->text = text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aurora_http_exchange exchange = {0};
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    exchange.text = text;
    read_fields(&exchange);
    seal_and_open(&exchange);
    while (exchange.count > 0)
        free(exchange.blocks[--exchange.count]);
    free(text);
    return 0;
}
