/* SPDX-License-Identifier: MIT */
/* Whether the two sides of a pair agree. Pure. */
#include "engine/verify_across.h"

#include "core/payment_machine.h"

#include <aurora/stock.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool say(aurora__suspect *out, int64_t left, int64_t right, const char *text)
{
    out->versions[0] = left;
    out->versions[1] = right;
    if (text != out->text)
        snprintf(out->text, sizeof out->text, "%s", text);
    return false;
}

/* A parked saga waits for an operator, an unsettled one for its timers: neither has to agree. */
static bool has_to_agree(const aurora__order_row *order)
{
    return order->settled_at != 0 && order->parked == 0 && order->status >= AURORA_ORDER_COMPLETED;
}

bool aurora__across_stock(const aurora__order_row *order,
                          const aurora__reservation_row *reservation, aurora__suspect *out)
{
    int64_t version = reservation == NULL ? -1 : reservation->version;
    if (order == NULL)
        return reservation == NULL || reservation->state != AURORA_RESERVATION_RESERVED ||
               say(out, -1, version, "stock is held for no order");
    if (!has_to_agree(order) ||
        aurora__verify_stock_fault(order, reservation, out->text) == AURORA__FAULT_NONE)
        return true;
    return say(out, order->version, version, out->text);
}

bool aurora__across_money(const aurora__order_row *order, const aurora__payment_row *payment,
                          aurora__suspect *out)
{
    int64_t version = payment == NULL ? -1 : payment->version;
    if (order == NULL) {
        bool holds = payment != NULL && (payment->state == AURORA__PAYMENT_AUTHORIZED ||
                                         payment->state == AURORA__PAYMENT_CAPTURED);
        return !holds || say(out, -1, version, "money is held for no order");
    }
    if (!has_to_agree(order) ||
        aurora__verify_money_fault(order, payment, out->text) == AURORA__FAULT_NONE)
        return true;
    return say(out, order->version, version, out->text);
}

/* Copies are made by version, so equal versions must be equal in all else. */
static bool has_version(int64_t version, int64_t copy_version, bool is_same, const char *what,
                        aurora__suspect *out)
{
    if (version == copy_version && is_same)
        return true;
    if (version == copy_version)
        snprintf(out->text, sizeof out->text, "%s differs at version %" PRId64, what, version);
    else if (copy_version < 0)
        snprintf(out->text, sizeof out->text, "%s is missing, the product has version %" PRId64,
                 what, version);
    else if (version < 0)
        snprintf(out->text, sizeof out->text, "%s has version %" PRId64 ", there is no product",
                 what, copy_version);
    else
        snprintf(out->text, sizeof out->text,
                 "%s has version %" PRId64 ", the product version %" PRId64, what, copy_version,
                 version);
    return say(out, version, copy_version, out->text);
}

bool aurora__across_price(const aurora__product_row *product, const aurora__price_row *price,
                          aurora__suspect *out)
{
    bool is_same = product == NULL || price == NULL ||
                   (product->is_deleted == price->is_deleted &&
                    (product->is_deleted || (product->price_minor == price->price_minor &&
                                             strcmp(product->currency, price->currency) == 0)));
    return has_version(product == NULL ? -1 : product->version, price == NULL ? -1 : price->version,
                       is_same, "the order service's price", out);
}

static bool is_same_text(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

bool aurora__across_product(const aurora__product_row *product, const aurora__product_row *copy,
                            aurora__suspect *out)
{
    bool is_same = product == NULL || copy == NULL || product->is_deleted != 0 ||
                   (is_same_text(product->name, copy->name) &&
                    is_same_text(product->description, copy->description) &&
                    is_same_text(product->brand, copy->brand) &&
                    is_same_text(product->category, copy->category) &&
                    is_same_text(product->attributes, copy->attributes) &&
                    product->price_minor == copy->price_minor);
    if (product != NULL && copy != NULL && product->is_deleted != copy->is_deleted)
        is_same = false;
    return has_version(product == NULL ? -1 : product->version, copy == NULL ? -1 : copy->version,
                       is_same, "a copy", out);
}
