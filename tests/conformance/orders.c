/* SPDX-License-Identifier: MIT */
/* Operations on orders, one by one and through queues. */
#include <stdlib.h>
#include <string.h>

#include "step.h"

#define TAKEN_MAX 256

/* --- requests --------------------------------------------------------------------------------- */

const aurora_line *input_lines(step *of, cJSON *from, uint32_t *count_out)
{
    cJSON *array = input_array(of, from, "lines", count_out);
    aurora_line *lines = *count_out == 0 ? NULL : input_memory(of, *count_out * sizeof *lines);
    for (uint32_t i = 0; i < *count_out; i++) {
        cJSON *line = cJSON_GetArrayItem(array, (int)i);
        lines[i].sku = input_text(of, line, "sku");
        lines[i].quantity = input_int(of, line, "quantity", 0);
        lines[i].unit_price_minor = input_int(of, line, "unit_price_minor", 0);
    }
    return lines;
}

static const aurora_charge *input_charges(step *of, cJSON *from, uint32_t *count_out)
{
    cJSON *array = input_array(of, from, "charges", count_out);
    aurora_charge *charges =
        *count_out == 0 ? NULL : input_memory(of, *count_out * sizeof *charges);
    for (uint32_t i = 0; i < *count_out; i++) {
        cJSON *charge = cJSON_GetArrayItem(array, (int)i);
        charges[i].kind = input_named(of, charge, "kind", aurora_charge_name);
        charges[i].label = input_text(of, charge, "label");
        charges[i].amount_minor = input_int(of, charge, "amount_minor", 0);
    }
    return charges;
}

static uint32_t flag(step *of, cJSON *from, const char *name, uint32_t bit)
{
    return input_bool(of, from, name) ? bit : 0;
}

const aurora_order_request *input_request(step *of, cJSON *from)
{
    aurora_order_request *request = input_memory(of, sizeof *request);
    aurora_order_request_init(request);
    request->flags = flag(of, from, "own_prices", AURORA_ORDER_OWN_PRICES) |
                     flag(of, from, "no_wait", AURORA_ORDER_NO_WAIT) |
                     flag(of, from, "as_created", AURORA_ORDER_AS_CREATED) |
                     flag(of, from, "with_result", AURORA_ORDER_WITH_RESULT);
    request->key = input_text(of, from, "key");
    request->key_scope = input_text(of, from, "key_scope");
    request->reference = input_text(of, from, "reference");
    request->customer_id = input_text(of, from, "customer_id");
    request->currency = input_text(of, from, "currency");
    request->payment_method = input_text(of, from, "payment_method");
    request->contact = input_text(of, from, "contact");
    request->lines = input_lines(of, from, &request->line_count);
    request->charges = input_charges(of, from, &request->charge_count);
    request->metadata = input_pairs(of, from, "metadata", &request->metadata_count);
    request->timeout_ms = input_u32(of, from, "timeout_ms");
    request->placed_at_ms = input_int(of, from, "placed_at_ms", 0);
    request->traceparent = input_text(of, from, "traceparent");
    return request;
}

/* --- results ---------------------------------------------------------------------------------- */

void give_parked(cJSON *to, const char *name, uint32_t parked)
{
    static const char *const words[] = {"inventory", "payment", "order"};
    cJSON *given = give_array(to, name);
    for (int bit = 0; bit < 3; bit++) {
        if ((parked & 1u << bit) != 0)
            cJSON_AddItemToArray(given, cJSON_CreateString(words[bit]));
    }
}

static void give_content(cJSON *to, const aurora_order *order)
{
    cJSON *lines = give_array(to, "lines");
    cJSON *charges = give_array(to, "charges");
    cJSON *metadata = give_array(to, "metadata");
    for (uint32_t i = 0; i < order->line_count; i++) {
        cJSON *line = give_item(lines);
        give_text(line, "sku", order->lines[i].sku);
        give_int(line, "quantity", order->lines[i].quantity);
        give_int(line, "unit_price_minor", order->lines[i].unit_price_minor);
    }
    for (uint32_t i = 0; i < order->charge_count; i++) {
        cJSON *charge = give_item(charges);
        give_named(charge, "kind", aurora_charge_name(order->charges[i].kind));
        give_text(charge, "label", order->charges[i].label);
        give_int(charge, "amount_minor", order->charges[i].amount_minor);
    }
    for (uint32_t i = 0; i < order->metadata_count; i++) {
        cJSON *pair = give_item(metadata);
        give_text(pair, "name", order->metadata[i].name);
        give_text(pair, "value", order->metadata[i].value);
    }
}

