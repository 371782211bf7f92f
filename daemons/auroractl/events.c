/* SPDX-License-Identifier: MIT */
/* events tail: reads the log beside its consumers, so it holds nothing back and is none. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "page.h"
#include "routes/bodies.h"
#include "time_text.h"
#include "view.h"

#define NEWEST_SHOWN 20
#define PAGE 200
#define TURN_MS 1000

/* Lines go out as they come, so their columns have fixed widths. */
static void print_event(const ctl *run, aurora_json_value event)
{
    if (run->is_json) {
        ctl_print_line(NULL, event);
        return;
    }
    char at[CTL_TIME_BYTES];
    const char *type = ctl_field_text(event, "type");
    const char *subject = ctl_field_text(event, "sku");
    if (subject == NULL)
        subject = ctl_field_text(event, "order_id");
    printf("%10" PRId64 "  %s  %-20s  %s%s\n", ctl_field_number(event, "position"),
           ctl_time_show(ctl_field_time(event, "at"), at), type == NULL ? "-" : type,
           subject == NULL ? "-" : subject, ctl_field_bool(event, "resend") ? "  (resend)" : "");
}

/* The events after a position; 0 = from the oldest kept. */
typedef struct {
    uint64_t after;
    uint32_t limit;
    int32_t wait_ms;
} tailing;

static aurora_status tail_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const tailing *at = request;
    uint64_t position = at->after, oldest = 0, newest = 0;
    aurora_event_page *page = NULL;
    (void)err;
    aurora_status status = aurora_event_bounds(store, &oldest, &newest);
    if (position == 0 && oldest > 0)
        position = oldest - 1;
    if (status == AURORA_OK)
        status = aurora_event_tail(store, position, at->limit, at->wait_ms, &page);
    if (status != AURORA_OK)
        return status;
    position = page->count > 0 ? page->position : position;
    aurora_json_out_object(out, NULL);
    aurora_json_out_array(out, "items");
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_event(out, page->items[i]);
    aurora_json_out_close(out, ']');
    aurora_json_out_uint(out, "position", position);
    aurora_json_out_uint(out, "oldest", oldest);
    aurora_json_out_uint(out, "newest", newest < position ? position : newest);
    aurora_json_out_close(out, '}');
    aurora_event_page_free(page);
    return AURORA_OK;
}

static aurora_status ask(ctl_shop *shop, const tailing *at, ctl_answer *answer, aurora_error *err)
{
    ctl_target target;
    ctl_target_init(&target, "/admin/events");
    ctl_target_query_number(&target, "after", (int64_t)at->after);
    ctl_target_query_number(&target, "limit", at->limit);
    if (at->wait_ms > 0)
        ctl_target_query_number(&target, "wait", at->wait_ms / 1000);
    ctl_ask question = {
        .method = "GET", .target = &target, .of_store = tail_of_store, .request = at};
    return ctl_shop_read(shop, &question, answer, err);
}

/* Where to begin without a position: before the newest few. */
static aurora_status find_start(ctl_shop *shop, uint64_t count, uint64_t *after_out,
                                aurora_error *err)
{
    ctl_answer answer = {0};
    tailing at = {.limit = 1};
    aurora_status status = ask(shop, &at, &answer, err);
    if (status == AURORA_OK) {
        uint64_t newest = (uint64_t)ctl_field_number(ctl_answer_root(&answer), "newest");
        uint64_t oldest = (uint64_t)ctl_field_number(ctl_answer_root(&answer), "oldest");
        *after_out = newest > count ? newest - count : 0;
        if (*after_out < oldest)
            *after_out = 0;
    }
    ctl_answer_free(&answer);
    return status;
}

/* Prints up to `left` events (-1 = all), and then waits for more where it is to follow. */
static aurora_status print_from(ctl_shop *shop, uint64_t after, int64_t left, aurora_error *err)
{
    bool follows = shop->run->values[CTL_FOLLOW] != NULL;
    aurora_status status = AURORA_OK;
    ctl_answer answer = {0};
    tailing at = {.after = after, .wait_ms = follows ? TURN_MS : 0};
    while (left != 0 && !ferror(stdout)) {
        at.limit = left > 0 && left < PAGE ? (uint32_t)left : PAGE;
        status = ask(shop, &at, &answer, err);
        if (status != AURORA_OK)
            break;
        aurora_json_value items = ctl_field(ctl_answer_root(&answer), "items");
        uint32_t count = ctl_field_count(ctl_answer_root(&answer), "items");
        for (uint32_t i = 0; i < count; i++)
            print_event(shop->run, aurora_json_item(items, i));
        at.after = (uint64_t)ctl_field_number(ctl_answer_root(&answer), "position");
        fflush(stdout);
        left = left > 0 ? left - count : left;
        if (count == 0 && !follows)
            break;
    }
    ctl_answer_free(&answer);
    return status;
}

int ctl_events_tail(ctl *run)
{
    int64_t after = -1, limit = -1;
    if (!ctl_value_number(run, CTL_AFTER, 0, INT64_MAX, &after) ||
        !ctl_value_number(run, CTL_LIMIT, 1, INT64_MAX, &limit))
        return CTL_UNSURE;
    ctl_shop shop;
    int outcome = ctl_shop_open(run, CTL_READ, &shop);
    if (outcome == CTL_YES) {
        uint64_t start = after < 0 ? 0 : (uint64_t)after;
        aurora_error err = AURORA_ERROR_INIT;
        aurora_status status = AURORA_OK;
        if (after < 0)
            status = find_start(&shop, limit > 0 ? (uint64_t)limit : NEWEST_SHOWN, &start, &err);
        /* With --follow and no --after the limit says how many old ones; it does not end the
         * tail. */
        if (after < 0 && run->values[CTL_FOLLOW] != NULL)
            limit = -1;
        if (status == AURORA_OK)
            status = print_from(&shop, start, limit, &err);
        if (status != AURORA_OK)
            outcome = ctl_fail(status, &err, "events");
    }
    ctl_shop_close(&shop);
    return outcome;
}
