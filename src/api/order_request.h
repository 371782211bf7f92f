/* SPDX-License-Identifier: MIT */
/* A request for an order on its way into the library: checked where the caller can still be told
 * what is wrong, measured, then copied once. */
#ifndef AURORA_API_ORDER_REQUEST_H
#define AURORA_API_ORDER_REQUEST_H

#include "core/order.h"

#include <aurora/order.h>

/* What stands in aurora_error.field's place where a completion has only a number. */
#define AURORA__NO_LINE UINT32_MAX

/* A request that passed, still in the caller's memory. */
typedef struct {
    aurora_order_request request;
    size_t text_bytes;    /* of all texts that are copied, with their NULs */
    size_t charges_bytes; /* of the JSON text, with its NUL; 0 = none */
    size_t metadata_bytes;
    int64_t charges_minor;
    bool has_trace; /* the request's traceparent is one; anything else is no error, and ignored */
    aurora_trace_context trace;
    uint32_t error_line; /* AURORA__NO_LINE, or the line that was refused */
} aurora__order_draft;

/* Checks and measures. now_ms bounds placed_at_ms; INT64_MAX = no bound. AURORA_EINVAL,
 * AURORA_EOVERFLOW with the field in err. */
aurora_status aurora__order_draft_check(const aurora_order_request *request, int64_t now_ms,
                                        aurora__order_draft *out, aurora_error *err);

/* What fill needs. */
size_t aurora__order_draft_bytes(const aurora__order_draft *draft);

/* Copies the request into `memory`, aligned to 8 bytes, and points *place_out at it. The id and,
 * for a request without a key, the hash stay as they are. */
void aurora__order_draft_fill(const aurora__order_draft *draft, char *memory,
                              aurora__place *place_out);

/* SHA-256 over all that makes the order and nothing that makes the call: not the key, the timeout,
 * the flags about waiting, the trace context. Metadata counts in the order of its names. */
void aurora__order_draft_hash(const aurora__order_draft *draft, uint8_t hash_out[32]);

#endif
