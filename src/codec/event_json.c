/* SPDX-License-Identifier: MIT */
#include "codec/event_json.h"

#include "codec/names.h"
#include "codec/scanner.h"
#include "core/payment.h"

#include <aurora/event.h>
#include <aurora/saga.h>
#include <aurora/task.h>

/* Copies a text as it stands: our columns hold the JSON that we publish. */
static void copy_text(aurora__writer *writer, aurora__scanner *scanner)
{
    const char *start = scanner->at;
    if (aurora__scanner_measure(scanner) == 0)
        aurora__scanner_fail(scanner, AURORA_ECORRUPT);
    else
        aurora__writer_raw(writer, start, (size_t)(scanner->at - start));
}

/* [[text,integer,integer],...] as an array of objects; `names` are the three members' names with
 * what stands before each value. */
static aurora_status write_lines(aurora__writer *writer, const char *lines,
                                 const char *const names[3])
{
    aurora__scanner scanner;
    uint32_t count = 0;
    aurora__writer_char(writer, '[');
    if (lines == NULL) {
        aurora__writer_char(writer, ']');
        return AURORA_OK;
    }
    aurora__scanner_begin(&scanner, lines, strlen(lines));
    aurora__scanner_expect(&scanner, '[');
    while (aurora__scanner_next(&scanner, &count)) {
        if (count > 1)
            aurora__writer_char(writer, ',');
        aurora__scanner_expect(&scanner, '[');
        for (int i = 0; i < 3; i++) {
            if (i > 0)
                aurora__scanner_expect(&scanner, ',');
            aurora__writer_raw(writer, names[i], strlen(names[i]));
            if (i == 0)
                copy_text(writer, &scanner);
            else
                aurora__writer_integer(writer, aurora__scanner_integer(&scanner));
        }
        aurora__scanner_expect(&scanner, ']');
        aurora__writer_char(writer, '}');
    }
    if (scanner.at != scanner.end)
        aurora__scanner_fail(&scanner, AURORA_ECORRUPT);
    aurora__writer_char(writer, ']');
    return scanner.status;
}

aurora_status aurora__pairs_json(aurora__writer *writer, const char *pairs)
{
    aurora__scanner scanner;
    uint32_t count = 0;
    aurora__writer_char(writer, '{');
    if (pairs == NULL) {
        aurora__writer_char(writer, '}');
        return AURORA_OK;
    }
    aurora__scanner_begin(&scanner, pairs, strlen(pairs));
    aurora__scanner_expect(&scanner, '[');
    while (aurora__scanner_next(&scanner, &count)) {
        if (count > 1)
            aurora__writer_char(writer, ',');
        aurora__scanner_expect(&scanner, '[');
        copy_text(writer, &scanner);
        aurora__scanner_expect(&scanner, ',');
        aurora__writer_char(writer, ':');
        copy_text(writer, &scanner);
        aurora__scanner_expect(&scanner, ']');
    }
    if (scanner.at != scanner.end)
        aurora__scanner_fail(&scanner, AURORA_ECORRUPT);
    aurora__writer_char(writer, '}');
    return scanner.status;
}

/* A product's texts are empty rather than absent. */
static void write_full(aurora__writer *writer, const char *text)
{
    aurora__writer_text(writer, text == NULL ? "" : text);
}

aurora_status aurora__product_json(aurora__writer *writer, const aurora__product_row *row)
{
    aurora__writer_literal(writer, "{\"sku\":");
    write_full(writer, row->sku);
    aurora__writer_literal(writer, ",\"name\":");
    write_full(writer, row->name);
    aurora__writer_literal(writer, ",\"description\":");
    write_full(writer, row->description);
    aurora__writer_literal(writer, ",\"category\":");
    write_full(writer, row->category);
    aurora__writer_literal(writer, ",\"brand\":");
    write_full(writer, row->brand);
    aurora__writer_literal(writer, ",\"image_url\":");
    write_full(writer, row->image_url);
    aurora__writer_literal(writer, ",\"price_minor\":");
    aurora__writer_integer(writer, row->price_minor);
    aurora__writer_literal(writer, ",\"currency\":");
    write_full(writer, row->currency);
    aurora__writer_literal(writer, ",\"attributes\":");
    aurora_status rc = aurora__pairs_json(writer, row->attributes);
    aurora__writer_literal(writer, ",\"version\":");
    aurora__writer_integer(writer, row->version);
    aurora__writer_literal(writer, ",\"created_at\":");
    aurora__writer_time(writer, row->created_at);
    aurora__writer_literal(writer, ",\"updated_at\":");
    aurora__writer_time(writer, row->updated_at);
    aurora__writer_char(writer, '}');
    return rc;
}

static void write_bool(aurora__writer *writer, bool value)
{
    if (value)
        aurora__writer_literal(writer, "true");
    else
        aurora__writer_literal(writer, "false");
}

/* A word of ours, null for the empty one. */
static void write_name(aurora__writer *writer, const char *name)
{
    aurora__writer_text(writer, name[0] == '\0' ? NULL : name);
}

static void write_order(aurora__writer *writer, const aurora__event *event)
{
    aurora__writer_literal(writer, "{\"order_id\":");
    aurora__writer_uuid(writer, event->order_id);
    aurora__writer_literal(writer, ",\"order_version\":");
    aurora__writer_integer(writer, event->order_version);
}

