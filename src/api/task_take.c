/* SPDX-License-Identifier: MIT */
/* Taking tasks: one command leases what is due, a page carries it out. */
#include <time.h>

#include "api/check.h"
#include "api/handle.h"
#include "api/refuse.h"
#include "api/task_take.h"
#include "codec/result.h"
#include "core/notification.h"
#include "core/payment.h"
#include "engine/counters.h"
#include "engine/notification.h"
#include "engine/trace.h"

#include <aurora/task.h>

#define CAPACITY_MAX 1024
#define LEASE_MS_DEFAULT 30000
#define LEASE_MS_MIN 1000
#define LEASE_MS_MAX 3600000
#define WAIT_MS 60000
/* A take may decline or park a task whose time is over, which emits up to four events. */
#define EVENTS_LEFT_MIN 8

typedef struct {
    aurora__command head;
    int32_t kind;
    uint32_t capacity;
    int64_t lease_ms;
    aurora_id *ids; /* what is due: order ids, or ids of notification tasks */
    uint32_t id_count;
    bool is_scanned;
    aurora__query_arena arena; /* of the tasks, made anew by each decision */
    aurora_task *tasks;
    uint32_t task_count;
    aurora_task_page *page; /* of them, for the taker */
} take_command;

static aurora_status scan_due(take_command *command, aurora__turn *turn)
{
    bool is_payment = command->kind == AURORA_TASK_PAYMENT;
    aurora__turn_read_clock(turn);
    aurora_value upper = {.kind = AURORA_COLUMN_TIME, .number = turn->step.now_ms};
    aurora__range range = {.table = is_payment ? AURORA__TABLE_payment : AURORA__TABLE_notification,
                           .index = is_payment ? AURORA__INDEX_PAYMENT_DUE
                                               : AURORA__INDEX_NOTIFICATION_DUE,
                           .upper = &upper,
                           .upper_count = 1,
                           .columns = is_payment ? 1 : 3,
                           .limit = command->capacity};
    aurora__query_arena arena;
    aurora__query_arena_init(&arena, aurora__engine_allocator(turn->engine));
    size_t bytes = is_payment ? sizeof(aurora__payment_row) : sizeof(aurora__notification_row);
    char *rows = aurora__arena_take(&arena.arena, range.limit * bytes);
    aurora_status rc = rows == NULL ? AURORA_ENOMEM
                                    : aurora__engine_scan(turn->engine, turn->txn, &range, &arena,
                                                          rows, &command->id_count);
    for (uint32_t i = 0; rc == AURORA_OK && i < command->id_count; i++) {
        const aurora__notification_row *notification = (const void *)(rows + i * bytes);
        command->ids[i] =
            is_payment ? ((const aurora__payment_row *)(const void *)(rows + i * bytes))->order_id
                       : aurora__notification_task_id(
                             &notification->order_id,
                             aurora__notification_kind((int32_t)notification->kind));
    }
    aurora__query_arena_free(&arena);
    return rc;
}

