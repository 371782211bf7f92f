/* SPDX-License-Identifier: MIT */
/* The outbox table of a PostgreSQL store holds what the relay would publish of the same log, in the
 * transaction of each batch, and the relay rests. */
#include "bus_fake.h"
#include "postgres_place.h"
#include "shop.h"
#include "store_fixture.h"

#include <aurora/net.h>

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 30000
#define DRIVERS_MAX 32
#define KEPT "?outbox=debezium&outbox_keep=1"

typedef struct {
    char address[256];
    aurora_driver drivers[DRIVERS_MAX];
    uint32_t driver_count;
} place;

static void init(place *at)
{
    const aurora_driver *net = aurora_net_drivers(&at->driver_count);
    ck_assert_uint_lt(at->driver_count, DRIVERS_MAX);
    memcpy(at->drivers, net, at->driver_count * sizeof *net);
    at->drivers[at->driver_count++] = bus_fake_driver;
    postgres_program_database(at->address, sizeof at->address);
}

static aurora_t *open_shop(const place *at, const char *parameters, const bus_fake *fake)
{
    char url[400], bus[320];
    const char *settings[] = {"search=none:", bus};
    snprintf(url, sizeof url, "postgresql:%s%s", at->address, parameters);
    snprintf(bus, sizeof bus, "bus=%s", bus_fake_url(fake));
    return shop_open(url, AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER, .drivers = at->drivers,
                                         .driver_count = at->driver_count, .settings = settings,
                                         .setting_count = 2));
}

static int64_t number(const place *at, const char *sql)
{
    char text[32];
    postgres_run(at->address, sql, text, sizeof text);
    return strtoll(text, NULL, 10);
}

/* --- against the relay ------------------------------------------------------------------------ */

static void add_header(char *json, size_t capacity, const aurora_bus_header *header)
{
    size_t length = strlen(json);
    snprintf(json + length, capacity - length, "%s\"%s\":\"%s\"", length > 1 ? "," : "",
             header->name, header->value);
}

/* The database compares: JSON has many spellings. */
static bool is_in_outbox(PGconn *pg, const aurora_bus_record *record, const char *topic)
{
    static const char sql[] =
        "SELECT 1 FROM aurora.outbox WHERE position = $1::bigint AND topic = $2 AND aggregateid = "
        "$3"
        " AND payload = $4::jsonb AND headers = $5::jsonb AND type = headers->>'ce_type' AND"
        " aggregatetype = split_part(headers->>'ce_source', '/', 3) AND ce_id = headers->>'ce_id'"
        " AND ce_source = headers->>'ce_source' AND ce_sequence = headers->>'ce_sequence' AND"
        " ce_time = headers->>'ce_time' AND created_at = $6::bigint AND traceparent IS NOT DISTINCT"
        " FROM headers->>'traceparent'";
    char key[128], headers[4096] = "{", at[24];
    snprintf(key, sizeof key, "%.*s", (int)record->key_len, record->key);
    for (uint32_t i = 0; i < record->header_count; i++)
        add_header(headers, sizeof headers - 1, &record->headers[i]);
    strcat(headers, "}");
    char *data = strndup(record->data, record->data_len);
    snprintf(at, sizeof at, "%lld", (long long)record->at_ms);
    const char *values[] = {bus_fake_header(record, "ce_sequence"), topic, key, data, headers, at};
    PGresult *result = PQexecParams(pg, sql, 6, NULL, values, NULL, NULL, 0);
    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(pg));
    bool is_there = PQntuples(result) == 1;
    PQclear(result);
    free(data);
    return is_there;
}

static const struct {
    int32_t topic;
    const char *name;
} topics[] = {
    {AURORA_TOPIC_ORDERS, "orders.v1"},
    {AURORA_TOPIC_INVENTORY, "inventory.v1"},
    {AURORA_TOPIC_PAYMENTS, "payments.v1"},
    {AURORA_TOPIC_PRODUCTS, "products.v1"},
};

static uint32_t compare(const place *at, bus_fake *fake)
{
    char url[400];
    uint32_t seen = 0;
    snprintf(url, sizeof url, "postgresql:%s", at->address);
    PGconn *pg = PQconnectdb(url);
    ck_assert_int_eq(PQstatus(pg), CONNECTION_OK);
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        const aurora_bus_record *record;
        for (uint32_t n = 0; (record = bus_fake_record(fake, topics[i].topic, 0, n)) != NULL; n++) {
            ck_assert_msg(is_in_outbox(pg, record, topics[i].name), "%s %s: %.*s", topics[i].name,
                          bus_fake_header(record, "ce_id"), (int)record->data_len, record->data);
            seen++;
        }
        ck_assert_msg(bus_fake_count(fake, topics[i].topic, NULL) > 0, "%s", topics[i].name);
    }
    PQfinish(pg);
    return seen;
}

