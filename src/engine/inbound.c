/* SPDX-License-Identifier: MIT */
/* The listener, a thread or steps of the host's pump: polls messages, makes a command of each,
 * waits until all are answered, and only then tells the bus how far it came. What keeps the store
 * from taking them pauses; what one message is to blame for parks its key. */
#include "engine/bus_state.h"
#include "plant/plant.h"

#include <stdio.h>
#include <string.h>

#define RECORDS_AT_ONCE 256
#define POLL_MS 1000
#define PAUSE_FIRST_MS 20
#define PAUSE_MAX_MS 5000
#define FULL_PAUSE_MS 5
#define IDLE_FIRST_MS 20 /* between polls that are steps of a pump */
#define IDLE_MAX_MS 250
#define STOP_LOOK_MS 200
#define STOP_MS 3000 /* for a store that is away, once the handle closes */

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
    /* Of the running attempt. */
    aurora__command *commands[RECORDS_AT_ONCE];
    item *asked[RECORDS_AT_ONCE]; /* whose commands those are */
    uint32_t command_count;
    uint32_t sent; /* of them the engine has taken */
    aurora_status refused;
    bool is_held; /* something is not the messages' fault */
    aurora_status held;
} batch;

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

/* Hands over as many as the queue has room for. AURORA_OK: all of them. */
static aurora_status submit_some(batch *of)
{
    uint32_t accepted = 0;
    aurora_status rc = AURORA_OK;
    if (of->sent < of->command_count)
        rc = aurora__engine_submit_many(of->bus->engine, of->commands + of->sent,
                                        of->command_count - of->sent, &accepted);
    of->sent += accepted;
    if (of->sent == of->command_count)
        return AURORA_OK;
    return rc == AURORA_OK ? AURORA_EBUSY : rc;
}

