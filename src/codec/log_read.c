/* SPDX-License-Identifier: MIT */
#include "codec/log.h"

#include <aurora/event.h>

#define KIND_MAX 63

void aurora__log_read(aurora__log_reader *reader, const aurora_log_row *row)
{
    *reader =
        (aurora__log_reader){.kinds = UINT64_MAX, .position = row->position, .count = row->count};
    if (row->format != AURORA__LOG_FORMAT) {
        reader->status = row->format > AURORA__LOG_FORMAT ? AURORA_ESCHEMA : AURORA_ECORRUPT;
        return;
    }
    if (row->body == NULL || row->count == 0) {
        reader->status = AURORA_ECORRUPT;
        return;
    }
    aurora__scanner_begin(&reader->rest, row->body, row->body_length);
    aurora__scanner_expect(&reader->rest, '[');
    reader->base_ms = aurora__scanner_integer(&reader->rest);
    reader->status = reader->rest.status;
}

void aurora__log_filter(aurora__log_reader *reader, uint64_t kinds)
{
    reader->kinds = kinds;
}

static bool is_wanted(const aurora__log_reader *reader, int32_t kind)
{
    return (reader->kinds >> kind & 1) != 0;
}

static int32_t take_kind(aurora__scanner *scanner)
{
    return (int32_t)aurora__scanner_ranged(scanner, 1, KIND_MAX);
}

static int64_t take_time(const aurora__log_reader *reader, aurora__scanner *scanner)
{
    return (int64_t)((uint64_t)aurora__scanner_integer(scanner) + (uint64_t)reader->base_ms);
}

static int32_t take_small(aurora__scanner *scanner)
{
    return (int32_t)aurora__scanner_ranged(scanner, INT32_MIN, INT32_MAX);
}

static const aurora__saga *take_saga(aurora__log_reader *reader, aurora__arena *arena)
{
    aurora__scanner *scanner = &reader->rest;
    if (!aurora__scanner_accept(scanner, '[')) {
        if (aurora__scanner_measure(scanner) != 0)
            aurora__scanner_fail(scanner, AURORA_ECORRUPT);
        return NULL;
    }
    aurora__saga *saga = aurora__arena_zero(arena, sizeof *saga);
    if (saga == NULL) {
        aurora__scanner_fail(scanner, AURORA_ENOMEM);
        return NULL;
    }
    saga->customer_id = aurora__scanner_text(scanner, arena);
    aurora__scanner_expect(scanner, ',');
    saga->contact = aurora__scanner_text(scanner, arena);
    aurora__scanner_expect(scanner, ',');
    saga->currency = aurora__scanner_text(scanner, arena);
    aurora__scanner_expect(scanner, ',');
    saga->payment_method = aurora__scanner_text(scanner, arena);
    aurora__scanner_expect(scanner, ',');
    saga->total_minor = aurora__scanner_integer(scanner);
    aurora__scanner_expect(scanner, ',');
    saga->deadline_at = take_time(reader, scanner);
    aurora__scanner_expect(scanner, ',');
    saga->placed_at = take_time(reader, scanner);
    if (aurora__scanner_accept(scanner, ','))
        saga->traceparent = aurora__scanner_text(scanner, arena);
    aurora__scanner_leave(scanner);
    return saga;
}

/* Passes over a group's events: which kinds there are, and how many events. */
static uint64_t survey_events(aurora__log_reader *reader, uint32_t *count_out)
{
    aurora__scanner *scanner = &reader->rest;
    uint64_t kinds = 0;
    *count_out = 0;
    aurora__scanner_expect(scanner, '[');
    reader->events = *scanner;
    while (aurora__scanner_next(scanner, count_out)) {
        aurora__scanner_expect(scanner, '[');
        kinds |= (uint64_t)1 << take_kind(scanner);
        aurora__scanner_leave(scanner);
    }
    reader->events.end = scanner->at;
    if (*count_out == 0)
        aurora__scanner_fail(scanner, AURORA_ECORRUPT);
    return kinds;
}

