/* SPDX-License-Identifier: MIT */
/* The broker between services. A relay reads the log in order and publishes each event to a
 * partition by its key; consumers read partitions in order, from where their watermark row says. On
 * the way messages are lost for ever, published twice, read twice, and delayed. */
#include "sim/world.h"

#include "codec/log.h"

#include <aurora/event.h>

static uint32_t topic_of(int32_t kind)
{
    switch (kind) {
    case AURORA_EVENT_INVENTORY_RESERVED:
    case AURORA_EVENT_INVENTORY_REJECTED:
    case AURORA_EVENT_INVENTORY_COMMITTED:
    case AURORA_EVENT_INVENTORY_RELEASED:
    case AURORA_EVENT_INVENTORY_RETURNED:
    case AURORA_EVENT_INVENTORY_PARKED:
        return 1;
    case AURORA_EVENT_PAYMENT_AUTHORIZED:
    case AURORA_EVENT_PAYMENT_DECLINED:
    case AURORA_EVENT_PAYMENT_CAPTURED:
    case AURORA_EVENT_PAYMENT_VOIDED:
    case AURORA_EVENT_PAYMENT_REFUNDED:
    case AURORA_EVENT_PAYMENT_PARKED:
        return 2;
    default:
        return 0;
    }
}

/* --- feeds -------------------------------------------------------------------------------- */

/* Topics that a module subscribes to, as bits. */
static const uint8_t subscriptions[AURORA__SIM_MODULES] = {6, 1, 3};

static const char *const topics[AURORA__SIM_MODULES] = {"orders", "inventory", "payments"};

static aurora__key watermark_key(const aurora__sim_world *world, const aurora__sim_feed *feed)
{
    aurora__key key =
        aurora__key_texts(AURORA__TABLE_watermark, aurora__module_name(1u << feed->module),
                          world->services[feed->source].name);
    const char *topic = topics[feed->topic];
    key.values[2] = (aurora_value){
        .kind = AURORA_COLUMN_TEXT, .length = (uint32_t)strlen(topic), .bytes = topic};
    key.values[3] = (aurora_value){.kind = AURORA_COLUMN_INT64, .number = feed->partition};
    key.count = 4;
    return key;
}

void aurora__sim_feeds_init(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    uint32_t room = AURORA__SIM_MODULES * AURORA__SIM_MODULES * world->options.partitions;
    service->feeds = aurora__sim_take(world, room * sizeof *service->feeds);
    for (uint32_t module = 0; module < AURORA__SIM_MODULES; module++) {
        for (uint32_t topic = 0; topic < AURORA__SIM_MODULES; topic++) {
            bool is_wanted = (service->modules & 1u << module) != 0 &&
                             (subscriptions[module] & 1u << topic) != 0 &&
                             (service->modules & 1u << topic) == 0;
            world->is_read[topic] = world->is_read[topic] || is_wanted;
            for (uint32_t i = 0; is_wanted && i < world->options.partitions; i++) {
                aurora__sim_feed *feed = &service->feeds[service->feed_count++];
                *feed = (aurora__sim_feed){.module = module,
                                           .source = world->service_of[topic],
                                           .topic = topic,
                                           .partition = i};
                feed->watermark = watermark_key(world, feed);
            }
        }
    }
}

static aurora__sim_partition *partition_of(aurora__sim_world *world, const aurora__sim_feed *feed)
{
    return &world->services[feed->source].topics[feed->topic][feed->partition];
}

/* --- the relay ---------------------------------------------------------------------------- */

static void append(aurora__sim_service *service, const aurora__event *event, int64_t position)
{
    aurora__sim_world *world = service->world;
    int32_t order = aurora__sim_order_of(world, &event->order_id);
    uint32_t topic = topic_of(event->kind);
    aurora__sim_partition *partition =
        &service->topics[topic][(uint32_t)order % world->options.partitions];
    uint8_t *audit = aurora__sim_audit(service, position);
    bool is_first = (*audit & 0x80) == 0;
    *audit |= 0x80;
    if (!world->is_read[topic])
        return;
    if (is_first && aurora__sim_fault(world, world->options.drop)) {
        *audit |= 0x40;
        aurora__sim_trace(world, order, "broker loses %s %s/%lld", aurora_event_name(event->kind),
                          service->name, (long long)position);
        return;
    }
    partition->items = aurora__sim_room(world, partition->items, partition->count,
                                        &partition->capacity, sizeof *partition->items);
    partition->items[partition->count++] =
        (aurora__sim_message){.position = position,
                              .at_ms = world->now_ms,
                              .text = aurora__event_encode(&world->memory.arena, event),
                              .kind = event->kind,
                              .order = order,
                              .is_resend = event->is_resend};
    if (world->request->plant == AURORA__PLANT_SWAP_EVENTS && partition->count > 1 &&
        partition->items[partition->count - 2].order == order) {
        aurora__sim_message last = partition->items[partition->count - 1];
        partition->items[partition->count - 1] = partition->items[partition->count - 2];
        partition->items[partition->count - 2] = last;
    }
}

