/* SPDX-License-Identifier: MIT */
/* What the routes add to their registry's pages. */
#ifndef AURORA_ROUTES_METRICS_H
#define AURORA_ROUTES_METRICS_H

#include "routes/routes.h"

/* Each adds what it knows. */
void aurora__metrics_server(aurora__sheet *sheet, aurora_http_server *server);
void aurora__metrics_process(aurora__sheet *sheet);

/* Everything in a format of aurora_metric_page_text, as one text of malloc's; NULL without
 * memory. */
char *aurora__metrics_text(const aurora_routes *routes, int32_t format, size_t *len_out);

#endif
