/* SPDX-License-Identifier: MIT */
#include "routes/bodies.h"

#include <stdlib.h>

#define TYPICAL_BYTES 1024

/* A name of the library's: "" is null. */
static void add_name(aurora_json_out *out, const char *name, const char *constant)
{
    aurora_json_out_text(out, name, constant[0] == 0 ? NULL : constant);
}

char *aurora_body_order_text(const aurora_order *order, size_t *len_out)
{
    char *text = malloc(TYPICAL_BYTES);
    if (text == NULL || aurora_order_json(order, text, TYPICAL_BYTES, len_out) != AURORA_ETOOBIG)
        return text;
    free(text);
    text = malloc(*len_out + 1);
    if (text != NULL)
        (void)aurora_order_json(order, text, *len_out + 1, len_out);
    return text;
}

void aurora_body_order(aurora_json_out *out, const aurora_order *order)
{
    size_t len = 0;
    char *text = aurora_body_order_text(order, &len);
    if (text == NULL)
        out->is_failed = true;
    else
        aurora_json_out_raw(out, NULL, text, len);
    free(text);
}

void aurora_body_transition(aurora_json_out *out, const aurora_transition *step)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_uint(out, "version", step->version);
    add_name(out, "status", aurora_order_status_name(step->status));
    add_name(out, "outcome", aurora_order_status_name(step->outcome));
    add_name(out, "reason", aurora_reason_name(step->reason));
    add_name(out, "event", aurora_event_name(step->event_kind));
    aurora_json_out_time(out, "at", step->at_ms);
    aurora_json_out_time(out, "settled_at", step->settled_at_ms);
    aurora_json_out_text(out, "actor", step->actor);
    aurora_json_out_text(out, "note", step->note);
    aurora_json_out_close(out, '}');
}

/* Between the braces of an object that is open. */
static void add_product_members(aurora_json_out *out, const aurora_product *product)
{
    aurora_json_out_text(out, "sku", product->sku);
    aurora_json_out_text(out, "name", product->name);
    aurora_json_out_text(out, "description", product->description);
    aurora_json_out_text(out, "category", product->category);
    aurora_json_out_text(out, "brand", product->brand);
    aurora_json_out_text(out, "image_url", product->image_url);
    aurora_json_out_int(out, "price_minor", product->price_minor);
    aurora_json_out_text(out, "currency", product->currency);
    aurora_json_out_object(out, "attributes");
    for (uint32_t i = 0; i < product->attribute_count; i++)
        aurora_json_out_text(out, product->attributes[i].name, product->attributes[i].value);
    aurora_json_out_close(out, '}');
    aurora_json_out_uint(out, "version", product->version);
    aurora_json_out_time(out, "created_at", product->created_at_ms);
    aurora_json_out_time(out, "updated_at", product->updated_at_ms);
}

void aurora_body_product(aurora_json_out *out, const aurora_product *product)
{
    aurora_json_out_object(out, NULL);
    add_product_members(out, product);
    aurora_json_out_close(out, '}');
}

void aurora_body_stock(aurora_json_out *out, const char *sku, const aurora_stock *stock)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "sku", sku);
    aurora_json_out_int(out, "available", stock->available);
    aurora_json_out_int(out, "reserved", stock->reserved);
    aurora_json_out_int(out, "sold", stock->sold);
    aurora_json_out_int(out, "received", stock->received);
    aurora_json_out_int(out, "written_off", stock->written_off);
    aurora_json_out_uint(out, "version", stock->version);
    aurora_json_out_close(out, '}');
}

static void add_participant(aurora_json_out *out, const aurora_participant *participant)
{
    aurora_json_out_object(out, NULL);
    add_name(out, "participant", aurora_participant_name(participant->participant));
    aurora_json_out_text(out, "state", participant->state);
    aurora_json_out_bool(out, "parked", participant->is_parked == 1);
    aurora_json_out_text(out, "parked_reason", participant->parked_reason);
    aurora_json_out_int(out, "attempts", participant->attempts);
    aurora_json_out_id(out, "task_id", participant->task_id);
    aurora_json_out_text(out, "provider_reference", participant->provider_reference);
    aurora_json_out_time(out, "first_attempt_at", participant->first_attempt_at_ms);
    aurora_json_out_time(out, "next_attempt_at", participant->next_attempt_at_ms);
    aurora_json_out_time(out, "parked_at", participant->parked_at_ms);
    aurora_json_out_close(out, '}');
}

