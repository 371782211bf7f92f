/* SPDX-License-Identifier: MIT */
#include "core/price.h"
#include "core/product.h"

#include <aurora/event.h>

#include "core_fixture.h"

static core_fixture *fixture;
static uint64_t version;

static void setup(void)
{
    fixture = core_fixture_new();
    version = 4711;
}

static void teardown(void)
{
    core_fixture_free(fixture);
}

static aurora__product_put cup(int64_t price_minor)
{
    return (aurora__product_put){.sku = "cup",
                                 .name = "Cup",
                                 .description = "Holds tea",
                                 .brand = "Pott",
                                 .category = "Kitchen",
                                 .image_url = "https://pott.example/cup.png",
                                 .price_minor = price_minor,
                                 .currency = "EUR",
                                 .attributes = "[[\"colour\",\"red\"]]"};
}

/* --- commands, each with its keys and its cascade --------------------------------------------- */

typedef struct {
    const aurora__product_put *put;
    const char *sku;
    uint64_t if_version;
    int64_t count;
    aurora_status (*decide)(aurora__step *step, void *context);
} command;

static aurora_status decide_put(aurora__step *step, void *context)
{
    const command *what = context;
    return aurora__product_replace(step, what->put, what->if_version, &version);
}

static aurora_status decide_delete(aurora__step *step, void *context)
{
    const command *what = context;
    return aurora__product_delete(step, what->sku, what->if_version, &version);
}

static aurora_status decide_view(aurora__step *step, void *context)
{
    const command *what = context;
    return aurora__product_view(step, what->sku, what->count);
}

static aurora_status decide_resync(aurora__step *step, void *context)
{
    const command *what = context;
    return aurora__product_resync(step, what->sku);
}

static aurora_status decide(aurora__step *step, void *context)
{
    const command *what = context;
    aurora_status rc = aurora__product_keys(step, what->sku);
    if (rc == AURORA_OK)
        rc = what->decide(step, context);
    return rc != AURORA_OK ? rc : aurora__cascade_run(step, 0);
}

static aurora_status put(aurora__product_put product, uint64_t if_version)
{
    command what = {
        .put = &product, .sku = product.sku, .if_version = if_version, .decide = decide_put};
    return core_fixture_run(fixture, decide, &what);
}

static aurora_status erase(const char *sku, uint64_t if_version)
{
    command what = {.sku = sku, .if_version = if_version, .decide = decide_delete};
    return core_fixture_run(fixture, decide, &what);
}

static aurora_status view(const char *sku, int64_t count)
{
    command what = {.sku = sku, .count = count, .decide = decide_view};
    return core_fixture_run(fixture, decide, &what);
}

static aurora_status resync(const char *sku)
{
    command what = {.sku = sku, .decide = decide_resync};
    return core_fixture_run(fixture, decide, &what);
}

static const aurora__product_row *stored(const char *sku)
{
    aurora__key key = aurora__key_text(AURORA__TABLE_product, sku);
    return core_fixture_get(fixture, &key);
}

static const aurora__price_row *price(const char *sku)
{
    aurora__key key = aurora__key_text(AURORA__TABLE_price, sku);
    return core_fixture_get(fixture, &key);
}

/* --- put -------------------------------------------------------------------------------------- */

START_TEST(test_product__put_stores_the_whole_product_and_says_so)
{
    aurora_assert_ok(put(cup(250), AURORA_ANY_VERSION));

    const aurora__product_row *row = stored("cup");
    ck_assert_uint_eq(version, 1);
    ck_assert_int_eq(row->version, 1);
    ck_assert_str_eq(row->name, "Cup");
    ck_assert_str_eq(row->attributes, "[[\"colour\",\"red\"]]");
    ck_assert_int_eq(row->created_at, CORE_FIXTURE_NOW);
    ck_assert_int_eq(row->updated_at, CORE_FIXTURE_NOW);
    const aurora__event *event = core_fixture_event(fixture);
    ck_assert_int_eq(event->kind, AURORA_EVENT_PRODUCT_UPSERTED);
    ck_assert_str_eq(event->sku, "cup");
    ck_assert_str_eq(event->product->description, "Holds tea");
    ck_assert_int_eq(event->product->price_minor, 250);
    ck_assert_int_eq(event->product->version, 1);
    ck_assert(!event->is_resend);
}
END_TEST

