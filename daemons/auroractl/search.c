/* SPDX-License-Identifier: MIT */
/* search, reindex. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "page.h"
#include "routes/bodies.h"
#include "view.h"

typedef struct {
    const char *text;
    ctl_page page;
} search;

static aurora_status find_in_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const search *at = request;
    aurora_search_page *page = NULL;
    aurora_status status = aurora_search(store, AURORA_QUERY(.text = at->text), at->page.cursor,
                                         at->page.limit, &page, err);
    if (status != AURORA_OK)
        return status;
    aurora_body_search_open(out, page, at->page.cursor == NULL);
    ctl_page_end(out, page->next_cursor);
    aurora_search_page_free(page);
    return AURORA_OK;
}

static void print_hits(aurora_json_value answer)
{
    static const ctl_column columns[] = {
        {"SKU", "sku", SHOW_TEXT, NULL},
        {"NAME", "name", SHOW_TEXT, NULL},
        {"CATEGORY", "category", SHOW_TEXT, NULL},
        {"BRAND", "brand", SHOW_TEXT, NULL},
        {">PRICE", "price_minor", SHOW_MONEY, NULL},
    };
    static const ctl_view view = CTL_VIEW(columns, "nothing was found");
    ctl_view_rows(&view, ctl_field(answer, "hits"));
    int64_t total = ctl_field_number(answer, "total");
    if (total > (int64_t)ctl_field_count(answer, "hits"))
        printf("%" PRId64 " in all\n", total);
}

int ctl_search(ctl *run)
{
    search at = {.text = run->operands[0]};
    ctl_target target;
    ctl_target_init(&target, "/search");
    ctl_target_query(&target, "q", at.text);
    if (!ctl_page_read(run, &at.page, &target))
        return CTL_UNSURE;
    ctl_ask ask = {.method = "GET", .target = &target, .of_store = find_in_store, .request = &at};
    return ctl_view_one(run, CTL_READ, &ask, print_hits, "the search");
}

/* The handle has no worker: it goes on as long as it is driven, until nothing is due at once. */
static aurora_status drive(aurora_t *shop)
{
    int64_t due_ms = 0;
    aurora_status status = AURORA_OK;
    while (status == AURORA_OK && due_ms == 0)
        status = aurora_pump(shop, 100, &due_ms);
    return status;
}

int ctl_reindex(ctl *run)
{
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_ACT, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_search_page *page = NULL;
    aurora_status status = aurora_search_rebuild(shop, &err);
    if (status == AURORA_OK)
        status = drive(shop);
    if (status == AURORA_OK)
        status = aurora_search(shop, AURORA_QUERY(.text = NULL), NULL, 1, &page, &err);
    if (status != AURORA_OK)
        outcome = ctl_fail(status, &err, "the search index");
    else
        printf(run->is_json ? "{\"products\":%" PRIu64 "}\n" : "%" PRIu64 " products are indexed\n",
               page->total);
    aurora_search_page_free(page);
    aurora_close(shop);
    return outcome;
}