static aurora_status take_keys(aurora__command *base, aurora__turn *turn)
{
    take_command *command = (take_command *)base;
    if (!command->is_scanned) {
        aurora_status rc = scan_due(command, turn);
        if (rc != AURORA_OK)
            return rc;
        command->is_scanned = true;
    }
    for (uint32_t i = 0; i < command->id_count; i++) {
        aurora_status rc = command->kind == AURORA_TASK_PAYMENT
                               ? aurora__payment_keys(&turn->step, &command->ids[i])
                               : aurora__notification_keys(&turn->step, &command->ids[i]);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

static const char *keep(take_command *command, const char *text, bool *is_out)
{
    const char *copy = aurora__arena_text(&command->arena.arena, text);
    *is_out |= text != NULL && copy == NULL;
    return copy;
}

static aurora_status take_payment(take_command *command, aurora__turn *turn, const aurora_id *id)
{
    aurora__payment_task task;
    bool is_taken = false;
    bool is_out = false;
    aurora_status rc = aurora__payment_take(&turn->step, id, command->lease_ms, &task, &is_taken);
    if (rc != AURORA_OK || !is_taken)
        return rc;
    const aurora__order_row *order = NULL;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, id);
    if (turn->step.policy->modules & AURORA__MODULE_ORDER)
        rc = aurora__rows_read(turn->step.rows, &key, (const void **)&order);
    if (rc != AURORA_OK && rc != AURORA_ECORRUPT)
        return rc;
    command->tasks[command->task_count++] = (aurora_task){
        .size = sizeof(aurora_task),
        .kind = AURORA_TASK_PAYMENT,
        .id = task.id,
        .order_id = task.order_id,
        .verb = task.verb,
        .is_query = task.is_query,
        .attempt = (uint32_t)task.attempt,
        .amount_minor = task.amount_minor,
        .currency = keep(command, task.currency, &is_out),
        .payment_method = keep(command, task.payment_method, &is_out),
        .authorize_id = task.authorize_id,
        .provider_reference = keep(command, task.provider_reference, &is_out),
        .customer_id = keep(command, task.saga->customer_id, &is_out),
        .contact = keep(command, task.saga->contact, &is_out),
        .reference = keep(command, order == NULL ? NULL : order->reference, &is_out),
        .reason = order == NULL ? 0 : (int32_t)order->reason,
        .traceparent = keep(command, aurora__trace_clean(task.saga->traceparent), &is_out),
        .deadline_at_ms = task.saga->deadline_at,
        .lease_at_ms = task.lease_at};
    return is_out ? AURORA_ENOMEM : AURORA_OK;
}

static aurora_status take_notification(take_command *command, aurora__turn *turn,
                                       const aurora_id *id)
{
    aurora__notification_task task;
    bool is_taken = false;
    bool is_out = false;
    aurora_status rc =
        aurora__notification_take(&turn->step, id, command->lease_ms, &task, &is_taken);
    if (rc != AURORA_OK || !is_taken)
        return rc;
    command->tasks[command->task_count++] =
        (aurora_task){.size = sizeof(aurora_task),
                      .kind = AURORA_TASK_NOTIFICATION,
                      .id = task.id,
                      .order_id = task.order_id,
                      .notification_kind = task.kind,
                      .attempt = (uint32_t)task.attempt,
                      .amount_minor = task.total_minor,
                      .currency = keep(command, task.currency, &is_out),
                      .customer_id = keep(command, task.customer_id, &is_out),
                      .contact = keep(command, task.contact, &is_out),
                      .reason = task.reason,
                      .decline_code = keep(command, task.decline_code, &is_out),
                      .traceparent = keep(command, aurora__trace_clean(task.traceparent), &is_out),
                      .deadline_at_ms = task.deadline_at,
                      .lease_at_ms = task.lease_at};
    return is_out ? AURORA_ENOMEM : AURORA_OK;
}

static aurora_status fill_page(aurora__arena *arena, const void *argument)
{
    const take_command *source = argument;
    aurora_task_page *page = aurora__arena_zero(arena, sizeof *page);
    uint32_t count = source == NULL ? 0 : source->task_count;
    const aurora_task **items = aurora__arena_take(arena, count * sizeof *items);
    if (page == NULL || items == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        aurora_task *item = aurora__arena_take(arena, sizeof *item);
        if (item == NULL)
            return AURORA_ENOMEM;
        *item = source->tasks[i];
        const char **texts[] = {
            &item->currency, &item->payment_method, &item->customer_id,  &item->provider_reference,
            &item->contact,  &item->reference,      &item->decline_code, &item->traceparent};
        for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
            const char *text = *texts[t];
            *texts[t] = aurora__arena_text(arena, text);
            if (text != NULL && *texts[t] == NULL)
                return AURORA_ENOMEM;
        }
        items[i] = item;
    }
    page->size = sizeof *page;
    page->count = count;
    page->items = items;
    return AURORA_OK;
}

