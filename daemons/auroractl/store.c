/* SPDX-License-Identifier: MIT */
/* Care of a whole store: backup, restored, migrate, drain; and the table of settings. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "options.h"
#include "progress.h"
#include "show.h"
#include "table_out.h"

/* {"ok":true} for programs, a sentence for people. */
static void print_done(const ctl *run, const char *sentence)
{
    if (!run->is_json) {
        puts(sentence);
        return;
    }
    ctl_json json;
    ctl_json_init(&json, stdout);
    ctl_json_object(&json, NULL);
    ctl_json_bool(&json, "ok", true);
    ctl_json_end(&json);
    ctl_json_finish(&json);
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

int ctl_restored(ctl *run)
{
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_ACT, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status = aurora_restored(shop, &err);
    if (status == AURORA_OK)
        print_done(run, "the log has a new epoch");
    else
        outcome = ctl_fail(status, &err, run->stores[0]);
    aurora_close(shop);
    return outcome;
}

int ctl_migrate(ctl *run)
{
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, AURORA_OPEN_NO_CREATE, &shop);
    if (outcome != CTL_YES)
        return outcome;
    print_done(run, "the store has this release's schema");
    aurora_close(shop);
    return CTL_YES;
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
    ctl_json json;
    ctl_json_init(&json, stdout);
    ctl_json_object(&json, NULL);
    ctl_json_bool(&json, "drained", drain->is_drained == 1);
    ctl_json_number(&json, "unsettled_orders", (int64_t)drain->unsettled_orders);
    ctl_json_number(&json, "relay_lag", (int64_t)drain->relay_lag);
    ctl_json_number(&json, "saga_lag", (int64_t)drain->saga_lag);
    ctl_json_end(&json);
    ctl_json_finish(&json);
}

/* Waits on a handle that takes no orders itself; a program that serves the store has to refuse them
 * on its own handle. */
int ctl_drain(ctl *run)
{
    int64_t timeout_ms = 30000;
    aurora_t *shop = NULL;
    if (!ctl_value_duration(run, CTL_TIMEOUT, &timeout_ms))
        return CTL_UNSURE;
    int outcome = ctl_open(run, CTL_ACT | AURORA_OPEN_WORKER, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_drain drain = {0};
    int64_t give_up_ms = ctl_monotonic_ms() + timeout_ms;
    aurora_status status = aurora_drain_set(shop, 1);
    if (status == AURORA_OK)
        status = aurora_drain_get(shop, &drain);
    while (status == AURORA_OK && drain.is_drained == 0 && ctl_monotonic_ms() < give_up_ms) {
        ctl_pause_ms(50);
        status = aurora_drain_get(shop, &drain);
    }
    if (status != AURORA_OK) {
        outcome = ctl_fail(status, NULL, run->stores[0]);
    } else {
        print_drain(run, &drain);
        outcome = drain.is_drained == 1 ? CTL_YES : CTL_NO;
    }
    aurora_close(shop);
    return outcome;
}

static const char *value_of(const ctl *run, const aurora_setting_info *info)
{
    size_t length = strlen(info->name);
    for (uint32_t i = 0; i < run->setting_count; i++) {
        if (strncmp(run->settings[i], info->name, length) == 0 && run->settings[i][length] == '=')
            return run->settings[i] + length + 1;
    }
    return info->default_text;
}

static void show_setting(ctl_json *json, const ctl *run, const aurora_setting_info *info)
{
    bool is_secret = (info->flags & AURORA_SETTING_SECRET) != 0;
    ctl_json_object(json, NULL);
    ctl_json_text(json, "name", info->name);
    ctl_json_text(json, "kind", aurora_setting_kind_name(info->kind));
    ctl_json_text(json, "value", is_secret ? NULL : value_of(run, info));
    ctl_json_text(json, "default", info->default_text);
    ctl_json_bool(json, "given", ctl_has_setting(run, info->name));
    ctl_json_bool(json, "reloadable", (info->flags & AURORA_SETTING_RELOADABLE) != 0);
    ctl_json_bool(json, "daemon", (info->flags & AURORA_SETTING_DAEMON) != 0);
    ctl_json_text(json, "help", info->help);
    ctl_json_end(json);
}

int ctl_settings(ctl *run)
{
    static const char *const headings[] = {"SETTING", "KIND", "VALUE", "HELP"};
    uint32_t count = 0;
    const aurora_setting_info *infos = aurora_setting_table(&count);
    ctl_json json;
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
    if (run->is_json)
        ctl_page_end(&json, NULL);
    else
        ctl_table_print(&table, "no settings");
    return CTL_YES;
}
