/* SPDX-License-Identifier: MIT */
/* Calls of fuzz_api that change little: what lists, ranks, counts and queues. A list that is walked
 * page by page ends, holds no page larger than was asked for, and names nothing twice. */
#include <stdio.h>

#include "api_script.h"

#define PAGES_MAX 200
#define QUEUE_CAPACITY 4

static const char *const words[] = {"thing", "a th", "", "no such", "\"thing", "th*"};

/* --- pages ------------------------------------------------------------------------------------ */

/* Takes what the page says comes next; false at the end of the list. */
static bool go_on(char cursor[1024], const char *next, uint32_t count, uint32_t limit)
{
    if (count > limit)
        abort();
    if (next == NULL)
        return false;
    if (count == 0 || strcmp(cursor, next) == 0 ||
        (size_t)snprintf(cursor, 1024, "%s", next) >= 1024)
        abort();
    return true;
}

/* By SKU in byte order: each is behind the one before. */
static void must_rise(char before[65], const char *sku)
{
    if (strcmp(before, sku) >= 0)
        abort();
    snprintf(before, 65, "%s", sku);
}

static void walk_products(script *s, uint32_t limit, const char *category)
{
    char cursor[1024] = "", before[65] = "";
    bool is_more = true;
    for (int i = 0; is_more && i < PAGES_MAX; i++) {
        aurora_product_page *page = NULL;
        if (judge(aurora_product_list(s->shop, AURORA_PRODUCT_FILTER(.category = category),
                                      i == 0 ? NULL : cursor, limit, &page, NULL)) != AURORA_OK)
            return;
        for (uint32_t k = 0; k < page->count; k++)
            must_rise(before, page->items[k]->sku);
        is_more = go_on(cursor, page->next_cursor, page->count, limit);
        aurora_product_page_free(page);
    }
    if (is_more)
        abort();
}

static void walk_stock(script *s, uint32_t limit, int64_t below)
{
    char cursor[1024] = "", before[65] = "";
    bool is_more = true;
    for (int i = 0; is_more && i < PAGES_MAX; i++) {
        aurora_stock_page *page = NULL;
        if (judge(aurora_stock_list(s->shop, AURORA_STOCK_FILTER(.below = below),
                                    i == 0 ? NULL : cursor, limit, &page, NULL)) != AURORA_OK)
            return;
        for (uint32_t k = 0; k < page->count; k++) {
            must_rise(before, page->items[k]->sku);
            if (below > 0 && page->items[k]->stock.available >= below)
                abort();
        }
        is_more = go_on(cursor, page->next_cursor, page->count, limit);
        aurora_stock_page_free(page);
    }
    if (is_more)
        abort();
}

static void walk_orders(script *s, uint32_t limit, int32_t status)
{
    char cursor[1024] = "";
    bool is_more = true;
    for (int i = 0; is_more && i < PAGES_MAX; i++) {
        aurora_order_page *page = NULL;
        if (judge(aurora_order_list(s->shop, AURORA_ORDER_FILTER(.status = status),
                                    i == 0 ? NULL : cursor, limit, &page, NULL)) != AURORA_OK)
            return;
        for (uint32_t k = 0; k < page->count; k++) {
            if (status != 0 && page->items[k]->status != status)
                abort();
        }
        is_more = go_on(cursor, page->next_cursor, page->count, limit);
        aurora_order_page_free(page);
    }
    if (is_more)
        abort();
}

static void walk_reservations(script *s, uint32_t limit, const char *sku)
{
    char cursor[1024] = "";
    bool is_more = true;
    for (int i = 0; is_more && i < PAGES_MAX; i++) {
        aurora_reservation_page *page = NULL;
        if (judge(aurora_reservation_list(s->shop, sku, i == 0 ? NULL : cursor, limit, &page,
                                          NULL)) != AURORA_OK)
            return;
        for (uint32_t k = 0; k < page->count; k++) {
            if (strcmp(page->items[k]->sku, sku) != 0 || page->items[k]->quantity < 1)
                abort();
        }
        is_more = go_on(cursor, page->next_cursor, page->count, limit);
        aurora_reservation_page_free(page);
    }
    if (is_more)
        abort();
}