START_TEST(test_product__put_replaces_all_and_an_absent_member_becomes_empty)
{
    aurora_assert_ok(put(cup(250), AURORA_ANY_VERSION));
    fixture->now_ms += 1000;

    aurora_assert_ok(put(
        (aurora__product_put){
            .sku = "cup", .name = "Mug", .brand = "", .currency = "USD", .attributes = "[]"},
        AURORA_ANY_VERSION));

    const aurora__product_row *row = stored("cup");
    ck_assert_uint_eq(version, 2);
    ck_assert_str_eq(row->name, "Mug");
    ck_assert_ptr_null(row->description);
    ck_assert_ptr_null(row->brand);
    ck_assert_ptr_null(row->category);
    ck_assert_ptr_null(row->image_url);
    ck_assert_ptr_null(row->attributes);
    ck_assert_int_eq(row->price_minor, 0);
    ck_assert_int_eq(row->created_at, CORE_FIXTURE_NOW);
    ck_assert_int_eq(row->updated_at, CORE_FIXTURE_NOW + 1000);
}
END_TEST

START_TEST(test_product__same_put_again_changes_nothing_and_says_nothing)
{
    aurora_assert_ok(put(cup(250), AURORA_ANY_VERSION));
    fixture->now_ms += 1000;

    aurora_assert_ok(put(cup(250), AURORA_ANY_VERSION));
    ck_assert_uint_eq(fixture->step.event_count, 0);
    aurora_assert_ok(put(cup(250), 1));

    ck_assert_uint_eq(fixture->step.event_count, 0);
    ck_assert_uint_eq(version, 1);
    ck_assert_int_eq(stored("cup")->updated_at, CORE_FIXTURE_NOW);
}
END_TEST

START_TEST(test_product__null_and_empty_are_the_same_put)
{
    aurora__product_put empty = {.sku = "cup",
                                 .name = "Cup",
                                 .description = "",
                                 .brand = "",
                                 .category = "",
                                 .image_url = "",
                                 .currency = "EUR",
                                 .attributes = "[]"};
    aurora_assert_ok(put((aurora__product_put){.sku = "cup", .name = "Cup", .currency = "EUR"}, 0));

    aurora_assert_ok(put(empty, AURORA_ANY_VERSION));

    ck_assert_uint_eq(fixture->step.event_count, 0);
    ck_assert_uint_eq(version, 1);
}
END_TEST

START_TEST(test_product__change_of_any_single_member_is_a_new_version)
{
    aurora__product_put changes[8];
    for (int i = 0; i < 8; i++)
        changes[i] = cup(250);
    changes[0].name = "Cup 2";
    changes[1].description = "Holds coffee";
    changes[2].brand = "Tass";
    changes[3].category = NULL;
    changes[4].image_url = "https://pott.example/2.png";
    changes[5].price_minor = 251;
    changes[6].currency = "USD";
    changes[7].attributes = "[[\"colour\",\"blue\"]]";
    for (int i = 0; i < 8; i++) {
        aurora_assert_ok(put(cup(250), AURORA_ANY_VERSION));
        uint64_t before = version;
        aurora_assert_ok(put(changes[i], AURORA_ANY_VERSION));
        ck_assert_uint_eq(version, before + 1);
        ck_assert_uint_eq(fixture->step.event_count, 1);
    }
}
END_TEST

START_TEST(test_product__if_version_0_means_there_must_be_none)
{
    aurora_assert_ok(put(cup(250), 0));
    ck_assert_uint_eq(version, 1);

    aurora_assert_status(put(cup(300), 0), AURORA_EVERSION);
    ck_assert_uint_eq(version, 1);
    aurora_assert_status(put(cup(250), 0), AURORA_EVERSION);

    ck_assert_int_eq(stored("cup")->price_minor, 250);
}
END_TEST

START_TEST(test_product__if_version_must_be_the_current_one)
{
    aurora_assert_status(put(cup(250), 1), AURORA_EVERSION);
    ck_assert_uint_eq(version, 0);
    aurora_assert_ok(put(cup(250), 0));
    aurora_assert_ok(put(cup(251), 1));
    ck_assert_uint_eq(version, 2);

    aurora_assert_status(put(cup(252), 1), AURORA_EVERSION);
    ck_assert_uint_eq(version, 2);
    aurora_assert_status(put(cup(252), 3), AURORA_EVERSION);

    ck_assert_int_eq(stored("cup")->price_minor, 251);
}
END_TEST

