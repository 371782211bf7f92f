/* SPDX-License-Identifier: MIT */
/* dead-letters list, redrive. */
#include <stdio.h>

#include "commands.h"
#include "show.h"
#include "table_out.h"

static void show_letter(ctl_json *json, const aurora_dead_letter *letter)
{
    ctl_json_object(json, NULL);
    ctl_json_text(json, "consumer", letter->consumer);
    ctl_json_text(json, "key", letter->key);
    ctl_json_name(json, "type", aurora_event_name(letter->event_kind));
    ctl_json_text(json, "event_id", letter->event_id);
    ctl_json_text(json, "source", letter->source);
    ctl_json_number(json, "position", (int64_t)letter->position);
    ctl_json_text(json, "reason", letter->reason);
    ctl_json_number(json, "attempts", letter->attempts);
    ctl_json_time(json, "parked_at", letter->parked_at_ms);
    ctl_json_text(json, "data", letter->data); /* as it came: it may be no JSON at all */
    ctl_json_end(json);
}

static void print_page(const ctl *run, const aurora_dead_letter_page *page)
{
    static const char *const headings[] = {"CONSUMER",  "KEY",       "TYPE",
                                           ">POSITION", "PARKED AT", "REASON"};
    if (run->is_json) {
        ctl_json json;
        ctl_page_begin(&json);
        for (uint32_t i = 0; i < page->count; i++)
            show_letter(&json, page->items[i]);
        ctl_page_end(&json, page->next_cursor);
        return;
    }
    ctl_table table;
    ctl_table_init(&table, headings, 6);
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_dead_letter *letter = page->items[i];
        ctl_table_text(&table, letter->consumer);
        ctl_table_text(&table, letter->key);
        ctl_table_text(&table,
                       letter->event_kind == 0 ? "-" : aurora_event_name(letter->event_kind));
        ctl_table_number(&table, (int64_t)letter->position);
        ctl_table_time(&table, letter->parked_at_ms);
        ctl_table_text(&table, letter->reason);
    }
    ctl_table_print(&table, "no dead letters");
    ctl_page_hint(page->next_cursor);
}

int ctl_dead_letters_list(ctl *run)
{
    int64_t limit = 50;
    if (!ctl_value_number(run, CTL_LIMIT, 1, 1000, &limit))
        return CTL_UNSURE;
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_dead_letter_page *page = NULL;
    aurora_status status = aurora_dead_letter_list(
        shop, run->values[CTL_CONSUMER], run->values[CTL_CURSOR], (uint32_t)limit, &page, &err);
    if (status == AURORA_OK)
        print_page(run, page);
    else
        outcome = ctl_fail(status, &err, "dead letters");
    aurora_dead_letter_page_free(page);
    aurora_close(shop);
    return outcome;
}

int ctl_dead_letters_redrive(ctl *run)
{
    uint32_t count = 0;
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_ACT, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status =
        aurora_dead_letter_redrive(shop, run->operands[0], run->operands[1], &count, &err);
    if (status != AURORA_OK)
        outcome = ctl_fail(status, &err, run->operands[1]);
    else if (run->is_json)
        printf("{\"taken\":%u}\n", count);
    else
        printf("%u events were taken, and the key is free\n", count);
    aurora_close(shop);
    return outcome;
}
