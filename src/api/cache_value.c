/* SPDX-License-Identifier: MIT */
/* Values that readers share: one block with its references, the value and its bytes. */
#include <aurora/port/cache.h>

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

typedef struct {
    _Atomic uint32_t references;
    aurora_allocator allocator;
    aurora_cache_value value;
} block;

static block *block_of(const aurora_cache_value *value)
{
    return (block *)(void *)((char *)value - offsetof(block, value));
}

aurora_status aurora_cache_value_new(const aurora_allocator *allocator, const char *bytes,
                                     uint32_t len, uint64_t version, uint32_t is_absent,
                                     const aurora_cache_value **out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    if (allocator == NULL || (bytes == NULL && len > 0) || is_absent > 1 ||
        (is_absent == 1 && len > 0))
        return AURORA_EINVAL;
    block *made = allocator->allocate(allocator->self, sizeof *made + (size_t)len + 1);
    if (made == NULL)
        return AURORA_ENOMEM;
    char *copy = (char *)(made + 1);
    if (len > 0)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    atomic_init(&made->references, 1);
    made->allocator = *allocator;
    made->value = (aurora_cache_value){.size = sizeof made->value,
                                       .len = len,
                                       .version = version,
                                       .bytes = copy,
                                       .is_absent = is_absent};
    *out = &made->value;
    return AURORA_OK;
}

void aurora_cache_value_hold(const aurora_cache_value *value)
{
    if (value != NULL)
        atomic_fetch_add_explicit(&block_of(value)->references, 1, memory_order_relaxed);
}

void aurora_cache_value_free(const aurora_cache_value *value)
{
    if (value == NULL)
        return;
    block *held = block_of(value);
    if (atomic_fetch_sub_explicit(&held->references, 1, memory_order_acq_rel) != 1)
        return;
    aurora_allocator allocator = held->allocator;
    allocator.release(allocator.self, held);
}
