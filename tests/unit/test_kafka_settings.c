/* SPDX-License-Identifier: MIT */
/* What a kafka: URL and librdkafka's properties may say, and that docs/KAFKA.md says what is
 * set. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/bus_kafka/settings.h"
#include "bus_fixture.h"

/* --- the URL ---------------------------------------------------------------------------------- */

START_TEST(test_kafka_url__names_brokers_prefix_and_layout)
{
    aurora__kafka_address address;

    aurora_assert_ok(aurora__kafka_address_parse(
        "//a.example:9092,10.0.0.1,[fe80::1]:65535/?prefix=t-1.x&partitions=4&replication=3",
        &address, NULL));

    ck_assert_str_eq(address.brokers, "a.example:9092,10.0.0.1,[fe80::1]:65535");
    ck_assert_str_eq(address.prefix, "t-1.x");
    ck_assert_int_eq(address.partitions, 4);
    ck_assert_int_eq(address.replication, 3);
    aurora_assert_ok(aurora__kafka_address_parse("//b", &address, NULL));
    ck_assert_str_eq(address.prefix, "aurora");
    ck_assert_int_eq(address.partitions, 12);
    ck_assert_int_eq(address.replication, -1);
}
END_TEST

static const struct {
    const char *address;
    const char *says;
} bad_urls[] = {
    {"", "kafka://host:port"},
    {"localhost:9092", "kafka://host:port"},
    {"//", "must name a broker"},
    {"//?prefix=a", "must name a broker"},
    {"//a:0", "ports of 1 to 65535"},
    {"//a:65536", "ports of 1 to 65535"},
    {"//a:9x", "ports of 1 to 65535"},
    {"//a:1,", "ports of 1 to 65535"},
    {"//a b:1", "ports of 1 to 65535"},
    {"//[::1:9092", "ports of 1 to 65535"},
    {"//user:secret@a:1", "no user and password"},
    {"//a:1/path", "no path"},
    {"//a:1#x", "no path and no fragment"},
    {"//a:1?prefix=a#x", "no path and no fragment"},
    {"//a:1?prefix=", "prefix must be"},
    {"//a:1?prefix=Big", "prefix must be"},
    {"//a:1?prefix=.a", "prefix must be"},
    {"//a:1?partitions=0", "partitions must be 1 to 1000"},
    {"//a:1?partitions=1001", "partitions must be 1 to 1000"},
    {"//a:1?partitions=-1", "partitions must be 1 to 1000"},
    {"//a:1?replication=0", "replication must be 1 to 9"},
    {"//a:1?replication", "replication must be 1 to 9"},
    {"//a:1?acks=1", "knows prefix, partitions and replication"},
    {"//a:1?=", "knows prefix, partitions and replication"},
};

START_TEST(test_kafka_url__that_breaks_a_rule_is_refused_with_it)
{
    aurora_error err = AURORA_ERROR_INIT;
    bus_fixture f = {0};

    aurora_status rc = bus_try_open(&f, bad_urls[_i].address, NULL, 0, &err);

    aurora_assert_status(rc, AURORA_EINVAL);
    ck_assert_str_eq(err.field, "bus");
    ck_assert_msg(strstr(err.message, bad_urls[_i].says) != NULL, "%s: %s", bad_urls[_i].address,
                  err.message);
    ck_assert_uint_eq(aurora_failing_allocator_live(&f.heap.counts), 0);
}
END_TEST

