/* SPDX-License-Identifier: MIT */
#include "api/order_request.h"

#include <string.h>

#include "api/check.h"
#include "api/refuse.h"
#include "codec/writer.h"
#include "engine/trace.h"

#include <aurora/money.h>

#define FLAGS                                                                                      \
    (AURORA_ORDER_OWN_PRICES | AURORA_ORDER_NO_WAIT | AURORA_ORDER_AS_CREATED |                    \
     AURORA_ORDER_WITH_RESULT)
#define TIMEOUT_MAX_MS 30000
#define AHEAD_MAX_MS INT64_C(86400000)

/* The length of a text of printable ASCII; SIZE_MAX where it is longer than max or anything else.
 * Most texts are, and this costs a fraction of a full check. */
static size_t plain_length(const char *text, size_t max)
{
    size_t length = 0;
    while (length <= max && (unsigned char)(text[length] - 0x20) < 0x5F)
        length++;
    return length <= max && text[length] == '\0' ? length : SIZE_MAX;
}

/* A text of 1 to max bytes, or NULL; adds what its copy takes to *bytes. */
static aurora_status check_text(aurora_error *err, const char *field, const char *text,
                                bool is_required, size_t *bytes)
{
    size_t length = text == NULL ? SIZE_MAX : plain_length(text, AURORA_TEXT_BYTES_MAX);
    if (length == SIZE_MAX || length == 0) {
        aurora_status rc =
            aurora__check_text(err, field, text, 1, AURORA_TEXT_BYTES_MAX, is_required);
        if (rc != AURORA_OK || text == NULL)
            return rc;
        length = strlen(text);
    }
    *bytes += length + 1;
    return AURORA_OK;
}

static aurora_status check_sku(aurora_error *err, const char *sku, size_t *bytes)
{
    size_t length = sku == NULL ? SIZE_MAX : plain_length(sku, AURORA_SKU_BYTES_MAX);
    bool is_plain = length != SIZE_MAX && length > 0 && sku[0] != ' ' && sku[length - 1] != ' ' &&
                    memchr(sku, '/', length) == NULL;
    if (!is_plain) {
        aurora_status rc = aurora__check_sku(err, "sku", sku);
        if (rc != AURORA_OK || sku == NULL)
            return rc;
        length = strlen(sku);
    }
    *bytes += length + 1;
    return AURORA_OK;
}

static aurora_status check_line(const aurora_line *line, bool has_own_prices, size_t *bytes,
                                aurora_error *err)
{
    aurora_status rc = check_sku(err, line->sku, bytes);
    if (rc == AURORA_OK)
        rc = aurora__check_quantity(err, "quantity", line->quantity);
    if (rc == AURORA_OK && has_own_prices)
        rc = aurora__check_range(err, "unit_price_minor", line->unit_price_minor, 0,
                                 AURORA_PRICE_MINOR_MAX);
    return rc;
}

static aurora_status check_lines(aurora__order_draft *draft, aurora_error *err)
{
    const aurora_order_request *request = &draft->request;
    bool has_own_prices = (request->flags & AURORA_ORDER_OWN_PRICES) != 0;
    if (request->line_count < 1 || request->line_count > AURORA_ORDER_LINES_MAX)
        return aurora__check_range(err, "line_count", request->line_count, 1,
                                   AURORA_ORDER_LINES_MAX);
    if (request->lines == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "lines", "is required");
    for (uint32_t i = 0; i < request->line_count; i++) {
        aurora_status rc = check_line(&request->lines[i], has_own_prices, &draft->text_bytes, err);
        if (rc != AURORA_OK) {
            draft->error_line = i;
            return aurora__refuse_within(err, rc, "lines", i);
        }
    }
    return AURORA_OK;
}

static aurora_status check_charge(const aurora_charge *charge, aurora_error *err)
{
    size_t bytes = 0;
    aurora_status rc =
        aurora__check_range(err, "kind", charge->kind, AURORA_CHARGE_TAX, AURORA_CHARGE_FEE);
    if (rc == AURORA_OK && charge->reserved != 0)
        rc = aurora__refuse(err, AURORA_EINVAL, "reserved", "must be 0");
    if (rc == AURORA_OK)
        rc = check_text(err, "label", charge->label, true, &bytes);
    if (rc != AURORA_OK)
        return rc;
    bool is_discount = charge->kind == AURORA_CHARGE_DISCOUNT;
    return aurora__check_range(err, "amount_minor", charge->amount_minor,
                               is_discount ? -AURORA_PRICE_MINOR_MAX : 0,
                               is_discount ? 0 : AURORA_PRICE_MINOR_MAX);
}

