/* SPDX-License-Identifier: MIT */
/* What must hold in every state, recomputed from rows, the provider's books and what clients were
 * told. I6, I7, I12 and I13 are checked where messages are taken and rows are written. */
#include "explore/space.h"

#include <aurora/order.h>
#include <aurora/stock.h>

bool aurora__explore_fail(aurora__explore_report *report, const char *invariant,
                          const char *message)
{
    report->is_failed = true;
    snprintf(report->invariant, sizeof report->invariant, "%s", invariant);
    snprintf(report->message, sizeof report->message, "%s", message);
    return false;
}

bool aurora__explore_is_resting(const aurora__payment_row *row)
{
    return row->parked_at != 0 && row->call != AURORA__CALL_TAKEN && row->attempts > 0 &&
           row->first_attempt_at == 0;
}

bool aurora__explore_is_quiet(const aurora__explore_space *space,
                              const aurora__explore_order *order)
{
    const aurora__payment_row *payment = aurora__explore_row_at(space, order->payment);
    for (uint32_t i = 0; i < AURORA__EXPLORE_FEEDS; i++) {
        if (order->counts[i] > 0)
            return false;
    }
    bool is_waiting =
        payment != NULL && payment->due_at != 0 && !aurora__explore_is_resting(payment);
    return order->calls == 0 && order->replies == 0 && !is_waiting;
}

bool aurora__explore_is_waiting(const aurora__explore_space *space,
                                const aurora__explore_order *order)
{
    const aurora__order_row *row = aurora__explore_row_at(space, order->order);
    const aurora__payment_row *payment = aurora__explore_row_at(space, order->payment);
    bool is_given_up = payment != NULL && payment->parked_at != 0 &&
                       (payment->due_at == 0 || aurora__explore_is_resting(payment));
    return row != NULL && row->parked != 0 && is_given_up;
}

static bool is_done(const aurora__explore_space *space, const aurora__explore_order *order)
{
    const aurora__order_row *row = aurora__explore_row_at(space, order->order);
    return row != NULL && (order->client & AURORA__CLIENT_HEARD) != 0 &&
           (row->settled_at != 0 || aurora__explore_is_waiting(space, order)) &&
           aurora__explore_is_quiet(space, order);
}

bool aurora__explore_is_end(const aurora__explore_space *space, const aurora__explore_state *state)
{
    for (uint32_t i = 0; i < space->scope->orders; i++) {
        if (!is_done(space, &state->orders[i]))
            return false;
    }
    return true;
}

bool aurora__explore_is_parked(const aurora__explore_space *space,
                               const aurora__explore_state *state)
{
    for (uint32_t i = 0; i < space->scope->orders; i++) {
        const aurora__order_row *row = aurora__explore_row_at(space, state->orders[i].order);
        if (row != NULL && row->parked != 0)
            return true;
    }
    return false;
}

/* --- invariants --------------------------------------------------------------------------- */

/* The SKU began with one unit, and each return is a receipt of one more. */
static const char *check_stock(const aurora__explore_space *space,
                               const aurora__explore_state *state)
{
    const aurora__stock_row *stock = aurora__explore_row_at(space, state->stock);
    int64_t reserved = 0;
    int64_t sold = 0;
    int64_t received = 1;
    if (stock == NULL)
        return "the stock is gone";
    for (uint32_t i = 0; i < space->scope->orders; i++) {
        const aurora__reservation_row *row =
            aurora__explore_row_at(space, state->orders[i].reservation);
        int64_t held = row == NULL ? 0 : row->state;
        reserved += held == AURORA_RESERVATION_RESERVED;
        sold += held == AURORA_RESERVATION_COMMITTED || held == AURORA_RESERVATION_RETURNED;
        received += held == AURORA_RESERVATION_RETURNED;
    }
    if (reserved + sold > received)
        return "more is reserved and sold than was received";
    if (stock->reserved != reserved || stock->sold != sold || stock->received != received)
        return "the stock is not what the reservations make it";
    if (stock->available != received - reserved - sold || stock->available < 0)
        return "available is not what is left";
    return NULL;
}

static const char *check_money(uint8_t books)
{
    if ((books & AURORA__BOOK_TWICE) != 0)
        return "the money was captured twice";
    if ((books & AURORA__BOOK_CAPTURED) != 0 && (books & AURORA__BOOK_VOID) != 0)
        return "captured and void";
    if ((books & AURORA__BOOK_REFUNDED) != 0 && (books & AURORA__BOOK_CAPTURED) == 0)
        return "refunded and never captured";
    return NULL;
}

static bool is_stock_back(const aurora__reservation_row *row)
{
    return row != NULL &&
           (row->state == AURORA_RESERVATION_RELEASED || row->state == AURORA_RESERVATION_RETURNED);
}

static const char *check_settled(const aurora__explore_space *space,
                                 const aurora__explore_order *order, const aurora__order_row *row)
{
    const aurora__reservation_row *reservation = aurora__explore_row_at(space, order->reservation);
    uint8_t money = order->books & (AURORA__BOOK_CAPTURED | AURORA__BOOK_REFUNDED);
    if (row->status == AURORA_ORDER_COMPLETED) {
        bool is_sold = reservation != NULL && reservation->state == AURORA_RESERVATION_COMMITTED;
        return is_sold && money == AURORA__BOOK_CAPTURED
                   ? NULL
                   : "settled as COMPLETED without its stock or its money";
    }
    if (row->status < AURORA_ORDER_COMPLETED)
        return "settled without an outcome";
    if (!is_stock_back(reservation))
        return "settled without a sale, and holds stock";
    bool is_held = (order->books & AURORA__BOOK_AUTHORIZED) != 0 &&
                   (order->books & AURORA__BOOK_VOID) == 0 && money == 0;
    return money == AURORA__BOOK_CAPTURED || is_held ? "settled without a sale, and holds money"
                                                     : NULL;
}

static bool check_order(const aurora__explore_space *space, const aurora__explore_order *order,
                        aurora__explore_report *report)
{
    const aurora__order_row *row = aurora__explore_row_at(space, order->order);
    const char *why = check_money(order->books);
    if (why != NULL)
        return aurora__explore_fail(report, "I2", why);
    if (row == NULL)
        return order->client == 0 ||
               aurora__explore_fail(report, "I8", "an acknowledged order is not there");
    if ((order->client & AURORA__CLIENT_CANCELLED) != 0 && row->status != AURORA_ORDER_CANCELLED)
        return aurora__explore_fail(report, "I8", "an acknowledged cancel did not happen");
    why = row->settled_at == 0 ? NULL : check_settled(space, order, row);
    return why == NULL || aurora__explore_fail(report, "I4", why);
}

bool aurora__explore_check(const aurora__explore_space *space, const aurora__explore_state *state,
                           aurora__explore_report *report)
{
    for (uint32_t i = 0; i < space->scope->orders; i++) {
        if (!check_order(space, &state->orders[i], report))
            return false;
    }
    const char *why = check_stock(space, state);
    return why == NULL || aurora__explore_fail(report, "I1", why);
}
