/* SPDX-License-Identifier: MIT */
#include "breaker_window.h"

#include <string.h>

void aurora__window_clear(aurora__window *window)
{
    window->at = 0;
    window->has_slice = false;
    memset(&window->total, 0, sizeof window->total);
    memset(&window->of, 0, sizeof window->of);
}

static int64_t slice_at(const aurora__window *window, int64_t now_ns)
{
    int64_t slice = now_ns / window->slice_ns;
    return now_ns % window->slice_ns < 0 ? slice - 1 : slice;
}

static void drop_oldest(aurora__window *window)
{
    window->at = (window->at + 1) % window->size;
    aurora__tally *oldest = &window->of.slices[window->at];
    window->total.calls -= oldest->calls;
    window->total.failed -= oldest->failed;
    window->total.slow -= oldest->slow;
    *oldest = (aurora__tally){0, 0, 0};
}

void aurora__window_advance(aurora__window *window, int64_t now_ns)
{
    if (window->slice_ns == 0)
        return;
    int64_t slice = slice_at(window, now_ns);
    if (!window->has_slice || slice <= window->slice) {
        window->slice = window->has_slice ? window->slice : slice;
        window->has_slice = true;
        return;
    }
    uint64_t steps = (uint64_t)slice - (uint64_t)window->slice;
    for (uint64_t i = 0; i < steps && i < window->size; i++)
        drop_oldest(window);
    window->slice = slice;
}

static bool has_bit(const uint64_t *bits, uint32_t at)
{
    return (bits[at / 64] >> (at % 64) & 1) != 0;
}

static void set_bit(uint64_t *bits, uint32_t at, bool value)
{
    uint64_t mask = (uint64_t)1 << (at % 64);
    bits[at / 64] = value ? bits[at / 64] | mask : bits[at / 64] & ~mask;
}

static void record_call(aurora__window *window, bool has_failed, bool is_slow)
{
    aurora__tally *total = &window->total;
    uint32_t at = window->at;

    if (total->calls == window->size) {
        total->failed -= has_bit(window->of.bits.failed, at);
        total->slow -= has_bit(window->of.bits.slow, at);
    } else {
        total->calls++;
    }
    total->failed += has_failed;
    total->slow += is_slow;
    set_bit(window->of.bits.failed, at, has_failed);
    set_bit(window->of.bits.slow, at, is_slow);
    window->at = at + 1 == window->size ? 0 : at + 1;
}

static void add(aurora__tally *tally, bool has_failed, bool is_slow)
{
    tally->calls++;
    tally->failed += has_failed;
    tally->slow += is_slow;
}

void aurora__window_record(aurora__window *window, bool has_failed, bool is_slow, int64_t now_ns)
{
    if (window->slice_ns == 0) {
        record_call(window, has_failed, is_slow);
        return;
    }
    aurora__window_advance(window, now_ns);
    if (window->total.calls == UINT32_MAX) /* 4 * 10^9 calls say enough about the dependency */
        return;
    add(&window->total, has_failed, is_slow);
    add(&window->of.slices[window->at], has_failed, is_slow);
}
