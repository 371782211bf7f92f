/* SPDX-License-Identifier: MIT */
/* Memory of a process: a crash takes all of it, and a quiet end must leave none. Each piece is one
 * of malloc's, so that sanitizers see its ends. */
#include "trial/trial.h"

#include <stdlib.h>
#include <string.h>

void aurora__trial_memory_init(aurora__trial_instance *instance)
{
    instance->pieces.next = &instance->pieces;
    instance->pieces.previous = &instance->pieces;
}

bool aurora__trial_memory_is_empty(const aurora__trial_instance *instance)
{
    return instance->pieces.next == &instance->pieces;
}

static void unlink_piece(aurora__trial_piece *piece)
{
    piece->next->previous = piece->previous;
    piece->previous->next = piece->next;
}

void aurora__trial_memory_drop(aurora__trial_instance *instance)
{
    aurora__trial_piece *piece = instance->pieces.next;
    while (piece != &instance->pieces) {
        aurora__trial_piece *next = piece->next;
        free(piece);
        piece = next;
    }
    instance->pieces.next = instance->pieces.previous = &instance->pieces;
}

static void link_piece(aurora__trial_instance *instance, aurora__trial_piece *piece, size_t bytes)
{
    piece->bytes = bytes;
    piece->next = instance->pieces.next;
    piece->previous = &instance->pieces;
    piece->next->previous = piece;
    instance->pieces.next = piece;
}

static bool is_out(aurora__trial_instance *instance)
{
    aurora__trial *world = instance->world;
    if (!aurora__trial_fault(world, world->options.memory, 10000))
        return false;
    world->report->faults++;
    aurora_sim_note(world, "handle %u: out of memory", instance->number);
    return true;
}

static void *allocate(void *self, size_t bytes)
{
    aurora__trial_instance *instance = self;
    if (is_out(instance))
        return NULL;
    aurora__trial_piece *piece = malloc(sizeof *piece + bytes);
    if (piece == NULL)
        return NULL;
    link_piece(instance, piece, bytes);
    return piece + 1;
}

static void *reallocate(void *self, void *memory, size_t bytes)
{
    if (memory == NULL)
        return allocate(self, bytes);
    aurora__trial_instance *instance = self;
    if (is_out(instance))
        return NULL;
    aurora__trial_piece *piece = (aurora__trial_piece *)memory - 1;
    unlink_piece(piece);
    aurora__trial_piece *grown = realloc(piece, sizeof *piece + bytes);
    link_piece(instance, grown == NULL ? piece : grown, grown == NULL ? piece->bytes : bytes);
    /* cppcheck-suppress memleak ; it stands in the list of pieces */
    return grown == NULL ? NULL : grown + 1;
}

static void release(void *self, void *memory)
{
    (void)self;
    if (memory == NULL)
        return;
    aurora__trial_piece *piece = (aurora__trial_piece *)memory - 1;
    unlink_piece(piece);
    free(piece);
}

aurora_allocator aurora__trial_memory_allocator(aurora__trial_instance *instance)
{
    return (aurora_allocator){.size = sizeof(aurora_allocator),
                              .self = instance,
                              .allocate = allocate,
                              .reallocate = reallocate,
                              .release = release};
}

/* --- what outlives a process ------------------------------------------------------------------ */

static void *allocate_counted(void *self, size_t bytes)
{
    aurora__trial *world = self;
    void *memory = malloc(bytes);
    world->disk_pieces += memory != NULL;
    return memory;
}

static void *reallocate_counted(void *self, void *memory, size_t bytes)
{
    return memory == NULL ? allocate_counted(self, bytes) : realloc(memory, bytes);
}

static void release_counted(void *self, void *memory)
{
    aurora__trial *world = self;
    world->disk_pieces -= memory != NULL;
    free(memory);
}

aurora_allocator aurora__trial_disk_allocator(aurora__trial *world)
{
    return (aurora_allocator){.size = sizeof(aurora_allocator),
                              .self = world,
                              .allocate = allocate_counted,
                              .reallocate = reallocate_counted,
                              .release = release_counted};
}
