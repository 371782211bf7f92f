/* SPDX-License-Identifier: MIT */
#include "core/inventory.h"
#include "core/stock.h"

#include "core_fixture.h"

static core_fixture *fixture;
static aurora__stock_row after;
static bool is_counter_asked;

static void setup(void)
{
    fixture = core_fixture_new();
    is_counter_asked = false;
}

static void teardown(void)
{
    core_fixture_free(fixture);
}

static aurora__movement receipt(const char *sku, int64_t quantity, const char *key)
{
    return (aurora__movement){.kind = AURORA_MOVEMENT_RECEIPT,
                              .scope = "host",
                              .key = key,
                              .sku = sku,
                              .quantity = quantity};
}

static aurora__movement adjustment(const char *sku, int64_t delta, const char *key)
{
    return (aurora__movement){.kind = AURORA_MOVEMENT_ADJUSTMENT,
                              .scope = "host",
                              .key = key,
                              .sku = sku,
                              .quantity = delta,
                              .reason = "count"};
}

/* Keys and decision, as the engine runs them. */
static aurora_status decide(aurora__step *step, void *context)
{
    aurora_status rc = aurora__stock_move_keys(step, context);
    for (uint32_t i = 0; i < step->rows->wanted.count; i++)
        is_counter_asked |= step->rows->wanted.items[i]->table == AURORA__TABLE_counter;
    return rc != AURORA_OK ? rc : aurora__stock_move(step, context, &after);
}

static aurora_status move(aurora__movement movement)
{
    return core_fixture_run(fixture, decide, &movement);
}

static const aurora__stock_row *stock_of(int64_t number)
{
    aurora__key key = aurora__key_number(AURORA__TABLE_stock, number);
    return core_fixture_get(fixture, &key);
}

static int64_t number_of(const char *sku)
{
    aurora__key key = aurora__key_text(AURORA__TABLE_sku, sku);
    const aurora__sku_row *row = core_fixture_get(fixture, &key);
    return row == NULL ? 0 : row->id;
}

static void assert_stock(int64_t number, int64_t available, int64_t received, int64_t written_off)
{
    const aurora__stock_row *stock = stock_of(number);
    ck_assert_ptr_nonnull(stock);
    ck_assert_int_eq(stock->available, available);
    ck_assert_int_eq(stock->received, received);
    ck_assert_int_eq(stock->written_off, written_off);
    ck_assert(aurora__stock_is_balanced(stock));
}

START_TEST(test_movement__receipt_of_an_unknown_sku_makes_it_known)
{
    aurora_assert_ok(move(receipt("cup", 10, "d1")));

    ck_assert_int_eq(number_of("cup"), 1);
    assert_stock(1, 10, 10, 0);
    ck_assert_int_eq(after.available, 10);
    ck_assert_int_eq(after.version, 1);
}
END_TEST

START_TEST(test_movement__sku_numbers_are_dense_from_1)
{
    aurora_assert_ok(move(receipt("cup", 1, "d1")));
    aurora_assert_ok(move(receipt("CUP", 1, "d2")));
    aurora_assert_ok(move(receipt("cup", 1, "d3")));
    aurora_assert_status(move(receipt("pot", 1, "d1")), AURORA_EKEYREUSED);
    aurora_assert_status(move(adjustment("pan", -1, "d4")), AURORA_EINSUFFICIENT);
    aurora_assert_ok(move(adjustment("lid", 1, "d5")));

    ck_assert_int_eq(number_of("cup"), 1);
    ck_assert_int_eq(number_of("CUP"), 2);
    ck_assert_int_eq(number_of("lid"), 3);
    ck_assert_uint_eq(core_fixture_count(fixture, AURORA__TABLE_stock), 3);
    ck_assert_uint_eq(core_fixture_count(fixture, AURORA__TABLE_sku), 3);
}
END_TEST

static aurora_status decide_two(aurora__step *step, void *context)
{
    aurora__movement *movements = context;
    aurora_status rc = decide(step, &movements[0]);
    return rc != AURORA_OK ? rc : decide(step, &movements[1]);
}

