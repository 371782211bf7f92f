/* SPDX-License-Identifier: MIT */
/* Care of a whole store: backup, restored, migrate, drain; and the table of settings. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "options.h"
#include "progress.h"
#include "table_out.h"
#include "view.h"

/* {"ok":true} for programs, a sentence for people. */
static void print_done(const ctl *run, const char *sentence)
{
    if (!run->is_json) {
        puts(sentence);
        return;
    }
    aurora_json_out json = {0};
    aurora_json_out_object(&json, NULL);
    aurora_json_out_bool(&json, "ok", true);
    aurora_json_out_close(&json, '}');
    ctl_print_json(&json);
}

int ctl_backup(ctl *run)
{
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_ACT, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status = aurora_backup(shop, run->operands[0], &err);
    if (status == AURORA_OK)
        print_done(run, "copied");
    else
        outcome = ctl_fail(status, &err, run->operands[0]);
    aurora_close(shop);
    return outcome;
}

/* A restored database has all its services' logs begin anew. */
int ctl_restored(ctl *run)
{
    ctl_stores stores;
    int outcome = ctl_open_all(run, CTL_ACT, &stores);
    for (uint32_t i = 0; outcome == CTL_YES && i < stores.count; i++) {
        aurora_error err = AURORA_ERROR_INIT;
        aurora_status status = aurora_restored(stores.shops[i], &err);
        if (status != AURORA_OK)
            outcome = ctl_fail(status, &err, run->stores[0]);
    }
    if (outcome == CTL_YES)
        print_done(run, stores.count == 1 ? "the log has a new epoch" : "the logs have new epochs");
    ctl_close_all(&stores);
    return outcome;
}

int ctl_migrate(ctl *run)
{
    ctl_stores stores;
    int outcome = ctl_open_all(run, AURORA_OPEN_NO_CREATE, &stores);
    if (outcome == CTL_YES)
        print_done(run, "the store has this release's schema");
    ctl_close_all(&stores);
    return outcome;
}

static void print_drain(const ctl *run, const aurora_drain *drain)
{
    if (!run->is_json) {
        printf("%s: %" PRIu64 " unsettled orders, %" PRIu64 " events not published, %" PRIu64
               " not taken by sagas\n",
               drain->is_drained == 1 ? "drained" : "not drained", drain->unsettled_orders,
               drain->relay_lag, drain->saga_lag);
        return;
    }
    aurora_json_out json = {0};
    aurora_json_out_object(&json, NULL);
    aurora_json_out_bool(&json, "drained", drain->is_drained == 1);
    aurora_json_out_int(&json, "unsettled_orders", (int64_t)drain->unsettled_orders);
    aurora_json_out_int(&json, "relay_lag", (int64_t)drain->relay_lag);
    aurora_json_out_int(&json, "saga_lag", (int64_t)drain->saga_lag);
    aurora_json_out_close(&json, '}');
    ctl_print_json(&json);
}

/* What all stores together still have under way. */
static aurora_status look_drained(const ctl_stores *stores, aurora_drain *sum_out)
{
    *sum_out = (aurora_drain){.is_drained = 1};
    for (uint32_t i = 0; i < stores->count; i++) {
        aurora_drain one = {0};
        aurora_status status = aurora_drain_get(stores->shops[i], &one);
        if (status != AURORA_OK)
            return status;
        sum_out->is_drained &= one.is_drained;
        sum_out->unsettled_orders += one.unsettled_orders;
        sum_out->relay_lag += one.relay_lag;
        sum_out->saga_lag += one.saga_lag;
    }
    return AURORA_OK;
}

/* Waits on handles that take no orders themselves; a program that serves the store has to refuse
 * them on its own handle. */
static aurora_status wait_drained(const ctl_stores *stores, int64_t timeout_ms,
                                  aurora_drain *sum_out)
{
    int64_t give_up_ms = ctl_monotonic_ms() + timeout_ms;
    aurora_status status = AURORA_OK;
    for (uint32_t i = 0; status == AURORA_OK && i < stores->count; i++)
        status = aurora_drain_set(stores->shops[i], 1);
    if (status == AURORA_OK)
        status = look_drained(stores, sum_out);
    while (status == AURORA_OK && sum_out->is_drained == 0 && ctl_monotonic_ms() < give_up_ms) {
        ctl_pause_ms(50);
        status = look_drained(stores, sum_out);
    }
    return status;
}

int ctl_drain(ctl *run)
{
    int64_t timeout_ms = 30000;
    ctl_stores stores;
    if (!ctl_value_duration(run, CTL_TIMEOUT, &timeout_ms))
        return CTL_UNSURE;
    int outcome = ctl_open_all(run, CTL_ACT | AURORA_OPEN_WORKER, &stores);
    if (outcome == CTL_YES) {
        aurora_drain drain;
        aurora_status status = wait_drained(&stores, timeout_ms, &drain);
        if (status != AURORA_OK) {
            outcome = ctl_fail(status, NULL, run->stores[0]);
        } else {
            print_drain(run, &drain);
            outcome = drain.is_drained == 1 ? CTL_YES : CTL_NO;
        }
    }
    ctl_close_all(&stores);
    return outcome;
}

/* What a setting is set to; a secret is not told. */
static const char *value_of(const ctl *run, const aurora_setting_info *info)
{
    const char *value = ctl_setting_value(run, info->name);
    if (value != NULL && (info->flags & AURORA_SETTING_SECRET) != 0)
        return "(set)";
    return value == NULL ? info->default_text : value;
}

static void show_setting(aurora_json_out *json, const ctl *run, const aurora_setting_info *info)
{
    bool is_secret = (info->flags & AURORA_SETTING_SECRET) != 0;
    aurora_json_out_object(json, NULL);
    aurora_json_out_text(json, "name", info->name);
    aurora_json_out_text(json, "kind", aurora_setting_kind_name(info->kind));
    aurora_json_out_text(json, "value", is_secret ? NULL : value_of(run, info));
    aurora_json_out_text(json, "default", info->default_text);
    aurora_json_out_bool(json, "given", ctl_has_setting(run, info->name));
    aurora_json_out_bool(json, "reloadable", (info->flags & AURORA_SETTING_RELOADABLE) != 0);
    aurora_json_out_bool(json, "daemon", (info->flags & AURORA_SETTING_DAEMON) != 0);
    aurora_json_out_text(json, "help", info->help);
    aurora_json_out_close(json, '}');
}

int ctl_settings(ctl *run)
{
    static const char *const headings[] = {"SETTING", "KIND", "VALUE", "HELP"};
    uint32_t count = 0;
    const aurora_setting_info *infos = aurora_setting_table(&count);
    aurora_json_out json = {0};
    ctl_table table;
    if (run->is_json)
        ctl_page_begin(&json);
    ctl_table_init(&table, headings, 4);
    for (uint32_t i = 0; i < count; i++) {
        if (run->is_json) {
            show_setting(&json, run, &infos[i]);
            continue;
        }
        const char *value = value_of(run, &infos[i]);
        ctl_table_text(&table, infos[i].name);
        ctl_table_text(&table, aurora_setting_kind_name(infos[i].kind));
        ctl_table_text(&table, value[0] == 0 ? "-" : value);
        ctl_table_text(&table, infos[i].help);
    }
    if (!run->is_json) {
        ctl_table_print(&table, "no settings");
        return CTL_YES;
    }
    ctl_page_end(&json, NULL);
    return ctl_print_json(&json) ? CTL_YES : CTL_UNSURE;
}
