/* SPDX-License-Identifier: MIT */
/* Orders of a replay over many connections to a server. Each has a key, so that one whose answer
 * was lost with the server is sent again and placed once. */
#include <stdio.h>
#include <stdlib.h>

#include "fields.h"
#include "flight.h"
#include "orders.h"
#include "page.h"
#include "progress.h"
#include "replay.h"

#define CONNECTIONS 48
#define TAKE_MS 100
#define TURN_MS 500
#define QUIET_MS 100 /* after a request that no server answered */

typedef struct {
    ctl_flight *flight;
    ctl_replay_result *results; /* while landing */
    uint32_t count;
    int64_t quiet_until_ms;
} carrying;

static aurora_status open_flight(ctl_replay_run *replay)
{
    carrying *own = calloc(1, sizeof *own);
    ctl_endpoint endpoint = ctl_shop_endpoint(replay->shop.run);
    replay->carrying = own;
    return own == NULL ? AURORA_ENOMEM : ctl_flight_new(&endpoint, CONNECTIONS, &own->flight);
}

static void close_flight(ctl_replay_run *replay)
{
    carrying *own = replay->carrying;
    if (own == NULL)
        return;
    ctl_flight_free(own->flight);
    free(own);
    replay->carrying = NULL;
}

static aurora_status submit_one(carrying *own, const ctl_retail_invoice *invoice, uint32_t number)
{
    char key[AURORA_KEY_BYTES_MAX + 1];
    aurora_order_request request;
    ctl_place place;
    ctl_replay_request(invoice, &request);
    snprintf(key, sizeof key, CTL_REPLAY_KEY "%.200s", invoice->reference);
    request.key = key;
    ctl_place_init(&place, &request);
    aurora_status status = AURORA_ENOMEM;
    if (!place.body.is_failed) {
        ctl_request wire = ctl_ask_request(&place.ask);
        status = ctl_flight_submit(own->flight, &wire, number);
    }
    ctl_place_deinit(&place);
    return status;
}

static aurora_status submit(ctl_replay_run *replay, const uint32_t *numbers, uint32_t count,
                            uint32_t *accepted_out)
{
    carrying *own = replay->carrying;
    *accepted_out = 0;
    if (ctl_monotonic_ms() < own->quiet_until_ms)
        return AURORA_EBUSY;
    while (*accepted_out < count && ctl_flight_room(own->flight) > 0) {
        uint32_t number = numbers[*accepted_out];
        aurora_status status = submit_one(own, &replay->file.orders[number], number);
        if (status != AURORA_OK)
            return status;
        ++*accepted_out;
    }
    return *accepted_out > 0 ? AURORA_OK : AURORA_EBUSY;
}

static void read_order(const ctl_reply *reply, ctl_replay_result *out)
{
    aurora_json_doc *doc = NULL;
    aurora_json_error error;
    if (reply->body == NULL ||
        !aurora_json_parse_long(reply->body, reply->body_len, &doc, &error)) {
        out->status = AURORA_EIO;
        return;
    }
    out->state = ctl_replay_state_read(aurora_json_root(doc));
    aurora_json_free(doc);
}

static void land(void *self, uint64_t tag, const ctl_reply *reply)
{
    carrying *own = self;
    ctl_replay_result *out = &own->results[own->count++];
    aurora_error err = AURORA_ERROR_INIT;
    *out = (ctl_replay_result){.number = (uint32_t)tag, .status = ctl_reply_status(reply, &err)};
    if (out->status == AURORA_OK)
        read_order(reply, out);
    else
        snprintf(out->why, sizeof out->why, "%s%s%.120s", err.field, err.field[0] == 0 ? "" : ": ",
                 err.message);
    if (ctl_reply_is_later(reply))
        own->quiet_until_ms = ctl_monotonic_ms() + QUIET_MS;
}

static aurora_status take(ctl_replay_run *replay, ctl_replay_result *results_out,
                          uint32_t *count_out)
{
    carrying *own = replay->carrying;
    own->results = results_out;
    own->count = 0;
    if (ctl_flight_room(own->flight) == CONNECTIONS) {
        ctl_pause_ms(QUIET_MS / 10); /* nothing travels: there is nothing to wait for */
        *count_out = 0;
        return AURORA_OK;
    }
    aurora_status status = ctl_flight_take(own->flight, TAKE_MS, land, own);
    *count_out = own->count;
    return status;
}

/* Whether an order of the replay is still on its way. */
static bool has_open(const ctl_replay_run *replay)
{
    for (uint32_t i = 0; i < replay->order_count; i++) {
        const ctl_replay_state *state = &replay->states[i];
        if (state->is_stored && !state->is_parked && !(state->outcome != 0 && state->is_settled))
            return true;
    }
    return false;
}

/* When an id was drawn: what lists go by. The order's own time is its commit's, a little later. */
static int64_t id_time_ms(const aurora_id *id)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id->bytes[i];
    return ms;
}

/* The oldest of our orders: no list has to go back further. */
static int64_t first_id_ms(const ctl_replay_run *replay)
{
    int64_t first_ms = INT64_MAX;
    for (uint32_t i = 0; i < replay->order_count; i++) {
        const ctl_replay_state *state = &replay->states[i];
        if (state->is_stored && id_time_ms(&state->id) < first_ms)
            first_ms = id_time_ms(&state->id);
    }
    return first_ms == INT64_MAX ? 0 : first_ms;
}

typedef struct {
    ctl_replay_run *replay;
    ctl_text_map numbers; /* of the orders, by their references */
} refreshing;

static void refresh_one(void *self, aurora_json_value order)
{
    refreshing *at = self;
    const char *reference = ctl_field_text(order, "reference");
    uint32_t number = reference == NULL ? CTL_NO_INDEX : ctl_text_map_find(&at->numbers, reference);
    /* An order that has one of our references and was not ours was refused before. */
    if (number != CTL_NO_INDEX && at->replay->states[number].is_stored)
        at->replay->states[number] = ctl_replay_state_read(order);
}

/* Reads all orders since our first one, and takes over what the server says of ours. */
static aurora_status refresh(refreshing *at)
{
    ctl_target target;
    ctl_page page = {0};
    aurora_error err = AURORA_ERROR_INIT;
    ctl_target_init(&target, "/orders");
    ctl_target_query_time(&target, "from", first_id_ms(at->replay));
    ctl_ask ask = {.method = "GET", .target = &target};
    return ctl_page_each(&at->replay->shop, &ask, &page, refresh_one, at, &err);
}

static aurora_status settle(ctl_replay_run *replay)
{
    refreshing at = {.replay = replay};
    int64_t give_up_ms = ctl_monotonic_ms() + CTL_REPLAY_SETTLE_MS;
    aurora_status status = AURORA_OK;
    for (uint32_t i = 0; i < replay->order_count && status == AURORA_OK; i++) {
        if (ctl_text_map_put(&at.numbers, replay->file.orders[i].reference) != i)
            status = AURORA_ENOMEM;
    }
    if (status == AURORA_OK)
        status = refresh(&at);
    while (status == AURORA_OK && has_open(replay) && ctl_monotonic_ms() < give_up_ms) {
        ctl_pause_ms(TURN_MS);
        status = refresh(&at);
    }
    ctl_text_map_deinit(&at.numbers);
    return status;
}

const ctl_replay_carrier ctl_replay_by_url = {.in_flight_max = CONNECTIONS,
                                              .open = open_flight,
                                              .close = close_flight,
                                              .submit = submit,
                                              .take = take,
                                              .settle = settle};
