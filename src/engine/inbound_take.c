/* SPDX-License-Identifier: MIT */
/* The command of one message: dropped where the watermark has passed it, else taken or set aside,
 * in the transaction that moves the watermark. */
#include "engine/inbound.h"

#include "core/inventory.h"
#include "core/product.h"
#include "plant/plant.h"

#include <aurora/event.h>
#include <aurora/saga.h>

#include <stdio.h>
#include <string.h>

#define BIT(kind) (UINT64_C(1) << (kind))
#define KINDS_OF_PRODUCTS (BIT(AURORA_EVENT_PRODUCT_UPSERTED) | BIT(AURORA_EVENT_PRODUCT_DELETED))
#define KINDS_OF_OUTCOMES                                                                          \
    (BIT(AURORA_EVENT_ORDER_COMPLETED) | BIT(AURORA_EVENT_ORDER_FAILED) |                          \
     BIT(AURORA_EVENT_ORDER_CANCELLED))

#define HEX_BYTES_MAX 100

static const struct {
    uint32_t module;
    uint64_t kinds;
} takers[] = {
    {AURORA__MODULE_ORDER,
     BIT(AURORA_EVENT_INVENTORY_RESERVED) | BIT(AURORA_EVENT_INVENTORY_REJECTED) |
         BIT(AURORA_EVENT_INVENTORY_COMMITTED) | BIT(AURORA_EVENT_INVENTORY_RELEASED) |
         BIT(AURORA_EVENT_INVENTORY_RETURNED) | BIT(AURORA_EVENT_INVENTORY_PARKED) |
         BIT(AURORA_EVENT_PAYMENT_AUTHORIZED) | BIT(AURORA_EVENT_PAYMENT_DECLINED) |
         BIT(AURORA_EVENT_PAYMENT_CAPTURED) | BIT(AURORA_EVENT_PAYMENT_VOIDED) |
         BIT(AURORA_EVENT_PAYMENT_REFUNDED) | BIT(AURORA_EVENT_PAYMENT_PARKED) | KINDS_OF_PRODUCTS},
    {AURORA__MODULE_INVENTORY,
     BIT(AURORA_EVENT_ORDER_CREATED) | KINDS_OF_OUTCOMES | BIT(AURORA_EVENT_ORDER_REPAIR)},
    {AURORA__MODULE_PAYMENT,
     BIT(AURORA_EVENT_INVENTORY_RESERVED) | KINDS_OF_OUTCOMES | BIT(AURORA_EVENT_ORDER_REPAIR)},
    {AURORA__MODULE_SEARCH, KINDS_OF_PRODUCTS},
    {AURORA__MODULE_RECOMMENDATION,
     BIT(AURORA_EVENT_ORDER_COMPLETED) | BIT(AURORA_EVENT_PRODUCT_VIEWED) | KINDS_OF_PRODUCTS},
    {AURORA__MODULE_NOTIFICATION, KINDS_OF_OUTCOMES},
};

/* The kinds that a module takes from outside: bit = event kind. */
static uint64_t kinds_of(uint32_t module)
{
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++) {
        if (takers[i].module == module)
            return takers[i].kinds;
    }
    return 0;
}

const char *aurora__topic_name(int32_t topic)
{
    static const char *const names[AURORA_TOPIC_COUNT] = {
        "", "orders", "inventory", "payments", "products", "views", "dead_letters"};
    return topic > 0 && topic < AURORA_TOPIC_COUNT ? names[topic] : "";
}

/* --- the event -------------------------------------------------------------------------------- */

static bool is_of_product(const aurora__event *event)
{
    return event->sku != NULL;
}

static bool is_follower(uint32_t module)
{
    return (module & (AURORA__MODULE_SEARCH | AURORA__MODULE_RECOMMENDATION |
                      AURORA__MODULE_NOTIFICATION)) != 0;
}

