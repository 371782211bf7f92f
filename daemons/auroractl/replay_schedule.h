/* SPDX-License-Identifier: MIT */
/* Which order of a replay goes next. Where stock is scarce, who gets it is settled by the order of
 * the file: then an order waits until every earlier one that sells one of its SKUs is done, and
 * others travel beside it. Pure. */
#ifndef AURORACTL_REPLAY_SCHEDULE_H
#define AURORACTL_REPLAY_SCHEDULE_H

#include "retail.h"

typedef struct {
    const ctl_retail_file *file;
    uint32_t *ready; /* numbers in the order in which they may go */
    uint32_t ready_count;
    uint32_t next;   /* of `ready` */
    uint32_t *again; /* put back, a stack */
    uint32_t again_count;
    uint32_t *waits;    /* per order: SKUs that an earlier order holds; NULL = nobody waits */
    size_t *starts;     /* per order: its first line among all lines of orders */
    uint32_t *follower; /* per line: the order that waits for it */
} ctl_replay_schedule;

/* Over the first `count` orders. False without memory; to be deinited in any case. */
bool ctl_replay_schedule_init(ctl_replay_schedule *schedule, const ctl_retail_file *file,
                              uint32_t count, bool is_strict);
void ctl_replay_schedule_deinit(ctl_replay_schedule *schedule);

/* Up to `capacity` orders that may go now, those put back first. Returns how many. They stay until
 * ctl_replay_schedule_advance says how many of them went. */
uint32_t ctl_replay_schedule_peek(const ctl_replay_schedule *schedule, uint32_t *numbers_out,
                                  uint32_t capacity);
void ctl_replay_schedule_advance(ctl_replay_schedule *schedule, uint32_t count);

/* An order that went has to go again, or is done. */
void ctl_replay_schedule_put_back(ctl_replay_schedule *schedule, uint32_t number);
void ctl_replay_schedule_done(ctl_replay_schedule *schedule, uint32_t number);

#endif
