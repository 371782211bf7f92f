/* SPDX-License-Identifier: MIT */
#include "api/order_place.h"

#include <stdio.h>
#include <string.h>

#include "api/refuse.h"
#include "codec/order_result.h"
#include "codec/result.h"
#include "engine/keys.h"

/* --- the command ------------------------------------------------------------------------------ */

static aurora__place_command *place_of(aurora__command *command)
{
    return (aurora__place_command *)command;
}

/* Wants the orders that may have been made under this key. */
static aurora_status want_candidates(const aurora__place_command *command, aurora__turn *turn)
{
    uint32_t place = 0;
    aurora_id id;
    aurora_status rc = aurora__keys_fill(turn->engine, turn);
    while (rc == AURORA_OK && aurora__keys_find(turn->engine, command->fingerprint, &place, &id)) {
        aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &id);
        rc = aurora__rows_want(turn->step.rows, &key);
    }
    return rc;
}

/* --- keys as rows, where several instances write ---------------------------------------------- */

static aurora__key key_row_of(const aurora__place_command *command)
{
    const char *scope = command->place.key_scope;
    return aurora__key_texts(AURORA__TABLE_order_key, scope == NULL ? "" : scope,
                             command->place.key);
}

static aurora_status want_key(const aurora__place_command *command, aurora__turn *turn)
{
    aurora__key key = key_row_of(command);
    return aurora__engine_has_key_rows(turn->engine) ? aurora__rows_want(turn->step.rows, &key)
                                                     : want_candidates(command, turn);
}

/* The key's row, if it is not older than 24 hours. */
static aurora_status find_key_row(const aurora__place_command *command, aurora__turn *turn,
                                  const aurora__order_key_row **row_out)
{
    aurora__key key = key_row_of(command);
    aurora_status rc = aurora__rows_read(turn->step.rows, &key, (const void **)row_out);
    if (rc == AURORA_OK && *row_out != NULL &&
        !aurora__keys_is_live(turn->engine, (*row_out)->created_at, turn->step.now_ms))
        *row_out = NULL;
    return rc;
}

static aurora_status find_by_row(const aurora__place_command *command, aurora__turn *turn,
                                 const aurora__order_row **order_out)
{
    const aurora__order_key_row *row;
    *order_out = NULL;
    aurora_status rc = find_key_row(command, turn, &row);
    if (rc != AURORA_OK || row == NULL)
        return rc;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &row->order_id);
    rc = aurora__rows_read(turn->step.rows, &key, (const void **)order_out);
    return rc == AURORA_OK && *order_out == NULL ? AURORA_ECORRUPT : rc;
}

/* An expired key belongs to the next one who uses it. */
static aurora_status take_key_row(const aurora__place_command *command, aurora__turn *turn)
{
    aurora__order_key_row *row;
    aurora__key key = key_row_of(command);
    aurora_status rc = aurora__rows_write(turn->step.rows, &key, (void **)&row);
    if (rc == AURORA_OK && row == NULL)
        rc = aurora__rows_insert(turn->step.rows, &key, (void **)&row);
    if (rc != AURORA_OK)
        return rc;
    row->order_id = command->place.id;
    row->request_hash = (aurora__bytes){command->place.key_hash, sizeof command->place.key_hash};
    row->created_at = turn->step.now_ms;
    return AURORA_OK;
}

static aurora_status keys(aurora__command *base, aurora__turn *turn)
{
    aurora__place_command *command = place_of(base);
    aurora_status rc = AURORA_OK;
    if (command->place.key != NULL)
        rc = want_key(command, turn);
    return rc != AURORA_OK ? rc : aurora__order_place_keys(&turn->step, &command->place);
}

/* Whether this order was made under the command's key, at most 24 hours ago. */
static bool has_key(const aurora__place_command *command, const aurora__turn *turn,
                    const aurora__order_row *order)
{
    return order != NULL &&
           aurora__keys_is_live(turn->engine, order->created_at, turn->step.now_ms) &&
           aurora__text_is_equal(order->key_text, command->place.key) &&
           aurora__text_is_equal(order->key_scope, command->place.key_scope);
}

