/* SPDX-License-Identifier: MIT */
/* The audit: quiet on what the library wrote, and loud on each kind of damage, planted through the
 * store below it. */
#include <stdio.h>

#include <aurora/aurora.h>

#include "api/handle.h"
#include "order_fixture.h"

static order_fixture fixture;

/* --- planting --------------------------------------------------------------------------------- */

static aurora_store_txn *begin_write(void)
{
    const aurora_store *store = aurora__engine_store(fixture.shop->engine);
    aurora_id batch = {{0xEE}};
    aurora_store_txn *txn;
    uint64_t epoch;
    aurora_assert_ok(store->begin(store->self, AURORA_TXN_WRITE, batch, 1000, &epoch, &txn));
    return txn;
}

/* Stores a row as it is, whatever was there. */
static void plant(uint32_t table, const void *row)
{
    const aurora_store *store = aurora__engine_store(fixture.shop->engine);
    aurora_value values[64];
    uint32_t failed;
    aurora_store_txn *txn = begin_write();
    aurora__table_pack(&aurora__tables[table], row, values);
    aurora_store_put put = {
        .table = &aurora__tables[table].table, .values = values, .kind = AURORA_PUT_UPSERT};
    aurora_assert_ok(store->save(store->self, txn, &put, 1, &failed));
    aurora_assert_ok(store->commit(store->self, txn));
}

static void uproot(uint32_t table, const void *row)
{
    const aurora_store *store = aurora__engine_store(fixture.shop->engine);
    aurora_value values[64];
    uint32_t failed;
    aurora_store_txn *txn = begin_write();
    aurora__table_pack(&aurora__tables[table], row, values);
    aurora_store_put put = {
        .table = &aurora__tables[table].table, .values = values, .kind = AURORA_PUT_DELETE};
    aurora_assert_ok(store->save(store->self, txn, &put, 1, &failed));
    aurora_assert_ok(store->commit(store->self, txn));
}

/* Reads a row; its texts live in `arena` until the test ends. */
static aurora__query_arena arena;

static void find(const aurora__key *key, void *row_out)
{
    aurora_store_txn *txn;
    aurora_assert_ok(aurora__engine_read_begin(fixture.shop->engine, &txn));
    aurora_assert_ok(aurora__engine_load(fixture.shop->engine, txn, key, &arena, row_out));
    aurora__engine_read_end(fixture.shop->engine, txn);
}

static aurora__stock_row find_stock(const char *sku)
{
    aurora__sku_row number;
    aurora__stock_row stock;
    aurora__key key = aurora__key_text(AURORA__TABLE_sku, sku);
    find(&key, &number);
    key = aurora__key_number(AURORA__TABLE_stock, number.id);
    find(&key, &stock);
    return stock;
}

static aurora__order_row find_order(const aurora_id *id)
{
    aurora__order_row order;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, id);
    find(&key, &order);
    return order;
}

static aurora__payment_row find_payment(const aurora_id *id)
{
    aurora__payment_row payment;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_payment, id);
    find(&key, &payment);
    return payment;
}

static aurora__reservation_row find_reservation(const aurora_id *id)
{
    aurora__reservation_row reservation;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_reservation, id);
    find(&key, &reservation);
    return reservation;
}

/* --- asserting -------------------------------------------------------------------------------- */

static aurora_report *verify(uint32_t flags)
{
    aurora_report *report = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_t *shops[] = {fixture.shop};
    aurora_assert_ok(aurora_verify_stores(shops, 1, flags, &report, &err));
    return report;
}

static void assert_quiet(void)
{
    aurora_report *report = verify(AURORA_VERIFY_AT_REST);
    for (uint32_t i = 0; i < report->count; i++)
        fprintf(stderr, "%s %s: %s\n", report->items[i]->invariant, report->items[i]->subject,
                report->items[i]->message);
    ck_assert_uint_eq(report->violation_count, 0);
    ck_assert_uint_eq(report->is_ok, 1);
    aurora_report_free(report);
}

