/* SPDX-License-Identifier: MIT */
/* Can a URL of the configuration hurt us? Any text is read as the address of each kind: broker,
 * bridge, Redis, index, store, mail server, collector, trusted proxies, and as a handle's setting.
 * What is refused says why in one line and does not tell the password. The first byte says
 * which. */
#include "adapters/bus_kafka/address.h"
#include "adapters/notifier_smtp/smtp.h"
#include "adapters/notifier_webhook/webhook.h"
#include "adapters/payment_http/address.h"
#include "adapters/redis/address.h"
#include "adapters/search_elastic/address.h"
#include "adapters/store_postgres/address.h"
#include "api/setting.h"
#include "http/client_address.h"
#include "telemetry/url.h"

#include "../support/heap.h"

#include <stdlib.h>
#include <string.h>

/* What a message says by itself, whoever asked. */
static const char example[] = "smtp://host:port?from=shop@example.org";

/* A message is one line of text; no piece of what stands between ':' and '@' is in it. */
static void check_refusal(const char *text, aurora_status rc, const aurora_error *err)
{
    const char *at = strrchr(text, '@'), *colon = at;
    if (rc == AURORA_OK)
        return;
    if (err->message[0] == '\0' || strchr(err->message, '\n') != NULL)
        abort();
    while (colon != NULL && colon > text && *colon != ':')
        colon--;
    if (colon == NULL || *colon != ':' || at - colon < 12)
        return;
    char secret[64];
    size_t len =
        (size_t)(at - colon) - 1 < sizeof secret - 1 ? (size_t)(at - colon) - 1 : sizeof secret - 1;
    memcpy(secret, colon + 1, len);
    secret[len] = '\0';
    if (strstr(err->message, secret) != NULL && strstr(example, secret) == NULL)
        abort();
}

static void read_kafka(const char *text)
{
    aurora__kafka_address address;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora__kafka_address_parse(text, &address, &err);
    check_refusal(text, rc, &err);
    if (rc == AURORA_OK && (address.brokers[0] == '\0' || address.partitions < 1))
        abort();
}

static void read_bridge(const char *text)
{
    char url[AURORA__BRIDGE_URL_BYTES];
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora__bridge_address(text, url, &err);
    check_refusal(text, rc, &err);
    if (rc == AURORA_OK && strncmp(url, "http", 4) != 0)
        abort();
}

static void read_redis(const char *text)
{
    aurora__redis_address address;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora__redis_address_read(text, "cache", &address, &err);
    check_refusal(text, rc, &err);
    if (rc == AURORA_OK && (address.host[0] == '\0' || address.port[0] == '\0' ||
                            address.pool < 1 || address.pool > AURORA__REDIS_POOL_MAX))
        abort();
}

static void read_elastic(const char *text)
{
    aurora__elastic_address address;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora__elastic_address_read(text, &address, &err);
    check_refusal(text, rc, &err);
    if (rc == AURORA_OK && (address.host_count < 1 || address.name[0] == '\0'))
        abort();
}

static void read_postgres(const char *text)
{
    aurora__pg_address address = {0};
    aurora__pg_keywords keywords = {0};
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora__pg_address_parse(&address, text, &heap, &err);
    check_refusal(text, rc, &err);
    if (rc == AURORA_OK &&
        aurora__pg_keywords_init(&keywords, &address, "aurora", true) == AURORA_OK)
        aurora__pg_keywords_free(&keywords);
    aurora__pg_address_free(&address);
}

static void read_smtp(const char *text)
{
    aurora__smtp_address address;
    aurora_error err = AURORA_ERROR_INIT;
    uint8_t key[AURORA__WEBHOOK_KEY_BYTES];
    aurora_status rc = aurora__smtp_address_read(text, &address, &err);
    check_refusal(text, rc, &err);
    if (rc == AURORA_OK && !aurora__smtp_is_mailbox(address.from))
        abort();
    if (aurora__webhook_key(text, key) > sizeof key)
        abort();
}

static void read_collector(const char *text)
{
    char url[AURORA_TELEMETRY_URL_BYTES];
    const char *rule = NULL;
    if (aurora_telemetry_url(text, text[0] == '/', url, &rule) != (rule == NULL))
        abort();
}

static void read_proxies(const char *text)
{
    aurora_http_proxies proxies;
    aurora_http_address peer, client;
    char written[AURORA_HTTP_ADDRESS_TEXT_BYTES];
    const char *rule = NULL, *comma = strchr(text, ';');
    if (!aurora_http_proxies_parse("loopback,private", &proxies, &rule) ||
        !aurora_http_address_parse("10.0.0.1", 8, &peer))
        abort();
    client = aurora_http_client_address(&proxies, &peer, text);
    aurora_http_address_write(&client, written);
    if (!aurora_http_address_parse(written, strlen(written), &peer) ||
        memcmp(&peer, &client, sizeof peer) != 0)
        abort();
    if (!aurora_http_proxies_parse(text, &proxies, &rule) && rule == NULL)
        abort();
    (void)aurora_http_client_address(&proxies, &peer, comma);
}

static void read_setting(const char *text)
{
    aurora__settings settings;
    aurora__assignment assignment;
    aurora_error err = AURORA_ERROR_INIT;
    bool is_taken;
    aurora__settings_init(&settings);
    aurora_status rc = aurora__setting_property(text, &settings, &is_taken, &err);
    if (rc == AURORA_OK && !is_taken) {
        rc = aurora__assignment_read(&assignment, text, &err);
        if (rc == AURORA_OK)
            rc = aurora__settings_put(&settings, &assignment, &err);
    }
    check_refusal("", rc, &err);
    if (rc == AURORA_OK)
        (void)aurora__settings_check(&settings, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *text) = {
        read_kafka, read_bridge,    read_redis,   read_elastic, read_postgres,
        read_smtp,  read_collector, read_proxies, read_setting};
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    readers[data[0] % (sizeof readers / sizeof *readers)](text);
    free(text);
    return 0;
}