/* The followers of the log do the rest. */
static aurora_status follow(aurora__step *step, const aurora__event *event)
{
    bool is_kept = (BIT(event->kind) & KINDS_OF_PRODUCTS) != 0;
    aurora_status rc = is_kept ? aurora__product_keep(step, event) : AURORA_OK;
    if (rc != AURORA_OK)
        return rc;
    aurora__event *copy = aurora__step_emit(step, event->kind);
    if (copy == NULL)
        return aurora__step_full(step);
    *copy = *event;
    return AURORA_OK;
}

aurora_status aurora__inbound_deliver(aurora__step *step, const aurora__event *event,
                                      uint32_t module)
{
    return is_follower(module) ? follow(step, event) : aurora__cascade_deliver(step, event, module);
}

/* --- rows ------------------------------------------------------------------------------------- */

/* A message that does not say where it comes from counts by its place on the bus. */
static bool has_place(const aurora__record *record)
{
    return record->source != NULL && record->position > 0;
}

static aurora__key watermark_key(const aurora__inbound *of)
{
    const char *source = has_place(&of->record) ? of->record.source : "";
    aurora__key key =
        aurora__key_texts(AURORA__TABLE_watermark, aurora__module_name(of->module), source);
    key.count = 4;
    key.values[2] = aurora__value_text(aurora__topic_name(of->at.topic));
    key.values[3] = aurora__value_number(of->at.partition);
    return key;
}

static aurora__key parked_key(const aurora__inbound *of)
{
    return aurora__key_texts(AURORA__TABLE_parked_key, aurora__module_name(of->module), of->key);
}

static aurora_status want_saga(const aurora__inbound *command, aurora__step *step)
{
    aurora_status rc = aurora__saga_keys(step, &command->event.order_id);
    return rc == AURORA_OK && command->module == AURORA__MODULE_INVENTORY
               ? aurora__inventory_event_keys(step, &command->event)
               : rc;
}

static aurora_status want_rows(aurora__inbound *command, aurora__turn *turn)
{
    aurora__step *step = &turn->step;
    aurora__key parked = parked_key(command);
    const aurora__event *event = &command->event;
    aurora_status rc = aurora__rows_want(step->rows, &parked);
    if (rc != AURORA_OK || command->damage != AURORA_OK)
        return rc;
    if (event->kind == AURORA_EVENT_ORDER_REPAIR) {
        aurora__parked_at at = {.module = command->module, .order_id = event->order_id};
        return aurora__redrive_keys(turn, &at, &command->parked);
    }
    if (!is_of_product(event))
        return is_follower(command->module) ? rc : want_saga(command, step);
    bool is_order = command->module == AURORA__MODULE_ORDER;
    aurora__key key =
        aurora__key_text(is_order ? AURORA__TABLE_price : AURORA__TABLE_product, event->sku);
    return aurora__rows_want(step->rows, &key);
}

static aurora_status take_keys(aurora__command *base, aurora__turn *turn)
{
    aurora__inbound *command = (aurora__inbound *)base;
    aurora__key watermark = watermark_key(command);
    aurora_status rc = aurora__rows_want(turn->step.rows, &watermark);
    return rc != AURORA_OK ? rc : want_rows(command, turn);
}

/* --- the decision ----------------------------------------------------------------------------- */

/* Moves the watermark; *is_new_out is false for what it has passed already. Nothing is written for
 * a message that both numbers know. */
static aurora_status advance(const aurora__inbound *command, aurora__step *step, bool *is_new_out)
{
    aurora__key key = watermark_key(command);
    aurora__watermark_row *mark;
    const aurora__watermark_row *before;
    int64_t position =
        has_place(&command->record) ? command->record.position : command->at.next_offset;
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&before);
    if (rc != AURORA_OK)
        return rc;
    *is_new_out = before == NULL || position > before->position || AURORA_PLANT(NO_INBOX);
    if (!*is_new_out && command->at.next_offset <= before->next_offset)
        return AURORA_OK;
    rc = before != NULL ? aurora__rows_write(step->rows, &key, (void **)&mark)
                        : aurora__rows_insert(step->rows, &key, (void **)&mark);
    if (rc != AURORA_OK)
        return rc;
    if (position > mark->position)
        mark->position = position;
    if (command->at.next_offset > mark->next_offset)
        mark->next_offset = command->at.next_offset;
    mark->seen_at = step->now_ms;
    return AURORA_OK;
}

