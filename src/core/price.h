/* SPDX-License-Identifier: MIT */
/* The order service's own price list: a copy of what product events said, with markers of deleted
 * products. aurora__price_on_event (step.h) is what changes it: an event whose version is not above
 * the stored one changes nothing, so that neither a repeat nor a late upsert can bring back an old
 * price or a deleted product. */
#ifndef AURORA_CORE_PRICE_H
#define AURORA_CORE_PRICE_H

#include "core/step.h"

/* Wants the price row of a SKU: before any product event of it is delivered. */
aurora_status aurora__price_want(aurora__step *step, const char *sku);

#endif
