/* SPDX-License-Identifier: MIT */
/* The listener's thread: polls messages, makes a command of each, waits until all are answered, and
 * only then tells the bus how far it came. What keeps the store from taking them pauses; what one
 * message is to blame for parks its key. */
#include "engine/bus_state.h"

#include <stdio.h>
#include <string.h>

#define RECORDS_AT_ONCE 256
#define POLL_MS 1000
#define PAUSE_FIRST_MS 20
#define PAUSE_MAX_MS 5000
#define FULL_PAUSE_MS 5
#define STOP_LOOK_MS 200
#define STOP_MS 3000 /* for a store that is away, once the handle closes */
#define WATERMARKS_AT_ONCE 256
#define FOLLOWER_PATIENCE_MS 50 /* nobody waits for them, and each delivery is a batch */

/* One message of a poll, through its attempts. */
typedef struct {
    const aurora_bus_record *record;
    aurora__inbound *command; /* of the running attempt */
    aurora_status status;
    bool is_done;
    bool must_park;
} item;

typedef struct {
    aurora__bus *bus;
    item items[RECORDS_AT_ONCE];
    uint32_t count;
    bool is_held; /* something is not the messages' fault */
    aurora_status held;
} batch;

/* --- where to go on --------------------------------------------------------------------------- */

static void note_watermark(const aurora__watermark_row *row, aurora_bus_position *positions,
                           uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool is_it = row->partition == positions[i].partition &&
                     strcmp(row->topic, aurora__topic_name(positions[i].topic)) == 0;
        if (is_it && row->next_offset > positions[i].next_offset)
            positions[i].next_offset = row->next_offset;
    }
}

/* Each source has a row of its own; the furthest of a partition says where it stands. */
static aurora_status scan_watermarks(aurora__bus *bus, aurora_store_txn *txn,
                                     aurora_bus_position *positions, uint32_t count)
{
    aurora_value consumer = aurora__value_text(aurora__module_name(bus->module));
    aurora_value lower[4];
    aurora__range range = {.table = AURORA__TABLE_watermark,
                           .index = -1,
                           .lower = &consumer,
                           .lower_count = 1,
                           .upper = &consumer,
                           .upper_count = 1,
                           .limit = WATERMARKS_AT_ONCE};
    aurora__query_arena arena;
    uint32_t found = WATERMARKS_AT_ONCE;
    aurora_status rc = AURORA_OK;
    aurora__query_arena_init(&arena, aurora__engine_allocator(bus->engine));
    while (rc == AURORA_OK && found == WATERMARKS_AT_ONCE) {
        aurora__watermark_row *rows = aurora__arena_take(&arena.arena, range.limit * sizeof *rows);
        rc = rows == NULL ? AURORA_ENOMEM
                          : aurora__engine_scan(bus->engine, txn, &range, &arena, rows, &found);
        for (uint32_t i = 0; rc == AURORA_OK && i < found; i++)
            note_watermark(&rows[i], positions, count);
        if (rc != AURORA_OK || found == 0)
            break;
        const aurora__watermark_row *last = &rows[found - 1];
        lower[0] = consumer;
        lower[1] = aurora__value_text(last->source);
        lower[2] = aurora__value_text(last->topic);
        lower[3] = aurora__value_number(last->partition);
        range.lower = lower;
        range.lower_count = 4;
        range.flags = AURORA_SCAN_LOWER_OPEN;
    }
    aurora__query_arena_free(&arena);
    return rc;
}

