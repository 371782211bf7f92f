/* SPDX-License-Identifier: MIT */
#include "core/stock.h"

#include "core/inventory.h"
#include "plant/plant.h"

#include <aurora/money.h>

bool aurora__stock_is_balanced(const aurora__stock_row *stock)
{
    if (stock->available < 0 || stock->reserved < 0 || stock->sold < 0 || stock->received < 0 ||
        stock->written_off < 0 || stock->written_off > stock->received)
        return false;
    int64_t held = 0;
    return aurora_money_add(stock->available, stock->reserved, &held) == AURORA_OK &&
           aurora_money_add(held, stock->sold, &held) == AURORA_OK &&
           held == stock->received - stock->written_off;
}

aurora_status aurora__stock_receive(aurora__stock_row *stock, int64_t quantity)
{
    int64_t received;
    int64_t available;
    if (aurora_money_add(stock->received, quantity, &received) != AURORA_OK ||
        aurora_money_add(stock->available, quantity, &available) != AURORA_OK)
        return AURORA_EOVERFLOW;
    stock->received = received;
    stock->available = available;
    stock->version++;
    return AURORA_OK;
}

aurora_status aurora__stock_write_off(aurora__stock_row *stock, int64_t quantity)
{
    if (quantity > stock->available)
        return AURORA_EINSUFFICIENT;
    stock->available -= quantity;
    stock->written_off += quantity;
    stock->version++;
    return AURORA_OK;
}

aurora_status aurora__stock_reserve(aurora__stock_row *stock, int64_t quantity)
{
    if (quantity > stock->available && !AURORA_PLANT(SELL_UNCHECKED))
        return AURORA_EINSUFFICIENT;
    stock->available -= quantity;
    stock->reserved += quantity;
    stock->version++;
    return AURORA_OK;
}

aurora_status aurora__stock_release(aurora__stock_row *stock, int64_t quantity)
{
    if (quantity > stock->reserved)
        return AURORA_ECORRUPT;
    stock->reserved -= quantity;
    stock->available += quantity;
    stock->version++;
    return AURORA_OK;
}

aurora_status aurora__stock_commit(aurora__stock_row *stock, int64_t quantity)
{
    if (quantity > stock->reserved)
        return AURORA_ECORRUPT;
    stock->reserved -= quantity;
    stock->sold += quantity;
    stock->version++;
    return AURORA_OK;
}

aurora_status aurora__stock_find(aurora__step *step, int64_t sku_id, aurora__stock_row **out)
{
    aurora__key key = aurora__key_number(AURORA__TABLE_stock, sku_id);
    aurora_status rc = aurora__rows_write(step->rows, &key, (void **)out);
    if (rc != AURORA_OK)
        return rc;
    if (*out == NULL || !aurora__stock_is_balanced(*out))
        return AURORA_ECORRUPT;
    return AURORA_OK;
}

/* The number of a SKU, 0 when it never had stock. */
static aurora_status number_of(aurora__step *step, const char *sku, int64_t *id_out)
{
    const aurora__sku_row *row;
    aurora__key key = aurora__key_text(AURORA__TABLE_sku, sku);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&row);
    *id_out = row == NULL ? 0 : row->id;
    return rc;
}

static aurora__stock_line *line_of(aurora__stock_lines *lines, const char *sku)
{
    for (uint32_t i = 0; i < lines->count; i++) {
        if (aurora__text_is_equal(lines->items[i].sku, sku))
            return &lines->items[i];
    }
    return NULL;
}

/* Room for the next power of two, so that a list of n lines is copied log n times. */
static aurora_status make_room(aurora__step *step, aurora__stock_lines *lines)
{
    uint32_t count = lines->count;
    if (count >= 4 && (count & (count - 1)) != 0)
        return AURORA_OK;
    if (count > 0 && count < 4)
        return AURORA_OK;
    uint32_t capacity = count < 4 ? 4 : count * 2;
    aurora__stock_line *items = aurora__arena_take(step->arena, capacity * sizeof *items);
    if (items == NULL)
        return AURORA_ENOMEM;
    if (count > 0)
        memcpy(items, lines->items, count * sizeof *items);
    lines->items = items;
    return AURORA_OK;
}

