/* SPDX-License-Identifier: MIT */
/* replay: the orders of a real shop. Products first, then stock, then each invoice as an order at
 * its own prices, then (--returns) cancels of those that were returned whole. Every step is a no-op
 * where it was done before, so the same command again goes on where a killed one stopped. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "progress.h"
#include "replay.h"
#include "source.h"
#include "table_out.h"
#include "view.h"

#define PATIENCE_MS (30000 + CTL_REPLAY_WAIT_MS)

typedef struct {
    uint32_t orders;
    uint64_t lines;
    uint32_t completed;
    uint32_t failed;
    uint32_t cancelled;
    uint32_t open; /* no outcome yet */
    int64_t total_minor;
    int64_t elapsed_ms;
} summary;

static summary sum_up(const ctl_replay_run *replay, int64_t elapsed_ms)
{
    summary sum = {.elapsed_ms = elapsed_ms};
    for (uint32_t i = 0; i < replay->order_count; i++) {
        const ctl_replay_state *state = &replay->states[i];
        if (!state->is_stored)
            continue;
        sum.orders++;
        sum.lines += replay->file.orders[i].line_count;
        sum.completed += state->outcome == AURORA_ORDER_COMPLETED;
        sum.failed += state->outcome == AURORA_ORDER_FAILED;
        sum.cancelled += state->outcome == AURORA_ORDER_CANCELLED;
        sum.open += state->outcome == 0;
        if (state->outcome == AURORA_ORDER_COMPLETED)
            sum.total_minor += state->total_minor;
    }
    return sum;
}

static void print_json(const summary *sum)
{
    char seconds[32];
    int length = snprintf(seconds, sizeof seconds, "%" PRId64 ".%03d", sum->elapsed_ms / 1000,
                          (int)(sum->elapsed_ms % 1000));
    aurora_json_out out = {0};
    aurora_json_out_object(&out, NULL);
    aurora_json_out_int(&out, "orders", sum->orders);
    aurora_json_out_uint(&out, "lines", sum->lines);
    aurora_json_out_int(&out, "completed", sum->completed);
    aurora_json_out_int(&out, "failed", sum->failed);
    aurora_json_out_int(&out, "cancelled", sum->cancelled);
    aurora_json_out_int(&out, "total_minor", sum->total_minor);
    aurora_json_out_raw(&out, "seconds", seconds, (size_t)length);
    aurora_json_out_close(&out, '}');
    ctl_print_json(&out);
}

static void print_table(const summary *sum)
{
    static const char *const headings[] = {"", ">"};
    const struct {
        const char *name;
        int64_t number;
    } rows[] = {{"orders", sum->orders},       {"lines", (int64_t)sum->lines},
                {"completed", sum->completed}, {"failed", sum->failed},
                {"cancelled", sum->cancelled}, {"without outcome yet", sum->open}};
    ctl_table table;
    ctl_table_init(&table, headings, 2);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (i == 5 && sum->open == 0)
            continue;
        ctl_table_text(&table, rows[i].name);
        ctl_table_number(&table, rows[i].number);
    }
    ctl_table_text(&table, "total of the completed");
    ctl_table_money(&table, sum->total_minor, CTL_RETAIL_CURRENCY);
    ctl_table_print(&table, "");
    int64_t rate = sum->orders * INT64_C(1000) / (sum->elapsed_ms + 1);
    printf("%" PRId64 ".%d seconds, %" PRId64 " orders a second with everything\n",
           sum->elapsed_ms / 1000, (int)(sum->elapsed_ms % 1000 / 100), rate);
}

