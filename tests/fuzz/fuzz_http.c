/* SPDX-License-Identifier: MIT */
/* Can a client hurt a daemon? The bytes go through the real server, its routes and a shop in
 * memory, cut into pieces: as a whole connection, or as what a request of some route is asked and
 * its body. No answer is 500; each is one that our own client can read, whole where the server
 * ended the connection, alone where one was asked for, and says to browsers and caches what it
 * must; each JSON in it is JSON, and each refusal a problem of its own status. Nobody gets in
 * without a token, who may read his own orders sees none of others and changes nothing, and an
 * order that is sent twice with one key is placed once.
 *
 * The first byte says which request, the second who asks, or how large the pieces are. Of a
 * request the rest is what follows the path (in which "@" stands for the newest order and "~" for
 * the newest cursor), a newline, and the body. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/json_in.h"
#include "http/signature.h"
#include "routes/routes.h"
#include "upstream/reply.h"

#define TABLES 10
#define ANSWER_BYTES (1 << 20)
#define SHOP_REQUESTS 4096 /* then another shop: this one fills up */
#define CURSOR_BYTES 512
#define SECRET "a secret of at least thirty-two bytes"

/* Values of the second byte; others below 128 are a request in one piece. */
enum { READER = 124, WITH_KEY = 125, STRANGER = 126, NOBODY = 127 };

static const struct {
    const char *method, *path;
    bool is_private; /* nobody gets in without a token, whatever follows the path */
} requests[] = {
    {"POST", "/orders", true},
    {"POST", "/orders", true},
    {"GET", "/orders", true},
    {"GET", "/orders/", true},
    {"POST", "/orders/", true},
    {"POST", "/products", false},
    {"POST", "/products:batch", false},
    {"PUT", "/products/", true},
    {"GET", "/products", false},
    {"DELETE", "/products/", true},
    {"POST", "/inventory/", true},
    {"GET", "/inventory", true},
    {"GET", "/search", false},
    {"GET", "/search/suggest", false},
    {"GET", "/recommendations/", false},
    {"GET", "/admin/", true},
    {"POST", "/admin/", true},
    {"POST", "/payments/callbacks", true},
    {"GET", "/", false},
    {NULL, NULL, false},
    {"HEAD", "/products", false},
    {"HEAD", "/orders/", true},
    {"OPTIONS", "/products/", false},
    {"PATCH", "/products/", false},
    {"POST", "/", false},
};
#define REQUESTS (sizeof requests / sizeof *requests)
#define ORDERS 2      /* a list */
#define CALLBACK 17   /* signed by the bank, and not by a principal */
#define CONNECTION 19 /* the bytes are all that is sent */

static struct {
    aurora_t *shop;
    aurora_routes routes;
    uint32_t served;
    int status; /* of the newest answer */
    char order_id[AURORA_ID_TEXT_BYTES];
    char cursor[CURSOR_BYTES];
    char answer[ANSWER_BYTES + 1];
} place;

/* --- the server ------------------------------------------------------------------------------- */

static void let_in(void *self, const char *authorization, int64_t now_ms, aurora_http_bearer *out)
{
    (void)self;
    (void)now_ms;
    *out = (aurora_http_bearer){.verdict = AURORA_BEARER_GOOD, .scopes = AURORA_SCOPE_ALL};
    snprintf(out->name, sizeof out->name, "alice");
    if (strcmp(authorization, "Bearer all") != 0) {
        out->verdict = AURORA_BEARER_BAD;
        out->detail = "is not known";
    }
}

static void observe(void *self, const aurora_http_access *access)
{
    aurora_routes_observe(self, access);
}

