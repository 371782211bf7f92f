/* SPDX-License-Identifier: MIT */
/* What becomes of the commands of one batch when something goes wrong: who is to blame is refused
 * alone, what passes is tried again, and everybody is answered once, in the order of arrival. */
#include <stdio.h>
#include <string.h>

#include "batch_fixture.h"
#include "core/inventory.h"

#define MANY BATCH_ORDERS_MAX
#define BEFORE 1000    /* pieces in stock */
#define CUP INT64_C(1) /* the first SKU's number */

static batch_fixture f;

static void start(void)
{
    batch_fixture_open(&f, "memory:", NULL, NULL);
}

static void stop(void)
{
    batch_fixture_close(&f);
}

static int64_t sold(void)
{
    return shop_stock(f.shop).sold;
}

/* A moment's look: 0 before and after everything that must not leave a trace. */
static void assert_nothing_stored(void)
{
    ck_assert_uint_eq(shop_count(f.shop, 0), 0);
    ck_assert_int_eq(shop_stock(f.shop).available, BEFORE);
    shop_assert_clean(f.shop);
}

/* The shop works: what was refused can be ordered with the keys that it was refused with. */
static void assert_taken_again(uint32_t first, uint32_t count)
{
    int64_t before = sold();
    batch_fixture_submit(&f, first, count);
    batch_fixture_turn(&f);
    batch_fixture_assert_done(&f, first, count, AURORA_OK);
    ck_assert_int_eq(sold(), before + count);
    ck_assert_int_eq(aurora_health(f.shop), AURORA_OK);
    shop_assert_clean(f.shop);
}

/* --- commands of a test's own ----------------------------------------------------------------- */

enum { MOVE, REFUSE, BREAK };

typedef struct {
    aurora__command head;
    int act;
    aurora__movement movement;
    aurora__stock_row stock;
} own_command;

static aurora_status own_keys(aurora__command *base, aurora__turn *turn)
{
    return aurora__stock_move_keys(&turn->step, &((own_command *)base)->movement);
}

static aurora_status own_decide(aurora__command *base, aurora__turn *turn)
{
    own_command *command = (own_command *)base;
    aurora_status rc = aurora__stock_move(&turn->step, &command->movement, &command->stock);
    if (rc != AURORA_OK || command->act == MOVE)
        return rc;
    if (command->act == REFUSE)
        return aurora__step_refuse(&turn->step, AURORA_EINVAL, "field", "the first attempt");
    aurora__stock_row *stock;
    aurora__key key = aurora__key_number(AURORA__TABLE_stock, CUP);
    rc = aurora__rows_write(turn->step.rows, &key, (void **)&stock);
    if (rc == AURORA_OK)
        stock->available++;
    return rc;
}

static const aurora__command_class with_keys = {.name = "test",
                                                .keys = own_keys,
                                                .decide = own_decide};
static const aurora__command_class without_keys = {.name = "test", .decide = own_decide};

/* Receives 7 pieces of SHOP_SKU, and then does what `act` says. It waits; the caller releases. */
static own_command *submit_own(const aurora__command_class *class_of, int act, const char *key)
{
    own_command *command = aurora__command_new(f.engine, class_of, sizeof *command);
    command->act = act;
    command->movement = (aurora__movement){.kind = AURORA_MOVEMENT_RECEIPT,
                                           .scope = "test",
                                           .key = key,
                                           .sku = SHOP_SKU,
                                           .quantity = 7};
    aurora_assert_ok(aurora__engine_submit(f.engine, &command->head));
    return command;
}

static aurora_status end_own(own_command *command)
{
    ck_assert(command->head.is_done);
    aurora_status status = command->head.status;
    aurora__command_release(&command->head);
    return status;
}

/* --- bisection -------------------------------------------------------------------------------- */

START_TEST(test_batch__bad_data_refuses_its_command_alone)
{
    uint32_t bad = (uint32_t)_i;
    f.poison = UINT64_C(1) << bad;
    batch_fixture_submit(&f, 0, MANY);

    batch_fixture_turn(&f);

    ck_assert_uint_eq(f.done_count, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(f.done[i].tag, i);
        aurora_assert_status(f.done[i].status, i == bad ? AURORA_ECONFLICT : AURORA_OK);
        ck_assert_int_eq(f.done[i].order_status, i == bad ? 0 : AURORA_ORDER_COMPLETED);
    }
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_bisections_total"), 6);
    ck_assert_int_eq(sold(), MANY - 1);
    ck_assert_uint_eq(shop_count(f.shop, 0), MANY - 1);
    f.done_count = 0;
    f.poison = 0;
    assert_taken_again(bad, 1);
}
END_TEST

