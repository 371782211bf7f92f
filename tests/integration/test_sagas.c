/* SPDX-License-Identifier: MIT */
/* What an operator sees of sagas that need one, and the ways to help. A participant is made to park
 * by damaging its row below the library. */
#include <stdio.h>

#include <aurora/aurora.h>

#include "api/handle.h"
#include "order_fixture.h"

static order_fixture fixture;
static aurora_error err = AURORA_ERROR_INIT;

/* --- the shop --------------------------------------------------------------------------------- */

static aurora_id place(void)
{
    aurora_order *order = order_fixture_place(&fixture, NULL, "cup", 2);
    aurora_id id = order->id;
    aurora_order_free(order);
    return id;
}

static void assert_order(aurora_id id, int32_t status, bool is_settled)
{
    aurora_order *order = NULL;
    aurora_assert_ok(aurora_order_get(fixture.shop, id, &order));
    ck_assert_str_eq(aurora_order_status_name(order->status), aurora_order_status_name(status));
    ck_assert_int_eq(order->settled_at_ms != 0, is_settled);
    aurora_order_free(order);
}

/* Replaces the lines of an order's reservation, then opens the store anew, so that nothing that was
 * remembered of the row is used. */
static void set_lines(aurora_id id, const char *lines)
{
    const aurora_store *store = aurora__engine_store(fixture.shop->engine);
    const aurora__table *table = &aurora__tables[AURORA__TABLE_reservation];
    aurora__query_arena arena;
    aurora__reservation_row row;
    aurora_store_txn *txn;
    aurora_id batch = {{0xEE}};
    aurora_value values[64];
    uint64_t epoch;
    uint32_t failed;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_reservation, &id);
    aurora__query_arena_init(&arena, &fixture.shop->allocator);
    aurora_assert_ok(store->begin(store->self, AURORA_TXN_WRITE, batch, 1000, &epoch, &txn));
    aurora_assert_ok(aurora__engine_load(fixture.shop->engine, txn, &key, &arena, &row));
    row.lines = lines;
    aurora__table_pack(table, &row, values);
    aurora_store_put put = {.table = &table->table, .values = values, .kind = AURORA_PUT_UPSERT};
    aurora_assert_ok(store->save(store->self, txn, &put, 1, &failed));
    aurora_assert_ok(store->commit(store->self, txn));
    aurora__query_arena_free(&arena);
    order_fixture_reopen(&fixture);
}

/* A COMPLETED order whose cancel inventory cannot take. */
static aurora_id start_parked(void)
{
    order_fixture_start(&fixture, ORDER_FIXTURE_SQLITE);
    aurora_id id = place();
    set_lines(id, "[[oops");
    aurora_assert_ok(
        aurora_order_cancel(fixture.shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, &err));
    return id;
}

#define LINES "[[1,2]]" /* two pieces of the first SKU */

static aurora_status repair(aurora_id id, int32_t action, int32_t participant, int32_t result)
{
    return aurora_saga_repair(fixture.shop,
                              AURORA_REPAIR(.order_id = id, .action = action,
                                            .participant = participant, .result = result,
                                            .actor = "eve", .note = "looked at it"),
                              &err);
}

static aurora_saga_page *list(const aurora_saga_filter *filter)
{
    aurora_saga_page *page = NULL;
    aurora_assert_ok(aurora_saga_list(fixture.shop, filter, NULL, 0, &page, &err));
    return page;
}

static void assert_verified(void)
{
    aurora_report *report = NULL;
    aurora_assert_ok(aurora_verify(fixture.shop, &report));
    for (uint32_t i = 0; i < report->count; i++)
        fprintf(stderr, "%s %s: %s\n", report->items[i]->invariant, report->items[i]->subject,
                report->items[i]->message);
    ck_assert_uint_eq(report->is_ok, 1);
    aurora_report_free(report);
}

static bool has_act_of(aurora_id id, const char *actor)
{
    aurora_history *history = NULL;
    bool is_found = false;
    aurora_assert_ok(aurora_order_history(fixture.shop, id, &history));
    for (uint32_t i = 0; i < history->count; i++) {
        const aurora_transition *step = history->items[i];
        is_found |= step->actor != NULL && strcmp(step->actor, actor) == 0 && step->note != NULL;
    }
    aurora_history_free(history);
    return is_found;
}

/* --- lists ------------------------------------------------------------------------------------ */

