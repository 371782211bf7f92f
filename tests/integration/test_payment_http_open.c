/* SPDX-License-Identifier: MIT */
/* Opening a provider over HTTP: whose certificate is believed, which settings are refused, and what
 * a lack of memory leaves behind. */
#include <aurora/net.h>
#include <stdio.h>

#include "http_bank.h"

#define SETTLE_MS 60000

static http_bank *bank;
static aurora_t *shop;
static char *folder;

static void start(void)
{
    folder = aurora_tempdir_new();
    bank = http_bank_new(NULL);
}

static void start_with_tls(void)
{
    folder = aurora_tempdir_new();
    bank = http_bank_new(folder);
}

static void stop(void)
{
    aurora_close(shop);
    shop = NULL;
    http_bank_free(bank);
    aurora_tempdir_remove(folder);
}

static void assert_sold_once(void)
{
    aurora_id id = shop_submit(shop, "a", 2);
    ck_assert(shop_wait_settled(shop, id, SETTLE_MS));
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_COMPLETED);
    http_bank_audit(bank, shop);
}

/* --- TLS -------------------------------------------------------------------------------------- */

START_TEST(test_payment_http_open__unknown_certificate_is_refused)
{
    shop = http_bank_shop(bank, "memory:", bank->port, "order_deadline=500ms");
    shop_stock_up(shop, 10);

    aurora_order *order = shop_place(shop, "a", 2, "card", 0);

    ck_assert_int_eq(order->reason, AURORA_REASON_DEADLINE);
    ck_assert_uint_gt(bank->connections, 0);
    ck_assert_uint_eq(bank->requests[AURORA_VERB_AUTHORIZE], 0);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_payment_http_open__certificate_of_the_given_authority_is_accepted)
{
    char authority[600];
    snprintf(authority, sizeof authority, "payment_ca=%s", bank->certificate);
    shop = http_bank_shop(bank, "memory:", bank->port, authority);
    shop_stock_up(shop, 10);

    assert_sold_once();
}
END_TEST

/* --- settings --------------------------------------------------------------------------------- */

static void assert_refused(const char *payment, const char *more, const char *field,
                           const char *message)
{
    uint32_t driver_count;
    aurora_t *refused;
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_driver *drivers = aurora_net_drivers(&driver_count);
    const char *settings[] = {payment, more};
    aurora_assert_status(
        aurora_open("memory:",
                    AURORA_OPTIONS(.drivers = drivers, .driver_count = driver_count,
                                   .settings = settings, .setting_count = more != NULL ? 2 : 1),
                    &refused, &err),
        AURORA_EINVAL);
    ck_assert_str_eq(err.field, field);
    ck_assert_str_eq(err.message, message);
    ck_assert_ptr_null(refused);
}

START_TEST(test_payment_http_open__bad_settings_are_named)
{
    static const char secret[] = "payment_secret=x";
    assert_refused("payment=https://psp.example/pay", NULL, "payment_secret",
                   "is required: requests to the bridge are signed with it");
    assert_refused("payment=http://psp.example/pay", secret, "payment",
                   "must be https: to another machine; ?insecure=1 allows http:");
    assert_refused("payment=http://127.0.0.1.example/pay", secret, "payment",
                   "must be https: to another machine; ?insecure=1 allows http:");
    assert_refused("payment=http://psp.example/pay?insecure=yes", secret, "payment",
                   "insecure can only be 1");
    assert_refused("payment=https://psp.example/pay?insecure=1", secret, "payment",
                   "takes insecure=1 with http: alone: https: is always verified");
    assert_refused("payment=https://me:word@psp.example/", secret, "payment",
                   "must hold no user and password: requests are signed");
    assert_refused("payment=https://psp.example/#top", secret, "payment", "must have no fragment");
    assert_refused("payment=https:", secret, "payment", "must be https://host/path");
}
END_TEST

START_TEST(test_payment_http_open__plain_http_needs_this_machine_or_a_word)
{
    static const char *const urls[] = {"payment=http://localhost:1/pay",
                                       "payment=http://127.9.9.9:1/pay",
                                       "payment=http://[::1]:1/pay",
                                       "payment=http://psp.example/pay?insecure=1",
                                       "payment=http://psp.example/?a=b&insecure=1&c=d",
                                       "payment=https://psp.example/pay"};
    uint32_t driver_count;
    const aurora_driver *drivers = aurora_net_drivers(&driver_count);
    const char *settings[] = {urls[_i], "payment_secret=x"};

    shop = shop_open("memory:", AURORA_OPTIONS(.drivers = drivers, .driver_count = driver_count,
                                               .settings = settings, .setting_count = 2));
}
END_TEST

/* --- memory ----------------------------------------------------------------------------------- */

static aurora_status open_with_failing(aurora_failing_allocator *failing, uint64_t fail_at)
{
    char payment[128];
    uint32_t driver_count;
    aurora_allocator allocator;
    const aurora_driver *drivers = aurora_net_drivers(&driver_count);
    snprintf(payment, sizeof payment, "payment=http://127.0.0.1:%d/pay?shop=1", bank->port);
    const char *settings[] = {payment, "payment_secret=" HTTP_BANK_SECRET,
                              "search=none:", "payment_ca=/dev/null"};
    aurora_failing_allocator_init(failing, fail_at, 0);
    aurora_failing_allocator_attach(failing, &allocator);
    return aurora_open("memory:",
                       AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER, .allocator = &allocator,
                                      .drivers = drivers, .driver_count = driver_count,
                                      .settings = settings, .setting_count = 4),
                       &shop, NULL);
}

START_TEST(test_payment_http_open__lack_of_memory_leaves_nothing)
{
    aurora_failing_allocator failing;
    uint64_t fail_at = 0;
    bool has_failed = true;
    for (; has_failed; fail_at++) {
        aurora_status rc = open_with_failing(&failing, fail_at);
        has_failed = aurora_failing_allocator_count(&failing) > fail_at;
        ck_assert(rc == AURORA_OK || rc == AURORA_ENOMEM);
        ck_assert((shop != NULL) == (rc == AURORA_OK));
        aurora_close(shop);
        ck_assert_uint_eq(aurora_failing_allocator_live(&failing), 0);
    }

    ck_assert_uint_gt(fail_at, 5);
    aurora_assert_ok(open_with_failing(&failing, UINT64_MAX));
    shop_stock_up(shop, 10);
    assert_sold_once();
    aurora_close(shop);
    shop = NULL;
    ck_assert_uint_eq(aurora_failing_allocator_live(&failing), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("payment_http_open");
    TCase *plain = tcase_create("plain");
    tcase_set_timeout(plain, 60);
    tcase_add_checked_fixture(plain, start, stop);
    tcase_add_test(plain, test_payment_http_open__bad_settings_are_named);
    tcase_add_loop_test(plain, test_payment_http_open__plain_http_needs_this_machine_or_a_word, 0,
                        6);
    tcase_add_test(plain, test_payment_http_open__lack_of_memory_leaves_nothing);
    suite_add_tcase(all, plain);
    TCase *tls = tcase_create("tls");
    tcase_set_timeout(tls, 60);
    tcase_add_checked_fixture(tls, start_with_tls, stop);
    tcase_add_test(tls, test_payment_http_open__unknown_certificate_is_refused);
    tcase_add_test(tls, test_payment_http_open__certificate_of_the_given_authority_is_accepted);
    suite_add_tcase(all, tls);
    return all;
}

AURORA_TEST_MAIN(suite)
