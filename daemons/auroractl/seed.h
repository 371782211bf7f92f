/* SPDX-License-Identifier: MIT */
/* Orders for the demo catalogue, so that trending and related products have something to show. */
#ifndef AURORACTL_SEED_H
#define AURORACTL_SEED_H

#include "shop.h"

/* Places orders number 1 to `count`, always the same; one that is there is left alone. An exit
 * status. */
int ctl_seed_orders(ctl_shop *shop, uint32_t count);

#endif
