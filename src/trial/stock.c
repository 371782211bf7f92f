/* SPDX-License-Identifier: MIT */
/* Stock: what the shop begins with, deliveries and corrections with keys, and reservations that
 * belong to no order. At the end every piece is accounted for by what calls acknowledged (I1). */
#include "trial/trial.h"

#include <string.h>

#define HOLD_MS 300000
#define EXPIRED_MS 90000 /* after its time, until nobody doubts it */

static int64_t some_time_ms(aurora__trial *world)
{
    return 1000 + (int64_t)aurora__trial_below(world, world->options.spread * 1000);
}

static void plan_hold(aurora__trial *world, int32_t number)
{
    aurora__trial_hold *hold = &world->holds[number];
    hold->sku = aurora__trial_below(world, world->options.skus);
    hold->quantity = 1 + aurora__trial_below(world, 4);
    hold->ttl_ms = 1000 + aurora__trial_below(world, HOLD_MS);
    hold->end = 1 + (int32_t)aurora__trial_below(world, 3);
    aurora__trial_plan(world, AURORA__TRIAL_HOLD, number, some_time_ms(world));
}

void aurora__trial_stock_plan(aurora__trial *world)
{
    for (uint32_t i = 0; i < world->options.skus; i++)
        snprintf(world->skus[i], sizeof world->skus[i], "sku-%c", (char)('a' + i));
    for (uint32_t i = 0; i < world->options.moves; i++) {
        bool is_receipt = aurora__trial_below(world, 2) == 0;
        int64_t quantity = 1 + aurora__trial_below(world, 20);
        world->moves[i].sku = aurora__trial_below(world, world->options.skus);
        world->moves[i].quantity = is_receipt ? quantity : -quantity;
        aurora__trial_plan(world, AURORA__TRIAL_MOVE, (int32_t)i, some_time_ms(world));
    }
    for (uint32_t i = 0; i < world->options.holds; i++)
        plan_hold(world, (int32_t)i);
    aurora__trial_plan(world, AURORA__TRIAL_SET_UP, 0, 0);
}

/* Nothing else happens before the shop has its products. */
static void set_up(aurora__trial *world, aurora_t *shop)
{
    aurora_status rc = AURORA_OK;
    uint32_t begun = world->set_up;
    /* Products first, then stock: each is another service's, where modules are apart. */
    while (world->set_up < 2 * world->options.skus) {
        bool is_product = world->set_up < world->options.skus;
        if (world->service_count > 1 && is_product != (begun < world->options.skus))
            break;
        uint32_t sku = world->set_up % world->options.skus;
        int64_t price = AURORA__TRIAL_PRICE * (int64_t)(sku + 1);
        char key[24];
        snprintf(key, sizeof key, "first-%u", sku);
        if (is_product)
            rc =
                aurora_product_put(shop,
                                   AURORA_PRODUCT(.sku = world->skus[sku], .name = world->skus[sku],
                                                  .price_minor = price, .currency = "EUR"),
                                   AURORA_ANY_VERSION, NULL, NULL);
        else if (world->options.stock > 0)
            rc = aurora_stock_receive(shop, world->skus[sku], world->options.stock, key, NULL);
        if (rc != AURORA_OK)
            break;
        world->set_up++;
    }
    world->is_up = world->set_up == 2 * world->options.skus;
    if (rc != AURORA_OK && !aurora_status_is_retriable(rc))
        aurora__trial_fail(world, -1, "I8", "a product or its stock answers %s",
                           aurora_status_name(rc));
    if (!world->is_up)
        aurora__trial_again(world);
}

/* --- deliveries and corrections --------------------------------------------------------------- */

static void move(aurora__trial *world, aurora_t *shop)
{
    int32_t number = world->now.number;
    aurora__trial_move *of = &world->moves[number];
    char key[24];
    snprintf(key, sizeof key, "move-%d", number);
    aurora_status rc =
        of->quantity > 0
            ? aurora_stock_receive(shop, world->skus[of->sku], of->quantity, key, NULL)
            : aurora_stock_adjust(shop, world->skus[of->sku], of->quantity, "broken", key, NULL);
    aurora_sim_note(world, "movement %d of %lld %s answers %s", number, (long long)of->quantity,
                    world->skus[of->sku], aurora_status_name(rc));
    bool is_refused = rc == AURORA_EINSUFFICIENT || rc == AURORA_ENOTFOUND;
    if (aurora_status_is_retriable(rc)) {
        aurora__trial_again(world);
        return;
    }
    if (rc != AURORA_OK && !is_refused)
        aurora__trial_fail(world, -1, "I9", "movement %d answers %s", number,
                           aurora_status_name(rc));
    bool was_done = of->is_done;
    if (was_done && of->is_refused != is_refused && !of->is_refused)
        aurora__trial_fail(world, -1, "I9", "movement %d was acknowledged, and is refused now",
                           number);
    of->is_done = true;
    of->is_refused = is_refused;
    if (!was_done && aurora__trial_chance(world, world->options.repeat, 100))
        aurora__trial_again(world);
}

