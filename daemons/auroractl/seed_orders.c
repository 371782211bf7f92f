/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "catalogue.h"
#include "orders.h"
#include "seed.h"

#define LINES_MAX 4
#define STOCK_MIN 40 /* what is nearly sold out is to stay so */
#define ORDER_WAIT_S 10
#define CUSTOMERS 40
#define DECLINED_EACH 25

/* Numbers that look drawn, and are the same in every run: splitmix64 of a counter. */
typedef struct {
    uint64_t state;
} draw;

static uint32_t below(draw *from, uint32_t bound)
{
    uint64_t value = from->state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((value ^ (value >> 31)) >> 32) % bound;
}

/* A product with enough stock. Small numbers come more often: some things are popular. */
static uint32_t pick(draw *from)
{
    const ctl_catalogue_section *section = NULL;
    uint32_t count = ctl_catalogue_count(), number = 0;
    do {
        uint32_t bound = 1 + below(from, count);
        number = (below(from, bound) * 37) % count;
    } while (ctl_catalogue_item_at(number, &section)->stock < STOCK_MIN);
    return number;
}

/* The next product of the same category with enough stock: what is bought together. */
static uint32_t companion(uint32_t number)
{
    const ctl_catalogue_section *own = NULL, *other = NULL;
    uint32_t count = ctl_catalogue_count(), next = number;
    ctl_catalogue_item_at(number, &own);
    do {
        next = (next + 1) % count;
    } while (ctl_catalogue_item_at(next, &other)->stock < STOCK_MIN || other != own);
    return next;
}

static uint32_t fill_lines(draw *from, aurora_line lines_out[LINES_MAX])
{
    const ctl_catalogue_section *section = NULL;
    uint32_t count = 1 + below(from, LINES_MAX), number = pick(from);
    for (uint32_t i = 0; i < count; i++) {
        lines_out[i] = (aurora_line){.sku = ctl_catalogue_item_at(number, &section)->sku,
                                     .quantity = 1 + below(from, 2)};
        number = below(from, 3) == 0 ? pick(from) : companion(number);
    }
    return count;
}

static int place(ctl_shop *shop, uint32_t number)
{
    char key[32], reference[32], customer[32];
    aurora_line lines[LINES_MAX];
    draw from = {.state = number};
    aurora_order_request request;
    aurora_order_request_init(&request);
    snprintf(key, sizeof key, "seed/order/%" PRIu32, number);
    snprintf(reference, sizeof reference, "seed-%" PRIu32, number);
    snprintf(customer, sizeof customer, "guest-%" PRIu32, 1 + below(&from, CUSTOMERS));
    request.key = key;
    request.currency = CTL_CATALOGUE_CURRENCY;
    request.payment_method = number % DECLINED_EACH == 0 ? "tok_decline" : "tok_approve";
    request.line_count = fill_lines(&from, lines);
    request.lines = lines;
    request.timeout_ms = ORDER_WAIT_S * 1000;
    /* An open server takes neither from strangers. */
    if (shop->store != NULL || shop->run->secret != NULL) {
        request.reference = reference;
        request.customer_id = customer;
    }
    ctl_place placing;
    ctl_answer answer = {0};
    aurora_error err = AURORA_ERROR_INIT;
    ctl_place_init(&placing, &request);
    aurora_status status = ctl_shop_ask(shop, &placing.ask, &answer, &err);
    ctl_answer_free(&answer);
    ctl_place_deinit(&placing);
    /* The reference outlives the key: the order is from an earlier day. */
    if (status == AURORA_OK || status == AURORA_ETAKEN)
        return CTL_YES;
    return ctl_fail(status, &err, reference);
}

int ctl_seed_orders(ctl_shop *shop, uint32_t count)
{
    int outcome = CTL_YES;
    for (uint32_t i = 1; outcome == CTL_YES && i <= count; i++)
        outcome = place(shop, i);
    return outcome;
}
