/* SPDX-License-Identifier: MIT */
/* The peer of the cluster benchmark: the same saga over the same PostgreSQL and Kafka the textbook
 * way. Three services, a transaction and a publish for each step, an outbox table that is polled,
 * an inbox table against repeats, prepared statements and a pool of connections. It has no resend,
 * no deadline, no compensation and no idempotency key: it does less than Aurora for an order. HTTP
 * comes from Aurora's own server, which favours it.
 *
 * Made faster within those rules (figures in docs/PERFORMANCE.md): the statements of a step are
 * sent at once, in one round trip; a worker sends the transactions of up to 64 events before it
 * reads their results, each still committed by itself; a repeat is found by the inbox's key, not
 * asked for; sent rows of the outbox are deleted, without waiting for that to be durable; order
 * lines live in the order's row; rows that change have room on their page; consumers take more
 * while workers work and commit offsets five times a second.
 *
 * textbook_cluster prepare|order|inventory|payment|check POSTGRES KAFKA PREFIX CONNECTIONS POLL_MS
 * PORT SKUS; check waits until all orders are settled, counts every effect, and fails if one is
 * missing or was done twice. */
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
#define PARTITIONS 3
#define POLL_ROWS 500
#define QUEUE 1024
#define PIPELINE_MAX 64 /* TEXTBOOK_PIPELINE=1: one transaction of a connection at a time */
#define COMMIT_MS 200

typedef struct {
    char key[64];
    char type[40];
    char body[1024];
    int64_t id; /* of the outbox row: the three tables share a sequence */
} event;

/* A connection with the events whose keys hash to it: a ring, of which the worker takes some at a
 * time. */
typedef struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    event queue[QUEUE];
    uint64_t pushed, done;
    uint64_t mark; /* the consumer's: what was pushed when the offsets were looked at */
} worker;

static uint64_t pipeline = PIPELINE_MAX;
static const char *role, *postgres, *kafka, *prefix;
static int connections, poll_ms, sku_count;
static worker workers[CONNECTIONS_MAX];
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
    "DEFAULT false, created_at timestamptz NOT NULL DEFAULT now(), lines text NOT NULL) WITH "
    "(fillfactor = 50);"
    "CREATE TABLE stock (sku text PRIMARY KEY, available bigint NOT NULL CHECK (available >= 0), "
    "reserved bigint NOT NULL DEFAULT 0, sold bigint NOT NULL DEFAULT 0) WITH (fillfactor = 50);"
    "CREATE TABLE reservations (order_id uuid PRIMARY KEY, status text NOT NULL, lines text NOT "
    "NULL) WITH (fillfactor = 60);"
    "CREATE TABLE payments (order_id uuid PRIMARY KEY, amount bigint NOT NULL, status text NOT "
    "NULL) WITH (fillfactor = 60);"
    "CREATE SEQUENCE events CACHE 32;"
    "CREATE TABLE outbox_order (id bigint PRIMARY KEY DEFAULT nextval('events'), key uuid NOT "
    "NULL, type text NOT NULL, body text NOT NULL);"
    "CREATE TABLE outbox_inventory (LIKE outbox_order INCLUDING ALL);"
    "CREATE TABLE outbox_payment (LIKE outbox_order INCLUDING ALL);"
    "CREATE TABLE inbox_order (id bigint PRIMARY KEY);"
    "CREATE TABLE inbox_inventory (LIKE inbox_order INCLUDING ALL);"
    "CREATE TABLE inbox_payment (LIKE inbox_order INCLUDING ALL);";

static void check(PGconn *db, PGresult *result, const char *what)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        die(what, PQerrorMessage(db));
}

static void prepare_one(PGconn *db, const char *name, const char *sql)
{
    char text[512];
    snprintf(text, sizeof text, sql, role);
    PGresult *result = PQprepare(db, name, text, 0, NULL);
    check(db, result, name);
    PQclear(result);
}

#define INBOX "INSERT INTO inbox_%s VALUES ($1)"
#define OUTBOX "INSERT INTO outbox_%s (key, type, body) VALUES ($1, "
#define LINES "FROM unnest($1::text[], $2::bigint[]) AS l (sku, n) WHERE stock.sku = l.sku"