/* Looks for the order that the key made; *row_out is NULL when it is new. */
static aurora_status find_first(const aurora__place_command *command, aurora__turn *turn,
                                const aurora__order_row **row_out)
{
    uint32_t place = 0;
    aurora_id id;
    *row_out = NULL;
    while (aurora__keys_find(turn->engine, command->fingerprint, &place, &id)) {
        const aurora__order_row *order;
        aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &id);
        aurora_status rc = aurora__rows_read(turn->step.rows, &key, (const void **)&order);
        if (rc != AURORA_OK)
            return rc;
        if (has_key(command, turn, order)) {
            *row_out = order;
            return AURORA_OK;
        }
    }
    return AURORA_OK;
}

/* The core blames "lines"; which one is known here. */
static void name_line(aurora__place_command *command, aurora_status rc)
{
    if (command->error_line == AURORA__NO_LINE)
        return;
    snprintf(command->head.err.field, sizeof command->head.err.field, "lines[%u]%s",
             (unsigned)command->error_line, rc == AURORA_EUNKNOWNSKU ? ".sku" : "");
}

/* Answers as the key's first request did, or takes the key; *is_answered_out says which. */
static aurora_status decide_key(aurora__place_command *command, aurora__turn *turn,
                                bool *is_answered_out)
{
    bool has_rows = aurora__engine_has_key_rows(turn->engine);
    const aurora__order_row *first;
    aurora_status rc =
        has_rows ? find_by_row(command, turn, &first) : find_first(command, turn, &first);
    if (rc != AURORA_OK)
        return rc;
    if (first == NULL)
        return has_rows
                   ? take_key_row(command, turn)
                   : aurora__keys_reserve(turn->engine, command->fingerprint, turn->step.now_ms);
    const uint8_t *hash = command->place.key_hash;
    command->is_replay = true;
    command->id = first->id;
    *is_answered_out = true;
    if (first->key_hash.length == sizeof command->place.key_hash &&
        memcmp(first->key_hash.data, hash, sizeof command->place.key_hash) == 0)
        return AURORA_OK;
    return aurora__step_refuse(&turn->step, AURORA_EKEYREUSED, "key",
                               "was used with another request");
}

static aurora_status decide(aurora__command *base, aurora__turn *turn)
{
    aurora__place_command *command = place_of(base);
    command->id = command->place.id;
    command->is_replay = false;
    command->error_line = AURORA__NO_LINE;
    if (command->place.key != NULL) {
        bool is_answered = false;
        aurora_status rc = decide_key(command, turn, &is_answered);
        if (rc != AURORA_OK || is_answered)
            return rc;
    }
    aurora_id taken_by;
    aurora_status rc =
        aurora__order_place(&turn->step, &command->place, &taken_by, &command->error_line);
    if (rc == AURORA_ETAKEN)
        command->id = taken_by;
    name_line(command, rc);
    return rc;
}

static bool is_in_map(const aurora__place_command *command)
{
    return command->place.key != NULL && !command->is_replay &&
           !aurora__engine_has_key_rows(command->head.engine);
}

static void applied(aurora__command *base, aurora__turn *turn)
{
    aurora__place_command *command = place_of(base);
    if (is_in_map(command))
        aurora__keys_add(turn->engine, command->fingerprint, &command->place.id);
}

static void reverted(aurora__command *base, aurora__turn *turn)
{
    aurora__place_command *command = place_of(base);
    if (is_in_map(command))
        aurora__keys_remove(turn->engine, command->fingerprint, &command->place.id);
}

static void answer(aurora__place_command *command, aurora_status status, bool is_in_turn)
{
    if (command->answer == NULL || command->is_answered)
        return;
    command->is_answered = true;
    command->answer(command, status, is_in_turn);
}

static aurora_status build_order(aurora__place_command *command, aurora__turn *turn,
                                 const aurora__order_row *row, aurora_order **out)
{
    const uint32_t flags = AURORA_ORDER_NO_WAIT | AURORA_ORDER_AS_CREATED;
    bool as_created = (command->flags & flags) == flags;
    if (command->reserve != NULL &&
        aurora__order_result_in(command->reserve, command->reserve_bytes, row, as_created) ==
            AURORA_OK) {
        *out = command->reserve;
        command->reserve = NULL;
        return AURORA_OK;
    }
    return aurora__order_result(aurora__engine_allocator(turn->engine), row, as_created, out);
}

