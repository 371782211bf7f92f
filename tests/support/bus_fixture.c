/* SPDX-License-Identifier: MIT */
#include "bus_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/bus_kafka/bus_kafka.h"
#include "bus_kafka_places.h"

const bus_adapter bus_adapters[] = {
    {"kafka, mock", kafka_mock_prepare, kafka_mock_discard, aurora__bus_kafka_open},
    {"kafka", kafka_broker_prepare, kafka_broker_discard, aurora__bus_kafka_open},
};

int bus_adapter_count(void)
{
    static bool is_said;
    int count = sizeof bus_adapters / sizeof *bus_adapters;
    if (getenv("AURORA_TEST_KAFKA") != NULL)
        return count;
    if (!is_said)
        printf("without a real broker: AURORA_TEST_KAFKA is not set (./dev up)\n");
    is_said = true;
    return count - 1;
}

void bus_pause_ms(int32_t ms)
{
    struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

int64_t bus_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- open and close --------------------------------------------------------------------------- */

static void note_line(void *argument, int32_t level, const char *message)
{
    bus_fixture *fixture = argument;
    pthread_mutex_lock(&fixture->lock);
    size_t length = strlen(fixture->log);
    snprintf(fixture->log + length, sizeof fixture->log - length, "%d %s\n", (int)level, message);
    pthread_mutex_unlock(&fixture->lock);
}

static aurora_status note_assigned(void *argument, aurora_bus_position *positions, uint32_t count)
{
    bus_watch *watch = argument;
    watch->asked++;
    if (watch->answer != AURORA_OK)
        return watch->answer;
    for (uint32_t i = 0; i < count; i++)
        positions[i].next_offset = watch->next_offset;
    watch->assigned += count;
    return AURORA_OK;
}

static void note_revoked(void *argument, const aurora_bus_position *positions, uint32_t count,
                         bool is_lost)
{
    bus_watch *watch = argument;
    (void)positions;
    watch->revoked += count;
    if (is_lost)
        watch->lost += count;
}

static void prepare(bus_fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    pthread_mutex_init(&fixture->lock, NULL);
    fixture->watch.next_offset = -1;
    fixture->listener = (aurora_bus_listener){
        .self = &fixture->watch, .assigned = note_assigned, .revoked = note_revoked};
    failing_heap_init(&fixture->heap);
}

aurora_status bus_try_open(bus_fixture *fixture, const char *address,
                           const aurora_bus_property *properties, uint32_t count, aurora_error *err)
{
    aurora_bus_options options = {.size = sizeof options,
                                  .property_count = count,
                                  .address = address,
                                  .properties = properties,
                                  .allocator = &fixture->heap.allocator,
                                  .log = note_line,
                                  .log_self = fixture};
    if (fixture->listener.self == NULL)
        prepare(fixture);
    return aurora__bus_kafka_open(&options, &fixture->bus, err);
}

void bus_open(bus_fixture *fixture, const bus_fixture *place, int adapter)
{
    aurora_error err = AURORA_ERROR_INIT;
    (void)adapter;
    if (fixture != place) {
        prepare(fixture);
        memcpy(fixture->address, place->address, sizeof fixture->address);
        memcpy(fixture->prefix, place->prefix, sizeof fixture->prefix);
    }
    fixture->got = malloc(BUS_GOT_MAX * sizeof *fixture->got);
    ck_assert_ptr_nonnull(fixture->got);
    aurora_status rc = bus_try_open(fixture, fixture->address, NULL, 0, &err);
    ck_assert_msg(rc == AURORA_OK, "%s %s", err.field, err.message);
}

void bus_start(bus_fixture *fixture, int adapter)
{
    prepare(fixture);
    ck_assert(bus_adapters[adapter].prepare(fixture));
    bus_open(fixture, fixture, adapter);
}

void bus_close(bus_fixture *fixture)
{
    fixture->bus.close(fixture->bus.self);
    ck_assert_uint_eq(aurora_failing_allocator_live(&fixture->heap.counts), 0);
    pthread_mutex_destroy(&fixture->lock);
    free(fixture->got);
}

void bus_stop(bus_fixture *fixture)
{
    int adapter = fixture->cluster != NULL ? 0 : 1;
    bus_close(fixture);
    bus_adapters[adapter].discard(fixture);
}

/* --- producing -------------------------------------------------------------------------------- */

aurora_status bus_produce(bus_fixture *fixture, int32_t topic, const char *key, int64_t position)
{
    char number[24];
    uint32_t accepted;
    snprintf(number, sizeof number, "%" PRId64, position);
    aurora_bus_header header = {"number", number};
    aurora_bus_message message = {.topic = topic,
                                  .key_len = (uint32_t)strlen(key),
                                  .key = key,
                                  .data = "{}",
                                  .data_len = 2,
                                  .header_count = 1,
                                  .headers = &header,
                                  .position = position,
                                  .at_ms = 1700000000000 + position};
    return fixture->bus.produce(fixture->bus.self, &message, 1, &accepted);
}

void bus_publish(bus_fixture *fixture, int32_t topic, const char *key, int64_t position)
{
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    aurora_status rc;
    int64_t safe;
    while ((rc = bus_produce(fixture, topic, key, position)) == AURORA_EBUSY) {
        ck_assert_msg(bus_now_ms() < end_ms, "the bus stays busy");
        aurora_assert_ok(fixture->bus.produced(fixture->bus.self, 10, &safe));
        bus_pause_ms(1);
    }
    aurora_assert_ok(rc);
}

void bus_settle(bus_fixture *fixture, int64_t position)
{
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    int64_t safe = 0, before = 0;
    while (safe < position) {
        ck_assert_msg(bus_now_ms() < end_ms, "safe up to %" PRId64 ", not %" PRId64, safe,
                      position);
        aurora_assert_ok(fixture->bus.produced(fixture->bus.self, 100, &safe));
        ck_assert_int_ge(safe, before);
        before = safe;
    }
}

/* --- consuming -------------------------------------------------------------------------------- */

void bus_join(bus_fixture *fixture, const char *group, int32_t topic)
{
    aurora_assert_ok(
        fixture->bus.subscribe(fixture->bus.self, group, &topic, 1, &fixture->listener));
}

static void note(bus_fixture *fixture, const aurora_bus_record *record)
{
    ck_assert_uint_lt(fixture->got_count, BUS_GOT_MAX);
    bus_got *got = &fixture->got[fixture->got_count++];
    *got = (bus_got){.topic = record->topic,
                     .partition = record->partition,
                     .offset = record->offset,
                     .number = -1};
    snprintf(got->key, sizeof got->key, "%s", record->key);
    for (uint32_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, "number") == 0)
            got->number = strtoll(record->headers[i].value, NULL, 10);
    }
}

