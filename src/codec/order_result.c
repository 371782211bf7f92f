/* SPDX-License-Identifier: MIT */
#include "codec/order_result.h"

#include "codec/column.h"
#include "codec/result.h"
#include "core/transition.h"

/* What a moment of an order's life looks like. */
typedef struct {
    int64_t status; /* of the machine, never PARKED */
    int64_t reason;
    int64_t parked;
    int64_t version;
    int64_t updated_at;
    int64_t settled_at;
} moment;

typedef struct {
    const aurora__order_row *row;
    bool as_created;
} order_source;

typedef struct {
    const aurora__order_row *const *rows;
    uint32_t count;
    const char *next_cursor;
} page_source;

static bool is_sound(const moment *at)
{
    return at->status >= AURORA_ORDER_PENDING && at->status <= AURORA_ORDER_CANCELLED &&
           at->reason >= 0 && at->reason <= AURORA_REASON_UNKNOWN_ORDER && at->parked >= 0 &&
           at->parked <= 7 && at->version >= 1;
}

static int32_t shown_status(const moment *at)
{
    return at->parked != 0 ? AURORA_ORDER_PARKED : (int32_t)at->status;
}

static int32_t outcome(const moment *at)
{
    return at->status >= AURORA_ORDER_COMPLETED ? (int32_t)at->status : 0;
}

/* Takes one step of the history: the time of settling is that of the step which settled. */
static void follow(moment *at, const aurora__transition *step)
{
    int64_t settled_at = at->settled_at != 0 ? at->settled_at : step->at_ms;
    *at = (moment){.status = step->status,
                   .reason = step->reason,
                   .parked = step->parked,
                   .version = step->version,
                   .updated_at = step->at_ms,
                   .settled_at = step->is_settled != 0 ? settled_at : 0};
}

/* The moment that the creating commit left, found again in the history. */
static aurora_status find_created(aurora__arena *arena, const aurora__order_row *row, moment *out)
{
    aurora__transitions list;
    aurora__transition step;
    *out = (moment){0};
    if (row->transitions == NULL)
        return AURORA_ECORRUPT;
    aurora__transitions_begin(&list, row);
    while (aurora__transitions_next(&list, arena, &step) && step.version <= row->created_version)
        follow(out, &step);
    out->version = row->created_version;
    return aurora__json_status(&list.reader);
}

static aurora_status find_moment(aurora__arena *arena, const order_source *source, moment *out)
{
    const aurora__order_row *row = source->row;
    aurora_status rc = AURORA_OK;
    if (source->as_created)
        rc = find_created(arena, row, out);
    else
        *out = (moment){.status = row->status,
                        .reason = row->reason,
                        .parked = row->parked,
                        .version = row->version,
                        .updated_at = row->updated_at,
                        .settled_at = row->settled_at};
    if (rc == AURORA_OK && !is_sound(out))
        rc = AURORA_ECORRUPT;
    return rc;
}

/* Copies a text; *rc tells when there was no memory for it. */
static const char *copy(aurora__arena *arena, const char *text, aurora_status *rc)
{
    const char *result = aurora__arena_text(arena, text);
    if (result == NULL && text != NULL)
        *rc = AURORA_ENOMEM;
    return result;
}

static aurora_status fill_texts(aurora__arena *arena, const aurora__order_row *row,
                                aurora_order *order)
{
    aurora_status rc = row->currency == NULL ? AURORA_ECORRUPT : AURORA_OK;
    order->currency = copy(arena, row->currency, &rc);
    order->customer_id = copy(arena, row->customer_id, &rc);
    order->reference = copy(arena, row->reference, &rc);
    order->contact = copy(arena, row->contact, &rc);
    if (order->reason == AURORA_REASON_PAYMENT_DECLINED)
        order->decline_code = copy(arena, row->decline_code, &rc);
    if (rc == AURORA_OK)
        rc = aurora__column_lines(arena, row->lines, &order->lines, &order->line_count);
    if (rc == AURORA_OK)
        rc = aurora__column_charges(arena, row->charges, &order->charges, &order->charge_count);
    if (rc == AURORA_OK)
        rc = aurora__column_pairs(arena, row->metadata, &order->metadata, &order->metadata_count);
    if (rc == AURORA_OK && order->line_count == 0)
        rc = AURORA_ECORRUPT;
    return rc;
}