START_TEST(test_movement__two_new_skus_in_one_batch_get_two_numbers)
{
    aurora__movement movements[] = {receipt("cup", 1, "d1"), receipt("pot", 2, "d2")};

    aurora_assert_ok(core_fixture_run(fixture, decide_two, movements));

    ck_assert_int_eq(number_of("cup"), 1);
    ck_assert_int_eq(number_of("pot"), 2);
    assert_stock(2, 2, 2, 0);
}
END_TEST

START_TEST(test_movement__known_sku_leaves_the_counter_row_unasked)
{
    aurora_assert_ok(move(receipt("cup", 10, "d1")));
    ck_assert(is_counter_asked);
    is_counter_asked = false;

    aurora_assert_ok(move(receipt("cup", 10, "d2")));
    aurora_assert_status(move(adjustment("pot", -1, "d3")), AURORA_EINSUFFICIENT);

    ck_assert(!is_counter_asked);
}
END_TEST

START_TEST(test_movement__movement_row_tells_what_was_done)
{
    aurora__key key = aurora__key_texts(AURORA__TABLE_movement, "host", "d2");
    aurora_assert_ok(move(receipt("cup", 10, "d1")));
    fixture->now_ms += 77;

    aurora_assert_ok(move(adjustment("cup", -4, "d2")));

    const aurora__movement_row *row = core_fixture_get(fixture, &key);
    ck_assert_ptr_nonnull(row);
    ck_assert_int_eq(row->sku_id, 1);
    ck_assert_int_eq(row->kind, AURORA_MOVEMENT_ADJUSTMENT);
    ck_assert_int_eq(row->quantity, -4);
    ck_assert_int_eq(row->stock_version, 2);
    ck_assert_int_eq(row->at, CORE_FIXTURE_NOW + 77);
    ck_assert_str_eq(row->reason, "count");
}
END_TEST

START_TEST(test_movement__upward_adjustment_adds_to_received)
{
    aurora_assert_ok(move(receipt("cup", 10, "d1")));

    aurora_assert_ok(move(adjustment("cup", 5, "d2")));

    assert_stock(1, 15, 15, 0);
}
END_TEST

START_TEST(test_movement__downward_adjustment_adds_to_written_off)
{
    aurora_assert_ok(move(receipt("cup", 10, "d1")));

    aurora_assert_ok(move(adjustment("cup", -10, "d2")));

    assert_stock(1, 0, 10, 10);
}
END_TEST

START_TEST(test_movement__taking_more_than_is_available_leaves_the_key_free)
{
    aurora_assert_ok(move(receipt("cup", 10, "d1")));

    aurora_assert_status(move(adjustment("cup", -11, "d2")), AURORA_EINSUFFICIENT);
    assert_stock(1, 10, 10, 0);
    aurora_assert_ok(move(receipt("cup", 1, "d3")));
    aurora_assert_ok(move(adjustment("cup", -11, "d2")));

    assert_stock(1, 0, 11, 11);
}
END_TEST

START_TEST(test_movement__reserved_stock_cannot_be_written_off)
{
    core_fixture_put(fixture, AURORA__TABLE_sku, &(aurora__sku_row){.sku = "cup", .id = 1});
    core_fixture_put(
        fixture, AURORA__TABLE_stock,
        &(aurora__stock_row){
            .id = 1, .available = 3, .reserved = 5, .sold = 2, .received = 10, .version = 9});

    aurora_assert_status(move(adjustment("cup", -4, "d1")), AURORA_EINSUFFICIENT);
    aurora_assert_ok(move(adjustment("cup", -3, "d1")));

    assert_stock(1, 0, 10, 3);
    ck_assert_int_eq(stock_of(1)->version, 10);
}
END_TEST

