/* SPDX-License-Identifier: MIT */
/* What handlers of several nouns do on the way out: JSON answers, pages, refusals that name the
 * place as the client wrote it. No noun of its own has a place here. */
#ifndef AURORA_ROUTES_ANSWER_H
#define AURORA_ROUTES_ANSWER_H

#include "http/exchange.h"
#include "http/json_in.h"
#include "http/json_out.h"
#include "routes/routes.h"

#define AURORA__LIST_LIMIT_DEFAULT 50
#define AURORA__LIST_LIMIT_MAX 1000

/* A field of the library, and the query parameter that it comes from. */
typedef struct {
    const char *field;
    const char *parameter;
} aurora__rename;

/* Answers with the ended text; 503 where there was no memory for it. */
void aurora__answer_json(aurora_http_exchange *exchange, int status, aurora_json_out *out);

/* Lets caches keep the coming answer to a GET, if they ask each time whether it still holds; shared
 * ones only where the route is public. */
void aurora__answer_revalidated(aurora_http_exchange *exchange);

/* Begins {"items":[ of a page. */
void aurora__page_begin(aurora_json_out *out);
/* Ends the page that aurora__page_begin began, with the sealed cursor and a Link header field, and
 * answers. */
void aurora__page_answer(aurora_http_exchange *exchange, const aurora_routes *routes,
                         aurora_json_out *out, const char *next_cursor);

/* The body as a document; false after a refusal was answered. Freed with aurora_json_free. */
bool aurora__body_parse(aurora_http_exchange *exchange, aurora_json_doc **out);
/* The same for many things at once. */
bool aurora__body_parse_batch(aurora_http_exchange *exchange, aurora_json_doc **out);
/* Answers what the body did wrong. */
void aurora__body_refuse(aurora_http_exchange *exchange, const aurora_json_error *error);

/* Answers a failed call whose SKU came from the path: AURORA_EINVAL for it is the path parameter's
 * and not a field's of the body, and an `err` that is NULL or names no field leaves nothing else to
 * blame. */
void aurora__sku_refuse(aurora_http_exchange *exchange, aurora_status status,
                        const aurora_error *err);
/* Answers a failed call of a query, whose fields have other names in HTTP. */
void aurora__query_refuse(aurora_http_exchange *exchange, aurora_status status,
                          const aurora_error *err, const aurora__rename *renames, uint32_t count);

#endif
