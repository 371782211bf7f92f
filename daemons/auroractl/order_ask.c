/* SPDX-License-Identifier: MIT */
#include "orders.h"
#include "routes/bodies.h"
#include "time_text.h"

static aurora_status place_in_store(aurora_t *store, const void *request, aurora_json_out *out,
                                    aurora_error *err)
{
    aurora_order *order = NULL;
    aurora_status status = aurora_order_place(store, request, &order, err);
    if (status == AURORA_OK)
        aurora_body_order(out, order);
    aurora_order_free(order);
    return status;
}

static void add_text(aurora_json_out *out, const char *name, const char *text)
{
    if (text != NULL)
        aurora_json_out_text(out, name, text);
}

static void write_order(aurora_json_out *out, const aurora_order_request *request)
{
    char placed_at[CTL_TIME_BYTES];
    bool has_prices = (request->flags & AURORA_ORDER_OWN_PRICES) != 0;
    aurora_json_out_object(out, NULL);
    aurora_json_out_array(out, "lines");
    for (uint32_t i = 0; i < request->line_count; i++) {
        aurora_json_out_object(out, NULL);
        aurora_json_out_text(out, "sku", request->lines[i].sku);
        aurora_json_out_int(out, "quantity", request->lines[i].quantity);
        if (has_prices)
            aurora_json_out_int(out, "unit_price_minor", request->lines[i].unit_price_minor);
        aurora_json_out_close(out, '}');
    }
    aurora_json_out_close(out, ']');
    aurora_json_out_text(out, "currency", request->currency);
    aurora_json_out_text(out, "payment_method", request->payment_method);
    add_text(out, "reference", request->reference);
    add_text(out, "customer_id", request->customer_id);
    if (request->placed_at_ms != 0)
        aurora_json_out_text(out, "placed_at", ctl_time_format(request->placed_at_ms, placed_at));
    aurora_json_out_close(out, '}');
}

void ctl_place_init(ctl_place *place, const aurora_order_request *request)
{
    *place = (ctl_place){.request = *request};
    ctl_target_init(&place->target, "/orders");
    write_order(&place->body, request);
    place->ask = (ctl_ask){.method = "POST",
                           .target = &place->target,
                           .body = &place->body,
                           .key = request->key,
                           .wait_s = request->timeout_ms / 1000,
                           .of_store = place_in_store,
                           .request = &place->request};
}

void ctl_place_deinit(ctl_place *place)
{
    aurora_json_out_drop(&place->body);
}

static aurora_status cancel_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                     aurora_error *err)
{
    aurora_order *order = NULL;
    aurora_status status = aurora_order_cancel_with(store, request, &order, err);
    if (status == AURORA_OK)
        aurora_body_order(out, order);
    aurora_order_free(order);
    return status;
}

void ctl_cancel_init(ctl_cancel *cancel, const aurora_cancel *request)
{
    char id[AURORA_ID_TEXT_BYTES];
    *cancel = (ctl_cancel){.request = *request};
    aurora_id_format(request->order_id, id);
    ctl_target_init(&cancel->target, "/orders");
    ctl_target_segment(&cancel->target, id);
    ctl_target_segment(&cancel->target, "cancel");
    aurora_json_out_object(&cancel->body, NULL);
    if (request->note != NULL)
        aurora_json_out_text(&cancel->body, "note", request->note);
    aurora_json_out_close(&cancel->body, '}');
    cancel->ask = (ctl_ask){.method = "POST",
                            .target = &cancel->target,
                            .body = &cancel->body,
                            .key = request->key,
                            .of_store = cancel_of_store,
                            .request = &cancel->request};
}

void ctl_cancel_deinit(ctl_cancel *cancel)
{
    aurora_json_out_drop(&cancel->body);
}
