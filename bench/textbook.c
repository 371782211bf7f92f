/* SPDX-License-Identifier: MIT */
/* The textbook saga: five transactions an order, each synced before the next, events in an outbox
 * table that the next step deletes. What follows was measured on a shared 2-core machine whose
 * fdatasync takes 0.1 ms when it overwrites and 0.2 ms when it extends a file (load 1.1 to 3.3).
 *
 * Kept settings, medians (range) of 10 interleaved 3 s runs, orders/s:
 *   stored     1 connection        8 connections       32 connections
 *   0         1,267 (756-1,507)   1,153 (404-1,336)   1,141 (386-1,220)
 *   1,000,000 1,258 (723-1,385)   1,190 (162-1,410)   945 (391-1,280)
 * The disk's slow moments make the ranges wide: of the three counts one connection leads by little.
 *
 * Tried one at a time against 4 KiB pages, 64 MiB cache, no mmap, checkpoint at 4,000 pages:
 * medians of 3 interleaved 1.2 s runs, 1 / 8 connections when empty; 1 / 8 with a million stored.
 * Differences below 15 % mean nothing here.
 *   as described                            1,374 / 1,260; 1,330 / 1,244
 *   1 KiB, 2 KiB, 8 KiB pages               1,571 / 1,370; 1,218 / 1,212
 *                                           1,521 / 1,288; 1,288 / 1,136
 *                                           1,358 / 1,138;   986 / 1,076
 *   checkpoint at 1,000, at 16,000 pages    1,470 / 1,298; 1,223 / 1,070
 *                                           1,476 / 1,297; 1,299 / 1,255
 *   checkpoint only by a thread each 20 ms  1,482 / 1,397; 1,371 / 1,219  not kept: SQLite before
 *       3.51.3 may lose commits when a checkpoint meets a writer, and the WAL never starts over
 *   WAL not grown before the run            1,389 / 1,207; 1,091 /   972
 *   SQLite's busy handler, no mutex         1,434 / 1,057; 1,322 / 1,112
 *   mmap 2 GB                               1,431 / 1,320; 1,403 / 1,201  kept
 *   cache 2 MiB, 256 MiB                    1,380 / 1,265; 1,349 / 1,200
 *                                           1,462 / 1,375; 1,400 / 1,196  kept
 *   shared cache                            1,409 / 1,394; 1,257 / 1,298
 *   SQLITE_CONFIG_MEMSTATUS off             1,401 / 1,249; 1,362 / 1,273
 *   rowid tables with unique indexes        1,395 / 1,230; 1,175 / 1,187
 * Not tried: locking_mode=EXCLUSIVE, which allows one connection only.
 *
 * Beyond the textbook, TEXTBOOK_SHARED_SYNC=1 commits with synchronous=NORMAL and lets the workers
 * share an fdatasync of the WAL before the next step. Each step is still a transaction of its own
 * and durable before the next one starts, but it is the application that makes it so. In the same
 * interleaved runs, at 8 / 32 connections: 2,760 / 2,904 when empty, 2,465 / 2,724 with a million.
 * Whoever quotes a ratio to the figures above should quote this one too. */
#define _GNU_SOURCE
#include "textbook.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef TEXTBOOK_PAGE_SIZE
#define TEXTBOOK_PAGE_SIZE 4096
#endif
#ifndef TEXTBOOK_CACHE_KIB
#define TEXTBOOK_CACHE_KIB 262144
#endif
#ifndef TEXTBOOK_MMAP_MIB
#define TEXTBOOK_MMAP_MIB 2000
#endif
#ifndef TEXTBOOK_CHECKPOINT_PAGES
#define TEXTBOOK_CHECKPOINT_PAGES 4000
#endif
#ifndef TEXTBOOK_MUTEX
#define TEXTBOOK_MUTEX 1
#endif
#ifndef TEXTBOOK_SHARED_SYNC
#define TEXTBOOK_SHARED_SYNC 0
#endif
#if TEXTBOOK_SHARED_SYNC
#define SYNCHRONOUS_TEXT "NORMAL"
#else
#define SYNCHRONOUS_TEXT "FULL"
#endif

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define PAGE_SIZE_TEXT TEXT(TEXTBOOK_PAGE_SIZE)
#define CACHE_TEXT TEXT(TEXTBOOK_CACHE_KIB)
#define MMAP_TEXT TEXT(TEXTBOOK_MMAP_MIB)
#define CHECKPOINT_TEXT TEXT(TEXTBOOK_CHECKPOINT_PAGES)