/* --stock full | PERCENT, --until TIME, --format. */
static int read_options(const ctl *run, ctl_replay_run *replay)
{
    int64_t percent = 100;
    const char *format = run->values[CTL_FORMAT];
    if (format == NULL || strcmp(format, "online-retail") != 0)
        return ctl_refuse("--format: must be online-retail, %s%s", format == NULL ? "" : "is ",
                          format == NULL ? "is missing" : format);
    const char *stock = run->values[CTL_STOCK];
    if (stock != NULL && strcmp(stock, "full") != 0 && !ctl_number_parse(stock, 0, 1000, &percent))
        return ctl_refuse("--stock: must be full or a whole percentage from 0 to 1000, is '%s'",
                          stock);
    for (uint32_t i = 0; i < run->setting_count; i++) {
        if (strncmp(run->settings[i], "payment=none:", strlen("payment=none:")) == 0)
            return ctl_refuse("payment=none: leaves every order unpaid; a replay needs a provider");
    }
    if (run->url != NULL && run->secret == NULL && run->values[CTL_CERTIFICATE] == NULL)
        return ctl_refuse("a replay by --url sets references, prices and times, which needs the "
                          "scope orders:import: give --service-secret, "
                          "AURORA_SERVICE_SECRET_FILE or --certificate");
    replay->stock_percent = (uint32_t)percent;
    replay->carrier = run->url == NULL ? &ctl_replay_by_store : &ctl_replay_by_url;
    replay->patience_ms = run->url == NULL ? PATIENCE_MS : run->retry_ms + CTL_REPLAY_WAIT_MS;
    replay->until_ms = INT64_MAX;
    return ctl_value_time(run, CTL_UNTIL, &replay->until_ms) ? CTL_YES : CTL_UNSURE;
}

static int run_steps(const ctl *run, ctl_replay_run *replay)
{
    int outcome = ctl_replay_products(replay);
    if (outcome == CTL_YES)
        outcome = ctl_replay_stock(replay);
    if (outcome == CTL_YES)
        outcome = ctl_replay_orders(replay);
    if (outcome == CTL_YES)
        outcome = ctl_replay_settle(replay);
    if (outcome == CTL_YES && run->values[CTL_RETURNS] != NULL) {
        outcome = ctl_replay_returns(replay);
        if (outcome == CTL_YES)
            outcome = ctl_replay_settle(replay);
    }
    return outcome;
}

static int replay_file(const ctl *run, ctl_replay_run *replay)
{
    while (replay->order_count < replay->file.order_count &&
           replay->file.orders[replay->order_count].placed_at_ms < replay->until_ms)
        replay->order_count++;
    replay->states = calloc((size_t)replay->order_count + 1, sizeof *replay->states);
    if (replay->states == NULL)
        return ctl_refuse("out of memory");
    int64_t started_ms = ctl_monotonic_ms();
    int outcome = ctl_shop_open(run, AURORA_OPEN_WORKER, &replay->shop);
    if (outcome == CTL_YES)
        outcome = run_steps(run, replay);
    if (outcome == CTL_YES) {
        summary sum = sum_up(replay, ctl_monotonic_ms() - started_ms);
        if (run->is_json)
            print_json(&sum);
        else
            print_table(&sum);
        if (replay->refused_count > 0) {
            ctl_refuse("%u invoices are not stored", replay->refused_count);
            outcome = CTL_NO;
        }
    }
    ctl_shop_close(&replay->shop);
    free(replay->states);
    return outcome;
}

int ctl_replay(ctl *run)
{
    ctl_replay_run replay = {0};
    char *text = NULL;
    size_t length = 0;
    int outcome = read_options(run, &replay);
    if (outcome != CTL_YES)
        return outcome;
    if (!ctl_source_read(run->operands[0], &text, &length))
        return CTL_UNSURE;
    ctl_retail_error error = {0};
    if (ctl_retail_read(text, length, &replay.file, &error)) {
        outcome = replay_file(run, &replay);
        ctl_retail_deinit(&replay.file);
    } else {
        outcome =
            ctl_refuse("%s: line %" PRIu64 ": %s", run->operands[0], error.line, error.message);
    }
    free(text);
    return outcome;
}
