/* SPDX-License-Identifier: MIT */
#include "codec/event_parse.h"

#include "codec/json_tree.h"
#include "codec/names.h"
#include "codec/time_text.h"
#include "codec/writer.h"

#include <aurora/event.h>
#include <aurora/order.h>
#include <aurora/saga.h>

#include <string.h>

#define CURRENCY_BYTES_MAX 3

/* After the first mistake nothing more is read. */
typedef struct {
    aurora__json_tree tree;
    aurora_status status;
    const char *field; /* the first wrong one */
} document;

static void blame(document *from, const char *field, aurora_status status)
{
    if (from->status != AURORA_OK || status == AURORA_OK)
        return;
    from->status = status;
    from->field = field;
}

/* --- members ---------------------------------------------------------------------------------- */

/* A member that is there and not null, else 0. */
static uint32_t member(const document *from, uint32_t object, const char *name)
{
    uint32_t node = aurora__json_tree_member(&from->tree, object, name);
    return aurora__json_tree_is(&from->tree, node, AURORA__JSON_NULL) ? 0 : node;
}

static const char *text(document *from, uint32_t object, const char *name, size_t bytes_max)
{
    const char *value = NULL;
    uint32_t node = member(from, object, name);
    if (node != 0 && from->status == AURORA_OK)
        blame(from, name, aurora__json_tree_text(&from->tree, node, bytes_max, &value));
    return value;
}

static const char *required(document *from, uint32_t object, const char *name, size_t bytes_max)
{
    const char *value = text(from, object, name, bytes_max);
    if (value == NULL)
        blame(from, name, AURORA_ECORRUPT);
    return value == NULL ? "" : value;
}

static int64_t integer(document *from, uint32_t object, const char *name, int64_t least,
                       int64_t most)
{
    int64_t value;
    if (!aurora__json_tree_integer(&from->tree, member(from, object, name), &value) ||
        value < least || value > most)
        blame(from, name, AURORA_ECORRUPT);
    return value;
}

static int64_t instant(document *from, uint32_t object, const char *name)
{
    int64_t ms = 0;
    const char *value = text(from, object, name, 64);
    if (value != NULL && !aurora__time_parse(value, &ms))
        blame(from, name, AURORA_ECORRUPT);
    return ms;
}

static const char *sku(document *from, uint32_t object)
{
    const char *value = required(from, object, "sku", AURORA_SKU_BYTES_MAX);
    size_t length = strlen(value);
    bool is_sound = length > 0 && value[0] != ' ' && value[length - 1] != ' ';
    for (size_t i = 0; i < length; i++)
        is_sound = is_sound && (uint8_t)value[i] >= 0x20 && value[i] != 0x7F && value[i] != '/';
    if (!is_sound)
        blame(from, "sku", AURORA_ECORRUPT);
    return value;
}

static const char *currency(document *from, uint32_t object)
{
    const char *value = required(from, object, "currency", CURRENCY_BYTES_MAX);
    for (size_t i = 0; value[i] != '\0'; i++) {
        if (value[i] < 'A' || value[i] > 'Z')
            blame(from, "currency", AURORA_ECORRUPT);
    }
    return value;
}

/* --- lists ------------------------------------------------------------------------------------ */

/* Objects of a SKU and two numbers, as [[sku,number,number],...]; NULL for an empty list. */
static const char *lines(document *from, const char *name, const char *const numbers[2])
{
    aurora__writer writer;
    uint32_t count = 0;
    uint32_t array = member(from, 0, name);
    if (array != 0 && !aurora__json_tree_is(&from->tree, array, AURORA__JSON_ARRAY))
        blame(from, name, AURORA_ECORRUPT);
    uint32_t line = from->status == AURORA_OK ? aurora__json_tree_first(&from->tree, array) : 0;
    if (line == 0)
        return NULL;
    aurora__writer_begin(&writer, from->tree.arena, 256);
    aurora__writer_char(&writer, '[');
    for (; line != 0 && from->status == AURORA_OK; count++) {
        aurora__writer_raw(&writer, ",", count == 0 ? 0 : 1);
        aurora__writer_char(&writer, '[');
        aurora__writer_text(&writer, sku(from, line));
        for (int i = 0; i < 2; i++) {
            aurora__writer_char(&writer, ',');
            aurora__writer_integer(&writer, integer(from, line, numbers[i], 0, INT64_MAX));
        }
        aurora__writer_char(&writer, ']');
        line = aurora__json_tree_next(&from->tree, array, line);
    }
    aurora__writer_char(&writer, ']');
    if (count > AURORA_ORDER_LINES_MAX)
        blame(from, name, AURORA_ECORRUPT);
    const char *text_ = aurora__writer_end(&writer);
    if (text_ == NULL)
        blame(from, name, AURORA_ENOMEM);
    return text_;
}

