/* SPDX-License-Identifier: MIT */
#include "core/inventory.h"

#include "core/reservation_machine.h"
#include "core/stock.h"
#include "plant/plant.h"

static aurora__key key_of(const char *scope, const char *key)
{
    return aurora__key_texts(AURORA__TABLE_hold, scope, key);
}

aurora_status aurora__hold_keys(aurora__step *step, const char *scope, const char *key)
{
    const aurora__hold_row *row;
    aurora__key row_key = key_of(scope, key);
    aurora_status rc = aurora__rows_read(step->rows, &row_key, (const void **)&row);
    if (rc == AURORA__NEED_KEYS || rc == AURORA_ECORRUPT || row == NULL)
        return rc == AURORA_ENOMEM ? rc : AURORA_OK;
    rc = aurora__stock_lines_want(step, row->lines);
    return rc == AURORA_ECORRUPT ? AURORA_OK : rc;
}

aurora_status aurora__hold_reserve_keys(aurora__step *step, const aurora__hold *hold)
{
    aurora__key key = key_of(hold->scope, hold->key);
    aurora_status rc = aurora__rows_want(step->rows, &key);
    for (uint32_t i = 0; rc == AURORA_OK && i < hold->line_count; i++)
        rc = aurora__inventory_want(step, hold->lines[i].sku);
    return rc;
}

static bool is_known_state(int64_t state)
{
    return state >= AURORA_RESERVATION_RESERVED && state <= AURORA_RESERVATION_EXPIRED &&
           state != AURORA_RESERVATION_RETURNED;
}

/* The row to change, NULL when there is none. */
static aurora_status find(aurora__step *step, const char *scope, const char *key,
                          aurora__hold_row **out)
{
    aurora__key row_key = key_of(scope, key);
    aurora_status rc = aurora__rows_write(step->rows, &row_key, (void **)out);
    if (rc != AURORA_OK || *out == NULL)
        return rc;
    return is_known_state((*out)->state) ? AURORA_OK : AURORA_ECORRUPT;
}

/* A key that is known answers for ever as it did the first time, whatever became of the stock. */
static aurora_status repeat(aurora__step *step, const aurora__hold *hold,
                            const aurora__hold_row *row, int32_t *decision_out)
{
    if (row->request_hash.length != sizeof hold->request_hash || !is_known_state(row->state))
        return AURORA_ECORRUPT;
    if (!AURORA_PLANT(KEY_REUSED) &&
        memcmp(row->request_hash.data, hold->request_hash, sizeof hold->request_hash) != 0)
        return aurora__step_refuse(step, AURORA_EKEYREUSED, "key", "names another reservation");
    *decision_out = row->state == AURORA_RESERVATION_REJECTED ? AURORA_DECISION_OUT_OF_STOCK
                                                              : AURORA_DECISION_RESERVED;
    return AURORA_OK;
}

static aurora_status take(aurora__step *step, const aurora__hold *hold, aurora__stock_lines *lines,
                          bool *is_short_out)
{
    *lines = (aurora__stock_lines){0};
    for (uint32_t i = 0; i < hold->line_count; i++) {
        aurora_status rc =
            aurora__stock_lines_add(step, lines, hold->lines[i].sku, hold->lines[i].quantity);
        if (rc != AURORA_OK)
            return rc;
    }
    return aurora__stock_lines_reserve(step, lines, is_short_out);
}

static aurora_status store(aurora__step *step, const aurora__hold *hold,
                           const aurora__stock_lines *lines, bool is_short)
{
    aurora__hold_row *row;
    aurora__key key = key_of(hold->scope, hold->key);
    aurora_status rc = aurora__rows_insert(step->rows, &key, (void **)&row);
    if (rc != AURORA_OK)
        return rc;
    row->state =
        aurora_machine_next(&aurora__reservation_machine, 0,
                            is_short ? AURORA__RESERVATION_REJECT : AURORA__RESERVATION_RESERVE);
    row->version = 1;
    row->created_at = step->now_ms;
    row->updated_at = step->now_ms;
    row->expires_at = is_short ? step->now_ms : step->now_ms + hold->ttl_ms;
    row->due_at = is_short || AURORA_PLANT(HOLD_FOR_EVER) ? 0 : row->expires_at;
    row->request_hash = (aurora__bytes){hold->request_hash, sizeof hold->request_hash};
    row->lines = is_short ? "[]" : aurora__stock_lines_write(step, lines);
    return row->lines == NULL ? AURORA_ENOMEM : AURORA_OK;
}

