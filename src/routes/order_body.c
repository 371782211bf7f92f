/* SPDX-License-Identifier: MIT */
#include "routes/order_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "routes/answer.h"

#define AHEAD_MAX_S 86400

enum {
    LINES,
    CURRENCY,
    PAYMENT_METHOD,
    CONTACT,
    METADATA,
    REFERENCE, /* from here only with orders:import */
    CUSTOMER_ID,
    PLACED_AT,
    CHARGES,
    MEMBERS
};
static const char *const members[MEMBERS] = {
    "lines",     "currency",    "payment_method", "contact", "metadata",
    "reference", "customer_id", "placed_at",      "charges",
};

enum { SKU, QUANTITY, UNIT_PRICE, LINE_MEMBERS };
static const char *const line_members[LINE_MEMBERS] = {"sku", "quantity", "unit_price_minor"};

enum { KIND, LABEL, AMOUNT, CHARGE_MEMBERS };
static const char *const charge_members[CHARGE_MEMBERS] = {"kind", "label", "amount_minor"};

/* What one reading carries along. */
typedef struct {
    aurora_http_exchange *exchange;
    aurora_order_request *request;
    aurora_json_value values[MEMBERS];
    aurora_json_error error;
    bool is_import;
    bool is_forbidden;
    bool is_out_of_memory;
} reading;

/* Refuses a value that the principal may not give. */
static bool forbid(reading *body, aurora_json_value value)
{
    body->is_forbidden = true;
    return aurora_json_refuse(value, &body->error, "needs the scope orders:import");
}

/* Memory for `count` elements, at least one byte; NULL is noted. */
static void *allocate(reading *body, uint32_t count, size_t size)
{
    void *memory = aurora_http_alloc(body->exchange, count == 0 ? 1 : count * size);
    body->is_out_of_memory |= memory == NULL;
    return memory;
}

static bool read_optional(reading *body, int member, uint32_t min, const char **out)
{
    return !aurora_json_is_present(body->values[member]) ||
           aurora_json_text(body->values[member], min, AURORA_TEXT_BYTES_MAX, out, &body->error);
}

/* --- lines ------------------------------------------------------------------------------------ */

static bool read_line(reading *body, aurora_json_value value, aurora_line *out, bool *has_price)
{
    aurora_json_value line[LINE_MEMBERS];
    *out = (aurora_line){0};
    if (!aurora_json_object(value, line_members, LINE_MEMBERS, line, &body->error))
        return false;
    *has_price = aurora_json_is_present(line[UNIT_PRICE]);
    if (*has_price && !body->is_import)
        return forbid(body, line[UNIT_PRICE]);
    return aurora_json_text(line[SKU], 1, AURORA_SKU_BYTES_MAX, &out->sku, &body->error) &&
           aurora_json_integer(line[QUANTITY], 1, AURORA_QUANTITY_MAX, &out->quantity,
                               &body->error) &&
           (!*has_price || aurora_json_integer(line[UNIT_PRICE], 0, AURORA_PRICE_MINOR_MAX,
                                               &out->unit_price_minor, &body->error));
}

/* Prices are all the caller's or all the price list's: a mixture would hide a forgotten one. */
static bool read_lines(reading *body)
{
    aurora_json_value array = body->values[LINES];
    uint32_t count, priced = 0;
    if (!aurora_json_array(array, 1, AURORA_ORDER_LINES_MAX, &count, &body->error))
        return false;
    aurora_line *lines = allocate(body, count, sizeof *lines);
    if (lines == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        bool has_price;
        aurora_json_value item = aurora_json_item(array, i);
        if (!read_line(body, item, &lines[i], &has_price))
            return false;
        priced += has_price;
        if (priced != (has_price ? i + 1 : 0))
            return aurora_json_refuse(item, &body->error,
                                      "must have unit_price_minor, or no line may have it");
    }
    body->request->lines = lines;
    body->request->line_count = count;
    if (priced > 0)
        body->request->flags |= AURORA_ORDER_OWN_PRICES;
    return true;
}

/* --- charges and metadata --------------------------------------------------------------------- */

static bool read_charge(reading *body, aurora_json_value value, aurora_charge *out)
{
    aurora_json_value charge[CHARGE_MEMBERS];
    const char *kind;
    *out = (aurora_charge){0};
    if (!aurora_json_object(value, charge_members, CHARGE_MEMBERS, charge, &body->error) ||
        !aurora_json_text(charge[KIND], 1, AURORA_TEXT_BYTES_MAX, &kind, &body->error))
        return false;
    out->kind = aurora_charge_parse(kind);
    if (out->kind == 0)
        return aurora_json_refuse(charge[KIND], &body->error,
                                  "must be tax, shipping, discount or fee");
    bool is_discount = out->kind == AURORA_CHARGE_DISCOUNT;
    return aurora_json_text(charge[LABEL], 1, AURORA_TEXT_BYTES_MAX, &out->label, &body->error) &&
           aurora_json_integer(charge[AMOUNT], is_discount ? -AURORA_PRICE_MINOR_MAX : 0,
                               is_discount ? 0 : AURORA_PRICE_MINOR_MAX, &out->amount_minor,
                               &body->error);
}