aurora_status aurora__stock_lines_add(aurora__step *step, aurora__stock_lines *lines,
                                      const char *sku, int64_t quantity)
{
    aurora__stock_line *line = line_of(lines, sku);
    if (line != NULL)
        return aurora_money_add(line->quantity, quantity, &line->quantity);
    aurora_status rc = make_room(step, lines);
    if (rc != AURORA_OK)
        return rc;
    line = &lines->items[lines->count++];
    *line = (aurora__stock_line){.sku = sku, .quantity = quantity};
    return number_of(step, sku, &line->sku_id);
}

/* Visits every line of orders.lines. */
static aurora_status each_ordered(aurora__step *step, const char *text,
                                  aurora_status (*visit)(aurora__step *step,
                                                         aurora__stock_lines *lines,
                                                         const char *sku, int64_t quantity),
                                  aurora__stock_lines *lines)
{
    aurora__json_reader reader;
    aurora_status missing = AURORA_OK; /* rows are asked for all at once, not line by line */
    uint32_t count = 0;
    if (text == NULL)
        return AURORA_ECORRUPT;
    aurora__json_read(&reader, text, aurora__text_length(text));
    aurora__json_expect(&reader, '[');
    while (aurora__json_next(&reader, &count)) {
        size_t skipped;
        aurora__json_expect(&reader, '[');
        const char *sku = aurora__json_take_text(&reader, step->arena);
        aurora__json_expect(&reader, ',');
        int64_t quantity = aurora__json_take_integer(&reader);
        aurora__json_expect(&reader, ',');
        aurora__json_skip(&reader, &skipped);
        aurora__json_expect(&reader, ']');
        if (reader.is_out_of_memory)
            return AURORA_ENOMEM;
        if (reader.is_failed || sku == NULL || quantity < 1)
            return AURORA_ECORRUPT;
        aurora_status rc = visit(step, lines, sku, quantity);
        if (rc == AURORA__NEED_KEYS)
            missing = rc;
        else if (rc != AURORA_OK)
            return rc;
    }
    return reader.is_failed ? AURORA_ECORRUPT : missing;
}

aurora_status aurora__stock_lines_sum(aurora__step *step, const char *text,
                                      aurora__stock_lines *out)
{
    *out = (aurora__stock_lines){0};
    return each_ordered(step, text, aurora__stock_lines_add, out);
}

static aurora_status want_ordered(aurora__step *step, aurora__stock_lines *lines, const char *sku,
                                  int64_t quantity)
{
    (void)lines;
    (void)quantity;
    return aurora__inventory_want(step, sku);
}

aurora_status aurora__stock_ordered_want(aurora__step *step, const char *text)
{
    return each_ordered(step, text, want_ordered, NULL);
}

