/* SPDX-License-Identifier: MIT */
#include "replay_schedule.h"

#include <stdlib.h>

/* Links each order's lines to the orders that sell the same SKUs next. */
static bool link_orders(ctl_replay_schedule *schedule, uint32_t count)
{
    const ctl_retail_file *file = schedule->file;
    uint32_t *seller = malloc((file->skus.count + 1) * sizeof *seller);
    size_t *sold_at = calloc(file->skus.count + 1, sizeof *sold_at);
    bool is_done = seller != NULL && sold_at != NULL;
    for (uint32_t i = 0; is_done && i < file->skus.count; i++)
        seller[i] = CTL_RETAIL_NONE;
    for (uint32_t number = 0; is_done && number < count; number++) {
        const ctl_retail_invoice *order = &file->orders[number];
        size_t first = schedule->starts[number];
        for (uint32_t i = 0; i < order->line_count; i++) {
            uint32_t sku = ctl_text_map_find(&file->skus, order->lines[i].sku);
            if (sku == CTL_NO_INDEX || seller[sku] == number)
                continue;
            if (seller[sku] != CTL_RETAIL_NONE) {
                schedule->follower[sold_at[sku]] = number;
                schedule->waits[number]++;
            }
            seller[sku] = number;
            sold_at[sku] = first + i;
        }
    }
    free(sold_at);
    free(seller);
    return is_done;
}

static bool make_strict(ctl_replay_schedule *schedule, uint32_t count)
{
    size_t lines = 0;
    schedule->waits = calloc((size_t)count + 1, sizeof *schedule->waits);
    schedule->starts = malloc(((size_t)count + 1) * sizeof *schedule->starts);
    if (schedule->waits == NULL || schedule->starts == NULL)
        return false;
    for (uint32_t number = 0; number < count; number++) {
        schedule->starts[number] = lines;
        lines += schedule->file->orders[number].line_count;
    }
    schedule->follower = malloc((lines + 1) * sizeof *schedule->follower);
    if (schedule->follower == NULL)
        return false;
    for (size_t i = 0; i < lines; i++)
        schedule->follower[i] = CTL_RETAIL_NONE;
    return link_orders(schedule, count);
}

bool ctl_replay_schedule_init(ctl_replay_schedule *schedule, const ctl_retail_file *file,
                              uint32_t count, bool is_strict)
{
    *schedule = (ctl_replay_schedule){.file = file};
    schedule->ready = malloc(((size_t)count + 1) * sizeof *schedule->ready);
    schedule->again = malloc(((size_t)count + 1) * sizeof *schedule->again);
    if (schedule->ready == NULL || schedule->again == NULL)
        return false;
    if (is_strict && !make_strict(schedule, count))
        return false;
    for (uint32_t number = 0; number < count; number++) {
        if (schedule->waits == NULL || schedule->waits[number] == 0)
            schedule->ready[schedule->ready_count++] = number;
    }
    return true;
}

void ctl_replay_schedule_deinit(ctl_replay_schedule *schedule)
{
    free(schedule->ready);
    free(schedule->again);
    free(schedule->waits);
    free(schedule->starts);
    free(schedule->follower);
    *schedule = (ctl_replay_schedule){0};
}

uint32_t ctl_replay_schedule_peek(const ctl_replay_schedule *schedule, uint32_t *numbers_out,
                                  uint32_t capacity)
{
    uint32_t count = 0;
    if (schedule->again_count > 0) {
        for (; count < capacity && count < schedule->again_count; count++)
            numbers_out[count] = schedule->again[schedule->again_count - 1 - count];
        return count;
    }
    for (; count < capacity && schedule->next + count < schedule->ready_count; count++)
        numbers_out[count] = schedule->ready[schedule->next + count];
    return count;
}

void ctl_replay_schedule_advance(ctl_replay_schedule *schedule, uint32_t count)
{
    if (schedule->again_count > 0)
        schedule->again_count -= count;
    else
        schedule->next += count;
}

void ctl_replay_schedule_put_back(ctl_replay_schedule *schedule, uint32_t number)
{
    schedule->again[schedule->again_count++] = number;
}

void ctl_replay_schedule_done(ctl_replay_schedule *schedule, uint32_t number)
{
    if (schedule->waits == NULL)
        return;
    size_t first = schedule->starts[number];
    for (uint32_t i = 0; i < schedule->file->orders[number].line_count; i++) {
        uint32_t follower = schedule->follower[first + i];
        if (follower != CTL_RETAIL_NONE && --schedule->waits[follower] == 0)
            schedule->ready[schedule->ready_count++] = follower;
    }
}