uint32_t bus_poll(bus_fixture *fixture, int32_t wait_ms)
{
    const aurora_bus_record *records;
    uint32_t count;
    aurora_assert_ok(fixture->bus.poll(fixture->bus.self, wait_ms, 1000, &records, &count));
    for (uint32_t i = 0; i < count; i++)
        note(fixture, &records[i]);
    return count;
}

void bus_collect(bus_fixture *fixture, uint32_t count)
{
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    while (fixture->got_count < count) {
        ck_assert_msg(bus_now_ms() < end_ms, "%u of %u records came\n%s", fixture->got_count, count,
                      fixture->log);
        bus_poll(fixture, 100);
    }
}

void bus_finish(bus_fixture *fixture)
{
    for (uint32_t i = 0; i < fixture->got_count; i++) {
        const bus_got *got = &fixture->got[i];
        aurora_bus_position position = {got->topic, got->partition, got->offset + 1};
        aurora_assert_ok(fixture->bus.done(fixture->bus.self, &position, 1));
    }
}

void bus_await_parts(bus_fixture *fixture, uint32_t count)
{
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    while (fixture->watch.assigned < count) {
        ck_assert_msg(bus_now_ms() < end_ms, "%u of %u partitions were given\n%s",
                      fixture->watch.assigned, count, fixture->log);
        bus_poll(fixture, 50);
    }
}