/* Takes over how the order stands. */
static aurora_status look(aurora__place_command *command, aurora__turn *turn)
{
    const aurora__order_row *row;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &command->id);
    aurora_status rc = aurora__rows_read(turn->step.rows, &key, (const void **)&row);
    if (rc == AURORA_OK && row == NULL)
        rc = AURORA_ENOTFOUND;
    if (rc != AURORA_OK)
        return rc == AURORA__NEED_KEYS ? AURORA_EIO : rc;
    command->is_known = true;
    command->order_status = row->parked != 0 ? AURORA_ORDER_PARKED : (int32_t)row->status;
    command->reason = (int32_t)row->reason;
    command->total_minor = row->total_minor;
    command->version = (uint64_t)row->version;
    if (!command->wants_order)
        return AURORA_OK;
    aurora_order *order;
    rc = build_order(command, turn, row, &order);
    /* A newer state without memory does not take the older one away. */
    if (rc == AURORA_ENOMEM && atomic_load(&command->order) != NULL)
        return AURORA_OK;
    if (rc != AURORA_OK)
        return rc;
    order->is_replay = command->is_replay;
    aurora_order_free(atomic_exchange(&command->order, order));
    return AURORA_OK;
}

static bool is_waiting(const aurora__place_command *command)
{
    return command->order_status <= AURORA_ORDER_RESERVED &&
           (command->flags & AURORA_ORDER_NO_WAIT) == 0 && !atomic_load(&command->is_abandoned) &&
           aurora__engine_monotonic_ns(command->head.engine) < command->deadline_ns;
}

static bool finish(aurora__command *base, aurora__turn *turn, aurora_status status)
{
    aurora__place_command *command = place_of(base);
    if (status == AURORA_OK) {
        status = look(command, turn);
        base->status = status;
    }
    if (status == AURORA_OK && is_waiting(command)) {
        aurora__engine_watch(turn->engine, base, &command->id, command->deadline_ns);
        return false;
    }
    answer(command, status, true);
    return true;
}

/* The end of the waiting is an answer where the order is known. */
static void drop(aurora__command *base, aurora_status status)
{
    aurora__place_command *command = place_of(base);
    if (status == AURORA_ETIMEDOUT && command->is_known)
        status = AURORA_OK;
    base->status = status;
    answer(command, status, false);
}

static void late(aurora__command *base)
{
    answer(place_of(base), AURORA_ETIMEDOUT, false);
}

static void free_command(aurora__command *base)
{
    aurora__place_command *command = place_of(base);
    /* The engine ends a command by itself where it cannot even remember that it waits. */
    answer(command, base->status != AURORA_OK ? base->status : AURORA_ECLOSED, false);
    aurora_order_free(atomic_exchange(&command->order, NULL));
    aurora__result_free(command->reserve);
}

static void describe(const aurora__command *base, aurora__span_draft *draft)
{
    const aurora__place_command *command = (const aurora__place_command *)base;
    aurora__span_name(draft, "place", "order");
    aurora__span_order(draft, &command->id);
    aurora__span_number(draft, "aurora.order.lines", command->place.line_count);
    aurora__span_text(draft, "aurora.order.currency", command->place.currency);
    if (command->is_known)
        aurora__span_text(draft, "aurora.order.status",
                          aurora_order_status_name(command->order_status));
    if (command->is_replay)
        aurora__span_flag(draft, "aurora.replay", true);
}

static const aurora__command_class place_class = {.name = "place",
                                                  .keys = keys,
                                                  .decide = decide,
                                                  .applied = applied,
                                                  .reverted = reverted,
                                                  .finish = finish,
                                                  .drop = drop,
                                                  .late = late,
                                                  .free = free_command,
                                                  .describe = describe};

