/* SPDX-License-Identifier: MIT */
/* Operations of operators: sagas, dead letters, audit, backup, settings, figures. */
#include <stdlib.h>
#include <string.h>

#include "step.h"

/* --- sagas ------------------------------------------------------------------------------------ */

static void give_participant(cJSON *to, const aurora_participant *one)
{
    give_named(to, "participant", aurora_participant_name(one->participant));
    give_text(to, "state", one->state);
    give_bool(to, "is_parked", one->is_parked != 0);
    give_uint(to, "attempts", one->attempts);
    give_text(to, "parked_reason", one->parked_reason);
    give_id(to, "task_id", &one->task_id);
    give_text(to, "provider_reference", one->provider_reference);
    give_int(to, "first_attempt_at_ms", one->first_attempt_at_ms);
    give_int(to, "next_attempt_at_ms", one->next_attempt_at_ms);
    give_int(to, "parked_at_ms", one->parked_at_ms);
}

static void give_saga(cJSON *to, const aurora_saga *saga)
{
    give_parked(to, "parked", saga->parked);
    give_id(to, "order_id", &saga->order_id);
    give_named(to, "status", aurora_order_status_name(saga->status));
    give_named(to, "outcome", aurora_order_status_name(saga->outcome));
    give_named(to, "reason", aurora_reason_name(saga->reason));
    cJSON *participants = give_array(to, "participants");
    for (uint32_t i = 0; i < saga->participant_count; i++)
        give_participant(give_item(participants), saga->participants[i]);
    give_uint(to, "version", saga->version);
    give_int(to, "created_at_ms", saga->created_at_ms);
    give_int(to, "age_ms", saga->age_ms);
    give_int(to, "deadline_at_ms", saga->deadline_at_ms);
    give_int(to, "resend_at_ms", saga->resend_at_ms);
}

static aurora_status saga_get(step *of)
{
    aurora_saga *saga = NULL;
    aurora_id id = input_id(of, of->with, "order_id");
    aurora_status rc = aurora_saga_get(of->run->shop.handle, id, &saga);
    if (rc == AURORA_OK)
        give_saga(of->gives, saga);
    aurora_saga_free(saga);
    return rc;
}

static aurora_status saga_list(step *of)
{
    aurora_saga_page *page = NULL;
    aurora_saga_filter filter;
    aurora_saga_filter_init(&filter);
    filter.is_parked = input_bool(of, of->with, "is_parked");
    filter.participant = input_named(of, of->with, "participant", aurora_participant_name);
    filter.age_min_ms = input_int(of, of->with, "age_min_ms", 0);
    const char *cursor = input_text(of, of->with, "cursor");
    aurora_status rc = aurora_saga_list(of->run->shop.handle, &filter, cursor,
                                        input_u32(of, of->with, "limit"), &page, &of->err);
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++)
        give_saga(give_item(items), page->items[i]);
    give_text(of->gives, "next_cursor", page->next_cursor);
    aurora_saga_page_free(page);
    return rc;
}

static aurora_status saga_repair(step *of)
{
    aurora_repair repair;
    aurora_repair_init(&repair);
    repair.action = input_named(of, of->with, "action", aurora_repair_name);
    repair.order_id = input_id(of, of->with, "order_id");
    repair.participant = input_named(of, of->with, "participant", aurora_participant_name);
    repair.result = input_named(of, of->with, "result", aurora_result_name);
    repair.actor = input_text(of, of->with, "actor");
    repair.note = input_text(of, of->with, "note");
    return aurora_saga_repair(of->run->shop.handle, &repair, &of->err);
}

static aurora_status dead_letter_list(step *of)
{
    aurora_dead_letter_page *page = NULL;
    const char *consumer = input_text(of, of->with, "consumer");
    const char *cursor = input_text(of, of->with, "cursor");
    aurora_status rc = aurora_dead_letter_list(of->run->shop.handle, consumer, cursor,
                                               input_u32(of, of->with, "limit"), &page, &of->err);
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_dead_letter *one = page->items[i];
        cJSON *item = give_item(items);
        give_named(item, "event_kind", aurora_event_name(one->event_kind));
        give_text(item, "consumer", one->consumer);
        give_text(item, "key", one->key);
        give_text(item, "reason", one->reason);
        give_uint(item, "position", one->position);
        give_uint(item, "attempts", one->attempts);
    }
    give_text(of->gives, "next_cursor", page->next_cursor);
    aurora_dead_letter_page_free(page);
    return rc;
}

static aurora_status dead_letter_redrive(step *of)
{
    uint32_t count = 0;
    const char *consumer = input_text(of, of->with, "consumer");
    const char *key = input_text(of, of->with, "key");
    aurora_status rc =
        aurora_dead_letter_redrive(of->run->shop.handle, consumer, key, &count, &of->err);
    give_uint(of->gives, "count", count);
    return rc;
}

const operation saga_operations[] = {
    {"saga_get", saga_get},
    {"saga_list", saga_list},
    {"saga_repair", saga_repair},
    {"dead_letter_list", dead_letter_list},
    {"dead_letter_redrive", dead_letter_redrive},
    {NULL, NULL},
};

/* --- a whole store ---------------------------------------------------------------------------- */

