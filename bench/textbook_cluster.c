/* SPDX-License-Identifier: MIT */
/* The peer of the cluster benchmark: the same saga over the same PostgreSQL and Kafka the textbook
 * way. Three services, a transaction and a publish for each step, an outbox table that is polled,
 * an inbox table against repeats, prepared statements and a pool of connections. It has no resend,
 * no deadline, no compensation and no idempotency key: it does less than Aurora for an order. HTTP
 * comes from Aurora's own server, which favours it.
 *
 * textbook_cluster prepare|order|inventory|payment POSTGRES KAFKA PREFIX CONNECTIONS POLL_MS PORT
 * SKUS */
#include <aurora/base.h>

#include "http/server.h"

#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define PARTITIONS 12
#define POLL_ROWS 500
#define BATCH_MAX 1000

typedef struct {
    char key[64];
    char type[40];
    char body[1024];
    int64_t id; /* of the outbox row: with the type's source it names the event */
} event;

typedef struct worker {
    pthread_t thread;
    PGconn *db;
    event queue[BATCH_MAX];
    int count;
    int done;
} worker;

static const char *role, *postgres, *kafka, *prefix;
static int connections, poll_ms, sku_count;
static worker workers[CONNECTIONS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static pthread_cond_t drained = PTHREAD_COND_INITIALIZER;
static volatile sig_atomic_t is_ending;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "textbook_cluster %s: %s: %s\n", role, what, why);
    _exit(1);
}

/* --- the database ----------------------------------------------------------------------------- */

static const char schema[] =
    "DROP SCHEMA IF EXISTS textbook CASCADE; CREATE SCHEMA textbook; SET search_path = textbook;"
    "CREATE TABLE orders (id uuid PRIMARY KEY, customer text NOT NULL, status text NOT NULL, total "
    "bigint NOT NULL, is_committed boolean NOT NULL DEFAULT false, is_captured boolean NOT NULL "
    "DEFAULT false, created_at timestamptz NOT NULL DEFAULT now());"
    "CREATE TABLE order_lines (order_id uuid, line int, sku text, quantity int, PRIMARY KEY "
    "(order_id, line));"
    "CREATE TABLE stock (sku text PRIMARY KEY, available bigint NOT NULL CHECK (available >= 0), "
    "reserved bigint NOT NULL DEFAULT 0, sold bigint NOT NULL DEFAULT 0) WITH (fillfactor = 50);"
    "CREATE TABLE reservations (order_id uuid PRIMARY KEY, status text NOT NULL, lines text NOT "
    "NULL);"
    "CREATE TABLE payments (order_id uuid PRIMARY KEY, amount bigint NOT NULL, status text NOT "
    "NULL);"
    "CREATE TABLE outbox_order (id bigserial PRIMARY KEY, key text NOT NULL, type text NOT NULL, "
    "body text NOT NULL, is_sent boolean NOT NULL DEFAULT false);"
    "CREATE TABLE outbox_inventory (LIKE outbox_order INCLUDING ALL);"
    "CREATE TABLE outbox_payment (LIKE outbox_order INCLUDING ALL);"
    "CREATE INDEX ON outbox_order (id) WHERE NOT is_sent;"
    "CREATE INDEX ON outbox_inventory (id) WHERE NOT is_sent;"
    "CREATE INDEX ON outbox_payment (id) WHERE NOT is_sent;"
    "CREATE TABLE inbox_order (source text, id bigint, PRIMARY KEY (source, id));"
    "CREATE TABLE inbox_inventory (LIKE inbox_order INCLUDING ALL);"
    "CREATE TABLE inbox_payment (LIKE inbox_order INCLUDING ALL);";

static void check(PGconn *db, PGresult *result, const char *what)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        die(what, PQerrorMessage(db));
}

