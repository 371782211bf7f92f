/* SPDX-License-Identifier: MIT */
#include "http/client_address.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static aurora_http_address address_of(const char *text)
{
    aurora_http_address address = {{0}};
    ck_assert_msg(aurora_http_address_parse(text, strlen(text), &address), "%s", text);
    return address;
}

static aurora_http_proxies proxies_of(const char *text)
{
    aurora_http_proxies proxies;
    const char *rule;
    ck_assert_msg(aurora_http_proxies_parse(text, &proxies, &rule), "%s: %s", text, rule);
    return proxies;
}

static void expect_client(const char *trusted, const char *peer, const char *forwarded,
                          const char *client)
{
    char text[AURORA_HTTP_ADDRESS_TEXT_BYTES];
    aurora_http_proxies proxies = proxies_of(trusted);
    aurora_http_address from = address_of(peer);
    aurora_http_address found = aurora_http_client_address(&proxies, &from, forwarded);
    aurora_http_address_write(&found, text);
    ck_assert_msg(strcmp(text, client) == 0, "%s by %s: %s, expected %s",
                  forwarded != NULL ? forwarded : "nothing", peer, text, client);
}

START_TEST(test_client_address__peer_that_is_not_trusted_speaks_for_itself)
{
    expect_client("", "192.0.2.1", "198.51.100.7", "192.0.2.1");
    expect_client("10.0.0.0/8", "192.0.2.1", "198.51.100.7", "192.0.2.1");
    expect_client("10.0.0.0/8", "10.1.2.3", NULL, "10.1.2.3");
    expect_client("10.0.0.0/8", "10.1.2.3", "", "10.1.2.3");
}
END_TEST

/* S14. Mutation: reading from the left in aurora_http_client_address gives 203.0.113.9. */
START_TEST(test_client_address__field_is_read_from_the_right_through_trusted_hops)
{
    expect_client("10.0.0.0/8", "10.0.0.1", "198.51.100.7", "198.51.100.7");
    expect_client("10.0.0.0/8", "10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7");
    expect_client("10.0.0.0/8", "10.0.0.1", "203.0.113.9, 198.51.100.7, 10.9.9.9", "198.51.100.7");
    expect_client("10.0.0.0/8", "10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3");
    expect_client("10.0.0.0/8,2001:db8:1::/48", "2001:db8:1::5", "2001:db8:2::9,\t10.4.4.4",
                  "2001:db8:2::9");
}
END_TEST

