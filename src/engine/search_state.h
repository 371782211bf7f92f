/* SPDX-License-Identifier: MIT */
/* What the files of the follower "search" share. */
#ifndef AURORA_ENGINE_SEARCH_STATE_H
#define AURORA_ENGINE_SEARCH_STATE_H

#include "engine/internal.h"
#include "engine/search.h"

#define AURORA__SEARCH_CHANGES_MAX 4096 /* in memory: then the log is read again later */

/* One event that waits to be applied. */
typedef struct aurora__search_item {
    struct aurora__search_item *next;
    int64_t position;
    int64_t at_ns;           /* real time when it was fed */
    aurora_product *product; /* a result; of a deleted one only the SKU is filled */
    uint64_t version;
    bool is_deleted;
} aurora__search_item;

typedef struct {
    aurora__follower head;
    aurora__closer closer;
    aurora_search_port port;
    pthread_t thread;
    bool has_thread;
    /* The driving thread's. */
    int64_t checked_ns;
    /* Guarded by `lock`. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    aurora__search_item *first;
    aurora__search_item *last;
    uint32_t count;
    int64_t fed;     /* every event up to here is in the list, or none of ours */
    int64_t applied; /* the index holds every event up to here, as far as we know */
    uint64_t stream; /* grows when the list starts over: what was under way then is void */
    int64_t hold_ns; /* real time: the last attempt failed */
    int64_t saved_ns;
    bool is_lost; /* the index is not where we thought: its state is to be read */
    bool is_rebuilding;
    bool is_busy; /* somebody applies */
    bool is_closing;
    bool has_complained;
} aurora__search;

/* --- search_list.c ---------------------------------------------------------------------------- */

/* What is taken off the list to be applied: events above `from` up to `to`. */
typedef struct {
    aurora__search_item *first;
    aurora__search_item *last;
    uint32_t count;
    uint64_t stream;
    int64_t from;
    int64_t to;
} aurora__search_portion;

int64_t aurora__search_clock_ns(void);
/* The follower's feed: appends a change. */
aurora_status aurora__search_feed(aurora__follower *follower, const aurora__event *event,
                                  int64_t position);
/* Takes changes off the list, or the position alone. False where there is nothing to do, or
 * somebody is at it. The lock is held. */
bool aurora__search_take(aurora__search *self, uint32_t limit, aurora__search_portion *out);
/* Back to the front of the list, unless that started over meanwhile. The lock is held. */
void aurora__search_put_back(aurora__search *self, aurora__search_portion *from);
/* Frees a chain that is off the list. */
void aurora__search_free_items(aurora__search *self, aurora__search_item *item);
/* The list starts over behind `position`; the lock is not held. For the driving thread. */
void aurora__search_start_at(aurora__search *self, int64_t position, bool is_rebuilding);

/* --- search.c --------------------------------------------------------------------------------- */

/* Notes that a call of the port failed: nothing is tried for a while. */
void aurora__search_failed(aurora__search *self, aurora_status status);

/* --- search_rebuild.c ------------------------------------------------------------------------- */

/* Reads where the index is and starts there; begins a rebuild where the log cannot tell what is
 * missing. For the driving thread. */
aurora_status aurora__search_attach(aurora__search *self);
/* The same where retention passed the follower. */
aurora_status aurora__search_overtaken(aurora__follower *follower, aurora_store_txn *txn);
/* Adds at most `limit` products to the generation that is being filled. */
void aurora__search_page(aurora__search *self, uint32_t limit);

/* The log's id at a position; zero where there is none. */
aurora_status aurora__search_log_id(aurora__engine *engine, aurora_store_txn *txn, int64_t position,
                                    aurora_id *out);

#endif
