/* SPDX-License-Identifier: MIT */
/* The broker between services. A relay reads the log in order and publishes each event to a
 * partition by its key; consumers read partitions in order, from where their watermark row says. On
 * the way messages are lost for ever, published twice, read twice, and delayed. */
#include "sim/world.h"

#include "codec/log.h"
#include "codec/names.h"

#include <aurora/event.h>

/* Topics are in the order of their modules' flags. */
static uint32_t topic_of(int32_t kind)
{
    return (uint32_t)__builtin_ctz(aurora__event_flag(kind));
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
    if (is_first && aurora__sim_fault(world, AURORA__OPTION_drop)) {
        *audit |= 0x40;
        aurora__sim_trace(world, order, "broker loses %s %s/%lld", aurora_event_name(event->kind),
                          service->name, (long long)position);
        return;
    }
    aurora__event *copy = aurora__arena_take(&world->memory.arena, sizeof *copy);
    *copy = *event;
    partition->items = aurora__sim_room(world, partition->items, partition->count,
                                        &partition->capacity, sizeof *partition->items);
    partition->items[partition->count++] = (aurora__sim_message){.position = position,
                                                                 .at_ms = world->now_ms,
                                                                 .event = copy,
                                                                 .kind = event->kind,
                                                                 .order = order,
                                                                 .is_resend = event->is_resend};
    if (AURORA_PLANT(SWAP_EVENTS) && partition->count > 1 &&
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
    /* Where nobody else reads them, the texts need not stay. */
    bool is_kept = world->service_count > 1;
    aurora__arena *arena = is_kept ? &world->memory.arena : &service->batch.arena;
    while (aurora__log_next(&reader, arena, &event, &position)) {
        count++;
        if (AURORA_PLANT(RELAY_SKIPS) && aurora__sim_below(world, 16) == 0)
            continue;
        append(service, &event, position);
    }
    if (reader.status != AURORA_OK || count != row->count)
        aurora__sim_fail(world, AURORA__CHECK_codec, -1, "a record of %u events gives %u: %s",
                         row->count, count, row->body);
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

/* True when the service crashed on the way. */
static bool publish_rows(aurora__sim_service *service)
{
    uint32_t from = service->relay_next;
    if (aurora__sim_crash_at(service, AURORA__CRASH_publish_before))
        return true;
    aurora__sim_trend_follow(service->world);
    while (service->relay_next < service->log_count) {
        if (service->relay_next > from && aurora__sim_crash_at(service, AURORA__CRASH_publish_some))
            return true;
        publish_row(service, &service->log[service->relay_next++]);
    }
    return aurora__sim_crash_at(service, AURORA__CRASH_published);
}

bool aurora__sim_is_isolated(const aurora__sim_service *service)
{
    return service->isolated_until > service->world->now_ms && !service->world->is_safe;
}

void aurora__sim_network_publish(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    int64_t cut_until = service->relay_cut_until > service->isolated_until
                            ? service->relay_cut_until
                            : service->isolated_until;
    if (cut_until > world->now_ms && !world->is_safe) {
        aurora__sim_service_poke(service, cut_until);
        return;
    }
    if (aurora__sim_fault(world, AURORA__OPTION_cut_out))
        service->relay_cut_until = world->now_ms + aurora__sim_below(world, 20000);
    if (service->relay_next == service->log_count)
        return;
    bool is_crashed = publish_rows(service);
    poke_readers(world, service);
    if (is_crashed)
        return;
    if (aurora__sim_fault(world, AURORA__OPTION_produce_again)) {
        service->relay_next = service->relay_kept;
        aurora__sim_service_poke(service, world->now_ms + 1 + aurora__sim_below(world, 2000));
        return;
    }
    if (aurora__sim_chance(world, 50))
        return;
    service->relay_kept = service->relay_next;
    aurora__sim_crash_at(service, AURORA__CRASH_cursor_kept);
}

/* --- consumers ---------------------------------------------------------------------------- */

static int64_t ready_at(aurora__sim_world *world, aurora__sim_feed *feed)
{
    const aurora__sim_service *reader = &world->services[world->service_of[feed->module]];
    const aurora__sim_partition *partition = partition_of(world, feed);
    if (feed->next >= partition->count)
        return INT64_MAX;
    if (feed->next_at == 0) {
        int64_t delay = 1;
        if (!world->is_safe && world->options.delay > 0) {
            delay += aurora__sim_below(world, world->options.delay);
            world->report->faults[AURORA__OPTION_delay]++;
        }
        feed->next_at = partition->items[feed->next].at_ms + delay;
    }
    int64_t cut_until =
        feed->cut_until > reader->isolated_until ? feed->cut_until : reader->isolated_until;
    return world->is_safe || cut_until < feed->next_at ? feed->next_at : cut_until;
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
    if (AURORA_PLANT(DELIVER_TWICE) && aurora__sim_below(world, 8) == 0) {
        command.is_twice = true;
        aurora__sim_commands_add(world, out, &command);
    }
    feed->next++;
    feed->next_at = 0;
    bool is_first = feed->next > feed->seen; /* else a rewind would follow a rewind for ever */
    feed->seen = is_first ? feed->next : feed->seen;
    if (is_first && aurora__sim_fault(world, AURORA__OPTION_duplicate)) {
        uint32_t back = 1 + aurora__sim_below(world, 4);
        feed->next = feed->next > back ? feed->next - back : 0;
    }
    if (AURORA_PLANT(ACK_FIRST))
        feed->acked = feed->next;
    if (aurora__sim_fault(world, AURORA__OPTION_cut_in))
        feed->cut_until = world->now_ms + aurora__sim_below(world, 20000);
}

/* Whether something older of another topic is still on its way to this service. */
static bool is_overtaking(const aurora__sim_service *service, const aurora__sim_feed *feed)
{
    int64_t at = partition_of(service->world, feed)->items[feed->next].at_ms;
    for (uint32_t i = 0; i < service->feed_count; i++) {
        const aurora__sim_feed *other = &service->feeds[i];
        const aurora__sim_partition *partition = partition_of(service->world, other);
        if (other->topic != feed->topic && other->next < partition->count &&
            partition->items[other->next].at_ms < at)
            return true;
    }
    return false;
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
            world->report->overtaken += is_overtaking(service, feed);
            fetch_one(service, feed, out);
        }
    }
}

