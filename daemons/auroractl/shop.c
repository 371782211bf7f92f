/* SPDX-License-Identifier: MIT */
#include "shop.h"

#include <stdlib.h>
#include <string.h>

ctl_endpoint ctl_shop_endpoint(const ctl *run)
{
    return (ctl_endpoint){.base = run->url,
                          .secret = run->secret,
                          .principal = run->actor,
                          .ca = run->values[CTL_CA],
                          .certificate = run->values[CTL_CERTIFICATE],
                          .certificate_key = run->values[CTL_CERTIFICATE_KEY]};
}

int ctl_shop_open(const ctl *run, uint32_t flags, ctl_shop *out)
{
    *out = (ctl_shop){.run = run};
    if (run->url == NULL)
        return ctl_open(run, flags, &out->store);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ctl_refuse("libcurl cannot be used");
    ctl_shop first = *out;
    return ctl_shop_join(&first, out);
}

int ctl_shop_join(const ctl_shop *shop, ctl_shop *out)
{
    *out = (ctl_shop){.run = shop->run, .store = shop->store, .is_joined = true};
    if (shop->store != NULL)
        return CTL_YES;
    ctl_endpoint endpoint = ctl_shop_endpoint(shop->run);
    aurora_status status = ctl_client_new(&endpoint, shop->run->retry_ms, &out->client);
    return status == AURORA_OK ? CTL_YES : ctl_fail(status, NULL, shop->run->url);
}

void ctl_shop_close(ctl_shop *shop)
{
    if (!shop->is_joined)
        aurora_close(shop->store);
    ctl_client_free(shop->client);
    *shop = (ctl_shop){.run = shop->run};
}

static aurora_status ask_store(ctl_shop *shop, const ctl_ask *ask, ctl_answer *answer,
                               aurora_error *err)
{
    aurora_json_out out = {0};
    aurora_status status = ask->of_store(shop->store, ask->request, &out, err);
    if (status != AURORA_OK) {
        aurora_json_out_drop(&out);
        return status;
    }
    answer->text = aurora_json_out_end(&out, &answer->length);
    return answer->text == NULL ? AURORA_ENOMEM : AURORA_OK;
}

ctl_request ctl_ask_request(const ctl_ask *ask)
{
    return (ctl_request){.method = ask->method,
                         .target = ask->target,
                         .body = ask->body == NULL ? NULL : ask->body->text,
                         .body_len = ask->body == NULL ? 0 : ask->body->len,
                         .key = ask->key,
                         .wait_s = ask->wait_s,
                         .principal = ask->principal,
                         .is_repeatable = ask->is_repeatable};
}

static aurora_status ask_server(ctl_shop *shop, const ctl_ask *ask, ctl_answer *answer,
                                aurora_error *err)
{
    const ctl_reply *reply = NULL;
    ctl_request request = ctl_ask_request(ask);
    if (ask->body != NULL && ask->body->is_failed)
        return AURORA_ENOMEM;
    aurora_status status = ctl_client_ask(shop->client, &request, &reply);
    if (status == AURORA_OK)
        status = ctl_reply_status(reply, err);
    if (status != AURORA_OK) {
        if (reply->status == 401 && shop->run->secret == NULL)
            ctl_refuse("this server wants to know who asks: give --service-secret, "
                       "AURORA_SERVICE_SECRET_FILE, or a --certificate of its tls_client_names");
        return status;
    }
    answer->length = reply->body_len;
    answer->text = calloc(1, reply->body_len + 1);
    if (answer->text == NULL)
        return AURORA_ENOMEM;
    if (reply->body_len > 0)
        memcpy(answer->text, reply->body, reply->body_len);
    return AURORA_OK;
}

aurora_status ctl_shop_ask(ctl_shop *shop, const ctl_ask *ask, ctl_answer *answer,
                           aurora_error *err)
{
    ctl_answer_free(answer);
    return shop->store != NULL ? ask_store(shop, ask, answer, err)
                               : ask_server(shop, ask, answer, err);
}

aurora_status ctl_shop_read(ctl_shop *shop, const ctl_ask *ask, ctl_answer *answer,
                            aurora_error *err)
{
    aurora_json_error error;
    aurora_status status = ctl_shop_ask(shop, ask, answer, err);
    if (status != AURORA_OK ||
        aurora_json_parse_long(answer->text, answer->length, &answer->doc, &error))
        return status;
    *err = (aurora_error){.size = sizeof *err, .status = AURORA_EIO};
    memcpy(err->message, error.detail, sizeof err->message);
    err->message[sizeof err->message - 1] = 0;
    return AURORA_EIO;
}

aurora_json_value ctl_answer_root(const ctl_answer *answer)
{
    return aurora_json_root(answer->doc);
}

void ctl_answer_free(ctl_answer *answer)
{
    aurora_json_free(answer->doc);
    free(answer->text);
    *answer = (ctl_answer){0};
}
