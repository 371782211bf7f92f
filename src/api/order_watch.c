/* SPDX-License-Identifier: MIT */
/* Waiting for an order in a queue: a command that stays with the engine, so that a watch costs its
 * memory and neither a thread nor a poll. */
#include "api/queue.h"
#include "codec/order_result.h"

#include <string.h>

#define TIMEOUT_MAX_MS 600000

typedef struct {
    aurora__command head;
    aurora_t *shop;
    aurora_queue *queue;
    aurora_id order_id;
    uint64_t after_version;
    uint64_t tag;
    bool is_answered;
} watch_command;

static void answer(watch_command *command, aurora_status status, aurora_order *order,
                   bool is_in_turn)
{
    if (command->queue == NULL || command->is_answered)
        return;
    command->is_answered = true;
    aurora_completion completion = {
        .tag = command->tag, .status = status, .error_line = AURORA_NO_LINE, .order = order};
    if (order != NULL) {
        completion.id = order->id;
        completion.order_status = order->status;
        completion.reason = order->reason;
        completion.total_minor = order->total_minor;
        completion.version = order->version;
    }
    aurora__queue_complete(command->queue, &completion, command->head.engine, is_in_turn);
}

static aurora_status keys(aurora__command *base, aurora__turn *turn)
{
    const watch_command *command = (const watch_command *)base;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &command->order_id);
    return aurora__rows_want(turn->step.rows, &key);
}

static aurora_status decide(aurora__command *base, aurora__turn *turn)
{
    (void)base;
    (void)turn;
    return AURORA_OK;
}

static aurora_status read_row(const watch_command *command, aurora__turn *turn,
                              const aurora__order_row **row_out)
{
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &command->order_id);
    aurora_status rc = aurora__rows_read(turn->step.rows, &key, (const void **)row_out);
    if (rc == AURORA__NEED_KEYS)
        return AURORA_EIO;
    return rc == AURORA_OK && *row_out == NULL ? AURORA_ENOTFOUND : rc;
}

static bool finish(aurora__command *base, aurora__turn *turn, aurora_status status)
{
    watch_command *command = (watch_command *)base;
    aurora__engine *engine = turn->engine;
    const aurora__order_row *row = NULL;
    aurora_order *order = NULL;
    if (command->is_answered)
        return true;
    if (status == AURORA_OK)
        status = read_row(command, turn, &row);
    if (status == AURORA_OK && (uint64_t)row->version <= command->after_version &&
        aurora__engine_monotonic_ns(engine) < base->deadline_ns) {
        aurora__engine_watch(engine, base, &command->order_id, base->deadline_ns);
        return false;
    }
    if (status == AURORA_OK)
        status = aurora__order_result(aurora__engine_allocator(engine), row, false, &order);
    base->status = status;
    answer(command, status, order, true);
    return true;
}

/* At the end of the waiting the order is read once more: it may have changed by a commit of another
 * process that this one has not seen yet. */
static void drop(aurora__command *base, aurora_status status)
{
    watch_command *command = (watch_command *)base;
    aurora_order *order = NULL;
    if (command->is_answered)
        return;
    if (status == AURORA_ETIMEDOUT)
        status = aurora_order_get(command->shop, command->order_id, &order);
    base->status = status;
    answer(command, status, order, false);
}

static void late(aurora__command *base)
{
    watch_command *command = (watch_command *)base;
    aurora_order *order = NULL;
    if (command->is_answered)
        return;
    aurora_status status = aurora_order_get(command->shop, command->order_id, &order);
    answer(command, status, order, false);
}

static void free_command(aurora__command *base)
{
    answer((watch_command *)base, base->status != AURORA_OK ? base->status : AURORA_ECLOSED, NULL,
           false);
}

static const aurora__command_class watch_class = {.name = "watch",
                                                  .keys = keys,
                                                  .decide = decide,
                                                  .finish = finish,
                                                  .drop = drop,
                                                  .late = late,
                                                  .free = free_command};

/* The queue's room was booked before: it is given back by whoever answers, or by the caller on a
 * failure. */
static aurora_status submit(watch_command *command, aurora_queue *queue)
{
    aurora__command *head = &command->head;
    command->queue = queue;
    aurora_status rc = aurora__engine_submit(head->engine, head);
    if (rc != AURORA_OK)
        command->queue = NULL;
    aurora__command_release(head);
    return rc;
}

static aurora_status new_watch(aurora_queue *queue, const aurora_id *order_id,
                               uint64_t after_version, uint32_t timeout_ms, uint64_t tag)
{
    aurora__engine *engine = queue->shop->engine;
    watch_command *command = aurora__command_new(engine, &watch_class, sizeof *command);
    if (command == NULL)
        return AURORA_ENOMEM;
    command->shop = queue->shop;
    command->order_id = *order_id;
    command->after_version = after_version;
    command->tag = tag;
    command->head.deadline_ns = aurora__engine_monotonic_ns(engine) + (int64_t)timeout_ms * 1000000;
    return submit(command, queue);
}

aurora_status aurora_order_watch(aurora_queue *queue, aurora_id order_id, uint64_t after_version,
                                 uint32_t timeout_ms, uint64_t tag)
{
    uint32_t room;
    if (queue == NULL || timeout_ms < 1 || timeout_ms > TIMEOUT_MAX_MS)
        return AURORA_EINVAL;
    aurora_status rc = aurora__queue_enter(queue, 1, &room);
    if (rc != AURORA_OK)
        return rc;
    rc = room == 0 ? AURORA_EBUSY : new_watch(queue, &order_id, after_version, timeout_ms, tag);
    aurora__handle_leave(queue->shop);
    if (rc != AURORA_OK && room > 0)
        aurora__queue_unbook(queue, 1);
    return rc;
}
