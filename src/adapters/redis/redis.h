/* SPDX-License-Identifier: MIT */
/* The cache and the rate limiter that processes share through a Redis: "redis:". */
#ifndef AURORA_ADAPTERS_REDIS_REDIS_H
#define AURORA_ADAPTERS_REDIS_REDIS_H

#include <aurora/port/cache.h>
#include <aurora/port/limiter.h>

aurora_status aurora__redis_cache_open(const aurora_cache_port_options *options,
                                       aurora_cache_port *out, aurora_error *err);
aurora_status aurora__redis_limiter_open(const aurora_limiter_port_options *options,
                                         aurora_limiter_port *out, aurora_error *err);

/* "rediss:", which hiredis 0.14 cannot speak: they say so. AURORA_ENOTSUP. */
aurora_status aurora__redis_cache_open_tls(const aurora_cache_port_options *options,
                                           aurora_cache_port *out, aurora_error *err);
aurora_status aurora__redis_limiter_open_tls(const aurora_limiter_port_options *options,
                                             aurora_limiter_port *out, aurora_error *err);

/* Takes at a time of the caller's, -1 for Redis' own: for tests that compare with the in-process
 * bucket. */
aurora_status aurora__redis_limiter_take_at(void *self, const aurora_limiter_take *takes,
                                            uint32_t count, int64_t now_micros,
                                            aurora_limit *limits_out, uint64_t *extras_out);

#endif