static void open_order_group(aurora__log_reader *reader, aurora__arena *arena)
{
    aurora__scanner *scanner = &reader->rest;
    uint32_t count;
    reader->order_id = aurora__scanner_id(scanner);
    reader->saga = NULL;
    reader->lines = NULL;
    reader->index_in_group = 0;
    aurora__scanner_expect(scanner, ',');
    uint64_t kinds = survey_events(reader, &count);
    reader->is_in_group = (kinds & reader->kinds) != 0;
    if (!reader->is_in_group) {
        reader->index += count;
    } else if (aurora__scanner_accept(scanner, ',')) {
        reader->saga = take_saga(reader, arena);
        if (aurora__scanner_accept(scanner, ','))
            reader->lines = aurora__scanner_array(scanner, arena);
    }
    aurora__scanner_leave(scanner);
}

/* The fields of an event behind its kind, in their order. */
static void take_field(aurora__log_reader *reader, aurora__arena *arena, uint32_t field,
                       aurora__event *event)
{
    aurora__scanner *scanner = &reader->events;
    size_t length;
    switch (field) {
    case 1:
        event->order_version = aurora__scanner_integer(scanner);
        break;
    case 2:
        event->amount_minor = aurora__scanner_integer(scanner);
        break;
    case 3:
        event->at_ms = take_time(reader, scanner);
        break;
    case 4:
        event->reason = take_small(scanner);
        break;
    case 5:
        event->is_resend = aurora__scanner_ranged(scanner, 0, 1) == 1;
        break;
    case 6:
        event->decline_code = aurora__scanner_text(scanner, arena);
        break;
    case 7:
        event->short_lines = aurora__scanner_array(scanner, arena);
        break;
    case 8:
        event->action = take_small(scanner);
        break;
    case 9:
        event->participant = take_small(scanner);
        break;
    case 10:
        event->result = take_small(scanner);
        break;
    case 11:
        event->actor = aurora__scanner_text(scanner, arena);
        break;
    case 12:
        event->note = aurora__scanner_text(scanner, arena);
        break;
    default:
        aurora__scanner_skip(scanner, &length);
    }
}

/* The next event of the current group; false at its end or when it is passed over. */
static bool take_event(aurora__log_reader *reader, aurora__arena *arena, aurora__event *event)
{
    aurora__scanner *scanner = &reader->events;
    if (!aurora__scanner_next(scanner, &reader->index_in_group)) {
        reader->is_in_group = false;
        return false;
    }
    aurora__scanner_expect(scanner, '[');
    int32_t kind = take_kind(scanner);
    reader->index++;
    if (!is_wanted(reader, kind)) {
        aurora__scanner_leave(scanner);
        return false;
    }
    *event = (aurora__event){
        .kind = kind, .order_id = reader->order_id, .at_ms = reader->base_ms, .saga = reader->saga};
    if (kind == AURORA_EVENT_ORDER_CREATED || kind == AURORA_EVENT_ORDER_COMPLETED)
        event->lines = reader->lines;
    for (uint32_t field = 1; aurora__scanner_accept(scanner, ','); field++)
        take_field(reader, arena, field, event);
    aurora__scanner_expect(scanner, ']');
    return scanner->status == AURORA_OK;
}

static const aurora__product_row *take_product_row(aurora__log_reader *reader, aurora__arena *arena,
                                                   const aurora__event *event)
{
    aurora__scanner *scanner = &reader->rest;
    aurora__product_row *row = aurora__arena_zero(arena, sizeof *row);
    if (row == NULL) {
        aurora__scanner_fail(scanner, AURORA_ENOMEM);
        return NULL;
    }
    row->sku = event->sku;
    row->version = event->product_version;
    row->name = aurora__scanner_required(scanner, arena);
    const char **const texts[4] = {&row->description, &row->brand, &row->category, &row->image_url};
    for (int i = 0; i < 4; i++) {
        aurora__scanner_expect(scanner, ',');
        *texts[i] = aurora__scanner_text(scanner, arena);
    }
    aurora__scanner_expect(scanner, ',');
    row->price_minor = aurora__scanner_integer(scanner);
    aurora__scanner_expect(scanner, ',');
    row->currency = aurora__scanner_required(scanner, arena);
    aurora__scanner_expect(scanner, ',');
    row->attributes = aurora__scanner_array(scanner, arena);
    aurora__scanner_expect(scanner, ',');
    row->is_deleted = aurora__scanner_ranged(scanner, 0, 1);
    aurora__scanner_expect(scanner, ',');
    row->created_at = take_time(reader, scanner);
    aurora__scanner_expect(scanner, ',');
    row->updated_at = take_time(reader, scanner);
    return row;
}