/* A partition without a row has had no effect in this store, whatever the group says. */
static aurora_status assigned(void *self, aurora_bus_position *positions, uint32_t count)
{
    aurora__bus *bus = self;
    aurora_store_txn *txn;
    for (uint32_t i = 0; i < count; i++)
        positions[i].next_offset = 0;
    aurora_status rc = aurora__engine_read_begin(bus->engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = scan_watermarks(bus, txn, positions, count);
    aurora__engine_read_end(bus->engine, txn);
    return rc;
}

/* No message is under way while the adapter asks: what it was given before is committed or was
 * given back. */
static void revoked(void *self, const aurora_bus_position *positions, uint32_t count, bool is_lost)
{
    (void)self;
    (void)positions;
    (void)count;
    (void)is_lost;
}

static aurora_status subscribe(aurora__bus *bus)
{
    static const struct {
        uint32_t source;
        int32_t topic;
    } topics_of[] = {{AURORA__MODULE_ORDER, AURORA_TOPIC_ORDERS},
                     {AURORA__MODULE_INVENTORY, AURORA_TOPIC_INVENTORY},
                     {AURORA__MODULE_PAYMENT, AURORA_TOPIC_PAYMENTS},
                     {AURORA__MODULE_PRODUCT, AURORA_TOPIC_PRODUCTS}};
    bool is_follower = (bus->module & (AURORA__MODULE_SEARCH | AURORA__MODULE_RECOMMENDATION |
                                       AURORA__MODULE_NOTIFICATION)) != 0;
    const aurora_bus_listener listener = {.self = bus,
                                          .assigned = assigned,
                                          .revoked = revoked,
                                          .patience_ms = is_follower ? FOLLOWER_PATIENCE_MS : 0};
    uint32_t sources = aurora__bus_sources(bus->module);
    int32_t topics[AURORA_TOPIC_COUNT];
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof topics_of / sizeof topics_of[0]; i++) {
        if ((sources & topics_of[i].source) != 0)
            topics[count++] = topics_of[i].topic;
    }
    if (bus->module == AURORA__MODULE_RECOMMENDATION)
        topics[count++] = AURORA_TOPIC_VIEWS;
    return bus->port.subscribe(bus->port.self, aurora__module_name(bus->module), topics, count,
                               &listener);
}

/* --- one attempt ------------------------------------------------------------------------------ */

static bool is_of_partition(const item *a, const item *b)
{
    return a->record->topic == b->record->topic && a->record->partition == b->record->partition;
}

/* What nobody here takes costs no command: it needs no watermark, and is passed over again where
 * the bus repeats it. */
static void pass_over(batch *of, item *one)
{
    if (!one->is_done)
        aurora__counter_add(aurora__engine_counters(of->bus->engine)->inbound_ignored, 1);
    one->is_done = true;
}

static bool make_commands(batch *of)
{
    uint32_t count = of->count;
    for (uint32_t i = 0; i < count; i++) {
        item *one = &of->items[i];
        one->command = NULL;
        if (one->is_done || aurora__inbound_is_foreign(of->bus->module, one->record)) {
            pass_over(of, one);
            continue;
        }
        one->command = aurora__inbound_new(of->bus->engine, of->bus->module, one->record);
        if (one->command == NULL)
            return false;
        one->command->must_park = one->must_park;
        for (uint32_t k = i; k > 0 && one->command->previous == NULL; k--) {
            if (of->items[k - 1].command != NULL && is_of_partition(&of->items[k - 1], one))
                one->command->previous = of->items[k - 1].command;
        }
    }
    return true;
}

/* Hands them over as the queue has room. How many were taken; *status_out is why not all were. */
static uint32_t submit(const batch *of, aurora__command **commands, uint32_t count,
                       aurora_status *status_out)
{
    uint32_t sent = 0;
    *status_out = AURORA_OK;
    while (sent < count) {
        uint32_t accepted = 0;
        aurora_status rc =
            aurora__engine_submit_many(of->bus->engine, commands + sent, count - sent, &accepted);
        sent += accepted;
        if (sent == count)
            break;
        *status_out = rc == AURORA_OK ? AURORA_EBUSY : rc;
        if (*status_out != AURORA_EBUSY || aurora__bus_is_stopping(of->bus))
            break;
        aurora__bus_wait(of->bus, FULL_PAUSE_MS, false);
    }
    return sent;
}

/* For ever, since a store that is away holds up no message for good; but not past the end of the
 * handle, whose close waits for this thread. */
