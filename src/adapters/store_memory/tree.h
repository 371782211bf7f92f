/* SPDX-License-Identifier: MIT */
/* An ordered tree (a B+ tree copied on write) of items by key. NULL is the empty tree. A root that
 * was published never changes; writers get a new root. Not a place for rows or tables. */
#ifndef AURORA_ADAPTERS_STORE_MEMORY_TREE_H
#define AURORA_ADAPTERS_STORE_MEMORY_TREE_H

#include "key.h"
#include "object.h"

typedef struct aurora__memory_node aurora__memory_node;

/* What a tree holds: begins a row, an index entry or a log row. */
typedef struct {
    aurora__memory_object object;
    uint32_t key_length;
    uint32_t row_key_at; /* index entries: where the row's own key begins in the key */
    uint8_t key[];
} aurora__memory_item;

/* The item with exactly this key, or NULL. */
aurora__memory_item *aurora__memory_tree_find(const aurora__memory_node *root,
                                              const aurora__memory_key *key);

/* Adds an item. One with the same key is retired and replaced if may_replace, else the answer is
 * AURORA_ECONFLICT. After a failure the tree may only be given up with its transaction. */
aurora_status aurora__memory_tree_put(aurora__memory_changes *changes, aurora__memory_node **root,
                                      aurora__memory_item *item, bool may_replace);

/* Removes and retires the item with this key, which must be there. AURORA_ENOMEM, as above. */
aurora_status aurora__memory_tree_remove(aurora__memory_changes *changes,
                                         aurora__memory_node **root, const aurora__memory_key *key);

/* Frees all nodes and items. */
void aurora__memory_tree_free(const aurora_allocator *allocator, aurora__memory_node *root);

#define AURORA__MEMORY_DEPTH_MAX 16

/* A place between two items. */
typedef struct {
    const aurora__memory_node *path[AURORA__MEMORY_DEPTH_MAX];
    uint32_t at[AURORA__MEMORY_DEPTH_MAX];
    uint32_t depth; /* 0 in an empty tree */
} aurora__memory_cursor;

/* Before the first item whose leading bytes are not below the key, or with is_after above it. */
void aurora__memory_cursor_seek(aurora__memory_cursor *cursor, const aurora__memory_node *root,
                                const aurora__memory_key *key, bool is_after);

/* Steps over the next or previous item and returns it; NULL at the end. A cursor walks in one
 * direction only. */
aurora__memory_item *aurora__memory_cursor_next(aurora__memory_cursor *cursor);
aurora__memory_item *aurora__memory_cursor_previous(aurora__memory_cursor *cursor);

#endif