static void write_charges(const aurora_order_request *request, aurora__writer *to)
{
    aurora__writer_char(to, '[');
    for (uint32_t i = 0; i < request->charge_count; i++) {
        const aurora_charge *charge = &request->charges[i];
        if (i > 0)
            aurora__writer_char(to, ',');
        aurora__writer_char(to, '[');
        aurora__writer_integer(to, charge->kind);
        aurora__writer_char(to, ',');
        aurora__writer_text(to, charge->label);
        aurora__writer_char(to, ',');
        aurora__writer_integer(to, charge->amount_minor);
        aurora__writer_char(to, ']');
    }
    aurora__writer_char(to, ']');
    aurora__writer_char(to, '\0');
}

static aurora_status check_charges(aurora__order_draft *draft, aurora_error *err)
{
    const aurora_order_request *request = &draft->request;
    if (request->charge_count == 0)
        return AURORA_OK;
    if ((request->flags & AURORA_ORDER_OWN_PRICES) == 0)
        return aurora__refuse(err, AURORA_EINVAL, "charges", "need AURORA_ORDER_OWN_PRICES");
    if (request->charge_count > AURORA_ORDER_CHARGES_MAX)
        return aurora__check_range(err, "charge_count", request->charge_count, 0,
                                   AURORA_ORDER_CHARGES_MAX);
    if (request->charges == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "charges", "is required");
    for (uint32_t i = 0; i < request->charge_count; i++) {
        aurora_status rc = check_charge(&request->charges[i], err);
        if (rc != AURORA_OK)
            return aurora__refuse_within(err, rc, "charges", i);
        /* 64 amounts of at most 10^12 cannot overflow. */
        draft->charges_minor += request->charges[i].amount_minor;
    }
    aurora__writer counting;
    aurora__writer_fixed(&counting, NULL, 0);
    write_charges(request, &counting);
    draft->charges_bytes = counting.length;
    return AURORA_OK;
}

static aurora_status check_pair(const aurora_pair *pair, aurora_error *err)
{
    size_t bytes = 0;
    aurora_status rc = check_text(err, "name", pair->name, true, &bytes);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "value", pair->value, 0, AURORA_TEXT_BYTES_MAX, true);
    return rc;
}

static void write_metadata(const aurora_order_request *request, aurora__writer *to)
{
    aurora__writer_char(to, '[');
    for (uint32_t i = 0; i < request->metadata_count; i++) {
        if (i > 0)
            aurora__writer_char(to, ',');
        aurora__writer_char(to, '[');
        aurora__writer_text(to, request->metadata[i].name);
        aurora__writer_char(to, ',');
        aurora__writer_text(to, request->metadata[i].value);
        aurora__writer_char(to, ']');
    }
    aurora__writer_char(to, ']');
    aurora__writer_char(to, '\0');
}

static aurora_status check_metadata(aurora__order_draft *draft, aurora_error *err)
{
    const aurora_order_request *request = &draft->request;
    if (request->metadata_count == 0)
        return AURORA_OK;
    if (request->metadata_count > AURORA_PAIRS_MAX)
        return aurora__check_range(err, "metadata_count", request->metadata_count, 0,
                                   AURORA_PAIRS_MAX);
    if (request->metadata == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "metadata", "is required");
    for (uint32_t i = 0; i < request->metadata_count; i++) {
        aurora_status rc = check_pair(&request->metadata[i], err);
        for (uint32_t j = 0; rc == AURORA_OK && j < i; j++) {
            if (strcmp(request->metadata[i].name, request->metadata[j].name) == 0)
                rc = aurora__refuse(err, AURORA_EINVAL, "name", "stands twice");
        }
        if (rc != AURORA_OK)
            return aurora__refuse_within(err, rc, "metadata", i);
    }
    aurora__writer counting;
    aurora__writer_fixed(&counting, NULL, 0);
    write_metadata(request, &counting);
    draft->metadata_bytes = counting.length;
    return AURORA_OK;
}

static aurora_status check_texts(aurora__order_draft *draft, aurora_error *err)
{
    const aurora_order_request *request = &draft->request;
    const struct {
        const char *field, *text;
        bool is_required;
    } texts[] = {
        {"key", request->key, false},
        {"key_scope", request->key_scope, false},
        {"reference", request->reference, false},
        {"customer_id", request->customer_id, false},
        {"payment_method", request->payment_method, true},
        {"contact", request->contact, false},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].text == NULL && !texts[i].is_required)
            continue;
        aurora_status rc = check_text(err, texts[i].field, texts[i].text, texts[i].is_required,
                                      &draft->text_bytes);
        if (rc != AURORA_OK)
            return rc;
    }
    draft->text_bytes += 4;
    draft->has_trace = aurora__trace_read(request->traceparent, &draft->trace);
    return aurora__check_currency(err, "currency", request->currency);
}