/* A product event, or one of a kind that a later release writes in this shape. */
static bool take_product(aurora__log_reader *reader, aurora__arena *arena, aurora__event *event)
{
    aurora__scanner *scanner = &reader->rest;
    int32_t kind = take_kind(scanner);
    reader->index++;
    if (!is_wanted(reader, kind)) {
        aurora__scanner_leave(scanner);
        return false;
    }
    *event = (aurora__event){.kind = kind};
    aurora__scanner_expect(scanner, ',');
    event->at_ms = take_time(reader, scanner);
    aurora__scanner_expect(scanner, ',');
    event->is_resend = aurora__scanner_ranged(scanner, 0, 1) == 1;
    aurora__scanner_expect(scanner, ',');
    event->sku = aurora__scanner_required(scanner, arena);
    aurora__scanner_expect(scanner, ',');
    int64_t number = aurora__scanner_integer(scanner);
    if (kind == AURORA_EVENT_PRODUCT_VIEWED)
        event->count = number;
    else
        event->product_version = number;
    if (kind == AURORA_EVENT_PRODUCT_UPSERTED) {
        aurora__scanner_expect(scanner, ',');
        event->product = take_product_row(reader, arena, event);
    }
    aurora__scanner_leave(scanner);
    return scanner->status == AURORA_OK;
}

/* At the end of a whole record every event was seen and no byte is left. */
static void finish(aurora__log_reader *reader)
{
    reader->is_done = true;
    if (reader->rest.at != reader->rest.end || reader->index != reader->count)
        aurora__scanner_fail(&reader->rest, AURORA_ECORRUPT);
}

static bool advance(aurora__log_reader *reader, aurora__arena *arena, aurora__event *event_out)
{
    aurora__scanner *scanner = &reader->rest;
    if (reader->is_in_group)
        return take_event(reader, arena, event_out);
    if (aurora__scanner_accept(scanner, ']')) {
        finish(reader);
        return false;
    }
    aurora__scanner_expect(scanner, ',');
    aurora__scanner_expect(scanner, '[');
    if (!aurora__scanner_is_at(scanner, '"'))
        return take_product(reader, arena, event_out);
    open_order_group(reader, arena);
    return false;
}

bool aurora__log_next(aurora__log_reader *reader, aurora__arena *arena, aurora__event *event_out,
                      int64_t *position_out)
{
    while (reader->status == AURORA_OK && !reader->is_done) {
        bool is_taken = advance(reader, arena, event_out);
        reader->status =
            reader->rest.status != AURORA_OK ? reader->rest.status : reader->events.status;
        if (reader->index > reader->count)
            reader->status = AURORA_ECORRUPT;
        if (!is_taken || reader->status != AURORA_OK)
            continue;
        if (position_out != NULL)
            *position_out = (int64_t)((uint64_t)reader->position + reader->index - 1);
        return true;
    }
    return false;
}

aurora_status aurora__event_decode(const char *text, uint32_t format, aurora__arena *arena,
                                   aurora__event *event_out)
{
    aurora__log_reader reader;
    aurora__event behind;
    const aurora_log_row row = {
        .count = 1, .format = format, .body = text, .body_length = text == NULL ? 0 : strlen(text)};
    aurora__log_read(&reader, &row);
    bool is_taken = aurora__log_next(&reader, arena, event_out, NULL);
    if (is_taken && aurora__log_next(&reader, arena, &behind, NULL))
        return AURORA_ECORRUPT;
    if (reader.status != AURORA_OK)
        return reader.status;
    return is_taken ? AURORA_OK : AURORA_ECORRUPT;
}
