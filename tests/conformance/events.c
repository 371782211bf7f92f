/* SPDX-License-Identifier: MIT */
/* Operations on the log of events, and on tasks and notifications. */
#include <stdlib.h>
#include <string.h>

#include "step.h"

static const char *const consumer_kinds[] = {"host", "saga", "relay", "follower", NULL};
static const char *const task_kinds[] = {"payment", "notification", NULL};

/* --- events ----------------------------------------------------------------------------------- */

static void give_event(cJSON *to, const aurora_event *event)
{
    give_named(to, "kind", aurora_event_name(event->kind));
    give_uint(to, "position", event->position);
    give_text(to, "type_name", event->type_name);
    give_text(to, "id", event->id);
    give_text(to, "source", event->source);
    give_id(to, "order_id", &event->order_id);
    give_text(to, "sku", event->sku);
    give_int(to, "at_ms", event->at_ms);
    give_bool(to, "is_resend", event->is_resend != 0);
    give_text(to, "traceparent", event->traceparent);
    cJSON_AddItemToObject(to, "data", cJSON_ParseWithLength(event->data, event->data_len));
}

static aurora_status give_events(step *of, aurora_status rc, aurora_event_page *page)
{
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++)
        give_event(give_item(items), page->items[i]);
    give_uint(of->gives, "position", page->position);
    aurora_event_page_free(page);
    return rc;
}

static aurora_status event_read(step *of)
{
    aurora_event_page *page = NULL;
    const char *consumer = input_text(of, of->with, "consumer");
    uint32_t limit = input_u32(of, of->with, "limit");
    int32_t wait = input_i32(of, of->with, "wait_ms");
    aurora_status rc = aurora_event_read(of->run->shop.handle, consumer, limit, wait, &page);
    return give_events(of, rc, page);
}

static aurora_status event_ack(step *of)
{
    const char *consumer = input_text(of, of->with, "consumer");
    return aurora_event_ack(of->run->shop.handle, consumer,
                            input_uint(of, of->with, "position", 0));
}

static aurora_status event_tail(step *of)
{
    aurora_event_page *page = NULL;
    uint64_t after = input_uint(of, of->with, "after_position", 0);
    uint32_t limit = input_u32(of, of->with, "limit");
    int32_t wait = input_i32(of, of->with, "wait_ms");
    aurora_status rc = aurora_event_tail(of->run->shop.handle, after, limit, wait, &page);
    return give_events(of, rc, page);
}

static aurora_status event_bounds(step *of)
{
    uint64_t oldest = 0, newest = 0;
    aurora_status rc = aurora_event_bounds(of->run->shop.handle, &oldest, &newest);
    give_uint(of->gives, "oldest", oldest);
    give_uint(of->gives, "newest", newest);
    return rc;
}

static aurora_status consumer_list(step *of)
{
    aurora_consumer_page *page = NULL;
    aurora_status rc = aurora_consumer_list(of->run->shop.handle, &page);
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++) {
        cJSON *item = give_item(items);
        give_enum(item, "kind", page->items[i]->kind, consumer_kinds);
        give_text(item, "name", page->items[i]->name);
        give_uint(item, "position", page->items[i]->position);
        give_uint(item, "lag", page->items[i]->lag);
        give_bool(item, "is_gone", page->items[i]->is_gone != 0);
    }
    aurora_consumer_page_free(page);
    return rc;
}

static aurora_status consumer_delete(step *of)
{
    const char *consumer = input_text(of, of->with, "consumer");
    return aurora_consumer_delete(of->run->shop.handle, consumer, &of->err);
}

const operation event_operations[] = {
    {"event_read", event_read},
    {"event_ack", event_ack},
    {"event_tail", event_tail},
    {"event_bounds", event_bounds},
    {"consumer_list", consumer_list},
    {"consumer_delete", consumer_delete},
    {NULL, NULL},
};

/* --- tasks ------------------------------------------------------------------------------------ */