/* A part of the decision: a lease whose page finds no memory is not taken at all. */
static aurora_status build_page(take_command *command, aurora__engine *engine)
{
    aurora_task_page_free(command->page);
    command->page = NULL;
    return aurora__result_build(aurora__engine_allocator(engine),
                                512 * (size_t)command->task_count + 256, fill_page, command,
                                (void **)&command->page);
}

static aurora_status take_decide(aurora__command *base, aurora__turn *turn)
{
    take_command *command = (take_command *)base;
    aurora__query_arena_free(&command->arena);
    aurora__query_arena_init(&command->arena, aurora__engine_allocator(turn->engine));
    command->task_count = 0;
    for (uint32_t i = 0; i < command->id_count; i++) {
        if (turn->step.event_count + EVENTS_LEFT_MIN > AURORA__CASCADE_EVENTS_MAX / 2)
            break;
        aurora_status rc = command->kind == AURORA_TASK_PAYMENT
                               ? take_payment(command, turn, &command->ids[i])
                               : take_notification(command, turn, &command->ids[i]);
        if (rc != AURORA_OK && rc != AURORA_ECORRUPT)
            return rc;
    }
    return command->task_count == 0 ? AURORA_OK : build_page(command, turn->engine);
}

static void take_free(aurora__command *base)
{
    take_command *command = (take_command *)base;
    aurora_task_page_free(command->page);
    aurora__query_arena_free(&command->arena);
}

static const aurora__command_class take_class = {.name = "task_take",
                                                 .keys = take_keys,
                                                 .decide = take_decide,
                                                 .free = take_free};

static take_command *new_take(aurora_t *shop, int32_t kind, uint32_t capacity, uint32_t lease_ms)
{
    size_t bytes = sizeof(take_command) + capacity * (sizeof(aurora_id) + sizeof(aurora_task));
    take_command *command = aurora__command_new(shop->engine, &take_class, bytes);
    if (command == NULL)
        return NULL;
    command->kind = kind;
    command->capacity = capacity;
    command->lease_ms = lease_ms == 0 ? LEASE_MS_DEFAULT : lease_ms;
    command->tasks = (aurora_task *)(command + 1);
    command->ids = (aurora_id *)(command->tasks + capacity);
    aurora__query_arena_init(&command->arena, &shop->allocator);
    return command;
}

/* Those that were tried before. */
static void count_retries(aurora_t *shop, const take_command *command)
{
    const aurora__counters *counters = aurora__engine_counters(shop->engine);
    uint32_t count = 0;
    for (uint32_t i = 0; i < command->task_count; i++)
        count += command->tasks[i].attempt > 1;
    aurora__counter_add(command->kind == AURORA_TASK_PAYMENT ? counters->payment_retries
                                                             : counters->notify_retries,
                        count);
}

