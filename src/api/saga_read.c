/* SPDX-License-Identifier: MIT */
#include "api/saga_read.h"

#include "core/payment.h"
#include "core/payment_machine.h"
#include "core/reservation_machine.h"

#include <aurora/stock.h>

/* --- rows ------------------------------------------------------------------------------------- */

typedef struct {
    aurora__engine *engine;
    aurora_store_txn *txn;
    aurora__query_arena *arena;
} reading;

/* A damaged row is told of by its parked key, not by failing the list. */
static aurora_status load(const reading *from, const aurora__key *key, void *row_out,
                          bool *is_found_out)
{
    aurora_status rc = aurora__engine_load(from->engine, from->txn, key, from->arena, row_out);
    *is_found_out = rc == AURORA_OK;
    return rc == AURORA_ENOTFOUND || rc == AURORA_ECORRUPT ? AURORA_OK : rc;
}

static aurora_status load_parked(const reading *from, aurora__saga_rows *rows)
{
    static const uint32_t modules[] = {AURORA__MODULE_INVENTORY, AURORA__MODULE_PAYMENT};
    char id[AURORA_ID_TEXT_BYTES];
    aurora_status rc = AURORA_OK;
    aurora_id_format(rows->id, id);
    for (int i = 0; rc == AURORA_OK && i < 2; i++) {
        aurora__key key =
            aurora__key_texts(AURORA__TABLE_parked_key, aurora__module_name(modules[i]), id);
        rc = load(from, &key, &rows->parked[i], &rows->has_parked[i]);
    }
    return rc;
}

aurora_status aurora__saga_read(aurora__engine *engine, aurora_store_txn *txn,
                                aurora__query_arena *arena, const aurora_id *id,
                                aurora__saga_rows *out)
{
    reading from = {engine, txn, arena};
    *out = (aurora__saga_rows){.id = *id};
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, id);
    aurora_status rc = load(&from, &key, &out->order, &out->has_order);
    key.table = AURORA__TABLE_reservation;
    if (rc == AURORA_OK)
        rc = load(&from, &key, &out->reservation, &out->has_reservation);
    key.table = AURORA__TABLE_payment;
    if (rc == AURORA_OK)
        rc = load(&from, &key, &out->payment, &out->has_payment);
    if (rc == AURORA_OK)
        rc = load_parked(&from, out);
    if (rc == AURORA_OK && !out->has_order && !out->has_reservation && !out->has_payment &&
        !out->has_parked[0] && !out->has_parked[1])
        return AURORA_ENOTFOUND;
    return rc;
}

/* --- participants ----------------------------------------------------------------------------- */