/* An object of texts as [[name,value],...]; NULL for an empty one. */
static const char *pairs(document *from, const char *name)
{
    const aurora__json_tree *tree = &from->tree;
    aurora__writer writer;
    uint32_t count = 0;
    uint32_t object = member(from, 0, name);
    if (object == 0 || from->status != AURORA_OK)
        return NULL;
    if (!aurora__json_tree_is(tree, object, AURORA__JSON_OBJECT)) {
        blame(from, name, AURORA_ECORRUPT);
        return NULL;
    }
    aurora__writer_begin(&writer, tree->arena, 256);
    aurora__writer_char(&writer, '[');
    for (uint32_t i = object + 1; i < tree->nodes[object].next && from->status == AURORA_OK;
         i = tree->nodes[i + 1].next, count++) {
        const char *texts[2];
        for (uint32_t side = 0; side < 2; side++)
            blame(from, name,
                  aurora__json_tree_text(tree, i + side, AURORA_BODY_BYTES_MAX, &texts[side]));
        if (from->status != AURORA_OK)
            break;
        aurora__writer_raw(&writer, ",", count == 0 ? 0 : 1);
        aurora__writer_char(&writer, '[');
        aurora__writer_text(&writer, texts[0]);
        aurora__writer_char(&writer, ',');
        aurora__writer_text(&writer, texts[1]);
        aurora__writer_char(&writer, ']');
    }
    aurora__writer_char(&writer, ']');
    if (count > AURORA_ATTRIBUTES_MAX)
        blame(from, name, AURORA_ECORRUPT);
    const char *text_ = aurora__writer_end(&writer);
    if (text_ == NULL)
        blame(from, name, AURORA_ENOMEM);
    return count == 0 ? NULL : text_;
}

/* --- events ----------------------------------------------------------------------------------- */

/* What parked because of something unreadable knows the order's id at most. */
static bool is_of_unreadable(int32_t kind)
{
    return kind == AURORA_EVENT_INVENTORY_PARKED || kind == AURORA_EVENT_PAYMENT_PARKED;
}

static void read_saga(document *from, const char *traceparent, aurora__event *event)
{
    aurora__saga *saga = aurora__arena_zero(from->tree.arena, sizeof *saga);
    if (saga == NULL) {
        blame(from, "", AURORA_ENOMEM);
        return;
    }
    saga->customer_id = text(from, 0, "customer_id", AURORA_TEXT_BYTES_MAX);
    saga->contact = text(from, 0, "contact", AURORA_TEXT_BYTES_MAX);
    saga->currency = is_of_unreadable(event->kind) ? text(from, 0, "currency", CURRENCY_BYTES_MAX)
                                                   : currency(from, 0);
    saga->payment_method = text(from, 0, "payment_method", AURORA_TEXT_BYTES_MAX);
    saga->total_minor = integer(from, 0, "total_minor", 0, INT64_MAX);
    saga->deadline_at = instant(from, 0, "deadline");
    saga->placed_at = instant(from, 0, "placed_at");
    saga->traceparent = traceparent;
    event->saga = saga;
}

static void read_repair(document *from, aurora__event *event)
{
    event->action = aurora_repair_parse(required(from, 0, "action", 32));
    event->participant = aurora_participant_parse(required(from, 0, "participant", 32));
    const char *result = text(from, 0, "result", 32);
    event->result = result == NULL ? 0 : aurora_result_parse(result);
    event->actor = text(from, 0, "actor", AURORA_TEXT_BYTES_MAX);
    event->note = text(from, 0, "note", AURORA_NOTE_BYTES_MAX);
    if (event->action == 0)
        blame(from, "action", AURORA_ECORRUPT);
    if (event->participant == 0)
        blame(from, "participant", AURORA_ECORRUPT);
    if (result != NULL && event->result == 0)
        blame(from, "result", AURORA_ECORRUPT);
}

