/* SPDX-License-Identifier: MIT */
/* orders list, show, cancel, export. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "show.h"
#include "table_out.h"

#define EXPORT_PAGE 500

static bool read_filter(const ctl *run, aurora_order_filter *filter)
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
    return ctl_value_time(run, CTL_FROM, &filter->from_ms) &&
           ctl_value_time(run, CTL_TO, &filter->to_ms);
}

static void print_page(const aurora_order_page *page)
{
    static const char *const headings[] = {"ID",       "STATUS",    "REASON", ">TOTAL",
                                           "CUSTOMER", "REFERENCE", "PLACED"};
    char id[AURORA_ID_TEXT_BYTES];
    ctl_table table;
    ctl_table_init(&table, headings, 7);
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_order *order = page->items[i];
        ctl_table_text(&table, ctl_id_show(order->id, id));
        ctl_table_text(&table, aurora_order_status_name(order->status));
        ctl_table_text(&table, order->reason == 0 ? "-" : aurora_reason_name(order->reason));
        ctl_table_money(&table, order->total_minor, order->currency);
        ctl_table_text(&table, order->customer_id);
        ctl_table_text(&table, order->reference);
        ctl_table_time(&table, order->placed_at_ms);
    }
    ctl_table_print(&table, "no orders");
    ctl_page_hint(page->next_cursor);
}

int ctl_orders_list(ctl *run)
{
    int64_t limit = 50;
    aurora_order_filter filter;
    if (!read_filter(run, &filter) || !ctl_value_number(run, CTL_LIMIT, 1, 1000, &limit))
        return CTL_UNSURE;
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_order_page *page = NULL;
    aurora_status status =
        aurora_order_list(shop, &filter, run->values[CTL_CURSOR], (uint32_t)limit, &page, &err);
    if (status != AURORA_OK) {
        outcome = ctl_fail(status, &err, "orders");
    } else if (run->is_json) {
        ctl_json json;
        ctl_page_begin(&json);
        for (uint32_t i = 0; i < page->count; i++)
            ctl_show_order(&json, page->items[i]);
        ctl_page_end(&json, page->next_cursor);
    } else {
        print_page(page);
    }
    aurora_order_page_free(page);
    aurora_close(shop);
    return outcome;
}

static void show_step(ctl_json *json, const aurora_transition *step)
{
    ctl_json_object(json, NULL);
    ctl_json_number(json, "version", (int64_t)step->version);
    ctl_json_name(json, "status", aurora_order_status_name(step->status));
    ctl_json_name(json, "outcome", aurora_order_status_name(step->outcome));
    ctl_json_name(json, "reason", aurora_reason_name(step->reason));
    ctl_json_name(json, "event", aurora_event_name(step->event_kind));
    ctl_json_time(json, "at", step->at_ms);
    ctl_json_time(json, "settled_at", step->settled_at_ms);
    ctl_json_text(json, "actor", step->actor);
    ctl_json_text(json, "note", step->note);
    ctl_json_end(json);
}

static void print_history(const aurora_history *history)
{
    static const char *const headings[] = {">VERSION", "STATUS", "BY", "AT", "ACTOR", "NOTE"};
    ctl_table table;
    ctl_table_init(&table, headings, 6);
    for (uint32_t i = 0; i < history->count; i++) {
        const aurora_transition *step = history->items[i];
        ctl_table_number(&table, (int64_t)step->version);
        ctl_table_text(&table, aurora_order_status_name(step->status));
        ctl_table_text(&table, step->event_kind == 0 ? "-" : aurora_event_name(step->event_kind));
        ctl_table_time(&table, step->at_ms);
        ctl_table_text(&table, step->actor);
        ctl_table_text(&table, step->note);
    }
    ctl_table_print(&table, "no history");
}

static void print_whole(const ctl *run, const aurora_order *order, const aurora_history *history)
{
    if (!run->is_json) {
        ctl_print_order(run, order);
        print_history(history);
        return;
    }
    ctl_json json;
    ctl_json_init(&json, stdout);
    ctl_show_order_open(&json, order);
    ctl_json_array(&json, "history");
    for (uint32_t i = 0; i < history->count; i++)
        show_step(&json, history->items[i]);
    ctl_json_end(&json);
    ctl_json_end(&json);
    ctl_json_finish(&json);
}

int ctl_orders_show(ctl *run)
{
    aurora_id id;
    aurora_t *shop = NULL;
    if (!ctl_operand_id(run, 0, &id))
        return CTL_UNSURE;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_order *order = NULL;
    aurora_history *history = NULL;
    aurora_status status = aurora_order_get(shop, id, &order);
    if (status == AURORA_OK)
        status = aurora_order_history(shop, id, &history);
    if (status == AURORA_OK)
        print_whole(run, order, history);
    else
        outcome = ctl_fail(status, NULL, run->operands[0]);
    aurora_history_free(history);
    aurora_order_free(order);
    aurora_close(shop);
    return outcome;
}

int ctl_orders_cancel(ctl *run)
{
    const char *reason = run->values[CTL_REASON] == NULL ? "operator" : run->values[CTL_REASON];
    const char *user = getenv("USER");
    const char *actor = run->values[CTL_ACTOR];
    aurora_cancel request = {.size = sizeof request,
                             .reason = aurora_reason_parse(reason),
                             .note = run->values[CTL_NOTE],
                             .actor = actor != NULL  ? actor
                                      : user != NULL ? user
                                                     : "auroractl",
                             .key = run->values[CTL_KEY]};
    if (request.reason != AURORA_REASON_CUSTOMER && request.reason != AURORA_REASON_OPERATOR)
        return ctl_refuse("--reason: must be customer or operator, is '%s'", reason);
    aurora_t *shop = NULL;
    if (!ctl_operand_id(run, 0, &request.order_id))
        return CTL_UNSURE;
    int outcome = ctl_open(run, CTL_ACT, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_order *order = NULL;
    aurora_status status = aurora_order_cancel_with(shop, &request, &order, &err);
    if (status == AURORA_OK)
        ctl_print_order(run, order);
    else
        outcome = ctl_fail(status, &err, run->operands[0]);
    aurora_order_free(order);
    aurora_close(shop);
    return outcome;
}

int ctl_orders_export(ctl *run)
{
    aurora_order_filter filter;
    aurora_t *shop = NULL;
    if (!read_filter(run, &filter))
        return CTL_UNSURE;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_order_page *page = NULL, *last = NULL;
    aurora_status status = AURORA_OK;
    const char *cursor = NULL;
    do {
        status = aurora_order_list(shop, &filter, cursor, EXPORT_PAGE, &page, &err);
        aurora_order_page_free(last);
        last = page;
        for (uint32_t i = 0; status == AURORA_OK && i < page->count; i++) {
            ctl_json json;
            ctl_json_init(&json, stdout);
            ctl_show_order(&json, page->items[i]);
            ctl_json_finish(&json);
        }
        cursor = status == AURORA_OK ? page->next_cursor : NULL;
    } while (cursor != NULL && !ferror(stdout));
    if (status != AURORA_OK)
        outcome = ctl_fail(status, &err, "orders");
    aurora_order_page_free(last);
    aurora_close(shop);
    return outcome;
}
