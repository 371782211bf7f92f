/* SPDX-License-Identifier: MIT */
/* What notifiers write: mailboxes, mails, signed webhooks; and which addresses are public (S13).
 *
 * Mutation: not_public4 of adapters/notifier_webhook/public_address.c without 169.254.0.0/16. */
#include <arpa/inet.h>
#include <string.h>

#include <aurora/net.h>

#include "adapters/notifier_smtp/smtp.h"
#include "adapters/notifier_webhook/webhook.h"
#include "test.h"

static aurora_task task_of(void)
{
    aurora_task task = {.size = sizeof task,
                        .kind = AURORA_TASK_NOTIFICATION,
                        .notification_kind = AURORA_NOTIFICATION_COMPLETED,
                        .attempt = 1,
                        .amount_minor = 1234567,
                        .currency = "EUR"};
    task.order_id.bytes[0] = 1;
    task.order_id.bytes[15] = 8;
    return task;
}

/* --- e-mail ----------------------------------------------------------------------------------- */

START_TEST(test_smtp_mailbox__is_one_plain_address)
{
    static const char *const good[] = {"a@b", "first.last+tag@mail.example.org", "o'neil@x-y.de"};
    static const char *const bad[] = {
        "",        "a",       "@b",    "a@",      "a b@c",           "a@b c",
        "a@b,c@d", "a@b;c@d", "<a@b>", "A <a@b>", "a@b\r\nBcc: c@d", "a\n@b",
        "\"a\"@b", "a@b@c",   ".a@b",  "a.@b",    "a..b@c",          "a@.b",
        "a@b.",    "a@b..c",  "a@-b",  "a@[::1]", "\xc3\xa4@b",      "a@b\t",
        "a(x)@b",  "a\\@b",   "a:b@c",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(aurora__smtp_is_mailbox(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!aurora__smtp_is_mailbox(bad[i]), "%s", bad[i]);
    char longest[400] = "a@";
    memset(longest + 2, 'b', 300);
    ck_assert(!aurora__smtp_is_mailbox(longest));
}
END_TEST

START_TEST(test_smtp_message__has_headers_and_facts)
{
    char text[AURORA__SMTP_MESSAGE_BYTES + 1];
    aurora_task task = task_of();

    size_t len = aurora__smtp_message(&task, "shop@example.org", "ann@example.org", 86400, text);
    ck_assert_uint_gt(len, 0);
    text[len] = '\0';

    ck_assert_ptr_nonnull(strstr(text, "Date: Fri, 02 Jan 1970 00:00:00 +0000\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "From: shop@example.org\r\nTo: ann@example.org\r\n"));
    ck_assert_ptr_nonnull(strstr(text, ".order.completed@example.org>\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\n\r\nYour order is complete.\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "Total: 12345.67 EUR\r\n"));
    for (size_t i = 0; i < len; i++)
        ck_assert(text[i] != '\n' || (i > 0 && text[i - 1] == '\r'));
}
END_TEST

/* What a customer wrote cannot end the body, begin a header or break a line. */
START_TEST(test_smtp_message__texts_of_others_are_escaped)
{
    char text[AURORA__SMTP_MESSAGE_BYTES + 1];
    aurora_task task = task_of();
    task.customer_id = "\r\n.\r\nQUIT = J\xc3\xb6rg ";
    task.currency = "JPY";

    size_t len = aurora__smtp_message(&task, "shop@example.org", "ann@example.org", 0, text);
    text[len] = '\0';

    ck_assert_ptr_nonnull(strstr(text, "Customer: =0D=0A.=0D=0AQUIT =3D J=C3=B6rg=20\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "Total: 1234567 JPY\r\n"));
    ck_assert_ptr_null(strstr(text, "\r\n.\r\n"));
}
END_TEST

START_TEST(test_smtp_message__lines_are_short)
{
    char text[AURORA__SMTP_MESSAGE_BYTES + 1], customer[256];
    aurora_task task = task_of();
    memset(customer, 0xc3, 255);
    customer[255] = '\0';
    task.customer_id = customer;

    size_t len = aurora__smtp_message(&task, "shop@example.org", "ann@example.org", 0, text);
    text[len] = '\0';

    for (const char *at = strstr(text, "\r\n\r\n") + 4; *at != '\0'; at += strcspn(at, "\n") + 1)
        ck_assert_uint_le(strcspn(at, "\r"), 76);
}
END_TEST

/* --- webhooks --------------------------------------------------------------------------------- */

/* The example of the Standard Webhooks specification's libraries. */
START_TEST(test_webhook_signature__is_that_of_standard_webhooks)
{
    static const char body[] = "{\"test\": 2432232314}";
    uint8_t key[AURORA__WEBHOOK_KEY_BYTES];
    char signature[AURORA__WEBHOOK_SIGNATURE_BYTES];
    size_t key_len = aurora__webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", key);

    ck_assert_uint_eq(key_len, 24);
    ck_assert(aurora__webhook_sign(key, key_len, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body,
                                   sizeof body - 1, signature));

    ck_assert_str_eq(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
END_TEST

START_TEST(test_webhook_key__short_and_broken_ones_are_refused)
{
    uint8_t key[AURORA__WEBHOOK_KEY_BYTES];
    ck_assert_uint_eq(aurora__webhook_key("", key), 0);
    ck_assert_uint_eq(aurora__webhook_key("23 bytes are too little", key), 0);
    ck_assert_uint_eq(aurora__webhook_key("whsec_", key), 0);
    ck_assert_uint_eq(aurora__webhook_key("whsec_MfKQ", key), 0);
    ck_assert_uint_eq(aurora__webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", key), 0);
    ck_assert_uint_eq(aurora__webhook_key("whsec_!!!!9r8GKYqrTwjUPD8ILPZIo2LaLaSw", key), 0);
    ck_assert_uint_eq(aurora__webhook_key("twenty-four bytes of key", key), 24);
}
END_TEST

START_TEST(test_webhook_body__longest_texts_fit)
{
    char body[AURORA__WEBHOOK_BODY_BYTES], text[256];
    aurora_task task = task_of();
    memset(text, 1, 255);
    text[255] = '\0';
    task.customer_id = text;
    task.contact = text;
    task.decline_code = text;
    task.currency = "EUR";

    ck_assert_uint_gt(aurora__webhook_body(&task, body), 3 * 255 * 6);
}
END_TEST

static bool is_public(const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return aurora__webhook_is_public((const struct sockaddr *)&four);
    ck_assert_int_eq(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    return aurora__webhook_is_public((const struct sockaddr *)&six);
}

START_TEST(test_webhook_address__only_public_ones_are)
{
    static const char *const yes[] = {"8.8.8.8",         "172.15.255.255",  "172.32.0.0",
                                      "100.63.255.255",  "100.128.0.0",     "192.167.255.255",
                                      "169.253.255.255", "223.255.255.255", "2001:4860:4860::8888",
                                      "::ffff:8.8.8.8",  "2002:808:808::1", "64:ff9b::808:808"};
    static const char *const no[] = {
        "0.0.0.0",
        "10.0.0.1",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fdff::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "2001:db8::1",
        "2001::1",
        "100::1",
        "::127.0.0.1",
        "fec0::1",
    };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        ck_assert_msg(is_public(yes[i]), "%s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        ck_assert_msg(!is_public(no[i]), "%s", no[i]);
    const struct sockaddr local = {.sa_family = AF_UNIX};
    ck_assert(!aurora__webhook_is_public(&local));
}
END_TEST

static Suite *notifier_message_suite(void)
{
    Suite *suite = suite_create("notifier_message");
    TCase *tcase = tcase_create("notifier_message");
    tcase_add_test(tcase, test_smtp_mailbox__is_one_plain_address);
    tcase_add_test(tcase, test_smtp_message__has_headers_and_facts);
    tcase_add_test(tcase, test_smtp_message__texts_of_others_are_escaped);
    tcase_add_test(tcase, test_smtp_message__lines_are_short);
    tcase_add_test(tcase, test_webhook_signature__is_that_of_standard_webhooks);
    tcase_add_test(tcase, test_webhook_key__short_and_broken_ones_are_refused);
    tcase_add_test(tcase, test_webhook_body__longest_texts_fit);
    tcase_add_test(tcase, test_webhook_address__only_public_ones_are);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(notifier_message_suite)