enum { LINES = 2, CUSTOMERS = 100000, STOCK_PER_SKU = 1000000000, PRICE_MINOR = 1999 };
enum { ORDER_PENDING = 1, ORDER_COMPLETED = 2, ORDER_FAILED = 3 };
enum { RESERVATION_HELD = 1, RESERVATION_COMMITTED = 2 };
enum { PAYMENT_AUTHORIZED = 1, PAYMENT_CAPTURED = 2 };
enum { EVENT_CREATED = 1, EVENT_RESERVED, EVENT_AUTHORIZED, EVENT_COMPLETED, EVENT_FAILED };
enum { EVENT_COMMITTED = 6, EVENT_CAPTURED = 7 };

static const char SCHEMA[] =
    "CREATE TABLE orders(id BLOB PRIMARY KEY, customer_id INTEGER NOT NULL,"
    " idempotency_key BLOB NOT NULL, status INTEGER NOT NULL, total_minor INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE order_lines(order_id BLOB, line INTEGER, sku INTEGER NOT NULL,"
    " quantity INTEGER NOT NULL, price_minor INTEGER NOT NULL,"
    " PRIMARY KEY(order_id, line)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE stock(sku INTEGER PRIMARY KEY, received INTEGER NOT NULL,"
    " available INTEGER NOT NULL CHECK(available >= 0), reserved INTEGER NOT NULL"
    " CHECK(reserved >= 0), sold INTEGER NOT NULL) STRICT;"
    "CREATE TABLE reservations(order_id BLOB, line INTEGER, sku INTEGER NOT NULL,"
    " quantity INTEGER NOT NULL, status INTEGER NOT NULL,"
    " PRIMARY KEY(order_id, line)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE payments(order_id BLOB PRIMARY KEY, id BLOB NOT NULL, amount_minor INTEGER"
    " NOT NULL, status INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE outbox(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, order_id BLOB NOT NULL,"
    " created_ms INTEGER NOT NULL, payload TEXT NOT NULL) STRICT;";

static const char INDEXES[] =
    "CREATE UNIQUE INDEX orders_idempotency_key ON orders(idempotency_key);"
    "CREATE INDEX orders_customer ON orders(customer_id, id);";

/* X(name, SQL): each worker prepares all of them once. */
#define STATEMENT_LIST(X)                                                                          \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                    \
    X(COMMIT, "COMMIT")                                                                            \
    X(ROLLBACK, "ROLLBACK")                                                                        \
    X(PUT_ORDER, "INSERT INTO orders VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?6)")                          \
    X(PUT_LINE, "INSERT INTO order_lines VALUES(?1, ?2, ?3, ?4, ?5)")                              \
    X(PUT_EVENT, "INSERT INTO outbox(kind, order_id, created_ms, payload) VALUES(?1, ?2, ?3, ?4)") \
    X(TAKE_EVENT, "DELETE FROM outbox WHERE id = ?1 AND kind = ?2 AND order_id = ?3")              \
    X(RESERVE, "UPDATE stock SET available = available - ?2, reserved = reserved + ?2"             \
               " WHERE sku = ?1 AND available >= ?2")                                              \
    X(PUT_RESERVATION, "INSERT INTO reservations VALUES(?1, ?2, ?3, ?4, ?5)")                      \
    X(PUT_PAYMENT, "INSERT INTO payments VALUES(?1, ?2, ?3, ?4, ?5)")                              \
    X(SET_ORDER, "UPDATE orders SET status = ?2, updated_ms = ?3 WHERE id = ?1 AND status = ?4")   \
    X(SELL, "UPDATE stock SET reserved = reserved - ?2, sold = sold + ?2"                          \
            " WHERE sku = ?1 AND reserved >= ?2")                                                  \
    X(SET_RESERVATIONS, "UPDATE reservations SET status = ?2 WHERE order_id = ?1 AND status = ?3") \
    X(SET_PAYMENT, "UPDATE payments SET status = ?2, updated_ms = ?4"                              \
                   " WHERE order_id = ?1 AND status = ?3")                                         \
    X(SET_SOLD, "UPDATE stock SET available = received - ?2, sold = ?2 WHERE sku = ?1")

