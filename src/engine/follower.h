/* SPDX-License-Identifier: MIT */
/* Followers read the log behind the commit: notification, trending, the customer list, search. In
 * the same process they are fed the events of each own batch directly; after a start, or when
 * another process wrote, they catch up from the log. What they store goes with a later batch, as a
 * command of theirs. */
#ifndef AURORA_ENGINE_FOLLOWER_H
#define AURORA_ENGINE_FOLLOWER_H

#include "engine/engine.h"

typedef struct aurora__follower aurora__follower;

typedef struct {
    const char *name; /* the name of its cursor row */
    /* Every event in order of position, each once while the process lives. Runs on the driving
     * thread; must not block, must not keep pointers into the event. */
    aurora_status (*feed)(aurora__follower *follower, const aurora__event *event, int64_t position);
    /* After a batch, and when idle: returns a command (one reference, given to the engine) that
     * stores what is due, or NULL. Not called again before that command is done. */
    aurora__command *(*work)(aurora__follower *follower, bool is_idle);
    /* The same moments, for what needs no command: a little work of its own outside the store's
     * transactions. True when it did something and more may be left. NULL = nothing. */
    bool (*step)(aurora__follower *follower, bool is_idle);
    /* Retention passed it: forget and rebuild from tables; sets `position`. NULL = start at the
     * oldest kept row. */
    aurora_status (*rebuild)(aurora__follower *follower, aurora_store_txn *txn);
    void (*close)(aurora__follower *follower);
} aurora__follower_class;

/* Embedded first by each follower. */
struct aurora__follower {
    const aurora__follower_class *class_of;
    aurora__engine *engine;
    int64_t position; /* the last event fed; set by its constructor from what it has stored */
    int64_t kinds;    /* bit mask of event kinds it wants; others only move `position` */
    bool is_working;  /* a command of its is under way; the engine sets it, the class clears it */
    bool is_paused;   /* it takes no event for now: the log is not read for it */
};

/* Adds a follower before the engine is driven; at most 8. The engine closes it. */
aurora_status aurora__engine_follow(aurora__engine *engine, aurora__follower *follower);

/* The constructors; each reads its cursor or snapshot with one READ transaction. */
aurora_status aurora__follow_notification(aurora__engine *engine, aurora_error *err);
aurora_status aurora__follow_trending(aurora__engine *engine, aurora_error *err);
aurora_status aurora__follow_customers(aurora__engine *engine, aurora_error *err);

#endif