/* One violation of this invariant about this subject whose message has these words. */
static void assert_found(const char *invariant, const char *subject, const char *words)
{
    aurora_report *report = verify(0);
    bool is_found = false;
    for (uint32_t i = 0; i < report->count; i++) {
        const aurora_violation *one = report->items[i];
        is_found =
            is_found || (strcmp(one->invariant, invariant) == 0 &&
                         strcmp(one->subject, subject) == 0 && strstr(one->message, words) != NULL);
    }
    ck_assert_msg(is_found, "%s of %s with \"%s\" is not among %u", invariant, subject, words,
                  report->count);
    ck_assert_uint_eq(report->is_ok, 0);
    aurora_report_free(report);
}

static void assert_found_order(const char *invariant, const aurora_id *id, const char *words)
{
    char subject[AURORA_ID_TEXT_BYTES];
    aurora_id_format(*id, subject);
    assert_found(invariant, subject, words);
}

/* --- a shop with some of everything ----------------------------------------------------------- */

static aurora_id completed_id;
static aurora_id cancelled_id;

static aurora_id place(const char *sku, int64_t quantity, const char *method)
{
    aurora_order *order = NULL;
    aurora_line line = {.sku = sku, .quantity = quantity};
    aurora_assert_ok(
        aurora_order_place(fixture.shop,
                           AURORA_ORDER(.currency = "EUR", .payment_method = method,
                                        .customer_id = "ada", .lines = &line, .line_count = 1),
                           &order, NULL));
    aurora_id id = order->id;
    aurora_order_free(order);
    return id;
}