#define STATEMENT_ENUM(name, sql) name,
enum { STATEMENT_LIST(STATEMENT_ENUM) STATEMENT_COUNT };
#undef STATEMENT_ENUM
#define STATEMENT_SQL(name, sql) sql,
static const char *const STATEMENT_SQLS[] = {STATEMENT_LIST(STATEMENT_SQL)};
#undef STATEMENT_SQL

/* One connection with its statements; broken is sticky, so that steps are checked at their end. */
typedef struct {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    bool broken;
} session;

typedef struct {
    unsigned char id[16], payment_id[16], key[16];
    int64_t now_ms, event_id;
    uint32_t customer, sku[LINES];
} order;

/* What the workers of one run share. */
typedef struct {
    const char *path;
    pthread_mutex_t turn;
    pthread_barrier_t start;
    atomic_bool stop, failed;
    uint32_t sku_count;
    int wal; /* the rest is for TEXTBOOK_SHARED_SYNC */
    pthread_mutex_t sync_lock;
    pthread_cond_t synced;
    uint64_t sync_wanted, sync_done;
    bool syncing;
} run;

typedef struct {
    run *shared;
    pthread_t thread;
    uint64_t random;
    uint64_t orders, capacity;
    float *latencies_ms;
    double cpu_s;
} worker;

static double clock_s(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* UUIDv7 with the fraction of the millisecond in rand_a (RFC 9562, 6.2, method 3): ids of all
 * workers then grow together, and the tables keyed by them are appended to. */
static void uuid_draw(unsigned char id[16], int64_t time_ns, uint64_t *random)
{
    uint64_t ms = (uint64_t)time_ns / 1000000, part = (uint64_t)time_ns % 1000000 * 4096 / 1000000;
    uint64_t high = ms << 16 | 0x7000 | part, low = random_next(random) >> 2 | (uint64_t)1 << 63;
    for (int i = 0; i < 8; i++) {
        id[i] = (unsigned char)(high >> (56 - 8 * i));
        id[8 + i] = (unsigned char)(low >> (56 - 8 * i));
    }
}

static void order_draw(order *o, int64_t time_ns, uint32_t sku_count, uint64_t *random)
{
    uint64_t key[2] = {random_next(random), random_next(random)};
    memcpy(o->key, key, sizeof key);
    uuid_draw(o->id, time_ns, random);
    uuid_draw(o->payment_id, time_ns, random);
    o->now_ms = time_ns / 1000000;
    o->customer = (uint32_t)(random_next(random) % CUSTOMERS) + 1;
    o->sku[0] = (uint32_t)(random_next(random) % sku_count) + 1;
    o->sku[1] = (uint32_t)(random_next(random) % (sku_count - 1)) + 1;
    o->sku[1] += o->sku[1] >= o->sku[0];
}

static bool session_run(session *s, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(s->db, sql, NULL, NULL, &message) == SQLITE_OK)
        return true;
    fprintf(stderr, "textbook: %s: %s\n", sql, message ? message : "failed");
    sqlite3_free(message);
    s->broken = true;
    return false;
}

static void session_close(session *s)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_close(s->db);
    *s = (session){0};
}

static bool session_open(session *s, const char *path, const char *pragmas)
{
    *s = (session){0};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK) {
        fprintf(stderr, "textbook: %s: %s\n", path, sqlite3_errmsg(s->db));
        session_close(s);
        return false;
    }
    sqlite3_busy_timeout(s->db, 60000);
    if (session_run(s, pragmas))
        return true;
    session_close(s);
    return false;
}

static bool session_prepare(session *s)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        if (sqlite3_prepare_v3(s->db, STATEMENT_SQLS[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &s->statements[i], NULL) == SQLITE_OK)
            continue;
        fprintf(stderr, "textbook: %s: %s\n", STATEMENT_SQLS[i], sqlite3_errmsg(s->db));
        return false;
    }
    return true;
}

