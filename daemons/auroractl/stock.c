/* SPDX-License-Identifier: MIT */
/* stock list, show, receive, adjust. */
#include <stdio.h>

#include "commands.h"
#include "show.h"
#include "table_out.h"

static void print_page(const ctl *run, const aurora_stock_page *page)
{
    static const char *const headings[] = {"SKU",   ">AVAILABLE", ">RESERVED",
                                           ">SOLD", ">RECEIVED",  ">WRITTEN OFF"};
    if (run->is_json) {
        ctl_json json;
        ctl_page_begin(&json);
        for (uint32_t i = 0; i < page->count; i++)
            ctl_show_stock(&json, page->items[i]->sku, &page->items[i]->stock);
        ctl_page_end(&json, page->next_cursor);
        return;
    }
    ctl_table table;
    ctl_table_init(&table, headings, 6);
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_stock *stock = &page->items[i]->stock;
        ctl_table_text(&table, page->items[i]->sku);
        ctl_table_number(&table, stock->available);
        ctl_table_number(&table, stock->reserved);
        ctl_table_number(&table, stock->sold);
        ctl_table_number(&table, stock->received);
        ctl_table_number(&table, stock->written_off);
    }
    ctl_table_print(&table, "no stock");
    ctl_page_hint(page->next_cursor);
}

int ctl_stock_list(ctl *run)
{
    int64_t limit = 50;
    aurora_stock_filter filter;
    aurora_stock_filter_init(&filter);
    if (!ctl_value_number(run, CTL_LIMIT, 1, 1000, &limit) ||
        !ctl_value_number(run, CTL_BELOW, 1, INT64_MAX, &filter.below))
        return CTL_UNSURE;
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_stock_page *page = NULL;
    aurora_status status =
        aurora_stock_list(shop, &filter, run->values[CTL_CURSOR], (uint32_t)limit, &page, &err);
    if (status == AURORA_OK)
        print_page(run, page);
    else
        outcome = ctl_fail(status, &err, "stock");
    aurora_stock_page_free(page);
    aurora_close(shop);
    return outcome;
}

int ctl_stock_show(ctl *run)
{
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_stock stock;
    aurora_status status = aurora_stock_get(shop, run->operands[0], &stock);
    if (status == AURORA_OK)
        ctl_print_stock(run, run->operands[0], &stock);
    else
        outcome = ctl_fail(status, NULL, run->operands[0]);
    aurora_close(shop);
    return outcome;
}

static int move(ctl *run, int32_t kind, int64_t quantity)
{
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_ACT, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_movement movement = {.size = sizeof movement,
                                .kind = kind,
                                .sku = run->operands[0],
                                .quantity = quantity,
                                .reason = run->values[CTL_REASON],
                                .key = run->values[CTL_KEY]};
    aurora_error err = AURORA_ERROR_INIT;
    aurora_stock stock;
    aurora_status status = aurora_stock_move(shop, &movement, &stock, &err);
    if (status == AURORA_OK)
        ctl_print_stock(run, run->operands[0], &stock);
    else
        outcome = ctl_fail(status, &err, run->operands[0]);
    aurora_close(shop);
    return outcome;
}

int ctl_stock_receive(ctl *run)
{
    int64_t quantity = 0;
    if (!ctl_operand_number(run, 1, 1, AURORA_MOVEMENT_MAX, &quantity))
        return CTL_UNSURE;
    return move(run, AURORA_MOVEMENT_RECEIPT, quantity);
}

int ctl_stock_adjust(ctl *run)
{
    int64_t delta = 0;
    if (!ctl_operand_number(run, 1, -AURORA_MOVEMENT_MAX, AURORA_MOVEMENT_MAX, &delta))
        return CTL_UNSURE;
    if (delta == 0)
        return ctl_refuse("an adjustment by 0 changes nothing");
    if (run->values[CTL_REASON] == NULL)
        return ctl_refuse("an adjustment needs --reason TEXT");
    return move(run, AURORA_MOVEMENT_ADJUSTMENT, delta);
}