void api_browse(script *s)
{
    uint8_t what = next(s);
    uint32_t limit = 1 + what / 4 % 4;
    if (what % 4 == 0)
        walk_products(s, limit, what & 128 ? "Kitchen" : NULL);
    else if (what % 4 == 1)
        walk_stock(s, limit, what & 128 ? 5 : 0);
    else if (what % 4 == 2)
        walk_orders(s, limit, what / 16 % 7);
    else
        walk_reservations(s, limit, skus[what / 16 % 3]);
}

/* --- rankings --------------------------------------------------------------------------------- */

void api_rank(script *s)
{
    static const int64_t windows[] = {0, 3600000, 86400000, 604800000, 5};
    uint8_t what = next(s);
    uint32_t limit = 1 + what % 3;
    aurora_trend_page *trends = NULL, *related = NULL, *popular = NULL;
    aurora_suggestion_page *suggestions = NULL;
    aurora_status rc =
        judge(aurora_trending(s->shop,
                              AURORA_TREND_QUERY(.limit = limit, .window_ms = windows[what / 4 % 5],
                                                 .kind = what / 32 % 3),
                              &trends, NULL));
    if (what / 4 % 5 == 4)
        must_be_invalid(rc);
    judge(aurora_related_products(s->shop, skus[what % 4], limit, &related, NULL));
    judge(aurora_popular_products(s->shop, what & 128 ? "Kitchen" : NULL, limit, &popular, NULL));
    judge(aurora_search_suggest(s->shop, words[what % 6], limit, &suggestions, NULL));
    if ((trends != NULL && trends->count > limit) || (related != NULL && related->count > limit) ||
        (popular != NULL && popular->count > limit) ||
        (suggestions != NULL && suggestions->count > limit))
        abort();
    aurora_suggestion_page_free(suggestions);
    aurora_trend_page_free(popular);
    aurora_trend_page_free(related);
    aurora_trend_page_free(trends);
}

/* --- queues ----------------------------------------------------------------------------------- */

static uint32_t take(aurora_queue *queue)
{
    aurora_completion done[QUEUE_CAPACITY];
    uint32_t count = 0;
    judge(aurora_queue_take(queue, done, QUEUE_CAPACITY, 0, &count));
    for (uint32_t i = 0; i < count; i++) {
        if (done[i].tag < 1 || done[i].tag > 3)
            abort();
        aurora_order_free(done[i].order);
    }
    return count;
}

/* Each that is accepted comes back once, unless the queue goes first. */
void api_queue(script *s)
{
    static const uint64_t tags[] = {1, 2};
    uint8_t what = next(s);
    aurora_queue *queue = NULL;
    aurora_line line = {.sku = skus[what % 4], .quantity = 1 + what / 4 % 4};
    aurora_order_request first = {.size = sizeof first,
                                  .flags =
                                      what & 16 ? AURORA_ORDER_WITH_RESULT : AURORA_ORDER_NO_WAIT,
                                  .currency = "EUR",
                                  .payment_method = what & 32 ? "tok_decline" : "tok_approve",
                                  .lines = &line,
                                  .line_count = 1};
    aurora_order_request second = first;
    const aurora_order_request *requests[] = {&first, &second};
    uint32_t accepted = 0, count = 0;
    second.key = "queued";
    second.key_scope = what & 64 ? "bob" : NULL;
    if (judge(aurora_queue_new(s->shop, QUEUE_CAPACITY, &queue)) != AURORA_OK)
        return;
    judge(aurora_order_submit(queue, requests, tags, 2, &accepted));
    if (judge(aurora_order_watch(queue, some_id(s), 0, 1000, 3)) == AURORA_OK)
        accepted++;
    for (int i = 0; i < 20 && count < accepted; i++) {
        judge(aurora_pump(s->shop, 0, NULL));
        count += take(queue);
        if (what & 128)
            break;
        aurora_manual_clock_advance(&s->manual, 5000);
    }
    if (count > accepted || (count < accepted && (what & 128) == 0 && !s->has_fault))
        abort();
    aurora_queue_free(queue);
}

/* --- operators -------------------------------------------------------------------------------- */

