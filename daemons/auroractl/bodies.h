/* SPDX-License-Identifier: MIT */
/* Results of the library as the bodies of the HTTP API: what a store answers in place of a
 * server. */
#ifndef AURORACTL_BODIES_H
#define AURORACTL_BODIES_H

#include <aurora/aurora.h>

#include "http/json_out.h"

/* Each writes one object, at the top or in an array. */
void ctl_body_order(aurora_json_out *out, const aurora_order *order);
void ctl_body_transition(aurora_json_out *out, const aurora_transition *step);
void ctl_body_product(aurora_json_out *out, const aurora_product *product);
void ctl_body_stock(aurora_json_out *out, const char *sku, const aurora_stock *stock);
void ctl_body_saga(aurora_json_out *out, const aurora_saga *saga);
void ctl_body_dead_letter(aurora_json_out *out, const aurora_dead_letter *letter);
void ctl_body_event(aurora_json_out *out, const aurora_event *event);

#endif