/* --- properties ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *value;
    const char *says;
} bad_properties[] = {
    {"enable.idempotence", "false", "must stay true"},
    {"acks", "1", "must stay all"},
    {"request.required.acks", "0", "must stay all"},
    {"enable.gapless.guarantee", "false", "must stay true"},
    {"max.in.flight", "6", "must be 1 to 5"},
    {"message.timeout.ms", "1000", "must stay 0"},
    {"delivery.timeout.ms", "1000", "must stay 0"},
    {"message.send.max.retries", "3", "must stay 2147483647"},
    {"partitioner", "random", "must stay murmur2_random"},
    {"queuing.strategy", "lifo", "must stay fifo"},
    {"enable.auto.offset.store", "true", "must stay false"},
    {"enable.auto.commit", "false", "must stay true"},
    {"auto.offset.reset", "latest", "must stay earliest"},
    {"isolation.level", "read_uncommitted", "must stay read_committed"},
    {"partition.assignment.strategy", "range", "must stay cooperative-sticky"},
    {"allow.auto.create.topics", "true", "must stay false"},
    {"internal.termination.signal", "29", "must stay 0"},
    {"group.id", "mine", "cannot be set"},
    {"transactional.id", "mine", "cannot be set"},
    {"bootstrap.servers", "a:1", "cannot be set"},
    {"message.max.bytes", "1000000", "at least 1200000"},
    {"queue.buffering.max.messages", "0", "1 to 1000000"},
    {"linger.msec", "5", "no property of librdkafka"},
    {"linger.ms", "fast", "linger.ms"},
    {"max.poll.interval.ms", "1000", "session.timeout.ms"},
};

START_TEST(test_kafka_property__that_would_break_a_promise_is_refused_with_the_reason)
{
    aurora_error err = AURORA_ERROR_INIT;
    bus_fixture f = {0};
    aurora_bus_property property = {bad_properties[_i].name, bad_properties[_i].value};

    aurora_status rc = bus_try_open(&f, "//127.0.0.1:1", &property, 1, &err);

    aurora_assert_status(rc, AURORA_EINVAL);
    ck_assert_str_eq(err.field, "kafka");
    ck_assert_msg(strstr(err.message, bad_properties[_i].says) != NULL, "%s", err.message);
    ck_assert_uint_eq(aurora_failing_allocator_live(&f.heap.counts), 0);
}
END_TEST

START_TEST(test_kafka_property__that_breaks_none_is_given_to_both_clients)
{
    aurora_error err = AURORA_ERROR_INIT;
    bus_fixture f = {0};
    aurora_bus_property properties[] = {{"acks", "-1"},
                                        {"max.in.flight", "1"},
                                        {"linger.ms", "20"},
                                        {"client.rack", "r1"},
                                        {"session.timeout.ms", "20000"}};

    aurora_status rc = bus_try_open(&f, "//127.0.0.1:1", properties, 5, &err);

    ck_assert_msg(rc == AURORA_OK, "%s", err.message);
    f.bus.close(f.bus.self);
    ck_assert_ptr_null(strstr(f.log, "CONFWARN"));
    ck_assert_uint_eq(aurora_failing_allocator_live(&f.heap.counts), 0);
}
END_TEST

START_TEST(test_kafka_open__short_of_memory_leaves_nothing_behind)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = AURORA_ENOMEM;
    for (uint64_t at = 0; rc == AURORA_ENOMEM; at++) {
        bus_fixture f = {0};
        ck_assert_uint_lt(at, 20);
        bus_try_open(&f, "//", NULL, 0, NULL);
        aurora_failing_allocator_init(&f.heap.counts, at, 1);
        rc = bus_try_open(&f, "//127.0.0.1:1", NULL, 0, &err);
        if (rc == AURORA_OK)
            f.bus.close(f.bus.self);
        ck_assert_uint_eq(aurora_failing_allocator_live(&f.heap.counts), 0);
    }
    aurora_assert_ok(rc);
}
END_TEST

/* --- docs/KAFKA.md ---------------------------------------------------------------------------- */

typedef struct {
    char name[64];
    char value[64];
    int32_t side;
    bool is_fixed;
} documented;

/* Rows are "| `name` | producer | `value` | yes | why |". */
static uint32_t read_table(documented *rows, uint32_t capacity)
{
    char path[1024], line[1024], side[16], fixed[8];
    uint32_t count = 0;
    snprintf(path, sizeof path, "%s/docs/KAFKA.md", getenv("AURORA_SOURCE_DIR"));
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    while (fgets(line, sizeof line, file) != NULL && count < capacity) {
        documented *row = &rows[count];
        if (sscanf(line, "| `%63[^`]` | %15[a-z] | `%63[^`]` | %7[a-z] |", row->name, side,
                   row->value, fixed) != 4)
            continue;
        row->side = strcmp(side, "producer") == 0   ? AURORA__KAFKA_PRODUCER
                    : strcmp(side, "consumer") == 0 ? AURORA__KAFKA_CONSUMER
                                                    : AURORA__KAFKA_BOTH;
        row->is_fixed = strcmp(fixed, "fixed") == 0;
        count++;
    }
    fclose(file);
    return count;
}

