/* SPDX-License-Identifier: MIT */
/* Handshakes that do not end, ask for too much or come in crowds; sessions; the ends of
 * connections. That requests and answers are the same over TLS is shown by the other tests of the
 * server, which run over it too. */
#include "http_fixture.h"
#include "raw_client.h"

#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HELLO_BYTES 4096

static http_fixture fixture;
static tls_files files;
static aurora_tls *tls;

static void start(aurora_http_options options)
{
    aurora_error err = AURORA_ERROR_INIT;
    tls_files_make(&files);
    const aurora_tls_files paths = {.certificate = tls_files_path(&files, "server", ".pem"),
                                    .key = tls_files_path(&files, "server", ".key")};
    aurora_assert_ok(aurora_tls_server_new(&paths, &tls, &err));
    options.tls = tls;
    http_fixture_start(&fixture, options);
}

static void stop(void)
{
    http_fixture_stop(&fixture);
    aurora_tls_free(tls);
    tls_files_remove(&files);
}

static uint64_t failed(aurora_tls_failure why)
{
    aurora_http_stats stats;
    aurora_http_stats_get(fixture.server, &stats);
    return stats.tls_failures[why];
}

static void await_failed(aurora_tls_failure why, uint64_t least)
{
    static const struct timespec rest = {.tv_nsec = 5000000};
    for (int i = 0; i < 4000 && failed(why) < least; i++)
        nanosleep(&rest, NULL);
    ck_assert_uint_ge(failed(why), least);
}

/* --- clients ---------------------------------------------------------------------------------- */

static SSL *new_side(int version)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    ck_assert_ptr_nonnull(context);
    SSL_CTX_set_max_proto_version(context, version);
    SSL *ssl = SSL_new(context);
    ck_assert_ptr_nonnull(ssl);
    SSL_CTX_free(context);
    SSL_set_connect_state(ssl);
    return ssl;
}

/* What a client says first. */
static size_t record_hello(char hello[HELLO_BYTES])
{
    SSL *ssl = new_side(TLS1_3_VERSION);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_do_handshake(ssl);
    int len = BIO_read(SSL_get_wbio(ssl), hello, HELLO_BYTES);
    ck_assert_int_gt(len, 100);
    SSL_free(ssl);
    return (size_t)len;
}

/* A connection by TLS; `session` NULL = a new one. */
static raw_client connect_by(int version, SSL_SESSION *session)
{
    raw_client client = raw_connect(fixture.port);
    signal(SIGPIPE, SIG_IGN);
    client.tls = new_side(version);
    if (session != NULL)
        SSL_set_session(client.tls, session);
    ck_assert_int_eq(SSL_set_fd(client.tls, client.fd), 1);
    ck_assert_int_eq(SSL_connect(client.tls), 1);
    return client;
}

static void assert_serves(void)
{
    raw_client client = connect_by(TLS1_3_VERSION, NULL);
    raw_answer answer = raw_ask(&client, RAW_GET("/fixed"), 200);
    raw_answer_free(&answer);
    raw_close(&client);
}

/* --- handshakes ------------------------------------------------------------------------------- */

/* S9. Mutation: let limit_ms (src/http/sweep.c) return idle_ms for AURORA__HANDSHAKE. */
START_TEST(test_tls_server__a_handshake_that_stops_at_any_byte_is_cut_off)
{
    char hello[HELLO_BYTES];
    size_t len = record_hello(hello);
    start((aurora_http_options){.head_ms = 300, .idle_ms = 600000});
    raw_client *clients = calloc(len + 1, sizeof *clients);
    ck_assert_ptr_nonnull(clients);

    for (size_t i = 0; i <= len; i++) {
        clients[i] = raw_connect(fixture.port);
        raw_try_send(&clients[i], hello, i);
    }
    assert_serves();

    await_failed(AURORA_TLS_TIMEOUT, len + 1);
    ck_assert_uint_eq(failed(AURORA_TLS_TIMEOUT), len + 1);
    for (size_t i = 0; i < len; i++) {
        ck_assert(raw_is_closed(&clients[i]));
        raw_close(&clients[i]);
    }
    raw_close(&clients[len]);
    free(clients);
    stop();
}
END_TEST

/* S9. Mutation: raise AURORA__TLS_HELLO_MAX (src/tls/internal.h) to 16 MiB. */
START_TEST(test_tls_server__a_first_message_that_is_announced_too_long_is_refused_at_once)
{
    static const char announced[] = "\x16\x03\x01\x40\x00\x01\x01\x00\x00\x03\x03";
    start((aurora_http_options){.head_ms = 600000, .idle_ms = 600000});
    raw_client client = raw_connect(fixture.port);

    raw_send_bytes(&client, announced, sizeof announced - 1);

    ck_assert(raw_is_closed(&client));
    ck_assert_uint_eq(failed(AURORA_TLS_MALFORMED), 1);
    raw_close(&client);
    assert_serves();
    stop();
}
END_TEST