static void publish_row(aurora__sim_service *service, const aurora_log_row *row)
{
    aurora__sim_world *world = service->world;
    aurora__log_reader reader;
    aurora__event event;
    int64_t position;
    uint32_t count = 0;
    aurora__log_read(&reader, row);
    while (aurora__log_next(&reader, &service->batch.arena, &event, &position)) {
        count++;
        if (world->request->plant == AURORA__PLANT_RELAY_SKIPS && aurora__sim_below(world, 16) == 0)
            continue;
        append(service, &event, position);
    }
    if (reader.status != AURORA_OK || count != row->count)
        aurora__sim_fail(world, "codec", -1, "a record of %u events gives %u: %s", row->count,
                         count, row->body);
    aurora__sim_memory_reset(&service->batch);
}

static void poke_readers(aurora__sim_world *world, const aurora__sim_service *source)
{
    for (uint32_t i = 0; i < world->service_count; i++) {
        aurora__sim_service *service = &world->services[i];
        if (service == source)
            continue;
        int64_t next = aurora__sim_network_next(service);
        if (next != INT64_MAX)
            aurora__sim_service_poke(service, next);
    }
}

void aurora__sim_network_publish(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    if (service->relay_cut_until > world->now_ms && !world->is_safe) {
        aurora__sim_service_poke(service, service->relay_cut_until);
        return;
    }
    if (aurora__sim_fault(world, world->options.cut))
        service->relay_cut_until = world->now_ms + aurora__sim_below(world, 20000);
    if (service->relay_next == service->log_count)
        return;
    while (service->relay_next < service->log_count)
        publish_row(service, &service->log[service->relay_next++]);
    if (!aurora__sim_fault(world, 50))
        service->relay_kept = service->relay_next;
    poke_readers(world, service);
}

/* --- consumers ---------------------------------------------------------------------------- */

static int64_t ready_at(aurora__sim_world *world, aurora__sim_feed *feed)
{
    const aurora__sim_partition *partition = partition_of(world, feed);
    if (feed->next >= partition->count)
        return INT64_MAX;
    if (feed->next_at == 0) {
        int64_t delay = 1;
        if (!world->is_safe && world->options.delay_ms > 0)
            delay += aurora__sim_below(world, world->options.delay_ms);
        feed->next_at = partition->items[feed->next].at_ms + delay;
    }
    return world->is_safe || feed->cut_until < feed->next_at ? feed->next_at : feed->cut_until;
}

int64_t aurora__sim_network_next(aurora__sim_service *service)
{
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; i < service->feed_count; i++) {
        int64_t at = ready_at(service->world, &service->feeds[i]);
        next = at < next ? at : next;
    }
    return next;
}

static void fetch_one(aurora__sim_service *service, aurora__sim_feed *feed,
                      aurora__sim_commands *out)
{
    aurora__sim_world *world = service->world;
    const aurora__sim_message *message = &partition_of(world, feed)->items[feed->next];
    aurora__sim_command command = {.kind = AURORA__SIM_DO_DELIVER,
                                   .order = message->order,
                                   .feed = feed,
                                   .offset = feed->next};
    aurora__sim_commands_add(world, out, &command);
    if (world->request->plant == AURORA__PLANT_DELIVER_TWICE && aurora__sim_below(world, 8) == 0) {
        command.is_twice = true;
        aurora__sim_commands_add(world, out, &command);
    }
    feed->next++;
    feed->next_at = 0;
    bool is_first = feed->next > feed->seen; /* else a rewind would follow a rewind for ever */
    feed->seen = is_first ? feed->next : feed->seen;
    if (is_first && aurora__sim_fault(world, world->options.duplicate)) {
        uint32_t back = 1 + aurora__sim_below(world, 4);
        feed->next = feed->next > back ? feed->next - back : 0;
    }
    if (aurora__sim_fault(world, world->options.cut))
        feed->cut_until = world->now_ms + aurora__sim_below(world, 20000);
}

void aurora__sim_network_fetch(aurora__sim_service *service, aurora__sim_commands *out,
                               uint32_t capacity)
{
    aurora__sim_world *world = service->world;
    uint32_t first = aurora__sim_below(world, service->feed_count);
    for (uint32_t i = 0; i < service->feed_count; i++) {
        aurora__sim_feed *feed = &service->feeds[(first + i) % service->feed_count];
        for (uint32_t n = 0; n < 16 && out->count < capacity; n++) {
            if (ready_at(world, feed) > world->now_ms)
                break;
            fetch_one(service, feed, out);
        }
    }
}

void aurora__sim_network_rewind(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    for (uint32_t i = 0; i < service->feed_count; i++) {
        aurora__sim_feed *feed = &service->feeds[i];
        const aurora__watermark_row *mark =
            aurora__sim_store_get(&service->store, &feed->watermark);
        feed->next = mark == NULL ? 0 : (uint32_t)mark->next_offset;
        feed->next_at = 0;
        uint32_t back = aurora__sim_fault(world, world->options.duplicate)
                            ? aurora__sim_below(world, feed->next + 1)
                            : 0;
        feed->next -= back;
    }
    service->relay_next = service->relay_kept;
}