START_TEST(test_client_address__hops_come_with_ports_and_brackets)
{
    static const char *const same[] = {"198.51.100.7", "198.51.100.7:4711", " 198.51.100.7 ",
                                       "[::ffff:198.51.100.7]:80", "::ffff:198.51.100.7"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        expect_client("loopback", "127.0.0.1", same[i], "198.51.100.7");
    expect_client("loopback", "::1", "[2001:db8::7]", "2001:db8::7");
    expect_client("loopback", "::1", "[2001:db8::7]:443", "2001:db8::7");
    expect_client("loopback", "::1", "2001:db8::7", "2001:db8::7");
}
END_TEST

START_TEST(test_client_address__garbage_leaves_the_last_trusted_hop)
{
    static const char *const garbage[] = {"unknown",         "_hidden",     "198.51.100.7,",
                                          "198.51.100.7, ,", "1.2.3",       "1.2.3.4.5",
                                          "01.2.3.x",        "[::1",        "[::1]x",
                                          "\"1.2.3.4\"",     "for=1.2.3.4", "::g",
                                          "198.51.100.7;",   ",",           "256.1.1.1",
                                          "1.2.3.4%00",      "[1.2.3.4",    "1.2.3.4, unknown"};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
        expect_client("loopback", "127.0.0.1", garbage[i], "127.0.0.1");
    expect_client("loopback,10.0.0.0/8", "127.0.0.1", "198.51.100.7, unknown, 10.0.0.2",
                  "10.0.0.2");
}
END_TEST

/* What was in front of the bound is not read, nor is an address that the bound cuts. */
START_TEST(test_client_address__reading_is_bounded)
{
    char many[4096], *at = many;
    at += sprintf(at, "198.51.100.7");
    for (int i = 0; i < 40; i++)
        at += sprintf(at, ", 10.0.0.%d", i);
    expect_client("10.0.0.0/8", "10.1.1.1", many, "10.0.0.8");

    char wide[4096];
    int pad = 2048 - 6;
    snprintf(wide, sizeof wide, "198.51.100.7%*s,10.0.0.1", pad, "");
    expect_client("10.0.0.0/8", "10.1.1.1", wide, "10.0.0.1");
}
END_TEST

START_TEST(test_client_address__mapped_addresses_are_those_of_ipv4)
{
    aurora_http_address four = address_of("192.0.2.1"), six = address_of("::ffff:192.0.2.1");

    ck_assert_int_eq(memcmp(&four, &six, sizeof four), 0);
    expect_client("::ffff:10.0.0.0/104", "10.1.1.1", "198.51.100.7", "198.51.100.7");
    expect_client("10.0.0.0/8", "::ffff:10.1.1.1", "198.51.100.7", "198.51.100.7");
}
END_TEST

/* Mutation: without the memset in aurora_http_address_client the last two differ. */
START_TEST(test_client_address__client_of_ipv6_is_its_network)
{
    aurora_http_address a = address_of("2001:db8:0:1::1"), b = address_of("2001:db8:0:1:ff::2");
    aurora_http_address other = address_of("2001:db8:0:2::1"), four = address_of("192.0.2.1");
    aurora_http_address of_a = aurora_http_address_client(&a);
    aurora_http_address of_b = aurora_http_address_client(&b);
    aurora_http_address of_other = aurora_http_address_client(&other);
    aurora_http_address of_four = aurora_http_address_client(&four);

    ck_assert_int_eq(memcmp(&of_four, &four, sizeof four), 0);
    ck_assert_int_ne(memcmp(&of_a, &of_other, sizeof of_a), 0);
    ck_assert_int_eq(memcmp(&of_a, &of_b, sizeof of_a), 0);
}
END_TEST

START_TEST(test_client_address__networks_end_at_their_bits)
{
    static const struct {
        const char *network, *inside, *outside;
    } rows[] = {
        {"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
        {"172.16.0.0/12", "172.31.255.255", "172.32.0.0"},
        {"192.0.2.4/31", "192.0.2.5", "192.0.2.6"},
        {"192.0.2.4", "192.0.2.4", "192.0.2.5"},
        {"0.0.0.0/1", "127.255.255.255", "128.0.0.0"},
        {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
        {"private", "192.168.255.1", "192.169.0.1"},
        {"private", "fdff::1", "fe00::1"},
        {" loopback , 10.0.0.1 ", "127.9.9.9", "10.0.0.2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_http_proxies proxies = proxies_of(rows[i].network);
        aurora_http_address inside = address_of(rows[i].inside);
        aurora_http_address outside = address_of(rows[i].outside);
        ck_assert_msg(aurora_http_proxies_has(&proxies, &inside), "%s", rows[i].network);
        ck_assert_msg(!aurora_http_proxies_has(&proxies, &outside), "%s", rows[i].network);
    }
}
END_TEST

START_TEST(test_client_address__bad_lists_are_refused_with_a_rule)
{
    static const char *const bad[] = {
        ",",         "10.0.0.0/8,",  "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0/8",
        "localhost", "10.0.0.1/8",   "::/0",        "0.0.0.0/0", "::/129",      "10.0.0.0/-1",
        "[::1]",     "10.0.0.0/8 x", "/8",          "Private",   "10.0.0.0/1 1"};
    aurora_http_proxies proxies;
    const char *rule;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(!aurora_http_proxies_parse(bad[i], &proxies, &rule), "%s", bad[i]);
        ck_assert_str_ne(rule, "");
    }
}
END_TEST

START_TEST(test_client_address__lists_hold_64_networks)
{
    char text[2048] = "", *at = text;
    aurora_http_proxies proxies;
    const char *rule;
    for (int i = 0; i < 64; i++)
        at += sprintf(at, "%s192.0.2.%d", i == 0 ? "" : ",", i);
    ck_assert(aurora_http_proxies_parse(text, &proxies, &rule));
    strcpy(at, ",192.0.2.99");
    ck_assert(!aurora_http_proxies_parse(text, &proxies, &rule));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("client_address");
    TCase *tc = tcase_create("client_address");
    tcase_add_test(tc, test_client_address__peer_that_is_not_trusted_speaks_for_itself);
    tcase_add_test(tc, test_client_address__field_is_read_from_the_right_through_trusted_hops);
    tcase_add_test(tc, test_client_address__hops_come_with_ports_and_brackets);
    tcase_add_test(tc, test_client_address__garbage_leaves_the_last_trusted_hop);
    tcase_add_test(tc, test_client_address__reading_is_bounded);
    tcase_add_test(tc, test_client_address__mapped_addresses_are_those_of_ipv4);
    tcase_add_test(tc, test_client_address__client_of_ipv6_is_its_network);
    tcase_add_test(tc, test_client_address__networks_end_at_their_bits);
    tcase_add_test(tc, test_client_address__bad_lists_are_refused_with_a_rule);
    tcase_add_test(tc, test_client_address__lists_hold_64_networks);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)
