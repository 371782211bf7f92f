/* SPDX-License-Identifier: MIT */
/* The scripts that run inside Redis, which the build embeds. */
#ifndef AURORA_ADAPTERS_REDIS_SCRIPTS_H
#define AURORA_ADAPTERS_REDIS_SCRIPTS_H

#include <stddef.h>

extern const char aurora__redis_limiter_lua[];
extern const size_t aurora__redis_limiter_lua_len;
extern const char aurora__redis_cache_put_lua[];
extern const size_t aurora__redis_cache_put_lua_len;
extern const char aurora__redis_cache_drop_lua[];
extern const size_t aurora__redis_cache_drop_lua_len;
extern const char aurora__redis_cache_unlock_lua[];
extern const size_t aurora__redis_cache_unlock_lua_len;

#endif
