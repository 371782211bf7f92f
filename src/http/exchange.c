/* SPDX-License-Identifier: MIT */
#include "http/field_name.h"
#include "http/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 8192
#define ALIGNMENT 16
#define FORWARDED_BYTES_MAX 2048 /* what is read of it */

/* --- memory ----------------------------------------------------------------------------------- */

static void link_in(aurora_http_exchange *exchange)
{
    aurora_http_loop *loop = exchange->loop;
    exchange->older = loop->exchanges;
    if (loop->exchanges != NULL)
        loop->exchanges->newer = exchange;
    loop->exchanges = exchange;
}

static void link_out(aurora_http_exchange *exchange)
{
    if (exchange->newer != NULL)
        exchange->newer->older = exchange->older;
    else
        exchange->loop->exchanges = exchange->older;
    if (exchange->older != NULL)
        exchange->older->newer = exchange->newer;
}

aurora_http_exchange *aurora__exchange_new(aurora_http_loop *loop)
{
    aurora_http_exchange *exchange = loop->spare;
    if (exchange != NULL) {
        loop->spare = exchange->next;
        loop->spare_count--;
    } else {
        exchange = malloc(AURORA__EXCHANGE_BYTES);
        if (exchange == NULL)
            return NULL;
    }
    memset(exchange, 0, sizeof(*exchange));
    exchange->loop = loop;
    exchange->query = "";
    exchange->path = (char *)"";
    exchange->method_text = (char *)"";
    exchange->body = (char *)"";
    exchange->code = "";
    exchange->free_at = (char *)exchange + sizeof(*exchange);
    exchange->free_len = AURORA__EXCHANGE_BYTES - sizeof(*exchange);
    exchange->gzip = loop->gzip;
    link_in(exchange);
    return exchange;
}

