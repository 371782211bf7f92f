/* SPDX-License-Identifier: MIT */
#include "http/principal.h"

#include <stdio.h>
#include <string.h>

#include "http/media_type.h"
#include "http/signature.h"
#include "test.h"

#define NOW INT64_C(1795415886123)

static const char secret[] = "a secret of at least thirty-two bytes";

static const aurora_http_route public_get = {.method = AURORA_HTTP_GET, .template_path = "/p"};
static const aurora_http_route read_orders = {.method = AURORA_HTTP_GET,
                                              .scope = AURORA_SCOPE_ORDERS_READ,
                                              .template_path = "/orders"};
static const aurora_http_route write_orders = {.method = AURORA_HTTP_POST,
                                               .scope = AURORA_SCOPE_ORDERS_WRITE,
                                               .template_path = "/orders"};
static const aurora_http_route remove_product = {.method = AURORA_HTTP_DELETE,
                                                 .scope = AURORA_SCOPE_PRODUCTS_WRITE,
                                                 .template_path = "/p"};
static const aurora_http_route import_orders = {.method = AURORA_HTTP_GET,
                                                .scope = AURORA_SCOPE_ORDERS_IMPORT,
                                                .template_path = "/i"};
static const aurora_http_route callback = {.method = AURORA_HTTP_POST,
                                           .flags = AURORA_HTTP_SIGNED,
                                           .template_path = "/payments/callbacks"};

static aurora_principal_request open_request(const aurora_http_route *route)
{
    return (aurora_principal_request){.route = route,
                                      .method = "GET",
                                      .path = route->template_path,
                                      .query = "",
                                      .body = "",
                                      .host = "localhost:8080",
                                      .content_type = "application/json",
                                      .now_ms = NOW};
}

/* Signed by alice with these scopes and a deadline so far ahead; texts live until the next call. */
static aurora_principal_request signed_request(const aurora_http_route *route, const char *scopes,
                                               int64_t ahead_ms)
{
    static char deadline[24], signature[AURORA_SIGNATURE_TEXT_BYTES];
    aurora_principal_request request = open_request(route);
    snprintf(deadline, sizeof deadline, "%lld", (long long)(NOW + ahead_ms));
    request.host = "shop.example";
    request.principal = "alice";
    request.scopes = scopes;
    request.deadline = deadline;
    const aurora_signed_request covered = {.method = request.method,
                                           .path = request.path,
                                           .query = request.query,
                                           .body = request.body,
                                           .body_len = request.body_len,
                                           .principal = request.principal,
                                           .scopes = request.scopes,
                                           .deadline = request.deadline};
    aurora_signature_write(secret, &covered, signature);
    request.signature = signature;
    return request;
}

static void assert_refused(const char *with_secret, const aurora_principal_request *request,
                           int status, const char *header)
{
    aurora_http_principal principal;
    aurora_http_refusal refusal = {0};
    ck_assert(!aurora_principal_read(with_secret, request, &principal, &refusal));
    ck_assert_msg(refusal.status == status, "%d: %s", refusal.status, refusal.detail);
    if (header == NULL)
        ck_assert_ptr_null(refusal.header);
    else
        ck_assert_str_eq(refusal.header, header);
}

static void assert_taken(const char *with_secret, const aurora_principal_request *request,
                         const char *name, uint32_t scopes)
{
    aurora_http_principal principal;
    aurora_http_refusal refusal = {0};
    bool is_taken = aurora_principal_read(with_secret, request, &principal, &refusal);
    ck_assert_msg(is_taken, "%d: %s", refusal.status, refusal.detail);
    ck_assert_str_eq(principal.name, name);
    ck_assert_uint_eq(principal.scopes, scopes);
    ck_assert_int_eq(principal.is_authenticated, strcmp(name, "anonymous") != 0);
}

START_TEST(test_principal__open_mode_serves_the_loopback_only)
{
    static const char *const ours[] = {"localhost",    "LocalHost:1",       "127.0.0.1",
                                       "127.0.0.1:80", "127.255.1.9:65535", "[::1]",
                                       "[::1]:8080",   "localhost:"};
    static const char *const others[] = {
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "128.0.0.1",
        "0.0.0.0",
        "127.1",
        "0127.0.0.1",
        "[::2]",
        "[::1",
        "::1",
        "[::1]x",
        "localhost:80x",
        "localhost:123456",
        "user@localhost",
        "2130706433",
        "[localhost]",
        "localhost:80:80",
    };
    aurora_principal_request request = open_request(&public_get);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        request.host = ours[i];
        assert_taken(NULL, &request, "anonymous", AURORA_SCOPE_OPEN);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        request.host = others[i];
        assert_refused("", &request, 421, "Host");
    }
    request.host = NULL;
    assert_refused(NULL, &request, 421, "Host");
}
END_TEST