aurora_status aurora__hold_reserve(aurora__step *step, const aurora__hold *hold,
                                   int32_t *decision_out)
{
    const aurora__hold_row *first;
    aurora__key key = key_of(hold->scope, hold->key);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&first);
    if (rc != AURORA_OK)
        return rc;
    if (first != NULL)
        return repeat(step, hold, first, decision_out);
    if (hold->ttl_ms > INT64_MAX - step->now_ms)
        return aurora__step_refuse(step, AURORA_EOVERFLOW, "ttl_ms", "ends after time itself");
    aurora__stock_lines lines;
    bool is_short;
    rc = take(step, hold, &lines, &is_short);
    if (rc == AURORA_OK)
        rc = store(step, hold, &lines, is_short);
    if (rc == AURORA_OK)
        *decision_out = is_short ? AURORA_DECISION_OUT_OF_STOCK : AURORA_DECISION_RESERVED;
    return rc;
}

/* Ends a hold of stock: each line's quantity goes where `change` says. */
static aurora_status end(aurora__step *step, aurora__hold_row *row, int32_t event,
                         aurora_status (*change)(aurora__stock_row *, int64_t))
{
    aurora_status rc = aurora__stock_lines_apply(step, row->lines, change);
    if (rc != AURORA_OK)
        return rc;
    row->state = aurora_machine_next(&aurora__reservation_machine, (int32_t)row->state, event);
    row->due_at = 0;
    row->updated_at = step->now_ms;
    row->version++;
    return AURORA_OK;
}

/* A hold whose time ran out expires when anybody looks at it, not only when its timer fires: a
 * commit a moment too late must not win because the timer was slow. */
static aurora_status expire_if_due(aurora__step *step, aurora__hold_row *row)
{
    if (row->state != AURORA_RESERVATION_RESERVED || step->now_ms < row->expires_at)
        return AURORA_OK;
    return end(step, row, AURORA__RESERVATION_EXPIRE, aurora__stock_release);
}

aurora_status aurora__hold_commit(aurora__step *step, const char *scope, const char *key,
                                  bool *is_expired_out)
{
    aurora__hold_row *row;
    *is_expired_out = false;
    aurora_status rc = find(step, scope, key, &row);
    if (rc == AURORA_OK && row != NULL)
        rc = expire_if_due(step, row);
    if (rc != AURORA_OK)
        return rc;
    if (row == NULL)
        return aurora__step_refuse(step, AURORA_ENOTFOUND, "key", "names no reservation");
    switch (row->state) {
    case AURORA_RESERVATION_RESERVED:
        return end(step, row, AURORA__RESERVATION_COMMIT, aurora__stock_commit);
    case AURORA_RESERVATION_COMMITTED:
        return AURORA_OK;
    case AURORA_RESERVATION_EXPIRED:
        *is_expired_out = true;
        return AURORA_OK;
    default:
        return aurora__step_refuse(step, AURORA_ECONFLICT, "key", "was rejected or released");
    }
}

aurora_status aurora__hold_release(aurora__step *step, const char *scope, const char *key)
{
    aurora__hold_row *row;
    aurora_status rc = find(step, scope, key, &row);
    if (rc == AURORA_OK && row != NULL)
        rc = expire_if_due(step, row);
    if (rc != AURORA_OK)
        return rc;
    if (row == NULL)
        return aurora__step_refuse(step, AURORA_ENOTFOUND, "key", "names no reservation");
    if (row->state == AURORA_RESERVATION_COMMITTED)
        return aurora__step_refuse(step, AURORA_ECONFLICT, "key", "was committed");
    if (row->state != AURORA_RESERVATION_RESERVED)
        return AURORA_OK;
    return end(step, row, AURORA__RESERVATION_CANCEL, aurora__stock_release);
}

aurora_status aurora__hold_expire(aurora__step *step, const char *scope, const char *key)
{
    aurora__hold_row *row;
    aurora_status rc = find(step, scope, key, &row);
    return rc != AURORA_OK || row == NULL ? rc : expire_if_due(step, row);
}
