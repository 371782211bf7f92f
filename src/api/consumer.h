/* SPDX-License-Identifier: MIT */
/* A host's named consumers as commands on their cursor rows. */
#ifndef AURORA_API_CONSUMER_H
#define AURORA_API_CONSUMER_H

#include "engine/engine.h"

#include <aurora/event.h>

/* cursors.kind */
enum {
    AURORA__CONSUMER_HOST = 1,
    AURORA__CONSUMER_REBUILDS = 2,
    AURORA__CONSUMER_NEEDED = 3,
};

enum {
    AURORA__CONSUMER_VISIT = 1, /* makes it at the oldest event kept, or notes that it was seen */
    AURORA__CONSUMER_ACK = 2,   /* as aurora_event_ack */
    AURORA__CONSUMER_FORGET = 3,
};

/* 1 to 64 bytes of a-z 0-9 . _ - */
bool aurora__consumer_is_name(const char *name);

/* Runs one act on a consumer and waits for it. AURORA_EINVAL for one of our own. */
aurora_status aurora__consumer_call(aurora__engine *engine, int32_t act, const char *name,
                                    int64_t position, aurora_error *err);

#endif
