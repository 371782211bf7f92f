/* SPDX-License-Identifier: MIT */
/* The order module: commands on orders and what it answers to the participants' events. */
#ifndef AURORA_CORE_ORDER_H
#define AURORA_CORE_ORDER_H

#include "core/step.h"

#include <aurora/order.h>

typedef struct {
    const char *sku;
    int64_t quantity;
    int64_t unit_price_minor; /* only with own prices */
} aurora__place_line;

/* A request that passed its checks: texts belong to the command. */
typedef struct {
    aurora_id id; /* drawn at admission; the lowest three bits are 0 */
    bool has_own_prices;
    const char *key_scope;
    const char *key; /* NULL = none */
    uint8_t key_hash[32];
    const char *reference;
    const char *customer_id;
    const char *currency;
    const char *payment_method;
    const char *contact;
    const char *traceparent;
    const char *charges;  /* as orders.charges, or NULL */
    const char *metadata; /* as orders.metadata, or NULL */
    int64_t charges_minor;
    int64_t placed_at; /* 0 = now */
    const aurora__place_line *lines;
    uint32_t line_count;
} aurora__place;

typedef struct {
    aurora_id order_id;
    int32_t action;
    int32_t participant;
    int32_t result;
    const char *actor;
    const char *note;
} aurora__repair;

/* Wants the rows that placing needs; call until nothing new is wanted. */
aurora_status aurora__order_place_keys(aurora__step *step, const aurora__place *place);

/* Stores the order as PENDING and emits order.created. AURORA_ETAKEN with the first order's id in
 * *taken_by_out; AURORA_EUNKNOWNSKU and AURORA_ECURRENCY with the line's index in *line_out. */
aurora_status aurora__order_place(aurora__step *step, const aurora__place *place,
                                  aurora_id *taken_by_out, uint32_t *line_out);

/* A customer's or an operator's cancel. */
aurora_status aurora__order_cancel(aurora__step *step, const aurora_id *order_id, int32_t reason,
                                   const char *actor, const char *note);

/* The order's timer: its deadline, or its resend. What fires is decided by its state. */
aurora_status aurora__order_due(aurora__step *step, const aurora_id *order_id);

/* An operator's act: emits order.repair for a participant, or compensates. */
aurora_status aurora__order_repair(aurora__step *step, const aurora__repair *repair);

/* Sets or clears the flag that says that the order's own key is parked. */
aurora_status aurora__order_flag_poison(aurora__step *step, const aurora_id *order_id,
                                        bool is_parked);

/* The saga's data out of the order's row. NULL when memory is out. */
const aurora__saga *aurora__order_saga(aurora__step *step, const aurora__order_row *order);

#endif
