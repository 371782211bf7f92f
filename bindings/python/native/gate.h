/* SPDX-License-Identifier: MIT */
/* What stands between Python and a handle or a queue, so that misuse is an exception and not a
 * crash: a call after close, or while another thread closes, finds the gate shut. A gate outlives
 * what it guards and is freed when no Python object has it any more. Callers hold no GIL in here.
 *
 * Not a place for what the library does: it only counts who is inside. */
#ifndef AURORA_PYTHON_GATE_H
#define AURORA_PYTHON_GATE_H

#include <stdatomic.h>
#include <sys/types.h>

#include <aurora/aurora.h>

enum { GATE_OPEN, GATE_SHUT, GATE_WAITS /* for the end of a fork: who comes waits too */ };

struct gate {
    atomic_long inside; /* calls between enter and leave */
    atomic_int state;   /* GATE_... */
    pid_t pid;
};

/* A handle and whoever may be inside of it. */
typedef struct {
    struct gate gate;
    atomic_int is_closing; /* somebody closes `shop`, or has */
    aurora_t *shop;
    aurora_log log; /* its self is `log_self`; write is NULL when nothing is logged */
} python_shop;

typedef struct {
    struct gate gate;
    aurora_queue *queue;
} python_queue;

/* AURORA_OK, and then a leave is owed; AURORA_ECLOSED; AURORA_EREENTRANT inside a log callback. */
aurora_status python_gate_enter(struct gate *gate);
void python_gate_leave(struct gate *gate);

#endif
