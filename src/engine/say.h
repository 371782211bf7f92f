/* SPDX-License-Identifier: MIT */
/* What the library says to the log that its host attached: by `record` where the host takes that,
 * else by `write`, which gets the message alone. */
#ifndef AURORA_ENGINE_SAY_H
#define AURORA_ENGINE_SAY_H

#include "engine/internal.h"

/* Hands one record over, whatever its level. */
void aurora__log_hand_over(const aurora_log *log, const aurora_log_record *record);

/* Whether anybody wants to hear it: for what costs something to find out. Threads: shared. */
bool aurora__engine_hears(const aurora__engine *engine, int32_t level);
void aurora__engine_set_log_level(aurora__engine *engine, int32_t level_min);

/* What a record says beside its message. Zeroed = nothing. */
typedef struct {
    const aurora_id *order_id;
    const char *traceparent; /* of the order; may be NULL or not one */
    aurora_attribute attributes[6];
    uint32_t attribute_count;
    uint32_t flags; /* AURORA_LOG_EACH */
} aurora__said;

void aurora__said_text(aurora__said *said, const char *key, const char *value); /* NULL: left out */
void aurora__said_int(aurora__said *said, const char *key, int64_t value);
void aurora__said_double(aurora__said *said, const char *key, double value);

/* aurora__engine_log with more to it. */
void aurora__engine_say(aurora__engine *engine, int32_t level, const char *component,
                        const aurora__said *said, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The same with a message that is there already, however long. */
void aurora__engine_say_text(aurora__engine *engine, int32_t level, const char *component,
                             const aurora__said *said, const char *message);

/* After a commit: what an operator wants to know of the rows that it changed. */
void aurora__batch_say(aurora__engine *engine);
/* At its end: how long it took, which is worth a warning where callers will have noticed. */
void aurora__batch_say_times(const aurora__batch *batch, int64_t took_ns);

#endif
