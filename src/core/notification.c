/* SPDX-License-Identifier: MIT */
#include "core/notification.h"

#include "core/json.h"

#include <aurora/event.h>

#define ID_BITS 7
#define ID_BASE 4
#define PAUSE_MS 1000 /* before what was not begun is given out again */

int32_t aurora__notification_kind(int32_t event_kind)
{
    switch (event_kind) {
    case AURORA_EVENT_ORDER_COMPLETED:
        return AURORA_NOTIFICATION_COMPLETED;
    case AURORA_EVENT_ORDER_FAILED:
        return AURORA_NOTIFICATION_FAILED;
    case AURORA_EVENT_ORDER_CANCELLED:
        return AURORA_NOTIFICATION_CANCELLED;
    default:
        return 0;
    }
}

int32_t aurora__notification_event(int32_t kind)
{
    static const int32_t events[] = {0, AURORA_EVENT_ORDER_COMPLETED, AURORA_EVENT_ORDER_FAILED,
                                     AURORA_EVENT_ORDER_CANCELLED};
    return kind >= 1 && kind <= 3 ? events[kind] : 0;
}

aurora_id aurora__notification_task_id(const aurora_id *order_id, int32_t kind)
{
    aurora_id id = *order_id;
    id.bytes[15] = (uint8_t)((id.bytes[15] & ~ID_BITS) | (ID_BASE + kind));
    return id;
}

aurora_id aurora__notification_order(const aurora_id *task_id, int32_t *kind_out)
{
    aurora_id id = *task_id;
    int32_t kind = (id.bytes[15] & ID_BITS) - ID_BASE;
    *kind_out = kind >= AURORA_NOTIFICATION_COMPLETED ? kind : 0;
    id.bytes[15] = (uint8_t)(id.bytes[15] & ~ID_BITS);
    return id;
}

const char *aurora__notification_saga(aurora__arena *arena, const aurora__event *event)
{
    const aurora__saga *saga = event->saga;
    aurora__json json;
    aurora__json_begin(&json, arena, 160);
    aurora__json_char(&json, '[');
    aurora__json_text(&json, saga->contact);
    aurora__json_char(&json, ',');
    aurora__json_text(&json, saga->customer_id);
    aurora__json_char(&json, ',');
    aurora__json_integer(&json, saga->total_minor);
    aurora__json_char(&json, ',');
    aurora__json_text(&json, saga->currency);
    aurora__json_char(&json, ',');
    aurora__json_integer(&json, event->reason);
    aurora__json_char(&json, ',');
    aurora__json_integer(&json, saga->placed_at);
    aurora__json_char(&json, ',');
    aurora__json_integer(&json, saga->deadline_at);
    aurora__json_char(&json, ',');
    aurora__json_text(&json, event->decline_code);
    aurora__json_char(&json, ',');
    aurora__json_text(&json, saga->traceparent);
    aurora__json_char(&json, ']');
    return aurora__json_end(&json);
}

aurora_status aurora__notification_read(aurora__arena *arena, const char *text,
                                        aurora__notification_task *task_out)
{
    aurora__json_reader reader;
    if (text == NULL)
        return AURORA_ECORRUPT;
    aurora__json_read(&reader, text, aurora__text_length(text));
    aurora__json_expect(&reader, '[');
    task_out->contact = aurora__json_take_text(&reader, arena);
    aurora__json_expect(&reader, ',');
    task_out->customer_id = aurora__json_take_text(&reader, arena);
    aurora__json_expect(&reader, ',');
    task_out->total_minor = aurora__json_take_integer(&reader);
    aurora__json_expect(&reader, ',');
    task_out->currency = aurora__json_take_text(&reader, arena);
    aurora__json_expect(&reader, ',');
    task_out->reason = (int32_t)aurora__json_take_integer(&reader);
    aurora__json_expect(&reader, ',');
    task_out->placed_at = aurora__json_take_integer(&reader);
    aurora__json_expect(&reader, ',');
    task_out->deadline_at = aurora__json_take_integer(&reader);
    aurora__json_expect(&reader, ',');
    task_out->decline_code = aurora__json_take_text(&reader, arena);
    aurora__json_expect(&reader, ',');
    task_out->traceparent = aurora__json_take_text(&reader, arena);
    aurora__json_expect(&reader, ']');
    return aurora__json_status(&reader);
}

/* The key points to *order_id_out. */
static aurora__key row_key(const aurora_id *task_id, aurora_id *order_id_out)
{
    int32_t kind;
    *order_id_out = aurora__notification_order(task_id, &kind);
    return aurora__key_uuid_number(AURORA__TABLE_notification, order_id_out,
                                   aurora__notification_event(kind));
}

aurora_status aurora__notification_keys(aurora__step *step, const aurora_id *task_id)
{
    aurora_id order_id;
    aurora__key key = row_key(task_id, &order_id);
    return aurora__rows_want(step->rows, &key);
}

aurora_status aurora__notification_add(aurora__step *step, const aurora__notification *add)
{
    aurora__notification_row *row;
    aurora__key key =
        aurora__key_uuid_number(AURORA__TABLE_notification, &add->order_id, add->event_kind);
    aurora_status rc = aurora__rows_insert(step->rows, &key, (void **)&row);
    if (rc == AURORA_ECONFLICT)
        return AURORA_OK;
    if (rc != AURORA_OK)
        return rc;
    row->state = add->state;
    row->order_version = add->order_version;
    row->at = add->at_ms;
    row->updated_at = step->now_ms;
    if (add->state != AURORA__NOTIFICATION_PENDING)
        return AURORA_OK;
    row->due_at = step->now_ms;
    row->saga = aurora__arena_text(step->arena, add->saga);
    return add->saga != NULL && row->saga == NULL ? AURORA_ENOMEM : AURORA_OK;
}