/* The statements of the steps: those of a service and an event are one transaction. The letters are
 * their values: the event's id, its key, its body, the SKUs and quantities of the body. A repeated
 * event breaks the inbox's key, which undoes the whole transaction. */
static const struct {
    const char *role, *event, *values, *sql;
} statements[] = {
    {"order", "place", "kb",
     "INSERT INTO orders (id, customer, status, total, lines) VALUES ($1, 'anonymous', 'PENDING', "
     "1000, $2)"},
    {"order", "place", "kb", OUTBOX "'order.created', $2)"},
    {"inventory", "order.created", "i", INBOX},
    {"inventory", "order.created", "sq",
     "UPDATE stock SET available = available - l.n, reserved = reserved + l.n " LINES},
    {"inventory", "order.created", "kb", "INSERT INTO reservations VALUES ($1, 'RESERVED', $2)"},
    {"inventory", "order.created", "kb", OUTBOX "'inventory.reserved', $2)"},
    {"inventory", "order.completed", "i", INBOX},
    {"inventory", "order.completed", "sq",
     "UPDATE stock SET reserved = reserved - l.n, sold = sold + l.n " LINES},
    {"inventory", "order.completed", "k",
     "UPDATE reservations SET status = 'COMMITTED' WHERE order_id = $1"},
    {"inventory", "order.completed", "k", OUTBOX "'inventory.committed', '')"},
    {"payment", "inventory.reserved", "i", INBOX},
    {"payment", "inventory.reserved", "k", "INSERT INTO payments VALUES ($1, 1000, 'AUTHORIZED')"},
    {"payment", "inventory.reserved", "kb", OUTBOX "'payment.authorized', $2)"},
    {"payment", "order.completed", "i", INBOX},
    {"payment", "order.completed", "k",
     "UPDATE payments SET status = 'CAPTURED' WHERE order_id = $1"},
    {"payment", "order.completed", "k", OUTBOX "'payment.captured', '')"},
    {"order", "inventory.reserved", "i", INBOX},
    {"order", "inventory.reserved", "k",
     "UPDATE orders SET status = 'RESERVED' WHERE id = $1 AND status = 'PENDING'"},
    {"order", "payment.authorized", "i", INBOX},
    {"order", "payment.authorized", "kb",
     "WITH o AS (UPDATE orders SET status = 'COMPLETED' WHERE id = $1 AND status IN ('PENDING', "
     "'RESERVED') RETURNING id) INSERT INTO outbox_%s (key, type, body) SELECT id, "
     "'order.completed', $2 FROM o"},
    {"order", "inventory.committed", "i", INBOX},
    {"order", "inventory.committed", "k", "UPDATE orders SET is_committed = true WHERE id = $1"},
    {"order", "payment.captured", "i", INBOX},
    {"order", "payment.captured", "k", "UPDATE orders SET is_captured = true WHERE id = $1"},
};

#define STATEMENTS (sizeof statements / sizeof *statements)

/* The first statement of this service's step for an event; STATEMENTS if it has none. */
static size_t find_step(const char *type)
{
    size_t i = 0;
    while (i < STATEMENTS &&
           (strcmp(statements[i].role, role) != 0 || strcmp(statements[i].event, type) != 0))
        i++;
    return i;
}

static bool is_same_step(size_t first, size_t i)
{
    return i < STATEMENTS && strcmp(statements[i].role, role) == 0 &&
           strcmp(statements[i].event, statements[first].event) == 0;
}

static void simple(PGconn *db, const char *sql)
{
    PGresult *result = PQexec(db, sql);
    check(db, result, sql);
    PQclear(result);
}

static PGconn *open_db(void)
{
    PGconn *db = PQconnectdb(postgres);
    if (PQstatus(db) != CONNECTION_OK)
        die("connect", PQerrorMessage(db));
    if (strcmp(role, "prepare") != 0)
        simple(db, "SET search_path = textbook");
    return db;
}

/* A connection that runs steps. The plans are made once, and go by index: stock is then locked in
 * the order of an event's lines, so that no two transactions wait for each other in a circle. */
