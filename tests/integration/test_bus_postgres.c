/* SPDX-License-Identifier: MIT */
/* A service that hears events over a bus and keeps its rows in PostgreSQL: what only that store
 * refuses, and that its absence holds up nobody for good. */
#include "bus_fake.h"
#include "cutting_proxy.h"
#include "postgres_place.h"
#include "shop.h"

#include <aurora/net.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 30000
#define DRIVERS_MAX 32

typedef struct {
    bus_fake *fake;
    cutting_proxy *proxy;
    aurora_t *inventory;
    char bus[128];
    char url[256];
    const char *settings[2];
    aurora_driver drivers[DRIVERS_MAX];
} place;

/* The address of the database at the proxy's port. */
static void route(place *at)
{
    char address[200];
    postgres_program_database(address, sizeof address);
    char *slash = strchr(address + 2, '/');
    *slash = '\0';
    char *colon = strrchr(address, ':');
    *colon = '\0';
    at->proxy = cutting_proxy_new((uint16_t)strtoul(colon + 1, NULL, 10));
    snprintf(at->url, sizeof at->url, "postgresql:%s:%u/%s", address, cutting_proxy_port(at->proxy),
             slash + 1);
}

static void open_place(place *at)
{
    uint32_t count;
    const aurora_driver *net = aurora_net_drivers(&count);
    *at = (place){.fake = bus_fake_new(1)};
    ck_assert_uint_lt(count, DRIVERS_MAX);
    memcpy(at->drivers, net, count * sizeof *net);
    at->drivers[count++] = bus_fake_driver;
    snprintf(at->bus, sizeof at->bus, "bus=%s", bus_fake_url(at->fake));
    at->settings[0] = "modules=inventory";
    at->settings[1] = at->bus;
    route(at);
    at->inventory =
        shop_open(at->url, AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER, .drivers = at->drivers,
                                          .driver_count = count, .settings = at->settings,
                                          .setting_count = 2));
}

static void close_place(place *at)
{
    aurora_close(at->inventory);
    bus_fake_free(at->fake);
    cutting_proxy_free(at->proxy);
}

/* order.created of a SKU that nobody has: it is answered with inventory.rejected. */
static void append(place *at, int number, const char *source, const char *traceparent)
{
    char id[AURORA_ID_TEXT_BYTES], data[512], sequence[16];
    snprintf(id, sizeof id, "0198c0de-0000-7000-8000-%012d", number);
    snprintf(sequence, sizeof sequence, "%d", number);
    snprintf(data, sizeof data,
             "{\"order_id\":\"%s\",\"order_version\":1,\"currency\":\"EUR\",\"total_minor\":250,"
             "\"payment_method\":\"card\",\"lines\":[{\"sku\":\"none\",\"quantity\":1,"
             "\"unit_price_minor\":250}]}",
             id);
    const aurora_bus_header headers[] = {{"ce_type", "order.created"},
                                         {"ce_source", source},
                                         {"ce_sequence", sequence},
                                         {"traceparent", traceparent}};
    bus_fake_append(at->fake, &(aurora_bus_message){.topic = AURORA_TOPIC_ORDERS,
                                                    .key = id,
                                                    .key_len = (uint32_t)strlen(id),
                                                    .data = data,
                                                    .data_len = (uint32_t)strlen(data),
                                                    .headers = headers,
                                                    .header_count = 4});
}

static void wait_answers(place *at, uint32_t count)
{
    ck_assert(bus_fake_wait_count(at->fake, AURORA_TOPIC_INVENTORY, "inventory.rejected", count,
                                  WAIT_MS));
}

START_TEST(test_bus_postgres__no_header_is_refused_for_ever)
{
    static const char trace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    place at;
    char wide[4000];
    open_place(&at);
    for (size_t i = 0; i < sizeof wide - 1; i++)
        wide[i] = (char)('!' + rand() % 90);
    wide[sizeof wide - 1] = '\0';

    append(&at, 1, "/aurora/\xff\xfe", trace);
    append(&at, 2, wide, trace);
    append(&at, 3, "/aurora/order/stray", "00-\xff");
    append(&at, 4, "/aurora/order/stray", trace);

    wait_answers(&at, 2);
    ck_assert(bus_fake_wait_done(at.fake, "inventory", AURORA_TOPIC_ORDERS, WAIT_MS));
    close_place(&at);
}
END_TEST

START_TEST(test_bus_postgres__a_handle_closes_while_the_store_is_away)
{
    place at;
    open_place(&at);
    append(&at, 1, "/aurora/order/stray", "");
    wait_answers(&at, 1);

    cutting_proxy_free(at.proxy);
    append(&at, 2, "/aurora/order/stray", "");
    bool is_done = bus_fake_wait_done(at.fake, "inventory", AURORA_TOPIC_ORDERS, 1000);

    ck_assert(!is_done);
    aurora_close(at.inventory); /* ends */
    bus_fake_free(at.fake);
}
END_TEST

static Suite *suite(void)
{
    if (!postgres_is_there())
        return NULL;
    Suite *made = suite_create("bus_postgres");
    TCase *tcase = tcase_create("bus_postgres");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_bus_postgres__no_header_is_refused_for_ever);
    tcase_add_test(tcase, test_bus_postgres__a_handle_closes_while_the_store_is_away);
    suite_add_tcase(made, tcase);
    return made;
}

AURORA_TEST_MAIN(suite)
