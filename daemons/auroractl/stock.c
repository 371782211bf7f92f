/* SPDX-License-Identifier: MIT */
/* stock list, show, receive, adjust. */
#include "stock.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "page.h"
#include "routes/bodies.h"
#include "view.h"

typedef struct {
    aurora_stock_filter filter;
    ctl_page page;
} listing;

static aurora_status list_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const listing *at = request;
    aurora_stock_page *page = NULL;
    aurora_status status =
        aurora_stock_list(store, &at->filter, at->page.cursor, at->page.limit, &page, err);
    if (status != AURORA_OK)
        return status;
    ctl_page_begin(out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_stock(out, page->items[i]->sku, &page->items[i]->stock);
    ctl_page_end(out, page->next_cursor);
    aurora_stock_page_free(page);
    return AURORA_OK;
}

int ctl_stock_list(ctl *run)
{
    static const ctl_column columns[] = {
        {"SKU", "sku", SHOW_TEXT, NULL},
        {">AVAILABLE", "available", SHOW_NUMBER, NULL},
        {">RESERVED", "reserved", SHOW_NUMBER, NULL},
        {">SOLD", "sold", SHOW_NUMBER, NULL},
        {">RECEIVED", "received", SHOW_NUMBER, NULL},
        {">WRITTEN OFF", "written_off", SHOW_NUMBER, NULL},
    };
    static const ctl_view view = CTL_VIEW(columns, "no stock");
    listing at = {0};
    ctl_target target;
    ctl_target_init(&target, "/inventory");
    aurora_stock_filter_init(&at.filter);
    if (!ctl_page_read(run, &at.page, &target) ||
        !ctl_value_number(run, CTL_BELOW, 1, INT64_MAX, &at.filter.below))
        return CTL_UNSURE;
    ctl_target_query(&target, "below", run->values[CTL_BELOW]);
    ctl_ask ask = {.method = "GET", .target = &target, .of_store = list_of_store, .request = &at};
    return ctl_view_page(run, &ask, &view, "stock");
}

static void print_stock(aurora_json_value stock)
{
    static const ctl_column columns[] = {
        {"available", "available", SHOW_NUMBER, NULL},
        {"reserved", "reserved", SHOW_NUMBER, NULL},
        {"sold", "sold", SHOW_NUMBER, NULL},
        {"received", "received", SHOW_NUMBER, NULL},
        {"written off", "written_off", SHOW_NUMBER, NULL},
    };
    static const ctl_view view = CTL_VIEW(columns, "");
    puts(ctl_field_text(stock, "sku") == NULL ? "" : ctl_field_text(stock, "sku"));
    ctl_view_record(&view, stock);
}

static aurora_status show_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const char *sku = request;
    aurora_stock stock;
    aurora_status status = aurora_stock_get(store, sku, &stock);
    (void)err;
    if (status == AURORA_OK)
        aurora_body_stock(out, sku, &stock);
    return status;
}

int ctl_stock_show(ctl *run)
{
    ctl_target target;
    ctl_target_init(&target, "/inventory");
    ctl_target_segment(&target, run->operands[0]);
    ctl_ask ask = {
        .method = "GET", .target = &target, .of_store = show_of_store, .request = run->operands[0]};
    return ctl_view_one(run, CTL_READ, &ask, print_stock, run->operands[0]);
}

static aurora_status move_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const aurora_movement *movement = request;
    aurora_stock stock;
    aurora_status status = aurora_stock_move(store, movement, &stock, err);
    if (status == AURORA_OK)
        aurora_body_stock(out, movement->sku, &stock);
    return status;
}

void ctl_move_init(ctl_move *move, const aurora_movement *movement)
{
    bool is_receipt = movement->kind == AURORA_MOVEMENT_RECEIPT;
    *move = (ctl_move){.movement = *movement};
    ctl_target_init(&move->target, "/inventory");
    ctl_target_segment(&move->target, movement->sku);
    ctl_target_segment(&move->target, is_receipt ? "receipts" : "adjustments");
    aurora_json_out_object(&move->body, NULL);
    aurora_json_out_int(&move->body, "quantity", movement->quantity);
    if (movement->reason != NULL)
        aurora_json_out_text(&move->body, "reason", movement->reason);
    aurora_json_out_close(&move->body, '}');
    move->ask = (ctl_ask){.method = "POST",
                          .target = &move->target,
                          .body = &move->body,
                          .key = movement->key,
                          .of_store = move_of_store,
                          .request = &move->movement};
}

void ctl_move_deinit(ctl_move *move)
{
    aurora_json_out_drop(&move->body);
}

static int move_stock(const ctl *run, int32_t kind, int64_t quantity)
{
    ctl_move move;
    aurora_movement movement = {.size = sizeof movement,
                                .kind = kind,
                                .sku = run->operands[0],
                                .quantity = quantity,
                                .reason = run->values[CTL_REASON],
                                .key = run->values[CTL_KEY]};
    ctl_move_init(&move, &movement);
    int outcome = ctl_view_one(run, CTL_ACT, &move.ask, print_stock, run->operands[0]);
    ctl_move_deinit(&move);
    return outcome;
}

int ctl_stock_receive(ctl *run)
{
    int64_t quantity = 0;
    if (!ctl_operand_number(run, 1, 1, AURORA_MOVEMENT_MAX, &quantity))
        return CTL_UNSURE;
    return move_stock(run, AURORA_MOVEMENT_RECEIPT, quantity);
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
    return move_stock(run, AURORA_MOVEMENT_ADJUSTMENT, delta);
}
