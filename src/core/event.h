/* SPDX-License-Identifier: MIT */
/* Events as the modules see them. Kinds are the public numbers of <aurora/event.h>. */
#ifndef AURORA_CORE_EVENT_H
#define AURORA_CORE_EVENT_H

#include "core/tables.h"

/* What every event of one saga carries unchanged: copied unread by each participant. */
typedef struct {
    const char *customer_id;
    const char *contact;
    const char *currency;
    const char *payment_method;
    int64_t total_minor;
    int64_t deadline_at;
    int64_t placed_at;
    const char *traceparent;
} aurora__saga;

/* One event. Texts are in the batch's arena or in rows of it. Fields that a kind does not use are
 * zero. */
typedef struct aurora__event {
    int32_t kind;
    bool is_resend;
    aurora_id order_id;
    int64_t order_version;
    int64_t at_ms;
    int32_t reason;
    const aurora__saga *saga;
    const char *lines;        /* order.created, order.completed: as orders.lines */
    const char *short_lines;  /* inventory.rejected: as reservations.short_lines */
    int64_t amount_minor;     /* payment.* */
    const char *decline_code; /* payment.declined */
    /* order.repair */
    int32_t action;
    int32_t participant;
    int32_t result;
    const char *actor;
    const char *note;
    /* product.* */
    const char *sku;
    const aurora__product_row *product; /* product.upserted */
    int64_t product_version;            /* product.deleted */
    int64_t count;                      /* product.viewed */
} aurora__event;

#endif
