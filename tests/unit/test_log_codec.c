/* SPDX-License-Identifier: MIT */
#include "codec/log.h"

#include "codec_fixture.h"
#include "test.h"

#include <aurora/event.h>
#include <aurora/saga.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static codec_arena memory;
static codec_saga saga;

static void setup(void)
{
    codec_arena_init(&memory);
    codec_saga_init(&saga);
}

static void teardown(void)
{
    codec_arena_deinit(&memory);
}

static aurora_log_row encode(aurora__event *const *events, uint32_t count)
{
    aurora__log_writer writer;
    aurora_log_row row = {.position = 100};
    aurora__log_begin(&writer, &memory.arena);
    aurora_assert_ok(aurora__log_add(&writer, events, count));
    aurora_assert_ok(aurora__log_end(&writer, &row));
    return row;
}

static void assert_round_trip(aurora__event *const *events, uint32_t count)
{
    aurora_log_row row = encode(events, count);
    aurora__log_reader reader;
    aurora__event event;
    int64_t position = 0;
    ck_assert_uint_eq(row.count, count);
    ck_assert_uint_eq(row.body_length, strlen(row.body));
    aurora__log_read(&reader, &row);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_msg(aurora__log_next(&reader, &memory.arena, &event, &position),
                      "event %u of %s: status %d", i, row.body, (int)reader.status);
        ck_assert_int_eq(position, 100 + i);
        codec_assert_event(&event, events[i]);
    }
    ck_assert(!aurora__log_next(&reader, &memory.arena, &event, &position));
    ck_assert(!aurora__log_next(&reader, &memory.arena, &event, &position));
    aurora_assert_ok(reader.status);
}

/* Reads the row to its end. */
static aurora_status drain(const aurora_log_row *row, uint64_t kinds, uint32_t *count_out)
{
    aurora__log_reader reader;
    aurora__event event;
    *count_out = 0;
    aurora__log_read(&reader, row);
    aurora__log_filter(&reader, kinds);
    while (aurora__log_next(&reader, &memory.arena, &event, NULL))
        *count_out += 1;
    return reader.status;
}

START_TEST(test_log_codec__saga_comes_back_as_it_was)
{
    assert_round_trip(saga.list, CODEC_EVENTS);
}
END_TEST

START_TEST(test_log_codec__rare_fields_come_back)
{
    saga.saga = (aurora__saga){.currency = "EUR", .traceparent = "00-ab-cd-01"};
    saga.events[1].kind = AURORA_EVENT_INVENTORY_REJECTED;
    saga.events[1].reason = AURORA_REASON_OUT_OF_STOCK;
    saga.events[1].short_lines = "[[\"SKU \\\"1\\\"\",5,2]]";
    saga.events[2].kind = AURORA_EVENT_PAYMENT_DECLINED;
    saga.events[2].is_resend = true;
    saga.events[2].decline_code = "card \"expired\"\n\\";
    saga.events[2].at_ms += 17;
    saga.events[4].kind = AURORA_EVENT_ORDER_REPAIR;
    saga.events[4].action = AURORA_REPAIR_MARK;
    saga.events[4].participant = AURORA_PARTICIPANT_PAYMENT;
    saga.events[4].result = AURORA_RESULT_CAPTURED;
    saga.events[4].actor = "ops";
    saga.events[4].note = "seen in the bank's list \x01";

    assert_round_trip(saga.list, CODEC_EVENTS);
}
END_TEST

START_TEST(test_log_codec__order_of_interleaved_orders_is_kept)
{
    codec_saga other;
    codec_saga_init(&other);
    aurora__event updated = {.kind = AURORA_EVENT_ORDER_UPDATED,
                             .order_id = codec_id(9),
                             .order_version = 7,
                             .at_ms = CODEC_NOW - 5};
    for (int i = 0; i < CODEC_EVENTS; i++)
        other.events[i].order_id = codec_id(9);
    aurora__event *const mixed[] = {saga.list[0],  other.list[0], saga.list[1],
                                    saga.list[2],  &updated,      other.list[1],
                                    other.list[3], saga.list[3],  saga.list[4]};

    assert_round_trip(mixed, sizeof mixed / sizeof mixed[0]);
}
END_TEST

