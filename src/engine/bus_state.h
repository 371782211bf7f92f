/* SPDX-License-Identifier: MIT */
/* What the files of the bus share. */
#ifndef AURORA_ENGINE_BUS_STATE_H
#define AURORA_ENGINE_BUS_STATE_H

#include "engine/bus.h"
#include "engine/internal.h"

#include <sys/types.h>

struct aurora__bus {
    aurora__engine *engine;
    const aurora_allocator *allocator; /* the host's: it outlives the engine */
    pid_t process;
    aurora_bus port;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Guarded by the lock. */
    bool is_stopping;
    bool has_news;                 /* something was appended since the relay looked */
    _Atomic bool is_relay_in_port; /* it waits there and must be woken there */
};

/* Whose events this set of modules must hear from outside. */
uint32_t aurora__bus_sources(uint32_t modules);

#endif
