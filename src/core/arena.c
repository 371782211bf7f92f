/* SPDX-License-Identifier: MIT */
#include "core/arena.h"

#include <string.h>

void *aurora__arena_take(aurora__arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX - 8)
        return NULL;
    /* Nothing has a place too: NULL says that memory is out. */
    bytes = bytes == 0 ? 8 : (bytes + 7) & ~(size_t)7;
    if (bytes > (size_t)(arena->end - arena->at)) {
        size_t size = 0;
        char *block = arena->grow(arena->self, bytes, &size);
        if (block == NULL)
            return NULL;
        arena->at = block;
        arena->end = block + size;
    }
    /* cppcheck-suppress invalidLifetime ; the block is not `size`, whose address grow() had */
    void *memory = arena->at;
    arena->at += bytes;
    /* cppcheck-suppress returnDanglingLifetime ; as above, it lies in the arena's block */
    return memory;
}

void *aurora__arena_zero(aurora__arena *arena, size_t bytes)
{
    void *memory = aurora__arena_take(arena, bytes);
    if (memory != NULL)
        memset(memory, 0, bytes);
    return memory;
}

char *aurora__arena_copy(aurora__arena *arena, const void *bytes, size_t length)
{
    char *copy = length == SIZE_MAX ? NULL : aurora__arena_take(arena, length + 1);
    if (copy == NULL)
        return NULL;
    if (length > 0)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *aurora__arena_text(aurora__arena *arena, const char *text)
{
    return text == NULL ? NULL : aurora__arena_copy(arena, text, strlen(text));
}