void aurora__exchange_free(aurora_http_exchange *exchange)
{
    aurora_http_loop *loop = exchange->loop;
    aurora__stream_close(exchange);
    link_out(exchange);
    loop->held -= exchange->held;
    for (aurora__block *block = exchange->blocks, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    if (exchange->is_body_owned)
        free(exchange->body);
    free(exchange->content.owned);
    free(exchange->stream.data);
    if (loop->spare_count >= AURORA__FREE_EXCHANGES_MAX) {
        free(exchange);
        return;
    }
    exchange->next = loop->spare;
    loop->spare = exchange;
    loop->spare_count++;
}

void aurora__exchange_hold(aurora_http_exchange *exchange, size_t bytes)
{
    exchange->held += bytes;
    exchange->loop->held += bytes;
}

static bool add_block(aurora_http_exchange *exchange, size_t size)
{
    aurora__block *block = malloc(sizeof(*block) + ALIGNMENT + size);
    if (block == NULL)
        return false;
    block->next = exchange->blocks;
    exchange->blocks = block;
    exchange->free_at = block->data;
    exchange->free_len = ALIGNMENT + size;
    return true;
}

void *aurora_http_alloc(aurora_http_exchange *exchange, size_t size)
{
    size_t pad = (size_t)(-(uintptr_t)exchange->free_at % ALIGNMENT);
    if (size > SIZE_MAX / 2)
        return NULL;
    if (pad + size > exchange->free_len) {
        if (!add_block(exchange, size > BLOCK_BYTES / 2 ? size : BLOCK_BYTES))
            return NULL;
        pad = (size_t)(-(uintptr_t)exchange->free_at % ALIGNMENT);
    }
    char *memory = exchange->free_at + pad;
    exchange->free_at = memory + size;
    exchange->free_len -= pad + size;
    return memory;
}

char *aurora__exchange_copy(aurora_http_exchange *exchange, const char *text, size_t len)
{
    char *copy = aurora_http_alloc(exchange, len + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

/* --- what was asked --------------------------------------------------------------------------- */

aurora_http_loop *aurora_http_exchange_loop(const aurora_http_exchange *exchange)
{
    return exchange->loop;
}

const aurora_http_route *aurora_http_exchange_route(const aurora_http_exchange *exchange)
{
    return exchange->route;
}

int32_t aurora_http_exchange_method(const aurora_http_exchange *exchange)
{
    return exchange->method;
}

const char *aurora_http_exchange_path(const aurora_http_exchange *exchange)
{
    return exchange->path;
}

const aurora_http_address *aurora_http_exchange_client(const aurora_http_exchange *exchange)
{
    return &exchange->client;
}

const char *aurora_http_exchange_peer(const aurora_http_exchange *exchange)
{
    return exchange->peer;
}

/* What came before is passed on as far as it was read. */
const char *aurora_http_exchange_forwarded_for(aurora_http_exchange *exchange)
{
    const char *peer = exchange->connection == NULL ? "" : exchange->connection->peer;
    const char *said =
        exchange->is_proxied ? aurora_http_header(exchange, "X-Forwarded-For") : NULL;
    if (said == NULL || strlen(said) > FORWARDED_BYTES_MAX)
        return aurora__exchange_copy(exchange, peer, strlen(peer));
    size_t size = strlen(said) + strlen(peer) + 3;
    char *text = aurora_http_alloc(exchange, size);
    if (text != NULL)
        snprintf(text, size, "%s, %s", said, peer);
    return text;
}

const aurora_http_principal *aurora_http_exchange_principal(const aurora_http_exchange *exchange)
{
    return &exchange->principal;
}

bool aurora_http_exchange_is_refused(const aurora_http_exchange *exchange)
{
    return exchange->is_refused;
}

const char *aurora_http_exchange_key_scope(aurora_http_exchange *exchange)
{
    const char *name = exchange->principal.name;
    if (exchange->key_scope == NULL) {
        size_t size = strlen(name) + strlen(exchange->method_text) + strlen(exchange->path) + 3;
        char *text = aurora_http_alloc(exchange, size);
        if (text == NULL)
            return "";
        snprintf(text, size, "%s %s %s", name, exchange->method_text, exchange->path);
        exchange->key_scope = text;
    }
    return exchange->key_scope;
}

const char *aurora_http_param(const aurora_http_exchange *exchange, const char *name)
{
    for (uint32_t i = 0; i < exchange->match.param_count; i++) {
        if (strcmp(exchange->match.params[i].name, name) == 0)
            return exchange->match.params[i].value;
    }
    return NULL;
}

const char *aurora_http_query(const aurora_http_exchange *exchange, const char *name)
{
    for (uint32_t i = 0; i < exchange->query_count; i++) {
        if (strcmp(exchange->parameters[i].name, name) == 0)
            return exchange->parameters[i].value;
    }
    return NULL;
}

const char *aurora_http_header(const aurora_http_exchange *exchange, const char *name)
{
    for (uint32_t i = 0; i < exchange->field_count; i++) {
        if (aurora__field_name_is(exchange->fields[i].name, name))
            return exchange->fields[i].value;
    }
    return NULL;
}

bool aurora_http_field_at(const aurora_http_exchange *exchange, uint32_t index,
                          const char **name_out, const char **value_out)
{
    if (index >= exchange->field_count)
        return false;
    *name_out = exchange->fields[index].name;
    *value_out = exchange->fields[index].value;
    return true;
}

const char *aurora_http_query_text(const aurora_http_exchange *exchange)
{
    return exchange->query;
}

void aurora_http_on_leave(aurora_http_exchange *exchange, void (*left)(void *self), void *self)
{
    exchange->left = left;
    exchange->left_self = self;
}

const char *aurora_http_body(const aurora_http_exchange *exchange, size_t *len_out)
{
    *len_out = exchange->body_len;
    return exchange->body;
}

const char *aurora_http_trace_id(const aurora_http_exchange *exchange)
{
    return exchange->trace_id;
}

bool aurora_http_trace_goes_on(const aurora_http_exchange *exchange)
{
    return exchange->parent_id[0] != '\0';
}

const char *aurora_http_traceparent(const aurora_http_exchange *exchange)
{
    return exchange->traceparent;
}