static aurora_status fill_order(aurora__arena *arena, const order_source *source,
                                aurora_order **out)
{
    const aurora__order_row *row = source->row;
    moment at;
    aurora_order *order = aurora__arena_zero(arena, sizeof *order);
    *out = order;
    if (order == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = find_moment(arena, source, &at);
    if (rc != AURORA_OK)
        return rc;
    *order = (aurora_order){.size = sizeof *order,
                            .id = row->id,
                            .status = shown_status(&at),
                            .outcome = outcome(&at),
                            .reason = (int32_t)at.reason,
                            .parked = (uint32_t)at.parked,
                            .version = (uint64_t)at.version,
                            .created_version = (uint64_t)row->created_version,
                            .total_minor = row->total_minor,
                            .placed_at_ms = row->placed_at,
                            .created_at_ms = row->created_at,
                            .updated_at_ms = at.updated_at,
                            .settled_at_ms = at.settled_at,
                            .deadline_at_ms = row->deadline_at};
    return fill_texts(arena, row, order);
}

static aurora_status fill_single(aurora__arena *arena, const void *source)
{
    aurora_order *order;
    return fill_order(arena, source, &order);
}

/* A line of JSON such as ["A",1,5] takes 9 bytes and becomes a struct and a text. */
static size_t guess_order(const aurora__order_row *row)
{
    size_t json = aurora__result_text_bytes(row->lines) + aurora__result_text_bytes(row->charges) +
                  aurora__result_text_bytes(row->metadata);
    return sizeof(aurora_order) + 3 * json + aurora__result_text_bytes(row->currency) +
           aurora__result_text_bytes(row->customer_id) + aurora__result_text_bytes(row->reference) +
           aurora__result_text_bytes(row->contact) + aurora__result_text_bytes(row->decline_code);
}

aurora_status aurora__order_result(const aurora_allocator *allocator, const aurora__order_row *row,
                                   bool as_created, aurora_order **out)
{
    void *result;
    const order_source source = {row, as_created};
    aurora_status rc =
        aurora__result_build(allocator, guess_order(row), fill_single, &source, &result);
    *out = result;
    return rc;
}

aurora_status aurora__order_result_in(void *reserve, size_t bytes, const aurora__order_row *row,
                                      bool as_created)
{
    const order_source source = {row, as_created};
    return aurora__result_build_in(reserve, bytes, fill_single, &source);
}

void aurora_order_free(aurora_order *order)
{
    aurora__result_free(order);
}

static aurora_status fill_page(aurora__arena *arena, const void *context)
{
    const page_source *source = context;
    aurora_status rc = AURORA_OK;
    aurora_order_page *page = aurora__arena_zero(arena, sizeof *page);
    aurora_order **items =
        page == NULL ? NULL : aurora__arena_zero(arena, sizeof(*items) * source->count);
    if (items == NULL)
        return AURORA_ENOMEM;
    page->size = sizeof *page;
    page->count = source->count;
    page->items = (const aurora_order *const *)items;
    page->next_cursor = copy(arena, source->next_cursor, &rc);
    for (uint32_t i = 0; rc == AURORA_OK && i < source->count; i++) {
        const order_source order = {source->rows[i], false};
        rc = fill_order(arena, &order, &items[i]);
    }
    return rc;
}

aurora_status aurora__order_page_result(const aurora_allocator *allocator,
                                        const aurora__order_row *const *rows, uint32_t count,
                                        const char *next_cursor, aurora_order_page **out)
{
    void *result;
    const page_source source = {rows, count, next_cursor};
    size_t guess = sizeof(aurora_order_page) + aurora__result_text_bytes(next_cursor);
    for (uint32_t i = 0; i < count; i++)
        guess += sizeof(aurora_order *) + guess_order(rows[i]);
    aurora_status rc = aurora__result_build(allocator, guess, fill_page, &source, &result);
    *out = result;
    return rc;
}

void aurora_order_page_free(aurora_order_page *page)
{
    aurora__result_free(page);
}

static aurora_status fill_step(aurora__arena *arena, const aurora__transition *step, moment *at,
                               aurora_transition **out)
{
    aurora_transition *item = aurora__arena_zero(arena, sizeof *item);
    if (item == NULL)
        return AURORA_ENOMEM;
    follow(at, step);
    if (!is_sound(at) || step->event_kind < 0 || step->event_kind > INT32_MAX)
        return AURORA_ECORRUPT;
    *item = (aurora_transition){.size = sizeof *item,
                                .parked = (uint32_t)at->parked,
                                .version = (uint64_t)at->version,
                                .status = shown_status(at),
                                .outcome = outcome(at),
                                .reason = (int32_t)at->reason,
                                .event_kind = (int32_t)step->event_kind,
                                .at_ms = at->updated_at,
                                .settled_at_ms = at->settled_at,
                                .actor = step->actor,
                                .note = step->note};
    *out = item;
    return AURORA_OK;
}

static aurora_status fill_steps(aurora__arena *arena, const aurora__order_row *row,
                                aurora_history *history, aurora_transition **items, uint32_t room)
{
    aurora__transitions list;
    aurora__transition step;
    moment at = {0};
    aurora__transitions_begin(&list, row);
    while (history->count < room && aurora__transitions_next(&list, arena, &step)) {
        aurora_status rc = fill_step(arena, &step, &at, &items[history->count]);
        if (rc != AURORA_OK)
            return rc;
        history->count++;
    }
    if (list.reader.is_out_of_memory)
        return AURORA_ENOMEM;
    if (list.reader.is_failed || history->count != room || list.dropped < 0 ||
        list.dropped > UINT32_MAX)
        return AURORA_ECORRUPT;
    history->dropped_count = (uint32_t)list.dropped;
    return AURORA_OK;
}

static aurora_status fill_history(aurora__arena *arena, const void *source)
{
    const aurora__order_row *row = source;
    uint32_t count;
    aurora_history *history = aurora__arena_zero(arena, sizeof *history);
    aurora_status rc = aurora__column_count(row->transitions, &count);
    if (rc == AURORA_OK && count < 2)
        rc = AURORA_ECORRUPT;
    if (rc != AURORA_OK)
        return rc;
    uint32_t room = count - 1; /* the first element counts what was dropped */
    aurora_transition **items =
        history == NULL ? NULL : aurora__arena_zero(arena, sizeof(*items) * room);
    if (items == NULL)
        return AURORA_ENOMEM;
    history->size = sizeof *history;
    history->order_id = row->id;
    history->items = (const aurora_transition *const *)items;
    return fill_steps(arena, row, history, items, room);
}

aurora_status aurora__history_result(const aurora_allocator *allocator,
                                     const aurora__order_row *row, aurora_history **out)
{
    void *result;
    size_t guess = sizeof(aurora_history) + 8 * aurora__result_text_bytes(row->transitions);
    aurora_status rc = aurora__result_build(allocator, guess, fill_history, row, &result);
    *out = result;
    return rc;
}

void aurora_history_free(aurora_history *history)
{
    aurora__result_free(history);
}
