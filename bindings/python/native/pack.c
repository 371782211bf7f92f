/* SPDX-License-Identifier: MIT */
/* Orders as two flat pieces: numbers in one array, texts one behind the other, each with its NUL.
 * Python fills those with a few calls whatever the number of orders; the structs are made here. */
#include "python.h"

#include <stdlib.h>
#include <string.h>

/* The numbers of an order come in this order, then two per line and two per charge. */
enum {
    FLAGS,
    TIMEOUT_MS,
    PLACED_AT_MS,
    TEXTS, /* which of the optional texts are there, a bit each */
    LINES,
    CHARGES,
    PAIRS,
    HEAD
};

/* What is left to read; `is_short` once something was missing. */
struct packed {
    const int64_t *numbers, *numbers_end;
    const char *texts, *texts_end;
    bool is_short;
};

/* The structs of all orders, each kind in one piece. */
struct orders {
    aurora_order_request *requests;
    const aurora_order_request **pointers;
    aurora_line *lines;
    aurora_charge *charges;
    aurora_pair *pairs;
};

static int64_t next_number(struct packed *packed)
{
    if (packed->numbers < packed->numbers_end)
        return *packed->numbers++;
    packed->is_short = true;
    return 0;
}

static const char *next_text(struct packed *packed)
{
    const char *text = packed->texts;
    size_t left = (size_t)(packed->texts_end - text);
    const char *end = memchr(text, '\0', left);
    if (end == NULL) {
        packed->is_short = true;
        return "";
    }
    packed->texts = end + 1;
    return text;
}

static uint32_t small(struct packed *packed, int64_t number)
{
    if (number < 0 || number > packed->numbers_end - packed->numbers)
        packed->is_short = true;
    return packed->is_short ? 0 : (uint32_t)number;
}

/* Pairs are texts only, two each. */
static uint32_t pairs_of(struct packed *packed, int64_t number)
{
    if (number < 0 || number > packed->texts_end - packed->texts)
        packed->is_short = true;
    return packed->is_short ? 0 : (uint32_t)number;
}

/* How many of each kind there are. */
static void count_kinds(struct packed packed, uint32_t count, size_t totals_out[3])
{
    for (uint32_t i = 0; i < count && packed.numbers_end - packed.numbers >= HEAD; i++) {
        const int64_t *head = packed.numbers;
        packed.numbers += HEAD;
        size_t lines = small(&packed, head[LINES]);
        packed.numbers += packed.is_short ? 0 : lines * 2;
        size_t charges = small(&packed, head[CHARGES]);
        packed.numbers += packed.is_short ? 0 : charges * 2;
        totals_out[0] += lines;
        totals_out[1] += charges;
        totals_out[2] += pairs_of(&packed, head[PAIRS]);
    }
}

static bool allocate(struct orders *orders, uint32_t count, const size_t totals[3])
{
    orders->requests = calloc(count, sizeof *orders->requests);
    orders->pointers = calloc(count, sizeof *orders->pointers);
    orders->lines = calloc(totals[0] + 1, sizeof *orders->lines);
    orders->charges = calloc(totals[1] + 1, sizeof *orders->charges);
    orders->pairs = calloc(totals[2] + 1, sizeof *orders->pairs);
    return orders->requests != NULL && orders->pointers != NULL && orders->lines != NULL &&
           orders->charges != NULL && orders->pairs != NULL;
}

static void release(const struct orders *orders)
{
    free(orders->requests);
    free(orders->pointers);
    free(orders->lines);
    free(orders->charges);
    free(orders->pairs);
}

static void unpack_texts(aurora_order_request *request, struct packed *packed, int64_t present)
{
    const char **const optional[] = {&request->key,       &request->key_scope,
                                     &request->reference, &request->customer_id,
                                     &request->contact,   &request->traceparent};
    request->currency = next_text(packed);
    request->payment_method = next_text(packed);
    for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++) {
        if (present >> i & 1)
            *optional[i] = next_text(packed);
    }
}

/* Fills one request; `rest` is where the next lines, charges and pairs go. */
static void unpack(aurora_order_request *request, struct packed *packed, struct orders *rest)
{
    int64_t head[HEAD];
    for (int i = 0; i < HEAD; i++)
        head[i] = next_number(packed);
    aurora_order_request_init(request);
    request->flags = (uint32_t)head[FLAGS];
    request->timeout_ms = (uint32_t)head[TIMEOUT_MS];
    request->placed_at_ms = head[PLACED_AT_MS];
    unpack_texts(request, packed, head[TEXTS]);
    request->lines = rest->lines;
    request->line_count = small(packed, head[LINES]);
    for (uint32_t i = 0; i < request->line_count; i++, rest->lines++) {
        rest->lines->sku = next_text(packed);
        rest->lines->quantity = next_number(packed);
        rest->lines->unit_price_minor = next_number(packed);
    }
    request->charges = rest->charges;
    request->charge_count = small(packed, head[CHARGES]);
    for (uint32_t i = 0; i < request->charge_count; i++, rest->charges++) {
        rest->charges->label = next_text(packed);
        rest->charges->kind = (int32_t)next_number(packed);
        rest->charges->amount_minor = next_number(packed);
    }
    request->metadata = rest->pairs;
    request->metadata_count = pairs_of(packed, head[PAIRS]);
    for (uint32_t i = 0; i < request->metadata_count; i++, rest->pairs++) {
        rest->pairs->name = next_text(packed);
        rest->pairs->value = next_text(packed);
    }
}

static aurora_status submit(python_queue *queue, const struct orders *orders, const uint64_t *tags,
                            uint32_t count, uint32_t *accepted_out)
{
    aurora_status rc = python_gate_enter(&queue->gate);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora_order_submit(queue->queue, orders->pointers, tags, count, accepted_out);
    python_gate_leave(&queue->gate);
    return rc;
}

aurora_status python_orders_submit(python_queue *queue, const char *texts, size_t texts_len,
                                   const int64_t *numbers, size_t number_count,
                                   const uint64_t *tags, uint32_t count, uint32_t *accepted_out)
{
    struct packed packed = {.numbers = numbers,
                            .numbers_end = numbers + number_count,
                            .texts = texts,
                            .texts_end = texts + texts_len};
    struct orders orders = {0};
    size_t totals[3] = {0};
    *accepted_out = 0;
    if (count == 0)
        return AURORA_EINVAL;
    count_kinds(packed, count, totals);
    if (!allocate(&orders, count, totals)) {
        release(&orders);
        return AURORA_ENOMEM;
    }
    struct orders rest = orders;
    for (uint32_t i = 0; i < count && !packed.is_short; i++) {
        unpack(&orders.requests[i], &packed, &rest);
        orders.pointers[i] = &orders.requests[i];
    }
    aurora_status rc =
        packed.is_short ? AURORA_EINVAL : submit(queue, &orders, tags, count, accepted_out);
    release(&orders);
    return rc;
}