static void serve(void)
{
    const aurora_route_table tables[TABLES] = {
        aurora_routes_orders(), aurora_routes_products(),        aurora_routes_inventory(),
        aurora_routes_search(), aurora_routes_recommendations(), aurora_routes_payments(),
        aurora_routes_sagas(),  aurora_routes_notifications(),   aurora_routes_admin(),
        aurora_routes_system(),
    };
    const aurora_http_route *routes[TABLES];
    uint32_t counts[TABLES];
    for (int i = 0; i < TABLES; i++) {
        routes[i] = tables[i].routes;
        counts[i] = tables[i].count;
    }
    aurora_http_proxies proxies;
    const char *rule = NULL;
    if (!aurora_http_proxies_parse("loopback", &proxies, &rule))
        abort();
    const aurora_http_options options = {.listen = "127.0.0.1:0",
                                         .routes = routes,
                                         .route_counts = counts,
                                         .table_count = TABLES,
                                         .self = &place.routes,
                                         .service_secret = SECRET,
                                         .workers = 1,
                                         .reply_ms = 2000,
                                         .trusted_proxies = &proxies,
                                         .cors_origins = "https://shop.example",
                                         .tracing = {.sampled_below = UINT64_MAX / 4},
                                         .authenticate = let_in,
                                         .access = observe,
                                         .loop_begin = aurora_routes_loop_begin,
                                         .loop_end = aurora_routes_loop_end};
    if (aurora_http_start(&options, &place.routes.server, NULL) != AURORA_OK)
        abort();
}

static void place_order(void)
{
    static const aurora_line line = {.sku = "cup", .quantity = 1};
    aurora_order *order = NULL;
    if (aurora_order_place(place.shop,
                           AURORA_ORDER(.currency = "EUR", .payment_method = "tok_approve",
                                        .customer_id = "alice", .lines = &line, .line_count = 1),
                           &order, NULL) != AURORA_OK)
        abort();
    aurora_id_format(order->id, place.order_id);
    aurora_order_free(order);
}

static void open_place(void)
{
    static const char *const settings[] = {"order_wait=5s", "related_skus=256",
                                           "trending_capacity=256"};
    if (aurora_open(
            "memory:",
            AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER, .settings = settings, .setting_count = 3),
            &place.shop, NULL) != AURORA_OK ||
        aurora_product_put(
            place.shop,
            AURORA_PRODUCT(.sku = "cup", .name = "A cup", .price_minor = 250, .currency = "EUR"),
            AURORA_ANY_VERSION, NULL, NULL) != AURORA_OK ||
        aurora_stock_receive(place.shop, "cup", 1000000, "first", NULL) != AURORA_OK)
        abort();
    place_order();
    place.routes = (aurora_routes){.shop = place.shop,
                                   .payment_secret = SECRET,
                                   .service_name = "fuzzed",
                                   .cursor_key = "thirty-two bytes of a secret key"};
    if (!aurora_routes_metrics_begin(&place.routes))
        abort();
    place.served = 0;
    serve();
}

static void close_place(void)
{
    if (place.shop == NULL)
        return;
    aurora_http_free(place.routes.server);
    aurora_routes_metrics_end(&place.routes);
    aurora_close(place.shop);
    place.shop = NULL;
}

/* --- one connection --------------------------------------------------------------------------- */

