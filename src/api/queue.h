/* SPDX-License-Identifier: MIT */
/* Inside a queue, for the files that fill and empty it. */
#ifndef AURORA_API_QUEUE_H
#define AURORA_API_QUEUE_H

#include <pthread.h>

#include "api/order_place.h"

#include <aurora/queue.h>

struct aurora_queue {
    aurora__flush flush; /* first: the engine hands these back */
    aurora__closer closer;
    aurora_allocator allocator;
    aurora_t *shop; /* while is_closed is false */
    pid_t pid;
    bool has_worker;
    int fd;      /* readable while completions wait */
    int wake_fd; /* counts `wakes` */
    atomic_uint wakes;
    uint32_t capacity;
    pthread_mutex_t lock;
    /* Guarded by the lock. */
    uint32_t
        references; /* the host's, the closer's, one per request in flight, one while flushing */
    uint32_t used;  /* submitted and not yet taken */
    uint32_t first;
    uint32_t count; /* in the ring */
    bool is_signalled;
    bool is_closed; /* the handle is */
    bool is_freed;
    aurora_completion *ring;
};

/* Enters the handle and books room and a reference each for at most `count` requests. */
aurora_status aurora__queue_enter(aurora_queue *queue, uint32_t count, uint32_t *room_out);

/* Gives back room and references of requests that were not accepted after all. */
void aurora__queue_unbook(aurora_queue *queue, uint32_t count);

/* Answers one request and gives up its reference. is_in_turn: from `finish` of a command, so that
 * takers are woken once a turn. */
void aurora__queue_complete(aurora_queue *queue, const aurora_completion *completion,
                            aurora__engine *engine, bool is_in_turn);

/* The others are called with the lock held. */

/* Adds a completion; drops it where the queue was freed. */
void aurora__queue_push(aurora_queue *queue, const aurora_completion *completion);
/* Makes the descriptor readable if completions wait. */
void aurora__queue_signal(aurora_queue *queue);
/* Unlocks and gives up references; the last one frees the queue. */
void aurora__queue_unlock(aurora_queue *queue, uint32_t references);

#endif
