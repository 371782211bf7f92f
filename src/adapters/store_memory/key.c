/* SPDX-License-Identifier: MIT */
#include "key.h"

#include <string.h>

void aurora__memory_key_init(aurora__memory_key *key, const aurora_allocator *allocator)
{
    key->allocator = allocator;
    key->bytes = key->local;
    key->length = 0;
    key->capacity = sizeof key->local;
}

void aurora__memory_key_deinit(aurora__memory_key *key)
{
    if (key->bytes != key->local)
        key->allocator->release(key->allocator->self, key->bytes);
}

static bool reserve(aurora__memory_key *key, size_t bytes)
{
    if (key->capacity - key->length >= bytes)
        return true;
    size_t capacity = 2 * key->capacity + bytes;
    void *old = key->bytes == key->local ? NULL : key->bytes;
    uint8_t *grown = key->allocator->reallocate(key->allocator->self, old, capacity);
    if (grown == NULL)
        return false;
    if (old == NULL)
        memcpy(grown, key->local, key->length);
    key->bytes = grown;
    key->capacity = capacity;
    return true;
}

/* Zero bytes become 00 FF and the end 00 00, so that a value sorts before its own continuations. */
static uint8_t *put_bytes(uint8_t *at, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        const uint8_t *zero = memchr(bytes, 0, length);
        size_t run = zero == NULL ? length : (size_t)(zero - bytes);
        memcpy(at, bytes, run);
        at += run;
        bytes += run;
        length -= run;
        if (zero != NULL) {
            *at++ = 0;
            *at++ = 0xff;
            bytes++;
            length--;
        }
    }
    *at++ = 0;
    *at++ = 0;
    return at;
}

static uint8_t *put_number(uint8_t *at, int64_t number)
{
    uint64_t word = (uint64_t)number ^ ((uint64_t)1 << 63);
    for (int shift = 56; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(word >> shift);
    return at;
}

aurora_status aurora__memory_key_add(aurora__memory_key *key, const aurora_value *value,
                                     bool has_nulls)
{
    if (!reserve(key, 2 * (size_t)value->length + 16))
        return AURORA_ENOMEM;
    uint8_t *at = key->bytes + key->length;
    if (has_nulls)
        *at++ = value->kind != 0;
    switch (value->kind) {
    case 0:
        break;
    case AURORA_COLUMN_UUID:
        memcpy(at, value->bytes, 16);
        at += 16;
        break;
    case AURORA_COLUMN_TEXT:
    case AURORA_COLUMN_BYTES:
        at = put_bytes(at, value->bytes, value->length);
        break;
    default:
        at = put_number(at, value->number);
    }
    key->length = (size_t)(at - key->bytes);
    return AURORA_OK;
}

uint64_t aurora__memory_key_head(const uint8_t *bytes, size_t length)
{
    uint64_t head = 0;
    for (size_t i = 0; i < 8; i++)
        head = head << 8 | (i < length ? bytes[i] : 0);
    return head;
}

void aurora__memory_key_finish(aurora__memory_key *key)
{
    key->head = aurora__memory_key_head(key->bytes, key->length);
    key->mask = UINT64_MAX;
    if (key->length < 8)
        key->mask = key->length == 0 ? 0 : UINT64_MAX << (64 - 8 * key->length);
}

void aurora__memory_key_borrow(aurora__memory_key *key, const uint8_t *bytes, size_t length)
{
    key->bytes = (uint8_t *)bytes;
    key->length = length;
    aurora__memory_key_finish(key);
}