static int dial(void)
{
    const struct timeval patience = {.tv_usec = 300000};
    const struct linger at_once = {.l_onoff = 1};
    const int on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(aurora_http_port(place.routes.server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        abort();
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    /* Leaves no TIME_WAIT: there are more connections than ports. */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return fd;
}

static void send_pieces(int fd, const char *data, size_t size, size_t piece)
{
    for (size_t at = 0; at < size;) {
        size_t len = size - at < piece ? size - at : piece;
        ssize_t sent = send(fd, data + at, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += (size_t)sent;
    }
}

/* All that comes until the end, or until nothing came for a while. *is_ended_out: the server said
 * that this is all. */
static size_t receive(int fd, bool *is_ended_out)
{
    const struct timeval of_stream = {.tv_usec = 20000};
    size_t len = 0;
    ssize_t got = 0;
    while (len < ANSWER_BYTES) {
        got = recv(fd, place.answer + len, ANSWER_BYTES - len, 0);
        if (got <= 0)
            break;
        place.answer[len + (size_t)got] = '\0';
        if (len == 0 && strcasestr(place.answer, "text/event-stream") != NULL)
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &of_stream, sizeof of_stream);
        len += (size_t)got;
    }
    place.answer[len] = '\0';
    *is_ended_out = got == 0;
    return len;
}

/* --- the answer ------------------------------------------------------------------------------- */

static void check_body(char *body, size_t len)
{
    aurora_json_doc *doc = NULL;
    aurora_json_error error;
    if (!aurora_json_parse_long(body, len, &doc, &error))
        abort();
    aurora_json_free(doc);
    const char *next = strstr(body, "\"next_cursor\":\"");
    if (next != NULL && sscanf(next + 15, "%511[^\"]", place.cursor) != 1)
        abort();
    char *id = strstr(body, "{\"id\":\"");
    if (id == body && len > 7 + AURORA_ID_TEXT_BYTES)
        snprintf(place.order_id, sizeof place.order_id, "%.36s", body + 7);
}

static bool is_json(const char *head)
{
    const char *type = strcasestr(head, "content-type: ");
    return type != NULL && (strncmp(type + 14, "application/json", 16) == 0 ||
                            strncmp(type + 14, "application/problem+json", 24) == 0);
}

/* What each answer says, whatever was asked. */
static void check_head(const char *head, int status)
{
    if (status < 200)
        return;
    if (strstr(head, "\r\nX-Content-Type-Options: nosniff\r\n") == NULL ||
        strstr(head, "\r\nX-Request-Id: ") == NULL || strstr(head, "\r\nDate: ") == NULL)
        abort();
    if (status >= 400 && strstr(head, "\r\nCache-Control: no-store\r\n") == NULL)
        abort();
    if (status == 401 && strstr(head, "\r\nWWW-Authenticate: ") == NULL)
        abort();
}

/* A refusal is a problem document of the status that it came with. */
static void check_problem(const char *head, const char *body, int status)
{
    char member[24];
    snprintf(member, sizeof member, "\"status\":%d,", status);
    if (strcasestr(head, "content-type: application/problem+json") == NULL ||
        strstr(body, member) == NULL || strstr(body, "\"code\":\"") == NULL)
        abort();
}

/* Reads one answer at `data`; how long it is, 0 where it is not whole. */
static size_t check_answer(char *data, size_t len, bool is_to_head)
{
    static const aurora__gate_limits limits = {
        .head_bytes_max = 16384, .fields_max = 64, .body_bytes_max = ANSWER_BYTES};
    static char body[ANSWER_BYTES + 1];
    aurora__reply reply;
    aurora__reply_init(&reply, &limits, is_to_head);
    aurora__reply_step step = aurora__reply_head(&reply, data, len);
    if (step == AURORA__REPLY_BAD || (step == AURORA__REPLY_DONE && reply.status == 500))
        abort();
    if (step != AURORA__REPLY_DONE)
        return 0;
    size_t at = reply.head_len, body_len = 0;
    bool has_body = aurora__reply_has_body(&reply);
    while (has_body && step != AURORA__REPLY_MORE && at < len) {
        size_t used, part;
        step = aurora__reply_body(&reply, data + at, len - at, &used, &part);
        if (step == AURORA__REPLY_BAD)
            abort();
        memcpy(body + body_len, data + at + used - part, part);
        body_len += part;
        at += used;
        if (step == AURORA__REPLY_DONE)
            break;
    }
    /* A stream ends when its client has gone, wherever it is. */
    if (has_body && step != AURORA__REPLY_DONE)
        return strcasestr(data, "text/event-stream") != NULL ? len : 0;
    body[body_len] = '\0';
    data[reply.head_len - 1] = '\0';
    check_head(data, reply.status);
    place.status = reply.status;
    bool is_plain = strcasestr(data, "content-encoding") == NULL;
    if (reply.status >= 400 && reply.status != 503 && body_len > 0 && is_plain)
        check_problem(data, body, reply.status);
    if (body_len > 0 && is_json(data) && is_plain)
        check_body(body, body_len);
    return at;
}

/* --- what is asked ---------------------------------------------------------------------------- */

/* Writes the rest of the target: no byte of it ends the line. */
static size_t write_target(char *out, const char *text, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < len && at < 3000; i++) {
        if (text[i] == '@')
            at += (size_t)snprintf(out + at, AURORA_ID_TEXT_BYTES, "%s", place.order_id);
        else if (text[i] == '~')
            at += (size_t)snprintf(out + at, CURSOR_BYTES, "%s", place.cursor);
        else if (text[i] != '\r')
            out[at++] = text[i];
    }
    return at;
}

/* One whose orders are none: signed for by a service of ours. `target` is a request's, whole. */
static size_t write_reader(char *out, size_t size, const char *method, const char *target,
                           const char *body, size_t body_len)
{
    char path[4096], deadline[24], signature[AURORA_SIGNATURE_TEXT_BYTES];
    snprintf(path, sizeof path, "%s", target);
    snprintf(deadline, sizeof deadline, "%lld000", (long long)time(NULL) + 60);
    char *query = strchr(path, '?');
    if (query != NULL)
        *query++ = '\0';
    const aurora_signed_request request = {.method = method,
                                           .path = path,
                                           .query = query == NULL ? "" : query,
                                           .body = body,
                                           .body_len = body_len,
                                           .principal = "bob",
                                           .scopes = "orders:read",
                                           .deadline = deadline};
    aurora_signature_write(SECRET, &request, signature);
    return (size_t)snprintf(out, size,
                            "Aurora-Principal: bob\r\nAurora-Scopes: orders:read\r\n"
                            "Aurora-Deadline: %s\r\nAurora-Signature: %s\r\n",
                            deadline, signature);
}

/* Who asks: lines of the head. */
static size_t write_asker(char *out, size_t size, uint32_t number, uint8_t how, const char *body,
                          size_t body_len)
{
    char signature[AURORA_SIGNATURE_TEXT_BYTES], now[24];
    if (number == CALLBACK && how < STRANGER) {
        snprintf(now, sizeof now, "%lld", (long long)time(NULL));
        aurora_signature_body(SECRET, now, body, body_len, signature);
        return (size_t)snprintf(out, size, "Aurora-Timestamp: %s\r\nAurora-Signature: %s\r\n", now,
                                signature);
    }
    if (how == NOBODY)
        return (size_t)snprintf(out, size, "Accept: */*\r\n");
    if (how == STRANGER)
        return (size_t)snprintf(out, size, "Authorization: Bearer none\r\n");
    size_t len = (size_t)snprintf(out, size, "Authorization: Bearer all\r\n");
    if (how == WITH_KEY)
        len += (size_t)snprintf(out + len, size - len, "Idempotency-Key: key-%u\r\n", place.served);
    return len;
}

static size_t write_request(char *out, size_t size, uint32_t number, uint8_t how, const char *text,
                            size_t len)
{
    const char *newline = memchr(text, '\n', len), *method = requests[number].method;
    size_t target_len = newline == NULL ? len : (size_t)(newline - text);
    const char *body = newline == NULL ? text + len : newline + 1;
    size_t body_len = (size_t)(text + len - body);
    char target[4096];
    bool has_body = method[0] == 'P';
    size_t at = (size_t)snprintf(target, sizeof target, "%s", requests[number].path);
    target[at + write_target(target + at, text, target_len)] = '\0';
    at = (size_t)snprintf(out, size, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
                          method, target);
    at += how == READER && number != CALLBACK
              ? write_reader(out + at, size - at, method, target, has_body ? body : "",
                             has_body ? body_len : 0)
              : write_asker(out + at, size - at, number, how, body, body_len);
    if (has_body)
        at +=
            (size_t)snprintf(out + at, size - at,
                             "Content-Type: application/json\r\nContent-Length: %zu\r\n", body_len);
    at += (size_t)snprintf(out + at, size - at, "\r\n");
    if (!has_body)
        return at;
    memcpy(out + at, body, body_len);
    return at + body_len;
}

/* A whole connection of the input's bytes. */
static void converse(const char *data, size_t size, size_t piece)
{
    bool is_ended;
    int fd = dial();
    send_pieces(fd, data, size, piece);
    shutdown(fd, SHUT_WR);
    size_t len = receive(fd, &is_ended), at = 0;
    close(fd);
    /* Where a HEAD may be among several, only the first answer's end is known. */
    bool is_to_head = size > 5 && memcmp(data, "HEAD ", 5) == 0;
    bool has_head = memmem(data, size, "HEAD", 4) != NULL;
    bool is_stranger = strlen(data) == size && strcasestr(data, "bearer all") == NULL &&
                       strcasestr(data, "aurora-") == NULL;
    while (at < len) {
        size_t used = check_answer(place.answer + at, len - at, is_to_head);
        if (used == 0 && is_ended && !has_head)
            abort();
        if (is_stranger && (place.status == 201 || place.status == 202))
            abort();
        if (used == 0 || has_head)
            break;
        at += used;
    }
}

/* One request: its answer is whole and alone, or nothing came in time. */
static void ask(uint32_t number, uint8_t how, size_t piece, const char *text, size_t text_len)
{
    static char request[16384];
    bool is_ended;
    int fd = dial();
    place.status = 0;
    size_t len = write_request(request, sizeof request, number, how, text, text_len);
    send_pieces(fd, request, len, piece);
    shutdown(fd, SHUT_WR);
    len = receive(fd, &is_ended);
    close(fd);
    /* What cannot be read as a HEAD is refused in full. */
    bool is_to_head = requests[number].method[0] == 'H';
    size_t used = check_answer(place.answer, len, is_to_head);
    if (is_ended && len > 0 && used != len && !(is_to_head && place.status >= 400))
        abort();
    bool is_other = how == STRANGER || how == NOBODY || (how == READER && number != CALLBACK);
    if (!is_other || !requests[number].is_private || place.status == 0 || place.status >= 400)
        return;
    /* A list that he may have, of which nothing is his. */
    if (how != READER || number != ORDERS || memmem(place.answer, len, "\"id\":\"", 6) != NULL)
        abort();
}

/* The order of a key is placed once: whoever sends it again is told of the same one. */
static void order_twice(const char *text, size_t len)
{
    char first[AURORA_ID_TEXT_BYTES];
    ask(0, WITH_KEY, 8192, text, len);
    int status = place.status;
    memcpy(first, place.order_id, sizeof first);
    ask(0, WITH_KEY, 8192, text, len);
    if (status == 0 || place.status == 0 || status == 503 || place.status == 503)
        return;
    if (status / 100 != place.status / 100 || strcmp(first, place.order_id) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 8192)
        return 0;
    if (place.shop == NULL)
        atexit(close_place);
    if (place.shop == NULL || place.served >= SHOP_REQUESTS) {
        close_place();
        open_place();
    }
    char *text = malloc(size - 1);
    if (text == NULL)
        return 0;
    memcpy(text, data + 2, size - 2);
    text[size - 2] = '\0';
    uint32_t number = data[0] % REQUESTS;
    size_t piece = data[1] < 128 ? 8192 : 1u + data[1] % 128;
    place.served++;
    if (number == CONNECTION)
        converse(text, size - 2, piece);
    else if (data[1] == WITH_KEY && number < 2)
        order_twice(text, size - 2);
    else
        ask(number, data[1], piece, text, size - 2);
    free(text);
    return 0;
}
