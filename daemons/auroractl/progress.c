/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_WIDTH 30
#define DRAW_EACH_MS 100
#define CLEAR_LINE "\r\x1b[K"

int64_t ctl_monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void ctl_pause_ms(int64_t ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

void ctl_progress_start(ctl_progress *progress, const char *label, uint64_t total)
{
    *progress = (ctl_progress){.label = label,
                               .total = total,
                               .started_ms = ctl_monotonic_ms(),
                               .is_shown = isatty(STDERR_FILENO) == 1};
}

void ctl_progress_update(ctl_progress *progress, uint64_t done)
{
    if (!progress->is_shown || progress->total == 0)
        return;
    int64_t now = ctl_monotonic_ms();
    if (now - progress->drawn_ms < DRAW_EACH_MS)
        return;
    progress->drawn_ms = now;
    if (done > progress->total)
        done = progress->total;
    char bar[BAR_WIDTH + 1];
    size_t filled = (size_t)(done * BAR_WIDTH / progress->total);
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', filled);
    bar[BAR_WIDTH] = 0;
    uint64_t elapsed = (uint64_t)(now - progress->started_ms) + 1;
    uint64_t rate = done * 1000 / elapsed;
    fprintf(stderr, CLEAR_LINE "%-9s [%s] %3" PRIu64 "%%  %" PRIu64 "/s", progress->label, bar,
            done * 100 / progress->total, rate);
    if (rate > 0)
        fprintf(stderr, "  %" PRIu64 " s left", (progress->total - done + rate - 1) / rate);
    fflush(stderr);
}

void ctl_progress_end(ctl_progress *progress)
{
    if (progress->is_shown && progress->drawn_ms != 0)
        fputs(CLEAR_LINE, stderr);
}