/* What is set aside is the event, or the message itself where there is none to speak of. */
static aurora_status keep_message(aurora__inbound *command, aurora__step *step)
{
    for (uint32_t i = 0; i < step->parked_count; i++) {
        aurora__parked *parked = &step->parked[i];
        if (parked->event != &command->event)
            continue;
        command->result = AURORA__INBOUND_PARKED;
        parked->key = command->key;
        if (command->damage == AURORA_OK)
            continue;
        parked->format = AURORA__RECORD_FORMAT;
        parked->body = aurora__record_encode(step->arena, &command->record);
        if (parked->body == NULL)
            return AURORA_ENOMEM;
    }
    return AURORA_OK;
}

/* The row itself says so, which was loaded with the others: another instance may have parked the
 * key a moment ago, and then lost the partition to us. */
static aurora_status is_key_parked(const aurora__inbound *command, aurora__step *step,
                                   bool *is_parked_out)
{
    const void *row = NULL;
    aurora__key key = parked_key(command);
    aurora_status rc = aurora__rows_read(step->rows, &key, &row);
    *is_parked_out = row != NULL;
    return rc;
}

/* An operator's repair does not queue behind the events that it is to help past. */
static bool is_repair_of(const aurora__inbound *command)
{
    int32_t own = command->module == AURORA__MODULE_INVENTORY ? AURORA_PARTICIPANT_INVENTORY
                                                              : AURORA_PARTICIPANT_PAYMENT;
    return command->event.kind == AURORA_EVENT_ORDER_REPAIR && command->event.participant == own;
}

/* A follower's service has no machine that could refuse, but its rows may be damaged. A repair that
 * the store refuses is set aside like anything else: it must not hold up the others. */
static aurora_status receive(aurora__inbound *command, aurora__step *step, bool is_parked)
{
    bool is_repair =
        command->damage == AURORA_OK && command->event.kind == AURORA_EVENT_ORDER_REPAIR;
    if (is_repair && !is_repair_of(command))
        return AURORA_OK;
    if (is_repair && is_parked && !command->must_park) {
        aurora__parked_at at = {.module = command->module, .order_id = command->event.order_id};
        return aurora__redrive_repair(step, &at, &command->parked, &command->event);
    }
    aurora_status damage = command->must_park ? AURORA_ECORRUPT : command->damage;
    if (!is_follower(command->module) || is_parked || damage != AURORA_OK)
        return aurora__cascade_receive(step, &command->event, command->module, is_parked, damage);
    uint32_t outer = aurora__rows_mark(step->rows);
    aurora_status rc = follow(step, &command->event);
    if (rc != AURORA_ECORRUPT) {
        aurora__rows_keep(step->rows, outer);
        return rc;
    }
    aurora__rows_undo(step->rows, outer);
    return aurora__cascade_receive(step, &command->event, command->module, false, rc);
}

static aurora_status take_decide(aurora__command *base, aurora__turn *turn)
{
    aurora__inbound *command = (aurora__inbound *)base;
    aurora__step *step = &turn->step;
    bool is_new = false;
    bool is_parked;
    if (command->previous != NULL && !command->previous->head.is_kept && !AURORA_PLANT(OVERTAKE))
        return AURORA_EAGAIN;
    aurora_status rc = advance(command, step, &is_new);
    command->result = is_new ? AURORA__INBOUND_APPLIED : AURORA__INBOUND_DUPLICATE;
    if (rc != AURORA_OK || !is_new)
        return rc;
    rc = is_key_parked(command, step, &is_parked);
    if (rc == AURORA_OK)
        rc = receive(command, step, is_parked);
    return rc == AURORA_OK ? keep_message(command, step) : rc;
}

/* A repair may have had no room for all that was parked. */
static bool take_finish(aurora__command *base, aurora__turn *turn, aurora_status status)
{
    const aurora__inbound *command = (const aurora__inbound *)base;
    const aurora__parked_at at = {.module = command->module, .order_id = command->event.order_id};
    if (status == AURORA_OK && command->parked.is_more)
        aurora__redrive_rest(turn->engine, &at);
    return true;
}