START_TEST(test_movement__same_key_and_movement_is_a_no_op_with_the_counters_of_now)
{
    aurora_assert_ok(move(receipt("cup", 10, "d1")));
    aurora_assert_ok(move(adjustment("cup", -3, "d2")));

    aurora_assert_ok(move(receipt("cup", 10, "d1")));

    assert_stock(1, 7, 10, 3);
    ck_assert_int_eq(after.available, 7);
    ck_assert_uint_eq(core_fixture_count(fixture, AURORA__TABLE_movement), 2);
}
END_TEST

START_TEST(test_movement__other_reason_is_the_same_movement)
{
    aurora__movement again = adjustment("cup", 5, "d1");
    again.reason = "counted twice";
    aurora_assert_ok(move(adjustment("cup", 5, "d1")));

    aurora_assert_ok(move(again));

    assert_stock(1, 5, 5, 0);
}
END_TEST

START_TEST(test_movement__same_key_with_other_sku_quantity_or_kind_is_refused)
{
    aurora_assert_ok(move(receipt("cup", 10, "d1")));
    aurora_assert_ok(move(receipt("pot", 10, "d2")));

    aurora_assert_status(move(receipt("pot", 10, "d1")), AURORA_EKEYREUSED);
    aurora_assert_status(move(receipt("pan", 10, "d1")), AURORA_EKEYREUSED);
    aurora_assert_status(move(receipt("cup", 11, "d1")), AURORA_EKEYREUSED);
    aurora_assert_status(move(adjustment("cup", 10, "d1")), AURORA_EKEYREUSED);

    assert_stock(1, 10, 10, 0);
    ck_assert_int_eq(number_of("pan"), 0);
}
END_TEST

START_TEST(test_movement__same_key_in_another_scope_is_another_movement)
{
    aurora__movement other = receipt("cup", 10, "d1");
    other.scope = "anna";
    aurora_assert_ok(move(receipt("cup", 10, "d1")));

    aurora_assert_ok(move(other));

    assert_stock(1, 20, 20, 0);
}
END_TEST

START_TEST(test_movement__overflow_is_refused_and_changes_nothing)
{
    core_fixture_put(fixture, AURORA__TABLE_sku, &(aurora__sku_row){.sku = "cup", .id = 1});
    core_fixture_put(fixture, AURORA__TABLE_stock,
                     &(aurora__stock_row){.id = 1,
                                          .available = 5,
                                          .received = INT64_MAX - 1,
                                          .written_off = INT64_MAX - 6,
                                          .version = 1});

    aurora_assert_status(move(receipt("cup", 2, "d1")), AURORA_EOVERFLOW);
    assert_stock(1, 5, INT64_MAX - 1, INT64_MAX - 6);
    aurora_assert_ok(move(receipt("cup", 1, "d1")));

    assert_stock(1, 6, INT64_MAX, INT64_MAX - 6);
}
END_TEST

START_TEST(test_movement__damaged_stock_row_is_not_built_on)
{
    core_fixture_put(fixture, AURORA__TABLE_sku, &(aurora__sku_row){.sku = "cup", .id = 1});
    core_fixture_put(fixture, AURORA__TABLE_sku, &(aurora__sku_row){.sku = "pot", .id = 2});
    core_fixture_put(fixture, AURORA__TABLE_stock,
                     &(aurora__stock_row){.id = 1, .available = 6, .received = 5, .version = 1});

    aurora_assert_status(move(receipt("cup", 1, "d1")), AURORA_ECORRUPT);
    aurora_assert_status(move(receipt("pot", 1, "d2")), AURORA_ECORRUPT);
}
END_TEST

START_TEST(test_movement__damaged_counter_gives_no_numbers)
{
    aurora_assert_ok(move(receipt("cup", 1, "d1")));
    core_fixture_put(fixture, AURORA__TABLE_counter,
                     &(aurora__counter_row){.name = "sku", .value = -1, .version = 9});

    aurora_assert_status(move(receipt("pot", 1, "d2")), AURORA_ECORRUPT);
}
END_TEST