static void write_saga(aurora__writer *writer, const aurora__saga *saga)
{
    aurora__writer_literal(writer, ",\"customer_id\":");
    aurora__writer_text(writer, saga->customer_id);
    aurora__writer_literal(writer, ",\"contact\":");
    aurora__writer_text(writer, saga->contact);
    aurora__writer_literal(writer, ",\"currency\":");
    aurora__writer_text(writer, saga->currency);
    aurora__writer_literal(writer, ",\"total_minor\":");
    aurora__writer_integer(writer, saga->total_minor);
    aurora__writer_literal(writer, ",\"payment_method\":");
    aurora__writer_text(writer, saga->payment_method);
    aurora__writer_literal(writer, ",\"deadline\":");
    aurora__writer_time(writer, saga->deadline_at);
    aurora__writer_literal(writer, ",\"placed_at\":");
    aurora__writer_time(writer, saga->placed_at);
}

static bool is_payment(int32_t kind)
{
    return strcmp(aurora__event_module(kind), "payment") == 0;
}

static void write_payment(aurora__writer *writer, const aurora__event *event)
{
    aurora__writer_literal(writer, ",\"payment_id\":");
    aurora__writer_uuid(writer, aurora__task_id(&event->order_id, AURORA_VERB_AUTHORIZE));
    aurora__writer_literal(writer, ",\"amount_minor\":");
    aurora__writer_integer(writer, event->amount_minor);
    if (event->kind != AURORA_EVENT_PAYMENT_DECLINED)
        return;
    aurora__writer_literal(writer, ",\"decline_code\":");
    aurora__writer_text(writer, event->decline_code);
}

static void write_repair(aurora__writer *writer, const aurora__event *event)
{
    aurora__writer_literal(writer, ",\"action\":");
    write_name(writer, aurora_repair_name(event->action));
    aurora__writer_literal(writer, ",\"participant\":");
    write_name(writer, aurora_participant_name(event->participant));
    aurora__writer_literal(writer, ",\"result\":");
    write_name(writer, aurora_result_name(event->result));
    aurora__writer_literal(writer, ",\"actor\":");
    aurora__writer_text(writer, event->actor);
    aurora__writer_literal(writer, ",\"note\":");
    aurora__writer_text(writer, event->note);
}

static aurora_status write_order_event(aurora__writer *writer, const aurora__event *event)
{
    static const aurora__saga nothing = {0};
    static const char *const line[] = {"{\"sku\":", ",\"quantity\":", ",\"unit_price_minor\":"};
    static const char *const lack[] = {"{\"sku\":", ",\"requested\":", ",\"available\":"};
    aurora_status rc = AURORA_OK;
    write_order(writer, event);
    if (event->kind == AURORA_EVENT_ORDER_UPDATED) {
        aurora__writer_char(writer, '}');
        return rc;
    }
    write_saga(writer, event->saga == NULL ? &nothing : event->saga);
    aurora__writer_literal(writer, ",\"reason\":");
    write_name(writer, aurora_reason_name(event->reason));
    aurora__writer_literal(writer, ",\"resend\":");
    write_bool(writer, event->is_resend);
    switch (event->kind) {
    case AURORA_EVENT_ORDER_CREATED:
    case AURORA_EVENT_ORDER_COMPLETED:
        aurora__writer_literal(writer, ",\"lines\":");
        rc = write_lines(writer, event->lines, line);
        break;
    case AURORA_EVENT_INVENTORY_REJECTED:
        aurora__writer_literal(writer, ",\"short\":");
        rc = write_lines(writer, event->short_lines, lack);
        break;
    case AURORA_EVENT_ORDER_REPAIR:
        write_repair(writer, event);
        break;
    default:
        if (is_payment(event->kind))
            write_payment(writer, event);
    }
    aurora__writer_char(writer, '}');
    return rc;
}

static void write_product_event(aurora__writer *writer, const aurora__event *event)
{
    aurora__writer_literal(writer, "{\"sku\":");
    aurora__writer_text(writer, event->sku);
    if (event->kind == AURORA_EVENT_PRODUCT_VIEWED) {
        aurora__writer_literal(writer, ",\"count\":");
        aurora__writer_integer(writer, event->count);
    } else {
        aurora__writer_literal(writer, ",\"version\":");
        aurora__writer_integer(writer, event->product_version);
    }
    aurora__writer_char(writer, '}');
}

static aurora_status write_event(aurora__writer *writer, const aurora__event *event)
{
    switch (event->kind) {
    case AURORA_EVENT_PRODUCT_UPSERTED:
        return event->product == NULL ? AURORA_ECORRUPT
                                      : aurora__product_json(writer, event->product);
    case AURORA_EVENT_PRODUCT_DELETED:
    case AURORA_EVENT_PRODUCT_VIEWED:
        write_product_event(writer, event);
        return AURORA_OK;
    default:
        if (aurora_event_name(event->kind)[0] == '\0')
            return AURORA_EINVAL;
        return write_order_event(writer, event);
    }
}

aurora_status aurora__event_json(aurora__arena *arena, const aurora__event *event,
                                 const char **text_out, size_t *length_out)
{
    aurora__writer writer;
    aurora__writer_begin(&writer, arena, 512);
    *text_out = NULL;
    aurora_status rc = write_event(&writer, event);
    const char *text = aurora__writer_end(&writer);
    if (rc == AURORA_OK && text == NULL)
        rc = AURORA_ENOMEM;
    if (rc != AURORA_OK)
        return rc;
    *text_out = text;
    if (length_out != NULL)
        *length_out = writer.length;
    return AURORA_OK;
}
