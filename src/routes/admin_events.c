/* SPDX-License-Identifier: MIT */
/* GET /admin/events: the log, read beside its consumers, so that it holds nothing back. A reader
 * that waits costs no worker: the loop looks now and then how far the log has grown. */
#include <time.h>

#include "http/fields.h"
#include "routes/admin.h"
#include "routes/answer.h"
#include "routes/bodies.h"
#include "routes/loop.h"

#define LIMIT_DEFAULT 100
#define WAIT_MAX_S 30
#define TICK_MS 50

struct aurora__event_wait {
    aurora__event_wait *next;
    aurora_http_exchange *exchange;
    uint64_t after;
    uint32_t limit;
    int64_t end_ns;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- the answer ------------------------------------------------------------------------------- */

static void refuse(aurora_http_exchange *exchange, aurora_status status, uint64_t oldest)
{
    if (status != AURORA_EGONE) {
        aurora_http_refuse(exchange, status, NULL);
        return;
    }
    aurora_http_blame(exchange, AURORA_HTTP_AT_PARAMETER, "after",
                      "lies before the oldest event kept, %llu", (unsigned long long)oldest);
    aurora_http_problem(exchange, 410, "position_gone",
                        "Retention has passed this position; the oldest event kept is %llu",
                        (unsigned long long)oldest);
}

static void answer(aurora_http_exchange *exchange, aurora_t *shop, uint64_t after, uint32_t limit)
{
    uint64_t oldest = 0, newest = 0;
    aurora_event_page *page = NULL;
    aurora_json_out out = {0};
    aurora_status status = aurora_event_bounds(shop, &oldest, &newest);
    if (status == AURORA_OK)
        status = aurora_event_tail(shop, after, limit, 0, &page);
    if (status != AURORA_OK) {
        refuse(exchange, status, oldest);
        return;
    }
    uint64_t position = page->count > 0 ? page->position : after;
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_event(&out, page->items[i]);
    aurora_json_out_close(&out, ']');
    aurora_json_out_uint(&out, "position", position);
    aurora_json_out_uint(&out, "oldest", oldest);
    aurora_json_out_uint(&out, "newest", newest < position ? position : newest);
    aurora_json_out_close(&out, '}');
    aurora__answer_json(exchange, 200, &out);
    aurora_event_page_free(page);
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void tick(void *self)
{
    aurora__routes_loop *loop = self;
    uint64_t newest = 0;
    bool is_draining = aurora_http_is_draining(loop->routes->server);
    int64_t now = now_ns();
    /* A failure is for the answers to report. */
    if (aurora_event_bounds(loop->routes->shop, NULL, &newest) != AURORA_OK)
        newest = UINT64_MAX;
    for (aurora__event_wait **at = &loop->event_waits; *at != NULL;) {
        aurora__event_wait *wait = *at;
        if (newest <= wait->after && now < wait->end_ns && !is_draining) {
            at = &wait->next;
            continue;
        }
        *at = wait->next; /* before the answer, which frees it */
        answer(wait->exchange, loop->routes->shop, wait->after, wait->limit);
    }
    if (loop->event_waits == NULL) {
        aurora_http_watch_free(loop->event_timer);
        loop->event_timer = NULL;
    }
}

static bool wait_for_more(aurora_http_exchange *exchange, uint64_t after, uint32_t limit,
                          int64_t wait_s)
{
    aurora__routes_loop *loop = aurora__routes_loop_of(exchange);
    aurora__event_wait *wait = aurora_http_alloc(exchange, sizeof *wait);
    if (wait == NULL)
        return false;
    if (loop->event_timer == NULL)
        loop->event_timer = aurora_http_watch_timer(loop->loop, TICK_MS, tick, loop);
    if (loop->event_timer == NULL)
        return false;
    *wait = (aurora__event_wait){.next = loop->event_waits,
                                 .exchange = exchange,
                                 .after = after,
                                 .limit = limit,
                                 .end_ns = now_ns() + wait_s * 1000000000};
    loop->event_waits = wait;
    return true;
}

void aurora__events_handle(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    int64_t after = 0, wait_s = 0;
    uint32_t limit = LIMIT_DEFAULT;
    uint64_t oldest = 0, newest = 0;
    if (!aurora_http_query_int(exchange, "after", 0, INT64_MAX - 1, &after) ||
        !aurora_http_query_int(exchange, "wait", 0, WAIT_MAX_S, &wait_s) ||
        !aurora_http_query_limit(exchange, AURORA__LIST_LIMIT_MAX, &limit))
        return;
    aurora_status status = aurora_event_bounds(routes->shop, &oldest, &newest);
    if (status != AURORA_OK) {
        aurora_http_refuse(exchange, status, NULL);
        return;
    }
    /* 0 is not a place in the log but its beginning, wherever retention has moved that. */
    if (after == 0 && oldest > 0)
        after = (int64_t)oldest - 1;
    if (wait_s == 0 || newest > (uint64_t)after ||
        !wait_for_more(exchange, (uint64_t)after, limit, wait_s))
        answer(exchange, routes->shop, (uint64_t)after, limit);
}