/* --- delete ----------------------------------------------------------------------------------- */

START_TEST(test_product__delete_leaves_a_marker_with_the_next_version)
{
    aurora_assert_ok(put(cup(250), 0));
    fixture->now_ms += 1000;

    aurora_assert_ok(erase("cup", AURORA_ANY_VERSION));

    ck_assert_uint_eq(version, 2);
    ck_assert_int_eq(stored("cup")->created_at, CORE_FIXTURE_NOW);
    ck_assert_int_eq(stored("cup")->updated_at, CORE_FIXTURE_NOW + 1000);
    ck_assert_int_eq(stored("cup")->is_deleted, 1);
    ck_assert_int_eq(stored("cup")->version, 2);
    ck_assert_ptr_null(stored("cup")->category);
    const aurora__event *event = core_fixture_event(fixture);
    ck_assert_int_eq(event->kind, AURORA_EVENT_PRODUCT_DELETED);
    ck_assert_str_eq(event->sku, "cup");
    ck_assert_int_eq(event->product_version, 2);
}
END_TEST

START_TEST(test_product__delete_of_none_or_twice_is_not_found)
{
    aurora_assert_status(erase("cup", AURORA_ANY_VERSION), AURORA_ENOTFOUND);
    ck_assert_uint_eq(core_fixture_count(fixture, AURORA__TABLE_product), 0);
    aurora_assert_ok(put(cup(250), 0));
    aurora_assert_ok(erase("cup", 1));

    aurora_assert_status(erase("cup", AURORA_ANY_VERSION), AURORA_ENOTFOUND);
    aurora_assert_status(erase("cup", 2), AURORA_ENOTFOUND);
    ck_assert_int_eq(stored("cup")->version, 2);
}
END_TEST

START_TEST(test_product__delete_of_another_version_is_refused)
{
    aurora_assert_ok(put(cup(250), 0));
    aurora_assert_ok(put(cup(251), 1));

    aurora_assert_status(erase("cup", 1), AURORA_EVERSION);

    ck_assert_uint_eq(version, 2);
    ck_assert_int_eq(stored("cup")->is_deleted, 0);
}
END_TEST

START_TEST(test_product__version_goes_on_where_a_deleted_product_ended)
{
    aurora_assert_ok(put(cup(250), 0));
    aurora_assert_ok(erase("cup", 1));
    fixture->now_ms += 1000;

    aurora_assert_status(put(cup(250), 2), AURORA_EVERSION);
    ck_assert_uint_eq(version, 0);
    aurora_assert_ok(put(cup(250), 0));

    ck_assert_uint_eq(version, 3);
    ck_assert_int_eq(stored("cup")->is_deleted, 0);
    ck_assert_int_eq(stored("cup")->created_at, CORE_FIXTURE_NOW + 1000);
    ck_assert_int_eq(price("cup")->version, 3);
    ck_assert_int_eq(price("cup")->is_deleted, 0);
}
END_TEST

/* --- views and repeats ------------------------------------------------------------------------ */

START_TEST(test_product__view_is_an_event_and_no_row)
{
    aurora_assert_ok(put(cup(250), 0));

    aurora_assert_ok(view("cup", 3));

    ck_assert_int_eq(core_fixture_event(fixture)->kind, AURORA_EVENT_PRODUCT_VIEWED);
    ck_assert_str_eq(core_fixture_event(fixture)->sku, "cup");
    ck_assert_int_eq(core_fixture_event(fixture)->count, 3);
    ck_assert_int_eq(stored("cup")->version, 1);
}
END_TEST

START_TEST(test_product__view_of_an_unknown_or_deleted_product_is_refused)
{
    aurora_assert_status(view("cup", 1), AURORA_EUNKNOWNSKU);
    aurora_assert_ok(put(cup(250), 0));
    aurora_assert_ok(erase("cup", 1));

    aurora_assert_status(view("cup", 1), AURORA_EUNKNOWNSKU);
}
END_TEST

