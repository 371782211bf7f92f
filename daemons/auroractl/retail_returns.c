/* SPDX-License-Identifier: MIT */
/* Which orders a C invoice takes back whole. */
#include "retail.h"

#include <stdlib.h>
#include <string.h>

/* Invoices with the same lines have the same sum; the lines themselves are compared afterwards. */
typedef struct {
    uint64_t sum;
    uint32_t index;
} summed;

static uint64_t mix(uint64_t word)
{
    word = (word ^ word >> 31) * UINT64_C(0x7fb5d329728ea185);
    word = (word ^ word >> 27) * UINT64_C(0x81dadef4bc2dd44d);
    return word ^ word >> 33;
}

/* SKUs are one text each in the file's map, so that their addresses tell them apart. */
static uint64_t sum_of(const ctl_retail_invoice *invoice)
{
    uint64_t sum = invoice->line_count;
    for (uint32_t i = 0; i < invoice->line_count; i++) {
        const aurora_line *line = &invoice->lines[i];
        sum += mix((uint64_t)(uintptr_t)line->sku + mix((uint64_t)line->quantity) * 3 +
                   mix((uint64_t)line->unit_price_minor) * 5);
    }
    return sum;
}

static int compare_lines(const void *a, const void *b)
{
    const aurora_line *left = a, *right = b;
    int order = strcmp(left->sku, right->sku);
    if (order != 0)
        return order;
    if (left->quantity != right->quantity)
        return left->quantity < right->quantity ? -1 : 1;
    return left->unit_price_minor < right->unit_price_minor
               ? -1
               : left->unit_price_minor > right->unit_price_minor;
}

static aurora_line *sorted_lines(const ctl_retail_invoice *invoice)
{
    aurora_line *lines = malloc((invoice->line_count + 1) * sizeof *lines);
    if (lines == NULL)
        return NULL;
    memcpy(lines, invoice->lines, invoice->line_count * sizeof *lines);
    qsort(lines, invoice->line_count, sizeof *lines, compare_lines);
    return lines;
}

static bool has_same_lines(const ctl_retail_invoice *a, const ctl_retail_invoice *b,
                           bool *is_memory_out)
{
    if (a->line_count != b->line_count)
        return false;
    aurora_line *left = sorted_lines(a), *right = sorted_lines(b);
    bool is_same = left != NULL && right != NULL;
    *is_memory_out = *is_memory_out || !is_same;
    for (uint32_t i = 0; is_same && i < a->line_count; i++)
        is_same = compare_lines(&left[i], &right[i]) == 0;
    free(left);
    free(right);
    return is_same;
}

static int compare_sums(const void *a, const void *b)
{
    const summed *left = a, *right = b;
    if (left->sum != right->sum)
        return left->sum < right->sum ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

/* The first element whose sum is above `sum`. */
static uint32_t end_of_sum(const summed *sums, uint32_t count, uint64_t sum)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sums[middle].sum <= sum)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void match(ctl_retail_file *file, uint32_t number, const summed *sums, bool *is_memory_out)
{
    const ctl_retail_invoice *back = &file->returns[number];
    uint64_t sum = sum_of(back);
    for (uint32_t i = end_of_sum(sums, file->order_count, sum); i > 0 && sums[i - 1].sum == sum;
         i--) {
        ctl_retail_invoice *order = &file->orders[sums[i - 1].index];
        if (order->returned_by == CTL_RETAIL_NONE && order->line_number < back->line_number &&
            strcmp(order->customer_id, back->customer_id) == 0 &&
            has_same_lines(order, back, is_memory_out)) {
            order->returned_by = number;
            return;
        }
    }
}

bool ctl_retail_match_returns(ctl_retail_file *file)
{
    summed *sums = malloc(((size_t)file->order_count + 1) * sizeof *sums);
    if (sums == NULL)
        return false;
    for (uint32_t i = 0; i < file->order_count; i++)
        sums[i] = (summed){sum_of(&file->orders[i]), i};
    qsort(sums, file->order_count, sizeof *sums, compare_sums);
    bool is_memory_out = false;
    for (uint32_t i = 0; i < file->return_count; i++) {
        if (file->returns[i].is_plain && file->returns[i].line_count > 0)
            match(file, i, sums, &is_memory_out);
    }
    free(sums);
    return !is_memory_out;
}