void give_order(cJSON *to, const aurora_order *order)
{
    give_bool(to, "is_replay", order->is_replay != 0);
    give_id(to, "id", &order->id);
    give_named(to, "status", aurora_order_status_name(order->status));
    give_named(to, "outcome", aurora_order_status_name(order->outcome));
    give_named(to, "reason", aurora_reason_name(order->reason));
    give_parked(to, "parked", order->parked);
    give_uint(to, "version", order->version);
    give_uint(to, "created_version", order->created_version);
    give_int(to, "total_minor", order->total_minor);
    give_text(to, "currency", order->currency);
    give_content(to, order);
    give_text(to, "customer_id", order->customer_id);
    give_text(to, "reference", order->reference);
    give_text(to, "contact", order->contact);
    give_text(to, "decline_code", order->decline_code);
    give_int(to, "placed_at_ms", order->placed_at_ms);
    give_int(to, "created_at_ms", order->created_at_ms);
    give_int(to, "updated_at_ms", order->updated_at_ms);
    give_int(to, "settled_at_ms", order->settled_at_ms);
    give_int(to, "deadline_at_ms", order->deadline_at_ms);
}

static void release_order(void *order)
{
    aurora_order_free(order);
}

void keep_order(step *of, aurora_order *order)
{
    if (order == NULL)
        return;
    give_order(of->gives, order);
    step_keep(of, "order", order, release_order);
}

/* --- one by one ------------------------------------------------------------------------------- */

static aurora_status order_check(step *of)
{
    return aurora_order_check(input_request(of, of->with), &of->err);
}

static aurora_status order_place(step *of)
{
    aurora_order *order = NULL;
    const aurora_order_request *request = input_request(of, of->with);
    aurora_status rc = aurora_order_place(of->run->shop.handle, request, &order, &of->err);
    keep_order(of, order);
    return rc;
}

static aurora_status order_get(step *of)
{
    aurora_order *order = NULL;
    aurora_id id = input_id(of, of->with, "order_id");
    aurora_status rc = aurora_order_get(of->run->shop.handle, id, &order);
    keep_order(of, order);
    return rc;
}

static aurora_status order_wait(step *of)
{
    aurora_order *order = NULL;
    aurora_id id = input_id(of, of->with, "order_id");
    uint64_t after = input_uint(of, of->with, "after_version", 0);
    int32_t timeout = input_i32(of, of->with, "timeout_ms");
    aurora_status rc = aurora_order_wait(of->run->shop.handle, id, after, timeout, &order);
    keep_order(of, order);
    return rc;
}

static aurora_status order_list(step *of)
{
    aurora_order_page *page = NULL;
    aurora_order_filter filter;
    aurora_order_filter_init(&filter);
    filter.status = input_named(of, of->with, "status", aurora_order_status_name);
    filter.customer_id = input_text(of, of->with, "customer_id");
    filter.reference = input_text(of, of->with, "reference");
    filter.from_ms = input_int(of, of->with, "from_ms", 0);
    filter.to_ms = input_int(of, of->with, "to_ms", 0);
    const char *cursor = input_text(of, of->with, "cursor");
    aurora_status rc = aurora_order_list(of->run->shop.handle, &filter, cursor,
                                         input_u32(of, of->with, "limit"), &page, &of->err);
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++)
        give_order(give_item(items), page->items[i]);
    give_text(of->gives, "next_cursor", page->next_cursor);
    aurora_order_page_free(page);
    return rc;
}

static aurora_status order_cancel(step *of)
{
    aurora_order *order = NULL;
    aurora_id id = input_id(of, of->with, "order_id");
    int32_t reason = input_named(of, of->with, "reason", aurora_reason_name);
    const char *note = input_text(of, of->with, "note");
    aurora_status rc =
        aurora_order_cancel(of->run->shop.handle, id, reason, note, &order, &of->err);
    keep_order(of, order);
    return rc;
}

static aurora_status order_cancel_with(step *of)
{
    aurora_order *order = NULL;
    aurora_cancel cancel;
    aurora_cancel_init(&cancel);
    cancel.order_id = input_id(of, of->with, "order_id");
    cancel.reason = input_named(of, of->with, "reason", aurora_reason_name);
    cancel.note = input_text(of, of->with, "note");
    cancel.actor = input_text(of, of->with, "actor");
    cancel.key = input_text(of, of->with, "key");
    cancel.key_scope = input_text(of, of->with, "key_scope");
    aurora_status rc = aurora_order_cancel_with(of->run->shop.handle, &cancel, &order, &of->err);
    keep_order(of, order);
    return rc;
}

static aurora_status order_history(step *of)
{
    aurora_history *history = NULL;
    aurora_id id = input_id(of, of->with, "order_id");
    aurora_status rc = aurora_order_history(of->run->shop.handle, id, &history);
    if (rc != AURORA_OK)
        return rc;
    give_id(of->gives, "order_id", &history->order_id);
    give_uint(of->gives, "dropped_count", history->dropped_count);
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < history->count; i++) {
        const aurora_transition *one = history->items[i];
        cJSON *item = give_item(items);
        give_uint(item, "version", one->version);
        give_named(item, "status", aurora_order_status_name(one->status));
        give_named(item, "outcome", aurora_order_status_name(one->outcome));
        give_named(item, "reason", aurora_reason_name(one->reason));
        give_parked(item, "parked", one->parked);
        give_named(item, "event_kind", aurora_event_name(one->event_kind));
        give_int(item, "at_ms", one->at_ms);
        give_int(item, "settled_at_ms", one->settled_at_ms);
        give_text(item, "actor", one->actor);
        give_text(item, "note", one->note);
    }
    aurora_history_free(history);
    return rc;
}