static aurora_status await(const batch *of, aurora__command *command)
{
    int64_t waited_ms = 0;
    for (;;) {
        aurora__engine_await(of->bus->engine, command, STOP_LOOK_MS, NULL);
        if (atomic_load(&command->is_done))
            return command->status;
        if (!aurora__bus_is_stopping(of->bus))
            continue;
        waited_ms += STOP_LOOK_MS;
        if (waited_ms >= STOP_MS)
            aurora__engine_give_up(of->bus->engine);
    }
}

static void run_commands(batch *of)
{
    aurora__command *commands[RECORDS_AT_ONCE];
    item *items[RECORDS_AT_ONCE];
    uint32_t count = 0;
    aurora_status refused;
    for (uint32_t i = 0; i < of->count; i++) {
        if (of->items[i].command == NULL)
            continue;
        items[count] = &of->items[i];
        commands[count++] = &of->items[i].command->head;
    }
    uint32_t sent = submit(of, commands, count, &refused);
    for (uint32_t i = 0; i < count; i++)
        items[i]->status = i < sent ? await(of, commands[i]) : refused;
}

/* --- what came of it -------------------------------------------------------------------------- */

static void count_result(batch *of, const item *one)
{
    aurora__counters *counters = aurora__engine_counters(of->bus->engine);
    const aurora__inbound *command = one->command;
    switch (command->result) {
    case AURORA__INBOUND_DUPLICATE:
        aurora__counter_add(counters->inbound_duplicates, 1);
        break;
    case AURORA__INBOUND_PARKED:
        aurora__counter_add(counters->inbound_parked, 1);
        aurora__letter_push(of->bus, one->record, aurora__module_name(of->bus->module),
                            command->reason == NULL ? "it cannot be taken" : command->reason);
        break;
    default:
        aurora__counter_add(counters->inbound_applied, 1);
    }
}

/* Whether the message is to blame, and not the store or the machine. */
static bool is_data_error(aurora_status rc)
{
    switch (rc) {
    case AURORA_EBUSY:
    case AURORA_EIO:
    case AURORA_EFULL:
    case AURORA_ENOMEM:
    case AURORA_ECLOSED:
    case AURORA_ECORE:
    case AURORA_EFORK:
    case AURORA_EREADONLY:
    case AURORA_ESCHEMA: /* a database that is being restored or migrated */
    case AURORA_EAGAIN:
    case AURORA_ETIMEDOUT:
        return false;
    default:
        return true;
    }
}

/* Reads the answers. True when another attempt may get further: some message is to park now. */
static bool judge(batch *of)
{
    bool again = false;
    for (uint32_t i = 0; i < of->count; i++) {
        item *one = &of->items[i];
        if (one->command == NULL)
            continue;
        if (one->status == AURORA_OK) {
            one->is_done = true;
            count_result(of, one);
        } else if (one->status != AURORA_EAGAIN && is_data_error(one->status) && !one->must_park) {
            one->must_park = true;
            again = true;
        } else if (one->status != AURORA_EAGAIN) {
            of->is_held = true;
            of->held = one->status;
        }
    }
    return again && !of->is_held;
}

static void release_commands(batch *of)
{
    for (uint32_t i = 0; i < of->count; i++) {
        if (of->items[i].command != NULL)
            aurora__command_release(&of->items[i].command->head);
        of->items[i].command = NULL;
    }
}

/* --- the bus is told -------------------------------------------------------------------------- */

static aurora_bus_position *position_of(aurora_bus_position *positions, uint32_t *count,
                                        const aurora_bus_record *record)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (positions[i].topic == record->topic && positions[i].partition == record->partition)
            return &positions[i];
    }
    positions[*count] = (aurora_bus_position){record->topic, record->partition, -1};
    return &positions[(*count)++];
}

static bool has_position(const aurora_bus_position *positions, uint32_t count,
                         const aurora_bus_record *record)
{
    for (uint32_t i = 0; i < count; i++) {
        if (positions[i].topic == record->topic && positions[i].partition == record->partition)
            return true;
    }
    return false;
}

/* Per partition: what took effect is done, and the first that did not comes again, with all behind
 * it: also those that were passed over. */
