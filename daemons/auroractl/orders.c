/* SPDX-License-Identifier: MIT */
/* orders list, show, cancel, export. */
#include "orders.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "page.h"
#include "routes/bodies.h"
#include "view.h"

typedef struct {
    aurora_order_filter filter;
    ctl_page page;
} listing;

static aurora_status list_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const listing *at = request;
    aurora_order_page *page = NULL;
    aurora_status status =
        aurora_order_list(store, &at->filter, at->page.cursor, at->page.limit, &page, err);
    if (status != AURORA_OK)
        return status;
    ctl_page_begin(out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_order(out, page->items[i]);
    ctl_page_end(out, page->next_cursor);
    aurora_order_page_free(page);
    return AURORA_OK;
}

/* The conditions that list and export share. */
static bool read_filter(const ctl *run, aurora_order_filter *filter, ctl_target *target)
{
    const char *status = run->values[CTL_STATUS];
    aurora_order_filter_init(filter);
    filter->customer_id = run->values[CTL_CUSTOMER];
    filter->reference = run->values[CTL_REFERENCE];
    filter->status = aurora_order_status_parse(status);
    if (status != NULL && filter->status == 0) {
        ctl_refuse("--status: must be PENDING, RESERVED, COMPLETED, FAILED, CANCELLED or PARKED, "
                   "is '%s'",
                   status);
        return false;
    }
    if (!ctl_value_time(run, CTL_FROM, &filter->from_ms) ||
        !ctl_value_time(run, CTL_TO, &filter->to_ms))
        return false;
    ctl_target_init(target, "/orders");
    ctl_target_query(target, "status", status);
    ctl_target_query(target, "customer", filter->customer_id);
    ctl_target_query(target, "reference", filter->reference);
    ctl_target_query_time(target, "from", filter->from_ms);
    ctl_target_query_time(target, "to", filter->to_ms);
    return true;
}

int ctl_orders_list(ctl *run)
{
    static const ctl_column columns[] = {
        {"ID", "id", SHOW_TEXT, NULL},
        {"STATUS", "status", SHOW_TEXT, NULL},
        {"REASON", "reason", SHOW_TEXT, NULL},
        {">TOTAL", "total_minor", SHOW_MONEY, NULL},
        {"CUSTOMER", "customer_id", SHOW_TEXT, NULL},
        {"REFERENCE", "reference", SHOW_TEXT, NULL},
        {"PLACED", "placed_at", SHOW_TIME, NULL},
    };
    static const ctl_view view = CTL_VIEW(columns, "no orders");
    listing at = {0};
    ctl_target target;
    if (!read_filter(run, &at.filter, &target) || !ctl_page_read(run, &at.page, &target))
        return CTL_UNSURE;
    ctl_ask ask = {.method = "GET", .target = &target, .of_store = list_of_store, .request = &at};
    return ctl_view_page(run, &ask, &view, "orders");
}

int ctl_orders_export(ctl *run)
{
    listing at = {0};
    ctl_target target;
    if (!read_filter(run, &at.filter, &target))
        return CTL_UNSURE;
    ctl_ask ask = {.method = "GET", .target = &target, .of_store = list_of_store, .request = &at};
    return ctl_view_all(run, &ask, &at.page, ctl_print_line, "orders");
}

/* Lines and charges under one heading. */
static void print_lines(aurora_json_value order)
{
    static const char *const headings[] = {"SKU", ">QUANTITY", ">UNIT PRICE"};
    const char *currency = ctl_field_text(order, "currency");
    aurora_json_value lines = ctl_field(order, "lines"), charges = ctl_field(order, "charges");
    uint32_t line_count = ctl_field_count(order, "lines");
    uint32_t charge_count = ctl_field_count(order, "charges");
    ctl_table table;
    ctl_table_init(&table, headings, 3);
    for (uint32_t i = 0; i < line_count; i++) {
        aurora_json_value line = aurora_json_item(lines, i);
        ctl_table_text(&table, ctl_field_text(line, "sku"));
        ctl_table_number(&table, ctl_field_number(line, "quantity"));
        ctl_table_money(&table, ctl_field_number(line, "unit_price_minor"), currency);
    }
    for (uint32_t i = 0; i < charge_count; i++) {
        aurora_json_value charge = aurora_json_item(charges, i);
        ctl_table_text(&table, ctl_field_text(charge, "label"));
        ctl_table_text(&table, ctl_field_text(charge, "kind"));
        ctl_table_money(&table, ctl_field_number(charge, "amount_minor"), currency);
    }
    ctl_table_print(&table, "no lines");
}

