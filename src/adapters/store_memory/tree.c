/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <string.h>

#define FANOUT 64
#define MERGE_BELOW (FANOUT / 4)

/* Entry i of an inner node carries the smallest item below child i, so no key outlives its item.
 * Most comparisons are decided by `heads`, without touching the items. Leaves are allocated without
 * `children`. */
struct aurora__memory_node {
    aurora__memory_object object;
    uint32_t count;
    uint32_t is_leaf;
    uint64_t heads[FANOUT];
    aurora__memory_item *items[FANOUT];
    aurora__memory_node *children[];
};

static int compare(const aurora__memory_node *node, uint32_t i, const aurora__memory_key *key)
{
    uint64_t head = node->heads[i] & key->mask;
    if (head != key->head)
        return head < key->head ? -1 : 1;
    if (key->length <= 8)
        return 0;
    const aurora__memory_item *item = node->items[i];
    size_t length = item->key_length < key->length ? item->key_length : key->length;
    return length <= 8 ? 0 : memcmp(item->key + 8, key->bytes + 8, length - 8);
}

/* The first entry not below the key, or with is_after the first above it. */
static uint32_t seek(const aurora__memory_node *node, const aurora__memory_key *key, bool is_after)
{
    uint32_t low = 0;
    uint32_t high = node->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = compare(node, middle, key);
        if (order < 0 || (order == 0 && is_after))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The child that holds the key if any does. */
static uint32_t child_of(const aurora__memory_node *node, const aurora__memory_key *key)
{
    uint32_t i = seek(node, key, true);
    return i == 0 ? 0 : i - 1;
}

aurora__memory_item *aurora__memory_tree_find(const aurora__memory_node *root,
                                              const aurora__memory_key *key)
{
    const aurora__memory_node *node = root;
    if (node == NULL)
        return NULL;
    while (!node->is_leaf)
        node = node->children[child_of(node, key)];
    uint32_t i = seek(node, key, false);
    return i < node->count && compare(node, i, key) == 0 ? node->items[i] : NULL;
}

/* --- changing nodes ------------------------------------------------------------------------- */

static aurora__memory_node *node_new(aurora__memory_changes *changes, uint32_t is_leaf)
{
    size_t size = sizeof(aurora__memory_node);
    if (!is_leaf)
        size += FANOUT * sizeof(aurora__memory_node *);
    aurora__memory_node *node = aurora__memory_object_new(changes, size);
    if (node != NULL) {
        node->count = 0;
        node->is_leaf = is_leaf;
    }
    return node;
}

/* Copies `count` entries; the ranges may overlap in one node. */
static void move_entries(aurora__memory_node *to, uint32_t to_at, const aurora__memory_node *from,
                         uint32_t from_at, uint32_t count)
{
    memmove(to->heads + to_at, from->heads + from_at, count * sizeof to->heads[0]);
    memmove(to->items + to_at, from->items + from_at, count * sizeof(void *));
    if (!to->is_leaf)
        memmove(to->children + to_at, from->children + from_at, count * sizeof(void *));
}

/* Makes *slot a node of this transaction. */
static aurora__memory_node *writable(aurora__memory_changes *changes, aurora__memory_node **slot)
{
    aurora__memory_node *node = *slot;
    if (node->object.writer == changes->writer)
        return node;
    aurora__memory_node *copy = node_new(changes, node->is_leaf);
    if (copy == NULL)
        return NULL;
    move_entries(copy, 0, node, 0, node->count);
    copy->count = node->count;
    aurora__memory_object_retire(changes, &node->object);
    *slot = copy;
    return copy;
}

static void set_item(aurora__memory_node *node, uint32_t i, aurora__memory_item *item)
{
    node->heads[i] = aurora__memory_key_head(item->key, item->key_length);
    node->items[i] = item;
}

static void set_child(aurora__memory_node *node, uint32_t i, aurora__memory_node *child)
{
    node->children[i] = child;
    node->heads[i] = child->heads[0];
    node->items[i] = child->items[0];
}

static void remove_entry(aurora__memory_node *node, uint32_t i)
{
    move_entries(node, i, node, i + 1, node->count - i - 1);
    node->count--;
}

/* Makes room for an entry at *i of *node_io. A full node is split: *right_out is the new right half
 * and *node_io the half that has the room. At the right edge of the tree, where ids that grow with
 * time arrive, the left half stays full. */
static aurora_status open_entry(aurora__memory_changes *changes, aurora__memory_node **node_io,
                                uint32_t *i, bool is_rightmost, aurora__memory_node **right_out)
{
    aurora__memory_node *node = *node_io;
    if (node->count == FANOUT) {
        aurora__memory_node *right = node_new(changes, node->is_leaf);
        if (right == NULL)
            return AURORA_ENOMEM;
        uint32_t kept = is_rightmost && *i == FANOUT ? FANOUT : FANOUT / 2;
        move_entries(right, 0, node, kept, FANOUT - kept);
        right->count = FANOUT - kept;
        node->count = kept;
        *right_out = right;
        if (*i > kept || kept == FANOUT) {
            *i -= kept;
            *node_io = node = right;
        }
    }
    move_entries(node, *i + 1, node, *i, node->count - *i);
    node->count++;
    return AURORA_OK;
}

/* --- put ------------------------------------------------------------------------------------ */

typedef struct {
    aurora__memory_changes *changes;
    aurora__memory_item *item;
    aurora__memory_key key;
    bool may_replace;
} put_step;

static aurora_status put_into_leaf(put_step *step, aurora__memory_node *leaf, bool is_rightmost,
                                   aurora__memory_node **right_out)
{
    uint32_t i = seek(leaf, &step->key, false);
    if (i < leaf->count && compare(leaf, i, &step->key) == 0) {
        if (!step->may_replace)
            return AURORA_ECONFLICT;
        aurora__memory_object_retire(step->changes, &leaf->items[i]->object);
        set_item(leaf, i, step->item);
        return AURORA_OK;
    }
    aurora_status rc = open_entry(step->changes, &leaf, &i, is_rightmost, right_out);
    if (rc == AURORA_OK)
        set_item(leaf, i, step->item);
    return rc;
}

static aurora_status put_below(put_step *step, aurora__memory_node **slot, bool is_rightmost,
                               aurora__memory_node **right_out)
{
    aurora__memory_node *node = writable(step->changes, slot);
    if (node == NULL)
        return AURORA_ENOMEM;
    if (node->is_leaf)
        return put_into_leaf(step, node, is_rightmost, right_out);

    uint32_t i = child_of(node, &step->key);
    aurora__memory_node *right = NULL;
    bool is_last = is_rightmost && i + 1 == node->count;
    aurora_status rc = put_below(step, &node->children[i], is_last, &right);
    if (rc != AURORA_OK)
        return rc;
    set_child(node, i, node->children[i]);
    if (right == NULL)
        return AURORA_OK;
    i++;
    rc = open_entry(step->changes, &node, &i, is_rightmost, right_out);
    if (rc == AURORA_OK)
        set_child(node, i, right);
    return rc;
}

aurora_status aurora__memory_tree_put(aurora__memory_changes *changes, aurora__memory_node **root,
                                      aurora__memory_item *item, bool may_replace)
{
    if (*root == NULL) {
        *root = node_new(changes, 1);
        if (*root == NULL)
            return AURORA_ENOMEM;
    }
    put_step step = {.changes = changes, .item = item, .may_replace = may_replace};
    aurora__memory_key_borrow(&step.key, item->key, item->key_length);
    aurora__memory_node *right = NULL;
    aurora_status rc = put_below(&step, root, true, &right);
    if (rc != AURORA_OK || right == NULL)
        return rc;
    aurora__memory_node *top = node_new(changes, 0);
    if (top == NULL)
        return AURORA_ENOMEM;
    top->count = 2;
    set_child(top, 0, *root);
    set_child(top, 1, right);
    *root = top;
    return AURORA_OK;
}

/* --- remove --------------------------------------------------------------------------------- */

/* Joins child i, which has become small, with a neighbour where both fit into one node. */
static aurora_status merge(aurora__memory_changes *changes, aurora__memory_node *node, uint32_t i)
{
    uint32_t at = i == 0 ? 0 : i - 1;
    if (at + 1 >= node->count)
        return AURORA_OK;
    aurora__memory_node *right = node->children[at + 1];
    if (node->children[at]->count + right->count > FANOUT)
        return AURORA_OK;
    aurora__memory_node *left = writable(changes, &node->children[at]);
    if (left == NULL)
        return AURORA_ENOMEM;
    move_entries(left, left->count, right, 0, right->count);
    left->count += right->count;
    aurora__memory_object_retire(changes, &right->object);
    remove_entry(node, at + 1);
    return AURORA_OK;
}

static aurora_status remove_below(aurora__memory_changes *changes, aurora__memory_node **slot,
                                  const aurora__memory_key *key)
{
    aurora__memory_node *node = writable(changes, slot);
    if (node == NULL)
        return AURORA_ENOMEM;
    if (node->is_leaf) {
        uint32_t at = seek(node, key, false);
        aurora__memory_object_retire(changes, &node->items[at]->object);
        remove_entry(node, at);
        return AURORA_OK;
    }
    uint32_t i = child_of(node, key);
    aurora_status rc = remove_below(changes, &node->children[i], key);
    if (rc != AURORA_OK)
        return rc;
    aurora__memory_node *child = node->children[i];
    if (child->count == 0) {
        aurora__memory_object_retire(changes, &child->object);
        remove_entry(node, i);
        return AURORA_OK;
    }
    set_child(node, i, child);
    return child->count < MERGE_BELOW ? merge(changes, node, i) : AURORA_OK;
}

aurora_status aurora__memory_tree_remove(aurora__memory_changes *changes,
                                         aurora__memory_node **root, const aurora__memory_key *key)
{
    aurora_status rc = remove_below(changes, root, key);
    if (rc != AURORA_OK)
        return rc;
    while (*root != NULL && (*root)->count <= !(*root)->is_leaf) {
        aurora__memory_node *old = *root;
        *root = old->count == 0 ? NULL : old->children[0];
        aurora__memory_object_retire(changes, &old->object);
    }
    return AURORA_OK;
}

void aurora__memory_tree_free(const aurora_allocator *allocator, aurora__memory_node *root)
{
    if (root == NULL)
        return;
    for (uint32_t i = 0; i < root->count; i++) {
        if (root->is_leaf)
            allocator->release(allocator->self, root->items[i]);
        else
            aurora__memory_tree_free(allocator, root->children[i]);
    }
    allocator->release(allocator->self, root);
}

/* --- cursors -------------------------------------------------------------------------------- */

static void enter(aurora__memory_cursor *cursor, const aurora__memory_node *node, uint32_t at)
{
    cursor->path[cursor->depth] = node;
    cursor->at[cursor->depth] = at;
    cursor->depth++;
}

void aurora__memory_cursor_seek(aurora__memory_cursor *cursor, const aurora__memory_node *root,
                                const aurora__memory_key *key, bool is_after)
{
    const aurora__memory_node *node = root;
    cursor->depth = 0;
    while (node != NULL) {
        uint32_t at = seek(node, key, is_after);
        if (!node->is_leaf && at > 0)
            at--;
        enter(cursor, node, at);
        node = node->is_leaf ? NULL : node->children[at];
    }
}

aurora__memory_item *aurora__memory_cursor_next(aurora__memory_cursor *cursor)
{
    if (cursor->depth == 0)
        return NULL;
    uint32_t leaf = cursor->depth - 1;
    if (cursor->at[leaf] == cursor->path[leaf]->count) {
        uint32_t level = leaf;
        while (level > 0 && cursor->at[level - 1] + 1 == cursor->path[level - 1]->count)
            level--;
        if (level == 0)
            return NULL;
        cursor->depth = level;
        cursor->at[level - 1]++;
        while (cursor->depth <= leaf) {
            uint32_t above = cursor->depth - 1;
            enter(cursor, cursor->path[above]->children[cursor->at[above]], 0);
        }
    }
    return cursor->path[leaf]->items[cursor->at[leaf]++];
}

aurora__memory_item *aurora__memory_cursor_previous(aurora__memory_cursor *cursor)
{
    if (cursor->depth == 0)
        return NULL;
    uint32_t leaf = cursor->depth - 1;
    if (cursor->at[leaf] == 0) {
        uint32_t level = leaf;
        while (level > 0 && cursor->at[level - 1] == 0)
            level--;
        if (level == 0)
            return NULL;
        cursor->depth = level;
        cursor->at[level - 1]--;
        while (cursor->depth <= leaf) {
            uint32_t above = cursor->depth - 1;
            const aurora__memory_node *node = cursor->path[above]->children[cursor->at[above]];
            enter(cursor, node, cursor->depth == leaf ? node->count : node->count - 1);
        }
    }
    return cursor->path[leaf]->items[--cursor->at[leaf]];
}