START_TEST(test_product__resync_says_again_what_is_stored)
{
    aurora_assert_ok(put(cup(250), 0));

    aurora_assert_ok(resync("cup"));

    const aurora__event *event = core_fixture_event(fixture);
    ck_assert_int_eq(event->kind, AURORA_EVENT_PRODUCT_UPSERTED);
    ck_assert(event->is_resend);
    ck_assert_int_eq(event->product->version, 1);
    aurora_assert_ok(erase("cup", 1));
    aurora_assert_ok(resync("cup"));
    event = core_fixture_event(fixture);
    ck_assert_int_eq(event->kind, AURORA_EVENT_PRODUCT_DELETED);
    ck_assert(event->is_resend);
    ck_assert_int_eq(event->product_version, 2);
    aurora_assert_ok(resync("pot"));
    ck_assert_uint_eq(fixture->step.event_count, 0);
}
END_TEST

START_TEST(test_product__event_of_an_earlier_command_of_the_batch_keeps_its_product)
{
    aurora__event seen;
    aurora__product_row product;
    aurora_assert_ok(put(cup(250), 0));
    seen = *core_fixture_event(fixture);
    product = *seen.product;
    aurora__key key = aurora__key_text(AURORA__TABLE_product, "cup");
    aurora__product_row *row;

    aurora_assert_ok(aurora__rows_write(fixture->step.rows, &key, (void **)&row));
    row->price_minor = 999;

    ck_assert_int_eq(product.price_minor, 250);
    ck_assert_int_eq(seen.product->price_minor, 250);
}
END_TEST

/* --- the price list --------------------------------------------------------------------------- */

static aurora_status decide_price(aurora__step *step, void *context)
{
    const aurora__event *event = context;
    aurora_status rc = aurora__price_want(step, event->sku);
    return rc != AURORA_OK ? rc : aurora__price_on_event(step, event);
}

static aurora_status decide_other(aurora__step *step, void *context)
{
    return aurora__price_on_event(step, context);
}

START_TEST(test_price__other_events_are_passed_over)
{
    aurora__event event = {.kind = AURORA_EVENT_PRODUCT_VIEWED, .sku = "cup"};

    aurora_assert_ok(core_fixture_run(fixture, decide_other, &event));

    ck_assert_uint_eq(core_fixture_count(fixture, AURORA__TABLE_price), 0);
}
END_TEST

static aurora_status decide_keep(aurora__step *step, void *context)
{
    return aurora__product_keep(step, context);
}

START_TEST(test_product__kept_event_without_sku_or_product_is_damage)
{
    aurora__product_row product = {.sku = "cup", .currency = "EUR", .version = 2};
    aurora__event event = {.kind = AURORA_EVENT_PRODUCT_UPSERTED, .product = &product};
    aurora_assert_status(core_fixture_run(fixture, decide_keep, &event), AURORA_ECORRUPT);
    event.sku = "cup";
    event.product = NULL;
    aurora_assert_status(core_fixture_run(fixture, decide_keep, &event), AURORA_ECORRUPT);

    ck_assert_uint_eq(core_fixture_count(fixture, AURORA__TABLE_product), 0);
}
END_TEST

static aurora_status hear_upsert(int64_t of_version, int64_t price_minor)
{
    aurora__product_row product = {
        .sku = "cup", .price_minor = price_minor, .currency = "EUR", .version = of_version};
    aurora__event event = {
        .kind = AURORA_EVENT_PRODUCT_UPSERTED, .sku = "cup", .product = &product};
    return core_fixture_run(fixture, decide_price, &event);
}

static aurora_status hear_delete(int64_t of_version)
{
    aurora__event event = {
        .kind = AURORA_EVENT_PRODUCT_DELETED, .sku = "cup", .product_version = of_version};
    return core_fixture_run(fixture, decide_price, &event);
}

START_TEST(test_price__follows_the_product_in_the_same_decision)
{
    aurora_assert_ok(put(cup(250), 0));
    ck_assert_int_eq(price("cup")->price_minor, 250);
    ck_assert_str_eq(price("cup")->currency, "EUR");
    aurora_assert_ok(put(cup(300), 1));
    ck_assert_int_eq(price("cup")->price_minor, 300);
    ck_assert_int_eq(price("cup")->version, 2);

    aurora_assert_ok(erase("cup", 2));

    ck_assert_int_eq(price("cup")->is_deleted, 1);
    ck_assert_int_eq(price("cup")->price_minor, 0);
    ck_assert_int_eq(price("cup")->version, 3);
}
END_TEST

START_TEST(test_price__is_not_kept_where_no_orders_are)
{
    fixture->policy.modules = AURORA__MODULE_PRODUCT;

    aurora_assert_ok(put(cup(250), 0));

    ck_assert_ptr_null(price("cup"));
    ck_assert_uint_eq(fixture->step.rows->of_cache.count, 0);
}
END_TEST

