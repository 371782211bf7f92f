/* SPDX-License-Identifier: MIT */
/* The canonical encoding of a request, fed to the hash as it is made: a version, then each field in
 * a fixed order, texts behind their length and numbers in as few bytes as they need. */
#include "api/order_request.h"

#include <string.h>

#include "engine/sha256.h"

#define ENCODING 1

/* Collects small pieces, so that the hash sees whole blocks. */
typedef struct {
    aurora__sha256 hash;
    uint8_t bytes[512];
    size_t used;
} encoder;

static void flush(encoder *to)
{
    aurora__sha256_add(&to->hash, to->bytes, to->used);
    to->used = 0;
}

/* Seven bits a byte, lowest first; each number has one form. */
static void put_number(encoder *to, uint64_t number)
{
    if (sizeof to->bytes - to->used < 10)
        flush(to);
    while (number > 0x7F) {
        to->bytes[to->used++] = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    to->bytes[to->used++] = (uint8_t)number;
}

static void put_signed(encoder *to, int64_t number)
{
    put_number(to, (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0));
}

/* The length counts from 1: 0 is a text that is not there. */
static void put_text(encoder *to, const char *text)
{
    if (text == NULL) {
        put_number(to, 0);
        return;
    }
    size_t length = strlen(text);
    put_number(to, length + 1);
    if (sizeof to->bytes - to->used < length)
        flush(to);
    memcpy(to->bytes + to->used, text, length);
    to->used += length;
}

/* Checked names are unique, so the order of the pairs is theirs. */
static void put_metadata(encoder *to, const aurora_order_request *request)
{
    const aurora_pair *sorted[AURORA_PAIRS_MAX];
    for (uint32_t i = 0; i < request->metadata_count; i++) {
        const aurora_pair *pair = &request->metadata[i];
        uint32_t at = i;
        for (; at > 0 && strcmp(sorted[at - 1]->name, pair->name) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = pair;
    }
    put_number(to, request->metadata_count);
    for (uint32_t i = 0; i < request->metadata_count; i++) {
        put_text(to, sorted[i]->name);
        put_text(to, sorted[i]->value);
    }
}

static void put_charges(encoder *to, const aurora_order_request *request)
{
    put_number(to, request->charge_count);
    for (uint32_t i = 0; i < request->charge_count; i++) {
        put_number(to, (uint64_t)request->charges[i].kind);
        put_text(to, request->charges[i].label);
        put_signed(to, request->charges[i].amount_minor);
    }
}

void aurora__order_draft_hash(const aurora__order_draft *draft, uint8_t hash_out[32])
{
    const aurora_order_request *request = &draft->request;
    uint32_t own_prices = request->flags & AURORA_ORDER_OWN_PRICES;
    encoder to;
    to.used = 0;
    aurora__sha256_init(&to.hash);
    put_number(&to, ENCODING);
    put_number(&to, own_prices);
    put_text(&to, request->reference);
    put_text(&to, request->customer_id);
    put_text(&to, request->currency);
    put_text(&to, request->payment_method);
    put_text(&to, request->contact);
    put_signed(&to, request->placed_at_ms);
    put_number(&to, request->line_count);
    for (uint32_t i = 0; i < request->line_count; i++) {
        put_text(&to, request->lines[i].sku);
        put_number(&to, (uint64_t)request->lines[i].quantity);
        if (own_prices != 0)
            put_signed(&to, request->lines[i].unit_price_minor);
    }
    put_charges(&to, request);
    put_metadata(&to, request);
    flush(&to);
    aurora__sha256_end(&to.hash, hash_out);
}