static bool read_charges(reading *body)
{
    aurora_json_value array = body->values[CHARGES];
    uint32_t count;
    if (!aurora_json_is_present(array))
        return true;
    if (!aurora_json_array(array, 0, AURORA_ORDER_CHARGES_MAX, &count, &body->error))
        return false;
    if (count > 0 && (body->request->flags & AURORA_ORDER_OWN_PRICES) == 0)
        return aurora_json_refuse(array, &body->error, "need unit_price_minor in every line");
    aurora_charge *charges = allocate(body, count, sizeof *charges);
    if (charges == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_charge(body, aurora_json_item(array, i), &charges[i]))
            return false;
    }
    body->request->charges = charges;
    body->request->charge_count = count;
    return true;
}

static bool read_metadata(reading *body)
{
    aurora_json_value object = body->values[METADATA];
    uint32_t count;
    if (!aurora_json_is_present(object))
        return true;
    if (!aurora_json_members(object, AURORA_PAIRS_MAX, &count, &body->error))
        return false;
    aurora_pair *pairs = allocate(body, count, sizeof *pairs);
    if (pairs == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        aurora_json_value value;
        aurora_json_member(object, i, &pairs[i].name, &value);
        if (pairs[i].name[0] == '\0' || strlen(pairs[i].name) > AURORA_TEXT_BYTES_MAX)
            return aurora_json_refuse(value, &body->error, "has a name that is not 1 to %d bytes",
                                      AURORA_TEXT_BYTES_MAX);
        if (!aurora_json_text(value, 0, AURORA_TEXT_BYTES_MAX, &pairs[i].value, &body->error))
            return false;
    }
    body->request->metadata = pairs;
    body->request->metadata_count = count;
    return true;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* aurora_order_check has no clock; the engine refuses the same, and cannot say where. */
static bool read_placed_at(reading *body)
{
    aurora_json_value value = body->values[PLACED_AT];
    if (!aurora_json_is_present(value))
        return true;
    int64_t *out = &body->request->placed_at_ms;
    if (!aurora_json_time(value, out, &body->error))
        return false;
    return *out / 1000 - AHEAD_MAX_S <= (int64_t)time(NULL) ||
           aurora_json_refuse(value, &body->error, "must be at most 24 h in the future");
}

/* Who is told of an order that names nobody: its customer, where that is who asks. */
static void fill_contact(reading *body)
{
    const aurora_http_principal *principal = aurora_http_exchange_principal(body->exchange);
    if (body->request->contact == NULL && strcmp(body->request->customer_id, principal->name) == 0)
        body->request->contact = principal->contact;
}

static bool read_members(reading *body)
{
    aurora_order_request *request = body->request;
    for (int i = REFERENCE; i < MEMBERS && !body->is_import; i++) {
        if (aurora_json_is_present(body->values[i]))
            return forbid(body, body->values[i]);
    }
    request->customer_id = aurora_http_exchange_principal(body->exchange)->name;
    return read_lines(body) &&
           aurora_json_text(body->values[CURRENCY], 3, 3, &request->currency, &body->error) &&
           aurora_json_text(body->values[PAYMENT_METHOD], 1, AURORA_TEXT_BYTES_MAX,
                            &request->payment_method, &body->error) &&
           read_optional(body, CONTACT, 1, &request->contact) &&
           read_optional(body, REFERENCE, 1, &request->reference) &&
           read_optional(body, CUSTOMER_ID, 1, &request->customer_id) && read_placed_at(body) &&
           read_charges(body) && read_metadata(body);
}

/* Answers what the library's own check objects to, in the body's words: rules that only it knows,
 * as those of SKUs, currencies and sums. */
static void refuse_check(reading *body, aurora_status status, aurora_error *err)
{
    static const char list[] = "metadata[";
    if (strncmp(err->field, list, sizeof list - 1) == 0) {
        uint32_t place = (uint32_t)strtoul(err->field + sizeof list - 1, NULL, 10);
        const char *name;
        aurora_json_value value;
        aurora_json_member(body->values[METADATA], place, &name, &value);
        aurora_json_refuse(value, &body->error, "%s%s",
                           strstr(err->field, "].name") != NULL ? "has a name that " : "",
                           err->message);
        aurora__body_refuse(body->exchange, &body->error);
        return;
    }
    if (strcmp(err->field, "placed_at_ms") == 0) /* before 1970 */
        snprintf(err->field, sizeof err->field, "placed_at");
    aurora_http_refuse(body->exchange, status, err);
}

static bool refuse(reading *body)
{
    if (body->is_out_of_memory) {
        aurora_http_refuse(body->exchange, AURORA_ENOMEM, NULL);
    } else if (body->is_forbidden) {
        aurora_http_blame(body->exchange, AURORA_HTTP_AT_POINTER, body->error.pointer, "%s",
                          body->error.detail);
        aurora_http_problem(body->exchange, 403, "forbidden", "%s %s", body->error.pointer,
                            body->error.detail);
    } else {
        aurora__body_refuse(body->exchange, &body->error);
    }
    return false;
}

bool aurora__order_body_read(aurora_http_exchange *exchange, const aurora_json_doc *doc,
                             aurora_order_request *out)
{
    reading body = {.exchange = exchange, .request = out};
    aurora_error err = AURORA_ERROR_INIT;
    body.is_import =
        (aurora_http_exchange_principal(exchange)->scopes & AURORA_SCOPE_ORDERS_IMPORT) != 0;
    if (!aurora_json_object(aurora_json_root(doc), members, MEMBERS, body.values, &body.error) ||
        !read_members(&body))
        return refuse(&body);
    fill_contact(&body);
    aurora_status status = aurora_order_check(out, &err);
    if (status != AURORA_OK)
        refuse_check(&body, status, &err);
    return status == AURORA_OK;
}
