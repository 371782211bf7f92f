/* SPDX-License-Identifier: MIT */
#include "codec/log.h"

#include <aurora/event.h>

#define CAPACITY_FIRST 1024
#define NUMBER_BYTES (AURORA__INTEGER_BYTES + 1) /* with the comma before it */

void aurora__log_begin(aurora__log_writer *writer, aurora__arena *arena)
{
    *writer = (aurora__log_writer){0};
    aurora__writer_begin(&writer->text, arena, CAPACITY_FIRST);
}

static bool is_product(int32_t kind)
{
    return kind == AURORA_EVENT_PRODUCT_UPSERTED || kind == AURORA_EVENT_PRODUCT_DELETED ||
           kind == AURORA_EVENT_PRODUCT_VIEWED;
}

static bool has_lines(int32_t kind)
{
    return kind == AURORA_EVENT_ORDER_CREATED || kind == AURORA_EVENT_ORDER_COMPLETED;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_saga(const aurora__saga *a, const aurora__saga *b)
{
    if (a == b)
        return true;
    return a != NULL && b != NULL && a->total_minor == b->total_minor &&
           a->deadline_at == b->deadline_at && a->placed_at == b->placed_at &&
           is_same_text(a->customer_id, b->customer_id) && is_same_text(a->contact, b->contact) &&
           is_same_text(a->currency, b->currency) &&
           is_same_text(a->payment_method, b->payment_method) &&
           is_same_text(a->traceparent, b->traceparent);
}

/* How many events from the first one share its group, and the lines that they share. */
static uint32_t measure_group(aurora__event *const *events, uint32_t count, const char **lines_out)
{
    const aurora__event *first = events[0];
    bool is_known = false;
    *lines_out = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const aurora__event *event = events[i];
        if (is_product(event->kind) || !aurora_id_is_equal(event->order_id, first->order_id) ||
            !is_same_saga(event->saga, first->saga))
            return i;
        if (!has_lines(event->kind))
            continue;
        if (is_known && !is_same_text(event->lines, *lines_out))
            return i;
        *lines_out = event->lines;
        is_known = true;
    }
    return count;
}

/* Damaged clocks must not overflow: differences wrap, and the reader wraps them back. */
static int64_t relative(const aurora__log_writer *writer, int64_t ms)
{
    return (int64_t)((uint64_t)ms - (uint64_t)writer->base_ms);
}

static void put_number(aurora__writer *text, int64_t number)
{
    char *at = aurora__writer_room(text, NUMBER_BYTES);
    if (at == NULL)
        return;
    *at = ',';
    aurora__writer_take(text, aurora__integer_format(at + 1, number));
}

static void put_text(aurora__writer *text, const char *value)
{
    aurora__writer_char(text, ',');
    aurora__writer_text(text, value);
}

static void put_json(aurora__writer *text, const char *json)
{
    aurora__writer_char(text, ',');
    aurora__writer_json(text, json);
}

static bool has_rare_fields(const aurora__event *event)
{
    return event->decline_code != NULL || event->short_lines != NULL || event->action != 0 ||
           event->participant != 0 || event->result != 0 || event->actor != NULL ||
           event->note != NULL;
}

static void write_event(aurora__log_writer *writer, const aurora__event *event)
{
    aurora__writer *text = &writer->text;
    const int64_t numbers[6] = {event->kind,         event->order_version,
                                event->amount_minor, relative(writer, event->at_ms),
                                event->reason,       event->is_resend};
    bool is_long = has_rare_fields(event);
    uint32_t count = 6;
    while (!is_long && count > 1 && numbers[count - 1] == 0)
        count--;
    char *at = aurora__writer_room(text, sizeof numbers / sizeof numbers[0] * NUMBER_BYTES);
    if (at == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        *at++ = i == 0 ? '[' : ',';
        at = aurora__integer_format(at, numbers[i]);
    }
    aurora__writer_take(text, at);
    if (is_long) {
        put_text(text, event->decline_code);
        put_json(text, event->short_lines);
        put_number(text, event->action);
        put_number(text, event->participant);
        put_number(text, event->result);
        put_text(text, event->actor);
        put_text(text, event->note);
    }
    aurora__writer_char(text, ']');
}

