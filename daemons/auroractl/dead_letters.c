/* SPDX-License-Identifier: MIT */
/* dead-letters list, redrive. */
#include <stdio.h>

#include "commands.h"
#include "page.h"
#include "routes/bodies.h"
#include "view.h"

typedef struct {
    const char *consumer;
    ctl_page page;
} listing;

static aurora_status list_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const listing *at = request;
    aurora_dead_letter_page *page = NULL;
    aurora_status status =
        aurora_dead_letter_list(store, at->consumer, at->page.cursor, at->page.limit, &page, err);
    if (status != AURORA_OK)
        return status;
    ctl_page_begin(out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_dead_letter(out, page->items[i]);
    ctl_page_end(out, page->next_cursor);
    aurora_dead_letter_page_free(page);
    return AURORA_OK;
}

int ctl_dead_letters_list(ctl *run)
{
    static const ctl_column columns[] = {
        {"CONSUMER", "consumer", SHOW_TEXT, NULL},   {"KEY", "key", SHOW_TEXT, NULL},
        {"TYPE", "type", SHOW_TEXT, NULL},           {">POSITION", "position", SHOW_NUMBER, NULL},
        {"PARKED AT", "parked_at", SHOW_TIME, NULL}, {"REASON", "reason", SHOW_TEXT, NULL},
    };
    static const ctl_view view = CTL_VIEW(columns, "no dead letters");
    listing at = {.consumer = run->values[CTL_CONSUMER]};
    ctl_target target;
    ctl_target_init(&target, "/admin/dead-letters");
    if (!ctl_page_read(run, &at.page, &target))
        return CTL_UNSURE;
    ctl_target_query(&target, "consumer", at.consumer);
    ctl_ask ask = {.method = "GET", .target = &target, .of_store = list_of_store, .request = &at};
    return ctl_view_page(run, &ask, &view, "dead letters");
}

static aurora_status redrive_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                      aurora_error *err)
{
    const ctl *run = request;
    uint32_t count = 0;
    aurora_status status =
        aurora_dead_letter_redrive(store, run->operands[0], run->operands[1], &count, err);
    if (status != AURORA_OK)
        return status;
    aurora_json_out_object(out, NULL);
    aurora_json_out_int(out, "taken", count);
    aurora_json_out_close(out, '}');
    return AURORA_OK;
}

static void print_taken(aurora_json_value answer)
{
    ctl_cell count;
    printf("%s events were taken, and the key is free\n",
           ctl_number_show(ctl_field_number(answer, "taken"), count));
}

int ctl_dead_letters_redrive(ctl *run)
{
    ctl_target target;
    aurora_json_out body = {0};
    ctl_target_init(&target, "/admin/dead-letters");
    ctl_target_segment(&target, run->operands[0]);
    ctl_target_segment(&target, run->operands[1]);
    ctl_target_segment(&target, "redrive");
    aurora_json_out_object(&body, NULL);
    aurora_json_out_close(&body, '}');
    ctl_ask ask = {.method = "POST",
                   .target = &target,
                   .body = &body,
                   .of_store = redrive_of_store,
                   .request = run};
    int outcome = ctl_view_one(run, CTL_ACT, &ask, print_taken, run->operands[1]);
    aurora_json_out_drop(&body);
    return outcome;
}
