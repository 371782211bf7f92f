/* SPDX-License-Identifier: MIT */
/* Handlers of /products that products.c does not hold itself: writes, batches and views. */
#ifndef AURORA_ROUTES_PRODUCTS_H
#define AURORA_ROUTES_PRODUCTS_H

#include "http/exchange.h"

void aurora__product_put_handle(aurora_http_exchange *exchange, void *self);
void aurora__product_create_handle(aurora_http_exchange *exchange, void *self);
void aurora__product_delete_handle(aurora_http_exchange *exchange, void *self);
void aurora__product_batch_handle(aurora_http_exchange *exchange, void *self);
void aurora__product_view_handle(aurora_http_exchange *exchange, void *self);

#endif