/* The watermark's offset wins over the group's: a restored store reads again what it lost. */
static void rewind_feed(aurora__sim_service *service, aurora__sim_feed *feed)
{
    aurora__sim_world *world = service->world;
    const aurora__watermark_row *mark = aurora__sim_store_get(&service->store, &feed->watermark);
    feed->next = mark == NULL ? 0 : (uint32_t)mark->next_offset;
    if (AURORA_PLANT(ACK_FIRST))
        feed->next = feed->acked;
    feed->next_at = 0;
    if (aurora__sim_fault(world, AURORA__OPTION_duplicate)) {
        uint32_t back = aurora__sim_below(world, 24);
        feed->next = feed->next > back ? feed->next - back : 0;
    }
}

void aurora__sim_network_rewind(aurora__sim_service *service)
{
    for (uint32_t i = 0; i < service->feed_count; i++)
        rewind_feed(service, &service->feeds[i]);
    service->relay_next = service->relay_kept;
    if (AURORA_PLANT(WRONG_CURSOR) && service->relay_next < service->log_count)
        service->relay_next++;
}

void aurora__sim_network_rebalance(aurora__sim_service *service)
{
    for (uint32_t i = 0; i < service->feed_count; i++) {
        if (aurora__sim_below(service->world, 2) == 0)
            rewind_feed(service, &service->feeds[i]);
    }
}

void aurora__sim_network_ack(aurora__sim_service *service)
{
    for (uint32_t i = 0; i < service->feed_count; i++)
        service->feeds[i].acked = service->feeds[i].next;
}