START_TEST(test_batch__each_of_many_bad_ones_is_found)
{
    const uint64_t bad = UINT64_C(0x8000001180000023);
    f.poison = bad;
    batch_fixture_submit(&f, 0, MANY);

    batch_fixture_turn(&f);

    ck_assert_uint_eq(f.done_count, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(f.done[i].tag, i);
        aurora_assert_status(f.done[i].status, bad >> i & 1 ? AURORA_ECONFLICT : AURORA_OK);
    }
    ck_assert_uint_eq(f.saved_poisoned, bad);
    ck_assert_int_eq(sold(), MANY - __builtin_popcountll(bad));
    shop_assert_clean(f.shop);
}
END_TEST

START_TEST(test_batch__a_conflict_that_passes_refuses_nobody)
{
    f.faults->save.status = AURORA_ECONFLICT;
    batch_fixture_submit(&f, 0, MANY);

    batch_fixture_turn(&f);

    batch_fixture_assert_done(&f, 0, MANY, AURORA_OK);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_bisections_total"), 1);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_batch_retries_total"), 0);
    ck_assert_int_eq(sold(), MANY);
    shop_assert_clean(f.shop);
}
END_TEST

START_TEST(test_batch__a_damaged_row_refuses_only_who_needs_it)
{
    aurora_assert_ok(aurora_product_put(
        f.shop,
        AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = SHOP_PRICE, .currency = "EUR"),
        AURORA_ANY_VERSION, NULL, NULL));
    aurora_assert_ok(aurora_stock_receive(f.shop, "mug", 10, "mugs", NULL));
    aurora__stock_row damaged = {.id = CUP + 1, .available = 11, .received = 10, .version = 1};
    batch_fixture_put(&f, AURORA__TABLE_stock, &damaged, AURORA_PUT_UPSERT);
    batch_fixture_submit(&f, 0, 5);
    f.sku = "mug";
    batch_fixture_submit(&f, 5, 1);
    f.sku = SHOP_SKU;
    batch_fixture_submit(&f, 6, 5);

    batch_fixture_turn(&f);

    ck_assert_uint_eq(f.done_count, 11);
    for (uint32_t i = 0; i < 11; i++) {
        ck_assert_uint_eq(f.done[i].tag, i);
        aurora_assert_status(f.done[i].status, i == 5 ? AURORA_ECORRUPT : AURORA_OK);
    }
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_bisections_total"), 0);
    ck_assert_int_eq(sold(), 10);
    ck_assert_uint_eq(shop_count(f.shop, 0), 10);
}
END_TEST

START_TEST(test_batch__a_refused_cascade_leaves_the_others_alone)
{
    batch_fixture_submit(&f, 0, 3);
    own_command *refused = submit_own(&with_keys, REFUSE, "a receipt");
    batch_fixture_submit(&f, 3, 3);
    uint64_t events = batch_fixture_metric(&f, "aurora_events_total");

    batch_fixture_turn(&f);

    aurora_assert_status(end_own(refused), AURORA_EINVAL);
    batch_fixture_assert_done(&f, 0, 6, AURORA_OK);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_events_total") - events, 6 * 6);
    ck_assert_int_eq(sold(), 6);
    ck_assert_int_eq(shop_stock(f.shop).received, BEFORE);
    shop_assert_clean(f.shop);
}
END_TEST

/* --- what passes ------------------------------------------------------------------------------ */

static aurora__store_memory_fault *fault_of(int number)
{
    aurora__store_memory_fault *const faults[] = {&f.faults->begin_write, &f.faults->load,
                                                  &f.faults->save, &f.faults->append,
                                                  &f.faults->commit};
    return faults[number];
}

