/* SPDX-License-Identifier: MIT */
/* Handlers of /admin that admin.c does not hold itself. */
#ifndef AURORA_ROUTES_ADMIN_H
#define AURORA_ROUTES_ADMIN_H

#include "http/exchange.h"

void aurora__saga_retry_handle(aurora_http_exchange *exchange, void *self);
void aurora__saga_mark_handle(aurora_http_exchange *exchange, void *self);
void aurora__saga_compensate_handle(aurora_http_exchange *exchange, void *self);
void aurora__saga_list_handle(aurora_http_exchange *exchange, void *self);
void aurora__saga_get_handle(aurora_http_exchange *exchange, void *self);
void aurora__events_handle(aurora_http_exchange *exchange, void *self);
void aurora__stats_handle(aurora_http_exchange *exchange, void *self);
void aurora__limits_handle(aurora_http_exchange *exchange, void *self);

#endif
