/* SPDX-License-Identifier: MIT */
#include "http_fixture.h"

#include "raw_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define WAIT_SECONDS 20
#define LATER_MAX 256
#define PIECE_BYTES 1024

/* A loop's part: what it has to answer later. */
typedef struct stream_item {
    aurora_http_exchange *exchange;
    http_fixture *fixture;
    struct stream_item *next;
    bool is_ticked;
} stream_item;

typedef struct {
    http_fixture *fixture;
    aurora_http_exchange *later[LATER_MAX];
    uint32_t later_count;
    stream_item *streams;
    aurora_http_watch *watch;
} loop_part;

static void note(http_fixture *fixture, uint32_t *count)
{
    pthread_mutex_lock(&fixture->mutex);
    (*count)++;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
}

/* --- routes ----------------------------------------------------------------------------------- */

static void handle_page(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    aurora_http_set(exchange, "Content-Security-Policy", "default-src 'self'");
    aurora_http_reply(exchange, 200, "text/html", "<p>", 3);
}

static void handle_fixed(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    aurora_http_reply(exchange, 200, "text/plain", "fixed", 5);
}

static void handle_delete(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    aurora_http_reply(exchange, 204, NULL, NULL, 0);
}

static void answer_bytes(aurora_http_exchange *exchange, const char *type)
{
    const char *count = aurora_http_query(exchange, "count");
    size_t len = count == NULL ? 0 : strtoul(count, NULL, 10);
    char *body = malloc(len + 1);
    ck_assert_ptr_nonnull(body);
    for (size_t i = 0; i < len; i++)
        body[i] = (char)('a' + i % 26);
    aurora_http_reply_owned(exchange, 200, type, body, len);
}

static void handle_bytes(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    answer_bytes(exchange, "application/octet-stream");
}

static void handle_json(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    answer_bytes(exchange, "application/json");
}

static void handle_fields(aurora_http_exchange *exchange, void *self)
{
    char text[512];
    const char *a = aurora_http_header(exchange, "x-a"), *q = aurora_http_query(exchange, "q");
    (void)self;
    int len = snprintf(text, sizeof(text), "a=%s q=%s trace=%s parent=%s", a == NULL ? "-" : a,
                       q == NULL ? "-" : q, aurora_http_trace_id(exchange),
                       aurora_http_traceparent(exchange));
    aurora_http_set(exchange, "X-B", "one\r\nX-Injected: two");
    aurora_http_reply(exchange, 200, "text/plain", text, (size_t)len);
}

static void handle_later(aurora_http_exchange *exchange, void *self)
{
    loop_part *part = aurora_http_loop_slot(aurora_http_exchange_loop(exchange));
    ck_assert_uint_lt(part->later_count, LATER_MAX);
    part->later[part->later_count++] = exchange;
    note(self, &part->fixture->waiting);
}

static void handle_never(aurora_http_exchange *exchange, void *self)
{
    http_fixture *fixture = self;
    (void)exchange;
    note(fixture, &fixture->waiting);
}

static void handle_problem(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    aurora_http_blame(exchange, AURORA_HTTP_AT_POINTER, "/a\"b", "first %d", 1);
    aurora_http_blame(exchange, AURORA_HTTP_AT_PARAMETER, "c", "second");
    aurora_http_problem(exchange, 409, "conflict", "It is %s.", "\xff\"so\"\n");
}

static void handle_echo(aurora_http_exchange *exchange, void *self)
{
    size_t len;
    const char *body = aurora_http_body(exchange, &len);
    (void)self;
    ck_assert_int_eq(body[len], '\0');
    aurora_http_reply(exchange, 200, "application/octet-stream", body, len);
}

static void handle_held(aurora_http_exchange *exchange, void *self)
{
    http_fixture *fixture = self;
    pthread_mutex_lock(&fixture->mutex);
    fixture->held++;
    pthread_cond_broadcast(&fixture->changed);
    while (fixture->is_held)
        pthread_cond_wait(&fixture->changed, &fixture->mutex);
    pthread_mutex_unlock(&fixture->mutex);
    handle_echo(exchange, self);
}

static void handle_silent(aurora_http_exchange *exchange, void *self)
{
    (void)exchange;
    (void)self;
}

static void on_closed(void *self)
{
    stream_item *item = self;
    http_fixture *fixture = item->fixture;
    loop_part *part = aurora_http_loop_slot(aurora_http_exchange_loop(item->exchange));
    for (stream_item **at = &part->streams; *at != NULL; at = &(*at)->next) {
        if (*at == item) {
            *at = item->next;
            break;
        }
    }
    free(item);
    note(fixture, &fixture->streams_closed);
}