/* Looks at every line before it takes from any. */
aurora_status aurora__stock_lines_reserve(aurora__step *step, aurora__stock_lines *lines,
                                          bool *is_short_out)
{
    aurora_status missing = AURORA_OK;
    *is_short_out = false;
    for (uint32_t i = 0; i < lines->count; i++) {
        aurora__stock_line *line = &lines->items[i];
        const aurora__stock_row *stock = NULL;
        aurora__key key = aurora__key_number(AURORA__TABLE_stock, line->sku_id);
        aurora_status rc = line->sku_id == 0
                               ? AURORA_OK
                               : aurora__rows_read(step->rows, &key, (const void **)&stock);
        if (rc == AURORA__NEED_KEYS)
            missing = rc;
        else if (rc != AURORA_OK)
            return rc;
        line->available = stock == NULL ? 0 : stock->available;
        if (line->quantity > line->available && !AURORA_PLANT(SELL_UNCHECKED))
            *is_short_out = true;
    }
    if (missing != AURORA_OK)
        return missing;
    for (uint32_t i = 0; !*is_short_out && i < lines->count; i++) {
        aurora__stock_row *stock;
        aurora_status rc = aurora__stock_find(step, lines->items[i].sku_id, &stock);
        if (rc == AURORA_OK)
            rc = aurora__stock_reserve(stock, lines->items[i].quantity);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

const char *aurora__stock_lines_write(aurora__step *step, const aurora__stock_lines *lines)
{
    aurora__json json;
    aurora__json_begin(&json, step->arena, 16 * (size_t)lines->count + 2);
    aurora__json_char(&json, '[');
    for (uint32_t i = 0; i < lines->count; i++) {
        if (i > 0)
            aurora__json_char(&json, ',');
        aurora__json_char(&json, '[');
        aurora__json_integer(&json, lines->items[i].sku_id);
        aurora__json_char(&json, ',');
        aurora__json_integer(&json, lines->items[i].quantity);
        aurora__json_char(&json, ']');
    }
    aurora__json_char(&json, ']');
    return aurora__json_end(&json);
}

const char *aurora__stock_lines_short(aurora__step *step, const aurora__stock_lines *lines)
{
    aurora__json json;
    bool is_first = true;
    aurora__json_begin(&json, step->arena, 64);
    aurora__json_char(&json, '[');
    for (uint32_t i = 0; i < lines->count; i++) {
        const aurora__stock_line *line = &lines->items[i];
        if (line->quantity <= line->available)
            continue;
        aurora__json_raw(&json, is_first ? "[" : ",[", is_first ? 1 : 2);
        is_first = false;
        aurora__json_text(&json, line->sku);
        aurora__json_char(&json, ',');
        aurora__json_integer(&json, line->quantity);
        aurora__json_char(&json, ',');
        aurora__json_integer(&json, line->available);
        aurora__json_char(&json, ']');
    }
    aurora__json_char(&json, ']');
    return aurora__json_end(&json);
}

/* Calls `each` with every stored line. */
static aurora_status each_line(aurora__step *step, const char *text,
                               aurora_status (*each)(aurora__step *, void *, int64_t, int64_t),
                               void *argument)
{
    aurora__json_reader reader;
    uint32_t count = 0;
    if (text == NULL)
        return AURORA_OK;
    aurora__json_read(&reader, text, aurora__text_length(text));
    aurora__json_expect(&reader, '[');
    while (aurora__json_next(&reader, &count)) {
        aurora__json_expect(&reader, '[');
        int64_t sku_id = aurora__json_take_integer(&reader);
        aurora__json_expect(&reader, ',');
        int64_t quantity = aurora__json_take_integer(&reader);
        aurora__json_expect(&reader, ']');
        if (reader.is_failed || quantity < 1)
            return AURORA_ECORRUPT;
        aurora_status rc = each(step, argument, sku_id, quantity);
        if (rc != AURORA_OK)
            return rc;
    }
    return reader.is_failed ? AURORA_ECORRUPT : AURORA_OK;
}

static aurora_status collect(aurora__step *step, void *argument, int64_t sku_id, int64_t quantity)
{
    aurora__stock_lines *lines = argument;
    aurora_status rc = make_room(step, lines);
    if (rc == AURORA_OK)
        lines->items[lines->count++] = (aurora__stock_line){.sku_id = sku_id, .quantity = quantity};
    return rc;
}

aurora_status aurora__stock_lines_read(aurora__step *step, const char *text,
                                       aurora__stock_lines *out)
{
    *out = (aurora__stock_lines){0};
    return each_line(step, text, collect, out);
}

typedef struct {
    aurora_status (*change)(aurora__stock_row *, int64_t);
} change_of;

static aurora_status apply(aurora__step *step, void *argument, int64_t sku_id, int64_t quantity)
{
    aurora__stock_row *stock;
    aurora_status rc = aurora__stock_find(step, sku_id, &stock);
    return rc != AURORA_OK ? rc : ((const change_of *)argument)->change(stock, quantity);
}

aurora_status aurora__stock_lines_apply(aurora__step *step, const char *text,
                                        aurora_status (*change)(aurora__stock_row *, int64_t))
{
    change_of argument = {change};
    return each_line(step, text, apply, &argument);
}

static aurora_status want_stock(aurora__step *step, void *argument, int64_t sku_id,
                                int64_t quantity)
{
    (void)argument;
    (void)quantity;
    aurora__key key = aurora__key_number(AURORA__TABLE_stock, sku_id);
    return aurora__rows_want(step->rows, &key);
}

aurora_status aurora__stock_lines_want(aurora__step *step, const char *text)
{
    return each_line(step, text, want_stock, NULL);
}
