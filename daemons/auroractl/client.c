/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <stdlib.h>

#include "progress.h"

#define PAUSE_FIRST_MS 50
#define PAUSE_MAX_MS 1000

struct ctl_client {
    ctl_endpoint endpoint;
    int64_t retry_ms;
    ctl_exchange exchange;
};

aurora_status ctl_client_new(const ctl_endpoint *endpoint, int64_t retry_ms, ctl_client **out)
{
    ctl_client *client = calloc(1, sizeof *client);
    *out = client;
    if (client == NULL)
        return AURORA_ENOMEM;
    client->endpoint = *endpoint;
    client->retry_ms = retry_ms;
    if (ctl_exchange_init(&client->exchange))
        return AURORA_OK;
    free(client);
    *out = NULL;
    return AURORA_ENOMEM;
}

void ctl_client_free(ctl_client *client)
{
    if (client == NULL)
        return;
    ctl_exchange_deinit(&client->exchange);
    free(client);
}

/* How long to wait before the next attempt; 0 = there is none. */
static int64_t pause_after(const ctl_client *client, const ctl_request *request, int64_t pause_ms,
                           int64_t give_up_ms)
{
    const ctl_reply *reply = &client->exchange.reply;
    bool may_repeat = ctl_request_is_safe(request) || (reply->status == 0 && !reply->was_sent);
    if (!ctl_reply_is_later(reply) || !may_repeat)
        return 0;
    if (reply->retry_after_s > 0 && pause_ms < (int64_t)reply->retry_after_s * 1000)
        pause_ms = (int64_t)reply->retry_after_s * 1000;
    return ctl_monotonic_ms() + pause_ms > give_up_ms ? 0 : pause_ms;
}

aurora_status ctl_client_ask(ctl_client *client, const ctl_request *request,
                             const ctl_reply **reply_out)
{
    int64_t give_up_ms = ctl_monotonic_ms() + client->retry_ms;
    int64_t pause_ms = PAUSE_FIRST_MS;
    *reply_out = &client->exchange.reply;
    for (;;) {
        aurora_status status = ctl_exchange_dress(&client->exchange, &client->endpoint, request);
        if (status != AURORA_OK)
            return status;
        ctl_exchange_finish(&client->exchange, curl_easy_perform(client->exchange.curl));
        int64_t wait_ms = pause_after(client, request, pause_ms, give_up_ms);
        if (wait_ms == 0)
            return AURORA_OK;
        ctl_pause_ms(wait_ms);
        pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
    }
}