/* Hands them over as the queue has room; `refused` is why not all were taken. */
static void submit(batch *of)
{
    of->refused = submit_some(of);
    while (of->refused == AURORA_EBUSY && !aurora__bus_is_stopping(of->bus)) {
        aurora__bus_wait(of->bus, FULL_PAUSE_MS, false);
        of->refused = submit_some(of);
    }
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

static void line_up(batch *of)
{
    of->command_count = 0;
    of->sent = 0;
    of->refused = AURORA_OK;
    for (uint32_t i = 0; i < of->count; i++) {
        if (of->items[i].command == NULL)
            continue;
        of->asked[of->command_count] = &of->items[i];
        of->commands[of->command_count++] = &of->items[i].command->head;
    }
}

static void run_commands(batch *of)
{
    line_up(of);
    submit(of);
    for (uint32_t i = 0; i < of->command_count; i++)
        of->asked[i]->status = i < of->sent ? await(of, of->commands[i]) : of->refused;
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

static void begin_batch(batch *of, const aurora_bus_record *records, uint32_t count)
{
    of->count = count;
    of->is_held = false;
    of->held = AURORA_OK;
    for (uint32_t i = 0; i < count; i++)
        of->items[i] = (item){.record = &records[i]};
}

/* True when it went well. */
static bool end_batch(batch *of)
{
    tell_bus(of);
    if (of->held != AURORA_ECLOSED)
        say_trouble(of->bus, of->held);
    if (of->is_held)
        aurora__counter_add(aurora__engine_counters(of->bus->engine)->inbound_pauses, 1);
    return !of->is_held;
}

static void hold(batch *of, aurora_status why)
{
    of->is_held = true;
    of->held = why;
}

static bool take_batch(aurora__bus *bus, const aurora_bus_record *records, uint32_t count)
{
    batch of = {.bus = bus};
    bool again = true;
    begin_batch(&of, records, count);
    while (again) {
        bool is_made = make_commands(&of);
        if (is_made)
            run_commands(&of);
        else
            hold(&of, AURORA_ENOMEM);
        again = is_made && judge(&of);
        release_commands(&of);
    }
    return end_batch(&of);
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
            is_subscribed = aurora__inbound_subscribe(bus) == AURORA_OK;
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

/* --- in steps --------------------------------------------------------------------------------- */

struct aurora__listening {
    batch of;
    bool is_subscribed;
    bool is_running;  /* some commands are not answered */
    int64_t pause_ms; /* after the next failure */
    int64_t idle_ms;  /* after the next poll that finds nothing */
};

aurora__listening *aurora__listening_new(aurora__bus *bus)
{
    aurora__listening *of = bus->allocator->allocate(bus->allocator->self, sizeof *of);
    if (of == NULL)
        return NULL;
    memset(of, 0, sizeof *of);
    of->of.bus = bus;
    of->pause_ms = PAUSE_FIRST_MS;
    of->idle_ms = IDLE_FIRST_MS;
    return of;
}

static int64_t doubled(int64_t *ms, int64_t most_ms)
{
    int64_t now_ms = *ms;
    *ms = now_ms * 2 < most_ms ? now_ms * 2 : most_ms;
    return now_ms;
}

static int64_t fail_step(aurora__listening *of)
{
    return doubled(&of->pause_ms, PAUSE_MAX_MS);
}

/* Milliseconds to the next step. */
static int64_t conclude(aurora__listening *listening)
{
    listening->is_running = false;
    if (!end_batch(&listening->of))
        return fail_step(listening);
    listening->pause_ms = PAUSE_FIRST_MS;
    return 0;
}

/* Makes and hands over the commands of one attempt; those that stay behind follow later. */
static int64_t attempt(aurora__listening *listening)
{
    batch *of = &listening->of;
    listening->is_running = true;
    if (!make_commands(of)) {
        release_commands(of);
        hold(of, AURORA_ENOMEM);
        return conclude(listening);
    }
    line_up(of);
    of->refused = submit_some(of);
    return 0;
}

/* True when nothing of the attempt is on its way any more. */
static bool is_answered(batch *of)
{
    for (uint32_t i = 0; i < of->sent; i++) {
        if (!atomic_load(&of->commands[i]->is_done))
            return false;
    }
    if (of->refused == AURORA_EBUSY)
        of->refused = submit_some(of);
    if (of->sent < of->command_count && of->refused == AURORA_EBUSY)
        return false;
    for (uint32_t i = 0; i < of->sent; i++) {
        if (!atomic_load(&of->commands[i]->is_done))
            return false;
    }
    return true;
}

static int64_t go_on(aurora__listening *listening)
{
    batch *of = &listening->of;
    if (!is_answered(of))
        return FULL_PAUSE_MS;
    for (uint32_t i = 0; i < of->command_count; i++)
        of->asked[i]->status = i < of->sent ? of->commands[i]->status : of->refused;
    bool again = judge(of);
    release_commands(of);
    return again ? attempt(listening) : conclude(listening);
}

/* A mistake, see plant.h. */
static void plant_offsets(const aurora_bus *port, const aurora_bus_record *records, uint32_t count)
{
    for (uint32_t i = 0; AURORA_PLANT(OFFSETS_FIRST) && i < count; i++) {
        const aurora_bus_position done = {records[i].topic, records[i].partition,
                                          records[i].offset + 1};
        aurora_status rc = port->done(port->self, &done, 1);
        (void)rc;
    }
}

static int64_t poll_now(aurora__listening *listening)
{
    aurora__bus *bus = listening->of.bus;
    const aurora_bus_record *records;
    uint32_t count = 0;
    if (bus->port.poll(bus->port.self, 0, RECORDS_AT_ONCE, &records, &count) != AURORA_OK)
        return fail_step(listening);
    if (count == 0)
        return doubled(&listening->idle_ms, IDLE_MAX_MS);
    listening->idle_ms = IDLE_FIRST_MS;
    plant_offsets(&bus->port, records, count);
    begin_batch(&listening->of, records, count > RECORDS_AT_ONCE ? RECORDS_AT_ONCE : count);
    return attempt(listening);
}

int64_t aurora__listening_step(aurora__listening *listening)
{
    aurora__bus *bus = listening->of.bus;
    if (listening->is_running)
        return go_on(listening);
    if (!listening->is_subscribed)
        listening->is_subscribed = aurora__inbound_subscribe(bus) == AURORA_OK;
    if (!listening->is_subscribed)
        return fail_step(listening);
    return is_queue_half_full(bus) ? FULL_PAUSE_MS : poll_now(listening);
}

/* What was taken is told to the bus; what was not comes again to the next one. */
void aurora__listening_finish(aurora__listening *listening)
{
    batch *of = &listening->of;
    for (uint32_t i = 0; listening->is_running && i < of->sent; i++)
        aurora__bus_await(of->bus, of->commands[i], STOP_MS);
    if (of->refused == AURORA_EBUSY)
        of->refused = AURORA_ECLOSED;
    if (listening->is_running && is_answered(of))
        go_on(listening);
    if (listening->is_subscribed) {
        aurora_status rc = of->bus->port.unsubscribe(of->bus->port.self);
        (void)rc;
    }
}

void aurora__listening_free(aurora__listening *listening)
{
    if (listening == NULL)
        return;
    const aurora_allocator *allocator = listening->of.bus->allocator;
    release_commands(&listening->of);
    allocator->release(allocator->self, listening);
}