START_TEST(test_principal__open_writes_need_json)
{
    aurora_principal_request request = open_request(&write_orders);
    static const char *const others[] = {NULL,
                                         "",
                                         "text/plain",
                                         "application/x-www-form-urlencoded",
                                         "application/jsonp",
                                         "application/json; charset=latin1"};
    assert_taken(NULL, &request, "anonymous", AURORA_SCOPE_OPEN);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        request.content_type = others[i];
        assert_refused(NULL, &request, 415, "Content-Type");
    }
    request = open_request(&remove_product);
    request.content_type = NULL;
    assert_taken(NULL, &request, "anonymous", AURORA_SCOPE_OPEN);
    request.body_len = 2;
    assert_refused(NULL, &request, 415, "Content-Type");
}
END_TEST

START_TEST(test_principal__open_mode_does_not_import)
{
    aurora_principal_request request = open_request(&import_orders);
    assert_refused(NULL, &request, 403, NULL);
}
END_TEST

START_TEST(test_principal__signed_requests_are_who_they_say)
{
    aurora_principal_request request = signed_request(&read_orders, "orders:read admin", 60000);
    assert_taken(secret, &request, "alice", AURORA_SCOPE_ORDERS_READ | AURORA_SCOPE_ADMIN);
    request = signed_request(&read_orders, "orders:read", 0);
    assert_taken(secret, &request, "alice", AURORA_SCOPE_ORDERS_READ);
    request = signed_request(&read_orders, "orders:read", AURORA_DEADLINE_AHEAD_MS);
    assert_taken(secret, &request, "alice", AURORA_SCOPE_ORDERS_READ);
}
END_TEST

START_TEST(test_principal__missing_fields_are_named)
{
    aurora_principal_request request = open_request(&read_orders);
    assert_refused(secret, &request, 401, "Aurora-Signature");

    request = signed_request(&read_orders, "orders:read", 1000);
    request.principal = NULL;
    assert_refused(secret, &request, 401, "Aurora-Principal");
    request = signed_request(&read_orders, "orders:read", 1000);
    request.scopes = NULL;
    assert_refused(secret, &request, 401, "Aurora-Scopes");
    request = signed_request(&read_orders, "orders:read", 1000);
    request.deadline = NULL;
    assert_refused(secret, &request, 401, "Aurora-Deadline");
    request = signed_request(&read_orders, "orders:read", 1000);
    request.signature = NULL;
    assert_refused(secret, &request, 401, "Aurora-Signature");
}
END_TEST

START_TEST(test_principal__deadlines_bound_replays)
{
    static const char *const bad[] = {
        "soon", "", "-1", "1795415886123x", "1e12", " 1795415886123", "99999999999999999999"};
    aurora_principal_request request = signed_request(&read_orders, "orders:read", -1);
    assert_refused(secret, &request, 401, "Aurora-Deadline");
    request = signed_request(&read_orders, "orders:read", AURORA_DEADLINE_AHEAD_MS + 1);
    assert_refused(secret, &request, 401, "Aurora-Deadline");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        request.deadline = bad[i];
        assert_refused(secret, &request, 401, "Aurora-Deadline");
    }
}
END_TEST

START_TEST(test_principal__another_request_needs_another_signature)
{
    aurora_principal_request request = signed_request(&read_orders, "orders:read", 1000);
    request.path = "/orders/1";
    assert_refused(secret, &request, 401, "Aurora-Signature");
    request = signed_request(&read_orders, "orders:read", 1000);
    request.query = "limit=5";
    assert_refused(secret, &request, 401, "Aurora-Signature");
    request = signed_request(&read_orders, "orders:read", 1000);
    request.principal = "bob";
    assert_refused(secret, &request, 401, "Aurora-Signature");
    request = signed_request(&read_orders, "orders:read", 1000);
    request.scopes = "orders:read admin";
    assert_refused(secret, &request, 401, "Aurora-Signature");
    request = signed_request(&read_orders, "orders:read", 1000);
    assert_refused("another secret", &request, 401, "Aurora-Signature");
}
END_TEST