START_TEST(test_batch__a_passing_failure_runs_the_whole_batch_again)
{
    fault_of(_i / 2)->status = _i % 2 ? AURORA_EIO : AURORA_EBUSY;
    batch_fixture_submit(&f, 0, MANY);

    batch_fixture_turn(&f);

    batch_fixture_assert_done(&f, 0, MANY, AURORA_OK);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_batch_retries_total"), 1);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_retries_total"), 1); /* of the store */
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_bisections_total"), 0);
    ck_assert_int_eq(fault_of(_i / 2)->status, 0);
    ck_assert_int_eq(sold(), MANY);
    ck_assert_uint_eq(shop_count(f.shop, 0), MANY);
    ck_assert_int_eq(aurora_health(f.shop), AURORA_OK);
    shop_assert_clean(f.shop);
}
END_TEST

START_TEST(test_batch__a_lasting_failure_answers_all_and_stores_nothing)
{
    f.lasting = AURORA_EIO;
    batch_fixture_submit(&f, 0, MANY);

    batch_fixture_turn(&f);

    batch_fixture_assert_done(&f, 0, MANY, AURORA_EIO);
    ck_assert_int_eq(aurora_health(f.shop), AURORA_EIO);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_bisections_total"), 0);
    assert_nothing_stored();
    f.lasting = AURORA_OK;
    assert_taken_again(0, MANY);
}
END_TEST

START_TEST(test_batch__a_full_disk_answers_all_at_once)
{
    uint32_t saves = f.saves;
    uint64_t answered = batch_fixture_metric(&f, "aurora_commands_total");
    f.lasting = AURORA_EFULL;
    batch_fixture_submit(&f, 0, MANY);

    batch_fixture_turn(&f);

    batch_fixture_assert_done(&f, 0, MANY, AURORA_EFULL);
    ck_assert_uint_eq(f.saves - saves, 1);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_commands_total") - answered, MANY);
    ck_assert_int_eq(aurora_health(f.shop), AURORA_EFULL);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_bisections_total"), 0);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_batch_retries_total"), 0);
    assert_nothing_stored();
    f.lasting = AURORA_OK;
    assert_taken_again(0, MANY);
}
END_TEST

/* What an undone attempt had to say is not what the last one failed of. */
START_TEST(test_batch__a_failed_batch_tells_nothing_of_its_undone_attempts)
{
    f.lasting = AURORA_EFULL;
    batch_fixture_submit(&f, 0, 1);
    own_command *refused = submit_own(&with_keys, REFUSE, "a receipt");

    batch_fixture_turn(&f);

    ck_assert_str_eq(refused->head.err.field, "");
    ck_assert_str_eq(refused->head.err.message, "");
    aurora_assert_status(end_own(refused), AURORA_EFULL);
}
END_TEST

/* --- unknown commits -------------------------------------------------------------------------- */

START_TEST(test_batch__a_commit_of_unknown_outcome_takes_effect_once)
{
    f.faults->commit_outcome = _i == 0 ? AURORA_OK : AURORA_ENOTFOUND;
    f.faults->resolve_delay = 4;
    f.faults->commit.status = AURORA_ETIMEDOUT;
    batch_fixture_submit(&f, 0, MANY);

    batch_fixture_turn(&f);

    batch_fixture_assert_done(&f, 0, MANY, AURORA_OK);
    ck_assert_uint_eq(f.resolves, 5);
    ck_assert_uint_eq(f.early_answers, 0);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_unknown_commits_total"), 1);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_batch_retries_total"), (uint64_t)_i);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_retries_total"), (uint64_t)_i);
    ck_assert_int_eq(sold(), MANY);
    ck_assert_uint_eq(shop_count(f.shop, AURORA_ORDER_COMPLETED), MANY);
    shop_assert_clean(f.shop);
}
END_TEST

/* Mutation: resolve does not call tell_late: nobody is answered before the store knows. */
START_TEST(test_batch__whose_time_is_over_before_the_store_knows_is_told_so)
{
    f.faults->commit_outcome = _i == 0 ? AURORA_OK : AURORA_ENOTFOUND;
    f.faults->resolve_delay = 20;
    f.faults->commit.status = AURORA_ETIMEDOUT;
    f.resolve_ms = 500; /* and an order waits for five seconds */
    batch_fixture_submit(&f, 0, 10);

    batch_fixture_turn(&f);

    ck_assert_uint_gt(f.early_answers, 0);
    batch_fixture_assert_done(&f, 0, 10, AURORA_ETIMEDOUT);
    ck_assert_int_eq(sold(), 10); /* of which nobody was told, whichever way it was done */
    ck_assert_int_eq(aurora_health(f.shop), AURORA_OK);
    batch_fixture_submit(&f, 0, 10);
    batch_fixture_turn(&f);
    ck_assert_uint_eq(f.done_count, 10);
    for (uint32_t i = 0; i < f.done_count; i++) {
        aurora_assert_ok(f.done[i].status);
        ck_assert_uint_eq(f.done[i].is_replay, 1);
    }
    ck_assert_int_eq(sold(), 10);
    shop_assert_clean(f.shop);
}
END_TEST