static void give_task(cJSON *to, const aurora_task *task)
{
    give_enum(to, "kind", task->kind, task_kinds);
    give_id(to, "id", &task->id);
    give_id(to, "order_id", &task->order_id);
    give_named(to, "verb", aurora_verb_name(task->verb));
    give_named(to, "notification_kind", aurora_notification_name(task->notification_kind));
    give_bool(to, "is_query", task->is_query != 0);
    give_uint(to, "attempt", task->attempt);
    give_int(to, "amount_minor", task->amount_minor);
    give_text(to, "currency", task->currency);
    give_text(to, "payment_method", task->payment_method);
    give_id(to, "authorize_id", &task->authorize_id);
    give_text(to, "provider_reference", task->provider_reference);
    give_text(to, "customer_id", task->customer_id);
    give_text(to, "contact", task->contact);
    give_text(to, "reference", task->reference);
    give_named(to, "reason", aurora_reason_name(task->reason));
    give_text(to, "decline_code", task->decline_code);
    give_int(to, "deadline_at_ms", task->deadline_at_ms);
    give_int(to, "lease_at_ms", task->lease_at_ms);
}

static aurora_status task_take(step *of)
{
    aurora_task_page *page = NULL;
    int32_t kind = input_enum(of, of->with, "kind", task_kinds);
    uint32_t capacity = input_u32(of, of->with, "capacity");
    uint32_t lease = input_u32(of, of->with, "lease_ms");
    int32_t wait = input_i32(of, of->with, "wait_ms");
    aurora_status rc = aurora_task_take(of->run->shop.handle, kind, capacity, lease, wait, &page);
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++)
        give_task(give_item(items), page->items[i]);
    aurora_task_page_free(page);
    return rc;
}

static aurora_task_result *input_result(step *of, cJSON *from, aurora_id *id_out)
{
    aurora_task_result *result = input_memory(of, sizeof *result);
    aurora_task_result_init(result);
    *id_out = input_id(of, from, "task_id");
    result->outcome = input_named(of, from, "outcome", aurora_outcome_name);
    result->provider_reference = input_text(of, from, "provider_reference");
    result->code = input_text(of, from, "code");
    result->retry_after_ms = input_u32(of, from, "retry_after_ms");
    result->kind = input_enum(of, from, "kind", task_kinds);
    return result;
}

static aurora_status task_finish(step *of)
{
    aurora_id id;
    const aurora_task_result *result = input_result(of, of->with, &id);
    return aurora_task_finish(of->run->shop.handle, id, result, &of->err);
}

static aurora_status task_finish_many(step *of)
{
    uint32_t count;
    cJSON *given = input_array(of, of->with, "results", &count);
    aurora_id *ids = input_memory(of, count * sizeof *ids);
    const aurora_task_result **results = input_memory(of, count * sizeof *results);
    aurora_status *each = input_memory(of, count * sizeof *each);
    for (uint32_t i = 0; i < count; i++)
        results[i] = input_result(of, cJSON_GetArrayItem(given, (int)i), &ids[i]);
    aurora_status rc =
        aurora_task_finish_many(of->run->shop.handle, ids, results, count, each, &of->err);
    cJSON *words = give_array(of->gives, "each");
    for (uint32_t i = 0; i < count; i++)
        cJSON_AddItemToArray(words, cJSON_CreateString(status_word(each[i])));
    return rc;
}

static aurora_status notification_list(step *of)
{
    aurora_notification_page *page = NULL;
    int32_t state = input_named(of, of->with, "state", aurora_notification_state_name);
    const char *cursor = input_text(of, of->with, "cursor");
    aurora_status rc = aurora_notification_list(of->run->shop.handle, state, cursor,
                                                input_u32(of, of->with, "limit"), &page, &of->err);
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_notification *one = page->items[i];
        cJSON *item = give_item(items);
        give_named(item, "kind", aurora_notification_name(one->kind));
        give_id(item, "order_id", &one->order_id);
        give_named(item, "state", aurora_notification_state_name(one->state));
        give_uint(item, "attempts", one->attempts);
        give_text(item, "detail", one->detail);
        give_text(item, "contact", one->contact);
        give_uint(item, "order_version", one->order_version);
        give_int(item, "at_ms", one->at_ms);
        give_int(item, "updated_at_ms", one->updated_at_ms);
        give_int(item, "due_at_ms", one->due_at_ms);
    }
    give_text(of->gives, "next_cursor", page->next_cursor);
    aurora_notification_page_free(page);
    return rc;
}

const operation task_operations[] = {
    {"task_take", task_take},
    {"task_finish", task_finish},
    {"task_finish_many", task_finish_many},
    {"notification_list", notification_list},
    {NULL, NULL},
};