static aurora_status verify(step *of)
{
    aurora_report *report = NULL;
    aurora_status rc = aurora_verify(of->run->shop.handle, &report);
    if (rc != AURORA_OK)
        return rc;
    give_bool(of->gives, "is_ok", report->is_ok != 0);
    give_uint(of->gives, "in_progress", report->in_progress);
    give_uint(of->gives, "violation_count", report->violation_count);
    give_uint(of->gives, "order_count", report->order_count);
    give_uint(of->gives, "sku_count", report->sku_count);
    give_uint(of->gives, "event_count", report->event_count);
    give_int(of->gives, "at_ms", report->at_ms);
    aurora_report_free(report);
    return rc;
}

static aurora_status backup(step *of)
{
    char path[256];
    const char *name = input_text(of, of->with, "name");
    shop_path(of->run, name == NULL ? "" : name, path, sizeof path);
    return aurora_backup(of->run->shop.handle, path, &of->err);
}

static aurora_status store_key(step *of)
{
    uint8_t key[32] = {0};
    const char *name = input_text(of, of->with, "name");
    aurora_status rc = aurora_store_key(of->run->shop.handle, name, key, &of->err);
    if (rc == AURORA_OK)
        give_bytes(of->gives, "key", key, sizeof key);
    return rc;
}

static aurora_status drain_set(step *of)
{
    return aurora_drain_set(of->run->shop.handle, input_bool(of, of->with, "is_refusing"));
}

static aurora_status drain_get(step *of)
{
    aurora_drain drain = {0};
    aurora_status rc = aurora_drain_get(of->run->shop.handle, &drain);
    give_bool(of->gives, "is_drained", drain.is_drained != 0);
    give_bool(of->gives, "is_refusing", drain.is_refusing != 0);
    give_uint(of->gives, "unsettled_orders", drain.unsettled_orders);
    give_uint(of->gives, "relay_lag", drain.relay_lag);
    give_uint(of->gives, "saga_lag", drain.saga_lag);
    return rc;
}

static aurora_status restored(step *of)
{
    return aurora_restored(of->run->shop.handle, &of->err);
}

static aurora_status setting_put(step *of)
{
    const char *assignment = input_text(of, of->with, "assignment");
    return aurora_setting_put(of->run->shop.handle, assignment, &of->err);
}

static aurora_status open_check(step *of)
{
    uint32_t count;
    const char *url = input_text(of, of->with, "url");
    cJSON *settings = input_array(of, of->with, "settings", &count);
    const char **texts = input_memory(of, count * sizeof *texts);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = cJSON_GetStringValue(cJSON_GetArrayItem(settings, (int)i));
    return aurora_open_check(url, AURORA_OPTIONS(.settings = texts, .setting_count = count),
                             &of->err);
}

static aurora_status health(step *of)
{
    return aurora_health(of->run->shop.handle);
}

static aurora_status bus_health(step *of)
{
    return aurora_bus_health(of->run->shop.handle, &of->err);
}

static aurora_status payment_breaker(step *of)
{
    aurora_breaker_figures figures;
    aurora_status rc = aurora_payment_breaker(of->run->shop.handle, &figures);
    if (rc == AURORA_OK)
        give_figures(of->gives, &figures);
    return rc;
}

/* --- figures ---------------------------------------------------------------------------------- */

static bool labels_fit(const aurora_metric *metric, const cJSON *labels)
{
    for (const cJSON *at = labels == NULL ? NULL : labels->child; at != NULL; at = at->next) {
        bool is_there = false;
        for (uint32_t i = 0; i < metric->label_count; i++)
            is_there = is_there || (strcmp(metric->labels[i].name, at->string) == 0 &&
                                    strcmp(metric->labels[i].value, at->valuestring) == 0);
        if (!is_there)
            return false;
    }
    return true;
}

static void mark_all(step *of, cJSON *labels)
{
    for (cJSON *at = labels == NULL ? NULL : labels->child; at != NULL; at = at->next)
        (void)input_text(of, labels, at->string);
}

static aurora_status metric(step *of)
{
    aurora_metric_page *page = NULL;
    const char *name = input_text(of, of->with, "name");
    const char *suffix = input_text(of, of->with, "suffix");
    cJSON *labels = (cJSON *)input_member(of, of->with, "labels");
    mark_all(of, labels);
    aurora_status rc = aurora_metrics(of->run->shop.handle, &page);
    if (rc != AURORA_OK || name == NULL)
        return rc;
    const aurora_metric *found = NULL;
    for (uint32_t i = 0; i < page->count && found == NULL; i++) {
        const aurora_metric *at = page->items[i];
        if (strcmp(at->name, name) == 0 && labels_fit(at, labels) &&
            strcmp(at->suffix, suffix == NULL ? "" : suffix) == 0)
            found = at;
    }
    if (found == NULL)
        case_fail(of->run, "there is no such sample");
    else
        give_double(of->gives, "value", found->value);
    aurora_metric_page_free(page);
    return rc;
}

const operation store_operations[] = {
    {"verify", verify},
    {"backup", backup},
    {"store_key", store_key},
    {"drain_set", drain_set},
    {"drain_get", drain_get},
    {"restored", restored},
    {"setting_put", setting_put},
    {"open_check", open_check},
    {"health", health},
    {"bus_health", bus_health},
    {"payment_breaker", payment_breaker},
    {"metric", metric},
    {NULL, NULL},
};
