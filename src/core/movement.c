/* SPDX-License-Identifier: MIT */
#include "core/inventory.h"

#include "core/stock.h"

/* The row of table counters that holds the newest SKU number. */
#define SKU_COUNTER "sku"

/* Only what adds stock makes a SKU known. */
static bool can_create(const aurora__movement *movement)
{
    return movement->quantity > 0;
}

aurora_status aurora__stock_move_keys(aurora__step *step, const aurora__movement *movement)
{
    aurora__key key = aurora__key_texts(AURORA__TABLE_movement, movement->scope, movement->key);
    aurora_status rc = aurora__rows_want(step->rows, &key);
    if (rc == AURORA_OK)
        rc = aurora__inventory_want(step, movement->sku);
    if (rc != AURORA_OK || !can_create(movement))
        return rc;
    const aurora__sku_row *sku;
    key = aurora__key_text(AURORA__TABLE_sku, movement->sku);
    rc = aurora__rows_read(step->rows, &key, (const void **)&sku);
    if (rc != AURORA_OK)
        return rc == AURORA_ENOMEM ? rc : AURORA_OK;
    if (sku != NULL)
        return AURORA_OK;
    /* The counter is one row for all SKUs: it is asked for, and locked, only by those that are
     * new. */
    key = aurora__key_text(AURORA__TABLE_counter, SKU_COUNTER);
    return aurora__rows_want(step->rows, &key);
}

static aurora_status next_number(aurora__step *step, int64_t *number_out)
{
    aurora__key key = aurora__key_text(AURORA__TABLE_counter, SKU_COUNTER);
    aurora__counter_row *counter;
    aurora_status rc = aurora__rows_write(step->rows, &key, (void **)&counter);
    if (rc == AURORA_OK && counter == NULL)
        rc = aurora__rows_insert(step->rows, &key, (void **)&counter);
    if (rc != AURORA_OK)
        return rc;
    if (counter->value < 0)
        return AURORA_ECORRUPT;
    if (counter->value == INT64_MAX)
        return AURORA_EOVERFLOW;
    *number_out = ++counter->value;
    counter->version++;
    return AURORA_OK;
}

/* Gives a SKU its number and its empty stock row. */
static aurora_status create(aurora__step *step, const char *name, aurora__stock_row **out)
{
    int64_t number;
    aurora_status rc = next_number(step, &number);
    if (rc != AURORA_OK)
        return rc;
    aurora__sku_row *sku;
    aurora__key key = aurora__key_text(AURORA__TABLE_sku, name);
    rc = aurora__rows_insert(step->rows, &key, (void **)&sku);
    if (rc != AURORA_OK)
        return rc;
    sku->id = number;
    key = aurora__key_number(AURORA__TABLE_stock, number);
    rc = aurora__rows_assume_absent(step->rows, &key);
    if (rc == AURORA_OK)
        rc = aurora__rows_insert(step->rows, &key, (void **)out);
    return rc == AURORA_ECONFLICT ? AURORA_ECORRUPT : rc;
}

/* The stock row to change; made when the SKU is new and the movement may make it. */
static aurora_status find_or_create(aurora__step *step, const aurora__movement *movement,
                                    aurora__stock_row **out)
{
    const aurora__sku_row *sku;
    aurora__key key = aurora__key_text(AURORA__TABLE_sku, movement->sku);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&sku);
    if (rc != AURORA_OK)
        return rc;
    if (sku != NULL)
        return aurora__stock_find(step, sku->id, out);
    if (!can_create(movement))
        return aurora__step_refuse(step, AURORA_EINSUFFICIENT, "sku", "never had stock");
    return create(step, movement->sku, out);
}

/* A key that is known: the movement must be the same, and the counters are those of now. */
static aurora_status repeat(aurora__step *step, const aurora__movement *movement,
                            const aurora__movement_row *first, aurora__stock_row *out)
{
    const aurora__sku_row *sku;
    const aurora__stock_row *stock;
    aurora__key key = aurora__key_text(AURORA__TABLE_sku, movement->sku);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&sku);
    if (rc != AURORA_OK)
        return rc;
    if (sku == NULL || sku->id != first->sku_id || movement->kind != first->kind ||
        movement->quantity != first->quantity)
        return aurora__step_refuse(step, AURORA_EKEYREUSED, "key", "names another movement");
    key = aurora__key_number(AURORA__TABLE_stock, sku->id);
    rc = aurora__rows_read(step->rows, &key, (const void **)&stock);
    if (rc != AURORA_OK)
        return rc;
    if (stock == NULL)
        return AURORA_ECORRUPT;
    *out = *stock;
    return AURORA_OK;
}

static aurora_status apply(aurora__step *step, const aurora__movement *movement,
                           aurora__stock_row *stock)
{
    aurora_status rc = movement->quantity > 0 ? aurora__stock_receive(stock, movement->quantity)
                                              : aurora__stock_write_off(stock, -movement->quantity);
    if (rc == AURORA_EINSUFFICIENT)
        return aurora__step_refuse(step, rc, "quantity", "takes more than is available");
    if (rc == AURORA_EOVERFLOW)
        return aurora__step_refuse(step, rc, "quantity", "makes a counter leave int64");
    return rc != AURORA_OK ? rc : AURORA_INVARIANT(step, aurora__stock_is_balanced(stock));
}

aurora_status aurora__stock_move(aurora__step *step, const aurora__movement *movement,
                                 aurora__stock_row *out)
{
    const aurora__movement_row *first;
    aurora__key key = aurora__key_texts(AURORA__TABLE_movement, movement->scope, movement->key);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&first);
    if (rc != AURORA_OK)
        return rc;
    if (first != NULL)
        return repeat(step, movement, first, out);
    aurora__stock_row *stock;
    rc = find_or_create(step, movement, &stock);
    if (rc == AURORA_OK)
        rc = apply(step, movement, stock);
    if (rc != AURORA_OK)
        return rc;
    aurora__movement_row *row;
    rc = aurora__rows_insert(step->rows, &key, (void **)&row);
    if (rc != AURORA_OK)
        return rc;
    row->sku_id = stock->id;
    row->kind = movement->kind;
    row->quantity = movement->quantity;
    row->stock_version = stock->version;
    row->at = step->now_ms;
    row->reason = movement->reason;
    *out = *stock;
    return AURORA_OK;
}
