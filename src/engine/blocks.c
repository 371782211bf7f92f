/* SPDX-License-Identifier: MIT */
/* Arenas over the host's allocator. */
#include "engine/internal.h"

#define BLOCK_BYTES ((size_t)256 << 10)
#define QUERY_PAGE_BYTES ((size_t)8 << 20)
#define QUERY_BLOCK_BYTES ((size_t)16 << 10)

struct aurora__block {
    struct aurora__block *next;
    size_t size; /* of the bytes behind the header */
};

static struct aurora__block *new_block(const aurora_allocator *allocator, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct aurora__block))
        return NULL;
    struct aurora__block *block =
        allocator->allocate(allocator->self, sizeof(struct aurora__block) + size);
    if (block != NULL)
        *block = (struct aurora__block){.size = size};
    return block;
}

static void *grow_blocks(void *self, size_t bytes, size_t *size_out)
{
    aurora__block_arena *blocks = self;
    struct aurora__block *next = blocks->current == NULL ? blocks->first : blocks->current->next;
    if (next == NULL || next->size < bytes) {
        struct aurora__block *block =
            new_block(blocks->allocator, bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
        if (block == NULL)
            return NULL;
        blocks->bytes += block->size;
        block->next = next;
        if (blocks->current == NULL)
            blocks->first = block;
        else
            blocks->current->next = block;
        next = block;
    }
    blocks->current = next;
    *size_out = next->size;
    return next + 1;
}

void aurora__block_arena_init(aurora__block_arena *blocks, const aurora_allocator *allocator)
{
    *blocks = (aurora__block_arena){.allocator = allocator};
    blocks->arena = (aurora__arena){.self = blocks, .grow = grow_blocks};
}

void aurora__block_arena_reset(aurora__block_arena *blocks, size_t bytes_keep)
{
    while (blocks->first != NULL && blocks->bytes > bytes_keep) {
        struct aurora__block *block = blocks->first;
        blocks->first = block->next;
        blocks->bytes -= block->size;
        blocks->allocator->release(blocks->allocator->self, block);
    }
    blocks->current = NULL;
    blocks->arena.at = NULL;
    blocks->arena.end = NULL;
}

void aurora__block_arena_free(aurora__block_arena *blocks)
{
    aurora__block_arena_reset(blocks, 0);
}

static void *grow_query(void *self, size_t bytes, size_t *size_out)
{
    aurora__query_arena *query = self;
    struct aurora__block *block =
        new_block(query->allocator, bytes > QUERY_BLOCK_BYTES ? bytes : QUERY_BLOCK_BYTES);
    if (block == NULL)
        return NULL;
    block->next = query->blocks;
    query->blocks = block;
    query->bytes += block->size;
    *size_out = block->size;
    return block + 1;
}

void aurora__query_arena_init(aurora__query_arena *query, const aurora_allocator *allocator)
{
    *query = (aurora__query_arena){.allocator = allocator};
    query->arena = (aurora__arena){.self = query, .grow = grow_query};
}

bool aurora__query_arena_is_full(const aurora__query_arena *query)
{
    return query->bytes >= QUERY_PAGE_BYTES;
}

void aurora__query_arena_free(aurora__query_arena *query)
{
    while (query->blocks != NULL) {
        struct aurora__block *block = query->blocks;
        query->blocks = block->next;
        query->allocator->release(query->allocator->self, block);
    }
    query->arena.at = NULL;
    query->arena.end = NULL;
}