START_TEST(test_principal__scopes_decide_what_is_allowed)
{
    aurora_principal_request request = signed_request(&read_orders, "orders:read gold", 1000);
    assert_refused(secret, &request, 401, "Aurora-Scopes");
    request = signed_request(&read_orders, "products:write", 1000);
    assert_refused(secret, &request, 403, NULL);
    request = signed_request(&read_orders, "orders:admin", 1000);
    assert_refused(secret, &request, 403, NULL);
    request = signed_request(&read_orders, "", 1000);
    assert_refused(secret, &request, 403, NULL);
}
END_TEST

START_TEST(test_principal__public_routes_ask_nobody_but_check_what_is_sent)
{
    aurora_principal_request request = open_request(&public_get);
    request.host = "shop.example";
    assert_taken(secret, &request, "anonymous", 0);
    request = signed_request(&public_get, "orders:read", 1000);
    assert_taken(secret, &request, "alice", AURORA_SCOPE_ORDERS_READ);
    request.signature = "0";
    assert_refused(secret, &request, 401, "Aurora-Signature");
}
END_TEST

START_TEST(test_principal__routes_that_authenticate_themselves_are_left_alone)
{
    aurora_principal_request request = open_request(&callback);
    request.host = "provider.example";
    request.content_type = "text/plain";
    assert_taken(NULL, &request, "anonymous", 0);
    assert_taken(secret, &request, "anonymous", 0);
}
END_TEST

START_TEST(test_principal__listen_addresses_are_loopback_or_not)
{
    ck_assert(aurora_principal_is_loopback("127.0.0.1:8080"));
    ck_assert(aurora_principal_is_loopback("[::1]:0"));
    ck_assert(aurora_principal_is_loopback("localhost:1"));
    ck_assert(!aurora_principal_is_loopback("0.0.0.0:8080"));
    ck_assert(!aurora_principal_is_loopback("[::]:8080"));
    ck_assert(!aurora_principal_is_loopback("192.168.1.1:8080"));
    ck_assert(!aurora_principal_is_loopback(":8080"));
}
END_TEST

