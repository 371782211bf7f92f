/* SPDX-License-Identifier: MIT */
/* S6, S7, S8, S9: every row of tests/http/raw_requests.txt against the HTTP seam, whole, cut in two
 * at every byte, and byte by byte: the verdict is the table's, wherever the bytes were cut, and a
 * request that hides behind another's end is never served. Nothing sleeps: before the rest of a
 * request goes out, another client's answer shows that the server has read its first part. */
#include "raw_client.h"
#include "raw_table.h"
#include "test.h"

#include "http/server.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOGETHER 200       /* connections at once */
#define EVERY_BYTE_MAX 700 /* rows up to this length are cut at every byte */
#define MARKER "GET /products/marker HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

static aurora_http_server *server;
static raw_table table;
static raw_client other; /* its answers tell how far the server is */
static uint64_t accepted;
static _Atomic uint32_t smuggled;

typedef struct {
    const raw_row *row;
    size_t cut;
    int fd;
} sending;

/* What came of a row: the verdict as the table has it, and all that a handler saw. */
typedef struct {
    char verdict[128];
    uint64_t digest;
} outcome;

/* --- the server ------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t digest, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ (unsigned char)text[i]) * 1099511628211u;
    return digest;
}

/* Answers with what was understood. */
static void handle(aurora_http_exchange *exchange, void *self)
{
    char text[64];
    size_t len;
    const char *body = aurora_http_body(exchange, &len), *name, *value;
    const char *path = aurora_http_exchange_path(exchange);
    uint64_t digest = mix(14695981039346656037u, path, strlen(path));
    (void)self;
    digest = mix(digest, body, len);
    for (uint32_t i = 0; aurora_http_field_at(exchange, i, &name, &value); i++) {
        ck_assert_ptr_null(strchr(name, '_'));
        digest = mix(mix(digest, name, strlen(name)), value, strlen(value));
    }
    int written = snprintf(
        text, sizeof(text), "%d %zu %016llx %s", (int)aurora_http_exchange_method(exchange), len,
        (unsigned long long)digest, strcmp(path, "/products/marker") == 0 ? "marker" : "-");
    aurora_http_reply(exchange, 200, "text/plain", text, (size_t)written);
}

static void handle_smuggled(aurora_http_exchange *exchange, void *self)
{
    atomic_fetch_add(&smuggled, 1);
    handle(exchange, self);
}

static const aurora_http_route routes[] = {
    {AURORA_HTTP_GET, 0, 0, "/products", "limit", "listProducts", handle},
    {AURORA_HTTP_GET, 0, 0, "/products/{sku}", "", "getProduct", handle},
    {AURORA_HTTP_POST, 0, AURORA_HTTP_JSON_BODY, "/orders", "", "placeOrder", handle},
    {AURORA_HTTP_GET, 0, 0, "/admin/stats", "", "getStats", handle_smuggled},
};

static void setup(void)
{
    static const aurora_http_route *const tables[] = {routes};
    static const uint32_t counts[] = {sizeof(routes) / sizeof(routes[0])};
    const aurora_http_options options = {.listen = "127.0.0.1:0",
                                         .routes = tables,
                                         .route_counts = counts,
                                         .table_count = 1,
                                         .head_ms = 120000,
                                         .body_ms = 120000};
    aurora_error err = {.size = sizeof(err)};
    ck_assert_msg(aurora_http_start(&options, &server, &err) == AURORA_OK, "%s", err.message);
    table = raw_table_read();
    other = raw_connect(aurora_http_port(server));
    accepted = 1;
    atomic_store(&smuggled, 0);
}

