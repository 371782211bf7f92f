/* SPDX-License-Identifier: MIT */
/* What is between the services, and the state as bytes. A committed event is published at once: as
 * its delivery waits for any time anyway, a relay that is slow adds nothing. */
#include "explore/space.h"

#include "codec/names.h"

#include <aurora/event.h>

#include <stdlib.h>

const aurora__explore_feed aurora__explore_feeds[AURORA__EXPLORE_FEEDS] = {{0, 1},
                                                                           {0, 2},
                                                                           {1, 0},
                                                                           {2, 0},
                                                                           {2, 1}};

/* Topics are in the order of their modules' flags. */
static uint8_t topic_of(int32_t kind)
{
    return (uint8_t)__builtin_ctz(aurora__event_flag(kind));
}

/* Payments pass over what they do not subscribe to: the queue is shorter without it. */
static bool is_subscribed(uint32_t feed, int32_t kind)
{
    switch (feed) {
    case 3:
        return kind != AURORA_EVENT_ORDER_CREATED;
    case 4:
        return kind == AURORA_EVENT_INVENTORY_RESERVED;
    default:
        return true;
    }
}

bool aurora__explore_publish(const aurora__explore_space *space, aurora__explore_order *order,
                             uint16_t event)
{
    int32_t kind = space->events[event].kind;
    uint8_t topic = topic_of(kind);
    uint8_t position = ++order->positions[topic];
    for (uint32_t i = 0; i < AURORA__EXPLORE_FEEDS; i++) {
        const aurora__explore_feed *feed = &aurora__explore_feeds[i];
        if (feed->topic != topic || !is_subscribed(i, kind) ||
            space->service_of[feed->module] == space->service_of[topic])
            continue;
        uint8_t count = order->counts[i];
        if (count == AURORA__EXPLORE_QUEUE)
            return false;
        order->queues[i][count] = (aurora__explore_message){event, position, false};
        order->counts[i]++;
        if (space->scope->plant == AURORA__EXPLORE_SWAP_EVENTS && count > 0) {
            order->queues[i][count] = order->queues[i][count - 1];
            order->queues[i][count - 1] = (aurora__explore_message){event, position, false};
        }
    }
    return true;
}

void aurora__explore_remove(aurora__explore_order *order, uint32_t feed, uint32_t index)
{
    aurora__explore_message *queue = order->queues[feed];
    order->counts[feed]--;
    for (uint32_t i = index; i < order->counts[feed]; i++)
        queue[i] = queue[i + 1];
}

void aurora__explore_lose(aurora__explore_order *order, uint32_t feed, uint32_t index)
{
    uint8_t topic = aurora__explore_feeds[feed].topic;
    uint8_t position = order->queues[feed][index].position;
    for (uint32_t i = 0; i < AURORA__EXPLORE_FEEDS; i++) {
        for (uint32_t n = order->counts[i]; aurora__explore_feeds[i].topic == topic && n > 0; n--) {
            if (order->queues[i][n - 1].position == position)
                aurora__explore_remove(order, i, n - 1);
        }
    }
}

/* --- bytes -------------------------------------------------------------------------------- */

/* Only the order of positions matters: each becomes its rank among those of its source. */
static void rank(aurora__explore_order *order, uint8_t topic)
{
    uint8_t *used[2 * (AURORA__EXPLORE_QUEUE + 1)];
    uint32_t count = 0;
    uint8_t next = 0;
    for (uint32_t i = 0; i < AURORA__EXPLORE_FEEDS; i++) {
        if (aurora__explore_feeds[i].topic != topic)
            continue;
        used[count++] = &order->marks[i];
        for (uint32_t n = 0; n < order->counts[i]; n++)
            used[count++] = &order->queues[i][n].position;
    }
    for (uint8_t low = 0;; next++) { /* `low` and below have their rank */
        uint8_t lowest = UINT8_MAX;
        for (uint32_t i = 0; i < count; i++) {
            if (*used[i] >= low && *used[i] < lowest)
                lowest = *used[i];
        }
        if (lowest == UINT8_MAX)
            break;
        for (uint32_t i = 0; i < count; i++) {
            if (*used[i] == lowest)
                *used[i] = next;
        }
        low = (uint8_t)(lowest + 1);
    }
    order->positions[topic] = next == 0 ? 0 : (uint8_t)(next - 1);
}