START_TEST(test_principal__media_type_is_json_in_utf8)
{
    static const char *const json[] = {
        "application/json", "Application/JSON", "application/json;charset=utf-8",
        "application/json ; charset=\"UTF-8\" ; v=1", "application/json;"};
    static const char *const others[] = {"application/json2",
                                         "application/json charset=utf-8",
                                         "application/json; charset=iso-8859-1",
                                         "application/json; charset",
                                         "application/json; =x",
                                         "application/json; charset=\"utf-8",
                                         "text/json",
                                         ""};
    for (size_t i = 0; i < sizeof json / sizeof *json; i++)
        ck_assert_msg(aurora__media_type_is_json(json[i]), "%s", json[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_msg(!aurora__media_type_is_json(others[i]), "%s", others[i]);
    ck_assert(!aurora__media_type_is_json(NULL));
}
END_TEST

static aurora_principal_request bearer_request(const aurora_http_route *route,
                                               const aurora_http_bearer *bearer)
{
    aurora_principal_request request = open_request(route);
    request.host = "shop.example";
    request.takes_tokens = true;
    request.bearer = bearer;
    return request;
}

START_TEST(test_principal__token_says_who_asks)
{
    const aurora_http_bearer alice = {.verdict = AURORA_BEARER_GOOD,
                                      .scopes = AURORA_SCOPE_ORDERS_READ,
                                      .name = "alice",
                                      .contact = "alice@shop.example"};
    aurora_principal_request request = bearer_request(&read_orders, &alice);
    aurora_http_principal principal;
    aurora_http_refusal refusal = {0};

    ck_assert(aurora_principal_read(secret, &request, &principal, &refusal));

    ck_assert_str_eq(principal.name, "alice");
    ck_assert_str_eq(principal.contact, "alice@shop.example");
    ck_assert_uint_eq(principal.scopes, AURORA_SCOPE_ORDERS_READ);
    ck_assert(principal.is_authenticated);
    request = bearer_request(&write_orders, &alice);
    assert_refused(secret, &request, 403, NULL);
}
END_TEST

/* Mutation: check_bearer takes every verdict but BAD; or public routes are not looked at. */
START_TEST(test_principal__token_that_is_none_is_refused_on_public_routes_too)
{
    static const int32_t verdicts[] = {AURORA_BEARER_BAD, AURORA_BEARER_WAIT, 0};
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        const aurora_http_bearer bad = {.verdict = verdicts[i], .detail = "is bad", .name = "eve"};
        aurora_principal_request request = bearer_request(&public_get, &bad);
        assert_refused(secret, &request, 401, "Authorization");
        assert_refused(NULL, &request, 401, "Authorization");
    }
    const aurora_http_bearer unsure = {.verdict = AURORA_BEARER_UNSURE, .detail = "No keys."};
    aurora_principal_request request = bearer_request(&public_get, &unsure);
    assert_refused(secret, &request, 503, NULL);
}
END_TEST

START_TEST(test_principal__server_of_tokens_is_not_open)
{
    aurora_principal_request request = bearer_request(&read_orders, NULL);
    assert_refused(NULL, &request, 401, "Authorization");
    request = bearer_request(&public_get, NULL);
    assert_taken(NULL, &request, "anonymous", 0);
}
END_TEST

/* Without a secret there is none to sign with; an empty one would be everybody's.
 * Mutation: check_signed does not ask whether there is a secret. */
START_TEST(test_principal__signature_needs_a_secret_to_be_taken)
{
    static char signature[AURORA_SIGNATURE_TEXT_BYTES];
    aurora_principal_request request = signed_request(&read_orders, "orders:read", 1000);
    const aurora_signed_request covered = {.method = request.method,
                                           .path = request.path,
                                           .query = request.query,
                                           .body = request.body,
                                           .body_len = request.body_len,
                                           .principal = request.principal,
                                           .scopes = request.scopes,
                                           .deadline = request.deadline};
    aurora_signature_write("", &covered, signature);
    request.signature = signature;
    request.takes_tokens = true;

    assert_refused("", &request, 401, "Aurora-Signature");
    assert_refused(NULL, &request, 401, "Aurora-Signature");
}
END_TEST

START_TEST(test_principal__token_and_signature_are_not_given_together)
{
    const aurora_http_bearer alice = {
        .verdict = AURORA_BEARER_GOOD, .scopes = AURORA_SCOPE_ORDERS_READ, .name = "alice"};
    aurora_principal_request request = signed_request(&read_orders, "orders:read", 1000);
    request.takes_tokens = true;
    assert_taken(secret, &request, "alice", AURORA_SCOPE_ORDERS_READ);

    request.bearer = &alice;

    assert_refused(secret, &request, 401, "Authorization");
    request = bearer_request(&read_orders, &alice);
    request.deadline = "1"; /* alone it says nobody's name */
    assert_taken(secret, &request, "alice", AURORA_SCOPE_ORDERS_READ);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("principal");
    TCase *tc = tcase_create("principal");
    tcase_add_test(tc, test_principal__open_mode_serves_the_loopback_only);
    tcase_add_test(tc, test_principal__open_writes_need_json);
    tcase_add_test(tc, test_principal__open_mode_does_not_import);
    tcase_add_test(tc, test_principal__signed_requests_are_who_they_say);
    tcase_add_test(tc, test_principal__missing_fields_are_named);
    tcase_add_test(tc, test_principal__deadlines_bound_replays);
    tcase_add_test(tc, test_principal__another_request_needs_another_signature);
    tcase_add_test(tc, test_principal__scopes_decide_what_is_allowed);
    tcase_add_test(tc, test_principal__public_routes_ask_nobody_but_check_what_is_sent);
    tcase_add_test(tc, test_principal__routes_that_authenticate_themselves_are_left_alone);
    tcase_add_test(tc, test_principal__listen_addresses_are_loopback_or_not);
    tcase_add_test(tc, test_principal__media_type_is_json_in_utf8);
    tcase_add_test(tc, test_principal__token_says_who_asks);
    tcase_add_test(tc, test_principal__token_that_is_none_is_refused_on_public_routes_too);
    tcase_add_test(tc, test_principal__server_of_tokens_is_not_open);
    tcase_add_test(tc, test_principal__signature_needs_a_secret_to_be_taken);
    tcase_add_test(tc, test_principal__token_and_signature_are_not_given_together);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)