static void teardown(void)
{
    ck_assert_uint_eq(atomic_load(&smuggled), 0);
    raw_close(&other);
    raw_table_free(&table);
    aurora_http_free(server);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void ask_other(void)
{
    raw_answer answer = raw_ask(&other, RAW_GET("/products/other"), 200);
    raw_answer_free(&answer);
}

/* The loop takes what is ready in the order in which it became so: what was sent before is read
 * when two answers have come, the first of which may have been in the same turn. */
static void await_read(void)
{
    aurora_http_stats stats;
    do {
        ask_other();
        aurora_http_stats_get(server, &stats);
    } while (stats.accepted < accepted);
    ask_other();
    ask_other();
}

static void send_part(const sending *s, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(s->fd, bytes, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* the server has refused it and gone */
        bytes += n;
        len -= (size_t)n;
    }
}

static void open_one(sending *s)
{
    static const struct linger reset = {.l_onoff = 1}; /* thousands must leave no trace */
    raw_client client = raw_connect(aurora_http_port(server));
    s->fd = client.fd;
    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    accepted++;
}

/* --- judging ---------------------------------------------------------------------------------- */

static bool is_for_head(const raw_row *row, uint32_t answers)
{
    return answers == 0 && strncmp(row->bytes, "HEAD ", 5) == 0;
}

static void add_status(outcome *out, int status)
{
    size_t len = strlen(out->verdict);
    snprintf(out->verdict + len, sizeof(out->verdict) - len, len == 0 ? "%d" : ",%d", status);
}

/* A problem differs in its trace's id alone. */
static uint64_t digest_of(const raw_answer *answer)
{
    const char *code = strstr(answer->body, "\"code\":\"");
    if (code != NULL && answer->status >= 400)
        return mix(0, code, strcspn(code, ","));
    return mix(0, answer->body, answer->body_len);
}

static outcome judge(sending *s)
{
    raw_client client = {.fd = s->fd};
    outcome out = {0};
    bool is_kept = false;
    for (uint32_t answers = 0; !is_kept;) {
        raw_answer answer = raw_read(&client, !is_for_head(s->row, answers));
        if (answer.status == 0)
            break;
        ck_assert_msg(answer.is_whole, "%s: an answer is cut off", s->row->name);
        is_kept = answer.body != NULL && strstr(answer.body, " marker") != NULL;
        if (!is_kept && answer.status >= 200) {
            answers++;
            add_status(&out, answer.status);
            out.digest = out.digest * 31 + digest_of(&answer);
        }
        raw_answer_free(&answer);
    }
    ck_assert_msg(raw_is_closed(&client), "%s: bytes behind the last answer", s->row->name);
    raw_close(&client);
    if (!is_kept)
        strncat(out.verdict, " close", sizeof(out.verdict) - strlen(out.verdict) - 1);
    return out;
}

static outcome send_whole(const raw_row *row)
{
    sending s = {.row = row};
    open_one(&s);
    send_part(&s, row->bytes, row->len);
    send_part(&s, MARKER, strlen(MARKER));
    return judge(&s);
}

static void assert_same(const raw_row *row, const outcome *whole, const outcome *cut,
                        const char *how, size_t at)
{
    ck_assert_msg(strcmp(cut->verdict, whole->verdict) == 0 && cut->digest == whole->digest,
                  "%s: whole %s, %s %zu %s%s", row->name, whole->verdict, how, at, cut->verdict,
                  cut->digest == whole->digest ? "" : ", with another content");
}

/* --- cut in two ------------------------------------------------------------------------------- */

static bool is_cut_at(const raw_row *row, size_t at)
{
    static const size_t limits[] = {4096, 8192, 16384, 65536};
    if (row->len <= EVERY_BYTE_MAX || at < 200 || at + 100 > row->len)
        return row->len <= 200000 || at < 40 || at + 40 > row->len ? true : false;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (at + 3 > limits[i] && at < limits[i] + 3)
            return true;
    }
    return at % (row->len / 16) == 0;
}

static void send_cut(sending *sendings, uint32_t count, const outcome *wholes)
{
    for (uint32_t i = 0; i < count; i++) {
        open_one(&sendings[i]);
        send_part(&sendings[i], sendings[i].row->bytes, sendings[i].cut);
    }
    await_read();
    for (uint32_t i = 0; i < count; i++) {
        const sending *s = &sendings[i];
        send_part(s, s->row->bytes + s->cut, s->row->len - s->cut);
        send_part(s, MARKER, strlen(MARKER));
    }
    for (uint32_t i = 0; i < count; i++) {
        outcome out = judge(&sendings[i]);
        assert_same(sendings[i].row, &wholes[sendings[i].row - table.rows], &out, "cut at",
                    sendings[i].cut);
    }
}

