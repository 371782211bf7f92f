/* SPDX-License-Identifier: MIT */
#include "http/gate.h"

#include "http/route.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX 4096

static const aurora__gate_limits limits = {.head_bytes_max = 1024,
                                           .line_bytes_max = 512,
                                           .fields_max = 16,
                                           .body_bytes_max = BODY_MAX};

/* What became of a request: `used` bytes of it were read, up to the verdict. */
typedef struct {
    aurora__gate gate;
    aurora__gate_step step;
    size_t used;
    char body[BODY_MAX + 1];
    size_t body_len;
} reading;

typedef struct {
    const char *bytes;
    size_t len;
    int status; /* 0 = accepted */
    const char *header;
} sample;

#define SAMPLE(status, header, text)                                                               \
    {                                                                                              \
        (text), sizeof(text) - 1, (status), (header)                                               \
    }
#define GET(rest) "GET / HTTP/1.1\r\nHost: a\r\n" rest
#define POST(rest) "POST / HTTP/1.1\r\nHost: a\r\n" rest
#define CHUNKED(rest) POST("Transfer-Encoding: chunked\r\n\r\n" rest)

static void begin(reading *r)
{
    memset(r, 0, sizeof(*r));
    aurora__gate_init(&r->gate, &limits);
}

/* As the server does it, with all bytes up to `len` there. */
static void read_up_to(reading *r, const char *bytes, size_t len)
{
    while (r->step == AURORA__GATE_MORE && r->used < len) {
        size_t used, body;
        if (r->gate.head_len == 0) {
            r->step = aurora__gate_head(&r->gate, bytes, len);
            r->used = r->gate.head_len > 0 ? r->gate.head_len : r->gate.scanned;
            if (r->step == AURORA__GATE_DONE && aurora__gate_has_body(&r->gate))
                r->step = AURORA__GATE_MORE;
            continue;
        }
        r->step = aurora__gate_body(&r->gate, bytes + r->used, len - r->used, &used, &body);
        ck_assert_uint_le(body, used);
        ck_assert_uint_le(r->body_len + body, BODY_MAX);
        memcpy(r->body + r->body_len, bytes + r->used + used - body, body);
        r->body_len += body;
        r->used += used;
    }
}

static reading read_whole(const char *bytes, size_t len)
{
    reading r;
    begin(&r);
    read_up_to(&r, bytes, len);
    return r;
}

static void assert_verdict(const sample *s, const reading *r)
{
    const aurora_http_refusal *refusal = &r->gate.refusal;
    ck_assert_msg(refusal->status == s->status, "%d (%s), expected %d: %s", refusal->status,
                  refusal->status == 0 ? "accepted" : refusal->detail, s->status, s->bytes);
    ck_assert_msg((s->status == 0) == (r->step == AURORA__GATE_DONE), "step %d: %s", (int)r->step,
                  s->bytes);
    if (s->header != NULL)
        ck_assert_str_eq(refusal->header, s->header);
    else
        ck_assert_ptr_null(refusal->header);
}

static void assert_same(const sample *s, const reading *r, const reading *whole)
{
    ck_assert_msg(r->step == whole->step && r->gate.refusal.status == whole->gate.refusal.status &&
                      r->gate.refusal.detail == whole->gate.refusal.detail,
                  "cut differently it is %d, whole %d: %s", r->gate.refusal.status,
                  whole->gate.refusal.status, s->bytes);
    if (r->step == AURORA__GATE_DONE) {
        ck_assert_uint_eq(r->used, whole->used);
        ck_assert_uint_eq(r->body_len, whole->body_len);
        ck_assert_mem_eq(r->body, whole->body, whole->body_len);
    }
}

/* The verdict, and that it is the same for the bytes in two parts, cut anywhere, and one by one. */
static void assert_sample(const sample *s)
{
    reading whole = read_whole(s->bytes, s->len);
    reading r;

    assert_verdict(s, &whole);
    for (size_t cut = 1; cut < s->len; cut++) {
        begin(&r);
        read_up_to(&r, s->bytes, cut);
        read_up_to(&r, s->bytes, s->len);
        assert_same(s, &r, &whole);
    }
    begin(&r);
    for (size_t len = 1; len <= s->len; len++)
        read_up_to(&r, s->bytes, len);
    assert_same(s, &r, &whole);
}

