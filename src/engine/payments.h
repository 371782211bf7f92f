/* SPDX-License-Identifier: MIT */
/* Who makes payment calls inside the engine: the simulator, or a port of the host's. Hosts that
 * take tasks need none of it. */
#ifndef AURORA_ENGINE_PAYMENTS_H
#define AURORA_ENGINE_PAYMENTS_H

#include "core/payment.h"
#include "engine/engine.h"

/* Makes one call of a port, under no lock, on the driving thread. AURORA_OK: begun; AURORA_EBUSY:
 * not begun, to be asked again; anything else: unknown. The task is valid during the call. */
typedef aurora_status (*aurora__port_call)(void *self, const aurora__payment_task *task);

/* Starts to make calls: by the simulator when `call` is NULL. */
aurora_status aurora__payments_drive(aurora__engine *engine, aurora__port_call call, void *self);
/* No call is leased or made any more; returns when none is being made. */
void aurora__payments_stop(aurora__engine *engine);
void aurora__payments_free(aurora__engine *engine);

/* A command that reports an outcome, AURORA_OUTCOME_NOT_BEGUN too. */
aurora__command *aurora__payment_finish_command(aurora__engine *engine, const aurora_id *task_id,
                                                const aurora__payment_result *result);

#endif
