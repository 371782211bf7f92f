/* SPDX-License-Identifier: MIT */
/* Results of the library as the bodies of the HTTP API. The routes answer with them, and so does
 * auroractl where it asks a store in place of a server. */
#ifndef AURORA_ROUTES_BODIES_H
#define AURORA_ROUTES_BODIES_H

#include <aurora/aurora.h>

#include "http/json_out.h"

/* Each writes one object, at the top or in an array. */
void aurora_body_order(aurora_json_out *out, const aurora_order *order);
void aurora_body_transition(aurora_json_out *out, const aurora_transition *step);
void aurora_body_product(aurora_json_out *out, const aurora_product *product);
void aurora_body_stock(aurora_json_out *out, const char *sku, const aurora_stock *stock);
void aurora_body_saga(aurora_json_out *out, const aurora_saga *saga);
/* Of an order that this store does not have: an operator may have ended what others tell of it. */
void aurora_body_saga_unknown(aurora_json_out *out, aurora_id order_id);
void aurora_body_dead_letter(aurora_json_out *out, const aurora_dead_letter *letter);
void aurora_body_notification(aurora_json_out *out, const aurora_notification *notification);
void aurora_body_event(aurora_json_out *out, const aurora_event *event);

/* Leaves the object and the array of hits open: the page's end closes both. Facets are those of the
 * whole search, and null on later pages, which do not count them again. */
void aurora_body_search_open(aurora_json_out *out, const aurora_search_page *page, bool is_first);

/* The order's JSON in memory of malloc's; NULL without memory. */
char *aurora_body_order_text(const aurora_order *order, size_t *len_out);

#endif
