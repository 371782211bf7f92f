/* SPDX-License-Identifier: MIT */
/* Rows of sagas under way, kept between batches. */
#include "core/recent.h"

#include "core/internal.h"

#include "test.h"

static char batch_memory[1 << 16];
static char recent_memory[1 << 16];
static aurora__arena batch;
static aurora__arena recent;
static aurora__rows rows;
static aurora_id order_id;

static void *never_grow(void *self, size_t bytes, size_t *size_out)
{
    (void)self;
    (void)bytes;
    (void)size_out;
    return NULL;
}

static aurora__arena arena_of(char *memory, size_t size)
{
    return (aurora__arena){.at = memory, .end = memory + size, .grow = never_grow};
}

static void setup(void)
{
    batch = arena_of(batch_memory, sizeof batch_memory);
    recent = arena_of(recent_memory, sizeof recent_memory);
    order_id = (aurora_id){{1, 0x97, 0x5C, 0, 0, 0, 0x70, 0, 0x80}};
    aurora__rows_init(&rows, &batch, &batch);
    aurora__rows_keep_recent(&rows, &recent);
}

/* The batch is over: its memory is used again, as the engine does. */
static void end_batch(void)
{
    aurora__rows_end(&rows, true);
    memset(batch_memory, 0xA5, sizeof batch_memory);
    batch = arena_of(batch_memory, sizeof batch_memory);
}

static aurora__key key_of(uint32_t table)
{
    return aurora__key_uuid(table, &order_id);
}

/* The row of this batch, made if it is not there; NULL when it would have to be loaded. */
static void *write(uint32_t table)
{
    void *row;
    aurora__key key = key_of(table);
    aurora_status rc = aurora__rows_write(&rows, &key, &row);
    if (rc == AURORA__NEED_KEYS)
        return NULL;
    aurora_assert_ok(rc);
    return row;
}

static void *make(uint32_t table)
{
    void *row;
    aurora__key key = key_of(table);
    aurora_assert_ok(aurora__rows_assume_absent(&rows, &key));
    aurora_assert_ok(aurora__rows_insert(&rows, &key, &row));
    return row;
}

static bool is_kept(uint32_t table)
{
    const void *row;
    aurora__key key = key_of(table);
    aurora_status rc = aurora__rows_read(&rows, &key, &row);
    ck_assert(rc == AURORA_OK || rc == AURORA__NEED_KEYS);
    end_batch();
    return rc == AURORA_OK;
}

START_TEST(test_recent__order_is_kept_with_its_texts_until_it_is_settled)
{
    aurora__order_row *order = make(AURORA__TABLE_order);
    order->lines = "[[\"cup\",2,250]]";
    end_batch();

    order = write(AURORA__TABLE_order);
    ck_assert_ptr_nonnull(order);
    ck_assert_str_eq(order->lines, "[[\"cup\",2,250]]");
    order->settled_at = 5;
    end_batch();

    ck_assert(!is_kept(AURORA__TABLE_order));
}
END_TEST

START_TEST(test_recent__payment_and_reservation_are_kept_while_they_wait)
{
    ((aurora__payment_row *)make(AURORA__TABLE_payment))->due_at = 7;
    ((aurora__reservation_row *)make(AURORA__TABLE_reservation))->held_at = 7;
    end_batch();
    ck_assert(is_kept(AURORA__TABLE_payment));
    ck_assert(is_kept(AURORA__TABLE_reservation));

    ((aurora__payment_row *)write(AURORA__TABLE_payment))->due_at = 0;
    ((aurora__reservation_row *)write(AURORA__TABLE_reservation))->held_at = 0;
    end_batch();

    ck_assert(!is_kept(AURORA__TABLE_payment));
    ck_assert(!is_kept(AURORA__TABLE_reservation));
}
END_TEST

START_TEST(test_recent__deleted_row_is_forgotten)
{
    aurora__key key = key_of(AURORA__TABLE_order);
    make(AURORA__TABLE_order);
    end_batch();

    aurora_assert_ok(aurora__rows_delete(&rows, &key));
    end_batch();

    ck_assert(!is_kept(AURORA__TABLE_order));
}
END_TEST

START_TEST(test_recent__row_without_memory_is_loaded_again)
{
    size_t room = 0;
    for (bool is_found = false; !is_found; room += 8) {
        setup();
        recent = arena_of(recent_memory, room);
        aurora__order_row *order = make(AURORA__TABLE_order);
        order->lines = "[]";
        order->transitions = "[0]";
        end_batch();
        order = write(AURORA__TABLE_order);
        is_found = order != NULL;
        if (is_found)
            ck_assert_str_eq(order->transitions, "[0]");
        end_batch();
        ck_assert_uint_lt(room, sizeof recent_memory);
    }
    ck_assert_uint_gt(room, sizeof(aurora__order_row));
}
END_TEST

static Suite *recent_suite(void)
{
    Suite *suite = suite_create("recent");
    TCase *tcase = tcase_create("recent");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, test_recent__order_is_kept_with_its_texts_until_it_is_settled);
    tcase_add_test(tcase, test_recent__payment_and_reservation_are_kept_while_they_wait);
    tcase_add_test(tcase, test_recent__deleted_row_is_forgotten);
    tcase_add_test(tcase, test_recent__row_without_memory_is_loaded_again);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(recent_suite)