START_TEST(test_log_codec__events_of_one_order_keep_their_own_lines_and_saga)
{
    aurora__saga changed = saga.saga;
    changed.contact = NULL;
    saga.events[3].lines = "[[\"other\",1,1]]";
    saga.events[5].saga = &changed;

    assert_round_trip(saga.list, CODEC_EVENTS);
}
END_TEST

START_TEST(test_log_codec__equal_sagas_of_other_memory_share_a_group)
{
    aurora__saga copy = saga.saga;
    char contact[] = "ann@example.com";
    size_t length = encode(saga.list, CODEC_EVENTS).body_length;
    copy.contact = contact;
    saga.events[3].saga = &copy;

    ck_assert_uint_eq(encode(saga.list, CODEC_EVENTS).body_length, length);
}
END_TEST

START_TEST(test_log_codec__product_events_come_back)
{
    aurora__event upserted = {.kind = AURORA_EVENT_PRODUCT_UPSERTED,
                              .at_ms = CODEC_NOW,
                              .is_resend = true,
                              .sku = "SKU-1",
                              .product = &codec_product,
                              .product_version = 3};
    aurora__event deleted = {.kind = AURORA_EVENT_PRODUCT_DELETED,
                             .at_ms = CODEC_NOW + 1,
                             .sku = "SKU-2",
                             .product_version = 9};
    aurora__event viewed = {
        .kind = AURORA_EVENT_PRODUCT_VIEWED, .at_ms = CODEC_NOW, .sku = "SKU-3", .count = 12};
    aurora__event *const events[] = {&upserted, saga.list[0], &deleted, &viewed};

    assert_round_trip(events, 4);
}
END_TEST

START_TEST(test_log_codec__extreme_numbers_come_back)
{
    saga.saga.deadline_at = 0;
    saga.saga.placed_at = INT64_MIN;
    saga.saga.total_minor = INT64_MIN;
    saga.events[0].at_ms = INT64_MAX;
    saga.events[1].order_version = INT64_MAX;
    saga.events[2].amount_minor = INT64_MIN + 1;

    assert_round_trip(saga.list, CODEC_EVENTS);
}
END_TEST

START_TEST(test_log_codec__filter_gives_wanted_kinds_with_their_positions)
{
    aurora__event viewed = {
        .kind = AURORA_EVENT_PRODUCT_VIEWED, .at_ms = CODEC_NOW, .sku = "SKU-3", .count = 12};
    codec_saga failed;
    codec_saga_init(&failed);
    failed.events[0].order_id = codec_id(9);
    aurora__event *const events[] = {failed.list[0], &viewed, saga.list[0], saga.list[3]};
    aurora_log_row row = encode(events, 4);
    aurora__log_reader reader;
    aurora__event event;
    int64_t position = 0;

    aurora__log_read(&reader, &row);
    aurora__log_filter(&reader, (uint64_t)1 << AURORA_EVENT_ORDER_COMPLETED);
    bool is_first = aurora__log_next(&reader, &memory.arena, &event, &position);
    bool is_second = is_first && aurora__log_next(&reader, &memory.arena, &event, &position);

    ck_assert(is_first && !is_second);
    aurora_assert_ok(reader.status);
    ck_assert_int_eq(position, 103);
    codec_assert_event(&event, saga.list[3]);
}
END_TEST

START_TEST(test_log_codec__single_event_comes_back)
{
    aurora__event event;
    for (int i = 0; i < CODEC_EVENTS; i++) {
        const char *text = aurora__event_encode(&memory.arena, saga.list[i]);
        ck_assert_ptr_nonnull(text);

        aurora_assert_ok(aurora__event_decode(text, AURORA__LOG_FORMAT, &memory.arena, &event));

        codec_assert_event(&event, saga.list[i]);
    }
}
END_TEST

