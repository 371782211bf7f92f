/* SPDX-License-Identifier: MIT */
/* Which URLs may name a bank's bridge, apart from a handle that is opened with one:
 * integration/payment_http_open has those. */
#include <aurora/net.h>

#include "adapters/payment_http/address.h"
#include "test.h"

static char url[AURORA__BRIDGE_URL_BYTES];

START_TEST(test_payment_address__https_goes_anywhere_and_http_to_this_machine)
{
    aurora_assert_ok(aurora__bridge_address("https://bank.example/pay?a=b", url, NULL));
    ck_assert_str_eq(url, "https://bank.example/pay?a=b");
    aurora_assert_ok(aurora__bridge_address("http://127.0.0.1:8080/pay", url, NULL));
    aurora_assert_ok(aurora__bridge_address("http://bank.example/?insecure=1", url, NULL));
    aurora_assert_status(aurora__bridge_address("http://bank.example/", url, NULL), AURORA_EINVAL);
}
END_TEST

/* Found by fuzz_address: libcurl reads the URLs of mail, files and much else. */
START_TEST(test_payment_address__other_scheme_is_refused_though_libcurl_speaks_it)
{
    static const char *const others[] = {"smtps://shop.example?from=shop@example.com",
                                         "ftp://bank.example/pay", "gopher://bank.example/"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        aurora_error err = AURORA_ERROR_INIT;

        aurora_assert_status(aurora__bridge_address(others[i], url, &err), AURORA_EINVAL);

        ck_assert_str_eq(err.field, "payment");
        ck_assert_str_eq(err.message, "must be https://host/path");
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("payment_address");
    TCase *tcase = tcase_create("payment_address");
    tcase_add_test(tcase, test_payment_address__https_goes_anywhere_and_http_to_this_machine);
    tcase_add_test(tcase, test_payment_address__other_scheme_is_refused_though_libcurl_speaks_it);
    suite_add_tcase(made, tcase);
    return made;
}

AURORA_TEST_MAIN(suite)
