/* SPDX-License-Identifier: MIT */
/* verify: every invariant, over one store or the several of one system. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "table_out.h"
#include "view.h"

#define SHOWN_MAX 20 /* more than a screen of the same helps nobody; --json has the first 1,000 */

static void print_json(const aurora_report *report)
{
    aurora_json_out json = {0};
    aurora_json_out_object(&json, NULL);
    aurora_json_out_bool(&json, "ok", report->is_ok == 1);
    aurora_json_out_int(&json, "in_progress", (int64_t)report->in_progress);
    aurora_json_out_array(&json, "violations");
    for (uint32_t i = 0; i < report->count; i++) {
        aurora_json_out_object(&json, NULL);
        aurora_json_out_text(&json, "invariant", report->items[i]->invariant);
        aurora_json_out_text(&json, "subject", report->items[i]->subject);
        aurora_json_out_text(&json, "message", report->items[i]->message);
        aurora_json_out_close(&json, '}');
    }
    aurora_json_out_close(&json, ']');
    aurora_json_out_int(&json, "violation_count", (int64_t)report->violation_count);
    aurora_json_out_int(&json, "orders", (int64_t)report->order_count);
    aurora_json_out_int(&json, "skus", (int64_t)report->sku_count);
    aurora_json_out_int(&json, "events", (int64_t)report->event_count);
    aurora_json_out_time(&json, "at", report->at_ms);
    aurora_json_out_close(&json, '}');
    ctl_print_json(&json);
}

static void print_table(const aurora_report *report)
{
    static const char *const headings[] = {"INVARIANT", "SUBJECT", "VIOLATION"};
    ctl_cell orders, skus, events, violations, in_progress;
    ctl_table table;
    ctl_table_init(&table, headings, 3);
    for (uint32_t i = 0; i < report->count && i < SHOWN_MAX; i++) {
        ctl_table_text(&table, report->items[i]->invariant);
        ctl_table_text(&table, report->items[i]->subject);
        ctl_table_text(&table, report->items[i]->message);
    }
    ctl_table_print(&table, report->is_ok == 1 ? "every invariant holds" : "not ok");
    if (report->violation_count > SHOWN_MAX)
        puts("...");
    printf("%s violations, %s in progress; looked at %s orders, %s SKUs, %s events\n",
           ctl_number_show((int64_t)report->violation_count, violations),
           ctl_number_show((int64_t)report->in_progress, in_progress),
           ctl_number_show((int64_t)report->order_count, orders),
           ctl_number_show((int64_t)report->sku_count, skus),
           ctl_number_show((int64_t)report->event_count, events));
}

int ctl_verify(ctl *run)
{
    ctl_stores stores;
    uint32_t flags = run->values[CTL_AT_REST] != NULL ? AURORA_VERIFY_AT_REST : 0;
    int outcome = ctl_open_all(run, CTL_READ, &stores);
    if (outcome == CTL_YES) {
        aurora_error err = AURORA_ERROR_INIT;
        aurora_report *report = NULL;
        aurora_status status =
            aurora_verify_stores(stores.shops, stores.count, flags, &report, &err);
        if (status != AURORA_OK) {
            ctl_fail(status, &err, "verify");
            outcome = CTL_UNSURE;
        } else {
            outcome = report->is_ok == 1 ? CTL_YES : CTL_NO;
            if (run->is_json)
                print_json(report);
            else
                print_table(report);
        }
        aurora_report_free(report);
    }
    ctl_close_all(&stores);
    return outcome;
}