static const char WORKER_PRAGMAS[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=" SYNCHRONOUS_TEXT "; PRAGMA temp_store=MEMORY;"
    "PRAGMA cache_size=-" CACHE_TEXT "; PRAGMA mmap_size=" MMAP_TEXT "000000;"
    "PRAGMA wal_autocheckpoint=" CHECKPOINT_TEXT;

static void bind_id(session *s, int statement, int column, const unsigned char id[16])
{
    sqlite3_bind_blob(s->statements[statement], column, id, 16, SQLITE_STATIC);
}

static void bind_number(session *s, int statement, int column, int64_t value)
{
    sqlite3_bind_int64(s->statements[statement], column, value);
}

/* Runs a bound statement and returns how many rows it changed. */
static int step(session *s, int statement)
{
    if (s->broken)
        return 0;
    int code = sqlite3_step(s->statements[statement]);
    sqlite3_reset(s->statements[statement]);
    if (code == SQLITE_DONE)
        return sqlite3_changes(s->db);
    fprintf(stderr, "textbook: %s: %s\n", STATEMENT_SQLS[statement], sqlite3_errmsg(s->db));
    s->broken = true;
    return 0;
}

static void expect(session *s, int changed, int wanted)
{
    if (s->broken || changed == wanted)
        return;
    fprintf(stderr, "textbook: %d rows changed where %d were expected\n", changed, wanted);
    s->broken = true;
}

/* One fdatasync answers every step that committed before it began. */
static bool sync_shared(run *r)
{
    bool synced = true;
    pthread_mutex_lock(&r->sync_lock);
    uint64_t own = ++r->sync_wanted;
    while (r->sync_done < own && synced) {
        if (r->syncing) {
            pthread_cond_wait(&r->synced, &r->sync_lock);
            continue;
        }
        uint64_t reached = r->sync_wanted;
        r->syncing = true;
        pthread_mutex_unlock(&r->sync_lock);
        synced = fdatasync(r->wal) == 0;
        pthread_mutex_lock(&r->sync_lock);
        r->syncing = false;
        if (synced)
            r->sync_done = reached;
        pthread_cond_broadcast(&r->synced);
    }
    pthread_mutex_unlock(&r->sync_lock);
    return synced;
}

/* The writers queue here rather than in SQLite's busy handler, which sleeps. */
static void begin(session *s, run *r)
{
    if (TEXTBOOK_MUTEX)
        pthread_mutex_lock(&r->turn);
    step(s, BEGIN);
}

static bool end(session *s, run *r, int statement)
{
    step(s, statement);
    if (s->broken && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    if (TEXTBOOK_MUTEX)
        pthread_mutex_unlock(&r->turn);
    if (TEXTBOOK_SHARED_SYNC && !s->broken && !sync_shared(r))
        s->broken = true;
    return !s->broken;
}

static void put_event(session *s, order *o, int kind, const char *payload)
{
    bind_number(s, PUT_EVENT, 1, kind);
    bind_id(s, PUT_EVENT, 2, o->id);
    bind_number(s, PUT_EVENT, 3, o->now_ms);
    sqlite3_bind_text(s->statements[PUT_EVENT], 4, payload, -1, SQLITE_STATIC);
    step(s, PUT_EVENT);
    o->event_id = sqlite3_last_insert_rowid(s->db);
}

/* A deleted rowid is given out again, so an event is taken by kind and order too; a delivery that
 * comes twice changes no row and would stop the run. */
static void take_event(session *s, const order *o, int kind)
{
    bind_number(s, TAKE_EVENT, 1, o->event_id);
    bind_number(s, TAKE_EVENT, 2, kind);
    bind_id(s, TAKE_EVENT, 3, o->id);
    expect(s, step(s, TAKE_EVENT), 1);
}

static void put_order(session *s, const order *o, int status)
{
    bind_id(s, PUT_ORDER, 1, o->id);
    bind_number(s, PUT_ORDER, 2, o->customer);
    bind_id(s, PUT_ORDER, 3, o->key);
    bind_number(s, PUT_ORDER, 4, status);
    bind_number(s, PUT_ORDER, 5, LINES * PRICE_MINOR);
    bind_number(s, PUT_ORDER, 6, o->now_ms);
    step(s, PUT_ORDER);
    bind_id(s, PUT_LINE, 1, o->id);
    bind_number(s, PUT_LINE, 4, 1);
    bind_number(s, PUT_LINE, 5, PRICE_MINOR);
    for (int i = 0; i < LINES; i++) {
        bind_number(s, PUT_LINE, 2, i);
        bind_number(s, PUT_LINE, 3, o->sku[i]);
        step(s, PUT_LINE);
    }
}

static void put_reservation(session *s, const order *o, int line, int status)
{
    bind_id(s, PUT_RESERVATION, 1, o->id);
    bind_number(s, PUT_RESERVATION, 2, line);
    bind_number(s, PUT_RESERVATION, 3, o->sku[line]);
    bind_number(s, PUT_RESERVATION, 4, 1);
    bind_number(s, PUT_RESERVATION, 5, status);
    step(s, PUT_RESERVATION);
}

static void put_payment(session *s, const order *o, int status)
{
    bind_id(s, PUT_PAYMENT, 1, o->id);
    bind_id(s, PUT_PAYMENT, 2, o->payment_id);
    bind_number(s, PUT_PAYMENT, 3, LINES * PRICE_MINOR);
    bind_number(s, PUT_PAYMENT, 4, status);
    bind_number(s, PUT_PAYMENT, 5, o->now_ms);
    step(s, PUT_PAYMENT);
}

static int change_stock(session *s, int statement, uint32_t sku)
{
    bind_number(s, statement, 1, sku);
    bind_number(s, statement, 2, 1);
    return step(s, statement);
}

static void set_order(session *s, const order *o, int status)
{
    bind_id(s, SET_ORDER, 1, o->id);
    bind_number(s, SET_ORDER, 2, status);
    bind_number(s, SET_ORDER, 3, o->now_ms);
    bind_number(s, SET_ORDER, 4, ORDER_PENDING);
    expect(s, step(s, SET_ORDER), 1);
}

static bool create_order(session *s, run *r, order *o)
{
    char payload[128];
    snprintf(payload, sizeof payload, "{\"customer\":%u,\"total\":%d,\"lines\":[[%u,1],[%u,1]]}",
             o->customer, LINES * PRICE_MINOR, o->sku[0], o->sku[1]);
    begin(s, r);
    put_order(s, o, ORDER_PENDING);
    put_event(s, o, EVENT_CREATED, payload);
    return end(s, r, COMMIT);
}

/* Answers false in `reserved_out`, with nothing changed, when a line is out of stock. */
static bool reserve_stock(session *s, run *r, order *o, bool *reserved_out)
{
    *reserved_out = true;
    begin(s, r);
    take_event(s, o, EVENT_CREATED);
    for (int i = 0; i < LINES && *reserved_out; i++) {
        *reserved_out = change_stock(s, RESERVE, o->sku[i]) == 1;
        if (*reserved_out)
            put_reservation(s, o, i, RESERVATION_HELD);
    }
    if (!*reserved_out)
        return end(s, r, ROLLBACK);
    put_event(s, o, EVENT_RESERVED, "{\"lines\":2}");
    return end(s, r, COMMIT);
}

static bool fail_order(session *s, run *r, order *o)
{
    begin(s, r);
    take_event(s, o, EVENT_CREATED);
    set_order(s, o, ORDER_FAILED);
    put_event(s, o, EVENT_FAILED, "{\"reason\":\"out_of_stock\"}");
    return end(s, r, COMMIT);
}

static bool authorize_payment(session *s, run *r, order *o)
{
    begin(s, r);
    take_event(s, o, EVENT_RESERVED);
    put_payment(s, o, PAYMENT_AUTHORIZED);
    put_event(s, o, EVENT_AUTHORIZED, "{\"amount\":3998}");
    return end(s, r, COMMIT);
}

static bool complete_order(session *s, run *r, order *o)
{
    begin(s, r);
    take_event(s, o, EVENT_AUTHORIZED);
    set_order(s, o, ORDER_COMPLETED);
    put_event(s, o, EVENT_COMPLETED, "{\"total\":3998}");
    return end(s, r, COMMIT);
}

/* The two last events have no handler in the saga and stay for whoever follows the outbox. */
static bool settle_order(session *s, run *r, order *o)
{
    begin(s, r);
    take_event(s, o, EVENT_COMPLETED);
    for (int i = 0; i < LINES; i++)
        expect(s, change_stock(s, SELL, o->sku[i]), 1);
    bind_id(s, SET_RESERVATIONS, 1, o->id);
    bind_number(s, SET_RESERVATIONS, 2, RESERVATION_COMMITTED);
    bind_number(s, SET_RESERVATIONS, 3, RESERVATION_HELD);
    expect(s, step(s, SET_RESERVATIONS), LINES);
    bind_id(s, SET_PAYMENT, 1, o->id);
    bind_number(s, SET_PAYMENT, 2, PAYMENT_CAPTURED);
    bind_number(s, SET_PAYMENT, 3, PAYMENT_AUTHORIZED);
    bind_number(s, SET_PAYMENT, 4, o->now_ms);
    expect(s, step(s, SET_PAYMENT), 1);
    put_event(s, o, EVENT_COMMITTED, "{\"lines\":2}");
    put_event(s, o, EVENT_CAPTURED, "{\"amount\":3998}");
    return end(s, r, COMMIT);
}

/* Each step starts from the event that the step before committed, handed over in memory. */
static bool run_saga(session *s, run *r, order *o, bool *completed_out)
{
    if (!create_order(s, r, o) || !reserve_stock(s, r, o, completed_out))
        return false;
    if (!*completed_out)
        return fail_order(s, r, o);
    return authorize_payment(s, r, o) && complete_order(s, r, o) && settle_order(s, r, o);
}

static bool worker_note(worker *w, double latency_ms)
{
    if (w->orders == w->capacity) {
        uint64_t capacity = w->capacity ? 2 * w->capacity : 4096;
        float *grown = realloc(w->latencies_ms, capacity * sizeof *grown);
        if (!grown)
            return false;
        w->latencies_ms = grown;
        w->capacity = capacity;
    }
    w->latencies_ms[w->orders++] = (float)latency_ms;
    return true;
}

static bool worker_loop(worker *w, session *s)
{
    run *r = w->shared;
    while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
        order o;
        bool completed;
        double start_s = clock_s(CLOCK_MONOTONIC);
        order_draw(&o, (int64_t)(clock_s(CLOCK_REALTIME) * 1e9), r->sku_count, &w->random);
        if (!run_saga(s, r, &o, &completed))
            return false;
        if (completed && !worker_note(w, (clock_s(CLOCK_MONOTONIC) - start_s) * 1e3))
            return false;
    }
    return true;
}

static void *worker_main(void *argument)
{
    worker *w = argument;
    session s;
    bool ready = session_open(&s, w->shared->path, WORKER_PRAGMAS) && session_prepare(&s);
    pthread_barrier_wait(&w->shared->start);
    double cpu_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
    if (!ready || !worker_loop(w, &s)) {
        atomic_store(&w->shared->failed, true);
        atomic_store(&w->shared->stop, true);
    }
    w->cpu_s = clock_s(CLOCK_THREAD_CPUTIME_ID) - cpu_s;
    pthread_barrier_wait(&w->shared->start);
    session_close(&s);
    return NULL;
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int result_fill(textbook_result *out, const worker *workers, uint32_t count, double wall_s)
{
    double cpu_s = 0;
    *out = (textbook_result){0};
    for (uint32_t i = 0; i < count; i++) {
        out->orders += workers[i].orders;
        cpu_s += workers[i].cpu_s;
    }
    float *all = malloc((out->orders + 1) * sizeof *all);
    if (!all || out->orders == 0) {
        free(all);
        return -1;
    }
    uint64_t at = 0;
    for (uint32_t i = 0; i < count; at += workers[i++].orders)
        if (workers[i].orders)
            memcpy(all + at, workers[i].latencies_ms, workers[i].orders * sizeof *all);
    qsort(all, out->orders, sizeof *all, compare_floats);
    out->orders_per_s = (double)out->orders / wall_s;
    out->cpu_us_per_order = cpu_s * 1e6 / (double)out->orders;
    out->p50_ms = all[out->orders / 2];
    out->p99_ms = all[out->orders - 1 - out->orders / 100];
    free(all);
    return 0;
}

static int64_t query_number(session *s, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    else
        fprintf(stderr, "textbook: %s: %s\n", sql, sqlite3_errmsg(s->db));
    sqlite3_finalize(statement);
    return value;
}

/* Syncing a WAL that grows costs twice a sync that overwrites, so the file gets its size first. */
static const char PREGROW[] = "BEGIN IMMEDIATE; CREATE TABLE filler(x);"
                              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                              " WHERE i < " CHECKPOINT_TEXT " * 11 / 10)"
                              "INSERT INTO filler SELECT zeroblob(" PAGE_SIZE_TEXT " - 200) FROM n;"
                              "COMMIT; DROP TABLE filler; PRAGMA wal_checkpoint(RESTART)";

static double run_timed(run *r, worker *workers, uint32_t count, double seconds)
{
    for (uint32_t i = 0; i < count; i++)
        if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) != 0)
            abort();
    pthread_barrier_wait(&r->start);
    double start_s = clock_s(CLOCK_MONOTONIC);
    while (!atomic_load(&r->stop) && clock_s(CLOCK_MONOTONIC) - start_s < seconds)
        usleep(2000);
    atomic_store(&r->stop, true);
    pthread_barrier_wait(&r->start);
    double wall_s = clock_s(CLOCK_MONOTONIC) - start_s;
    for (uint32_t i = 0; i < count; i++)
        pthread_join(workers[i].thread, NULL);
    return wall_s;
}