static stream_item *begin_stream(aurora_http_exchange *exchange, http_fixture *fixture)
{
    loop_part *part = aurora_http_loop_slot(aurora_http_exchange_loop(exchange));
    stream_item *item = calloc(1, sizeof(*item));
    ck_assert_ptr_nonnull(item);
    *item = (stream_item){.exchange = exchange, .fixture = fixture, .next = part->streams};
    part->streams = item;
    aurora_http_stream_begin(exchange, 200, "text/event-stream", on_closed, item);
    note(fixture, &fixture->streams_begun);
    return item;
}

static bool send_piece(aurora_http_exchange *exchange)
{
    char piece[PIECE_BYTES];
    memset(piece, 'p', sizeof(piece));
    return aurora_http_stream_send(exchange, piece, sizeof(piece));
}

static void handle_stream(aurora_http_exchange *exchange, void *self)
{
    const char *text = aurora_http_query(exchange, "count");
    size_t count = text == NULL ? 0 : strtoul(text, NULL, 10);
    bool stays_open = aurora_http_query(exchange, "open") != NULL;
    begin_stream(exchange, self);
    for (size_t i = 0; i < count && send_piece(exchange); i++) {
    }
    if (!stays_open)
        aurora_http_stream_end(exchange);
}

static void handle_ticks(aurora_http_exchange *exchange, void *self)
{
    begin_stream(exchange, self)->is_ticked = true;
}

static const aurora_http_route routes[] = {
    {AURORA_HTTP_GET, 0, 0, "/fixed", "", "getFixed", handle_fixed},
    {AURORA_HTTP_GET, 0, 0, "/page", "", "getPage", handle_page},
    {AURORA_HTTP_GET, AURORA_SCOPE_ORDERS_READ, 0, "/own", "", "getOwn", handle_fixed},
    {AURORA_HTTP_DELETE, 0, 0, "/fixed", "", "deleteFixed", handle_delete},
    {AURORA_HTTP_GET, 0, 0, "/bytes", "count", "getBytes", handle_bytes},
    {AURORA_HTTP_GET, 0, 0, "/json", "count", "getJson", handle_json},
    {AURORA_HTTP_GET, 0, 0, "/fields", "q", "getFields", handle_fields},
    {AURORA_HTTP_GET, 0, 0, "/later", "", "getLater", handle_later},
    {AURORA_HTTP_GET, 0, 0, "/never", "", "getNever", handle_never},
    {AURORA_HTTP_GET, 0, 0, "/problem", "", "getProblem", handle_problem},
    {AURORA_HTTP_GET, 0, AURORA_HTTP_BLOCKING, "/silent", "", "getSilent", handle_silent},
    {AURORA_HTTP_POST, 0, AURORA_HTTP_BLOCKING | AURORA_HTTP_ANY_BODY, "/echo", "", "postEcho",
     handle_echo},
    {AURORA_HTTP_POST, 0, AURORA_HTTP_BLOCKING | AURORA_HTTP_ANY_BODY, "/held", "", "postHeld",
     handle_held},
    {AURORA_HTTP_PUT, 0, AURORA_HTTP_JSON_BODY, "/strict", "", "putStrict", handle_echo},
    {AURORA_HTTP_GET, 0, 0, "/stream", "count open", "getStream", handle_stream},
    {AURORA_HTTP_GET, 0, 0, "/ticks", "", "getTicks", handle_ticks},
};

/* --- the server ------------------------------------------------------------------------------- */

static void on_told(void *self)
{
    loop_part *part = self;
    uint64_t count;
    ssize_t n = read(part->fixture->tell_fd, &count, sizeof(count));
    (void)n;
    uint32_t waiting = part->later_count;
    part->later_count = 0;
    for (uint32_t i = 0; i < waiting; i++)
        aurora_http_reply(part->later[i], 200, "text/plain", "later", 5);
    for (stream_item *item = part->streams, *next; item != NULL; item = next) {
        next = item->next;
        if (item->is_ticked && !send_piece(item->exchange))
            aurora_http_stream_end(item->exchange);
    }
    atomic_fetch_add(&part->fixture->ticks, 1);
}