void aurora_body_saga(aurora_json_out *out, const aurora_saga *saga)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_id(out, "order_id", saga->order_id);
    add_name(out, "status", aurora_order_status_name(saga->status));
    add_name(out, "outcome", aurora_order_status_name(saga->outcome));
    add_name(out, "reason", aurora_reason_name(saga->reason));
    aurora_json_out_bool(out, "parked", saga->parked != 0);
    aurora_json_out_uint(out, "version", saga->version);
    aurora_json_out_int(out, "age_ms", saga->age_ms);
    aurora_json_out_time(out, "created_at", saga->created_at_ms);
    aurora_json_out_time(out, "deadline_at", saga->deadline_at_ms);
    aurora_json_out_time(out, "resend_at", saga->resend_at_ms);
    aurora_json_out_array(out, "participants");
    for (uint32_t i = 0; i < saga->participant_count; i++)
        add_participant(out, saga->participants[i]);
    aurora_json_out_close(out, ']');
    aurora_json_out_close(out, '}');
}

void aurora_body_saga_unknown(aurora_json_out *out, aurora_id order_id)
{
    aurora_saga saga = {.order_id = order_id};
    aurora_body_saga(out, &saga);
}

void aurora_body_dead_letter(aurora_json_out *out, const aurora_dead_letter *letter)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "consumer", letter->consumer);
    aurora_json_out_text(out, "key", letter->key);
    add_name(out, "type", aurora_event_name(letter->event_kind));
    aurora_json_out_text(out, "event_id", letter->event_id);
    aurora_json_out_text(out, "source", letter->source);
    aurora_json_out_uint(out, "position", letter->position);
    aurora_json_out_text(out, "reason", letter->reason);
    aurora_json_out_int(out, "attempts", letter->attempts);
    aurora_json_out_time(out, "parked_at", letter->parked_at_ms);
    aurora_json_out_text(out, "data", letter->data); /* as it came: it may be no JSON at all */
    aurora_json_out_close(out, '}');
}

void aurora_body_notification(aurora_json_out *out, const aurora_notification *notification)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_id(out, "order_id", notification->order_id);
    add_name(out, "kind", aurora_notification_name(notification->kind));
    add_name(out, "state", aurora_notification_state_name(notification->state));
    aurora_json_out_uint(out, "attempts", notification->attempts);
    aurora_json_out_text(out, "detail", notification->detail);
    aurora_json_out_text(out, "contact", notification->contact);
    aurora_json_out_uint(out, "order_version", notification->order_version);
    aurora_json_out_time(out, "at", notification->at_ms);
    aurora_json_out_time(out, "updated_at", notification->updated_at_ms);
    aurora_json_out_time(out, "due_at", notification->due_at_ms);
    aurora_json_out_close(out, '}');
}

void aurora_body_event(aurora_json_out *out, const aurora_event *event)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_uint(out, "position", event->position);
    aurora_json_out_text(out, "type", event->type_name);
    aurora_json_out_text(out, "id", event->id);
    aurora_json_out_text(out, "source", event->source);
    aurora_json_out_time(out, "at", event->at_ms);
    aurora_json_out_id(out, "order_id", event->order_id);
    aurora_json_out_text(out, "sku", event->sku);
    aurora_json_out_bool(out, "resend", event->is_resend == 1);
    aurora_json_out_text(out, "traceparent", event->traceparent);
    aurora_json_out_raw(out, "data", event->data, event->data_len);
    aurora_json_out_close(out, '}');
}

static void add_facets(aurora_json_out *out, const char *name, const aurora_search_page *page,
                       int32_t kind)
{
    aurora_json_out_array(out, name);
    for (uint32_t i = 0; i < page->facet_count; i++) {
        const aurora_facet *facet = page->facets[i];
        if (facet->kind != kind)
            continue;
        aurora_json_out_object(out, NULL);
        aurora_json_out_text(out, "value", facet->value);
        aurora_json_out_uint(out, "count", facet->count);
        aurora_json_out_close(out, '}');
    }
    aurora_json_out_close(out, ']');
}

static void add_hit(aurora_json_out *out, const aurora_hit *hit)
{
    aurora_json_out_object(out, NULL);
    add_product_members(out, hit->product);
    aurora_json_out_double(out, "score", hit->score);
    aurora_json_out_text(out, "highlight", hit->highlight);
    aurora_json_out_close(out, '}');
}

void aurora_body_search_open(aurora_json_out *out, const aurora_search_page *page, bool is_first)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_uint(out, "total", page->total);
    if (is_first) {
        aurora_json_out_object(out, "facets");
        add_facets(out, "category", page, AURORA_FACET_CATEGORY);
        add_facets(out, "brand", page, AURORA_FACET_BRAND);
        aurora_json_out_close(out, '}');
    } else {
        aurora_json_out_null(out, "facets");
    }
    aurora_json_out_array(out, "hits");
    for (uint32_t i = 0; i < page->count; i++)
        add_hit(out, page->items[i]);
}