/* --- reservations without an order ------------------------------------------------------------ */

static void hold(aurora__trial *world, aurora_t *shop)
{
    int32_t number = world->now.number;
    aurora__trial_hold *of = &world->holds[number];
    const aurora_line line = {.sku = world->skus[of->sku], .quantity = of->quantity};
    int32_t decision = 0;
    char key[24];
    snprintf(key, sizeof key, "hold-%d", number);
    aurora_status rc =
        aurora_stock_reserve(shop, key, &line, 1, (uint32_t)of->ttl_ms, &decision, NULL);
    aurora_sim_note(world, "hold %d: answers %s %d", number, aurora_status_name(rc), decision);
    if (rc != AURORA_OK) {
        if (!aurora_status_is_retriable(rc))
            aurora__trial_fail(world, -1, "I9", "hold %d answers %s", number,
                               aurora_status_name(rc));
        aurora__trial_again(world);
        return;
    }
    aurora__trial_check(world, "I9");
    if (of->decision != 0 && of->decision != decision)
        aurora__trial_fail(world, -1, "I9", "hold %d was answered %d, and now %d", number,
                           of->decision, decision);
    if (of->decision == 0)
        aurora__trial_plan(world, AURORA__TRIAL_HOLD_END, number,
                           of->end == 3 ? of->ttl_ms + EXPIRED_MS
                                        : aurora__trial_below(world, HOLD_MS));
    of->decision = decision;
    of->is_ended = decision == AURORA_DECISION_OUT_OF_STOCK;
}

static void end_hold(aurora__trial *world, aurora_t *shop)
{
    int32_t number = world->now.number;
    aurora__trial_hold *of = &world->holds[number];
    char key[24];
    if (of->is_ended)
        return;
    /* The engine's time may have stood still: whether it has expired is what a commit says. */
    bool is_commit = of->end != 2;
    snprintf(key, sizeof key, "hold-%d", number);
    aurora_status rc = is_commit ? aurora_stock_commit(shop, key) : aurora_stock_release(shop, key);
    aurora_sim_note(world, "hold %d: %s answers %s", number, is_commit ? "commit" : "release",
                    aurora_status_name(rc));
    if (aurora_status_is_retriable(rc)) {
        aurora__trial_again(world);
        return;
    }
    if (rc != AURORA_OK && rc != AURORA_EEXPIRED)
        aurora__trial_fail(world, -1, "I8", "hold %d was acknowledged; its end answers %s", number,
                           aurora_status_name(rc));
    of->is_ended = true;
    of->is_sold = rc == AURORA_OK && is_commit;
}

void aurora__trial_stock_act(aurora__trial *world, aurora_t *shop)
{
    switch (world->now.kind) {
    case AURORA__TRIAL_SET_UP:
        set_up(world, shop);
        break;
    case AURORA__TRIAL_MOVE:
        move(world, shop);
        break;
    case AURORA__TRIAL_HOLD:
        hold(world, shop);
        break;
    default:
        end_hold(world, shop);
    }
}

/* --- the end of it ---------------------------------------------------------------------------- */

static int64_t expected(const aurora__trial *world, uint32_t sku)
{
    int64_t left = world->options.stock;
    for (uint32_t i = 0; i < world->options.moves; i++) {
        if (world->moves[i].sku == sku && !world->moves[i].is_refused)
            left += world->moves[i].quantity;
    }
    for (uint32_t i = 0; i < world->options.holds; i++) {
        if (world->holds[i].sku == sku && world->holds[i].is_sold)
            left -= world->holds[i].quantity;
    }
    for (uint32_t i = 0; i < world->options.orders; i++) {
        const aurora__trial_order *order = &world->orders[i];
        for (uint32_t k = 0; k < order->line_count; k++) {
            if (order->outcome == AURORA_ORDER_COMPLETED && order->lines[k].sku == world->skus[sku])
                left -= order->lines[k].quantity;
        }
    }
    return left;
}

void aurora__trial_stock_check(aurora__trial *world, aurora_t *shop)
{
    for (uint32_t i = 0; i < world->options.skus; i++) {
        aurora_stock stock = {0};
        aurora_status rc = aurora_stock_get(shop, world->skus[i], &stock);
        aurora__trial_check(world, "I1");
        int64_t left = expected(world, i);
        if (rc != AURORA_OK && rc != AURORA_ENOTFOUND)
            aurora__trial_fail(world, -1, "I1", "%s: its stock answers %s", world->skus[i],
                               aurora_status_name(rc));
        else if (stock.available != left || stock.reserved != 0)
            aurora__trial_fail(
                world, -1, "I1",
                "%s: %lld available and %lld reserved; by what was acknowledged %lld",
                world->skus[i], (long long)stock.available, (long long)stock.reserved,
                (long long)left);
    }
}
