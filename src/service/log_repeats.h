/* SPDX-License-Identifier: MIT */
/* What is said again and again is cut: a few lines of a kind in a window are written, the rest is
 * counted and told of in one line once the window is over. A kind is a component, a level and the
 * message without its numbers, ids and quoted words. A table of a fixed size that locks and
 * allocates nothing and reads no clock. */
#ifndef AURORA_SERVICE_LOG_REPEATS_H
#define AURORA_SERVICE_LOG_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#define AURORA__LOG_REPEATS_KINDS 128 /* beyond it lines are written, whatever they repeat */
#define AURORA__LOG_REPEATS_WINDOW_NS INT64_C(10000000000)
#define AURORA__LOG_REPEATS_MESSAGE_BYTES 240

typedef struct {
    uint64_t kind; /* 0 = free */
    int64_t began_ns;
    uint64_t left_out;
    uint32_t written;
    int32_t level;
    char component[16];
    char message[AURORA__LOG_REPEATS_MESSAGE_BYTES]; /* the last one of them */
} aurora__log_repeated;

typedef struct {
    uint32_t most;       /* of a kind in a window; 0 = all are written */
    int64_t next_end_ns; /* no window with something left out ends before; 0 = there is none */
    aurora__log_repeated kinds[AURORA__LOG_REPEATS_KINDS];
} aurora__log_repeats; /* zeroed and `most` set */

/* Whether the line is to be written; else it is counted. */
bool aurora__log_repeats_take(aurora__log_repeats *repeats, int32_t level, const char *component,
                              const char *message, int64_t now_ns);
/* Takes out one kind whose window is over and had lines left out: they are to be told of. False
 * where there is none (any more). INT64_MAX ends all windows. */
bool aurora__log_repeats_end(aurora__log_repeats *repeats, int64_t now_ns,
                             aurora__log_repeated *out);

#endif