static void print_order(aurora_json_value order)
{
    static const ctl_column columns[] = {
        {"id", "id", SHOW_TEXT, NULL},
        {"status", "status", SHOW_TEXT, NULL},
        {"outcome", "outcome", SHOW_TEXT, NULL},
        {"reason", "reason", SHOW_TEXT, NULL},
        {"decline code", "decline_code", SHOW_TEXT, NULL},
        {"reference", "reference", SHOW_TEXT, NULL},
        {"customer", "customer_id", SHOW_TEXT, NULL},
        {"contact", "contact", SHOW_TEXT, NULL},
        {"total", "total_minor", SHOW_MONEY, NULL},
        {"placed", "placed_at", SHOW_TIME, NULL},
        {"created", "created_at", SHOW_TIME, NULL},
        {"updated", "updated_at", SHOW_TIME, NULL},
        {"settled", "settled_at", SHOW_TIME, NULL},
    };
    static const ctl_view view = CTL_VIEW(columns, "");
    ctl_view_record(&view, order);
    ctl_view_pairs(ctl_field(order, "metadata"));
    print_lines(order);
}

static aurora_status show_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const aurora_id *id = request;
    aurora_order *order = NULL;
    aurora_status status = aurora_order_get(store, *id, &order);
    (void)err;
    if (status == AURORA_OK)
        aurora_body_order(out, order);
    aurora_order_free(order);
    return status;
}

static aurora_status history_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                      aurora_error *err)
{
    const aurora_id *id = request;
    aurora_history *history = NULL;
    aurora_status status = aurora_order_history(store, *id, &history);
    (void)err;
    if (status != AURORA_OK)
        return status;
    ctl_page_begin(out);
    for (uint32_t i = 0; i < history->count; i++)
        aurora_body_transition(out, history->items[i]);
    ctl_page_end(out, NULL);
    aurora_history_free(history);
    return AURORA_OK;
}

/* The order's object with its history as one more member. */
static void print_whole_json(const ctl_answer *order, aurora_json_value steps)
{
    size_t steps_length = 0;
    const char *steps_text = aurora_json_raw(steps, &steps_length);
    printf("%.*s,\"history\":%.*s}\n", (int)(order->length - 1), order->text, (int)steps_length,
           steps_text);
}

static void print_whole(const ctl *run, const ctl_answer *order, const ctl_answer *history)
{
    static const ctl_column columns[] = {
        {">VERSION", "version", SHOW_NUMBER, NULL}, {"STATUS", "status", SHOW_TEXT, NULL},
        {"BY", "event", SHOW_TEXT, NULL},           {"AT", "at", SHOW_TIME, NULL},
        {"ACTOR", "actor", SHOW_TEXT, NULL},        {"NOTE", "note", SHOW_TEXT, NULL},
    };
    static const ctl_view view = CTL_VIEW(columns, "no history");
    aurora_json_value steps = ctl_field(ctl_answer_root(history), "items");
    if (run->is_json && aurora_json_is_present(steps)) {
        print_whole_json(order, steps);
        return;
    }
    print_order(ctl_answer_root(order));
    ctl_view_rows(&view, steps);
}

int ctl_orders_show(ctl *run)
{
    aurora_id id;
    ctl_shop shop;
    ctl_target target;
    ctl_answer order = {0}, history = {0};
    aurora_error err = AURORA_ERROR_INIT;
    if (!ctl_operand_id(run, 0, &id))
        return CTL_UNSURE;
    int outcome = ctl_shop_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    ctl_target_init(&target, "/orders");
    ctl_target_segment(&target, run->operands[0]);
    ctl_ask ask = {.method = "GET", .target = &target, .of_store = show_of_store, .request = &id};
    aurora_status status = ctl_shop_read(&shop, &ask, &order, &err);
    if (status == AURORA_OK) {
        ctl_target_segment(&target, "history");
        ask.of_store = history_of_store;
        status = ctl_shop_read(&shop, &ask, &history, &err);
    }
    if (status == AURORA_OK)
        print_whole(run, &order, &history);
    else
        outcome = ctl_fail(status, &err, run->operands[0]);
    ctl_answer_free(&history);
    ctl_answer_free(&order);
    ctl_shop_close(&shop);
    return outcome;
}

int ctl_orders_cancel(ctl *run)
{
    ctl_cancel cancel;
    const char *reason = run->values[CTL_REASON] == NULL ? "operator" : run->values[CTL_REASON];
    aurora_cancel request = {.size = sizeof request,
                             .reason = aurora_reason_parse(reason),
                             .note = run->values[CTL_NOTE],
                             .actor = run->actor,
                             .key = run->values[CTL_KEY]};
    if (request.reason != AURORA_REASON_CUSTOMER && request.reason != AURORA_REASON_OPERATOR)
        return ctl_refuse("--reason: must be customer or operator, is '%s'", reason);
    if (run->url != NULL && run->values[CTL_REASON] != NULL)
        return ctl_refuse("--reason: a server knows by --actor whether the order's customer or an "
                          "operator cancels; leave it out with --url");
    if (!ctl_operand_id(run, 0, &request.order_id))
        return CTL_UNSURE;
    ctl_cancel_init(&cancel, &request);
    int outcome = ctl_view_one(run, CTL_ACT, &cancel.ask, print_order, run->operands[0]);
    ctl_cancel_deinit(&cancel);
    return outcome;
}
