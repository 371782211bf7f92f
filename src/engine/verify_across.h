/* SPDX-License-Identifier: MIT */
/* What the files of the audit between stores share. A pair is something that two stores each know
 * one side of; what does not agree at first is a suspect, and looked at again later, since two
 * snapshots are never of one instant. */
#ifndef AURORA_ENGINE_VERIFY_ACROSS_H
#define AURORA_ENGINE_VERIFY_ACROSS_H

#include "engine/verify.h"

#include <aurora/product.h>

/* What is compared. */
typedef enum {
    AURORA__PAIR_STOCK,   /* an order and its reservation */
    AURORA__PAIR_MONEY,   /* an order and its payment */
    AURORA__PAIR_PRICE,   /* a product and its price in the order service */
    AURORA__PAIR_PRODUCT, /* a product and its copy elsewhere */
} aurora__pair;

/* One store that takes part. */
typedef struct {
    aurora__engine *engine;
    aurora_store_txn *txn;
    uint32_t modules;
} aurora__party;

typedef struct {
    aurora__pair pair;
    const aurora__party *left;  /* the order's, the product's */
    const aurora__party *right; /* the participant's, the copy's */
    aurora_id order_id;
    char sku[AURORA_SKU_BYTES_MAX + 1];
    int64_t versions[2]; /* of both sides, -1 = there is none */
    char text[AURORA__FAULT_BYTES];
} aurora__suspect;

typedef struct {
    aurora__verify *verify;
    aurora__party parties[16];
    uint32_t count;
    aurora__suspect *suspects; /* AURORA__VIOLATIONS_MAX */
    uint32_t suspect_count;
    uint64_t more; /* suspects that found no room */
} aurora__across;

/* The judgements: whether the two sides agree; else the suspect's versions and text are filled. A
 * side is NULL where there is no row. */
bool aurora__across_stock(const aurora__order_row *order,
                          const aurora__reservation_row *reservation, aurora__suspect *out);
bool aurora__across_money(const aurora__order_row *order, const aurora__payment_row *payment,
                          aurora__suspect *out);
bool aurora__across_price(const aurora__product_row *product, const aurora__price_row *price,
                          aurora__suspect *out);
bool aurora__across_product(const aurora__product_row *product, const aurora__product_row *copy,
                            aurora__suspect *out);

#endif