/* Ends it, or lets it wait until `due_at`. */
static void move(const aurora__step *step, aurora__notification_row *row, int32_t state,
                 int64_t due_at)
{
    row->state = state;
    row->due_at = due_at;
    row->updated_at = step->now_ms;
    if (state == AURORA__NOTIFICATION_SENT)
        row->saga = NULL;
}

aurora_status aurora__notification_take(aurora__step *step, const aurora_id *task_id,
                                        int64_t lease_ms, aurora__notification_task *task_out,
                                        bool *taken_out)
{
    aurora_id order_id;
    aurora__notification_row *row;
    aurora__key key = row_key(task_id, &order_id);
    aurora_status rc = aurora__rows_write(step->rows, &key, (void **)&row);
    *taken_out = false;
    if (rc != AURORA_OK || row == NULL || row->due_at == 0 || row->due_at > step->now_ms)
        return rc;
    bool is_left = row->state == AURORA__NOTIFICATION_SENDING;
    if (is_left && step->policy->notify_repeats && row->attempts >= step->policy->attempts_max) {
        row->detail = "too many attempts";
        move(step, row, AURORA__NOTIFICATION_FAILED, 0);
        return AURORA_OK;
    }
    if (is_left && !step->policy->notify_repeats) {
        row->detail = "its lease ran out";
        move(step, row, AURORA__NOTIFICATION_UNKNOWN, 0);
        return AURORA_OK;
    }
    if (row->state != AURORA__NOTIFICATION_PENDING && !is_left)
        return AURORA_ECORRUPT;
    *task_out = (aurora__notification_task){.id = *task_id, .order_id = order_id};
    rc = aurora__notification_read(step->arena, row->saga, task_out);
    if (rc != AURORA_OK)
        return rc;
    row->attempts++;
    move(step, row, AURORA__NOTIFICATION_SENDING, step->now_ms + lease_ms);
    task_out->kind = aurora__notification_kind((int32_t)row->kind);
    task_out->attempt = row->attempts;
    task_out->lease_at = row->due_at;
    *taken_out = true;
    return AURORA_OK;
}

/* `code`, where there is one, says what it is that comes again: the row shows it meanwhile. */
static aurora_status unknown(const aurora__step *step, aurora__notification_row *row,
                             const char *code, int64_t retry_after_ms)
{
    if (row->state != AURORA__NOTIFICATION_SENDING)
        return AURORA_OK;
    if (retry_after_ms == 0) {
        row->detail = "its sender does not know";
        move(step, row, AURORA__NOTIFICATION_UNKNOWN, 0);
    } else if (row->attempts >= step->policy->attempts_max) {
        row->detail = code != NULL ? code : "too many attempts";
        move(step, row, AURORA__NOTIFICATION_FAILED, 0);
    } else {
        row->detail = code;
        move(step, row, AURORA__NOTIFICATION_PENDING, step->now_ms + retry_after_ms);
    }
    return AURORA_OK;
}

static void give_back(const aurora__step *step, aurora__notification_row *row,
                      int64_t retry_after_ms)
{
    if (row->state != AURORA__NOTIFICATION_SENDING)
        return;
    row->attempts--;
    move(step, row, AURORA__NOTIFICATION_PENDING,
         step->now_ms + (retry_after_ms > 0 ? retry_after_ms : PAUSE_MS));
}

static bool is_outcome(int32_t outcome)
{
    return outcome == AURORA_OUTCOME_DONE || outcome == AURORA_OUTCOME_DECLINED ||
           outcome == AURORA_OUTCOME_UNKNOWN || outcome == AURORA_OUTCOME_NOT_BEGUN;
}

aurora_status aurora__notification_finish(aurora__step *step, const aurora_id *task_id,
                                          int32_t outcome, const char *code, int64_t retry_after_ms)
{
    aurora_id order_id;
    aurora__notification_row *row;
    aurora__key key = row_key(task_id, &order_id);
    if (!is_outcome(outcome))
        return aurora__step_refuse(
            step, AURORA_EINVAL, "outcome",
            "must be DONE, DECLINED, UNKNOWN or NOT_BEGUN for a notification");
    aurora_status rc = aurora__rows_write(step->rows, &key, (void **)&row);
    if (rc != AURORA_OK)
        return rc;
    if (row == NULL)
        return AURORA_ENOTFOUND;
    if (row->state == AURORA__NOTIFICATION_SENT || row->state == AURORA__NOTIFICATION_SKIPPED)
        return AURORA_OK;
    if (outcome == AURORA_OUTCOME_DONE) {
        row->detail = NULL;
        move(step, row, AURORA__NOTIFICATION_SENT, 0);
        return AURORA_OK;
    }
    if (outcome == AURORA_OUTCOME_NOT_BEGUN) {
        give_back(step, row, retry_after_ms);
        return AURORA_OK;
    }
    const char *kept = aurora__arena_text(step->arena, code);
    if (kept == NULL && code != NULL)
        return AURORA_ENOMEM;
    if (outcome == AURORA_OUTCOME_UNKNOWN)
        return unknown(step, row, kept, retry_after_ms);
    row->detail = kept;
    move(step, row, AURORA__NOTIFICATION_FAILED, 0);
    return AURORA_OK;
}
