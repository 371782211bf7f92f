/* SPDX-License-Identifier: MIT */
#include "telemetry/kept.h"

#define SECOND_NS INT64_C(1000000000)
#define EACH_NS (SECOND_NS / AURORA__KEPT_PER_SECOND)

bool aurora__kept_take(aurora__kept *kept, int64_t now_ns)
{
    int64_t full_ns = atomic_load_explicit(&kept->full_ns, memory_order_relaxed);
    int64_t next_ns;
    do {
        next_ns = (full_ns > now_ns ? full_ns : now_ns) + EACH_NS;
        if (next_ns - now_ns > SECOND_NS)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&kept->full_ns, &full_ns, next_ns,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}