static void read_order(document *from, const char *traceparent, aurora__event *event)
{
    static const char *const line[] = {"quantity", "unit_price_minor"};
    static const char *const lack[] = {"requested", "available"};
    const char *reason;
    if (aurora_id_parse(required(from, 0, "order_id", 36), &event->order_id) != AURORA_OK)
        blame(from, "order_id", AURORA_ECORRUPT);
    event->order_version = integer(from, 0, "order_version", 0, INT64_MAX);
    read_saga(from, traceparent, event);
    reason = text(from, 0, "reason", AURORA_TEXT_BYTES_MAX);
    event->reason = reason == NULL ? 0 : aurora_reason_parse(reason);
    switch (event->kind) {
    case AURORA_EVENT_ORDER_CREATED:
    case AURORA_EVENT_ORDER_COMPLETED:
        event->lines = lines(from, "lines", line);
        if (event->lines == NULL)
            blame(from, "lines", AURORA_ECORRUPT);
        break;
    case AURORA_EVENT_INVENTORY_REJECTED:
        event->short_lines = lines(from, "short", lack);
        break;
    case AURORA_EVENT_ORDER_REPAIR:
        read_repair(from, event);
        break;
    default:
        if (strcmp(aurora__event_module(event->kind), "payment") != 0)
            break;
        event->amount_minor = integer(from, 0, "amount_minor", 0, INT64_MAX);
        event->decline_code = text(from, 0, "decline_code", AURORA_TEXT_BYTES_MAX);
    }
}

static const char *or_null(const char *value)
{
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static void read_product(document *from, aurora__event *event)
{
    aurora__product_row *row = aurora__arena_zero(from->tree.arena, sizeof *row);
    if (row == NULL) {
        blame(from, "", AURORA_ENOMEM);
        return;
    }
    row->sku = event->sku;
    row->name = required(from, 0, "name", AURORA_NAME_BYTES_MAX);
    row->description = or_null(text(from, 0, "description", AURORA_BODY_BYTES_MAX));
    row->brand = or_null(text(from, 0, "brand", AURORA_NAME_BYTES_MAX));
    row->category = or_null(text(from, 0, "category", AURORA_NAME_BYTES_MAX));
    row->image_url = or_null(text(from, 0, "image_url", AURORA_BODY_BYTES_MAX));
    row->price_minor = integer(from, 0, "price_minor", 0, AURORA_PRICE_MINOR_MAX);
    row->currency = currency(from, 0);
    row->attributes = pairs(from, "attributes");
    row->version = integer(from, 0, "version", 1, INT64_MAX);
    row->created_at = instant(from, 0, "created_at");
    row->updated_at = instant(from, 0, "updated_at");
    event->product = row;
    event->product_version = row->version;
}

static void read_event(document *from, const char *traceparent, aurora__event *event)
{
    switch (event->kind) {
    case AURORA_EVENT_PRODUCT_UPSERTED:
        event->sku = sku(from, 0);
        read_product(from, event);
        break;
    case AURORA_EVENT_PRODUCT_DELETED:
        event->sku = sku(from, 0);
        event->product_version = integer(from, 0, "version", 1, INT64_MAX);
        break;
    case AURORA_EVENT_PRODUCT_VIEWED:
        event->sku = sku(from, 0);
        event->count = integer(from, 0, "count", 1, INT64_MAX);
        break;
    default:
        read_order(from, traceparent, event);
    }
}

aurora_status aurora__event_parse(aurora__arena *arena, const aurora__event_text *from,
                                  aurora__event *out, const char **field_out)
{
    document body = {.field = ""};
    *out = (aurora__event){.kind = from->kind, .at_ms = from->at_ms};
    *field_out = "";
    if (from->kind == AURORA_EVENT_ORDER_UPDATED || aurora_event_name(from->kind)[0] == '\0')
        return AURORA_EINVAL;
    body.status = aurora__json_tree_read(&body.tree, arena, from->data, from->length);
    if (body.status == AURORA_OK && !aurora__json_tree_is(&body.tree, 0, AURORA__JSON_OBJECT))
        body.status = AURORA_ECORRUPT;
    if (body.status != AURORA_OK)
        return body.status;
    out->is_resend = aurora__json_tree_is_true(&body.tree, member(&body, 0, "resend"));
    read_event(&body, from->traceparent, out);
    *field_out = body.field;
    return body.status;
}