static void take_free(aurora__command *base)
{
    aurora__query_arena_free(&((aurora__inbound *)base)->arena);
}

static const char *result_name(int32_t result)
{
    static const char *const names[] = {NULL, "applied", "duplicate", "parked"};
    return result >= 0 && result < (int32_t)(sizeof names / sizeof names[0]) ? names[result] : NULL;
}

static void take_describe(const aurora__command *base, aurora__span_draft *draft)
{
    const aurora__inbound *command = (const aurora__inbound *)base;
    const char *event = aurora_event_name(command->event.kind);
    draft->span.kind = AURORA_SPAN_CONSUMER;
    aurora__span_name(draft, "process", event[0] == '\0' ? "message" : event);
    aurora__span_text(draft, "messaging.system", "kafka");
    aurora__span_text(draft, "messaging.operation.type", "process");
    aurora__span_text(draft, "messaging.destination.name", aurora__topic_name(command->at.topic));
    aurora__span_number_text(draft, "messaging.destination.partition.id", command->at.partition);
    aurora__span_text(draft, "messaging.consumer.group.name", aurora__module_name(command->module));
    aurora__span_number(draft, "messaging.kafka.offset", command->at.next_offset - 1);
    aurora__span_number(draft, "aurora.event.position", command->record.position);
    aurora__span_text(draft, "aurora.module", aurora__module_name(command->module));
    aurora__span_text(draft, "aurora.result", result_name(command->result));
    aurora__span_order(draft, &command->event.order_id);
}

static const aurora__command_class take_class = {.name = "inbound",
                                                 .keys = take_keys,
                                                 .decide = take_decide,
                                                 .finish = take_finish,
                                                 .free = take_free,
                                                 .describe = take_describe};

/* --- making one ------------------------------------------------------------------------------- */

static const char *header(const aurora_bus_record *record, const char *name)
{
    for (uint32_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    }
    return NULL;
}

bool aurora__inbound_is_foreign(uint32_t module, const aurora_bus_record *record)
{
    const char *type = header(record, "ce_type");
    return type != NULL && (kinds_of(module) >> aurora_event_parse(type) & 1) == 0;
}

static int64_t read_position(const char *text)
{
    int64_t number = 0;
    if (text == NULL || text[0] == '\0' || strlen(text) > 18)
        return 0;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return 0;
        number = number * 10 + (*text - '0');
    }
    return number;
}

/* Keys of ours are plain texts; of anything else hexadecimal digits are kept. */
static const char *key_text(aurora__arena *arena, const aurora_bus_record *record)
{
    bool is_plain = record->key_len > 0 && record->key_len <= AURORA_SKU_BYTES_MAX;
    for (uint32_t i = 0; is_plain && i < record->key_len; i++)
        is_plain = record->key[i] >= 0x20 && record->key[i] < 0x7F;
    if (is_plain)
        return aurora__arena_copy(arena, record->key, record->key_len);
    uint32_t bytes = record->key_len < HEX_BYTES_MAX ? record->key_len : HEX_BYTES_MAX;
    char *text = aurora__arena_take(arena, 3 + 2 * (size_t)bytes);
    if (text == NULL)
        return NULL;
    memcpy(text, "0x", 3);
    for (uint32_t i = 0; i < bytes; i++)
        snprintf(text + 2 + 2 * (size_t)i, 3, "%02x", (unsigned)(uint8_t)record->key[i]);
    return text;
}

/* A copy of a header's text, NULL where there is none. */
static bool copy_header(aurora__arena *arena, const aurora_bus_record *from, const char *name,
                        const char **out)
{
    const char *value = header(from, name);
    *out = value == NULL ? NULL : aurora__arena_text(arena, value);
    return value == NULL || *out != NULL;
}

/* The same, and NULL also for what is not plain text: a header may hold any bytes, and this one
 * goes on into rows, where the store would refuse it. */
