/* SPDX-License-Identifier: MIT */
/* events tail: reads the log beside its consumers, so it holds nothing back and is none. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "json_out.h"
#include "time_text.h"

#define NEWEST_SHOWN 20
#define PAGE 200
#define TURN_MS 1000

static void print_event(const ctl *run, const aurora_event *event)
{
    if (run->is_json) {
        ctl_json json;
        ctl_json_init(&json, stdout);
        ctl_json_object(&json, NULL);
        ctl_json_number(&json, "position", (int64_t)event->position);
        ctl_json_text(&json, "type", event->type_name);
        ctl_json_text(&json, "id", event->id);
        ctl_json_text(&json, "source", event->source);
        ctl_json_time(&json, "at", event->at_ms);
        ctl_json_id(&json, "order_id", event->order_id);
        ctl_json_text(&json, "sku", event->sku);
        ctl_json_bool(&json, "resend", event->is_resend == 1);
        ctl_json_raw(&json, "data", event->data, event->data_len);
        ctl_json_end(&json);
        ctl_json_finish(&json);
        return;
    }
    char subject[AURORA_ID_TEXT_BYTES], at[CTL_TIME_BYTES];
    aurora_id_format(event->order_id, subject);
    /* Lines go out as they come, so their columns have fixed widths. */
    printf("%10" PRIu64 "  %s  %-20s  %s%s\n", event->position, ctl_time_show(event->at_ms, at),
           event->type_name, event->sku != NULL ? event->sku : subject,
           event->is_resend == 1 ? "  (resend)" : "");
}

/* Where to begin: behind --after, else before the newest few. */
static aurora_status start_of(aurora_t *shop, int64_t after, int64_t limit, uint64_t *position_out)
{
    uint64_t oldest = 0, newest = 0;
    aurora_status status = aurora_event_bounds(shop, &oldest, &newest);
    if (status != AURORA_OK)
        return status;
    if (after >= 0) {
        *position_out = (uint64_t)after;
        if (after == 0 && oldest > 0)
            *position_out = oldest - 1;
        return AURORA_OK;
    }
    uint64_t wanted = (uint64_t)limit;
    *position_out = newest > wanted ? newest - wanted : 0;
    if (oldest > 0 && *position_out < oldest - 1)
        *position_out = oldest - 1;
    return AURORA_OK;
}

/* Prints up to `limit` events (-1 = all), and then waits for more where it is to follow. */
static aurora_status print_from(const ctl *run, aurora_t *shop, uint64_t position, int64_t limit)
{
    bool follows = run->values[CTL_FOLLOW] != NULL;
    while (limit != 0 && !ferror(stdout)) {
        aurora_event_page *page = NULL;
        uint32_t wanted = limit > 0 && limit < PAGE ? (uint32_t)limit : PAGE;
        aurora_status status =
            aurora_event_tail(shop, position, wanted, follows ? TURN_MS : 0, &page);
        if (status != AURORA_OK)
            return status;
        for (uint32_t i = 0; i < page->count; i++)
            print_event(run, page->items[i]);
        uint32_t count = page->count;
        if (count > 0)
            position = page->position;
        aurora_event_page_free(page);
        fflush(stdout);
        if (limit > 0)
            limit -= count;
        if (count == 0 && !follows)
            break;
    }
    return AURORA_OK;
}

int ctl_events_tail(ctl *run)
{
    int64_t after = -1, limit = -1;
    if (!ctl_value_number(run, CTL_AFTER, 0, INT64_MAX, &after) ||
        !ctl_value_number(run, CTL_LIMIT, 1, INT64_MAX, &limit))
        return CTL_UNSURE;
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    uint64_t position = 0;
    aurora_status status = start_of(shop, after, limit > 0 ? limit : NEWEST_SHOWN, &position);
    /* With --follow and no --after the limit says how many old ones; it does not end the tail. */
    if (after < 0 && run->values[CTL_FOLLOW] != NULL)
        limit = -1;
    if (status == AURORA_OK)
        status = print_from(run, shop, position, limit);
    if (status != AURORA_OK)
        outcome = ctl_fail(status, NULL, "events");
    aurora_close(shop);
    return outcome;
}