static void redrive(script *s, uint8_t what)
{
    aurora_dead_letter_page *letters = NULL;
    uint32_t count = 0;
    if (judge(aurora_dead_letter_list(s->shop, what & 16 ? "payment" : NULL, NULL, 2, &letters,
                                      NULL)) != AURORA_OK)
        return;
    for (uint32_t i = 0; i < letters->count; i++)
        judge(aurora_dead_letter_redrive(s->shop, letters->items[i]->consumer,
                                         letters->items[i]->key, &count, NULL));
    aurora_dead_letter_page_free(letters);
}

static void follow(script *s, uint8_t what)
{
    aurora_consumer_page *consumers = NULL;
    aurora_event_page *events = NULL;
    uint64_t oldest = 0, newest = 0;
    judge(aurora_consumer_list(s->shop, &consumers));
    if (judge(aurora_event_bounds(s->shop, &oldest, &newest)) == AURORA_OK && oldest > newest + 1)
        abort();
    if (judge(aurora_event_tail(s->shop, newest > what ? newest - what : 0, 3, 0, &events)) ==
            AURORA_OK &&
        (events->count > 3 || events->position > newest))
        abort();
    judge(aurora_consumer_delete(s->shop, what & 16 ? "reader" : "nobody", NULL));
    aurora_event_page_free(events);
    aurora_consumer_page_free(consumers);
}

static void count_all(script *s, uint8_t what)
{
    aurora_metric_page *figures = NULL;
    aurora_notification_page *notes = NULL;
    judge(aurora_metrics(s->shop, &figures));
    judge(aurora_notification_list(s->shop, what / 16 % 4, NULL, 3, &notes, NULL));
    judge(aurora_health(s->shop));
    aurora_notification_page_free(notes);
    aurora_metric_page_free(figures);
}

static void move(script *s, uint8_t what)
{
    static const aurora_movement movement = {.size = sizeof movement,
                                             .kind = AURORA_MOVEMENT_RECEIPT,
                                             .sku = "cup",
                                             .quantity = 1,
                                             .key = "moved",
                                             .key_scope = "bob"};
    aurora_stock after;
    uint64_t count = 0;
    if (what & 16)
        judge(aurora_product_resync(s->shop, &count, NULL));
    if (s->has_search && (what & 32) != 0)
        judge(aurora_search_rebuild(s->shop, NULL));
    judge(aurora_stock_move(s->shop, &movement, &after, NULL));
}

static void cancel_with_key(script *s, uint8_t what)
{
    aurora_cancel cancel = {.size = sizeof cancel,
                            .reason = AURORA_REASON_CUSTOMER,
                            .order_id = some_id(s),
                            .note = what & 16 ? "no longer wanted" : NULL,
                            .actor = "alice",
                            .key = "cancel",
                            .key_scope = what & 32 ? "alice" : NULL};
    aurora_order *first = NULL, *again = NULL;
    if (judge(aurora_order_cancel_with(s->shop, &cancel, &first, NULL)) == AURORA_OK &&
        judge(aurora_order_cancel_with(s->shop, &cancel, &again, NULL)) == AURORA_OK &&
        (!aurora_id_is_equal(first->id, again->id) || again->is_replay != 1))
        abort();
    aurora_order_free(again);
    aurora_order_free(first);
}

static void drain(script *s, uint8_t what)
{
    aurora_line line = {.sku = "cup", .quantity = 1};
    aurora_order *order = NULL;
    aurora_order_request request = {.size = sizeof request,
                                    .flags = AURORA_ORDER_NO_WAIT,
                                    .currency = "EUR",
                                    .payment_method = "tok",
                                    .lines = &line,
                                    .line_count = 1};
    judge(aurora_drain_set(s->shop, 1));
    aurora_status rc = judge(aurora_order_place(s->shop, &request, &order, NULL));
    if (rc != AURORA_EBUSY && rc != AURORA_ENOMEM && !s->has_fault)
        abort();
    judge(aurora_drain_set(s->shop, 0));
    judge(aurora_drain_set(s->shop, what & 16 ? 0 : 2) == AURORA_ECORE ? AURORA_ECORE : AURORA_OK);
    judge(aurora_drain_set(s->shop, 0));
}

void api_operate(script *s)
{
    static void (*const acts[])(script * s, uint8_t what) = {redrive, follow,          count_all,
                                                             move,    cancel_with_key, drain};
    uint8_t what = next(s);
    acts[what % 6](s, what);
}
