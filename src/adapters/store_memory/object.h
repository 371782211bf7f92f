/* SPDX-License-Identifier: MIT */
/* The pieces that trees are made of (nodes, rows, entries) and who owns them: those made by the
 * running write transaction may be changed and are freed by its rollback; all others are shared
 * with readers, are never changed, and can only be retired. */
#ifndef AURORA_ADAPTERS_STORE_MEMORY_OBJECT_H
#define AURORA_ADAPTERS_STORE_MEMORY_OBJECT_H

#include <aurora/allocator.h>
#include <aurora/status.h>

/* The links belong to the writer, readers never look at them. */
typedef struct aurora__memory_object {
    struct aurora__memory_object *next;
    struct aurora__memory_object *previous;
    uint64_t writer; /* number of the write transaction that made it */
    size_t size;
} aurora__memory_object;

/* What one write transaction has made and retired so far. */
typedef struct {
    const aurora_allocator *allocator;
    uint64_t writer;
    aurora__memory_object *fresh;   /* made here, doubly linked */
    aurora__memory_object *retired; /* of earlier transactions, linked by next */
    int64_t bytes;                  /* of `fresh` */
} aurora__memory_changes;

/* A new object of `size` bytes, header included, or NULL. */
void *aurora__memory_object_new(aurora__memory_changes *changes, size_t size);

/* Takes an object out of use: freed at once if this transaction made it, else put on `retired`. */
void aurora__memory_object_retire(aurora__memory_changes *changes, aurora__memory_object *object);

/* Frees a list linked by next; returns the bytes freed. */
int64_t aurora__memory_objects_free(const aurora_allocator *allocator, aurora__memory_object *list);

#endif