START_TEST(test_log_codec__single_event_refuses_two)
{
    aurora__event event;
    aurora_log_row row = encode(saga.list, 2);

    aurora_assert_status(aurora__event_decode(row.body, 1, &memory.arena, &event), AURORA_ECORRUPT);
    aurora_assert_status(aurora__event_decode("[1]", 1, &memory.arena, &event), AURORA_ECORRUPT);
    aurora_assert_status(aurora__event_decode(row.body, 2, &memory.arena, &event), AURORA_ESCHEMA);
}
END_TEST

/* Written by the first release: this text must stay readable for ever. */
static const char golden[] =
    "[1763900000000,"
    "[\"0198c0de000070008000000000000008\",[[1,1],[2,1],[4,1,4598],[6,3],[9,3],[12,3,4598]],"
    "[\"customer-4711\",\"ann@example.com\",\"EUR\",\"tok_approve\",4598,300000,0],"
    "[[\"SKU-000123\",2,1999],[\"SKU-000456\",1,600]]],"
    "[21,0,0,\"SKU-3\",12]]";

START_TEST(test_log_codec__writes_format_1_as_the_first_release_did)
{
    aurora__event viewed = {
        .kind = AURORA_EVENT_PRODUCT_VIEWED, .at_ms = CODEC_NOW, .sku = "SKU-3", .count = 12};
    aurora__event *events[CODEC_EVENTS + 1];
    memcpy(events, saga.list, sizeof saga.list);
    events[CODEC_EVENTS] = &viewed;

    ck_assert_str_eq(encode(events, CODEC_EVENTS + 1).body, golden);
}
END_TEST

START_TEST(test_log_codec__later_releases_may_add_fields_and_kinds)
{
    static const char text[] =
        "[1763900000000,[\"0198c0de000070008000000000000008\",[[1,1,0,0,0,0,null,null,0,0,0,null,"
        "null,\"new\",[1]],[40,2]],[null,null,\"EUR\",null,1,2,3,null,\"new\"],null,7],"
        "[41,0,0,\"SKU\",1,2],[21,0,0,\"SKU-3\",12,\"new\"]]";
    const aurora_log_row row = {
        .position = 1, .count = 4, .format = 1, .body = text, .body_length = sizeof text - 1};
    uint32_t count;

    aurora_assert_ok(drain(&row, UINT64_MAX, &count));

    ck_assert_uint_eq(count, 4);
}
END_TEST

START_TEST(test_log_codec__wrong_count_is_damage)
{
    aurora_log_row row = encode(saga.list, CODEC_EVENTS);
    uint32_t count;

    for (row.count = 0; row.count < 12; row.count++)
        aurora_assert_status(drain(&row, UINT64_MAX, &count),
                             row.count == CODEC_EVENTS ? AURORA_OK : AURORA_ECORRUPT);
    row.count = CODEC_EVENTS - 1;
    aurora_assert_status(drain(&row, 0, &count), AURORA_ECORRUPT);
}
END_TEST

START_TEST(test_log_codec__control_characters_are_damage)
{
    static const char text[] =
        "[0,[\"0198c0de000070008000000000000008\",[[3,1,0,0,0,0,null,[[\"A\",1\0,2]]]]]]";
    const aurora_log_row row = {
        .position = 1, .count = 1, .format = 1, .body = text, .body_length = sizeof text - 1};
    uint32_t count;

    aurora_assert_status(drain(&row, UINT64_MAX, &count), AURORA_ECORRUPT);

    ck_assert_uint_eq(count, 0);
}
END_TEST

/* A copy that ends where the body ends, so that a sanitizer sees each read beyond it. */
static aurora_status drain_copy(const aurora_log_row *row, const char *body, size_t length)
{
    aurora_log_row damaged = *row;
    char *copy = malloc(length + 1);
    uint32_t count;
    ck_assert_ptr_nonnull(copy);
    memcpy(copy + 1, body, length);
    damaged.body = copy + 1;
    damaged.body_length = length;
    aurora_status rc = drain(&damaged, UINT64_MAX, &count);
    ck_assert_uint_le(count, damaged.count);
    aurora_status filtered = drain(&damaged, (uint64_t)1 << AURORA_EVENT_PRODUCT_UPSERTED, &count);
    ck_assert(filtered == AURORA_OK || filtered == AURORA_ECORRUPT);
    free(copy);
    codec_arena_reset(&memory);
    return rc;
}

