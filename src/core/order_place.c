/* SPDX-License-Identifier: MIT */
#include "core/order.h"

#include "core/inventory.h"
#include "core/transition.h"
#include "plant/plant.h"

#include <aurora/event.h>
#include <aurora/money.h>

static aurora__key order_key(const aurora__place *place, uint32_t table)
{
    return aurora__key_uuid(table, &place->id);
}

static aurora_status assume_new(aurora__step *step, const aurora__place *place)
{
    aurora__key order = order_key(place, AURORA__TABLE_order);
    aurora_status rc = aurora__rows_assume_absent(step->rows, &order);
    if (rc == AURORA_OK && (step->policy->modules & AURORA__MODULE_INVENTORY)) {
        aurora__key reservation = order_key(place, AURORA__TABLE_reservation);
        rc = aurora__rows_assume_absent(step->rows, &reservation);
    }
    if (rc == AURORA_OK && (step->policy->modules & AURORA__MODULE_PAYMENT)) {
        aurora__key payment = order_key(place, AURORA__TABLE_payment);
        rc = aurora__rows_assume_absent(step->rows, &payment);
    }
    return rc;
}

aurora_status aurora__order_place_keys(aurora__step *step, const aurora__place *place)
{
    aurora_status rc = assume_new(step, place);
    if (rc == AURORA_OK && place->reference != NULL) {
        aurora__key key = aurora__key_text(AURORA__TABLE_order_reference, place->reference);
        rc = aurora__rows_want(step->rows, &key);
    }
    for (uint32_t i = 0; rc == AURORA_OK && i < place->line_count; i++) {
        const char *sku = place->lines[i].sku;
        if (!place->has_own_prices) {
            aurora__key key = aurora__key_text(AURORA__TABLE_price, sku);
            rc = aurora__rows_want(step->rows, &key);
        }
        if (rc == AURORA_OK && (step->policy->modules & AURORA__MODULE_INVENTORY))
            rc = aurora__inventory_want(step, sku);
    }
    return rc;
}

static aurora_status price_of(aurora__step *step, const aurora__place *place, uint32_t line,
                              int64_t *price_out)
{
    if (place->has_own_prices) {
        *price_out = place->lines[line].unit_price_minor;
        return AURORA_OK;
    }
    const aurora__price_row *price;
    aurora__key key = aurora__key_text(AURORA__TABLE_price, place->lines[line].sku);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&price);
    if (rc != AURORA_OK)
        return rc;
    if (price == NULL || price->is_deleted)
        return aurora__step_refuse(step, AURORA_EUNKNOWNSKU, "lines", "is not in the price list");
    if (!aurora__text_is_equal(price->currency, place->currency))
        return aurora__step_refuse(step, AURORA_ECURRENCY, "currency",
                                   "is not the currency of the product");
    *price_out = price->price_minor;
    return AURORA_OK;
}

/* The lines as JSON and their sum. */
static aurora_status price_lines(aurora__step *step, const aurora__place *place,
                                 aurora__order_row *order, uint32_t *line_out)
{
    aurora__json json;
    aurora__json_begin(&json, step->arena, 32 * (size_t)place->line_count);
    int64_t total = AURORA_PLANT(TOTAL_SHORT) ? 0 : place->charges_minor;
    aurora__json_char(&json, '[');
    for (uint32_t i = 0; i < place->line_count; i++) {
        int64_t price = 0;
        int64_t amount = 0;
        *line_out = i;
        aurora_status rc = price_of(step, place, i, &price);
        if (rc != AURORA_OK)
            return rc;
        if (aurora_money_mul(price, place->lines[i].quantity, &amount) != AURORA_OK ||
            aurora_money_add(total, amount, &total) != AURORA_OK)
            return aurora__step_refuse(step, AURORA_EOVERFLOW, "lines", "the total leaves int64");
        if (i > 0)
            aurora__json_char(&json, ',');
        aurora__json_char(&json, '[');
        aurora__json_text(&json, place->lines[i].sku);
        aurora__json_char(&json, ',');
        aurora__json_integer(&json, place->lines[i].quantity);
        aurora__json_char(&json, ',');
        aurora__json_integer(&json, price);
        aurora__json_char(&json, ']');
    }
    aurora__json_char(&json, ']');
    *line_out = UINT32_MAX;
    order->lines = aurora__json_end(&json);
    order->total_minor = total;
    if (order->lines == NULL)
        return AURORA_ENOMEM;
    if (total < 0)
        return aurora__step_refuse(step, AURORA_EOVERFLOW, "charges", "make the total negative");
    /* A rendered line adds its field names; every other text of an event is bounded. */
    if (json.length + 48 * (size_t)place->line_count + 8192 > step->policy->event_bytes_max)
        return aurora__step_refuse(step, AURORA_ETOOBIG, "lines", "the event would be too large");
    return AURORA_OK;
}

