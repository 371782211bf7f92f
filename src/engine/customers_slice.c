/* SPDX-License-Identifier: MIT */
#include "engine/customers_slice.h"

#include <string.h>

#define HEAD_BYTES 25u /* position, id, length */

uint32_t aurora__customers_slice_of(const char *customer, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)customer[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)((hash ^ hash >> 32) % AURORA__CUSTOMER_SLICES);
}

static bool grow(aurora__customers_slice *slice, const aurora_allocator *allocator, uint32_t more)
{
    uint32_t needed = slice->used + more;
    if (needed <= slice->capacity)
        return true;
    uint32_t capacity = slice->capacity == 0 ? 512 : slice->capacity * 2;
    while (capacity < needed)
        capacity *= 2;
    char *bytes = slice->bytes == NULL
                      ? allocator->allocate(allocator->self, capacity)
                      : allocator->reallocate(allocator->self, slice->bytes, capacity);
    if (bytes == NULL)
        return false;
    slice->bytes = bytes;
    slice->capacity = capacity;
    return true;
}

aurora_status aurora__customers_slice_add(aurora__customers_slice *slice,
                                          const aurora_allocator *allocator,
                                          const aurora__customers_record *record)
{
    uint32_t bytes = HEAD_BYTES + record->length + 1;
    if (!grow(slice, allocator, bytes))
        return AURORA_ENOMEM;
    char *at = slice->bytes + slice->used;
    memcpy(at, &record->position, 8);
    memcpy(at + 8, record->order_id.bytes, 16);
    at[24] = (char)(uint8_t)record->length;
    memcpy(at + HEAD_BYTES, record->customer, record->length);
    at[HEAD_BYTES + record->length] = '\0';
    slice->used += bytes;
    slice->count++;
    return AURORA_OK;
}

bool aurora__customers_slice_next(const aurora__customers_slice *slice, uint32_t *offset,
                                  aurora__customers_record *out)
{
    if (*offset == slice->used)
        return false;
    const char *at = slice->bytes + *offset;
    memcpy(&out->position, at, 8);
    memcpy(out->order_id.bytes, at + 8, 16);
    out->length = (uint8_t)at[24];
    out->customer = at + HEAD_BYTES;
    *offset += HEAD_BYTES + out->length + 1;
    return true;
}

void aurora__customers_slice_cut(aurora__customers_slice *slice, const aurora_allocator *allocator,
                                 uint32_t bytes, uint32_t count)
{
    slice->used -= bytes;
    slice->count -= count;
    if (slice->used > 0) {
        memmove(slice->bytes, slice->bytes + bytes, slice->used);
    } else if (slice->bytes != NULL) {
        allocator->release(allocator->self, slice->bytes);
        *slice = (aurora__customers_slice){0};
    }
}