int textbook_run(const char *path, uint32_t connections, double seconds, uint64_t seed,
                 textbook_result *out)
{
    if (connections < 1 || connections > 256) {
        fprintf(stderr, "textbook: %u connections are not 1 to 256\n", connections);
        return -1;
    }
    run r = {.path = path};
    session keeper;
    worker *workers = calloc(connections, sizeof *workers);
    if (!workers || !session_open(&keeper, path, WORKER_PRAGMAS)) {
        free(workers);
        return -1;
    }
    int64_t sku_count = query_number(&keeper, "SELECT count(*) FROM stock");
    bool ready = sku_count >= 2 && session_run(&keeper, PREGROW);
    r.sku_count = (uint32_t)sku_count;
    char wal[4096];
    snprintf(wal, sizeof wal, "%s-wal", path);
    r.wal = TEXTBOOK_SHARED_SYNC ? open(wal, O_RDWR | O_CLOEXEC) : -1;
    pthread_mutex_init(&r.turn, NULL);
    pthread_mutex_init(&r.sync_lock, NULL);
    pthread_cond_init(&r.synced, NULL);
    pthread_barrier_init(&r.start, NULL, connections + 1);
    for (uint32_t i = 0; i < connections; i++)
        workers[i] = (worker){.shared = &r, .random = seed * 0x2545f4914f6cdd1du + i * 0x1b873593u};
    double wall_s = ready ? run_timed(&r, workers, connections, seconds) : 0;
    bool worked = ready && !r.failed && result_fill(out, workers, connections, wall_s) == 0;
    for (uint32_t i = 0; i < connections; i++)
        free(workers[i].latencies_ms);
    free(workers);
    pthread_barrier_destroy(&r.start);
    pthread_cond_destroy(&r.synced);
    pthread_mutex_destroy(&r.sync_lock);
    pthread_mutex_destroy(&r.turn);
    session_close(&keeper);
    if (r.wal >= 0)
        close(r.wal);
    return worked ? 0 : -1;
}