static int run(PGconn *db, const char *name, int count, const char *const *values)
{
    PGresult *result = PQexecPrepared(db, name, count, values, NULL, NULL, 0);
    check(db, result, name);
    const char *text = PQcmdTuples(result);
    int rows = text[0] == '\0' ? 0 : (int)strtol(text, NULL, 10);
    PQclear(result);
    return rows;
}

static void prepare_one(PGconn *db, const char *name, const char *sql)
{
    char text[512];
    snprintf(text, sizeof text, sql, role, role);
    PGresult *result = PQprepare(db, name, text, 0, NULL);
    check(db, result, name);
    PQclear(result);
}

static const char *const statements[][2] = {
    {"begin", "BEGIN"},
    {"commit", "COMMIT"},
    {"order", "INSERT INTO orders (id, customer, status, total) VALUES ($1, $2, 'PENDING', $3)"},
    {"line", "INSERT INTO order_lines VALUES ($1, $2, $3, $4)"},
    {"outbox", "INSERT INTO outbox_%s (key, type, body) VALUES ($1, $2, $3)"},
    {"inbox", "INSERT INTO inbox_%s VALUES ($1, $2) ON CONFLICT DO NOTHING"},
    {"reserve", "UPDATE stock SET available = available - $2::bigint, reserved = reserved + "
                "$2::bigint WHERE sku = $1 AND available >= $2::bigint"},
    {"sell", "UPDATE stock SET reserved = reserved - $2::bigint, sold = sold + $2::bigint WHERE "
             "sku = $1"},
    {"reservation", "INSERT INTO reservations VALUES ($1, 'RESERVED', $2)"},
    {"committed", "UPDATE reservations SET status = 'COMMITTED' WHERE order_id = $1"},
    {"payment", "INSERT INTO payments VALUES ($1, $2, 'AUTHORIZED')"},
    {"captured", "UPDATE payments SET status = 'CAPTURED' WHERE order_id = $1"},
    {"reserved", "UPDATE orders SET status = 'RESERVED' WHERE id = $1 AND status = 'PENDING'"},
    {"completed", "UPDATE orders SET status = 'COMPLETED' WHERE id = $1 AND status IN ('PENDING', "
                  "'RESERVED')"},
    {"order_committed", "UPDATE orders SET is_committed = true WHERE id = $1"},
    {"order_captured", "UPDATE orders SET is_captured = true WHERE id = $1"},
    {"unsent", "SELECT id, key, type, body FROM outbox_%s WHERE NOT is_sent ORDER BY id LIMIT 500"},
    {"sent", "UPDATE outbox_%s SET is_sent = true WHERE NOT is_sent AND id = ANY ($1::bigint[])"},
};

static PGconn *open_db(void)
{
    PGconn *db = PQconnectdb(postgres);
    if (PQstatus(db) != CONNECTION_OK)
        die("connect", PQerrorMessage(db));
    if (strcmp(role, "prepare") == 0)
        return db;
    PGresult *result = PQexec(db, "SET search_path = textbook");
    check(db, result, "search_path");
    PQclear(result);
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        prepare_one(db, statements[i][0], statements[i][1]);
    return db;
}

static int make_tables(void)
{
    char fill[256];
    PGconn *db = open_db();
    PGresult *result = PQexec(db, schema);
    check(db, result, "schema");
    PQclear(result);
    snprintf(
        fill, sizeof fill,
        "INSERT INTO stock (sku, available) SELECT 'sku-' || lpad(i::text, 5, '0'), 1000000000 "
        "FROM generate_series(0, %d) i",
        sku_count - 1);
    result = PQexec(db, fill);
    check(db, result, "stock");
    PQclear(result);
    PQfinish(db);
    return 0;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
        die(name, why);
}