static aurora_status take_once(aurora_t *shop, int32_t kind, uint32_t capacity, uint32_t lease_ms,
                               aurora_task_page **out, uint32_t *count_out)
{
    take_command *command = new_take(shop, kind, capacity, lease_ms);
    if (command == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = aurora__engine_call(shop->engine, &command->head, WAIT_MS, NULL);
    *count_out = rc == AURORA_OK ? command->task_count : 0;
    if (*count_out > 0) {
        count_retries(shop, command);
        *out = command->page;
        command->page = NULL;
    }
    aurora__command_release(&command->head);
    return rc;
}

typedef struct {
    aurora_t *shop;
    int32_t kind;
    bool is_port; /* for a port of ours, not for the host */
} waiting;

/* Whether something is due, by the cheapest read there is. */
static bool is_due(void *argument)
{
    const waiting *what = argument;
    aurora_t *shop = what->shop;
    bool is_payment = what->kind == AURORA_TASK_PAYMENT;
    aurora_store_txn *txn;
    aurora_value upper = {.kind = AURORA_COLUMN_TIME,
                          .number = aurora__engine_time_ms(shop->engine)};
    aurora__range range = {.table = is_payment ? AURORA__TABLE_payment : AURORA__TABLE_notification,
                           .index = is_payment ? AURORA__INDEX_PAYMENT_DUE
                                               : AURORA__INDEX_NOTIFICATION_DUE,
                           .upper = &upper,
                           .upper_count = 1,
                           .columns = 1,
                           .limit = 1};
    union {
        aurora__payment_row payment;
        aurora__notification_row notification;
    } row;
    uint32_t count = 0;
    aurora__query_arena arena;
    if (aurora__engine_read_begin(shop->engine, &txn) != AURORA_OK)
        return true;
    aurora__query_arena_init(&arena, &shop->allocator);
    aurora_status rc = aurora__engine_scan(shop->engine, txn, &range, &arena, &row, &count);
    aurora__query_arena_free(&arena);
    aurora__engine_read_end(shop->engine, txn);
    return rc != AURORA_OK || count > 0;
}

static bool has_tasks(const waiting *what)
{
    aurora_t *shop = what->shop;
    return what->kind == AURORA_TASK_NOTIFICATION
               ? what->is_port || shop->has_notify_tasks
               : aurora__engine_policy(shop->engine)->provider == AURORA__PROVIDER_TASKS;
}

/* Callers wait in real time, whatever clock the handle has. */
static int64_t real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static aurora_status take(waiting what, uint32_t capacity, uint32_t lease_ms, int32_t wait_ms,
                          aurora_task_page **out)
{
    aurora_t *shop = what.shop;
    int32_t kind = what.kind;
    int64_t end_ms = real_ms() + wait_ms;
    uint32_t count = 0;
    aurora_status rc = AURORA_OK;
    if (kind == AURORA_TASK_NOTIFICATION)
        aurora__notification_hasten(shop->engine);
    for (;;) {
        if (has_tasks(&what) && is_due(&what))
            rc = take_once(shop, kind, capacity, lease_ms, out, &count);
        int64_t left_ms = end_ms - real_ms();
        if (rc != AURORA_OK || count > 0 || wait_ms == 0 || (wait_ms > 0 && left_ms <= 0))
            break;
        rc = aurora__engine_wait(shop->engine, is_due, &what, wait_ms < 0 ? -1 : left_ms);
        if (rc != AURORA_OK)
            return rc;
    }
    if (rc == AURORA_OK && count == 0)
        rc = aurora__result_build(&shop->allocator, 256, fill_page, NULL, (void **)out);
    return rc;
}

aurora_status aurora_task_take(aurora_t *shop, int32_t kind, uint32_t capacity, uint32_t lease_ms,
                               int32_t wait_ms, aurora_task_page **out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return rc;
    if (kind < AURORA_TASK_PAYMENT || kind > AURORA_TASK_NOTIFICATION || capacity < 1 ||
        capacity > CAPACITY_MAX || wait_ms < -1 ||
        (lease_ms != 0 && (lease_ms < LEASE_MS_MIN || lease_ms > LEASE_MS_MAX)))
        rc = AURORA_EINVAL;
    else
        rc = take((waiting){shop, kind, false}, capacity, lease_ms, wait_ms, out);
    aurora__handle_leave(shop);
    return rc;
}

aurora_status aurora__task_take_notifications(aurora_t *shop, uint32_t capacity, uint32_t lease_ms,
                                              int32_t wait_ms, aurora_task_page **out)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return rc;
    rc = take((waiting){shop, AURORA_TASK_NOTIFICATION, true}, capacity, lease_ms, wait_ms, out);
    aurora__handle_leave(shop);
    return rc;
}

void aurora_task_page_free(aurora_task_page *page)
{
    aurora__result_free(page);
}