/* The position that the log row got before the answer was lost is the one that followers use. */
START_TEST(test_batch__events_of_an_unknown_commit_are_read_once)
{
    aurora_event_page *page = NULL;
    uint64_t newest;
    f.faults->commit_outcome = _i == 0 ? AURORA_OK : AURORA_ENOTFOUND;
    f.faults->commit.status = AURORA_ETIMEDOUT;
    aurora_assert_ok(aurora_event_bounds(f.shop, NULL, &newest));
    batch_fixture_submit(&f, 0, 10);

    batch_fixture_turn(&f);
    aurora_assert_ok(aurora_event_tail(f.shop, newest, 1000, 0, &page));

    uint32_t created = 0;
    for (uint32_t i = 0; i < page->count; i++) {
        ck_assert_uint_eq(page->items[i]->position, newest + 1 + i);
        if (page->items[i]->kind == AURORA_EVENT_ORDER_CREATED)
            aurora_assert_id_eq(page->items[i]->order_id, f.done[created++].id);
    }
    ck_assert_uint_eq(created, 10);
    aurora_event_page_free(page);
    batch_fixture_assert_done(&f, 0, 10, AURORA_OK);
}
END_TEST

/* --- more keys -------------------------------------------------------------------------------- */

START_TEST(test_batch__rows_nobody_asked_for_are_loaded_when_a_decision_needs_them)
{
    own_command *asking = submit_own(&with_keys, MOVE, "first");
    batch_fixture_turn(&f);
    uint64_t before = batch_fixture_metric(&f, "aurora_commands_rerun_total");
    own_command *silent = submit_own(&without_keys, MOVE, "second");
    batch_fixture_submit(&f, 0, 3);

    batch_fixture_turn(&f);

    ck_assert_uint_eq(before, 0);
    ck_assert_uint_ge(batch_fixture_metric(&f, "aurora_commands_rerun_total"), 1);
    ck_assert_int_eq(asking->stock.received, BEFORE + 7);
    ck_assert_int_eq(silent->stock.received, BEFORE + 14);
    aurora_assert_ok(end_own(asking));
    aurora_assert_ok(end_own(silent));
    batch_fixture_assert_done(&f, 0, 3, AURORA_OK);
    ck_assert_int_eq(shop_stock(f.shop).received, BEFORE + 14);
    shop_assert_clean(f.shop);
}
END_TEST

/* --- broken invariants ------------------------------------------------------------------------ */

static char *folder;
static char file[512];

static void start_file(void)
{
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
    batch_fixture_open(&f, file, "batch_max=8", NULL);
}

static void stop_file(void)
{
    batch_fixture_close(&f);
    aurora_tempdir_remove(folder);
}

static void reopen(void)
{
    batch_fixture_close(&f);
    batch_fixture_open(&f, file, "batch_max=8", NULL);
}

/* Orders before and after the broken one, in its batch and in the next ones. */
static void break_it(void)
{
    batch_fixture_submit(&f, 0, 3);
    own_command *broken = submit_own(&with_keys, BREAK, "a receipt");
    batch_fixture_submit(&f, 3, 20);
    for (int i = 0; i < 6; i++)
        batch_fixture_turn(&f);
    aurora_assert_status(end_own(broken), AURORA_ECORE);
}

START_TEST(test_batch__a_broken_invariant_stores_nothing_and_answers_all)
{
    break_it();

    batch_fixture_assert_done(&f, 0, 23, AURORA_ECORE);
    ck_assert_uint_ge(f.fatal_lines, 1);
    ck_assert_int_eq(aurora_health(f.shop), AURORA_ECORE);
    reopen();
    assert_nothing_stored();
    assert_taken_again(0, 8);
}
END_TEST