static aurora_status copy_text(aurora__arena *arena, const char *text, const char **out)
{
    *out = aurora__arena_text(arena, text);
    return text != NULL && *out == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static bool is_flagged(const aurora__saga_rows *rows, uint32_t flag)
{
    return rows->has_order && (rows->order.parked & flag) != 0;
}

static aurora_status fill_inventory(aurora__arena *arena, const aurora__saga_rows *rows,
                                    aurora_participant *out)
{
    const aurora__parked_key_row *parked = &rows->parked[0];
    *out = (aurora_participant){
        .size = sizeof *out,
        .participant = AURORA_PARTICIPANT_INVENTORY,
        .state = rows->has_reservation ? aurora_machine_state_name(&aurora__reservation_machine,
                                                                   (int32_t)rows->reservation.state)
                                       : NULL,
        .is_parked = rows->has_parked[0] || is_flagged(rows, AURORA_PARKED_INVENTORY)};
    if (!out->is_parked)
        return AURORA_OK;
    out->attempts = 1;
    out->parked_at_ms = rows->has_parked[0] ? parked->parked_at : rows->order.parked_at;
    if (rows->has_parked[0])
        return copy_text(arena, parked->error, &out->parked_reason);
    out->parked_reason = "waits for an operator";
    return AURORA_OK;
}

static aurora_status fill_payment(aurora__arena *arena, const aurora__saga_rows *rows,
                                  aurora_participant *out)
{
    const aurora__payment_row *payment = &rows->payment;
    const aurora__parked_key_row *parked = &rows->parked[1];
    *out = (aurora_participant){.size = sizeof *out,
                                .participant = AURORA_PARTICIPANT_PAYMENT,
                                .is_parked = rows->has_parked[1] ||
                                             is_flagged(rows, AURORA_PARKED_PAYMENT) ||
                                             (rows->has_payment && payment->parked_at != 0)};
    if (rows->has_payment) {
        out->state = aurora_machine_state_name(&aurora__payment_machine, (int32_t)payment->state);
        out->attempts = (uint32_t)payment->attempts;
        out->first_attempt_at_ms = payment->first_attempt_at;
        out->next_attempt_at_ms = payment->due_at;
        out->parked_at_ms = payment->parked_at;
        out->parked_reason = aurora__payment_parked_reason(payment);
        if (payment->verb != 0)
            out->task_id = aurora__task_id(&rows->id, (int32_t)payment->verb);
        aurora_status rc = copy_text(arena, payment->provider_reference, &out->provider_reference);
        if (rc != AURORA_OK)
            return rc;
    }
    if (!rows->has_parked[1])
        return AURORA_OK;
    out->parked_at_ms = parked->parked_at;
    return copy_text(arena, parked->error, &out->parked_reason);
}

/* --- the saga --------------------------------------------------------------------------------- */

static void fill_order(const aurora__saga_rows *rows, int64_t now_ms, aurora_saga *out)
{
    const aurora__order_row *order = &rows->order;
    if (!rows->has_order)
        return;
    out->parked = (uint32_t)order->parked;
    out->status = order->parked != 0 ? AURORA_ORDER_PARKED : (int32_t)order->status;
    out->outcome = order->status >= AURORA_ORDER_COMPLETED ? (int32_t)order->status : 0;
    out->reason = (int32_t)order->reason;
    out->version = (uint64_t)order->version;
    out->created_at_ms = order->created_at;
    out->age_ms = now_ms > order->created_at ? now_ms - order->created_at : 0;
    out->deadline_at_ms = order->deadline_at;
    out->resend_at_ms = order->resend_at;
}

/* An order that this store does not have is as old as what its participants keep of it. */
static void fill_orphan(const aurora__saga_rows *rows, int64_t now_ms, aurora_saga *out)
{
    int64_t since = rows->has_reservation ? rows->reservation.created_at
                    : rows->has_payment   ? rows->payment.created_at
                    : rows->has_parked[0] ? rows->parked[0].parked_at
                                          : rows->parked[1].parked_at;
    out->created_at_ms = since;
    out->age_ms = now_ms > since ? now_ms - since : 0;
}

aurora_status aurora__saga_fill(aurora__arena *arena, const aurora__saga_rows *rows, int64_t now_ms,
                                aurora_saga *out)
{
    aurora_participant *participants = aurora__arena_take(arena, 2 * sizeof *participants);
    const aurora_participant **items = aurora__arena_take(arena, 2 * sizeof *items);
    if (participants == NULL || items == NULL)
        return AURORA_ENOMEM;
    *out = (aurora_saga){.size = sizeof *out, .order_id = rows->id, .participants = items};
    aurora_status rc = fill_inventory(arena, rows, &participants[0]);
    if (rc == AURORA_OK)
        rc = fill_payment(arena, rows, &participants[1]);
    if (rc != AURORA_OK)
        return rc;
    if (rows->has_order)
        fill_order(rows, now_ms, out);
    else
        fill_orphan(rows, now_ms, out);
    bool is_there[2] = {rows->has_reservation, rows->has_payment};
    for (int i = 0; i < 2; i++) {
        if (participants[i].is_parked)
            out->parked |= 1u << i;
        if (is_there[i] || participants[i].is_parked)
            items[out->participant_count++] = &participants[i];
    }
    return AURORA_OK;
}
