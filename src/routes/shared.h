/* SPDX-License-Identifier: MIT */
/* The cache and the limiter that processes share, as a server tells of them. Neither is needed:
 * without the cache reads go to the store, without the limiter the fallback decides. */
#ifndef AURORA_ROUTES_SHARED_H
#define AURORA_ROUTES_SHARED_H

#include "http/json_out.h"
#include "routes/routes.h"

/* Of /readyz, on a worker: asks both, so that it also knows where no request has asked. */
void aurora__shared_check(const aurora_routes *routes, void *into);
/* Of /metrics: waits for nothing. */
void aurora__shared_metrics(aurora__sheet *sheet, const aurora_routes *routes);
/* The series of one breaker; `address` is "" where there is but one. */
void aurora__breaker_add(aurora__sheet *sheet, const char *dependency, const char *address,
                         int32_t state);
/* Of /admin/limits: elements of "breakers", and the object "limiter" where there is a rate. */
void aurora__shared_breakers(aurora_json_out *out, const aurora_routes *routes);
void aurora__shared_limiter(aurora_json_out *out, const aurora_routes *routes);

/* One element of "breakers". */
void aurora__breaker_write(aurora_json_out *out, const char *name,
                           const aurora_breaker_figures *figures);

#endif
