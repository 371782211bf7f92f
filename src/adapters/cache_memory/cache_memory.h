/* SPDX-License-Identifier: MIT */
/* The cache of one process: "memory:". Shards, each under a lock of its own and within its share of
 * the bytes. */
#ifndef AURORA_ADAPTERS_CACHE_MEMORY_CACHE_MEMORY_H
#define AURORA_ADAPTERS_CACHE_MEMORY_CACHE_MEMORY_H

#include <aurora/port/cache.h>

/* Opens a cache at the address "" or "?bytes=N" with N a number and nothing, KiB, MiB or GiB. */
aurora_status aurora__cache_memory_open(const aurora_cache_port_options *options,
                                        aurora_cache_port *out, aurora_error *err);

#endif