static bool copy_plain(aurora__arena *arena, const aurora_bus_record *from, const char *name,
                       const char **out)
{
    const char *value = header(from, name);
    size_t length = value == NULL ? 0 : strnlen(value, AURORA_TEXT_BYTES_MAX + 1);
    bool is_plain = value != NULL && length <= AURORA_TEXT_BYTES_MAX;
    for (size_t i = 0; is_plain && i < length; i++)
        is_plain = value[i] >= 0x20 && value[i] < 0x7F;
    *out = is_plain ? aurora__arena_text(arena, value) : NULL;
    return !is_plain || *out != NULL;
}

/* A traceparent goes on into rows and events, and out in headers: what is none stays here. */
static bool copy_trace(aurora__inbound *command, const aurora_bus_record *from)
{
    aurora_trace_context parent;
    if (!aurora__trace_read(header(from, "traceparent"), &parent))
        return true;
    aurora__trace_accept(&command->head, &command->trace, &parent);
    command->record.traceparent = aurora__arena_text(&command->arena.arena, command->trace.text);
    return command->record.traceparent != NULL;
}

static bool copy_record(aurora__inbound *command, const aurora_bus_record *from)
{
    aurora__arena *arena = &command->arena.arena;
    aurora__record *record = &command->record;
    char *data = aurora__arena_copy(arena, from->data_len == 0 ? "" : from->data, from->data_len);
    record->data = data;
    record->length = from->data_len;
    record->at_ms = from->at_ms;
    record->position = read_position(header(from, "ce_sequence"));
    command->key = key_text(arena, from);
    return data != NULL && command->key != NULL &&
           copy_header(arena, from, "ce_type", &record->type) &&
           copy_plain(arena, from, "ce_source", &record->source) &&
           copy_header(arena, from, "ce_time", &record->time) && copy_trace(command, from);
}

/* What the key says of an event that says nothing itself. */
static void guess(aurora__inbound *command)
{
    aurora_id id;
    command->event = (aurora__event){.kind = aurora_event_parse(command->record.type)};
    if (aurora_id_parse(command->key, &id) == AURORA_OK)
        command->event.order_id = id;
    else
        command->event.sku = command->key;
}

/* What people are told of a message that is no event. */
static const char *reason_text(aurora__arena *arena, const char *field)
{
    static const char plain[] = "it cannot be read";
    size_t bytes = sizeof plain + 2 + strlen(field);
    char *text = field[0] == '\0' ? NULL : aurora__arena_take(arena, bytes);
    if (text == NULL)
        return plain;
    snprintf(text, bytes, "%s: %s", plain, field);
    return text;
}

/* False when memory is out. */
static bool read_event(aurora__inbound *command)
{
    const char *field = "";
    command->damage =
        aurora__record_event(&command->arena.arena, &command->record, &command->event, &field);
    if (command->damage == AURORA_ENOMEM)
        return false;
    if (command->damage == AURORA_OK)
        return true;
    command->reason = reason_text(&command->arena.arena, field);
    guess(command);
    return true;
}

/* What the event is for those who take it: caused by this command, once it runs. */
static bool carry_trace(aurora__inbound *command)
{
    if (command->head.trace == NULL || command->event.saga == NULL)
        return true;
    aurora__saga *saga = aurora__arena_take(&command->arena.arena, sizeof *saga);
    if (saga == NULL)
        return false;
    *saga = *command->event.saga;
    saga->traceparent = command->trace.text;
    command->event.saga = saga;
    return true;
}

aurora__inbound *aurora__inbound_new(aurora__engine *engine, uint32_t module,
                                     const aurora_bus_record *record)
{
    aurora__inbound *command = aurora__command_new(engine, &take_class, sizeof *command);
    if (command == NULL)
        return NULL;
    command->module = module;
    command->at = (aurora_bus_position){record->topic, record->partition, record->offset + 1};
    aurora__query_arena_init(&command->arena, aurora__engine_allocator(engine));
    if (copy_record(command, record) && read_event(command) && carry_trace(command))
        return command;
    aurora__command_release(&command->head);
    return NULL;
}
