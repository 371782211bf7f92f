/* SPDX-License-Identifier: MIT */
/* The demo catalogue of auroractl seed: a small shop of things for kitchen, desk, garden, walks and
 * evenings. */
#ifndef AURORACTL_CATALOGUE_H
#define AURORACTL_CATALOGUE_H

#include <stdint.h>

#define CTL_CATALOGUE_CURRENCY "EUR"

typedef struct {
    const char *sku;
    const char *name;
    const char *category;
    const char *brand;
    const char *description;
    int32_t price_minor;
    int32_t stock;
} ctl_catalogue_item;

/* The table is static. */
const ctl_catalogue_item *ctl_catalogue(uint32_t *count_out);

#endif