/* Settled orders of the past, 10 ms apart, in the state that a saga leaves them in. */
static bool store_orders(session *s, uint32_t sku_count, uint64_t count, uint64_t *sold)
{
    uint64_t random = 0x5eed;
    int64_t time_ns = (int64_t)(clock_s(CLOCK_REALTIME) * 1e9) - (int64_t)count * 10000000;
    for (uint64_t n = 0; n < count && !s->broken; n++, time_ns += 10000000) {
        order o;
        order_draw(&o, time_ns, sku_count, &random);
        put_order(s, &o, ORDER_COMPLETED);
        put_payment(s, &o, PAYMENT_CAPTURED);
        for (int i = 0; i < LINES; i++) {
            put_reservation(s, &o, i, RESERVATION_COMMITTED);
            sold[o.sku[i]]++;
        }
    }
    for (uint32_t sku = 1; sku <= sku_count && count; sku++) {
        bind_number(s, SET_SOLD, 1, sku);
        bind_number(s, SET_SOLD, 2, (int64_t)sold[sku]);
        step(s, SET_SOLD);
    }
    return !s->broken;
}

static bool fill(session *s, uint32_t sku_count, uint64_t stored_orders)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
             "INSERT INTO stock SELECT i, %d, %d, 0, 0 FROM n",
             sku_count, STOCK_PER_SKU, STOCK_PER_SKU);
    uint64_t *sold = calloc((size_t)sku_count + 1, sizeof *sold);
    bool filled = sold && session_run(s, SCHEMA) && session_run(s, "BEGIN") &&
                  session_run(s, sql) && session_prepare(s) &&
                  store_orders(s, sku_count, stored_orders, sold) && session_run(s, "COMMIT") &&
                  session_run(s, INDEXES);
    free(sold);
    return filled;
}

