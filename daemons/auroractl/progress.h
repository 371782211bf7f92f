/* SPDX-License-Identifier: MIT */
/* One line on standard error that says how far something is; nothing where that is no terminal. */
#ifndef AURORACTL_PROGRESS_H
#define AURORACTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* The caller's memory. */
typedef struct {
    const char *label;
    uint64_t total;
    int64_t started_ms;
    int64_t drawn_ms;
    bool is_shown;
} ctl_progress;

void ctl_progress_start(ctl_progress *progress, const char *label, uint64_t total);

/* Draws the bar anew, at most ten times a second. */
void ctl_progress_update(ctl_progress *progress, uint64_t done);

/* Removes the line. */
void ctl_progress_end(ctl_progress *progress);

/* Milliseconds of a clock that never steps. */
int64_t ctl_monotonic_ms(void);

void ctl_pause_ms(int64_t ms);

#endif