static void assert_samples(const sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_sample(&samples[i]);
}

#define ASSERT_SAMPLES(samples) assert_samples(samples, sizeof(samples) / sizeof(samples[0]))

START_TEST(test_gate__well_formed_requests_pass)
{
    static const sample samples[] = {
        SAMPLE(0, NULL, GET("\r\n")),
        SAMPLE(0, NULL, "\r\n" GET("\r\n")),
        SAMPLE(0, NULL, "GET / HTTP/1.0\r\n\r\n"),
        SAMPLE(0, NULL, "HEAD /a%20b?c=d&e HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"),
        SAMPLE(0, NULL, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        SAMPLE(0, NULL, "GET http://a.example:80/x?y HTTP/1.1\r\nHost: a.example\r\n\r\n"),
        SAMPLE(0, NULL, "GET http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n"),
        SAMPLE(0, NULL, "GET /a%25/b?\\%2f// HTTP/1.1\r\nHost: a\r\n\r\n"),
        SAMPLE(0, NULL, "GET /.a/..b/...?../.. HTTP/1.1\r\nHost: a\r\n\r\n"),
        SAMPLE(0, NULL, GET("A:\r\nB: \t \r\nC:d \t e\xc3\xa9 \r\n\r\n")),
        SAMPLE(0, NULL, GET("Content-Length: 0\r\n\r\n")),
        SAMPLE(0, NULL, POST("content-length: 5\r\n\r\nhello")),
        SAMPLE(0, NULL, POST("Content-Length: 0005\r\nExpect: 100-Continue\r\n\r\nhello")),
        SAMPLE(0, NULL, CHUNKED("5\r\nhello\r\n0\r\n\r\n")),
        SAMPLE(0, NULL, POST("Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n")),
        SAMPLE(0, NULL, CHUNKED("2;a=b;c=\"d e\"\r\nhe\r\n0003\r\nllo\r\n0;x\r\nT: v\r\n\r\n")),
    };
    ASSERT_SAMPLES(samples);
}
END_TEST

START_TEST(test_gate__request_lines_that_are_none_are_refused)
{
    static const sample samples[] = {
        SAMPLE(400, NULL, "\x16\x03\x01\x02\x00\x01"),  SAMPLE(400, NULL, "\r\n\r\n"),
        SAMPLE(400, NULL, " GET / HTTP/1.1\r\n"),       SAMPLE(400, NULL, "GET /\r\n"),
        SAMPLE(400, NULL, "GET  / HTTP/1.1\r\n"),       SAMPLE(400, NULL, "GET /  HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET / HTTP/1.1 \r\n"),       SAMPLE(400, NULL, "GET / a HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET\t/ HTTP/1.1\r\n"),       SAMPLE(400, NULL, "G@T / HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET / http/1.1\r\n"),        SAMPLE(400, NULL, "GET / HTTP/x.y\r\n"),
        SAMPLE(400, NULL, "GET / HTTP/1.10\r\n"),       SAMPLE(505, NULL, "GET / HTTP/0.9\r\n"),
        SAMPLE(505, NULL, "PRI * HTTP/2.0\r\n"),        SAMPLE(505, NULL, "GET / HTTP/3.0\r\n"),
        SAMPLE(501, NULL, "BREW /pot HTTP/1.1\r\n"),    SAMPLE(501, NULL, "get / HTTP/1.1\r\n"),
        SAMPLE(501, NULL, "CONNECT a:80 HTTP/1.1\r\n"),
    };
    ASSERT_SAMPLES(samples);
}
END_TEST

START_TEST(test_gate__targets_that_lead_astray_are_refused)
{
    static const sample samples[] = {
        SAMPLE(400, NULL, "GET a HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET * HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET /a#b HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET /a?b#c HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET /\x01 HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET /\x00 HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET /\xe9 HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET /a/../b HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET /.. HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET /. HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET /%2e%2E/b HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET /a/.%2e?b HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET ftp://a/ HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET http:///a HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET http://u@a/ HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET http://a?b HTTP/1.1\r\n"),
        SAMPLE(400, NULL, "GET http://a/../b HTTP/1.1\r\n"),
    };
    ASSERT_SAMPLES(samples);
}
END_TEST

START_TEST(test_gate__fields_that_two_readers_could_read_differently_are_refused)
{
    static const sample samples[] = {
        SAMPLE(400, NULL, GET("A : b\r\n")),
        SAMPLE(400, NULL, GET(" A: b\r\n")),
        SAMPLE(400, NULL, GET("A: b\r\n c\r\n")),
        SAMPLE(400, NULL, GET("A: b\r\n\tc\r\n")),
        SAMPLE(400, NULL, GET(": b\r\n")),
        SAMPLE(400, NULL, GET("nonsense\r\n")),
        SAMPLE(400, NULL, GET("A(b): c\r\n")),
        SAMPLE(400, NULL, GET("A\x00: b\r\n")),
        SAMPLE(400, NULL, GET("A: b\x00\r\n")),
        SAMPLE(400, NULL, GET("A: b\x0b\r\n")),
        SAMPLE(400, NULL, GET("A: b\x7f\r\n")),
        SAMPLE(400, NULL, GET("A\xe9: b\r\n")),
        SAMPLE(400, NULL, GET("A: b\n")),
        SAMPLE(400, NULL, GET("A: b\rc\r\n")),
        SAMPLE(400, NULL, GET("A: b\r\r\n")),
        SAMPLE(400, NULL, "GET / HTTP/1.1\nHost: a\n\n"),
        SAMPLE(417, "Expect", POST("Expect: 200-ok\r\n")),
    };
    ASSERT_SAMPLES(samples);
}
END_TEST

START_TEST(test_gate__one_host_is_required)
{
    static const sample samples[] = {
        SAMPLE(400, "Host", "GET / HTTP/1.1\r\n\r\n"),
        SAMPLE(400, "Host", GET("Host: a\r\n")),
        SAMPLE(400, "Host", GET("hOST: b\r\n")),
        SAMPLE(400, "Host", "GET / HTTP/1.1\r\nHost:\r\n"),
        SAMPLE(400, "Host", "GET / HTTP/1.1\r\nHost: a b\r\n"),
        SAMPLE(400, "Host", "GET / HTTP/1.1\r\nHost: a/b\r\n"),
        SAMPLE(400, "Host", "GET / HTTP/1.1\r\nHost: u@a\r\n"),
        SAMPLE(400, "Host", "GET / HTTP/1.1\r\nHost: :80\r\n"),
        SAMPLE(400, "Host", "GET http://a/ HTTP/1.1\r\n\r\n"),
    };
    ASSERT_SAMPLES(samples);
}
END_TEST

START_TEST(test_gate__a_length_is_digits_and_given_once)
{
    static const char field[] = "Content-Length";
    static const sample samples[] = {
        SAMPLE(400, field, POST("Content-Length: 2\r\nContent-Length: 3\r\n")),
        SAMPLE(400, field, POST("Content-Length: 2\r\nContent-Length: 2\r\n")),
        SAMPLE(400, field, POST("Content-Length: 2, 2\r\n")),
        SAMPLE(400, field, POST("Content-Length: +2\r\n")),
        SAMPLE(400, field, POST("Content-Length: -2\r\n")),
        SAMPLE(400, field, POST("Content-Length: 0x2\r\n")),
        SAMPLE(400, field, POST("Content-Length: 2 2\r\n")),
        SAMPLE(400, field, POST("Content-Length:\r\n")),
        SAMPLE(400, field, POST("Content-Length: 18446744073709551616\r\n")),
        SAMPLE(400, field, POST("Content-Length: 99999999999999999999999\r\n")),
        SAMPLE(400, NULL, POST("Content-Length : 2\r\n")),
        SAMPLE(413, NULL, POST("Content-Length: 4097\r\n\r\n")),
        SAMPLE(413, NULL, POST("Content-Length: 18446744073709551615\r\n\r\n")),
    };
    ASSERT_SAMPLES(samples);
}
END_TEST

START_TEST(test_gate__the_only_coding_is_chunked)
{
    static const char field[] = "Transfer-Encoding";
    static const sample samples[] = {
        SAMPLE(400, field, POST("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n")),
        SAMPLE(400, field, POST("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n")),
        SAMPLE(400, field, POST("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n")),
        SAMPLE(400, field, POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
        SAMPLE(400, field, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        SAMPLE(400, field, POST("Transfer-Encoding: gzip, chunked\r\n")),
        SAMPLE(400, field, POST("Transfer-Encoding: chunked, chunked\r\n")),
        SAMPLE(400, field, POST("Transfer-Encoding: identity\r\n")),
        SAMPLE(400, field, POST("Transfer-Encoding: xchunked\r\n")),
        SAMPLE(400, field, POST("Transfer-Encoding: chunkedx\r\n")),
        SAMPLE(400, field, POST("Transfer-Encoding:\r\n")),
        SAMPLE(400, NULL,
               POST("Transfer-Encoding: \x0b"
                    "chunked\r\n")),
    };
    ASSERT_SAMPLES(samples);
}
END_TEST

START_TEST(test_gate__chunks_out_of_form_are_refused)
{
    static const sample samples[] = {
        SAMPLE(400, NULL, CHUNKED("zz\r\n")),
        SAMPLE(400, NULL, CHUNKED("\r\n")),
        SAMPLE(400, NULL, CHUNKED("0x2\r\n")),
        SAMPLE(400, NULL, CHUNKED("-2\r\n")),
        SAMPLE(400, NULL, CHUNKED(" 2\r\n")),
        SAMPLE(400, NULL, CHUNKED("2 \r\n")),
        SAMPLE(400, NULL, CHUNKED("2\n")),
        SAMPLE(400, NULL, CHUNKED("2\r\r\n")),
        SAMPLE(400, NULL, CHUNKED("2\r\nabc\r\n")),
        SAMPLE(400, NULL, CHUNKED("2\r\nab\n0\r\n")),
        SAMPLE(400, NULL, CHUNKED("2;a\x00\r\n")),
        SAMPLE(400, NULL, CHUNKED("2;a\nab\r\n")),
        SAMPLE(400, NULL, CHUNKED("10000000000000002\r\n")),
        SAMPLE(400, NULL, CHUNKED("0\r\nnonsense\r\n")),
        SAMPLE(400, NULL, CHUNKED("0\r\n: a\r\n")),
        SAMPLE(400, NULL, CHUNKED("0\r\nA : a\r\n")),
        SAMPLE(400, NULL, CHUNKED("0\r\n A: a\r\n")),
        SAMPLE(400, NULL, CHUNKED("0\r\nA: a\n")),
        SAMPLE(400, NULL, CHUNKED("0\r\n\rX")),
        SAMPLE(413, NULL, CHUNKED("1001\r\n")),
        SAMPLE(413, NULL, CHUNKED("ffffffffffffffff\r\n")),
        SAMPLE(413, NULL, CHUNKED("1\r\na\r\n1000\r\n")),
    };
    ASSERT_SAMPLES(samples);
}
END_TEST

/* --- sizes ------------------------------------------------------------------------------------ */

/* `before`, `fill` so often, `after`. */
static sample build(char *buffer, const char *before, const char *fill, size_t times,
                    const char *after)
{
    size_t len = strlen(before);
    memcpy(buffer, before, len);
    for (size_t i = 0; i < times; i++) {
        memcpy(buffer + len, fill, strlen(fill));
        len += strlen(fill);
    }
    memcpy(buffer + len, after, strlen(after) + 1);
    return (sample){buffer, len + strlen(after), 0, NULL};
}

START_TEST(test_gate__a_long_request_line_is_414)
{
    char buffer[2048];
    sample fits = build(buffer, "GET /", "a", 512 - 16, " HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_sample(&fits);

    sample over = build(buffer, "GET /", "a", 512 - 15, " HTTP/1.1\r\nHost: a\r\n\r\n");
    over.status = 414;
    assert_sample(&over);
}
END_TEST

START_TEST(test_gate__large_fields_are_431)
{
    char buffer[4096];
    static const size_t around = sizeof(GET("A: \r\n\r\n")) - 1;
    sample fits = build(buffer, GET("A: "), "a", 1024 - around, "\r\n\r\n");
    assert_sample(&fits);

    sample over = build(buffer, GET("A: "), "a", 1025 - around, "\r\n\r\n");
    over.status = 431;
    assert_sample(&over);
}
END_TEST

START_TEST(test_gate__many_fields_are_431)
{
    char buffer[2048];
    sample fits = build(buffer, GET(""), "A: b\r\n", 15, "\r\n");
    assert_sample(&fits);

    sample over = build(buffer, GET(""), "A: b\r\n", 16, "\r\n");
    over.status = 431;
    assert_sample(&over);
}
END_TEST

START_TEST(test_gate__long_extensions_of_a_chunk_are_400)
{
    static char buffer[65536];
    sample fits = build(buffer, CHUNKED("1"), ";e", 127, "\r\na\r\n0\r\n\r\n");
    assert_sample(&fits);

    sample over = build(buffer, CHUNKED("1"), ";e", 129, "\r\na\r\n0\r\n\r\n");
    over.status = 400;
    assert_sample(&over);
}
END_TEST

START_TEST(test_gate__large_extensions_and_trailers_are_431)
{
    static char buffer[65536];
    sample over = build(buffer, CHUNKED(""), "1;eeeeeeeeeeeeeee\r\na\r\n", 600, "0\r\n\r\n");
    ck_assert_int_eq(read_whole(over.bytes, over.len).gate.refusal.status, 431);

    over = build(buffer, CHUNKED("0\r\nA: "), "a", 8192, "\r\n\r\n");
    ck_assert_int_eq(read_whole(over.bytes, over.len).gate.refusal.status, 431);

    over = build(buffer, CHUNKED("0\r\n"), "A: b\r\n", 17, "\r\n");
    ck_assert_int_eq(read_whole(over.bytes, over.len).gate.refusal.status, 431);
}
END_TEST

START_TEST(test_gate__a_chunked_body_may_be_as_large_as_a_counted_one)
{
    char buffer[2 * BODY_MAX];
    sample fits = build(buffer, CHUNKED("1000\r\n"), "a", BODY_MAX, "\r\n0\r\n\r\n");
    reading r = read_whole(fits.bytes, fits.len);

    ck_assert_int_eq(r.step, AURORA__GATE_DONE);
    ck_assert_uint_eq(r.body_len, BODY_MAX);
}
END_TEST

/* --- what is read out of a head --------------------------------------------------------------- */

START_TEST(test_gate__a_body_ends_where_the_next_request_begins)
{
    static const char text[] = CHUNKED("3\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n") GET("\r\n");
    reading r = read_whole(text, sizeof(text) - 1);

    ck_assert_int_eq(r.step, AURORA__GATE_DONE);
    ck_assert_uint_eq(r.body_len, 5);
    ck_assert_mem_eq(r.body, "abcde", 5);
    ck_assert_mem_eq(text + r.used, "GET /", 5);
}
END_TEST

START_TEST(test_gate__target_and_authority_of_an_absolute_target)
{
    static const char text[] = "GET HTTP://a:8/b?c HTTP/1.1\r\nHost: x\r\n\r\n";
    reading r = read_whole(text, sizeof(text) - 1);

    ck_assert_int_eq(r.gate.method, AURORA_HTTP_GET);
    ck_assert_uint_eq(r.gate.authority_len, 3);
    ck_assert_mem_eq(text + r.gate.authority_at, "a:8", 3);
    ck_assert_uint_eq(r.gate.target_len, 4);
    ck_assert_mem_eq(text + r.gate.target_at, "/b?c", 4);
}
END_TEST

START_TEST(test_gate__fields_come_one_by_one_without_outer_blanks)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost:a\r\nB: \t c d \r\nE:\r\n\r\n";
    reading r = read_whole(text, sizeof(text) - 1);
    static const char *const names[] = {"Host", "B", "E"}, *const values[] = {"a", "c d", ""};
    uint32_t at = r.gate.fields_at;
    aurora__gate_field field;

    for (int i = 0; i < 3; i++) {
        ck_assert(aurora__gate_next_field(text, r.gate.head_len, &at, &field));
        ck_assert_uint_eq(field.name_len, strlen(names[i]));
        ck_assert_mem_eq(text + field.name_at, names[i], field.name_len);
        ck_assert_uint_eq(field.value_len, strlen(values[i]));
        ck_assert_mem_eq(text + field.value_at, values[i], field.value_len);
    }
    ck_assert(!aurora__gate_next_field(text, r.gate.head_len, &at, &field));
}
END_TEST

START_TEST(test_gate__connections_stay_as_the_versions_have_it)
{
    static const struct {
        const char *text;
        bool stays;
    } cases[] = {
        {GET("\r\n"), true},
        {GET("Connection: close\r\n\r\n"), false},
        {GET("Connection: upgrade , Close\r\n\r\n"), false},
        {GET("Connection: closed\r\n\r\n"), true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
        {"GET / HTTP/1.7\r\nHost: a\r\n\r\n", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reading r = read_whole(cases[i].text, strlen(cases[i].text));
        ck_assert_int_eq(r.step, AURORA__GATE_DONE);
        ck_assert_msg(aurora__gate_keeps_alive(&r.gate) == cases[i].stays, "%s", cases[i].text);
    }
}
END_TEST

/* They are looked at eight at a time. */
START_TEST(test_gate__each_byte_of_a_field_is_judged_wherever_it_stands)
{
    static const char start[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    char text[sizeof start + 32];
    for (size_t place = 0; place < 24; place++) {
        for (int byte = 0; byte < 256; byte++) {
            int len =
                snprintf(text, sizeof text, "%s%s", start, "aaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n");
            bool is_text = byte == '\t' || (byte >= ' ' && byte != 0x7f);
            text[sizeof start - 1 + place] = (char)byte;

            reading r = read_whole(text, (size_t)len);

            ck_assert_msg((r.step == AURORA__GATE_DONE) == is_text, "byte %d at %zu: %d", byte,
                          place, (int)r.step);
        }
    }
}
END_TEST

START_TEST(test_gate__nothing_passes_after_a_refusal)
{
    static const char text[] = "GET / HTTP/3.0\r\nHost: a\r\n\r\n";
    reading r = read_whole(text, sizeof(text) - 1);

    ck_assert_int_eq(aurora__gate_head(&r.gate, text, sizeof(text) - 1), AURORA__GATE_REFUSED);
    ck_assert_int_eq(r.gate.refusal.status, 505);
}
END_TEST

static Suite *gate_suite(void)
{
    Suite *suite = suite_create("gate");
    TCase *framing = tcase_create("framing");
    tcase_add_test(framing, test_gate__well_formed_requests_pass);
    tcase_add_test(framing, test_gate__request_lines_that_are_none_are_refused);
    tcase_add_test(framing, test_gate__targets_that_lead_astray_are_refused);
    tcase_add_test(framing, test_gate__fields_that_two_readers_could_read_differently_are_refused);
    tcase_add_test(framing, test_gate__one_host_is_required);
    tcase_add_test(framing, test_gate__a_length_is_digits_and_given_once);
    tcase_add_test(framing, test_gate__the_only_coding_is_chunked);
    tcase_add_test(framing, test_gate__chunks_out_of_form_are_refused);
    suite_add_tcase(suite, framing);
    TCase *sizes = tcase_create("sizes");
    tcase_add_test(sizes, test_gate__a_long_request_line_is_414);
    tcase_add_test(sizes, test_gate__large_fields_are_431);
    tcase_add_test(sizes, test_gate__many_fields_are_431);
    tcase_add_test(sizes, test_gate__long_extensions_of_a_chunk_are_400);
    tcase_add_test(sizes, test_gate__large_extensions_and_trailers_are_431);
    tcase_add_test(sizes, test_gate__a_chunked_body_may_be_as_large_as_a_counted_one);
    suite_add_tcase(suite, sizes);
    TCase *heads = tcase_create("heads");
    tcase_add_test(heads, test_gate__a_body_ends_where_the_next_request_begins);
    tcase_add_test(heads, test_gate__target_and_authority_of_an_absolute_target);
    tcase_add_test(heads, test_gate__fields_come_one_by_one_without_outer_blanks);
    tcase_add_test(heads, test_gate__connections_stay_as_the_versions_have_it);
    tcase_add_test(heads, test_gate__each_byte_of_a_field_is_judged_wherever_it_stands);
    tcase_add_test(heads, test_gate__nothing_passes_after_a_refusal);
    suite_add_tcase(suite, heads);
    return suite;
}

AURORA_TEST_MAIN(gate_suite)
