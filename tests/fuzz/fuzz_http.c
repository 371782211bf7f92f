/* SPDX-License-Identifier: MIT */
/* Can a client hurt a daemon? The bytes go through the real server, its routes and a shop in
 * memory, cut into pieces: as a whole connection, or as what a request of some route is asked and
 * its body. No answer is 500, each is one that our own client can read, and each JSON in it is
 * JSON. The first byte says which, the second how large the pieces are. Of a request the rest is
 * what follows the path (in which "@" stands for the newest order), a newline, and the body. */
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
#define SECRET "a secret of at least thirty-two bytes"

static const struct {
    const char *method, *path;
} requests[] = {
    {"POST", "/orders"},
    {"POST", "/orders"},
    {"GET", "/orders"},
    {"GET", "/orders/"},
    {"POST", "/orders/"},
    {"POST", "/products"},
    {"POST", "/products:batch"},
    {"PUT", "/products/"},
    {"GET", "/products"},
    {"DELETE", "/products/"},
    {"POST", "/inventory/"},
    {"GET", "/inventory"},
    {"GET", "/search"},
    {"GET", "/search/suggest"},
    {"GET", "/recommendations/"},
    {"GET", "/admin/"},
    {"POST", "/admin/"},
    {"POST", "/payments/callbacks"},
    {"GET", "/"},
};
#define REQUESTS (sizeof requests / sizeof *requests)
#define CALLBACK (REQUESTS - 2) /* signed by the bank, and not by a principal */

static struct {
    aurora_t *shop;
    aurora_routes routes;
    uint32_t served;
    char order_id[AURORA_ID_TEXT_BYTES];
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
    const aurora_http_options options = {.listen = "127.0.0.1:0",
                                         .routes = routes,
                                         .route_counts = counts,
                                         .table_count = TABLES,
                                         .self = &place.routes,
                                         .service_secret = SECRET,
                                         .workers = 1,
                                         .reply_ms = 2000,
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

/* All that comes until the end, or until nothing came for a while. */
static size_t receive(int fd)
{
    size_t len = 0;
    while (len < ANSWER_BYTES) {
        ssize_t got = recv(fd, place.answer + len, ANSWER_BYTES - len, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    place.answer[len] = '\0';
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
    if (has_body && step != AURORA__REPLY_DONE)
        return 0;
    body[body_len] = '\0';
    data[reply.head_len - 1] = '\0';
    if (body_len > 0 && is_json(data) && strcasestr(data, "content-encoding") == NULL)
        check_body(body, body_len);
    return at;
}

/* --- what is asked ---------------------------------------------------------------------------- */

/* Writes the rest of the target: no byte of it ends the line. */
static size_t write_target(char *out, const char *text, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < len && at < 2000; i++) {
        if (text[i] == '@')
            at += (size_t)snprintf(out + at, AURORA_ID_TEXT_BYTES, "%s", place.order_id);
        else if (text[i] != '\r')
            out[at++] = text[i];
    }
    return at;
}

static size_t write_request(char *out, size_t size, uint32_t number, const char *text, size_t len)
{
    const char *newline = memchr(text, '\n', len);
    size_t target_len = newline == NULL ? len : (size_t)(newline - text);
    const char *body = newline == NULL ? text + len : newline + 1;
    size_t body_len = (size_t)(text + len - body);
    char target[2100], signature[AURORA_SIGNATURE_TEXT_BYTES];
    target[write_target(target, text, target_len)] = '\0';
    bool has_body = requests[number].method[0] == 'P', is_signed = number == CALLBACK;
    char now[24];
    snprintf(now, sizeof now, "%lld", (long long)time(NULL));
    aurora_signature_body(SECRET, now, body, body_len, signature);
    int at = snprintf(out, size, "%s %s%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s",
                      requests[number].method, requests[number].path, target,
                      is_signed ? "" : "Authorization: Bearer all\r\n");
    if (is_signed)
        at += snprintf(out + at, size - (size_t)at,
                       "Aurora-Timestamp: %s\r\nAurora-Signature: %s\r\n", now, signature);
    if (has_body)
        at += snprintf(out + at, size - (size_t)at,
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n", body_len);
    at += snprintf(out + at, size - (size_t)at, "\r\n");
    if (!has_body)
        return (size_t)at;
    memcpy(out + at, body, body_len);
    return (size_t)at + body_len;
}

static void ask(const char *data, size_t size, size_t piece, bool is_one)
{
    int fd = dial();
    send_pieces(fd, data, size, piece);
    shutdown(fd, SHUT_WR);
    size_t len = receive(fd), at = 0;
    close(fd);
    /* Where a HEAD may be among several, only the first answer's end is known. */
    bool is_to_head = size > 5 && memcmp(data, "HEAD ", 5) == 0;
    while (at < len) {
        size_t used = check_answer(place.answer + at, len - at, is_to_head);
        if (used == 0 || (!is_one && memmem(data, size, "HEAD", 4) != NULL))
            break;
        at += used;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[16384];
    if (size < 3 || size > 8192)
        return 0;
    if (place.shop == NULL)
        atexit(close_place);
    if (place.shop == NULL || place.served >= SHOP_REQUESTS) {
        close_place();
        open_place();
    }
    uint32_t number = data[0] % (REQUESTS + 1);
    size_t piece = data[1] < 128 ? 8192 : 1u + data[1] % 128;
    place.served++;
    if (number == REQUESTS) {
        ask((const char *)data + 2, size - 2, piece, false);
        return 0;
    }
    size_t len = write_request(text, sizeof text, number, (const char *)data + 2, size - 2);
    ask(text, len, piece, true);
    return 0;
}