static uint8_t *put(uint8_t *at, uint16_t number)
{
    *at++ = (uint8_t)(number & 0xFF);
    *at++ = (uint8_t)(number >> 8);
    return at;
}

static uint32_t encode_order(const aurora__explore_order *from, uint8_t *bytes)
{
    aurora__explore_order order = *from;
    for (uint8_t topic = 0; topic < AURORA__EXPLORE_MODULES; topic++)
        rank(&order, topic);
    uint8_t *at = put(bytes, order.order);
    at = put(at, order.reservation);
    at = put(at, order.payment);
    at = put(at, order.replies);
    *at++ = order.calls;
    *at++ = order.books;
    *at++ = order.client;
    for (uint32_t i = 0; i < AURORA__EXPLORE_FEEDS; i++) {
        if (order.marks[i] > 15)
            abort(); /* two states would be taken for one */
        *at++ = (uint8_t)(order.marks[i] << 4 | order.counts[i]);
        for (uint32_t n = 0; n < order.counts[i]; n++) {
            const aurora__explore_message *message = &order.queues[i][n];
            at = put(at, message->event);
            *at++ = (uint8_t)(message->position | (message->is_taken ? 0x80 : 0));
        }
    }
    return (uint32_t)(at - bytes);
}

uint32_t aurora__explore_encode(const aurora__explore_state *state, uint32_t orders, uint8_t *bytes,
                                bool *is_swapped_out)
{
    uint8_t parts[AURORA__EXPLORE_ORDERS][AURORA__EXPLORE_BYTES / 2];
    uint32_t lengths[AURORA__EXPLORE_ORDERS];
    uint8_t *at = put(bytes, state->stock);
    *at++ = (uint8_t)(state->crashes | state->duplicates << 2 | state->losses << 4 |
                      state->silences << 6);
    *at++ = (uint8_t)(state->hurries | state->cancels << 2);
    for (uint32_t i = 0; i < orders; i++)
        lengths[i] = encode_order(&state->orders[i], parts[i]);
    uint32_t first = 0;
    if (orders == 2) {
        uint32_t length = lengths[0] < lengths[1] ? lengths[0] : lengths[1];
        int order = memcmp(parts[0], parts[1], length);
        first = order > 0 || (order == 0 && lengths[0] > lengths[1]);
    }
    *is_swapped_out = first != 0;
    for (uint32_t i = 0; i < orders; i++) {
        uint32_t which = (first + i) % orders;
        memcpy(at, parts[which], lengths[which]);
        at += lengths[which];
    }
    return (uint32_t)(at - bytes);
}

static uint16_t take(const uint8_t **at)
{
    uint16_t number = (uint16_t)((*at)[0] | (*at)[1] << 8);
    *at += 2;
    return number;
}

static const uint8_t *decode_order(const uint8_t *at, aurora__explore_order *order)
{
    order->order = take(&at);
    order->reservation = take(&at);
    order->payment = take(&at);
    order->replies = take(&at);
    order->calls = *at++;
    order->books = *at++;
    order->client = *at++;
    for (uint32_t i = 0; i < AURORA__EXPLORE_FEEDS; i++) {
        uint8_t topic = aurora__explore_feeds[i].topic;
        order->marks[i] = *at >> 4;
        order->counts[i] = *at++ & 15;
        uint8_t highest = order->marks[i];
        for (uint32_t n = 0; n < order->counts[i]; n++) {
            aurora__explore_message *message = &order->queues[i][n];
            message->event = take(&at);
            message->position = *at & 0x7F;
            message->is_taken = (*at++ & 0x80) != 0;
            highest = message->position > highest ? message->position : highest;
        }
        if (highest > order->positions[topic])
            order->positions[topic] = highest;
    }
    return at;
}

void aurora__explore_decode(const uint8_t *bytes, uint32_t orders, aurora__explore_state *state)
{
    const uint8_t *at = bytes;
    memset(state, 0, sizeof *state);
    state->stock = take(&at);
    state->crashes = *at & 3;
    state->duplicates = *at >> 2 & 3;
    state->losses = *at >> 4 & 3;
    state->silences = *at++ >> 6;
    state->hurries = *at & 3;
    state->cancels = *at++ >> 2 & 3;
    for (uint32_t i = 0; i < orders; i++)
        at = decode_order(at, &state->orders[i]);
}