START_TEST(test_outbox__holds_what_the_relay_publishes_of_the_same_log)
{
    place at;
    init(&at);
    bus_fake *resting = bus_fake_new(1);
    bus_fake *fake = bus_fake_new(1);
    aurora_t *writer = open_shop(&at, KEPT, resting);
    shop_stock_up(writer, 10);
    for (uint32_t i = 0; i < 5; i++)
        shop_submit(writer, NULL, 1);
    aurora_order_free(shop_place(writer, "k", 20, "card", 0)); /* more than there is */

    aurora_t *relay = open_shop(&at, "", fake);
    uint32_t completed = 5;
    ck_assert(
        bus_fake_wait_count(fake, AURORA_TOPIC_ORDERS, "order.completed", completed, WAIT_MS));
    ck_assert(bus_fake_wait_count(fake, AURORA_TOPIC_ORDERS, "order.failed", 1, WAIT_MS));
    uint32_t seen = compare(&at, fake);

    ck_assert_int_eq(number(&at, "SELECT count(*)::text FROM aurora.outbox"), seen);
    ck_assert_int_eq(number(&at, "SELECT count(DISTINCT id)::text FROM aurora.outbox"), seen);
    ck_assert_int_eq(number(&at, "SELECT count(*)::text FROM aurora.outbox WHERE id::text !~"
                                 " '^.{14}8.{4}8'"),
                     0);
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
        ck_assert_uint_eq(bus_fake_count(resting, topics[i].topic, NULL), 0);
    aurora_close(writer);
    aurora_close(relay);
    bus_fake_free(resting);
    bus_fake_free(fake);
}
END_TEST

START_TEST(test_outbox__is_empty_again_at_each_commit_unless_it_is_kept)
{
    place at;
    init(&at);
    bus_fake *fake = bus_fake_new(1);
    aurora_t *shop = open_shop(&at, "?outbox=debezium", fake);
    int64_t before =
        number(&at, "SELECT n_tup_ins::text FROM pg_stat_all_tables WHERE relname = 'outbox'");
    shop_stock_up(shop, 10);
    shop_submit(shop, NULL, 1);
    aurora_close(shop);

    ck_assert_int_eq(number(&at, "SELECT count(*)::text FROM aurora.outbox"), 0);
    /* Figures of a connection are there once it is gone. */
    int64_t after = before;
    for (int i = 0; i < 2000 && after == before; i++)
        after =
            number(&at, "SELECT n_tup_ins::text FROM pg_stat_all_tables WHERE relname = 'outbox'");
    ck_assert_int_gt(after, before);
    bus_fake_free(fake);
}
END_TEST

/* --- one transaction -------------------------------------------------------------------------- */

static aurora_store open_store(const place *at)
{
    char url[400];
    aurora_store store = {0};
    aurora_error err = AURORA_ERROR_INIT;
    store_fixture fixture = {.adapter = &store_adapters[store_adapter_count() - 1]};
    snprintf(url, sizeof url, "%s" KEPT, at->address);
    ck_assert_msg(store_attach(&fixture, url, 0, &store) == AURORA_OK, "%s", err.message);
    return store;
}

static aurora_store_txn *append_one(const aurora_store *store, uint8_t batch, aurora_log_row *row)
{
    aurora_store_txn *txn = NULL;
    const aurora_store_outbox_row event = {.offset = 1,
                                           .at_ms = 5,
                                           .aggregate_type = "order",
                                           .aggregate_id = "k",
                                           .type = "order.created",
                                           .topic = "orders.v1",
                                           .payload = "{}",
                                           .time = "1970-01-01T00:00:00.005Z"};
    *row = (aurora_log_row){.at_ms = 5, .count = 3, .format = 1, .body = "[]", .body_length = 2};
    aurora_assert_ok(
        store->begin(store->self, AURORA_TXN_WRITE, store_id(8, batch), 2000, NULL, &txn));
    aurora_assert_ok(store->append(store->self, txn, row));
    aurora_assert_ok(store->outbox(store->self, txn, &event, 1));
    return txn;
}

START_TEST(test_outbox__is_written_with_its_batch_or_not_at_all)
{
    place at;
    init(&at);
    aurora_log_row row;
    aurora_store store = open_store(&at);

    store.rollback(store.self, append_one(&store, 1, &row));
    ck_assert_int_eq(number(&at, "SELECT count(*)::text FROM aurora.outbox"), 0);

    for (uint8_t i = 0; i < 3; i++) {
        aurora_assert_ok(store.commit(store.self, append_one(&store, (uint8_t)(i + 2), &row)));
        ck_assert_int_eq(row.position, 1 + 3 * i);
    }
    char positions[64];
    postgres_run(at.address,
                 "SELECT string_agg(position::text, ',' ORDER BY position) FROM"
                 " aurora.outbox",
                 positions, sizeof positions);
    ck_assert_str_eq(positions, "2,5,8");
    store.close(store.self);
}
END_TEST

static Suite *outbox_suite(void)
{
    if (!postgres_is_there())
        return NULL;
    Suite *suite = suite_create("outbox");
    TCase *outbox = tcase_create("outbox");
    tcase_set_timeout(outbox, 120);
    tcase_add_test(outbox, test_outbox__holds_what_the_relay_publishes_of_the_same_log);
    tcase_add_test(outbox, test_outbox__is_empty_again_at_each_commit_unless_it_is_kept);
    tcase_add_test(outbox, test_outbox__is_written_with_its_batch_or_not_at_all);
    suite_add_tcase(suite, outbox);
    return suite;
}

AURORA_TEST_MAIN(outbox_suite)