START_TEST(test_movement__exhausted_counter_gives_no_numbers)
{
    core_fixture_put(fixture, AURORA__TABLE_counter,
                     &(aurora__counter_row){.name = "sku", .value = INT64_MAX, .version = 9});

    aurora_assert_status(move(receipt("pot", 1, "d1")), AURORA_EOVERFLOW);

    ck_assert_int_eq(number_of("pot"), 0);
}
END_TEST

START_TEST(test_movement__known_key_of_stock_that_is_gone_is_damage)
{
    core_fixture_put(fixture, AURORA__TABLE_sku, &(aurora__sku_row){.sku = "cup", .id = 7});
    core_fixture_put(fixture, AURORA__TABLE_movement,
                     &(aurora__movement_row){.scope = "host",
                                             .key_text = "d1",
                                             .sku_id = 7,
                                             .kind = AURORA_MOVEMENT_RECEIPT,
                                             .quantity = 3,
                                             .at = CORE_FIXTURE_NOW});

    aurora_assert_status(move(receipt("cup", 3, "d1")), AURORA_ECORRUPT);
}
END_TEST

static aurora_status decide_without_keys(aurora__step *step, void *context)
{
    return aurora__stock_move(step, context, &after);
}

START_TEST(test_movement__asks_for_the_rows_that_its_keys_did_not_name)
{
    aurora__movement movement = receipt("cup", 10, "d1");

    aurora_assert_ok(core_fixture_run(fixture, decide_without_keys, &movement));
    aurora_assert_ok(core_fixture_run(fixture, decide_without_keys, &movement));

    assert_stock(1, 10, 10, 0);
    ck_assert_int_eq(after.available, 10);
}
END_TEST

START_TEST(test_movement__no_movement_emits_an_event)
{
    aurora_assert_ok(move(receipt("cup", 2, "d1")));
    ck_assert_uint_eq(fixture->step.event_count, 0);

    aurora_assert_ok(move(adjustment("cup", -1, "d2")));

    ck_assert_uint_eq(fixture->step.event_count, 0);
}
END_TEST

static Suite *movement_suite(void)
{
    Suite *suite = suite_create("movement");
    TCase *tcase = tcase_create("movement");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_movement__receipt_of_an_unknown_sku_makes_it_known);
    tcase_add_test(tcase, test_movement__sku_numbers_are_dense_from_1);
    tcase_add_test(tcase, test_movement__two_new_skus_in_one_batch_get_two_numbers);
    tcase_add_test(tcase, test_movement__known_sku_leaves_the_counter_row_unasked);
    tcase_add_test(tcase, test_movement__movement_row_tells_what_was_done);
    tcase_add_test(tcase, test_movement__upward_adjustment_adds_to_received);
    tcase_add_test(tcase, test_movement__downward_adjustment_adds_to_written_off);
    tcase_add_test(tcase, test_movement__taking_more_than_is_available_leaves_the_key_free);
    tcase_add_test(tcase, test_movement__reserved_stock_cannot_be_written_off);
    tcase_add_test(tcase, test_movement__same_key_and_movement_is_a_no_op_with_the_counters_of_now);
    tcase_add_test(tcase, test_movement__other_reason_is_the_same_movement);
    tcase_add_test(tcase, test_movement__same_key_with_other_sku_quantity_or_kind_is_refused);
    tcase_add_test(tcase, test_movement__same_key_in_another_scope_is_another_movement);
    tcase_add_test(tcase, test_movement__overflow_is_refused_and_changes_nothing);
    tcase_add_test(tcase, test_movement__damaged_stock_row_is_not_built_on);
    tcase_add_test(tcase, test_movement__damaged_counter_gives_no_numbers);
    tcase_add_test(tcase, test_movement__exhausted_counter_gives_no_numbers);
    tcase_add_test(tcase, test_movement__known_key_of_stock_that_is_gone_is_damage);
    tcase_add_test(tcase, test_movement__asks_for_the_rows_that_its_keys_did_not_name);
    tcase_add_test(tcase, test_movement__no_movement_emits_an_event);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(movement_suite)
