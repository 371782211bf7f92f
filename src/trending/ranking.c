/* SPDX-License-Identifier: MIT */
#include "ranking.h"

#include <string.h>

/* Keys are padded with zeros, so comparing whole fields is comparing as text. */
static bool is_worse(const aurora_topk_item *a, const aurora_topk_item *b)
{
    if (a->score != b->score)
        return a->score < b->score;
    return memcmp(a->key, b->key, sizeof a->key) > 0;
}

static void swap_items(aurora_topk_item *a, aurora_topk_item *b)
{
    aurora_topk_item kept = *a;
    *a = *b;
    *b = kept;
}

static void sink(aurora_topk_item *items, uint32_t count, uint32_t at)
{
    for (;;) {
        uint64_t child = 2 * (uint64_t)at + 1;
        if (child >= count)
            return;
        if (child + 1 < count && is_worse(&items[child + 1], &items[child]))
            child++;
        if (!is_worse(&items[child], &items[at]))
            return;
        swap_items(&items[child], &items[at]);
        at = (uint32_t)child;
    }
}

static void rise(aurora_topk_item *items, uint32_t at)
{
    while (at > 0 && is_worse(&items[at], &items[(at - 1) / 2])) {
        swap_items(&items[at], &items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

void aurora__ranking_fill(aurora_topk_item *item, const struct label *label, double score,
                          double error)
{
    memset(item, 0, sizeof *item);
    item->score = score;
    item->error = error;
    aurora__label_write(label, item->key);
}

void aurora__ranking_offer(struct ranking *ranking, const struct label *label, double score,
                           double error)
{
    if (!(score > 0.0) || ranking->limit == 0)
        return;
    if (ranking->count < ranking->limit) {
        aurora__ranking_fill(&ranking->items[ranking->count], label, score, error);
        rise(ranking->items, ranking->count++);
        return;
    }
    if (score < ranking->items[0].score)
        return;
    aurora_topk_item item;
    aurora__ranking_fill(&item, label, score, error);
    if (!is_worse(&ranking->items[0], &item))
        return;
    ranking->items[0] = item;
    sink(ranking->items, ranking->count, 0);
}

void aurora__ranking_sort(struct ranking *ranking)
{
    for (uint32_t end = ranking->count; end > 1; end--) {
        swap_items(&ranking->items[0], &ranking->items[end - 1]);
        sink(ranking->items, end - 1, 0);
    }
}