static size_t make_body(aurora_log_row *row, char *body, size_t capacity)
{
    aurora__event upserted = {.kind = AURORA_EVENT_PRODUCT_UPSERTED,
                              .at_ms = CODEC_NOW,
                              .sku = "SKU-1",
                              .product = &codec_product};
    aurora__event *events[CODEC_EVENTS + 1];
    saga.events[1].short_lines = "[[\"SKU-1\",5,2]]";
    saga.events[2].decline_code = "a \"code\"";
    saga.events[2].note = "\x1f";
    memcpy(events, saga.list, sizeof saga.list);
    events[CODEC_EVENTS] = &upserted;
    *row = encode(events, CODEC_EVENTS + 1);
    ck_assert_uint_lt(row->body_length, capacity);
    memcpy(body, row->body, row->body_length);
    return row->body_length;
}

START_TEST(test_log_codec__every_truncation_is_damage)
{
    aurora_log_row row;
    char body[1024];
    size_t length = make_body(&row, body, sizeof body);

    for (size_t cut = 0; cut < length; cut++)
        aurora_assert_status(drain_copy(&row, body, cut), AURORA_ECORRUPT);

    aurora_assert_ok(drain_copy(&row, body, length));
}
END_TEST

START_TEST(test_log_codec__random_damage_is_survived)
{
    static const char likely[] = "[]\",\\{}0-19:u\n";
    uint64_t state = aurora_test_seed("test_log_codec", 20251123);
    aurora_log_row row;
    char body[1024];
    char damaged[1024];
    uint32_t corrupt = 0;
    size_t length = make_body(&row, body, sizeof body);

    for (int round = 0; round < 20000; round++) {
        memcpy(damaged, body, length);
        uint64_t word = aurora_test_random(&state);
        for (uint64_t i = 0; i <= word % 3; i++) {
            uint64_t where = aurora_test_random(&state);
            damaged[where % length] =
                where >> 63 != 0 ? (char)(where >> 40) : likely[(where >> 40) % sizeof likely];
        }
        aurora_status rc = drain_copy(&row, damaged, length);
        ck_assert(rc == AURORA_OK || rc == AURORA_ECORRUPT);
        corrupt += rc != AURORA_OK;
    }

    ck_assert_uint_gt(corrupt, 1000);
}
END_TEST

START_TEST(test_log_codec__each_failed_allocation_is_reported)
{
    aurora_log_row row = encode(saga.list, CODEC_EVENTS);
    uint32_t count;
    aurora_status rc = AURORA_ENOMEM;
    int64_t left = 0;
    for (; rc == AURORA_ENOMEM; left++) {
        memory.left = left;
        rc = drain(&row, UINT64_MAX, &count);
    }
    aurora_assert_ok(rc);
    ck_assert_int_gt(left, 3);

    memory.left = 0;
    ck_assert_ptr_null(aurora__event_encode(&memory.arena, saga.list[0]));
    memory.left = -1;
}
END_TEST

START_TEST(test_log_codec__nothing_to_write_is_refused)
{
    aurora__log_writer writer;
    aurora_log_row row;
    aurora__event no_row = {.kind = AURORA_EVENT_PRODUCT_UPSERTED, .sku = "SKU-1"};
    aurora__event *const events[] = {&no_row};

    aurora__log_begin(&writer, &memory.arena);

    aurora_assert_status(aurora__log_end(&writer, &row), AURORA_EINVAL);
    aurora_assert_status(aurora__log_add(&writer, events, 1), AURORA_EINVAL);
}
END_TEST

static double nanoseconds(struct timespec start, uint32_t rounds)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((double)(now.tv_sec - start.tv_sec) * 1e9 + (double)(now.tv_nsec - start.tv_nsec)) /
           rounds;
}