static void start(int kind)
{
    order_fixture_start(&fixture, kind);
    aurora__query_arena_init(&arena, &fixture.shop->allocator);
    completed_id = place("cup", 2, "tok_approve");
    cancelled_id = place("mug", 3, "tok_approve");
    place("cup", 1, "tok_decline");
    place("cup", 9999, "tok_approve");
    aurora_assert_ok(
        aurora_order_cancel(fixture.shop, cancelled_id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    aurora_assert_ok(aurora_stock_adjust(fixture.shop, "mug", -4, "broken", "adjust-1", NULL));
    int32_t decision;
    aurora_line held = {.sku = "mug", .quantity = 5};
    aurora_assert_ok(
        aurora_stock_reserve(fixture.shop, "hold-1", &held, 1, 60000, &decision, NULL));
}

static void stop(void)
{
    aurora__query_arena_free(&arena);
    order_fixture_stop(&fixture);
}

#define KIND (_i == 0 ? ORDER_FIXTURE_MEMORY : ORDER_FIXTURE_SQLITE)

/* --- tests ------------------------------------------------------------------------------------ */

START_TEST(test_verify__what_the_library_wrote_has_no_violation)
{
    start(KIND);

    assert_quiet();
    aurora_report *report = verify(0);
    ck_assert_uint_eq(report->order_count, 4);
    ck_assert_uint_eq(report->sku_count, 2);
    ck_assert_uint_gt(report->event_count, 20);
    ck_assert_uint_eq(report->in_progress, 0);

    aurora_report_free(report);
    stop();
}
END_TEST

START_TEST(test_verify__i1_finds_a_counter_that_does_not_balance)
{
    start(KIND);
    aurora__stock_row stock = find_stock("cup");

    stock.available++;
    plant(AURORA__TABLE_stock, &stock);

    assert_found("I1", "cup", "available 99");
    stop();
}
END_TEST

START_TEST(test_verify__i1_finds_balanced_counters_that_rows_do_not_add_up_to)
{
    start(KIND);
    aurora__stock_row stock = find_stock("mug");

    stock.sold--;
    stock.available++;
    plant(AURORA__TABLE_stock, &stock);

    assert_found("I1", "mug", "its rows add up to");
    stop();
}
END_TEST

START_TEST(test_verify__i1_finds_a_movement_that_is_gone)
{
    start(KIND);
    aurora__movement_row movement = {.scope = "", .key_text = "cup-1"};

    uproot(AURORA__TABLE_movement, &movement);

    assert_found("I1", "cup", "its rows add up to 0");
    stop();
}
END_TEST

START_TEST(test_verify__i2_finds_a_completed_order_that_was_not_captured)
{
    start(KIND);
    aurora__payment_row payment = find_payment(&completed_id);

    payment.state = 2; /* AUTHORIZED */
    plant(AURORA__TABLE_payment, &payment);

    assert_found_order("I2", &completed_id, "AUTHORIZED");
    stop();
}
END_TEST

START_TEST(test_verify__i2_finds_a_capture_of_another_amount)
{
    start(KIND);
    aurora__payment_row payment = find_payment(&completed_id);

    payment.amount_minor--;
    plant(AURORA__TABLE_payment, &payment);

    assert_found_order("I2", &completed_id, "499 was captured");
    stop();
}
END_TEST

START_TEST(test_verify__i2_finds_a_second_capture_in_the_books)
{
    start(KIND);
    aurora__ledger_row book = {.id = completed_id,
                               .state = 3,
                               .amount_minor = 500,
                               .captured_minor = 500,
                               .captures = 2,
                               .version = 1,
                               .currency = "EUR",
                               .updated_at = 1};

    book.id.bytes[15] |= AURORA_VERB_AUTHORIZE;
    plant(AURORA__TABLE_ledger, &book);

    assert_found_order("I2", &completed_id, "captured 2 times");
    stop();
}
END_TEST

START_TEST(test_verify__i2_finds_a_payment_that_is_gone)
{
    start(KIND);
    aurora__payment_row payment = find_payment(&cancelled_id);

    uproot(AURORA__TABLE_payment, &payment);

    assert_found_order("I2", &cancelled_id, "without a payment");
    stop();
}
END_TEST

START_TEST(test_verify__i3_finds_an_unsettled_order_that_nothing_will_move)
{
    start(KIND);
    aurora__order_row order = find_order(&completed_id);

    order.settled_at = 0;
    plant(AURORA__TABLE_order, &order);

    assert_found_order("I3", &completed_id, "no timer");
    stop();
}
END_TEST

START_TEST(test_verify__i3_takes_an_unsettled_order_as_in_progress_unless_at_rest)
{
    start(KIND);
    aurora__order_row order = find_order(&completed_id);

    order.settled_at = 0;
    order.due_at = order.created_at + 10000;
    plant(AURORA__TABLE_order, &order);

    aurora_report *report = verify(0);
    ck_assert_uint_eq(report->is_ok, 1);
    ck_assert_uint_eq(report->in_progress, 1);
    aurora_report_free(report);
    report = verify(AURORA_VERIFY_AT_REST);
    ck_assert_uint_eq(report->violation_count, 1);
    ck_assert_str_eq(report->items[0]->invariant, "I3");
    aurora_report_free(report);
    stop();
}
END_TEST

START_TEST(test_verify__i4_finds_stock_that_a_cancelled_order_holds)
{
    start(KIND);
    aurora__reservation_row reservation = find_reservation(&cancelled_id);

    reservation.state = AURORA_RESERVATION_RESERVED;
    plant(AURORA__TABLE_reservation, &reservation);

    assert_found_order("I4", &cancelled_id, "CANCELLED");
    stop();
}
END_TEST

START_TEST(test_verify__i4_finds_stock_that_is_held_for_no_order)
{
    start(KIND);
    aurora__reservation_row reservation = find_reservation(&completed_id);

    reservation.order_id.bytes[0] = 0x7F;
    reservation.state = AURORA_RESERVATION_RESERVED;
    plant(AURORA__TABLE_reservation, &reservation);

    assert_found_order("I4", &reservation.order_id, "no order");
    stop();
}
END_TEST

START_TEST(test_verify__i5_finds_events_of_an_order_that_is_not_there)
{
    start(KIND);
    aurora__order_row order = find_order(&completed_id);

    uproot(AURORA__TABLE_order, &order);

    assert_found_order("I5", &completed_id, "no such order");
    stop();
}
END_TEST

START_TEST(test_verify__i5_finds_a_log_row_that_is_damaged)
{
    start(KIND);
    const aurora_store *store = aurora__engine_store(fixture.shop->engine);
    aurora_log_row row = {.at_ms = 1, .count = 2, .format = 1, .body = "[oops", .body_length = 5};
    aurora_store_txn *txn = begin_write();

    aurora_assert_ok(store->append(store->self, txn, &row));
    aurora_assert_ok(store->commit(store->self, txn));

    char subject[32];
    snprintf(subject, sizeof subject, "%lld", (long long)row.position);
    assert_found("I5", subject, "damaged");
    stop();
}
END_TEST

START_TEST(test_verify__i6_finds_a_cursor_ahead_of_the_log)
{
    start(KIND);
    aurora__cursor_row cursor = {.name = "mailer", .kind = 1, .position = 1000000, .seen_at = 1};

    plant(AURORA__TABLE_cursor, &cursor);

    assert_found("I6", "mailer", "1000000");
    stop();
}
END_TEST

START_TEST(test_verify__i7_finds_a_parked_event_without_its_key)
{
    start(KIND);
    aurora__parked_event_row event = {
        .consumer = "inventory", .key_text = "lost", .sequence = 1, .body = "x", .at = 1};

    plant(AURORA__TABLE_parked_event, &event);

    assert_found("I7", "lost", "without its key");
    stop();
}
END_TEST

START_TEST(test_verify__i7_finds_a_parked_key_without_an_event)
{
    start(KIND);
    aurora__parked_key_row key = {
        .consumer = "payment", .key_text = "empty", .events = 1, .version = 1, .parked_at = 1};

    plant(AURORA__TABLE_parked_key, &key);

    assert_found("I7", "empty", "without an event");
    stop();
}
END_TEST

START_TEST(test_verify__i12_finds_a_total_that_lines_do_not_add_up_to)
{
    start(KIND);
    aurora__order_row order = find_order(&completed_id);
    aurora__payment_row payment = find_payment(&completed_id);

    order.total_minor = payment.amount_minor = 501;
    plant(AURORA__TABLE_order, &order);
    plant(AURORA__TABLE_payment, &payment);

    assert_found_order("I12", &completed_id, "the total is 501");
    stop();
}
END_TEST

START_TEST(test_verify__i13_finds_a_version_without_its_step)
{
    start(KIND);
    aurora__order_row order = find_order(&completed_id);

    order.version++;
    plant(AURORA__TABLE_order, &order);

    assert_found_order("I13", &completed_id, "steps");
    stop();
}
END_TEST

START_TEST(test_verify__i13_finds_a_status_that_no_step_left)
{
    start(KIND);
    aurora__order_row order = find_order(&completed_id);

    order.status = AURORA_ORDER_FAILED;
    plant(AURORA__TABLE_order, &order);

    assert_found_order("I13", &completed_id, "the last step left 3");
    stop();
}
END_TEST

START_TEST(test_verify__counts_more_violations_than_it_lists)
{
    start(KIND);
    aurora__cursor_row cursor = {.kind = 1, .position = 1000000, .seen_at = 1};
    char name[32];
    cursor.name = name;
    for (int i = 0; i < 1100; i++) {
        snprintf(name, sizeof name, "consumer-%d", i);
        plant(AURORA__TABLE_cursor, &cursor);
    }

    aurora_report *report = verify(0);

    ck_assert_uint_eq(report->violation_count, 1100);
    ck_assert_uint_eq(report->count, 1000);
    aurora_report_free(report);
    stop();
}
END_TEST

START_TEST(test_backup__copy_passes_verify_and_has_a_log_of_its_own)
{
    char path[512];
    aurora_error err = AURORA_ERROR_INIT;
    aurora_event_page *here = NULL;
    aurora_event_page *there = NULL;
    aurora_t *copy = NULL;
    start(ORDER_FIXTURE_SQLITE);
    aurora_test_path(path, sizeof path, fixture.folder, "copy.db");

    aurora_assert_ok(aurora_backup(fixture.shop, path, &err));

    aurora_assert_status(aurora_backup(fixture.shop, path, &err), AURORA_ECONFLICT);
    aurora_assert_ok(aurora_open(path, NULL, &copy, &err));
    aurora_report *report = NULL;
    aurora_assert_ok(aurora_verify(copy, &report));
    ck_assert_uint_eq(report->is_ok, 1);
    ck_assert_uint_eq(report->order_count, 4);
    aurora_report_free(report);
    uint64_t newest;
    aurora_assert_ok(aurora_event_bounds(fixture.shop, NULL, &newest));
    aurora_assert_ok(aurora_stock_receive(fixture.shop, "cup", 1, "later", &err));
    const aurora_product_input *put =
        AURORA_PRODUCT(.sku = "new", .name = "New", .price_minor = 1, .currency = "EUR");
    aurora_assert_ok(aurora_product_put(fixture.shop, put, 0, NULL, &err));
    aurora_assert_ok(aurora_product_put(copy, put, 0, NULL, &err));
    aurora_assert_ok(aurora_event_tail(fixture.shop, newest, 1, 0, &here));
    aurora_assert_ok(aurora_event_tail(copy, newest, 1, 0, &there));
    ck_assert_uint_eq(here->count, 1);
    ck_assert_uint_eq(here->items[0]->position, there->items[0]->position);
    ck_assert_str_ne(here->items[0]->id, there->items[0]->id);
    aurora_event_page_free(here);
    aurora_event_page_free(there);
    aurora_close(copy);
    stop();
}
END_TEST

START_TEST(test_restored__events_before_and_after_differ_in_their_log)
{
    aurora_event_page *page = NULL;
    start(KIND);

    aurora_assert_ok(aurora_restored(fixture.shop, NULL));
    place("cup", 1, "tok_approve");

    aurora_assert_ok(aurora_event_tail(fixture.shop, 0, 1000, 0, &page));
    const aurora_event *first = page->items[0];
    const aurora_event *last = page->items[page->count - 1];
    ck_assert_int_ne(strncmp(first->id, last->id, 36), 0);
    aurora_event_page_free(page);
    assert_quiet();
    stop();
}
END_TEST

START_TEST(test_drain__refuses_orders_and_says_what_is_under_way)
{
    aurora_drain drain;
    aurora_order *order = NULL;
    aurora_line line = {.sku = "cup", .quantity = 1};
    start(KIND);

    aurora_assert_ok(aurora_drain_set(fixture.shop, 1));
    aurora_status rc =
        aurora_order_place(fixture.shop,
                           AURORA_ORDER(.currency = "EUR", .payment_method = "tok_approve",
                                        .lines = &line, .line_count = 1),
                           &order, NULL);

    aurora_assert_status(rc, AURORA_EBUSY);
    aurora_assert_ok(aurora_drain_get(fixture.shop, &drain));
    ck_assert_uint_eq(drain.is_drained, 1);
    ck_assert_uint_eq(drain.is_refusing, 1);
    aurora_assert_ok(aurora_drain_set(fixture.shop, 0));
    place("cup", 1, "tok_approve");
    aurora__order_row unsettled = find_order(&completed_id);
    unsettled.settled_at = 0;
    unsettled.due_at = INT64_C(9000000000000);
    plant(AURORA__TABLE_order, &unsettled);
    aurora_assert_ok(aurora_drain_get(fixture.shop, &drain));
    ck_assert_uint_eq(drain.is_drained, 0);
    ck_assert_uint_eq(drain.unsettled_orders, 1);
    stop();
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        test_verify__what_the_library_wrote_has_no_violation,
        test_verify__i1_finds_a_counter_that_does_not_balance,
        test_verify__i1_finds_balanced_counters_that_rows_do_not_add_up_to,
        test_verify__i1_finds_a_movement_that_is_gone,
        test_verify__i2_finds_a_completed_order_that_was_not_captured,
        test_verify__i2_finds_a_capture_of_another_amount,
        test_verify__i2_finds_a_second_capture_in_the_books,
        test_verify__i2_finds_a_payment_that_is_gone,
        test_verify__i3_finds_an_unsettled_order_that_nothing_will_move,
        test_verify__i3_takes_an_unsettled_order_as_in_progress_unless_at_rest,
        test_verify__i4_finds_stock_that_a_cancelled_order_holds,
        test_verify__i4_finds_stock_that_is_held_for_no_order,
        test_verify__i5_finds_events_of_an_order_that_is_not_there,
        test_verify__i5_finds_a_log_row_that_is_damaged,
        test_verify__i6_finds_a_cursor_ahead_of_the_log,
        test_verify__i7_finds_a_parked_event_without_its_key,
        test_verify__i7_finds_a_parked_key_without_an_event,
        test_verify__i12_finds_a_total_that_lines_do_not_add_up_to,
        test_verify__i13_finds_a_version_without_its_step,
        test_verify__i13_finds_a_status_that_no_step_left,
        test_verify__counts_more_violations_than_it_lists,
        test_restored__events_before_and_after_differ_in_their_log,
        test_drain__refuses_orders_and_says_what_is_under_way,
    };
    Suite *s = suite_create("verify");
    TCase *tcase = tcase_create("verify");
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_loop_test(tcase, tests[i], 0, 2);
    tcase_add_test(tcase, test_backup__copy_passes_verify_and_has_a_log_of_its_own);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)
