/* SPDX-License-Identifier: MIT */
/* Which topics a module listens to, and where each partition goes on: the store's watermarks say
 * it, whatever the group believes. */
#include "engine/bus_state.h"
#include "plant/plant.h"

#include <string.h>

#define WATERMARKS_AT_ONCE 256
#define FOLLOWER_PATIENCE_MS 50 /* nobody waits for them, and each delivery is a batch */

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
        positions[i].next_offset = AURORA_PLANT(OFFSETS_FIRST) ? -1 : 0;
    if (AURORA_PLANT(OFFSETS_FIRST))
        return AURORA_OK;
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

aurora_status aurora__inbound_subscribe(aurora__bus *bus)
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
