/* SPDX-License-Identifier: MIT */
/* What the gateway takes for an answer of a service, and what it does not: the same verdict
 * wherever the bytes were cut. */
#include "upstream/reply.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX 4096

static const aurora__gate_limits limits = {.head_bytes_max = 1024,
                                           .fields_max = 16,
                                           .body_bytes_max = BODY_MAX};

/* What became of an answer: `used` bytes of it were read, up to the verdict. */
typedef struct {
    aurora__reply reply;
    aurora__reply_step step;
    size_t used, head_at;
    char body[BODY_MAX + 1];
    size_t body_len;
    int interim;
} reading;

typedef struct {
    const char *bytes;
    size_t len;
    const char *why; /* a part of the reason; NULL = accepted */
} sample;

#define BAD(why, text)                                                                             \
    {                                                                                              \
        (text), sizeof(text) - 1, (why)                                                            \
    }
#define OK(rest) "HTTP/1.1 200 OK\r\n" rest
#define CHUNKED(rest) OK("Transfer-Encoding: chunked\r\n\r\n" rest)
#define SIXTEEN "a:b\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\n"

/* With all bytes up to `len` there. */
static void read_up_to(reading *r, const char *bytes, size_t len, bool is_to_head)
{
    while (r->step == AURORA__REPLY_MORE && r->used < len) {
        size_t used, body;
        if (r->reply.head_len == 0) {
            r->step = aurora__reply_head(&r->reply, bytes + r->head_at, len - r->head_at);
            r->used = r->head_at + (r->reply.head_len > 0 ? r->reply.head_len : r->reply.scanned);
            if (r->step != AURORA__REPLY_DONE)
                continue;
            if (aurora__reply_is_interim(&r->reply)) {
                r->interim++;
                r->head_at = r->used;
                aurora__reply_init(&r->reply, &limits, is_to_head);
                r->step = AURORA__REPLY_MORE;
            } else if (aurora__reply_has_body(&r->reply)) {
                r->step = AURORA__REPLY_MORE;
            }
            continue;
        }
        r->step = aurora__reply_body(&r->reply, bytes + r->used, len - r->used, &used, &body);
        ck_assert_uint_le(body, used);
        ck_assert_uint_le(r->body_len + body, BODY_MAX);
        memcpy(r->body + r->body_len, bytes + r->used + used - body, body);
        r->body_len += body;
        r->used += used;
    }
}

static reading read_in_pieces(const char *bytes, size_t len, size_t piece, bool is_to_head)
{
    reading r;
    memset(&r, 0, sizeof r);
    aurora__reply_init(&r.reply, &limits, is_to_head);
    for (size_t end = piece < len ? piece : len;; end = len - end < piece ? len : end + piece) {
        read_up_to(&r, bytes, end, is_to_head);
        if (end == len)
            return r;
    }
}

static reading read_whole(const char *bytes)
{
    return read_in_pieces(bytes, strlen(bytes), strlen(bytes), false);
}

/* --- refused ---------------------------------------------------------------------------------- */

