/* SPDX-License-Identifier: MIT */
/* The order of the HTTP API. Its members' order is part of the promise: a replayed answer is the
 * first one byte for byte. */
#include "codec/writer.h"

#include <aurora/order.h>

static void write_lines(aurora__writer *writer, const aurora_order *order)
{
    aurora__writer_literal(writer, ",\"lines\":[");
    for (uint32_t i = 0; i < order->line_count; i++) {
        const aurora_line *line = &order->lines[i];
        if (i > 0)
            aurora__writer_char(writer, ',');
        aurora__writer_literal(writer, "{\"sku\":");
        aurora__writer_text(writer, line->sku);
        aurora__writer_literal(writer, ",\"quantity\":");
        aurora__writer_integer(writer, line->quantity);
        aurora__writer_literal(writer, ",\"unit_price_minor\":");
        aurora__writer_integer(writer, line->unit_price_minor);
        aurora__writer_char(writer, '}');
    }
    aurora__writer_char(writer, ']');
}

static void write_charges(aurora__writer *writer, const aurora_order *order)
{
    aurora__writer_literal(writer, ",\"charges\":[");
    for (uint32_t i = 0; i < order->charge_count; i++) {
        const aurora_charge *charge = &order->charges[i];
        if (i > 0)
            aurora__writer_char(writer, ',');
        aurora__writer_literal(writer, "{\"kind\":");
        aurora__writer_text(writer, aurora_charge_name(charge->kind));
        aurora__writer_literal(writer, ",\"label\":");
        aurora__writer_text(writer, charge->label);
        aurora__writer_literal(writer, ",\"amount_minor\":");
        aurora__writer_integer(writer, charge->amount_minor);
        aurora__writer_char(writer, '}');
    }
    aurora__writer_char(writer, ']');
}

static void write_metadata(aurora__writer *writer, const aurora_order *order)
{
    aurora__writer_literal(writer, ",\"metadata\":{");
    for (uint32_t i = 0; i < order->metadata_count; i++) {
        if (i > 0)
            aurora__writer_char(writer, ',');
        aurora__writer_text(writer, order->metadata[i].name);
        aurora__writer_char(writer, ':');
        aurora__writer_text(writer, order->metadata[i].value);
    }
    aurora__writer_char(writer, '}');
}

/* A word of ours, null where there is none. */
static void write_name(aurora__writer *writer, const char *name)
{
    aurora__writer_text(writer, name[0] == '\0' ? NULL : name);
}

static void write_head(aurora__writer *writer, const aurora_order *order)
{
    aurora__writer_literal(writer, "{\"id\":");
    aurora__writer_uuid(writer, order->id);
    aurora__writer_literal(writer, ",\"status\":");
    write_name(writer, aurora_order_status_name(order->status));
    aurora__writer_literal(writer, ",\"outcome\":");
    write_name(writer, aurora_order_status_name(order->outcome));
    aurora__writer_literal(writer, ",\"reason\":");
    write_name(writer, aurora_reason_name(order->reason));
    aurora__writer_literal(writer, ",\"currency\":");
    aurora__writer_text(writer, order->currency);
    aurora__writer_literal(writer, ",\"total_minor\":");
    aurora__writer_integer(writer, order->total_minor);
}

static void write_tail(aurora__writer *writer, const aurora_order *order)
{
    aurora__writer_literal(writer, ",\"customer_id\":");
    aurora__writer_text(writer, order->customer_id);
    aurora__writer_literal(writer, ",\"reference\":");
    aurora__writer_text(writer, order->reference);
    aurora__writer_literal(writer, ",\"contact\":");
    aurora__writer_text(writer, order->contact);
    aurora__writer_literal(writer, ",\"placed_at\":");
    aurora__writer_time(writer, order->placed_at_ms);
    aurora__writer_literal(writer, ",\"created_at\":");
    aurora__writer_time(writer, order->created_at_ms);
    aurora__writer_literal(writer, ",\"updated_at\":");
    aurora__writer_time(writer, order->updated_at_ms);
    aurora__writer_literal(writer, ",\"settled_at\":");
    aurora__writer_time(writer, order->settled_at_ms);
    aurora__writer_literal(writer, ",\"version\":");
    aurora__writer_integer(writer, (int64_t)order->version);
    if (order->decline_code != NULL) {
        aurora__writer_literal(writer, ",\"decline_code\":");
        aurora__writer_text(writer, order->decline_code);
    }
    aurora__writer_char(writer, '}');
}

static size_t write_order(const aurora_order *order, char *buffer, size_t capacity)
{
    aurora__writer writer;
    aurora__writer_fixed(&writer, buffer, capacity);
    write_head(&writer, order);
    write_lines(&writer, order);
    write_charges(&writer, order);
    write_metadata(&writer, order);
    write_tail(&writer, order);
    return writer.length;
}

aurora_status aurora_order_json(const aurora_order *order, char *buffer, size_t capacity,
                                size_t *length_out)
{
    if (order == NULL || (buffer == NULL && capacity > 0))
        return AURORA_EINVAL;
    size_t length = write_order(order, NULL, 0);
    if (length_out != NULL)
        *length_out = length;
    if (buffer == NULL)
        return AURORA_OK;
    if (length >= capacity)
        return AURORA_ETOOBIG;
    write_order(order, buffer, capacity);
    buffer[length] = '\0';
    return AURORA_OK;
}
