/* SPDX-License-Identifier: MIT */
#include "flight.h"

#include <stdlib.h>

typedef struct {
    ctl_exchange exchange;
    uint64_t tag;
    uint32_t next_free;
} slot;

struct ctl_flight {
    ctl_endpoint endpoint;
    CURLM *multi;
    slot *slots;
    uint32_t slot_count;
    uint32_t first_free; /* slot_count = none */
    uint32_t room;
};

aurora_status ctl_flight_new(const ctl_endpoint *endpoint, uint32_t connections, ctl_flight **out)
{
    ctl_flight *flight = malloc(sizeof *flight);
    *out = flight;
    if (flight == NULL)
        return AURORA_ENOMEM;
    *flight = (ctl_flight){
        .endpoint = *endpoint,
        .multi = curl_multi_init(),
        .slots = calloc(connections, sizeof *flight->slots),
    };
    for (uint32_t i = 0; flight->slots != NULL && i < connections; i++) {
        if (!ctl_exchange_init(&flight->slots[i].exchange))
            break;
        flight->slots[i].next_free = i + 1;
        flight->slot_count++;
    }
    flight->room = flight->slot_count;
    if (flight->multi == NULL || flight->slot_count < connections) {
        ctl_flight_free(flight);
        *out = NULL;
        return AURORA_ENOMEM;
    }
    curl_multi_setopt(flight->multi, CURLMOPT_MAXCONNECTS, (long)connections);
    return AURORA_OK;
}

void ctl_flight_free(ctl_flight *flight)
{
    if (flight == NULL)
        return;
    for (uint32_t i = 0; i < flight->slot_count; i++) {
        curl_multi_remove_handle(flight->multi, flight->slots[i].exchange.curl);
        ctl_exchange_deinit(&flight->slots[i].exchange);
    }
    curl_multi_cleanup(flight->multi);
    free(flight->slots);
    free(flight);
}

uint32_t ctl_flight_room(const ctl_flight *flight)
{
    return flight->room;
}

aurora_status ctl_flight_submit(ctl_flight *flight, const ctl_request *request, uint64_t tag)
{
    if (flight->room == 0)
        return AURORA_EBUSY;
    slot *own = &flight->slots[flight->first_free];
    aurora_status status = ctl_exchange_dress(&own->exchange, &flight->endpoint, request);
    if (status != AURORA_OK)
        return status;
    if (curl_multi_add_handle(flight->multi, own->exchange.curl) != CURLM_OK)
        return AURORA_ENOMEM;
    own->tag = tag;
    flight->first_free = own->next_free;
    flight->room--;
    return AURORA_OK;
}

/* Shows the reply, then gives its slot back. */
static void land(ctl_flight *flight, const CURLMsg *message,
                 void (*landed)(void *self, uint64_t tag, const ctl_reply *reply), void *self)
{
    char *private = NULL;
    CURLcode outcome = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    slot *own = (slot *)(void *)private; /* the exchange is its first member */
    ctl_exchange_finish(&own->exchange, outcome);
    curl_multi_remove_handle(flight->multi, own->exchange.curl);
    landed(self, own->tag, &own->exchange.reply);
    own->next_free = flight->first_free;
    flight->first_free = (uint32_t)(own - flight->slots);
    flight->room++;
}

aurora_status ctl_flight_take(ctl_flight *flight, int timeout_ms,
                              void (*landed)(void *self, uint64_t tag, const ctl_reply *reply),
                              void *self)
{
    int running = 0, left = 0;
    if (curl_multi_perform(flight->multi, &running) != CURLM_OK)
        return AURORA_ENOMEM;
    if ((uint32_t)running == flight->slot_count - flight->room &&
        curl_multi_poll(flight->multi, NULL, 0, timeout_ms, NULL) != CURLM_OK)
        return AURORA_ENOMEM;
    if (curl_multi_perform(flight->multi, &running) != CURLM_OK)
        return AURORA_ENOMEM;
    const CURLMsg *message = curl_multi_info_read(flight->multi, &left);
    for (; message != NULL; message = curl_multi_info_read(flight->multi, &left)) {
        if (message->msg == CURLMSG_DONE)
            land(flight, message, landed, self);
    }
    return AURORA_OK;
}