static PGconn *open_steps(void)
{
    char name[16];
    PGconn *db = open_db();
    simple(db, "SET plan_cache_mode = force_generic_plan; SET enable_hashjoin = off; "
               "SET enable_mergejoin = off; SET enable_seqscan = off");
    for (size_t i = 0; i < STATEMENTS; i++) {
        snprintf(name, sizeof name, "s%zu", i);
        if (strcmp(statements[i].role, role) == 0)
            prepare_one(db, name, statements[i].sql);
    }
    PQenterPipelineMode(db);
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

/* "sku-00001:2,sku-00002:1" as two arrays. */
static void split_lines(const char *lines, char *skus, char *quantities)
{
    char copy[1024], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", lines);
    *skus++ = *quantities++ = '{';
    for (char *line = strtok_r(copy, ",", &rest); line != NULL; line = strtok_r(NULL, ",", &rest)) {
        char *colon = strchr(line, ':');
        *colon = '\0';
        skus += sprintf(skus, "%s,", line);
        quantities += sprintf(quantities, "%s,", colon + 1);
    }
    strcpy(skus - 1, "}");
    strcpy(quantities - 1, "}");
}

/* Sends a transaction without waiting for the one before it. */
static void send_step(PGconn *db, const event *e)
{
    char id[24], skus[1040], quantities[1040], name[16];
    size_t first = find_step(e->type);
    snprintf(id, sizeof id, "%lld", (long long)e->id);
    if (strcmp(role, "inventory") == 0)
        split_lines(e->body, skus, quantities);
    for (size_t i = first; is_same_step(first, i); i++) {
        const char *values[2];
        int count = 0;
        for (const char *letter = statements[i].values; *letter != '\0'; letter++)
            values[count++] = *letter == 'i'   ? id
                              : *letter == 'k' ? e->key
                              : *letter == 'b' ? e->body
                              : *letter == 's' ? skus
                                               : quantities;
        snprintf(name, sizeof name, "s%zu", i);
        if (PQsendQueryPrepared(db, name, count, values, NULL, NULL, 0) != 1)
            die(e->type, PQerrorMessage(db));
    }
    if (PQpipelineSync(db) != 1)
        die(e->type, PQerrorMessage(db));
}

static bool is_repeat(const PGresult *result)
{
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    return constraint != NULL && strncmp(constraint, "inbox_", 6) == 0;
}

static void receive_step(PGconn *db, const event *e)
{
    size_t first = find_step(e->type);
    bool is_undone = false;
    for (size_t i = first; is_same_step(first, i); i++) {
        PGresult *result = PQgetResult(db);
        is_undone = is_undone || is_repeat(result);
        if (!is_undone) {
            check(db, result, e->type);
            if (strcmp(PQcmdTuples(result), "0") == 0 && statements[i].values[0] == 's')
                die(e->type, "no such SKU");
        }
        PQclear(result);
        PQclear(PQgetResult(db)); /* the statement's end */
    }
    PQclear(PQgetResult(db)); /* the transaction's */
}

/* --- consuming -------------------------------------------------------------------------------- */

static void *work(void *argument)
{
    worker *self = argument;
    PGconn *db = open_steps();
    pthread_mutex_lock(&self->lock);
    while (!is_ending) {
        uint64_t from = self->done, to = self->pushed;
        if (from == to) {
            pthread_cond_wait(&self->changed, &self->lock);
            continue;
        }
        pthread_mutex_unlock(&self->lock);
        to = to - from > pipeline ? from + pipeline : to;
        for (uint64_t i = from; i < to; i++)
            send_step(db, &self->queue[i % QUEUE]);
        for (uint64_t i = from; i < to; i++)
            receive_step(db, &self->queue[i % QUEUE]);
        pthread_mutex_lock(&self->lock);
        self->done = to;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    PQfinish(db);
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

static void push(worker *to, const event *e)
{
    pthread_mutex_lock(&to->lock);
    while (to->pushed - to->done == QUEUE && !is_ending)
        pthread_cond_wait(&to->changed, &to->lock);
    if (is_ending) {
        pthread_mutex_unlock(&to->lock);
        return;
    }
    to->queue[to->pushed % QUEUE] = *e;
    if (to->pushed++ == to->done)
        pthread_cond_broadcast(&to->changed);
    pthread_mutex_unlock(&to->lock);
}

static void dispatch(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    event e;
    char id[24];
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    read_header(headers, "type", e.type, sizeof e.type);
    if (find_step(e.type) == STATEMENTS)
        return;
    read_header(headers, "id", id, sizeof id);
    e.id = strtoll(id, NULL, 10);
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < message->key_len; i++)
        hash = (hash ^ ((const uint8_t *)message->key)[i]) * 16777619u;
    snprintf(e.key, sizeof e.key, "%.*s", (int)message->key_len, (const char *)message->key);
    snprintf(e.body, sizeof e.body, "%.*s", (int)message->len, (const char *)message->payload);
    push(&workers[hash % (uint32_t)connections], &e);
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

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Whether all that was pushed up to the marks is in the database. */
static bool is_past_marks(void)
{
    bool is_past = true;
    for (int i = 0; i < connections; i++) {
        pthread_mutex_lock(&workers[i].lock);
        is_past = is_past && workers[i].done >= workers[i].mark;
        pthread_mutex_unlock(&workers[i].lock);
    }
    return is_past;
}

/* Commits the positions of before once their events are in the database, else takes them. */
static void keep_offsets(rd_kafka_t *consumer, rd_kafka_topic_partition_list_t **positions)
{
    if (*positions != NULL && is_past_marks()) {
        rd_kafka_commit(consumer, *positions, 1);
        rd_kafka_topic_partition_list_destroy(*positions);
        *positions = NULL;
    } else if (*positions == NULL &&
               rd_kafka_assignment(consumer, positions) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_position(consumer, *positions);
        for (int i = 0; i < connections; i++)
            workers[i].mark = workers[i].pushed;
    }
}

/* Gives the events to the workers by key, without waiting for them. */
static void consume(void)
{
    rd_kafka_t *consumer = open_consumer();
    rd_kafka_topic_partition_list_t *positions = NULL;
    double kept = now_ms();
    for (int i = 0; i < connections; i++) {
        pthread_mutex_init(&workers[i].lock, NULL);
        pthread_cond_init(&workers[i].changed, NULL);
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    while (!is_ending) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 50);
        if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            dispatch(message);
        if (message != NULL)
            rd_kafka_message_destroy(message);
        if (now_ms() - kept > COMMIT_MS) {
            keep_offsets(consumer, &positions);
            kept = now_ms();
        }
    }
    if (positions != NULL)
        rd_kafka_topic_partition_list_destroy(positions);
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
    rows = PQexecPrepared(db, "sent", 1, values, NULL, NULL, 0);
    check(db, rows, "sent");
    PQclear(rows);
    return count;
}

static void *publish(void *argument)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];
    PGconn *db = open_db();
    (void)argument;
    /* Rows that a crash brings back are published again and found in the inbox. */
    simple(db, "SET synchronous_commit = off; SET enable_seqscan = off");
    prepare_one(db, "unsent", "SELECT id, key, type, body FROM outbox_%s ORDER BY id LIMIT 500");
    prepare_one(db, "sent", "DELETE FROM outbox_%s WHERE id = ANY ($1::bigint[])");
    set(conf, "bootstrap.servers", kafka);
    set(conf, "enable.idempotence", "true");
    set(conf, "linger.ms", "5"); /* the flush does not wait for it */
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
        db = open_steps();
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

/* Reads "sku":"...","quantity":N pairs: the generator's bodies only, which name no SKU twice. In
 * the order of SKUs, so that no two transactions wait for each other in a circle. */
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
    char lines[16][80], answer[256];
    size_t length;
    event order = {.type = "place"};
    PGconn *db = thread_db();
    int count = read_lines(aurora_http_body(exchange, &length), lines);
    (void)self;
    make_id(order.key);
    for (int i = 0; i < count && strlen(order.body) + 82 < sizeof order.body; i++)
        strcat(strcat(order.body, i == 0 ? "" : ","), lines[i]);
    send_step(db, &order);
    receive_step(db, &order);
    int n = snprintf(answer, sizeof answer, "{\"id\":\"%s\",\"status\":\"PENDING\"}", order.key);
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

/* --- the audit -------------------------------------------------------------------------------- */

static const char settled[] =
    "SELECT (SELECT count(*) FROM orders WHERE NOT (status = 'COMPLETED' AND is_committed AND "
    "is_captured)) + (SELECT count(*) FROM outbox_order) + (SELECT count(*) FROM outbox_inventory) "
    "+ (SELECT count(*) FROM outbox_payment)";

/* The counts of what each order must have had once, and the SKUs whose stock does not add up. */
static const char audit[] =
    "WITH lines AS (SELECT split_part(l, ':', 1) AS sku, sum(split_part(l, ':', 2)::bigint) AS n "
    "FROM orders, regexp_split_to_table(lines, ',') AS l GROUP BY 1) "
    "SELECT (SELECT count(*) FROM orders) AS orders, "
    "(SELECT count(*) FROM reservations WHERE status = 'COMMITTED') AS reservations, "
    "(SELECT count(*) FROM payments WHERE status = 'CAPTURED') AS payments, "
    "(SELECT count(*) FROM inbox_order) AS inbox_order, "
    "(SELECT count(*) FROM inbox_inventory) AS inbox_inventory, "
    "(SELECT count(*) FROM inbox_payment) AS inbox_payment, "
    "(SELECT count(*) FROM stock LEFT JOIN lines USING (sku) WHERE reserved <> 0 OR sold <> "
    "coalesce(n, 0) OR available + sold <> 1000000000) AS wrong_stock";

static long cell(const PGresult *result, int column)
{
    return strtol(PQgetvalue(result, 0, column), NULL, 10);
}

/* Waits until every order is settled, then counts; 0 if nothing is lost and nothing was done
 * twice. */
static int audit_all(void)
{
    PGconn *db = open_db();
    double until = now_ms() + 60000;
    for (long left = 1; left > 0;) {
        PGresult *result = PQexec(db, settled);
        check(db, result, "settled");
        left = cell(result, 0);
        PQclear(result);
        if (left > 0 && now_ms() > until)
            die("check", "orders are not settled after a minute");
        nanosleep(&(struct timespec){.tv_nsec = left > 0 ? 100000000 : 0}, NULL);
    }
    PGresult *result = PQexec(db, audit);
    check(db, result, "audit");
    for (int i = 0; i < PQnfields(result); i++)
        printf("%s%s %s", i == 0 ? "" : ", ", PQfname(result, i), PQgetvalue(result, 0, i));
    printf("\n");
    long orders = cell(result, 0);
    bool is_right = cell(result, 1) == orders && cell(result, 2) == orders &&
                    cell(result, 3) == 4 * orders && cell(result, 4) == 2 * orders &&
                    cell(result, 5) == 2 * orders && cell(result, 6) == 0;
    PQclear(result);
    PQfinish(db);
    return is_right ? 0 : 1;
}

int main(int argc, char **argv)
{
    pthread_t publisher;
    if (argc != 9) {
        fprintf(stderr,
                "usage: %s prepare|order|inventory|payment|check POSTGRES KAFKA PREFIX "
                "CONNECTIONS POLL_MS PORT SKUS\n",
                argv[0]);
        return 2;
    }
    role = argv[1], postgres = argv[2], kafka = argv[3], prefix = argv[4];
    connections = (int)strtol(argv[5], NULL, 10);
    const char *depth = getenv("TEXTBOOK_PIPELINE");
    if (depth != NULL && strtol(depth, NULL, 10) >= 1 && strtol(depth, NULL, 10) < PIPELINE_MAX)
        pipeline = (uint64_t)strtol(depth, NULL, 10);
    poll_ms = (int)strtol(argv[6], NULL, 10);
    sku_count = (int)strtol(argv[8], NULL, 10);
    if (connections < 1 || connections > CONNECTIONS_MAX)
        die("CONNECTIONS", "must be 1 to 64");
    if (strcmp(role, "prepare") == 0)
        return make_tables() + make_topics();
    if (strcmp(role, "check") == 0)
        return audit_all();
    signal(SIGTERM, end);
    signal(SIGINT, end);
    aurora_http_server *server = serve(argv[7]);
    pthread_create(&publisher, NULL, publish, NULL);
    consume();
    for (int i = 0; i < connections; i++) {
        pthread_mutex_lock(&workers[i].lock);
        pthread_cond_broadcast(&workers[i].changed);
        pthread_mutex_unlock(&workers[i].lock);
        pthread_join(workers[i].thread, NULL);
    }
    pthread_join(publisher, NULL);
    aurora_http_free(server);
    return 0;
}