static void write_saga(aurora__log_writer *writer, const aurora__saga *saga)
{
    aurora__writer *text = &writer->text;
    if (saga == NULL) {
        aurora__writer_literal(text, ",null");
        return;
    }
    aurora__writer_literal(text, ",[");
    aurora__writer_text(text, saga->customer_id);
    put_text(text, saga->contact);
    put_text(text, saga->currency);
    put_text(text, saga->payment_method);
    put_number(text, saga->total_minor);
    put_number(text, relative(writer, saga->deadline_at));
    put_number(text, relative(writer, saga->placed_at));
    if (saga->traceparent != NULL)
        put_text(text, saga->traceparent);
    aurora__writer_char(text, ']');
}

static void write_group(aurora__log_writer *writer, aurora__event *const *events, uint32_t count,
                        const char *lines)
{
    aurora__writer *text = &writer->text;
    aurora__writer_literal(text, ",[");
    aurora__writer_id(text, &events[0]->order_id);
    for (uint32_t i = 0; i < count; i++) {
        aurora__writer_raw(text, ",[", i == 0 ? 2 : 1);
        write_event(writer, events[i]);
    }
    aurora__writer_char(text, ']');
    if (events[0]->saga != NULL || lines != NULL)
        write_saga(writer, events[0]->saga);
    if (lines != NULL)
        put_json(text, lines);
    aurora__writer_char(text, ']');
}

static void write_product_row(aurora__log_writer *writer, const aurora__product_row *row)
{
    aurora__writer *text = &writer->text;
    put_text(text, row->name);
    put_text(text, row->description);
    put_text(text, row->brand);
    put_text(text, row->category);
    put_text(text, row->image_url);
    put_number(text, row->price_minor);
    put_text(text, row->currency);
    put_json(text, row->attributes);
    put_number(text, row->is_deleted);
    put_number(text, relative(writer, row->created_at));
    put_number(text, relative(writer, row->updated_at));
}

static aurora_status write_product(aurora__log_writer *writer, const aurora__event *event)
{
    aurora__writer *text = &writer->text;
    const aurora__product_row *row =
        event->kind == AURORA_EVENT_PRODUCT_UPSERTED ? event->product : NULL;
    const char *sku = row != NULL ? row->sku : event->sku;
    if (sku == NULL || (row == NULL && event->kind == AURORA_EVENT_PRODUCT_UPSERTED))
        return AURORA_EINVAL;
    aurora__writer_literal(text, ",[");
    aurora__writer_integer(text, event->kind);
    put_number(text, relative(writer, event->at_ms));
    put_number(text, event->is_resend);
    put_text(text, sku);
    if (event->kind == AURORA_EVENT_PRODUCT_VIEWED)
        put_number(text, event->count);
    else
        put_number(text, row != NULL ? row->version : event->product_version);
    if (row != NULL)
        write_product_row(writer, row);
    aurora__writer_char(text, ']');
    return AURORA_OK;
}

aurora_status aurora__log_add(aurora__log_writer *writer, aurora__event *const *events,
                              uint32_t count)
{
    if (writer->count == 0 && count > 0) {
        writer->base_ms = events[0]->at_ms;
        aurora__writer_char(&writer->text, '[');
        aurora__writer_integer(&writer->text, writer->base_ms);
    }
    for (uint32_t i = 0; i < count;) {
        if (is_product(events[i]->kind)) {
            aurora_status rc = write_product(writer, events[i++]);
            if (rc != AURORA_OK)
                return rc;
            continue;
        }
        const char *lines;
        uint32_t size = measure_group(events + i, count - i, &lines);
        write_group(writer, events + i, size, lines);
        i += size;
    }
    writer->count += count;
    return writer->text.is_failed ? AURORA_ENOMEM : AURORA_OK;
}

aurora_status aurora__log_end(aurora__log_writer *writer, aurora_log_row *row_out)
{
    if (writer->count == 0)
        return AURORA_EINVAL;
    aurora__writer_char(&writer->text, ']');
    row_out->body = aurora__writer_end(&writer->text);
    row_out->body_length = writer->text.length;
    row_out->count = writer->count;
    row_out->format = AURORA__LOG_FORMAT;
    row_out->at_ms = writer->base_ms;
    return row_out->body == NULL ? AURORA_ENOMEM : AURORA_OK;
}

const char *aurora__event_encode(aurora__arena *arena, const aurora__event *event)
{
    aurora__log_writer writer;
    aurora_log_row row;
    aurora__event copy = *event;
    aurora__event *const events[1] = {&copy};
    aurora__log_begin(&writer, arena);
    aurora_status rc = aurora__log_add(&writer, events, 1);
    if (rc == AURORA_OK)
        rc = aurora__log_end(&writer, &row);
    return rc == AURORA_OK ? row.body : NULL;
}