static aurora_status order_json(step *of)
{
    const aurora_order *order = step_object(of, "order", "order");
    size_t length = 0;
    if (order == NULL)
        return AURORA_OK;
    /* The order came in as text too, for runners that work on that: here it has been read. */
    cJSON_DeleteItemFromObjectCaseSensitive(of->with, "order");
    aurora_status rc = aurora_order_json(order, NULL, 0, &length);
    if (rc != AURORA_OK)
        return rc;
    char *text = input_memory(of, length + 1);
    rc = aurora_order_json(order, text, length, NULL);
    if (rc != AURORA_ETOOBIG)
        case_fail(of->run, "the JSON fits where it does not");
    rc = aurora_order_json(order, text, length + 1, &length);
    cJSON_AddItemToObject(of->gives, "json", cJSON_Parse(text));
    return rc;
}

const operation order_operations[] = {
    {"order_check", order_check},
    {"order_place", order_place},
    {"order_get", order_get},
    {"order_wait", order_wait},
    {"order_list", order_list},
    {"order_cancel", order_cancel},
    {"order_cancel_with", order_cancel_with},
    {"order_history", order_history},
    {"order_json", order_json},
    {NULL, NULL},
};

/* --- queues ----------------------------------------------------------------------------------- */

static void release_queue(void *queue)
{
    aurora_queue_free(queue);
}

static aurora_status queue_new(step *of)
{
    aurora_queue *queue = NULL;
    uint32_t capacity = input_u32(of, of->with, "capacity");
    aurora_status rc = aurora_queue_new(of->run->shop.handle, capacity, &queue);
    step_keep(of, "queue", queue, release_queue);
    return rc;
}

static aurora_status order_submit(step *of)
{
    aurora_queue *queue = step_on(of, "queue");
    uint32_t count, tag_count, accepted = 0;
    cJSON *given = input_array(of, of->with, "requests", &count);
    cJSON *given_tags = input_array(of, of->with, "tags", &tag_count);
    const aurora_order_request **requests = input_memory(of, count * sizeof *requests);
    uint64_t *tags = input_memory(of, count * sizeof *tags);
    for (uint32_t i = 0; i < count; i++) {
        requests[i] = input_request(of, cJSON_GetArrayItem(given, (int)i));
        if (i < tag_count)
            tags[i] = (uint64_t)cJSON_GetNumberValue(cJSON_GetArrayItem(given_tags, (int)i));
    }
    if (queue == NULL)
        return AURORA_OK;
    aurora_status rc =
        aurora_order_submit(queue, requests, given_tags == NULL ? NULL : tags, count, &accepted);
    give_uint(of->gives, "accepted", accepted);
    return rc;
}

static aurora_status order_watch(step *of)
{
    aurora_queue *queue = step_on(of, "queue");
    aurora_id id = input_id(of, of->with, "order_id");
    uint64_t after = input_uint(of, of->with, "after_version", 0);
    uint32_t timeout = input_u32(of, of->with, "timeout_ms");
    uint64_t tag = input_uint(of, of->with, "tag", 0);
    return queue == NULL ? AURORA_OK : aurora_order_watch(queue, id, after, timeout, tag);
}

static void give_completion(cJSON *to, const aurora_completion *one)
{
    give_uint(to, "tag", one->tag);
    give_id(to, "id", &one->id);
    give_status(to, "status", one->status);
    give_named(to, "order_status", aurora_order_status_name(one->order_status));
    give_named(to, "reason", aurora_reason_name(one->reason));
    if (one->error_line == AURORA_NO_LINE)
        give_text(to, "error_line", NULL);
    else
        give_uint(to, "error_line", one->error_line);
    give_int(to, "total_minor", one->total_minor);
    give_uint(to, "version", one->version);
    give_bool(to, "is_replay", one->is_replay != 0);
    if (one->order == NULL)
        give_text(to, "order", NULL);
    else
        give_order(cJSON_AddObjectToObject(to, "order"), one->order);
}

static aurora_status queue_take(step *of)
{
    aurora_queue *queue = step_on(of, "queue");
    aurora_completion *taken = input_memory(of, TAKEN_MAX * sizeof *taken);
    uint32_t capacity = input_u32(of, of->with, "capacity"), count = 0;
    int32_t timeout = input_i32(of, of->with, "timeout_ms");
    if (queue == NULL || capacity > TAKEN_MAX)
        return AURORA_EINVAL;
    aurora_status rc = aurora_queue_take(queue, taken, capacity, timeout, &count);
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < count; i++) {
        give_completion(give_item(items), &taken[i]);
        aurora_order_free(taken[i].order);
    }
    return rc;
}

static aurora_status queue_wake(step *of)
{
    aurora_queue *queue = step_on(of, "queue");
    if (queue != NULL)
        aurora_queue_wake(queue);
    return AURORA_OK;
}

const operation queue_operations[] = {
    {"queue_new", queue_new},   {"order_submit", order_submit}, {"order_watch", order_watch},
    {"queue_take", queue_take}, {"queue_wake", queue_wake},     {NULL, NULL},
};