static const documented *find_row(const documented *rows, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

START_TEST(test_kafka_settings__are_those_of_the_documentation)
{
    documented rows[128];
    uint32_t count = read_table(rows, 128);

    ck_assert_uint_eq(count, aurora__kafka_setting_count);
    for (uint32_t i = 0; i < aurora__kafka_setting_count; i++) {
        const aurora__kafka_setting *setting = &aurora__kafka_settings[i];
        const documented *row = find_row(rows, count, setting->name);
        ck_assert_msg(row != NULL, "docs/KAFKA.md has no row of %s", setting->name);
        ck_assert_msg(strcmp(row->value, setting->value) == 0, "%s", setting->name);
        ck_assert_msg(row->side == setting->side, "%s", setting->name);
        ck_assert_msg(row->is_fixed == (setting->why != NULL), "%s", setting->name);
    }
}
END_TEST

static const char *dumped(const char **dump, size_t count, const char *name)
{
    for (size_t i = 0; i + 1 < count; i += 2) {
        if (strcmp(dump[i], name) == 0)
            return dump[i + 1];
    }
    return NULL;
}

/* What the client's own dump has beyond librdkafka's defaults is documented, by name or by the
 * other name that librdkafka dumps it under. */
START_TEST(test_kafka_settings__nothing_else_is_set)
{
    static const char *const others[] = {
        "metadata.broker.list",    "client.software.version",  "max.in.flight",
        "fetch.message.max.bytes", "message.send.max.retries", "compression.codec",
        "queue.buffering.max.ms",  "default_topic_conf"};
    documented rows[128];
    uint32_t row_count = read_table(rows, 128);
    aurora__kafka_address address;
    aurora_bus_options options = {.size = sizeof options};
    rd_kafka_conf_t *ours, *plain = rd_kafka_conf_new();
    size_t count, plain_count;
    aurora_assert_ok(aurora__kafka_address_parse("//a:1", &address, NULL));
    aurora_assert_ok(aurora__kafka_settings_make(
        &options, &address, _i == 0 ? AURORA__KAFKA_PRODUCER : AURORA__KAFKA_CONSUMER, &ours,
        NULL));
    const char **dump = rd_kafka_conf_dump(ours, &count);
    const char **plain_dump = rd_kafka_conf_dump(plain, &plain_count);

    for (size_t i = 0; i + 1 < count; i += 2) {
        const char *before = dumped(plain_dump, plain_count, dump[i]);
        bool is_known = find_row(rows, row_count, dump[i]) != NULL;
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            is_known = is_known || strcmp(dump[i], others[k]) == 0;
        if (before == NULL || strcmp(before, dump[i + 1]) != 0)
            ck_assert_msg(is_known, "%s = %s is set and not documented", dump[i], dump[i + 1]);
    }
    rd_kafka_conf_dump_free(dump, count);
    rd_kafka_conf_dump_free(plain_dump, plain_count);
    rd_kafka_conf_destroy(ours);
    rd_kafka_conf_destroy(plain);
}
END_TEST

START_TEST(test_kafka_settings__have_the_documented_value_in_the_client)
{
    documented rows[128];
    uint32_t count = read_table(rows, 128);
    aurora__kafka_address address;
    aurora_bus_options options = {.size = sizeof options};
    aurora_assert_ok(aurora__kafka_address_parse("//a:1", &address, NULL));

    for (uint32_t i = 0; i < count; i++) {
        char is[128], shall[128];
        size_t is_size = sizeof is, shall_size = sizeof shall;
        rd_kafka_conf_t *ours, *plain = rd_kafka_conf_new();
        int32_t side =
            rows[i].side & AURORA__KAFKA_PRODUCER ? AURORA__KAFKA_PRODUCER : AURORA__KAFKA_CONSUMER;
        aurora_assert_ok(aurora__kafka_settings_make(&options, &address, side, &ours, NULL));
        rd_kafka_conf_set(plain, rows[i].name, rows[i].value, NULL, 0);
        ck_assert_int_eq(rd_kafka_conf_get(ours, rows[i].name, is, &is_size), RD_KAFKA_CONF_OK);
        ck_assert_int_eq(rd_kafka_conf_get(plain, rows[i].name, shall, &shall_size),
                         RD_KAFKA_CONF_OK);
        ck_assert_msg(strcmp(is, shall) == 0, "%s is %s", rows[i].name, is);
        rd_kafka_conf_destroy(ours);
        rd_kafka_conf_destroy(plain);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("kafka_settings");
    TCase *tcase = tcase_create("settings");
    tcase_add_test(tcase, test_kafka_url__names_brokers_prefix_and_layout);
    tcase_add_loop_test(tcase, test_kafka_url__that_breaks_a_rule_is_refused_with_it, 0,
                        sizeof bad_urls / sizeof *bad_urls);
    tcase_add_loop_test(tcase,
                        test_kafka_property__that_would_break_a_promise_is_refused_with_the_reason,
                        0, sizeof bad_properties / sizeof *bad_properties);
    tcase_add_test(tcase, test_kafka_property__that_breaks_none_is_given_to_both_clients);
    tcase_add_test(tcase, test_kafka_open__short_of_memory_leaves_nothing_behind);
    tcase_add_test(tcase, test_kafka_settings__are_those_of_the_documentation);
    tcase_add_loop_test(tcase, test_kafka_settings__nothing_else_is_set, 0, 2);
    tcase_add_test(tcase, test_kafka_settings__have_the_documented_value_in_the_client);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)