/* References are unique for ever. */
static aurora_status take_reference(aurora__step *step, const aurora__place *place,
                                    aurora_id *taken_by_out)
{
    if (place->reference == NULL || AURORA_PLANT(REFERENCE_TWICE))
        return AURORA_OK;
    aurora__key key = aurora__key_text(AURORA__TABLE_order_reference, place->reference);
    const aurora__order_reference_row *first;
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&first);
    if (rc != AURORA_OK)
        return rc;
    if (first != NULL) {
        *taken_by_out = first->order_id;
        return aurora__step_refuse(step, AURORA_ETAKEN, "reference", "belongs to another order");
    }
    aurora__order_reference_row *row;
    rc = aurora__rows_insert(step->rows, &key, (void **)&row);
    if (rc == AURORA_OK)
        row->order_id = place->id;
    return rc;
}

static void fill(const aurora__step *step, const aurora__place *place, aurora__order_row *order)
{
    order->status = AURORA_ORDER_PENDING;
    order->currency = place->currency;
    order->customer_id = place->customer_id;
    order->payment_method = place->payment_method;
    order->contact = place->contact;
    order->reference = place->reference;
    order->traceparent = place->traceparent;
    order->charges = place->charges;
    order->metadata = place->metadata;
    order->created_at = step->now_ms;
    order->placed_at = place->placed_at != 0 ? place->placed_at : step->now_ms;
    order->deadline_at = step->now_ms + step->policy->order_deadline_ms;
    order->resend_at = step->now_ms + step->policy->resend_first_ms;
    order->due_at = order->resend_at < order->deadline_at ? order->resend_at : order->deadline_at;
    if (place->key != NULL) {
        order->key_scope = place->key_scope;
        order->key_text = place->key;
        order->key_hash = (aurora__bytes){place->key_hash, sizeof place->key_hash};
    }
}

aurora_status aurora__order_place(aurora__step *step, const aurora__place *place,
                                  aurora_id *taken_by_out, uint32_t *line_out)
{
    *line_out = UINT32_MAX;
    step->is_creating = true;
    aurora_status rc = take_reference(step, place, taken_by_out);
    if (rc != AURORA_OK)
        return rc;
    aurora__order_row *order;
    aurora__key key = order_key(place, AURORA__TABLE_order);
    rc = aurora__rows_insert(step->rows, &key, (void **)&order);
    if (rc != AURORA_OK)
        return rc;
    fill(step, place, order);
    rc = price_lines(step, place, order, line_out);
    if (rc == AURORA_OK)
        rc = aurora__order_note(step, order, 0, NULL, NULL);
    if (rc != AURORA_OK)
        return rc;
    const aurora__saga *saga = aurora__order_saga(step, order);
    aurora__event *event =
        saga == NULL ? NULL : aurora__step_emit(step, AURORA_EVENT_ORDER_CREATED);
    if (event == NULL)
        return aurora__step_full(step);
    event->order_id = order->id;
    event->order_version = order->version;
    event->saga = saga;
    event->lines = order->lines;
    return AURORA_OK;
}
