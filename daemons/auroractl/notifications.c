/* SPDX-License-Identifier: MIT */
/* notifications list. */
#include <stdio.h>

#include "commands.h"
#include "page.h"
#include "routes/bodies.h"
#include "view.h"

typedef struct {
    int32_t state;
    ctl_page page;
} listing;

static bool read_state(const ctl *run, int32_t *state_out)
{
    const char *name = run->values[CTL_STATE];
    *state_out = aurora_notification_state_parse(name);
    if (name == NULL || *state_out != 0)
        return true;
    ctl_refuse("--state: must be PENDING, SENDING, SENT, UNKNOWN, FAILED or SKIPPED, is '%s'",
               name);
    return false;
}

static aurora_status list_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const listing *at = request;
    aurora_notification_page *page = NULL;
    aurora_status status =
        aurora_notification_list(store, at->state, at->page.cursor, at->page.limit, &page, err);
    if (status != AURORA_OK)
        return status;
    ctl_page_begin(out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_notification(out, page->items[i]);
    ctl_page_end(out, page->next_cursor);
    aurora_notification_page_free(page);
    return AURORA_OK;
}

int ctl_notifications_list(ctl *run)
{
    static const ctl_column columns[] = {
        {"ORDER", "order_id", SHOW_TEXT, NULL},   {"KIND", "kind", SHOW_TEXT, NULL},
        {"STATE", "state", SHOW_TEXT, NULL},      {">ATTEMPTS", "attempts", SHOW_NUMBER, NULL},
        {"SINCE", "updated_at", SHOW_TIME, NULL}, {"CONTACT", "contact", SHOW_TEXT, NULL},
        {"DETAIL", "detail", SHOW_TEXT, NULL},
    };
    static const ctl_view view = CTL_VIEW(columns, "no notifications");
    listing at = {0};
    ctl_target target;
    ctl_target_init(&target, "/admin/notifications");
    if (!read_state(run, &at.state) || !ctl_page_read(run, &at.page, &target))
        return CTL_UNSURE;
    ctl_target_query(&target, "state", run->values[CTL_STATE]);
    ctl_ask ask = {.method = "GET", .target = &target, .of_store = list_of_store, .request = &at};
    return ctl_view_page(run, &ask, &view, "notifications");
}
