/* SPDX-License-Identifier: MIT */
#include "two_shops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static aurora_t *open_one(const two_shops *two)
{
    return shop_open(two->url, AURORA_OPTIONS(.flags = two->flags, .settings = two->settings,
                                              .setting_count = two->setting_count,
                                              .drivers = &shared_store_driver, .driver_count = 1));
}

void two_shops_open(two_shops *two, uint32_t flags, const char *setting)
{
    *two = (two_shops){.flags = flags};
    two->folder = aurora_tempdir_new();
    snprintf(two->url, sizeof two->url, "shared:%s/shop.db", two->folder);
    two->settings[two->setting_count++] = "search=none:";
    if (setting != NULL)
        two->settings[two->setting_count++] = setting;
    two->a = open_one(two);
    two->store_a = shared_store_newest();
    two->b = open_one(two);
    two->store_b = shared_store_newest();
}

void two_shops_warm_up(two_shops *two)
{
    shop_stock_up(two->a, 1000);
    shop_submit(two->a, NULL, 1);
    shop_submit(two->b, NULL, 1);
    if ((two->flags & AURORA_OPEN_WORKER) == 0)
        two_shops_pump(two);
}

void two_shops_close(two_shops *two)
{
    unsigned disorders = two->store_a->disorders + two->store_b->disorders;
    aurora_close(two->a);
    aurora_close(two->b);
    aurora_tempdir_remove(two->folder);
    ck_assert_uint_eq(disorders, 0);
}

uint64_t two_shops_metric(aurora_t *shop, const char *name)
{
    aurora_metric_page *page = NULL;
    uint64_t value = UINT64_MAX;
    aurora_assert_ok(aurora_metrics(shop, &page));
    for (uint32_t i = 0; i < page->count; i++) {
        if (strcmp(page->items[i]->name, name) == 0)
            value = (uint64_t)page->items[i]->value;
    }
    aurora_metric_page_free(page);
    ck_assert_msg(value != UINT64_MAX, "there is no metric %s", name);
    return value;
}

static bool has_rest(aurora_t *shop)
{
    int64_t due = 0;
    aurora_assert_ok(aurora_pump(shop, 0, &due));
    return due == 0;
}

void two_shops_pump(two_shops *two)
{
    bool has_more = true;
    for (int i = 0; has_more && i < 1000; i++) {
        has_more = has_rest(two->a);
        has_more |= has_rest(two->b);
    }
    ck_assert_msg(!has_more, "the engines never come to rest");
}
