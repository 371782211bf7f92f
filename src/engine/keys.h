/* SPDX-License-Identifier: MIT */
/* Which order was made under an idempotency key: fingerprints of the last 24 hours in memory. The
 * truth is the order row, which holds scope, key and hash: a fingerprint only says which rows to
 * look at. Filled from the store, in slices between batches and at the first keyed command what is
 * missing then; by our own batches from then on, and by the tail when another process wrote. Only
 * the driving thread may use it, but for the fingerprint itself. */
#ifndef AURORA_ENGINE_KEYS_H
#define AURORA_ENGINE_KEYS_H

#include "engine/engine.h"

/* Makes engine->keys, empty. AURORA_ENOMEM, AURORA_EIO without random bytes. */
aurora_status aurora__keys_new(aurora__engine *engine);
void aurora__keys_free(aurora__engine *engine);

/* A keyed hash of scope (NULL = the host's) and key, never 0. Any thread. */
uint64_t aurora__keys_fingerprint(const aurora__engine *engine, const char *scope, const char *key);

/* Reads on in the orders of the last 24 hours, outside of a batch, for about budget_ns. */
void aurora__keys_prepare(aurora__engine *engine, int64_t budget_ns);
/* Whether what is left to be read is little enough for a batch. */
bool aurora__keys_is_near(const aurora__engine *engine);

/* Reads what is missing of the orders of the last 24 hours. Called before find, inside the batch
 * that will decide, so that nothing can be written between the two. */
aurora_status aurora__keys_fill(aurora__engine *engine, aurora__turn *turn);

/* Others may have made orders that cannot be noted any more: all is read again. */
void aurora__keys_forget(aurora__engine *engine);

/* The next order that may have this key; start with *place = 0. False when there is no more. */
bool aurora__keys_find(const aurora__engine *engine, uint64_t fingerprint, uint32_t *place,
                       aurora_id *id_out);

/* Makes room, so that the add that follows a decision cannot fail. */
aurora_status aurora__keys_reserve(aurora__engine *engine, uint64_t fingerprint, int64_t now_ms);
/* Adding what is there, and removing what is not, are no-ops. */
void aurora__keys_add(aurora__engine *engine, uint64_t fingerprint, const aurora_id *id);
void aurora__keys_remove(aurora__engine *engine, uint64_t fingerprint, const aurora_id *id);

/* Another process made this order. */
aurora_status aurora__keys_note(aurora__engine *engine, aurora__turn *turn, const aurora_id *id);

/* Whether an order made at that time still holds its key. */
bool aurora__keys_is_live(const aurora__engine *engine, int64_t created_at, int64_t now_ms);

/* For how long keys are kept. */
int64_t aurora__keys_keep_ms(const aurora__engine *engine);

/* How many are remembered. */
uint64_t aurora__keys_count(const aurora__engine *engine);

#endif
