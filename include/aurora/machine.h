/* SPDX-License-Identifier: MIT */
/* State machines as constant tables: ours, to generate diagrams from and to check against, and
 * yours. No handle, no memory, no clock. */
#ifndef AURORA_MACHINE_H
#define AURORA_MACHINE_H

#include <aurora/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A table of (state_count + 1) rows of (event_count + 1) cells: cells[state * (event_count + 1) +
 * event] is the next state. States and events count from 1. Row 0 is "does not exist yet", and may
 * lead to a first state; column 0 stays 0. A cell of 0 is illegal, so a missing one is. A state
 * that leads to itself takes the event as a no-op. The names have one more entry than the count,
 * with "" at 0. */
typedef struct {
    uint32_t size;                  /* sizeof(aurora_machine) */
    uint32_t reserved;              /* 0 */
    uint32_t state_count;           /* 1..255 */
    uint32_t event_count;           /* 1..255 */
    const uint8_t *cells;           /* next states, see above */
    const char *const *state_names; /* may be NULL */
    const char *const *event_names; /* may be NULL */
} aurora_machine;

/* The state after `event`; 0 when that is illegal, and for values outside the table. Threads:
 * shared. */
AURORA_API int32_t aurora_machine_next(const aurora_machine *machine, int32_t state, int32_t event);

/* Names from the machine; "" for values outside it or without names. Threads: shared. */
AURORA_API const char *aurora_machine_state_name(const aurora_machine *machine, int32_t state);
AURORA_API const char *aurora_machine_event_name(const aurora_machine *machine, int32_t event);

/* Our three machines. Static. The order's states are AURORA_ORDER_PENDING to
 * AURORA_ORDER_CANCELLED, the reservation's AURORA_RESERVATION_...; the payment's are known by name
 * only. Threads: shared. */
AURORA_API const aurora_machine *aurora_order_machine(void);
AURORA_API const aurora_machine *aurora_reservation_machine(void);
AURORA_API const aurora_machine *aurora_payment_machine(void);

#ifdef __cplusplus
}
#endif
#endif
