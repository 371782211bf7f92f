/* SPDX-License-Identifier: MIT */
/* Parked events run again, inside a batch. A key's events are numbered from 1 in the order of their
 * coming; those that were taken are gone. */
#ifndef AURORA_ENGINE_REDRIVE_H
#define AURORA_ENGINE_REDRIVE_H

#include "engine/engine.h"

/* Whose events of which key: an order's, or any other text, such as a SKU. */
typedef struct {
    uint32_t module; /* AURORA__MODULE_... */
    aurora_id order_id;
    const char *key; /* NULL = the order's id */
} aurora__parked_at;

/* Which of a key's events one transaction looks at: a key may have more than fit into it. Filled by
 * aurora__redrive_keys, for the same command's decision. */
typedef struct {
    int64_t first; /* 0 = the key was not parked then */
    int64_t last;
    bool is_more; /* aurora__redrive_run: others are left for another transaction */
} aurora__parked_part;

/* The module of a consumer's name, 0 for a name that parks nothing. */
uint32_t aurora__redrive_module(const char *consumer);

/* Wants the rows of a parked key, and what its order needs. */
aurora_status aurora__redrive_keys(aurora__turn *turn, const aurora__parked_at *at,
                                   aurora__parked_part *part);

/* Whether the key is parked. AURORA__NEED_KEYS. */
aurora_status aurora__redrive_is_parked(aurora__step *step, const aurora__parked_at *at,
                                        bool *is_parked_out);

/* Delivers the events in order and unparks the key with the last one. AURORA_OK also when one still
 * fails: *failed_out says how, that one and those behind it stay; and when there is no room for all
 * of them: part->is_more. AURORA_ENOTFOUND. */
aurora_status aurora__redrive_run(aurora__step *step, const aurora__parked_at *at,
                                  aurora__parked_part *part, uint32_t *taken_out,
                                  aurora_status *failed_out);

/* Drops the first event, which somebody says is done in truth; *is_left_out tells whether the key
 * stays parked because of others. */
aurora_status aurora__redrive_drop_first(aurora__step *step, const aurora__parked_at *at,
                                         const aurora__parked_part *part, bool *is_left_out);

/* Drops all of them: nobody will ever take them. No error when the key is not parked;
 * AURORA_ECONFLICT where there are more than one transaction takes. */
aurora_status aurora__redrive_drop_all(aurora__step *step, const aurora__parked_at *at,
                                       const aurora__parked_part *part);

/* An operator's order.repair that came over a bus to a participant whose key is parked: the events
 * run again, or the first is dropped and the mark goes past the others. */
aurora_status aurora__redrive_repair(aurora__step *step, const aurora__parked_at *at,
                                     aurora__parked_part *part, const aurora__event *repair);

/* Runs the rest of a key's events by commands of the engine's own, as long as there are more and
 * they can be taken. `at` without a key. Nobody is told; should the process end before, they stay
 * parked. Called by the driving thread. */
void aurora__redrive_rest(aurora__engine *engine, const aurora__parked_at *at);

#endif
