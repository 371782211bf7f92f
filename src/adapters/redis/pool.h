/* SPDX-License-Identifier: MIT */
/* A bounded set of connections to one Redis that any thread calls through. While Redis is away a
 * breaker fails calls at once and lets one probe through at a time. A forked child never uses what
 * its parent opened: its calls fail. */
#ifndef AURORA_ADAPTERS_REDIS_POOL_H
#define AURORA_ADAPTERS_REDIS_POOL_H

#include "adapters/redis/connection.h"

#include <aurora/breaker.h>

typedef struct aurora__redis_pool aurora__redis_pool;

typedef struct {
    const aurora__redis_address *address;                        /* copied */
    const aurora_allocator *allocator;                           /* outlives the pool */
    void (*log)(void *self, int32_t level, const char *message); /* NULL = silence */
    void *log_self;
} aurora__redis_pool_options;

/* A script, whose hash is what is sent. */
typedef struct {
    const char *text;
    size_t len;
    char hash[41];
} aurora__redis_script;

/* Looks the host's name up, and connects to nobody. AURORA_ENOMEM. */
aurora_status aurora__redis_pool_open(const aurora__redis_pool_options *options,
                                      aurora__redis_pool **out);
/* NULL is a no-op. Waits for a name that is being looked up. In a forked child it closes what it
 * inherited, without a word to Redis. */
void aurora__redis_pool_close(aurora__redis_pool *pool);

const aurora__redis_address *aurora__redis_pool_address(const aurora__redis_pool *pool);

/* When a call that begins now is over at the latest. */
int64_t aurora__redis_pool_deadline_ns(const aurora__redis_pool *pool);

/* Runs one command, a second time where a connection turns out to have been closed long ago: the
 * command must bear that. *reply is to be cleared in any case. AURORA_OK also for an error that
 * Redis answers; AURORA_EIO, AURORA_ETIMEDOUT, AURORA_ENOMEM. */
aurora_status aurora__redis_pool_call(aurora__redis_pool *pool,
                                      const aurora__redis_command *command, int64_t deadline_ns,
                                      aurora__redis_reply *reply);

/* Sets the hash of a script. False where the system has no SHA-1. */
bool aurora__redis_script_init(aurora__redis_script *script, const char *text, size_t len);

/* The same with a script: words[0] and words[1] of the command are filled in, by its hash, and by
 * its text where Redis does not know the hash. */
aurora_status aurora__redis_pool_run(aurora__redis_pool *pool, const aurora__redis_script *script,
                                     const aurora__redis_command *command, int64_t deadline_ns,
                                     aurora__redis_reply *reply);

/* The breaker's figures. */
void aurora__redis_pool_breaker(aurora__redis_pool *pool, aurora_breaker_figures *figures_out);

#endif