START_TEST(test_saga_list__shows_who_is_parked_and_why)
{
    aurora_id id = start_parked();

    aurora_saga_page *page = list(NULL);

    ck_assert_uint_eq(page->count, 1);
    const aurora_saga *saga = page->items[0];
    aurora_assert_id_eq(saga->order_id, id);
    ck_assert_int_eq(saga->status, AURORA_ORDER_PARKED);
    ck_assert_int_eq(saga->outcome, AURORA_ORDER_CANCELLED);
    ck_assert_uint_eq(saga->parked, AURORA_PARKED_INVENTORY);
    ck_assert_uint_eq(saga->participant_count, 2);
    ck_assert_uint_eq(saga->participants[0]->is_parked, 1);
    ck_assert_ptr_nonnull(saga->participants[0]->parked_reason);
    ck_assert_str_eq(saga->participants[0]->state, "COMMITTED");
    ck_assert_uint_eq(saga->participants[1]->is_parked, 0);
    ck_assert_str_eq(saga->participants[1]->state, "REFUNDED");
    aurora_saga_page_free(page);
    page = list(AURORA_SAGA_FILTER(.is_parked = 1, .participant = AURORA_PARTICIPANT_INVENTORY));
    ck_assert_uint_eq(page->count, 1);
    aurora_saga_page_free(page);
    page = list(AURORA_SAGA_FILTER(.participant = AURORA_PARTICIPANT_PAYMENT));
    ck_assert_uint_eq(page->count, 0);
    aurora_saga_page_free(page);
    page = list(AURORA_SAGA_FILTER(.age_min_ms = 3600000));
    ck_assert_uint_eq(page->count, 0);
    aurora_saga_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_saga_list__pages_hold_every_unsettled_order_once_and_oldest_first)
{
    order_fixture_init(&fixture, _i == 0 ? ORDER_FIXTURE_MEMORY : ORDER_FIXTURE_SQLITE);
    fixture.settings[0] = "payment=none:";
    order_fixture_open(&fixture);
    order_fixture_stock(&fixture);
    aurora_id placed[9];
    for (int i = 0; i < 9; i++) {
        aurora_order *order = NULL;
        aurora_line line = {.sku = "cup", .quantity = 1};
        aurora_assert_ok(aurora_order_place(
            fixture.shop,
            AURORA_ORDER(.flags = AURORA_ORDER_NO_WAIT, .currency = "EUR", .payment_method = "card",
                         .lines = &line, .line_count = 1),
            &order, &err));
        placed[i] = order->id;
        aurora_order_free(order);
    }

    char cursor[2400] = "";
    uint32_t seen = 0;
    do {
        aurora_saga_page *page = NULL;
        aurora_assert_ok(aurora_saga_list(fixture.shop, NULL, cursor[0] == '\0' ? NULL : cursor, 4,
                                          &page, &err));
        for (uint32_t i = 0; i < page->count; i++)
            aurora_assert_id_eq(page->items[i]->order_id, placed[seen++]);
        snprintf(cursor, sizeof cursor, "%s", page->next_cursor == NULL ? "" : page->next_cursor);
        aurora_saga_page_free(page);
    } while (cursor[0] != '\0');

    ck_assert_uint_eq(seen, 9);
    aurora_saga_page *page = NULL;
    aurora_assert_status(aurora_saga_list(fixture.shop, NULL, "bogus", 4, &page, &err),
                         AURORA_EINVAL);
    ck_assert_ptr_null(page);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_saga_get__knows_settled_orders_and_no_others)
{
    aurora_saga *saga = NULL;
    order_fixture_start(&fixture, ORDER_FIXTURE_MEMORY);
    aurora_id id = place();

    aurora_assert_ok(aurora_saga_get(fixture.shop, id, &saga));

    ck_assert_int_eq(saga->status, AURORA_ORDER_COMPLETED);
    ck_assert_str_eq(saga->participants[0]->state, "COMMITTED");
    ck_assert_str_eq(saga->participants[1]->state, "CAPTURED");
    ck_assert_int_eq(saga->resend_at_ms, 0);
    aurora_saga_free(saga);
    id.bytes[0] ^= 0xFF;
    aurora_assert_status(aurora_saga_get(fixture.shop, id, &saga), AURORA_ENOTFOUND);
    ck_assert_ptr_null(saga);
    aurora_saga_page *page = list(NULL);
    ck_assert_uint_eq(page->count, 0);
    aurora_saga_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

/* --- dead letters ----------------------------------------------------------------------------- */

START_TEST(test_dead_letter__is_listed_as_the_event_that_could_not_be_taken)
{
    char key[AURORA_ID_TEXT_BYTES];
    aurora_dead_letter_page *page = NULL;
    aurora_id id = start_parked();
    aurora_id_format(id, key);

    aurora_assert_ok(aurora_dead_letter_list(fixture.shop, NULL, NULL, 0, &page, &err));

    ck_assert_uint_eq(page->count, 1);
    ck_assert_int_eq(page->items[0]->event_kind, AURORA_EVENT_ORDER_CANCELLED);
    ck_assert_str_eq(page->items[0]->consumer, "inventory");
    ck_assert_str_eq(page->items[0]->key, key);
    ck_assert_ptr_nonnull(strstr(page->items[0]->data, key));
    ck_assert_ptr_null(page->next_cursor);
    aurora_dead_letter_page_free(page);
    aurora_assert_ok(aurora_dead_letter_list(fixture.shop, "payment", NULL, 0, &page, &err));
    ck_assert_uint_eq(page->count, 0);
    aurora_dead_letter_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_dead_letter__redrive_takes_all_and_unparks)
{
    char key[AURORA_ID_TEXT_BYTES];
    uint32_t count = 9;
    aurora_id id = start_parked();
    aurora_id_format(id, key);
    set_lines(id, LINES);

    aurora_assert_ok(aurora_dead_letter_redrive(fixture.shop, "inventory", key, &count, &err));

    ck_assert_uint_eq(count, 1);
    assert_order(id, AURORA_ORDER_CANCELLED, true);
    ck_assert_int_eq(order_fixture_available(&fixture, "cup"), 100);
    aurora_assert_status(aurora_dead_letter_redrive(fixture.shop, "inventory", key, &count, &err),
                         AURORA_ENOTFOUND);
    ck_assert_uint_eq(count, 0);
    assert_verified();
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_dead_letter__one_that_still_fails_stays_and_resends_do_not_pile_up)
{
    char key[AURORA_ID_TEXT_BYTES];
    uint32_t count = 9;
    int64_t next;
    aurora_dead_letter_page *page = NULL;
    order_fixture_init(&fixture, ORDER_FIXTURE_SQLITE);
    fixture.has_manual_clock = true;
    order_fixture_open(&fixture);
    order_fixture_stock(&fixture);
    aurora_id id = place();
    aurora_id_format(id, key);
    set_lines(id, "[[oops");
    aurora_assert_ok(
        aurora_order_cancel(fixture.shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, &err));
    aurora_manual_clock_advance(&fixture.manual, 11000);
    aurora_assert_ok(aurora_pump(fixture.shop, 100, &next));

    aurora_status rc = aurora_dead_letter_redrive(fixture.shop, "inventory", key, &count, &err);

    aurora_assert_status(rc, AURORA_ECONFLICT);
    ck_assert_uint_eq(count, 0);
    aurora_assert_ok(aurora_dead_letter_list(fixture.shop, "inventory", NULL, 1, &page, &err));
    ck_assert_uint_eq(page->count, 1);
    ck_assert_ptr_null(page->next_cursor);
    aurora_dead_letter_page_free(page);
    set_lines(id, LINES);
    aurora_assert_ok(aurora_dead_letter_redrive(fixture.shop, "inventory", key, &count, &err));
    ck_assert_uint_eq(count, 1);
    assert_order(id, AURORA_ORDER_CANCELLED, true);
    assert_verified();
    order_fixture_stop(&fixture);
}
END_TEST

/* --- repair ----------------------------------------------------------------------------------- */

START_TEST(test_saga_repair__retry_of_a_poisoned_key_runs_its_events)
{
    aurora_id id = start_parked();
    aurora_assert_status(repair(id, AURORA_REPAIR_RETRY, AURORA_PARTICIPANT_INVENTORY, 0),
                         AURORA_ECONFLICT);
    assert_order(id, AURORA_ORDER_PARKED, false);
    set_lines(id, LINES);

    aurora_assert_ok(repair(id, AURORA_REPAIR_RETRY, AURORA_PARTICIPANT_INVENTORY, 0));

    assert_order(id, AURORA_ORDER_CANCELLED, true);
    ck_assert(has_act_of(id, "eve"));
    assert_verified();
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_saga_repair__mark_of_a_poisoned_key_drops_its_event)
{
    aurora_dead_letter_page *page = NULL;
    aurora_id id = start_parked();

    aurora_assert_ok(
        repair(id, AURORA_REPAIR_MARK, AURORA_PARTICIPANT_INVENTORY, AURORA_RESULT_RETURNED));

    assert_order(id, AURORA_ORDER_CANCELLED, true);
    ck_assert(has_act_of(id, "eve"));
    aurora_assert_ok(aurora_dead_letter_list(fixture.shop, NULL, NULL, 0, &page, &err));
    ck_assert_uint_eq(page->count, 0);
    aurora_dead_letter_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_saga_repair__compensate_cancels_a_completed_order)
{
    order_fixture_start(&fixture, _i == 0 ? ORDER_FIXTURE_MEMORY : ORDER_FIXTURE_SQLITE);
    aurora_id id = place();

    aurora_assert_ok(repair(id, AURORA_REPAIR_COMPENSATE, 0, 0));

    assert_order(id, AURORA_ORDER_CANCELLED, true);
    ck_assert_int_eq(order_fixture_available(&fixture, "cup"), 100);
    ck_assert(has_act_of(id, "eve"));
    aurora_assert_status(repair(id, AURORA_REPAIR_COMPENSATE, 0, 0), AURORA_ECONFLICT);
    assert_verified();
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_saga_repair__refuses_what_makes_no_sense)
{
    order_fixture_start(&fixture, ORDER_FIXTURE_MEMORY);
    aurora_id id = place();
    aurora_id other = id;
    other.bytes[0] ^= 0xFF;

    aurora_assert_status(repair(id, AURORA_REPAIR_RETRY, AURORA_PARTICIPANT_PAYMENT, 0),
                         AURORA_ECONFLICT);
    aurora_assert_status(repair(other, AURORA_REPAIR_RETRY, AURORA_PARTICIPANT_PAYMENT, 0),
                         AURORA_ENOTFOUND);
    aurora_assert_status(repair(id, 4, AURORA_PARTICIPANT_PAYMENT, 0), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "action");
    aurora_assert_status(
        repair(id, AURORA_REPAIR_MARK, AURORA_PARTICIPANT_INVENTORY, AURORA_RESULT_CAPTURED),
        AURORA_EINVAL);
    ck_assert_str_eq(err.field, "result");
    aurora_assert_status(repair(id, AURORA_REPAIR_COMPENSATE, AURORA_PARTICIPANT_PAYMENT, 0),
                         AURORA_EINVAL);
    ck_assert_str_eq(err.field, "participant");
    aurora_assert_status(
        aurora_saga_repair(fixture.shop,
                           AURORA_REPAIR(.order_id = id, .action = AURORA_REPAIR_COMPENSATE), &err),
        AURORA_EINVAL);
    ck_assert_str_eq(err.field, "actor");
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_repair__compensate_cancels_an_order_that_the_store_does_not_have)
{
    order_fixture_start(&fixture, ORDER_FIXTURE_MEMORY);
    aurora_id id = aurora__engine_next_id(fixture.shop->engine);
    uint64_t newest;
    aurora_event_page *page = NULL;
    aurora_assert_ok(aurora_event_bounds(fixture.shop, NULL, &newest));

    aurora_assert_ok(aurora_saga_repair(
        fixture.shop,
        AURORA_REPAIR(.action = AURORA_REPAIR_COMPENSATE, .order_id = id, .actor = "ann"), &err));

    aurora_assert_ok(aurora_event_tail(fixture.shop, newest, 10, 0, &page));
    ck_assert_uint_ge(page->count, 1);
    ck_assert_int_eq(page->items[0]->kind, AURORA_EVENT_ORDER_CANCELLED);
    ck_assert(aurora_id_is_equal(page->items[0]->order_id, id));
    ck_assert_ptr_nonnull(strstr(page->items[0]->data, "\"unknown_order\""));
    aurora_event_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("sagas");
    TCase *tcase = tcase_create("sagas");
    tcase_add_test(tcase, test_saga_list__shows_who_is_parked_and_why);
    tcase_add_loop_test(
        tcase, test_saga_list__pages_hold_every_unsettled_order_once_and_oldest_first, 0, 2);
    tcase_add_test(tcase, test_saga_get__knows_settled_orders_and_no_others);
    tcase_add_test(tcase, test_dead_letter__is_listed_as_the_event_that_could_not_be_taken);
    tcase_add_test(tcase, test_repair__compensate_cancels_an_order_that_the_store_does_not_have);
    tcase_add_test(tcase, test_dead_letter__redrive_takes_all_and_unparks);
    tcase_add_test(tcase, test_dead_letter__one_that_still_fails_stays_and_resends_do_not_pile_up);
    tcase_add_test(tcase, test_saga_repair__retry_of_a_poisoned_key_runs_its_events);
    tcase_add_test(tcase, test_saga_repair__mark_of_a_poisoned_key_drops_its_event);
    tcase_add_loop_test(tcase, test_saga_repair__compensate_cancels_a_completed_order, 0, 2);
    tcase_add_test(tcase, test_saga_repair__refuses_what_makes_no_sense);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)