START_TEST(test_price__older_or_equal_version_never_overwrites)
{
    aurora_assert_ok(hear_upsert(5, 500));

    aurora_assert_ok(hear_upsert(4, 400));
    aurora_assert_ok(hear_upsert(5, 555));
    aurora_assert_ok(hear_delete(4));

    ck_assert_int_eq(price("cup")->price_minor, 500);
    ck_assert_int_eq(price("cup")->version, 5);
    ck_assert_int_eq(price("cup")->is_deleted, 0);
}
END_TEST

START_TEST(test_price__late_upsert_cannot_revive_a_deleted_product)
{
    aurora_assert_ok(hear_upsert(1, 100));
    aurora_assert_ok(hear_delete(3));

    aurora_assert_ok(hear_upsert(2, 200));
    ck_assert_int_eq(price("cup")->is_deleted, 1);
    aurora_assert_ok(hear_upsert(4, 400));

    ck_assert_int_eq(price("cup")->is_deleted, 0);
    ck_assert_int_eq(price("cup")->price_minor, 400);
}
END_TEST

START_TEST(test_price__delete_of_an_unheard_product_leaves_a_marker)
{
    aurora_assert_ok(hear_delete(2));
    ck_assert_int_eq(price("cup")->is_deleted, 1);
    ck_assert_int_eq(price("cup")->version, 2);

    aurora_assert_ok(hear_upsert(1, 100));

    ck_assert_int_eq(price("cup")->is_deleted, 1);
}
END_TEST

START_TEST(test_price__damaged_event_is_refused)
{
    aurora__event without = {.kind = AURORA_EVENT_PRODUCT_UPSERTED, .sku = "cup"};

    aurora_assert_status(core_fixture_run(fixture, decide_price, &without), AURORA_ECORRUPT);
    aurora_assert_status(hear_upsert(0, 100), AURORA_ECORRUPT);
    aurora_assert_status(hear_delete(0), AURORA_ECORRUPT);

    ck_assert_ptr_null(price("cup"));
}
END_TEST

static Suite *product_suite(void)
{
    Suite *suite = suite_create("product");
    TCase *tcase = tcase_create("product");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_product__put_stores_the_whole_product_and_says_so);
    tcase_add_test(tcase, test_product__put_replaces_all_and_an_absent_member_becomes_empty);
    tcase_add_test(tcase, test_product__same_put_again_changes_nothing_and_says_nothing);
    tcase_add_test(tcase, test_product__null_and_empty_are_the_same_put);
    tcase_add_test(tcase, test_product__change_of_any_single_member_is_a_new_version);
    tcase_add_test(tcase, test_product__if_version_0_means_there_must_be_none);
    tcase_add_test(tcase, test_product__if_version_must_be_the_current_one);
    tcase_add_test(tcase, test_product__delete_leaves_a_marker_with_the_next_version);
    tcase_add_test(tcase, test_product__delete_of_none_or_twice_is_not_found);
    tcase_add_test(tcase, test_product__delete_of_another_version_is_refused);
    tcase_add_test(tcase, test_product__version_goes_on_where_a_deleted_product_ended);
    tcase_add_test(tcase, test_product__view_is_an_event_and_no_row);
    tcase_add_test(tcase, test_product__view_of_an_unknown_or_deleted_product_is_refused);
    tcase_add_test(tcase, test_product__resync_says_again_what_is_stored);
    tcase_add_test(tcase, test_product__event_of_an_earlier_command_of_the_batch_keeps_its_product);
    tcase_add_test(tcase, test_price__follows_the_product_in_the_same_decision);
    tcase_add_test(tcase, test_price__is_not_kept_where_no_orders_are);
    tcase_add_test(tcase, test_price__older_or_equal_version_never_overwrites);
    tcase_add_test(tcase, test_price__late_upsert_cannot_revive_a_deleted_product);
    tcase_add_test(tcase, test_price__delete_of_an_unheard_product_leaves_a_marker);
    tcase_add_test(tcase, test_price__damaged_event_is_refused);
    tcase_add_test(tcase, test_price__other_events_are_passed_over);
    tcase_add_test(tcase, test_product__kept_event_without_sku_or_product_is_damage);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(product_suite)