START_TEST(test_batch__taking_answers_what_a_broken_handle_had_accepted)
{
    uint32_t count;
    batch_fixture_submit(&f, 0, 3);
    own_command *broken = submit_own(&with_keys, BREAK, "a receipt");
    batch_fixture_submit(&f, 3, 20);

    for (int i = 0; i < 23; i += (int)count) {
        aurora_assert_ok(
            aurora_queue_take(f.queue, f.done + i, BATCH_ORDERS_MAX - (uint32_t)i, 0, &count));
        f.done_count += count;
        ck_assert_uint_gt(count, 0);
    }

    batch_fixture_assert_done(&f, 0, 23, AURORA_ECORE);
    aurora_assert_status(aurora_queue_take(f.queue, f.done, 1, -1, &count), AURORA_ECORE);
    aurora_assert_status(end_own(broken), AURORA_ECORE);
}
END_TEST

START_TEST(test_batch__a_broken_handle_refuses_every_command)
{
    shop_request request;
    aurora_order *order = NULL;
    uint32_t accepted;
    int32_t decision;
    const aurora_order_request *one = shop_request_init(&request, "later", 1, "tok_approve");
    aurora_order *before = shop_place(f.shop, "before", 1, "tok_timeout", AURORA_ORDER_NO_WAIT);
    aurora_id id = before->id;
    aurora_order_free(before);

    break_it();

    aurora_assert_status(aurora_order_place(f.shop, one, &order, NULL), AURORA_ECORE);
    aurora_assert_status(aurora_order_submit(f.queue, &one, NULL, 1, &accepted), AURORA_ECORE);
    aurora_assert_status(aurora_order_cancel(f.shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL),
                         AURORA_ECORE);
    aurora_assert_status(aurora_stock_receive(f.shop, SHOP_SKU, 1, "later", NULL), AURORA_ECORE);
    aurora_assert_status(
        aurora_stock_reserve(f.shop, "later", &request.line, 1, 1000, &decision, NULL),
        AURORA_ECORE);
    aurora_manual_clock_advance(&f.manual, INT64_C(3600000)); /* no timer fires, either */
    batch_fixture_turn(&f);
    ck_assert_int_eq(shop_status(f.shop, id), AURORA_ORDER_RESERVED);
    reopen();
    ck_assert_uint_eq(shop_count(f.shop, 0), 1);
    ck_assert_int_eq(shop_status(f.shop, id), AURORA_ORDER_RESERVED);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("batch");
    TCase *memory = tcase_create("memory");
    tcase_add_checked_fixture(memory, start, stop);
    tcase_add_loop_test(memory, test_batch__bad_data_refuses_its_command_alone, 0, MANY);
    tcase_add_test(memory, test_batch__each_of_many_bad_ones_is_found);
    tcase_add_test(memory, test_batch__a_conflict_that_passes_refuses_nobody);
    tcase_add_test(memory, test_batch__a_damaged_row_refuses_only_who_needs_it);
    tcase_add_test(memory, test_batch__a_refused_cascade_leaves_the_others_alone);
    tcase_add_loop_test(memory, test_batch__a_passing_failure_runs_the_whole_batch_again, 0, 10);
    tcase_add_test(memory, test_batch__a_lasting_failure_answers_all_and_stores_nothing);
    tcase_add_test(memory, test_batch__a_full_disk_answers_all_at_once);
    tcase_add_test(memory, test_batch__a_failed_batch_tells_nothing_of_its_undone_attempts);
    tcase_add_loop_test(memory, test_batch__a_commit_of_unknown_outcome_takes_effect_once, 0, 2);
    tcase_add_loop_test(memory, test_batch__whose_time_is_over_before_the_store_knows_is_told_so, 0,
                        2);
    tcase_add_loop_test(memory, test_batch__events_of_an_unknown_commit_are_read_once, 0, 2);
    tcase_add_test(memory, test_batch__rows_nobody_asked_for_are_loaded_when_a_decision_needs_them);
    suite_add_tcase(all, memory);
    TCase *broken = tcase_create("broken");
    tcase_add_checked_fixture(broken, start_file, stop_file);
    tcase_add_test(broken, test_batch__a_broken_invariant_stores_nothing_and_answers_all);
    tcase_add_test(broken, test_batch__taking_answers_what_a_broken_handle_had_accepted);
    tcase_add_test(broken, test_batch__a_broken_handle_refuses_every_command);
    suite_add_tcase(all, broken);
    return all;
}

AURORA_TEST_MAIN(suite)