/* What the caller's own prices add up to; the price list's are checked when they are known. */
static aurora_status check_total(const aurora__order_draft *draft, aurora_error *err)
{
    const aurora_order_request *request = &draft->request;
    int64_t total = draft->charges_minor;
    if ((request->flags & AURORA_ORDER_OWN_PRICES) == 0)
        return AURORA_OK;
    for (uint32_t i = 0; i < request->line_count; i++) {
        int64_t amount;
        if (aurora_money_mul(request->lines[i].unit_price_minor, request->lines[i].quantity,
                             &amount) != AURORA_OK ||
            aurora_money_add(total, amount, &total) != AURORA_OK)
            return aurora__refuse(err, AURORA_EOVERFLOW, "lines", "the total leaves int64");
    }
    if (total < 0)
        return aurora__refuse(err, AURORA_EOVERFLOW, "charges", "make the total negative");
    return AURORA_OK;
}

aurora_status aurora__order_draft_check(const aurora_order_request *request, int64_t now_ms,
                                        aurora__order_draft *out, aurora_error *err)
{
    *out = (aurora__order_draft){.error_line = AURORA__NO_LINE};
    aurora_status rc = aurora__copy_sized(&out->request, sizeof out->request, request, err);
    if (rc == AURORA_OK)
        rc = aurora__check_flags(err, "flags", out->request.flags, FLAGS);
    if (rc == AURORA_OK)
        rc = check_texts(out, err);
    if (rc == AURORA_OK)
        rc = check_lines(out, err);
    if (rc == AURORA_OK)
        rc = check_charges(out, err);
    if (rc == AURORA_OK)
        rc = check_metadata(out, err);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "timeout_ms", out->request.timeout_ms, 0, TIMEOUT_MAX_MS);
    if (rc == AURORA_OK && out->request.placed_at_ms < 0)
        return aurora__refuse(err, AURORA_EINVAL, "placed_at_ms", "must not be negative");
    if (rc == AURORA_OK && out->request.placed_at_ms > 0 &&
        out->request.placed_at_ms - AHEAD_MAX_MS > now_ms)
        return aurora__refuse(err, AURORA_EINVAL, "placed_at_ms",
                              "must be at most 24 h in the future");
    return rc != AURORA_OK ? rc : check_total(out, err);
}

size_t aurora__order_draft_bytes(const aurora__order_draft *draft)
{
    return draft->request.line_count * sizeof(aurora__place_line) + draft->text_bytes +
           draft->charges_bytes + draft->metadata_bytes;
}

/* Copies a text to *at and moves that behind it; NULL stays NULL. */
static const char *copy(char **at, const char *text)
{
    if (text == NULL)
        return NULL;
    size_t length = strlen(text) + 1;
    char *start = *at;
    memcpy(start, text, length);
    *at = start + length;
    return start;
}

typedef void write_fn(const aurora_order_request *request, aurora__writer *to);

static const char *render(char **at, const aurora_order_request *request, size_t bytes,
                          write_fn *write)
{
    if (bytes == 0)
        return NULL;
    aurora__writer writer;
    char *start = *at;
    aurora__writer_fixed(&writer, start, bytes);
    write(request, &writer);
    *at = start + bytes;
    return start;
}

void aurora__order_draft_fill(const aurora__order_draft *draft, char *memory,
                              aurora__place *place_out)
{
    const aurora_order_request *request = &draft->request;
    aurora__place_line *lines = (aurora__place_line *)(void *)memory;
    char *at = memory + request->line_count * sizeof *lines;
    for (uint32_t i = 0; i < request->line_count; i++) {
        const aurora_line *line = &request->lines[i];
        lines[i] =
            (aurora__place_line){copy(&at, line->sku), line->quantity, line->unit_price_minor};
    }
    place_out->has_own_prices = (request->flags & AURORA_ORDER_OWN_PRICES) != 0;
    place_out->lines = lines;
    place_out->line_count = request->line_count;
    place_out->key = copy(&at, request->key);
    place_out->key_scope = copy(&at, request->key_scope);
    place_out->reference = copy(&at, request->reference);
    place_out->customer_id = copy(&at, request->customer_id);
    place_out->currency = copy(&at, request->currency);
    place_out->payment_method = copy(&at, request->payment_method);
    place_out->contact = copy(&at, request->contact);
    place_out->charges = render(&at, request, draft->charges_bytes, write_charges);
    place_out->metadata = render(&at, request, draft->metadata_bytes, write_metadata);
    place_out->charges_minor = draft->charges_minor;
    place_out->placed_at = request->placed_at_ms;
    if (place_out->key != NULL)
        aurora__order_draft_hash(draft, place_out->key_hash);
}