static const char FILL_PRAGMAS[] = "PRAGMA page_size=" PAGE_SIZE_TEXT "; PRAGMA cache_size=-262144;"
                                   "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF";

int textbook_prepare(const char *path, uint32_t sku_count, uint64_t stored_orders)
{
    char beside[4096];
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (int i = 0; i < 4; i++) {
        snprintf(beside, sizeof beside, "%s%s", path, suffixes[i]);
        unlink(beside);
    }
    session s;
    if (sku_count < 2 || sku_count > 1000000) {
        fprintf(stderr, "textbook: %u SKUs are not 2 to 1,000,000\n", sku_count);
        return -1;
    }
    if (!session_open(&s, path, FILL_PRAGMAS))
        return -1;
    bool filled = fill(&s, sku_count, stored_orders);
    session_close(&s);
    if (!filled || !session_open(&s, path, WORKER_PRAGMAS))
        return -1;
    session_close(&s);
    sync();
    return 0;
}

/* Each query counts what breaks the rule beside it. */
static const struct {
    const char *rule, *sql;
} RULES[] = {
    {"no stock is negative",
     "SELECT count(*) FROM stock WHERE available < 0 OR reserved < 0 OR sold < 0"},
    {"received = available + reserved + sold",
     "SELECT count(*) FROM stock WHERE received <> available + reserved + sold"},
    {"sold = lines of completed orders",
     "SELECT count(*) FROM stock LEFT JOIN (SELECT sku, sum(quantity) AS n FROM order_lines"
     " JOIN orders ON id = order_id WHERE status = 2 GROUP BY sku) USING(sku)"
     " WHERE sold <> coalesce(n, 0)"},
    {"completed orders = captured payments",
     "SELECT (SELECT count(*) FROM orders WHERE status = 2) <>"
     " (SELECT count(*) FROM orders JOIN payments p ON p.order_id = orders.id"
     " WHERE orders.status = 2 AND p.status = 2 AND amount_minor = total_minor)"
     " OR (SELECT count(*) FROM payments) <> (SELECT count(*) FROM orders WHERE status = 2)"},
    {"reserved = held reservations, and none is held at rest",
     "SELECT (SELECT count(*) FROM reservations WHERE status <> 2) + (SELECT sum(reserved)"
     " FROM stock)"},
    {"no order is pending", "SELECT count(*) FROM orders WHERE status = 1"},
    {"no event waits for a step", "SELECT count(*) FROM outbox WHERE kind < 5"},
};