aurora__place_command *aurora__place_command_new(aurora_t *shop, const aurora__order_draft *draft,
                                                 const aurora_id *id)
{
    size_t bytes = sizeof(aurora__place_command) + aurora__order_draft_bytes(draft);
    aurora__place_command *command = aurora__command_new(shop->engine, &place_class, bytes);
    if (command == NULL)
        return NULL;
    command->head.is_order = true;
    atomic_store(&shop->has_orders, true);
    command->place.id = *id;
    aurora__order_draft_fill(draft, (char *)(command + 1), &command->place);
    command->head.needs_keys =
        command->place.key != NULL && !aurora__engine_has_key_rows(shop->engine);
    if (command->head.needs_keys)
        command->fingerprint =
            aurora__keys_fingerprint(shop->engine, command->place.key_scope, command->place.key);
    if (draft->has_trace) {
        aurora__trace_accept(&command->head, &command->trace, &draft->trace);
        command->place.traceparent = command->trace.text;
    }
    command->flags = draft->request.flags;
    command->error_line = AURORA__NO_LINE;
    command->deadline_ns = aurora__engine_monotonic_ns(shop->engine) +
                           aurora__place_wait_ms(shop, &draft->request) * 1000000;
    command->head.deadline_ns = command->deadline_ns;
    return command;
}

/* Texts take up to twice their bytes in a result; the rest is for a decline's code and for reading
 * the history. What is larger all the same is allocated when it is known. */
aurora_status aurora__place_command_want_order(aurora__place_command *command,
                                               const aurora__order_draft *draft)
{
    command->wants_order = true;
    command->reserve_bytes =
        (sizeof(aurora_order) + 2 * aurora__order_draft_bytes(draft) + 1024) & ~(size_t)7;
    command->reserve = aurora__result_reserve(aurora__engine_allocator(command->head.engine),
                                              command->reserve_bytes);
    return command->reserve == NULL ? AURORA_ENOMEM : AURORA_OK;
}

int64_t aurora__place_wait_ms(const aurora_t *shop, const aurora_order_request *request)
{
    return request->timeout_ms != 0 ? request->timeout_ms : atomic_load(&shop->order_wait_ms);
}

/* --- the calls -------------------------------------------------------------------------------- */

aurora_status aurora_order_check(const aurora_order_request *request, aurora_error *err)
{
    aurora__order_draft draft;
    return aurora__order_draft_check(request, INT64_MAX, &draft, err);
}

/* Waits for the command. When the time is over a state of the order that came in before is the
 * answer. */
static aurora_status await(aurora_t *shop, aurora__place_command *command, int64_t wait_ms,
                           aurora_order **out, aurora_error *err)
{
    aurora_error failure = AURORA_ERROR_INIT;
    aurora_status rc = aurora__engine_call(shop->engine, &command->head, wait_ms, &failure);
    atomic_store(&command->is_abandoned, true);
    aurora_order *order = atomic_exchange(&command->order, NULL);
    if (order != NULL && (rc == AURORA_OK || rc == AURORA_ETIMEDOUT)) {
        *out = order;
        return AURORA_OK;
    }
    aurora_order_free(order);
    if (rc == AURORA_OK)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    return aurora__refuse(err, rc, failure.field, "%s", failure.message);
}

static aurora_status place_order(aurora_t *shop, const aurora_order_request *request,
                                 aurora_order **out, aurora_error *err)
{
    aurora__order_draft draft;
    aurora_status rc =
        aurora__order_draft_check(request, aurora__engine_wall_ms(shop->engine), &draft, err);
    if (rc != AURORA_OK)
        return rc;
    aurora_id id = aurora__engine_next_id(shop->engine);
    aurora__place_command *command = aurora__place_command_new(shop, &draft, &id);
    if (command == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    rc = aurora__refuse_plain(err, aurora__place_command_want_order(command, &draft));
    if (rc == AURORA_OK)
        rc = await(shop, command, aurora__place_wait_ms(shop, &draft.request), out, err);
    aurora__command_release(&command->head);
    return rc;
}

aurora_status aurora_order_place(aurora_t *shop, const aurora_order_request *request,
                                 aurora_order **out, aurora_error *err)
{
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = place_order(shop, request, out, err);
    aurora__handle_leave(shop);
    return rc;
}