static const sample refused[] = {
    /* the status line */
    BAD("begin with HTTP", "\r\n"),
    BAD("begin with HTTP", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("begin with HTTP", "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("begin with HTTP", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("begin with HTTP", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("begin with HTTP", "HTTP/1. 200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("begin with HTTP", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("begin with HTTP", " HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("begin with HTTP", "HTTP/1.1200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("begin with HTTP", "HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("begin with HTTP", "HTTP/11 200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("begin with HTTP", "ICY 200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("begin with HTTP", "SSH-2.0-OpenSSH_9.2\r\n"),
    BAD("begin with HTTP", "<html>not a status line</html>\r\n"),
    BAD("begin with HTTP", "HTTP/1.1 20\r\nContent-Length: 0\r\n\r\n"),
    BAD("three digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("three digits", "HTTP/1.1 2 0 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("three digits", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("three digits", "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("three digits", "HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("three digits", "HTTP/1.1 200\tOK\r\nContent-Length: 0\r\n\r\n"),
    BAD("three digits", "HTTP/1.1 200OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("outside of", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("outside of", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("outside of", "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("outside of", "HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n"),
    BAD("unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
    BAD("interim status in HTTP/1.0", "HTTP/1.0 100 Continue\r\n\r\n"),
    /* lines */
    BAD("CR LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
    BAD("CR LF", OK("Content-Length: 0\n\r\n")),
    BAD("CR LF", OK("Content-Length: 0\r\n\n")),
    BAD("CR LF", OK("A: b\rContent-Length: 0\r\n\r\n")),
    BAD("CR LF", OK("A: b\r\rContent-Length: 0\r\n\r\n")),
    BAD("CR LF", OK("\rContent-Length: 0\r\n\r\n")),
    BAD("not text", OK("A: b\0c\r\nContent-Length: 0\r\n\r\n")),
    BAD("not text", OK("A: b\x7f\r\nContent-Length: 0\r\n\r\n")),
    BAD("not text", OK("A: b\x01\r\nContent-Length: 0\r\n\r\n")),
    BAD("not text", "HTTP/1.1 200 O\x0bK\r\nContent-Length: 0\r\n\r\n"),
    /* fields */
    BAD("NAME: VALUE", OK("Content-Length\r\n\r\n")),
    BAD("NAME: VALUE", OK(": 0\r\n\r\n")),
    BAD("NAME: VALUE", OK("Content-Length : 0\r\n\r\n")),
    BAD("NAME: VALUE", OK("Content Length: 0\r\n\r\n")),
    BAD("NAME: VALUE", OK("Content\tLength: 0\r\n\r\n")),
    BAD("NAME: VALUE", OK("Caf\xc3\xa9: 0\r\n\r\n")),
    BAD("NAME: VALUE", OK("A(b): 0\r\nContent-Length: 0\r\n\r\n")),
    BAD("NAME: VALUE", OK("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
    BAD("next line", OK("A: b\r\n c\r\nContent-Length: 0\r\n\r\n")),
    BAD("next line", OK("A: b\r\n\tc\r\nContent-Length: 0\r\n\r\n")),
    BAD("next line", OK(" A: b\r\nContent-Length: 0\r\n\r\n")),
    BAD("too many header fields", OK(SIXTEEN SIXTEEN "Content-Length: 0\r\n\r\n")),
    /* the length */
    BAD("Content-Length", OK("Content-Length: 1\r\nContent-Length: 2\r\n\r\nab")),
    BAD("Content-Length", OK("Content-Length: 1\r\ncontent-length: 1\r\n\r\na")),
    BAD("Content-Length", OK("Content-Length: 1, 1\r\n\r\na")),
    BAD("Content-Length", OK("Content-Length: \r\n\r\n")),
    BAD("Content-Length", OK("Content-Length: +1\r\n\r\na")),
    BAD("Content-Length", OK("Content-Length: -1\r\n\r\na")),
    BAD("Content-Length", OK("Content-Length: 0x1\r\n\r\na")),
    BAD("Content-Length", OK("Content-Length: 1 2\r\n\r\na")),
    BAD("Content-Length", OK("Content-Length: 1;\r\n\r\na")),
    BAD("Content-Length", OK("Content-Length: 1e3\r\n\r\na")),
    BAD("Content-Length", OK("Content-Length: 18446744073709551616\r\n\r\na")),
    BAD("Content-Length", OK("Content-Length: 99999999999999999999999\r\n\r\na")),
    BAD("larger than allowed", OK("Content-Length: 4097\r\n\r\n")),
    BAD("how long", OK("\r\nuntil the end")),
    BAD("how long", OK("Connection: close\r\n\r\nuntil the end")),
    BAD("how long", "HTTP/1.0 200 OK\r\n\r\nuntil the end"),
    BAD("how long", "HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n"),
    /* chunks */
    BAD("Transfer-Encoding", OK("Transfer-Encoding: gzip\r\n\r\n")),
    BAD("Transfer-Encoding", OK("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
    BAD("Transfer-Encoding", OK("Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n")),
    BAD("Transfer-Encoding", OK("Transfer-Encoding: identity\r\n\r\n")),
    BAD("Transfer-Encoding", OK("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")),
    BAD("Transfer-Encoding", OK("Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n")),
    BAD("Transfer-Encoding", OK("Transfer-Encoding:\r\n\r\n0\r\n\r\n")),
    BAD("Transfer-Encoding",
        OK("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
    BAD("both", OK("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")),
    BAD("both", OK("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
    BAD("in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    BAD("chunks", CHUNKED("\r\n")),
    BAD("chunks", CHUNKED("g\r\n")),
    BAD("chunks", CHUNKED("-1\r\n")),
    BAD("chunks", CHUNKED("0x1\r\na\r\n0\r\n\r\n")),
    BAD("chunks", CHUNKED("1\na\r\n0\r\n\r\n")),
    BAD("chunks", CHUNKED("1\r\nab\r\n0\r\n\r\n")),
    BAD("chunks", CHUNKED("1\r\na0\r\n\r\n")),
    BAD("chunks", CHUNKED("1\r\na\n0\r\n\r\n")),
    BAD("chunks", CHUNKED(" 1\r\na\r\n0\r\n\r\n")),
    BAD("chunks", CHUNKED("1 \r\na\r\n0\r\n\r\n")),
    BAD("chunks", CHUNKED("00000000000000001\r\na\r\n0\r\n\r\n")),
    BAD("chunks", CHUNKED("ffffffffffffffff\r\n")),
    BAD("chunks", CHUNKED("1001\r\n")),
    BAD("chunks", CHUNKED("1;a\0b\r\na\r\n0\r\n\r\n")),
    BAD("chunks", CHUNKED("0\r\nbad trailer\r\n\r\n")),
    BAD("chunks", CHUNKED("0\r\n: x\r\n\r\n")),
    BAD("chunks", CHUNKED("0\r\n\n")),
    /* bodies where there is none */
    BAD("allows none", "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\na"),
    BAD("allows none", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    BAD("allows none", "HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n\r\na"),
    BAD("allows none", "HTTP/1.1 103 Early\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
};

#define REFUSED (sizeof refused / sizeof *refused)

START_TEST(test_reply__what_is_ambiguous_is_refused)
{
    const sample *s = &refused[_i];

    reading r = read_in_pieces(s->bytes, s->len, s->len, false);

    ck_assert_msg(r.step == AURORA__REPLY_BAD && strstr(r.reply.why, s->why) != NULL,
                  "step %d, %s, expected \"%s\": %s", (int)r.step,
                  r.reply.why != NULL ? r.reply.why : "", s->why, s->bytes);
}
END_TEST

START_TEST(test_reply__the_verdict_falls_at_the_same_byte)
{
    const sample *s = &refused[_i];
    reading whole = read_in_pieces(s->bytes, s->len, s->len, false);

    for (size_t piece = 1; piece < s->len; piece++) {
        reading r = read_in_pieces(s->bytes, s->len, piece, false);

        ck_assert_int_eq(r.step, AURORA__REPLY_BAD);
        ck_assert_str_eq(r.reply.why, whole.reply.why);
        ck_assert_uint_eq(r.reply.scanned, whole.reply.scanned);
    }
}
END_TEST

START_TEST(test_reply__a_head_without_end_is_refused_at_its_limit)
{
    char bytes[2048];
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, "HTTP/1.1 200 OK\r\nA: ", 20);

    reading r = read_in_pieces(bytes, sizeof bytes, 7, false);

    ck_assert_int_eq(r.step, AURORA__REPLY_BAD);
    ck_assert_ptr_nonnull(strstr(r.reply.why, "too large"));
    ck_assert_uint_eq(r.reply.scanned, limits.head_bytes_max + 1);
}
END_TEST

/* --- accepted --------------------------------------------------------------------------------- */

typedef struct {
    const char *bytes;
    int status;
    const char *body;
    bool keeps_alive;
} answer;

static const answer accepted[] = {
    {OK("Content-Length: 0\r\n\r\n"), 200, "", true},
    {OK("Content-Length: 2\r\n\r\nhi"), 200, "hi", true},
    {OK("content-LENGTH:2\r\n\r\nhi"), 200, "hi", true},
    {OK("Content-Length: \t 2 \t\r\n\r\nhi"), 200, "hi", true},
    {OK("Content-Length: 0002\r\n\r\nhi"), 200, "hi", true},
    {"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true},
    {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true},
    {"HTTP/1.1 200 Tr\xc3\xa8s bien\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true},
    {"HTTP/1.1 599 What\r\nContent-Length: 2\r\n\r\nhi", 599, "hi", true},
    {OK("Content-Length: 2\r\nConnection: close\r\n\r\nhi"), 200, "hi", false},
    {OK("Content-Length: 2\r\nConnection: x, Close\r\n\r\nhi"), 200, "hi", false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi", 200, "hi", true},
    {CHUNKED("0\r\n\r\n"), 200, "", true},
    {CHUNKED("2\r\nhi\r\n0\r\n\r\n"), 200, "hi", true},
    {CHUNKED("1;a=b\r\nh\r\n1\r\ni\r\n000\r\nTrailer: x\r\n\r\n"), 200, "hi", true},
    {OK("Transfer-Encoding: CHUNKED\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n"), 200, "0123456789", true},
    {"HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, "", true},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", 304, "", true},
    {"HTTP/1.1 304 Not Modified\r\n\r\n", 304, "", true},
    {"HTTP/1.1 100 Continue\r\n\r\n" OK("Content-Length: 2\r\n\r\nhi"), 200, "hi", true},
    {"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 102 P\r\n\r\n" OK(
         "Content-Length: 2\r\n\r\nhi"),
     200, "hi", true},
};

#define ACCEPTED (sizeof accepted / sizeof *accepted)

START_TEST(test_reply__what_is_well_formed_is_read_wherever_it_is_cut)
{
    const answer *a = &accepted[_i];
    size_t len = strlen(a->bytes);

    for (size_t piece = 1; piece <= len; piece++) {
        reading r = read_in_pieces(a->bytes, len, piece, false);

        ck_assert_msg(r.step == AURORA__REPLY_DONE, "%s: %s",
                      r.reply.why != NULL ? r.reply.why : "is not done", a->bytes);
        ck_assert_int_eq(r.reply.status, a->status);
        ck_assert_str_eq(r.body, a->body);
        ck_assert_uint_eq(r.used, len);
        ck_assert(aurora__reply_keeps_alive(&r.reply) == a->keeps_alive);
    }
}
END_TEST

START_TEST(test_reply__an_answer_to_head_has_a_length_and_no_body)
{
    static const char bytes[] = OK("Content-Length: 999999\r\n\r\n");

    reading r = read_in_pieces(bytes, sizeof bytes - 1, 5, true);

    ck_assert_int_eq(r.step, AURORA__REPLY_DONE);
    ck_assert(!aurora__reply_has_body(&r.reply));
    ck_assert_uint_eq(r.reply.length, 999999);
}
END_TEST

START_TEST(test_reply__what_comes_behind_an_answer_is_not_its_own)
{
    reading r = read_whole(OK("Content-Length: 2\r\n\r\nhi") "HTTP/1.1 200 OK\r\n");

    ck_assert_int_eq(r.step, AURORA__REPLY_DONE);
    ck_assert_str_eq(r.body, "hi");
    ck_assert_uint_eq(r.used, sizeof(OK("Content-Length: 2\r\n\r\nhi")) - 1);
}
END_TEST

START_TEST(test_reply__fields_of_the_connection_are_left_out)
{
    char bytes[] = OK("Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
                      "Upgrade: h2c\r\nETag: \"1\"\r\nContent-Length: 0\r\n\r\n");
    aurora__reply reply;
    aurora_upstream_field fields[16];
    aurora__reply_init(&reply, &limits, false);
    ck_assert_int_eq(aurora__reply_head(&reply, bytes, sizeof bytes - 1), AURORA__REPLY_DONE);

    uint32_t count = aurora__reply_fields(&reply, bytes, fields);

    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(fields[0].name, "ETag");
    ck_assert_str_eq(fields[0].value, "\"1\"");
    ck_assert_str_eq(fields[1].name, "Content-Length");
}
END_TEST

/* --- addresses -------------------------------------------------------------------------------- */

START_TEST(test_address__a_host_and_a_port)
{
    static const char *const good[] = {"127.0.0.1:1", "localhost:65535", "[::1]:80",
                                       "order-1.svc.local:8082", "a_b:1"};
    static const char *const bad[] = {
        "",           ":80",       "host",        "host:",    "host:0",
        "host:65536", "host:80x",  "host:123456", "[::1]",    "[::1:80",
        "[]:80",      "[host]:80", "ho st:80",    "ho/st:80", "http://h:80"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(aurora_upstream_check_address(good[i]) == NULL, "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(aurora_upstream_check_address(bad[i]) != NULL, "%s", bad[i]);
}
END_TEST

static Suite *reply_suite(void)
{
    Suite *suite = suite_create("reply");
    TCase *tcase = tcase_create("reply");
    tcase_add_loop_test(tcase, test_reply__what_is_ambiguous_is_refused, 0, REFUSED);
    tcase_add_loop_test(tcase, test_reply__the_verdict_falls_at_the_same_byte, 0, REFUSED);
    tcase_add_test(tcase, test_reply__a_head_without_end_is_refused_at_its_limit);
    tcase_add_loop_test(tcase, test_reply__what_is_well_formed_is_read_wherever_it_is_cut, 0,
                        ACCEPTED);
    tcase_add_test(tcase, test_reply__an_answer_to_head_has_a_length_and_no_body);
    tcase_add_test(tcase, test_reply__what_comes_behind_an_answer_is_not_its_own);
    tcase_add_test(tcase, test_reply__fields_of_the_connection_are_left_out);
    tcase_add_test(tcase, test_address__a_host_and_a_port);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(reply_suite)