int textbook_verify(const char *path)
{
    session s;
    if (!session_open(&s, path, WORKER_PRAGMAS))
        return -1;
    int broken = 0;
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        int64_t count = query_number(&s, RULES[i].sql);
        if (count == 0)
            continue;
        fprintf(stderr, "textbook: broken: %s (%lld)\n", RULES[i].rule, (long long)count);
        broken = -1;
    }
    session_close(&s);
    return broken;
}

#ifdef TEXTBOOK_MAIN
/* textbook PATH STORED_ORDERS SECONDS SEED CONNECTIONS... ; STORED_ORDERS "-" keeps the file. */
int main(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    if (strcmp(argv[2], "-") != 0 && textbook_prepare(argv[1], 10000, strtoull(argv[2], NULL, 10)))
        return 1;
    for (int i = 5; i < argc; i++) {
        textbook_result result;
        double load = 0;
        uint32_t connections = (uint32_t)atoi(argv[i]);
        uint64_t seed = strtoull(argv[4], NULL, 10) * 1000 + (uint64_t)i;
        if (textbook_run(argv[1], connections, atof(argv[3]), seed, &result))
            return 1;
        getloadavg(&load, 1);
        printf("%3u connections %7.0f orders/s %6.0f us CPU p50 %7.2f ms p99 %7.2f ms load %.2f\n",
               connections, result.orders_per_s, result.cpu_us_per_order, result.p50_ms,
               result.p99_ms, load);
        fflush(stdout);
    }
    return textbook_verify(argv[1]) ? 1 : 0;
}
#endif
