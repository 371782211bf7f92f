/* SPDX-License-Identifier: MIT */
/* What a process manager and a daemon tell each other: systemd's notifications (sd_notify(3), by
 * hand: one datagram), signals, and limits of the process. */
#ifndef AURORA_SERVICE_SUPERVISOR_H
#define AURORA_SERVICE_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

/* Sends "READY=1" and the like to $NOTIFY_SOCKET; nothing without one. */
void aurora_supervisor_notify(const char *state);
/* How often the manager wants WATCHDOG=1, in milliseconds; 0 = it does not. */
int64_t aurora_supervisor_watchdog_ms(void);

enum {
    AURORA_SUPERVISOR_NOTHING = 0, /* the time ran out */
    AURORA_SUPERVISOR_STOP = 1,    /* SIGTERM or SIGINT */
    AURORA_SUPERVISOR_RELOAD = 2   /* SIGHUP */
};

/* To be called before any thread is started: the three signals wait for aurora_supervisor_wait,
 * and SIGPIPE is ignored. */
void aurora_supervisor_begin(void);
/* Waits for a signal, at most so long. */
int32_t aurora_supervisor_wait(int64_t timeout_ms);
/* From now on SIGTERM and SIGINT end the process at once: the one who drains does not wait for
 * ever. */
void aurora_supervisor_let_go(void);

/* A crash writes no core, and no other process of the same user reads our memory: it holds keys and
 * what people order. To be called first. Builds with a sanitizer stay readable, since their leak
 * check reads itself. */
void aurora_supervisor_seal(void);
/* Takes that back, up to the hard limit of the process (`unseal`), or makes it final. */
void aurora_supervisor_settle(bool unseal);

/* Raises the limit of open descriptors to `wanted`, or as far as it goes. Returns what it is. */
uint64_t aurora_supervisor_raise_files(uint64_t wanted);

#endif
