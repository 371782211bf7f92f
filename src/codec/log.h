/* SPDX-License-Identifier: MIT */
/* Log records: the events of one batch as one compact JSON text. Not what is published: see
 * event_json.h. Format 1:
 *
 *   body    [base time in ms, group, ...]
 *   group   [order id, events, saga, lines]   consecutive events of one order with one saga
 *           [kind, time, is_resend, sku, number, name, description, brand, category, image_url,
 *            price_minor, currency, attributes, is_deleted, created_at, updated_at]
 *                                             one product event; number is a version or a count,
 *                                             what follows it is there for product.upserted only
 *   events  [[kind, order_version, amount_minor, time, reason, is_resend, decline_code,
 *             short_lines, action, participant, result, actor, note], ...]
 *   saga    [customer_id, contact, currency, payment_method, total_minor, deadline, placed_at,
 *            traceparent]
 *
 * Times are relative to the base time. Zeroes and nulls at the end of an array are left out. lines
 * are those of the group's order.created and order.completed events; lines, short_lines and
 * attributes stand as in their columns. Readers skip elements that they do not know at the end of
 * an array: a later release may add some without a new format number. */
#ifndef AURORA_CODEC_LOG_H
#define AURORA_CODEC_LOG_H

#include "codec/scanner.h"
#include "codec/writer.h"
#include "core/event.h"

#define AURORA__LOG_FORMAT 1

typedef struct {
    aurora__writer text;
    int64_t base_ms;
    uint32_t count;
} aurora__log_writer;

/* Starts the record of one batch. */
void aurora__log_begin(aurora__log_writer *writer, aurora__arena *arena);

/* Appends events in their order, as a rule those of one cascade. Returns AURORA_ENOMEM, or
 * AURORA_EINVAL for a product event without its row or SKU; the record is then of no use. */
aurora_status aurora__log_add(aurora__log_writer *writer, aurora__event *const *events,
                              uint32_t count);

/* Fills count, format, body, body_length and at_ms, the time of the first event; position stays the
 * caller's. The body is in the arena. AURORA_EINVAL when nothing was added, AURORA_ENOMEM. */
aurora_status aurora__log_end(aurora__log_writer *writer, aurora_log_row *row_out);

typedef struct {
    aurora__scanner rest;   /* after the current group */
    aurora__scanner events; /* of the current group */
    aurora_status status;   /* why next answered false: AURORA_OK at the end of the record */
    uint64_t kinds;
    int64_t position;
    int64_t base_ms;
    uint32_t count;
    uint32_t index; /* events taken or passed over */
    uint32_t index_in_group;
    bool is_in_group;
    bool is_done;
    aurora_id order_id;
    const aurora__saga *saga;
    const char *lines;
} aurora__log_reader;

/* Starts to read a record, whose body must stay. */
void aurora__log_read(aurora__log_reader *reader, const aurora_log_row *row);

/* Makes next pass over all kinds but these: bit = event kind. Groups without any of them are not
 * decoded. */
void aurora__log_filter(aurora__log_reader *reader, uint64_t kinds);

/* The next event and its position (position_out may be NULL). False at the end, or when the record
 * is damaged or memory ran out: see reader->status. Texts and sagas are in the arena, which must
 * not be reset while this record is read. A damaged record may give events before its damage: who
 * must not act on half a batch reads it to the end first. */
bool aurora__log_next(aurora__log_reader *reader, aurora__arena *arena, aurora__event *event_out,
                      int64_t *position_out);

/* One event as a record of its own, for parked_events.body with format AURORA__LOG_FORMAT. NULL:
 * out of memory. */
const char *aurora__event_encode(aurora__arena *arena, const aurora__event *event);

/* Reads it. AURORA_ECORRUPT, AURORA_ENOMEM; AURORA_ESCHEMA for a format of a later release. */
aurora_status aurora__event_decode(const char *text, uint32_t format, aurora__arena *arena,
                                   aurora__event *event_out);

#endif