static void tell_bus(batch *of)
{
    aurora_bus_position done[RECORDS_AT_ONCE];
    aurora_bus_position back[RECORDS_AT_ONCE];
    uint32_t done_count = 0;
    uint32_t back_count = 0;
    const aurora_bus *port = &of->bus->port;
    for (uint32_t i = 0; i < of->count; i++) {
        const aurora_bus_record *record = of->items[i].record;
        if (of->items[i].is_done && !has_position(back, back_count, record)) {
            position_of(done, &done_count, record)->next_offset = record->offset + 1;
        } else {
            aurora_bus_position *first = position_of(back, &back_count, record);
            if (first->next_offset < 0)
                first->next_offset = record->offset;
        }
    }
    aurora_status rc = AURORA_OK;
    if (done_count > 0)
        rc = port->done(port->self, done, done_count);
    if (back_count > 0)
        rc = port->seek(port->self, back, back_count);
    (void)rc; /* the watermarks know better, whatever the group believes */
}

static void say_trouble(aurora__bus *bus, aurora_status rc)
{
    bool is_new;
    char text[sizeof bus->trouble] = "";
    if (rc != AURORA_OK)
        snprintf(text, sizeof text, "events wait: %s", aurora_status_text(rc));
    pthread_mutex_lock(&bus->lock);
    is_new = strcmp(text, bus->trouble) != 0;
    memcpy(bus->trouble, text, sizeof text);
    pthread_mutex_unlock(&bus->lock);
    if (is_new && rc != AURORA_OK)
        aurora__engine_log(bus->engine, AURORA_LOG_WARNING, "inbound", "%s", text);
}

static bool take_batch(aurora__bus *bus, const aurora_bus_record *records, uint32_t count)
{
    batch of = {.bus = bus, .count = count};
    bool again = true;
    for (uint32_t i = 0; i < count; i++)
        of.items[i].record = &records[i];
    while (again) {
        bool is_made = make_commands(&of);
        if (is_made)
            run_commands(&of);
        else
            of.held = AURORA_ENOMEM;
        again = is_made && judge(&of);
        of.is_held = of.is_held || !is_made;
        release_commands(&of);
    }
    tell_bus(&of);
    if (of.held != AURORA_ECLOSED)
        say_trouble(bus, of.held);
    if (of.is_held)
        aurora__counter_add(aurora__engine_counters(bus->engine)->inbound_pauses, 1);
    return !of.is_held;
}

/* --- the thread ------------------------------------------------------------------------------- */

static bool is_queue_half_full(const aurora__bus *bus)
{
    const aurora__engine *engine = bus->engine;
    return aurora__gauge_read(engine->counters.queue_length) >
           (int64_t)engine->options.queue_commands_max / 2;
}

/* True when it went well, with or without messages. */
static bool poll_once(aurora__bus *bus)
{
    const aurora_bus_record *records;
    uint32_t count = 0;
    aurora_status rc = bus->port.poll(bus->port.self, POLL_MS, RECORDS_AT_ONCE, &records, &count);
    if (rc != AURORA_OK)
        return false;
    return count == 0 ||
           take_batch(bus, records, count > RECORDS_AT_ONCE ? RECORDS_AT_ONCE : count);
}

void *aurora__inbound_run(void *argument)
{
    aurora__bus *bus = argument;
    bool is_subscribed = false;
    int64_t pause_ms = PAUSE_FIRST_MS;
    while (!aurora__bus_is_stopping(bus)) {
        if (!is_subscribed)
            is_subscribed = subscribe(bus) == AURORA_OK;
        if (is_subscribed && is_queue_half_full(bus)) {
            aurora__bus_wait(bus, FULL_PAUSE_MS, false);
            continue;
        }
        if (is_subscribed && poll_once(bus)) {
            pause_ms = PAUSE_FIRST_MS;
            continue;
        }
        aurora__bus_wait(bus, pause_ms, false);
        pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
    }
    if (is_subscribed) {
        aurora_status rc = bus->port.unsubscribe(bus->port.self);
        (void)rc;
    }
    return NULL;
}