static int make_topics(void)
{
    static const char *const nouns[] = {"orders", "inventory", "payments"};
    char why[256], name[128];
    rd_kafka_NewTopic_t *topics[3];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", kafka);
    rd_kafka_t *admin = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (admin == NULL)
        die("topics", why);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s.%s.v1", prefix, nouns[i]);
        topics[i] = rd_kafka_NewTopic_new(name, PARTITIONS, 1, why, sizeof why);
    }
    rd_kafka_queue_t *answers = rd_kafka_queue_new(admin);
    rd_kafka_CreateTopics(admin, topics, 3, NULL, answers);
    rd_kafka_event_t *answer = rd_kafka_queue_poll(answers, 30000);
    if (answer == NULL || rd_kafka_event_error(answer) != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("topics", "cannot be created");
    rd_kafka_event_destroy(answer);
    rd_kafka_queue_destroy(answers);
    rd_kafka_NewTopic_destroy_array(topics, 3);
    rd_kafka_destroy(admin);
    return 0;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void emit(PGconn *db, const char *key, const char *type, const char *body)
{
    const char *values[] = {key, type, body};
    run(db, "outbox", 3, values);
}

/* "sku-00001:2,sku-00002:1" in the order of SKUs, so that no two transactions wait for each other
 * in a circle. */
static void move_stock(PGconn *db, const char *statement, const char *lines)
{
    char copy[1024], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", lines);
    for (char *line = strtok_r(copy, ",", &rest); line != NULL; line = strtok_r(NULL, ",", &rest)) {
        char *colon = strchr(line, ':');
        *colon = '\0';
        const char *values[] = {line, colon + 1};
        if (run(db, statement, 2, values) != 1)
            die(statement, "out of stock");
    }
}

static void on_inventory(PGconn *db, const event *e)
{
    const char *values[] = {e->key, e->body};
    if (strcmp(e->type, "order.created") == 0) {
        move_stock(db, "reserve", e->body);
        run(db, "reservation", 2, values);
        emit(db, e->key, "inventory.reserved", e->body);
    } else if (strcmp(e->type, "order.completed") == 0) {
        move_stock(db, "sell", e->body);
        run(db, "committed", 1, values);
        emit(db, e->key, "inventory.committed", "");
    }
}

static void on_payment(PGconn *db, const event *e)
{
    const char *values[] = {e->key, "1000"};
    if (strcmp(e->type, "inventory.reserved") == 0) {
        run(db, "payment", 2, values);
        emit(db, e->key, "payment.authorized", e->body);
    } else if (strcmp(e->type, "order.completed") == 0) {
        run(db, "captured", 1, values);
        emit(db, e->key, "payment.captured", "");
    }
}

static void on_order(PGconn *db, const event *e)
{
    const char *values[] = {e->key};
    if (strcmp(e->type, "inventory.reserved") == 0) {
        run(db, "reserved", 1, values);
    } else if (strcmp(e->type, "payment.authorized") == 0) {
        if (run(db, "completed", 1, values) == 1)
            emit(db, e->key, "order.completed", e->body);
    } else if (strcmp(e->type, "inventory.committed") == 0) {
        run(db, "order_committed", 1, values);
    } else if (strcmp(e->type, "payment.captured") == 0) {
        run(db, "order_captured", 1, values);
    }
}

/* Whether this service does anything with such an event. */
static bool is_wanted(const char *type)
{
    if (strcmp(role, "inventory") == 0)
        return strcmp(type, "order.created") == 0 || strcmp(type, "order.completed") == 0;
    if (strcmp(role, "payment") == 0)
        return strcmp(type, "inventory.reserved") == 0 || strcmp(type, "order.completed") == 0;
    return strncmp(type, "order.", 6) != 0;
}

static void take(PGconn *db, const event *e)
{
    char source[16], id[24];
    snprintf(source, sizeof source, "%.*s", (int)strcspn(e->type, "."), e->type);
    snprintf(id, sizeof id, "%lld", (long long)e->id);
    const char *inbox[] = {source, id};
    run(db, "begin", 0, NULL);
    if (run(db, "inbox", 2, inbox) == 1) {
        if (strcmp(role, "inventory") == 0)
            on_inventory(db, e);
        else if (strcmp(role, "payment") == 0)
            on_payment(db, e);
        else
            on_order(db, e);
    }
    run(db, "commit", 0, NULL);
}

/* --- consuming -------------------------------------------------------------------------------- */

static void *work(void *argument)
{
    worker *self = argument;
    self->db = open_db();
    pthread_mutex_lock(&lock);
    while (!is_ending) {
        if (self->done == self->count) {
            pthread_cond_wait(&filled, &lock);
            continue;
        }
        int at = self->done;
        pthread_mutex_unlock(&lock);
        take(self->db, &self->queue[at]);
        pthread_mutex_lock(&lock);
        if (++self->done == self->count)
            pthread_cond_signal(&drained);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void read_header(rd_kafka_headers_t *headers, const char *name, char *out, size_t size)
{
    const void *value;
    size_t length;
    out[0] = '\0';
    if (rd_kafka_header_get_last(headers, name, &value, &length) == RD_KAFKA_RESP_ERR_NO_ERROR)
        snprintf(out, size, "%.*s", (int)length, (const char *)value);
}

static void dispatch(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    char type[40], id[24];
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    read_header(headers, "type", type, sizeof type);
    if (!is_wanted(type))
        return;
    read_header(headers, "id", id, sizeof id);
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < message->key_len; i++)
        hash = (hash ^ ((const uint8_t *)message->key)[i]) * 16777619u;
    worker *to = &workers[hash % (uint32_t)connections];
    event *e = &to->queue[to->count++];
    snprintf(e->key, sizeof e->key, "%.*s", (int)message->key_len, (const char *)message->key);
    snprintf(e->type, sizeof e->type, "%s", type);
    snprintf(e->body, sizeof e->body, "%.*s", (int)message->len, (const char *)message->payload);
    e->id = strtoll(id, NULL, 10);
}

static bool is_drained(void)
{
    for (int i = 0; i < connections; i++) {
        if (workers[i].done < workers[i].count)
            return false;
    }
    return true;
}

static rd_kafka_t *open_consumer(void)
{
    static const char *const topics[][3] = {{"order", "inventory", "payments"},
                                            {"inventory", "orders", NULL},
                                            {"payment", "orders", "inventory"}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char group[128], why[256];
    snprintf(group, sizeof group, "%s-%s", prefix, role);
    set(conf, "bootstrap.servers", kafka);
    set(conf, "group.id", group);
    set(conf, "enable.auto.commit", "false");
    set(conf, "auto.offset.reset", "earliest");
    set(conf, "fetch.wait.max.ms", "10");
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (consumer == NULL)
        die("consumer", why);
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        for (int t = 1; strcmp(topics[i][0], role) == 0 && t < 3 && topics[i][t] != NULL; t++) {
            char name[128];
            snprintf(name, sizeof name, "%s.%s.v1", prefix, topics[i][t]);
            rd_kafka_topic_partition_list_add(list, name, RD_KAFKA_PARTITION_UA);
        }
    }
    rd_kafka_subscribe(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return consumer;
}

/* Takes what is there, gives it to the workers by key, waits for their commits, then commits the
 * offsets. */
static void consume(void)
{
    rd_kafka_t *consumer = open_consumer();
    for (int i = 0; i < connections; i++)
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    while (!is_ending) {
        int count = 0;
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
        pthread_mutex_lock(&lock);
        for (int i = 0; i < connections; i++)
            workers[i].count = workers[i].done = 0;
        while (message != NULL) {
            if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
                dispatch(message);
            rd_kafka_message_destroy(message);
            message = ++count < BATCH_MAX ? rd_kafka_consumer_poll(consumer, 0) : NULL;
        }
        pthread_cond_broadcast(&filled);
        while (!is_drained())
            pthread_cond_wait(&drained, &lock);
        pthread_mutex_unlock(&lock);
        if (count > 0)
            rd_kafka_commit(consumer, NULL, 1);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
}

/* --- publishing ------------------------------------------------------------------------------- */

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *self)
{
    (void)producer;
    (void)self;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("delivery", rd_kafka_err2str(message->err));
}

static void publish_row(rd_kafka_t *producer, const PGresult *rows, int i)
{
    char topic[128];
    const char *type = PQgetvalue(rows, i, 2);
    const char *noun = strncmp(type, "payment", 7) == 0 ? "payments"
                       : strncmp(type, "order", 5) == 0 ? "orders"
                                                        : "inventory";
    snprintf(topic, sizeof topic, "%s.%s.v1", prefix, noun);
    rd_kafka_resp_err_t err = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(PQgetvalue(rows, i, 1), (size_t)PQgetlength(rows, i, 1)),
        RD_KAFKA_V_VALUE(PQgetvalue(rows, i, 3), (size_t)PQgetlength(rows, i, 3)),
        RD_KAFKA_V_HEADER("type", type, -1), RD_KAFKA_V_HEADER("id", PQgetvalue(rows, i, 0), -1),
        RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("produce", rd_kafka_err2str(err));
}

static int publish_some(PGconn *db, rd_kafka_t *producer)
{
    static char ids[POLL_ROWS * 24];
    size_t length = 0;
    PGresult *rows = PQexecPrepared(db, "unsent", 0, NULL, NULL, NULL, 0);
    check(db, rows, "unsent");
    int count = PQntuples(rows);
    for (int i = 0; i < count; i++) {
        publish_row(producer, rows, i);
        length += (size_t)snprintf(ids + length, sizeof ids - length, "%c%s", i == 0 ? '{' : ',',
                                   PQgetvalue(rows, i, 0));
    }
    PQclear(rows);
    if (count == 0)
        return 0;
    rd_kafka_flush(producer, 30000);
    snprintf(ids + length, sizeof ids - length, "}");
    const char *values[] = {ids};
    run(db, "sent", 1, values);
    return count;
}

static void *publish(void *argument)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];
    PGconn *db = open_db();
    (void)argument;
    set(conf, "bootstrap.servers", kafka);
    set(conf, "enable.idempotence", "true");
    set(conf, "linger.ms", "0.5");
    set(conf, "compression.type", "lz4");
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (producer == NULL)
        die("producer", why);
    while (!is_ending) {
        if (publish_some(db, producer) < POLL_ROWS)
            nanosleep(&(struct timespec){.tv_nsec = poll_ms * 1000000L}, NULL);
    }
    rd_kafka_flush(producer, 1000);
    rd_kafka_destroy(producer);
    PQfinish(db);
    return NULL;
}

/* --- the order's front ------------------------------------------------------------------------ */

static pthread_key_t of_thread;
static uint64_t sequence;

static PGconn *thread_db(void)
{
    PGconn *db = pthread_getspecific(of_thread);
    if (db == NULL) {
        db = open_db();
        pthread_setspecific(of_thread, db);
    }
    return db;
}

/* Version 7 of a UUID, so that the primary key grows at its end. */
static void make_id(char out[40])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    uint64_t n = __atomic_add_fetch(&sequence, 1, __ATOMIC_RELAXED);
    snprintf(out, 40, "%08x-%04x-7%03x-8000-%012llx", (unsigned)(ms >> 16), (unsigned)(ms & 0xFFFF),
             (unsigned)(n & 0xFFF), (unsigned long long)n);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Reads "sku":"...","quantity":N pairs: the generator's bodies only. */
static int read_lines(const char *body, char lines[16][80])
{
    int count = 0;
    for (const char *at = strstr(body, "\"sku\":\""); at != NULL && count < 16;
         at = strstr(at, "\"sku\":\"")) {
        at += 7;
        const char *quantity = strstr(at, "\"quantity\":");
        if (quantity == NULL)
            break;
        snprintf(lines[count++], 80, "%.*s:%ld", (int)strcspn(at, "\""), at,
                 strtol(quantity + 11, NULL, 10));
    }
    qsort(lines, (size_t)count, sizeof lines[0], compare_lines);
    return count;
}

static void place(struct aurora_http_exchange *exchange, void *self)
{
    char id[40], lines[16][80], body[1024] = "", answer[256];
    size_t length;
    PGconn *db = thread_db();
    int count = read_lines(aurora_http_body(exchange, &length), lines);
    (void)self;
    make_id(id);
    const char *order[] = {id, "anonymous", "1000"};
    run(db, "begin", 0, NULL);
    run(db, "order", 3, order);
    for (int i = 0; i < count; i++) {
        char number[8], sku[80];
        snprintf(number, sizeof number, "%d", i);
        snprintf(sku, sizeof sku, "%.*s", (int)strcspn(lines[i], ":"), lines[i]);
        const char *line[] = {id, number, sku, strchr(lines[i], ':') + 1};
        run(db, "line", 4, line);
        strcat(strcat(body, i == 0 ? "" : ","), lines[i]);
    }
    emit(db, id, "order.created", body);
    run(db, "commit", 0, NULL);
    int n = snprintf(answer, sizeof answer, "{\"id\":\"%s\",\"status\":\"PENDING\"}", id);
    aurora_http_reply(exchange, 201, "application/json", answer, (size_t)n);
}

static void ready(struct aurora_http_exchange *exchange, void *self)
{
    (void)self;
    aurora_http_reply(exchange, 200, "application/json", "{}", 2);
}

static const aurora_http_route routes[] = {
    {.method = AURORA_HTTP_POST,
     .flags = AURORA_HTTP_BLOCKING | AURORA_HTTP_JSON_BODY,
     .template_path = "/orders",
     .query = "",
     .operation = "placeOrder",
     .handle = place},
    {.method = AURORA_HTTP_GET,
     .template_path = "/readyz",
     .query = "",
     .operation = "ready",
     .handle = ready},
};

static aurora_http_server *serve(const char *port)
{
    static const aurora_http_route *const tables[] = {routes};
    static const uint32_t counts[] = {sizeof routes / sizeof routes[0]};
    char listen[32];
    aurora_http_server *server = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    snprintf(listen, sizeof listen, "127.0.0.1:%s", port);
    const aurora_http_options options = {.listen = listen,
                                         .routes = tables,
                                         .route_counts = counts,
                                         .table_count = 1,
                                         .workers = (uint32_t)connections};
    pthread_key_create(&of_thread, NULL);
    if (aurora_http_start(&options, &server, &err) != AURORA_OK)
        die(err.field, err.message);
    return server;
}

static void end(int number)
{
    (void)number;
    is_ending = 1;
}

int main(int argc, char **argv)
{
    pthread_t publisher;
    if (argc != 9) {
        fprintf(stderr,
                "usage: %s prepare|order|inventory|payment POSTGRES KAFKA PREFIX "
                "CONNECTIONS POLL_MS PORT SKUS\n",
                argv[0]);
        return 2;
    }
    role = argv[1], postgres = argv[2], kafka = argv[3], prefix = argv[4];
    connections = (int)strtol(argv[5], NULL, 10);
    poll_ms = (int)strtol(argv[6], NULL, 10);
    sku_count = (int)strtol(argv[8], NULL, 10);
    if (connections < 1 || connections > CONNECTIONS_MAX)
        die("CONNECTIONS", "must be 1 to 64");
    if (strcmp(role, "prepare") == 0)
        return make_tables() + make_topics();
    signal(SIGTERM, end);
    signal(SIGINT, end);
    aurora_http_server *server = serve(argv[7]);
    pthread_create(&publisher, NULL, publish, NULL);
    consume();
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&filled);
    pthread_mutex_unlock(&lock);
    pthread_join(publisher, NULL);
    aurora_http_free(server);
    return 0;
}