static void *grow_large(void *self, size_t bytes, size_t *size_out)
{
    static char block[1 << 22];
    (void)self;
    ck_assert_uint_le(bytes, sizeof block);
    *size_out = sizeof block;
    return block;
}

/* Prints what an order costs; asserts only that it is small. */
START_TEST(test_log_codec__order_is_small)
{
    enum { ORDERS = 200, BATCHES = 200 };
    aurora__arena arena = {.grow = grow_large};
    aurora__arena reading = {.grow = grow_large};
    aurora__log_writer writer;
    aurora_log_row row = {.position = 1};
    struct timespec start;
    uint32_t count = 0;
    double encode_ns = 0;
    double decode_ns = 0;
    double filter_ns = 0;
    for (int batch = 0; batch < BATCHES; batch++) {
        arena.at = arena.end = NULL;
        clock_gettime(CLOCK_MONOTONIC, &start);
        aurora__log_begin(&writer, &arena);
        for (int i = 0; i < ORDERS; i++)
            (void)aurora__log_add(&writer, saga.list, CODEC_EVENTS);
        aurora_status rc = aurora__log_end(&writer, &row);
        encode_ns += nanoseconds(start, ORDERS * BATCHES);
        aurora_assert_ok(rc);
        for (int pass = 0; pass < 2; pass++) {
            aurora__log_reader reader;
            aurora__event event;
            reading = arena;
            clock_gettime(CLOCK_MONOTONIC, &start);
            aurora__log_read(&reader, &row);
            aurora__log_filter(&reader, pass == 0 ? UINT64_MAX : 0);
            while (aurora__log_next(&reader, &reading, &event, NULL))
                count++;
            *(pass == 0 ? &decode_ns : &filter_ns) += nanoseconds(start, ORDERS * BATCHES);
        }
    }

    printf("order of 2 lines, 6 events: %zu bytes, encode %.0f ns, decode %.0f ns, skip %.0f ns\n",
           row.body_length / ORDERS, encode_ns, decode_ns, filter_ns);
    ck_assert_uint_eq(count, ORDERS * BATCHES * CODEC_EVENTS);
    ck_assert_uint_le(row.body_length / ORDERS, 330);
}
END_TEST

static Suite *suite(void)
{
    Suite *result = suite_create("log_codec");
    TCase *tcase = tcase_create("log_codec");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_log_codec__saga_comes_back_as_it_was);
    tcase_add_test(tcase, test_log_codec__rare_fields_come_back);
    tcase_add_test(tcase, test_log_codec__order_of_interleaved_orders_is_kept);
    tcase_add_test(tcase, test_log_codec__events_of_one_order_keep_their_own_lines_and_saga);
    tcase_add_test(tcase, test_log_codec__equal_sagas_of_other_memory_share_a_group);
    tcase_add_test(tcase, test_log_codec__product_events_come_back);
    tcase_add_test(tcase, test_log_codec__extreme_numbers_come_back);
    tcase_add_test(tcase, test_log_codec__filter_gives_wanted_kinds_with_their_positions);
    tcase_add_test(tcase, test_log_codec__single_event_comes_back);
    tcase_add_test(tcase, test_log_codec__single_event_refuses_two);
    tcase_add_test(tcase, test_log_codec__writes_format_1_as_the_first_release_did);
    tcase_add_test(tcase, test_log_codec__later_releases_may_add_fields_and_kinds);
    tcase_add_test(tcase, test_log_codec__wrong_count_is_damage);
    tcase_add_test(tcase, test_log_codec__control_characters_are_damage);
    tcase_add_test(tcase, test_log_codec__every_truncation_is_damage);
    tcase_add_test(tcase, test_log_codec__random_damage_is_survived);
    tcase_add_test(tcase, test_log_codec__each_failed_allocation_is_reported);
    tcase_add_test(tcase, test_log_codec__nothing_to_write_is_refused);
    tcase_add_test(tcase, test_log_codec__order_is_small);
    suite_add_tcase(result, tcase);
    return result;
}

AURORA_TEST_MAIN(suite)
