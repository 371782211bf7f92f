/* SPDX-License-Identifier: MIT */
#include "routes/answer.h"

#include <stdio.h>
#include <string.h>

#include "http/fields.h"
#include "http/percent.h"

#define JSON "application/json"

void aurora__answer_json(aurora_http_exchange *exchange, int status, aurora_json_out *out)
{
    size_t len;
    char *text = aurora_json_out_end(out, &len);
    if (text == NULL)
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
    else
        aurora_http_reply_owned(exchange, status, JSON, text, len);
}

void aurora__answer_revalidated(aurora_http_exchange *exchange)
{
    if (aurora_http_exchange_route(exchange)->scope == 0)
        aurora_http_set(exchange, "Cache-Control", "no-cache");
}

/* --- pages ------------------------------------------------------------------------------------ */

/* Appends name=value to a query; what does not fit leaves the text as it was, and false. */
static bool add_parameter(char *text, size_t size, const char *name, size_t name_len,
                          const char *value)
{
    size_t len = strlen(text);
    size_t value_at = len + name_len + 2;
    if (value_at >= size)
        return false;
    snprintf(text + len, size - len, "%c%.*s=", len == 0 ? '?' : '&', (int)name_len, name);
    if (aurora__percent_encode(value, text + value_at, size - value_at))
        return true;
    text[len] = '\0';
    return false;
}

/* The link to the next page repeats every parameter of this one but the cursor, which the filters
 * are sealed into. A link that would be too long for a header field is left out: the body has the
 * cursor. */
static void set_link(aurora_http_exchange *exchange, const char *sealed)
{
    char query[2048] = "";
    char link[4096];
    const char *name = aurora_http_exchange_route(exchange)->query;
    while (*name != '\0') {
        size_t name_len = strcspn(name, " ");
        char copy[64];
        snprintf(copy, sizeof copy, "%.*s", (int)name_len, name);
        const char *value =
            strcmp(copy, "cursor") == 0 ? sealed : aurora_http_query(exchange, copy);
        if (value != NULL && !add_parameter(query, sizeof query, name, name_len, value))
            return;
        name += name_len + (name[name_len] == ' ');
    }
    int len = snprintf(link, sizeof link, "<%s%s>; rel=\"next\"",
                       aurora_http_exchange_path(exchange), query);
    if (len > 0 && (size_t)len < sizeof link)
        aurora_http_set(exchange, "Link", link);
}

void aurora__page_begin(aurora_json_out *out)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_array(out, "items");
}

void aurora__page_answer(aurora_http_exchange *exchange, const aurora_routes *routes,
                         aurora_json_out *out, const char *next_cursor)
{
    const char *sealed = aurora_http_cursor_seal(exchange, routes->cursor_key, next_cursor);
    if (next_cursor != NULL && sealed == NULL) {
        /* null would say that this was the last page. */
        aurora_json_out_drop(out);
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
        return;
    }
    aurora_json_out_close(out, ']');
    aurora_json_out_text(out, "next_cursor", sealed);
    aurora_json_out_close(out, '}');
    if (sealed != NULL)
        set_link(exchange, sealed);
    aurora__answer_revalidated(exchange);
    aurora__answer_json(exchange, 200, out);
}

/* --- bodies ----------------------------------------------------------------------------------- */

void aurora__body_refuse(aurora_http_exchange *exchange, const aurora_json_error *error)
{
    if (strcmp(error->code, "unavailable") == 0) {
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
        return;
    }
    aurora_http_blame(exchange, AURORA_HTTP_AT_POINTER, error->pointer, "%s", error->detail);
    aurora_http_problem(exchange, 400, error->code, "%s%s%s",
                        error->pointer[0] == '\0' ? "The body" : error->pointer,
                        strcmp(error->code, "invalid_json") == 0 ? ": " : " ", error->detail);
}

bool aurora__body_parse(aurora_http_exchange *exchange, aurora_json_doc **out)
{
    size_t len;
    aurora_json_error error;
    const char *text = aurora_http_body(exchange, &len);
    if (aurora_json_parse(text, len, out, &error))
        return true;
    aurora__body_refuse(exchange, &error);
    return false;
}

bool aurora__body_parse_batch(aurora_http_exchange *exchange, aurora_json_doc **out)
{
    size_t len;
    aurora_json_error error;
    const char *text = aurora_http_body(exchange, &len);
    if (aurora_json_parse_batch(text, len, out, &error))
        return true;
    aurora__body_refuse(exchange, &error);
    return false;
}

/* --- refusals --------------------------------------------------------------------------------- */

void aurora__sku_refuse(aurora_http_exchange *exchange, aurora_status status,
                        const aurora_error *err)
{
    bool is_silent = err == NULL || err->field[0] == '\0';
    bool is_sku = is_silent || strcmp(err->field, "sku") == 0;
    if (status != AURORA_EINVAL || !is_sku) {
        aurora_http_refuse(exchange, status, err);
        return;
    }
    const char *rule = !is_silent ? err->message
                                  : "must be 1 to 64 bytes of UTF-8 without control characters, "
                                    "'/' or outer spaces";
    aurora_http_refuse_parameter(exchange, "sku", rule);
}

void aurora__query_refuse(aurora_http_exchange *exchange, aurora_status status,
                          const aurora_error *err, const aurora__rename *renames, uint32_t count)
{
    if (status != AURORA_EINVAL || err->field[0] == '\0') {
        aurora_http_refuse(exchange, status, err);
        return;
    }
    const char *name = err->field;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(err->field, renames[i].field) == 0)
            name = renames[i].parameter;
    }
    aurora_http_refuse_parameter(exchange, name, err->message);
}