static outcome *send_all_whole(void)
{
    outcome *wholes = calloc(table.count, sizeof(wholes[0]));
    ck_assert_ptr_nonnull(wholes);
    for (uint32_t i = 0; i < table.count; i++)
        wholes[i] = send_whole(&table.rows[i]);
    return wholes;
}

/* Mutation: read_coding (src/http/gate.c) by has_option, which takes "gzip, chunked"; is_ambiguous
 * (src/http/request.c) false; read_escape (src/http/gate_path.c) without its slash. */
START_TEST(test_raw_requests__verdicts_are_those_of_the_table)
{
    uint32_t wrong = 0;
    ck_assert_uint_ge(table.count, 150);

    outcome *wholes = send_all_whole();

    for (uint32_t i = 0; i < table.count; i++) {
        if (strcmp(wholes[i].verdict, table.rows[i].verdict) == 0)
            continue;
        wrong++;
        fprintf(stderr, "%s: %s, expected %s\n", table.rows[i].name, wholes[i].verdict,
                table.rows[i].verdict);
    }
    ck_assert_msg(wrong == 0, "%u verdicts are not the table's", wrong);
    free(wholes);
}
END_TEST

/* Mutation: let read_chunked (src/http/gate_body.c) begin each call with no digits. */
START_TEST(test_raw_requests__cut_at_any_byte_the_verdict_is_the_same)
{
    static sending sendings[TOGETHER];
    uint32_t count = 0, cuts = 0;
    outcome *wholes = send_all_whole();

    for (uint32_t i = 0; i < table.count; i++) {
        for (size_t cut = 1; cut <= table.rows[i].len; cut++) {
            if (!is_cut_at(&table.rows[i], cut))
                continue;
            sendings[count++] = (sending){.row = &table.rows[i], .cut = cut};
            cuts++;
            if (count == TOGETHER) {
                send_cut(sendings, count, wholes);
                count = 0;
            }
        }
    }
    send_cut(sendings, count, wholes);

    printf("raw requests: %u rows, cut at %u places\n", table.count, cuts);
    ck_assert_uint_gt(cuts, 10000);
    free(wholes);
}
END_TEST

/* --- byte by byte ----------------------------------------------------------------------------- */

static void send_drip(sending *sendings, uint32_t count, const outcome *wholes)
{
    for (uint32_t i = 0; i < count; i++)
        open_one(&sendings[i]);
    for (size_t at = 0, left = count; left > 0; at++) {
        left = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (at < sendings[i].row->len)
                send_part(&sendings[i], sendings[i].row->bytes + at, 1);
            left += at < sendings[i].row->len;
        }
        await_read();
    }
    for (uint32_t i = 0; i < count; i++) {
        send_part(&sendings[i], MARKER, strlen(MARKER));
        outcome out = judge(&sendings[i]);
        assert_same(sendings[i].row, &wholes[sendings[i].row - table.rows], &out, "by bytes of", 1);
    }
}

START_TEST(test_raw_requests__byte_by_byte_the_verdict_is_the_same)
{
    static sending sendings[TOGETHER];
    uint32_t count = 0;
    outcome *wholes = send_all_whole();

    for (uint32_t i = 0; i < table.count; i++) {
        if (table.rows[i].len <= EVERY_BYTE_MAX)
            sendings[count++] = (sending){.row = &table.rows[i]};
        if (count == TOGETHER || i + 1 == table.count) {
            send_drip(sendings, count, wholes);
            count = 0;
        }
    }

    free(wholes);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("raw_requests");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 240);
    tcase_add_test(all, test_raw_requests__verdicts_are_those_of_the_table);
    tcase_add_test(all, test_raw_requests__cut_at_any_byte_the_verdict_is_the_same);
    tcase_add_test(all, test_raw_requests__byte_by_byte_the_verdict_is_the_same);
    suite_add_tcase(s, all);
    return s;
}

AURORA_TEST_MAIN(suite)