/* S9. Mutation: leave the last loop of aurora__loop_shed (src/http/shed.c) out. */
START_TEST(test_tls_server__handshakes_that_wait_have_bounded_memory)
{
    char hello[HELLO_BYTES];
    size_t len = record_hello(hello);
    raw_client clients[64];
    start((aurora_http_options){.head_ms = 600000, .held_bytes_max = 2 << 20});

    for (int i = 0; i < 64; i++) {
        clients[i] = raw_connect(fixture.port);
        raw_send_bytes(&clients[i], hello, len);
    }

    await_failed(AURORA_TLS_SHED, 64 - (2 << 20) / 4 / 32768);
    assert_serves();
    for (int i = 0; i < 64; i++)
        raw_close(&clients[i]);
    stop();
}
END_TEST

/* Mutation: let goes_on (src/tls/channel.c) count no records. */
START_TEST(test_tls_server__one_that_only_changes_keys_is_cut_off)
{
    start((aurora_http_options){.idle_ms = 600000});
    raw_client client = connect_by(TLS1_3_VERSION, NULL);

    for (int i = 0; i < 200; i++) {
        if (SSL_key_update(client.tls, SSL_KEY_UPDATE_REQUESTED) != 1 ||
            SSL_do_handshake(client.tls) != 1)
            break;
    }

    ck_assert(raw_is_closed(&client));
    raw_close(&client);
    assert_serves();
    stop();
}
END_TEST

/* --- sessions --------------------------------------------------------------------------------- */

static uint64_t resumed(void)
{
    aurora_http_stats stats;
    aurora_http_stats_get(fixture.server, &stats);
    return stats.tls_resumed;
}

static SSL_SESSION *first_session(int version)
{
    raw_client client = connect_by(version, NULL);
    raw_answer answer = raw_ask(&client, RAW_GET("/fixed"), 200);
    SSL_SESSION *session = SSL_get1_session(client.tls);
    SSL_shutdown(client.tls);
    raw_answer_free(&answer);
    raw_close(&client);
    return session;
}

static void ask_again(int version, SSL_SESSION *session, bool is_resumed)
{
    uint64_t before = resumed();
    SSL_SESSION *copy = SSL_SESSION_dup(session); /* OpenSSL's client would use it once */
    raw_client client = connect_by(version, copy);
    SSL_SESSION_free(copy);
    raw_answer answer = raw_ask(&client, RAW_GET("/fixed"), 200);
    ck_assert_int_eq(SSL_session_reused(client.tls), is_resumed);
    ck_assert_uint_eq(resumed(), before + (is_resumed ? 1 : 0));
    raw_answer_free(&answer);
    raw_close(&client);
}

/* Mutation: leave aurora__tls_tickets_forget out of aurora_tls_reload (src/tls/context.c). */
START_TEST(test_tls_server__a_session_goes_on_until_the_files_are_read_again)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    start((aurora_http_options){0});
    const aurora_tls_files paths = {.certificate = tls_files_path(&files, "server", ".pem"),
                                    .key = tls_files_path(&files, "server", ".key")};

    for (int i = 0; i < 2; i++) {
        SSL_SESSION *session = first_session(versions[i]);
        ask_again(versions[i], session, true);
        aurora_assert_ok(aurora_tls_reload(tls, &paths, NULL));
        ask_again(versions[i], session, false);
        SSL_SESSION_free(session);
    }
    stop();
}
END_TEST

/* --- ends ------------------------------------------------------------------------------------- */

/* Mutation: leave aurora_tls_shutdown out of begin_close (src/http/connection.c). */
START_TEST(test_tls_server__an_answer_that_ends_with_its_connection_is_not_cut_short_unseen)
{
    start((aurora_http_options){0});
    raw_client client = connect_by(TLS1_3_VERSION, NULL);

    raw_answer answer =
        raw_ask(&client, "GET /stream?count=20 HTTP/1.0\r\nHost: localhost\r\n\r\n", 200);

    ck_assert_uint_eq(answer.body_len, 20 * 1024);
    ck_assert_int_eq(SSL_get_shutdown(client.tls) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
    raw_answer_free(&answer);
    raw_close(&client);
    stop();
}
END_TEST

START_TEST(test_tls_server__one_that_says_goodbye_behind_its_request_gets_its_answer)
{
    start((aurora_http_options){0});
    raw_client client = connect_by(TLS1_3_VERSION, NULL);

    raw_send(&client, RAW_GET("/bytes?count=500000"));
    SSL_shutdown(client.tls);
    raw_answer answer = raw_read(&client, true);

    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_eq(answer.body_len, 500000);
    raw_answer_free(&answer);
    raw_close(&client);
    stop();
}
END_TEST

static Suite *tls_server_suite(void)
{
    Suite *suite = suite_create("tls_server");
    TCase *tcase = tcase_create("tls");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_tls_server__a_handshake_that_stops_at_any_byte_is_cut_off);
    tcase_add_test(tcase,
                   test_tls_server__a_first_message_that_is_announced_too_long_is_refused_at_once);
    tcase_add_test(tcase, test_tls_server__handshakes_that_wait_have_bounded_memory);
    tcase_add_test(tcase, test_tls_server__one_that_only_changes_keys_is_cut_off);
    tcase_add_test(tcase, test_tls_server__a_session_goes_on_until_the_files_are_read_again);
    tcase_add_test(
        tcase, test_tls_server__an_answer_that_ends_with_its_connection_is_not_cut_short_unseen);
    tcase_add_test(tcase,
                   test_tls_server__one_that_says_goodbye_behind_its_request_gets_its_answer);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(tls_server_suite)
