/* SPDX-License-Identifier: MIT */
/* Blocks of memory for arenas. What one seed gives back the next one takes, so that a run over many
 * seeds asks the system for nothing once it is warm. */
#include "sim/world.h"

#include <stdlib.h>

#define BLOCK_BYTES 65536

struct aurora__sim_block {
    struct aurora__sim_block *next;
    size_t bytes;
};

#ifdef __SANITIZE_ADDRESS__
#define IS_KEEPING 0 /* who still looks at the last batch is caught */
#else
#define IS_KEEPING 1
#endif

static struct aurora__sim_block *take_block(aurora__sim_pool *pool, size_t bytes)
{
    if (bytes > BLOCK_BYTES || pool == NULL || pool->first == NULL) {
        size_t size = bytes < BLOCK_BYTES ? BLOCK_BYTES : bytes;
        struct aurora__sim_block *block = malloc(sizeof *block + size);
        if (block == NULL)
            abort(); /* the simulation is about other faults than this one */
        block->bytes = size;
        return block;
    }
    struct aurora__sim_block *block = pool->first;
    pool->first = block->next;
    return block;
}

static void give_block(aurora__sim_pool *pool, struct aurora__sim_block *block)
{
    if (!IS_KEEPING || pool == NULL || block->bytes != BLOCK_BYTES) {
        free(block);
        return;
    }
    block->next = pool->first;
    pool->first = block;
}

static void *grow(void *self, size_t bytes, size_t *size_out)
{
    aurora__sim_memory *memory = self;
    struct aurora__sim_block *block = take_block(memory->pool, bytes);
    block->next = memory->first;
    memory->first = block;
    *size_out = block->bytes;
    return block + 1;
}

void aurora__sim_memory_reset(aurora__sim_memory *memory)
{
    while (memory->first != NULL && (!IS_KEEPING || memory->first->next != NULL)) {
        struct aurora__sim_block *next = memory->first->next;
        give_block(memory->pool, memory->first);
        memory->first = next;
    }
    memory->arena = (aurora__arena){.self = memory, .grow = grow};
    if (memory->first != NULL) {
        memory->arena.at = (char *)(memory->first + 1);
        memory->arena.end = memory->arena.at + memory->first->bytes;
    }
}

void aurora__sim_memory_free(aurora__sim_memory *memory)
{
    aurora__sim_memory_reset(memory);
    if (memory->first != NULL)
        give_block(memory->pool, memory->first);
    *memory = (aurora__sim_memory){0};
}

void aurora__sim_pool_free(aurora__sim_pool *pool)
{
    while (pool->first != NULL) {
        struct aurora__sim_block *next = pool->first->next;
        free(pool->first);
        pool->first = next;
    }
}
