/* SPDX-License-Identifier: MIT */
/* Many products into a shop at once: what products import, seed and replay do. */
#ifndef AURORACTL_PRODUCT_PUT_H
#define AURORACTL_PRODUCT_PUT_H

#include "shop.h"

#define CTL_PUT_MAX 1000

/* What became of one product. */
typedef struct {
    bool is_stored;
    char field[64]; /* of a refused one: what to blame, and why */
    char why[188];
} ctl_put;

/* Puts `count` products (1..CTL_PUT_MAX), each for itself: a refused one stops no other. Every one
 * has its own result when the status is AURORA_OK. */
aurora_status ctl_products_put(ctl_shop *shop, const aurora_product_input *const *inputs,
                               uint32_t count, ctl_put *puts_out, aurora_error *err);

#endif
