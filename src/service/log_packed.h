/* SPDX-License-Identifier: MIT */
/* A record as bytes, from who says something to the thread that writes lines: what is said within a
 * batch of the engine costs it a copy, and the line is put together elsewhere. Pure. */
#ifndef AURORA_SERVICE_LOG_PACKED_H
#define AURORA_SERVICE_LOG_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <aurora/handle.h>

#define AURORA__LOG_PACKED_BYTES 4096
#define AURORA__LOG_PACKED_ATTRIBUTES 16

/* A record that was unpacked; its texts are in the bytes that it came from. */
typedef struct {
    struct timespec at;
    aurora_log_record record;
    aurora_trace_context trace;
    aurora_attribute attributes[AURORA__LOG_PACKED_ATTRIBUTES];
} aurora__log_unpacked;

/* How many bytes of `out` it takes; 0 where it is too large. */
size_t aurora__log_pack(const struct timespec *at, const aurora_log_record *record,
                        char out[AURORA__LOG_PACKED_BYTES]);
/* What aurora__log_pack wrote, at any address. */
void aurora__log_unpack(const char *bytes, aurora__log_unpacked *out);

#endif