static aurora_status loop_begin(void *self, aurora_http_loop *loop, void **slot_out)
{
    loop_part *part = calloc(1, sizeof(*part));
    if (part == NULL)
        return AURORA_ENOMEM;
    part->fixture = self;
    part->watch = aurora_http_watch_fd(loop, part->fixture->tell_fd, on_told, part);
    *slot_out = part;
    return part->watch == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static void loop_end(void *self, aurora_http_loop *loop, void *slot)
{
    loop_part *part = slot;
    (void)self;
    (void)loop;
    ck_assert_ptr_null(part->streams);
    aurora_http_watch_free(part->watch);
    free(part);
}

static void on_access(void *self, const aurora_http_access *access)
{
    http_fixture *fixture = self;
    pthread_mutex_lock(&fixture->mutex);
    fixture->accesses++;
    fixture->last_status = access->status;
    fixture->last_bytes_in = access->bytes_in;
    fixture->last_bytes_out = access->bytes_out;
    snprintf(fixture->last_code, sizeof(fixture->last_code), "%s", access->code);
    snprintf(fixture->last_path, sizeof(fixture->last_path), "%s", access->path);
    snprintf(fixture->last_method, sizeof(fixture->last_method), "%s", access->method);
    snprintf(fixture->last_trace, sizeof(fixture->last_trace), "%s", access->trace_id);
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
}

static void make_tls(http_fixture *fixture)
{
    aurora_error err = AURORA_ERROR_INIT;
    tls_files_make(&fixture->files);
    const aurora_tls_files files = {.certificate =
                                        tls_files_path(&fixture->files, "server", ".pem"),
                                    .key = tls_files_path(&fixture->files, "server", ".key")};
    ck_assert_msg(aurora_tls_server_new(&files, &fixture->tls, &err) == AURORA_OK, "%s %s",
                  err.field, err.message);
}

void http_fixture_start(http_fixture *fixture, aurora_http_options options)
{
    static const aurora_http_route *const tables[] = {routes};
    static const uint32_t counts[] = {sizeof(routes) / sizeof(routes[0])};
    aurora_error err = AURORA_ERROR_INIT;
    memset(fixture, 0, sizeof(*fixture));
    pthread_mutex_init(&fixture->mutex, NULL);
    pthread_cond_init(&fixture->changed, NULL);
    fixture->is_held = true;
    fixture->tell_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ck_assert_int_ge(fixture->tell_fd, 0);
    if (raw_tls_version() != 0)
        make_tls(fixture);
    if (options.tls == NULL)
        options.tls = fixture->tls;
    options.listen = "127.0.0.1:0";
    options.routes = tables;
    options.route_counts = counts;
    options.table_count = 1;
    options.self = fixture;
    options.access = on_access;
    options.loop_begin = loop_begin;
    options.loop_end = loop_end;
    aurora_status rc = aurora_http_start(&options, &fixture->server, &err);
    ck_assert_msg(rc == AURORA_OK, "%d %s %s", (int)rc, err.field, err.message);
    fixture->port = aurora_http_port(fixture->server);
}

void http_fixture_stop(http_fixture *fixture)
{
    http_fixture_release(fixture);
    aurora_http_free(fixture->server);
    if (fixture->tls != NULL) {
        aurora_tls_free(fixture->tls);
        tls_files_remove(&fixture->files);
    }
    close(fixture->tell_fd);
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->mutex);
}

void http_fixture_await(http_fixture *fixture, const uint32_t *count, uint32_t least)
{
    struct timespec end;
    int rc = 0;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += WAIT_SECONDS;
    pthread_mutex_lock(&fixture->mutex);
    while (*count < least && rc == 0)
        rc = pthread_cond_timedwait(&fixture->changed, &fixture->mutex, &end);
    uint32_t reached = *count;
    pthread_mutex_unlock(&fixture->mutex);
    ck_assert_uint_ge(reached, least);
}

uint32_t http_fixture_count(http_fixture *fixture, const uint32_t *count)
{
    pthread_mutex_lock(&fixture->mutex);
    uint32_t now = *count;
    pthread_mutex_unlock(&fixture->mutex);
    return now;
}

void http_fixture_release(http_fixture *fixture)
{
    pthread_mutex_lock(&fixture->mutex);
    fixture->is_held = false;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
}

void http_fixture_tell(http_fixture *fixture)
{
    static const uint64_t one = 1;
    ck_assert_int_eq(write(fixture->tell_fd, &one, sizeof(one)), (ssize_t)sizeof(one));
}
