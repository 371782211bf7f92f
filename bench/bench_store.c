/* SPDX-License-Identifier: MIT */
/* The store port over PostgreSQL beside a bare libpq loop of the same statements: batches of orders
 * with two lines each, 10,000 stock rows, one log row a batch; three runs of each in turn. Prints
 * medians and leaves them in var/bench/store.json.
 *
 * AURORA_TEST_POSTGRES=postgresql://... bench_store [SECONDS], 2 by default; makes a database
 * aurora_bench and drops it. */
#include <aurora/net.h>
#include <aurora/port/driver.h>

#include "../tests/support/heap.h"
#include "core/tables.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SKUS 10000
#define BATCH_MAX 1024
#define RUNS 3
#define BODY_PER_ORDER 220

typedef struct {
    double orders;
    double batches;
    double cpu_us; /* of this process, per row written or locked */
} figures;

static uint64_t random_state = 88172645463325252u;
static uint64_t next_order = 1;
static int64_t versions[SKUS];
static char body[BATCH_MAX * BODY_PER_ORDER + 1];

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "bench_store: %s: %s\n", what, why);
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t draw(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Distinct stock rows of a batch, ascending; returns how many. */
static uint32_t draw_stock(uint32_t orders, int64_t *ids_out)
{
    static uint8_t is_in[SKUS];
    uint32_t count = 0;
    memset(is_in, 0, sizeof is_in);
    for (uint32_t i = 0; i < 2 * orders; i++)
        is_in[draw() % SKUS] = 1;
    for (uint32_t i = 0; i < SKUS; i++) {
        if (is_in[i])
            ids_out[count++] = i;
    }
    return count;
}

static aurora_id new_id(void)
{
    aurora_id id = {{1}};
    uint64_t number = next_order++;
    for (int i = 0; i < 8; i++)
        id.bytes[8 + i] = (uint8_t)(number >> (56 - 8 * i));
    return id;
}

static aurora__order_row new_order(void)
{
    return (aurora__order_row){.id = new_id(),
                               .status = 3,
                               .version = 5,
                               .created_version = 5,
                               .total_minor = 1234,
                               .currency = "EUR",
                               .customer_id = "customer-17",
                               .payment_method = "tok_approve",
                               .placed_at = 1700000000000,
                               .created_at = 1700000000000,
                               .updated_at = 1700000000000,
                               .deadline_at = 1700000300000,
                               .settled_at = 1700000000000,
                               .lines = "[[\"SKU-00001\",2,617],[\"SKU-00002\",1,0]]",
                               .transitions = "[0,[1,1],[2,2,0,2],[3,3,0,4],[4,3,0,9],[5,3,0,12]]"};
}

/* --- the port --------------------------------------------------------------------------------- */

static void say(void *self, int32_t level, const char *message)
{
    (void)self;
    if (level > 2)
        fprintf(stderr, "%s\n", message);
}

static aurora_store open_port(const char *address)
{
    const aurora_table *tables[AURORA__TABLE_COUNT];
    for (uint32_t i = 0; i < AURORA__TABLE_COUNT; i++)
        tables[i] = &aurora__tables[i].table;
    const aurora_store_options options = {.size = sizeof options,
                                          .address = address,
                                          .tables = tables,
                                          .table_count = AURORA__TABLE_COUNT,
                                          .allocator = &heap,
                                          .log = say,
                                          .modules = "order"};
    aurora_store store = {0};
    aurora_error err = AURORA_ERROR_INIT;
    uint32_t count;
    const aurora_driver *drivers = aurora_net_drivers(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (drivers[i].port == AURORA_PORT_STORE && strcmp(drivers[i].scheme, "postgresql") == 0 &&
            drivers[i].open_store(&options, &store, &err) == AURORA_OK)
            return store;
    }
    give_up("open", err.message);
    return store;
}

static void check(aurora_status status, const char *what)
{
    if (status != AURORA_OK)
        give_up(what, aurora_status_text(status));
}

static void *no_arena(void *self, size_t bytes)
{
    (void)self;
    (void)bytes;
    return NULL; /* stock rows are numbers only */
}

static uint32_t batch_by_port(aurora_store *store, uint32_t orders)
{
    static int64_t ids[SKUS];
    static aurora_value keys[SKUS];
    static aurora_value values[SKUS][8];
    static aurora_store_load loads[SKUS];
    static aurora_store_put puts[SKUS + BATCH_MAX];
    static aurora_value order_values[BATCH_MAX][64];
    static aurora__order_row rows[BATCH_MAX];
    const aurora_arena_port arena = {NULL, no_arena};
    const aurora_table *stock = &aurora__tables[AURORA__TABLE_stock].table;
    uint32_t count = draw_stock(orders, ids);
    aurora_store_txn *txn;
    uint32_t failed;
    check(store->begin(store->self, AURORA_TXN_WRITE, new_id(), 2000, NULL, &txn), "begin");
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = (aurora_value){.kind = AURORA_COLUMN_INT64, .number = ids[i]};
        loads[i] = (aurora_store_load){.table = stock, .key = &keys[i], .values_out = values[i]};
    }
    check(store->load(store->self, txn, loads, count, true, &arena), "load");
    for (uint32_t i = 0; i < count; i++) {
        puts[i] = (aurora_store_put){.table = stock,
                                     .values = values[i],
                                     .columns = 1u << 1 | 1u << 3 | 1u << 6,
                                     .version_loaded = values[i][6].number,
                                     .kind = AURORA_PUT_UPDATE};
        values[i][1].number--;
        values[i][3].number++;
        values[i][6].number++;
    }
    for (uint32_t i = 0; i < orders; i++) {
        rows[i] = new_order();
        aurora__table_pack(&aurora__tables[AURORA__TABLE_order], &rows[i], order_values[i]);
        puts[count + i] = (aurora_store_put){.table = &aurora__tables[AURORA__TABLE_order].table,
                                             .values = order_values[i],
                                             .kind = AURORA_PUT_INSERT};
    }
    check(store->save(store->self, txn, puts, count + orders, &failed), "save");
    aurora_log_row log = {.at_ms = 1700000000000,
                          .count = orders * 6,
                          .format = 1,
                          .body = body,
                          .body_length = (size_t)orders * BODY_PER_ORDER};
    check(store->append(store->self, txn, &log), "append");
    check(store->commit(store->self, txn), "commit");
    return count;
}

/* --- bare libpq ------------------------------------------------------------------------------- */

static const char *const statements[] = {
    "BEGIN",
    "SELECT first, position, bytes, pg_current_xact_id() FROM aurora_order.log_head WHERE id = 1",
    "SELECT t.* FROM unnest($1::bigint[]) AS u(k) JOIN aurora_order.stock AS t ON t.id = u.k"
    " ORDER BY t.id FOR UPDATE OF t",
    "UPDATE aurora_order.stock AS t SET available = u.a, sold = u.s, version = u.v FROM"
    " unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])"
    " AS u(k, a, s, v, l) WHERE t.id = u.k AND t.version = u.l",
    NULL, /* the INSERT, made from the descriptor */
    "WITH head AS (UPDATE aurora_order.log_head SET position = position + $1, bytes = bytes + $2"
    " WHERE id = 1 RETURNING position - $1 + 1 AS next) INSERT INTO aurora_order.log"
    " (position, count, format, at, bytes, body) SELECT next, $1, 1, 1700000000000, $2, $3 FROM"
    " head RETURNING position",
    "COMMIT",
    "NOTIFY aurora_order",
};
#define STATEMENTS (sizeof statements / sizeof *statements)
#define PARAMS 40

/* An array parameter in binary, filled as plainly as can be. */
typedef struct {
    char *bytes;
    int length;
} wire;

static void put32(char *out, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        out[i] = (char)(number >> (24 - 8 * i));
}

static void put64(char *out, int64_t number)
{
    put32(out, (uint32_t)((uint64_t)number >> 32));
    put32(out + 4, (uint32_t)number);
}

static void array_begin(wire *array, Oid type, uint32_t count)
{
    put32(array->bytes, 1);
    put32(array->bytes + 4, 1);
    put32(array->bytes + 8, type);
    put32(array->bytes + 12, count);
    put32(array->bytes + 16, 1);
    array->length = 20;
}

static void array_add(wire *array, const void *bytes, int length)
{
    put32(array->bytes + array->length, (uint32_t)length);
    array->length += 4;
    if (length > 0)
        memcpy(array->bytes + array->length, bytes, (size_t)length);
    array->length += length > 0 ? length : 0;
}

static void numbers(wire *array, const int64_t *of, uint32_t count)
{
    array_begin(array, 20, count);
    for (uint32_t i = 0; i < count; i++) {
        char bytes[8];
        put64(bytes, of[i]);
        array_add(array, bytes, 8);
    }
}

static void send(PGconn *pg, unsigned number, const wire *params, int count)
{
    const char *values[PARAMS];
    int lengths[PARAMS];
    int formats[PARAMS];
    char name[8];
    for (int i = 0; i < count; i++) {
        values[i] = params[i].bytes;
        lengths[i] = params[i].length;
        formats[i] = 1;
    }
    snprintf(name, sizeof name, "b%u", number);
    if (!PQsendQueryPrepared(pg, name, count, values, lengths, formats, 1))
        give_up("send", PQerrorMessage(pg));
}

/* Takes the results of so many statements, and of the sync behind them. */
static void settle(PGconn *pg, int count)
{
    if (!PQpipelineSync(pg))
        give_up("sync", PQerrorMessage(pg));
    for (int i = 0; i <= count; i++) {
        PGresult *result = PQgetResult(pg);
        ExecStatusType kind = PQresultStatus(result);
        if (kind != PGRES_TUPLES_OK && kind != PGRES_COMMAND_OK && kind != PGRES_PIPELINE_SYNC)
            give_up("result", PQerrorMessage(pg));
        PQclear(result);
        if (i < count)
            PQclear(PQgetResult(pg));
    }
}

static uint32_t batch_by_libpq(PGconn *pg, uint32_t orders)
{
    static wire params[PARAMS];
    static int64_t ids[SKUS];
    static int64_t ones[SKUS];
    static int64_t olds[SKUS];
    const aurora_table *table = &aurora__tables[AURORA__TABLE_order].table;
    uint32_t count = draw_stock(orders, ids);
    for (int i = 0; i < PARAMS && params[i].bytes == NULL; i++)
        params[i].bytes = malloc(1 << 21);
    send(pg, 0, NULL, 0);
    send(pg, 1, NULL, 0);
    numbers(&params[0], ids, count);
    send(pg, 2, params, 1);
    settle(pg, 3);
    for (uint32_t i = 0; i < count; i++) {
        olds[i] = versions[ids[i]]++;
        ones[i] = versions[ids[i]];
    }
    numbers(&params[1], ones, count);
    numbers(&params[2], ones, count);
    numbers(&params[3], ones, count);
    numbers(&params[4], olds, count);
    send(pg, 3, params, 5);
    static aurora__order_row row;
    static aurora_value values[BATCH_MAX][64];
    static aurora__order_row rows[BATCH_MAX];
    for (uint32_t i = 0; i < orders; i++) {
        rows[i] = row = new_order();
        aurora__table_pack(&aurora__tables[AURORA__TABLE_order], &rows[i], values[i]);
    }
    static const Oid types[] = {0, 20, 25, 2950, 16, 20, 17};
    for (uint32_t c = 0; c < table->column_count; c++) {
        array_begin(&params[c], types[table->columns[c].kind], orders);
        for (uint32_t i = 0; i < orders; i++) {
            const aurora_value *value = &values[i][c];
            char bytes[8];
            put64(bytes, value->number);
            bool is_number =
                value->kind == AURORA_COLUMN_INT64 || value->kind == AURORA_COLUMN_TIME;
            array_add(&params[c], is_number ? bytes : value->bytes,
                      value->kind == 0 ? -1
                      : is_number      ? 8
                                       : (int)value->length);
        }
    }
    send(pg, 4, params, (int)table->column_count);
    put64(params[0].bytes, (int64_t)orders * 6);
    put64(params[1].bytes, (int64_t)orders * BODY_PER_ORDER);
    params[0].length = params[1].length = 8;
    wire log[3] = {params[0], params[1], {body, (int)orders * BODY_PER_ORDER}};
    send(pg, 5, log, 3);
    send(pg, 6, NULL, 0);
    settle(pg, 4);
    send(pg, 7, NULL, 0);
    settle(pg, 1);
    return count;
}

static void run_sql(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        give_up(sql, PQerrorMessage(pg));
    PQclear(result);
}

static PGconn *open_libpq(const char *url)
{
    PGconn *pg = PQconnectdb(url);
    if (PQstatus(pg) != CONNECTION_OK)
        give_up(url, PQerrorMessage(pg));
    run_sql(pg, "SET enable_seqscan=off;SET enable_hashjoin=off;SET enable_mergejoin=off;"
                "SET enable_bitmapscan=off;SET plan_cache_mode=force_generic_plan;SET jit=off");
    const aurora_table *table = &aurora__tables[AURORA__TABLE_order].table;
    static const char *const types[] = {"", "bigint", "text", "uuid", "bool", "bigint", "bytea"};
    char insert[4096];
    size_t length = (size_t)snprintf(insert, sizeof insert,
                                     "INSERT INTO aurora_order.orders SELECT * FROM unnest(");
    for (uint32_t i = 0; i < table->column_count; i++)
        length += (size_t)snprintf(insert + length, sizeof insert - length, "%s$%u::%s[]",
                                   i == 0 ? "" : ",", i + 1, types[table->columns[i].kind]);
    snprintf(insert + length, sizeof insert - length, ")");
    for (unsigned i = 0; i < STATEMENTS; i++) {
        char name[8];
        snprintf(name, sizeof name, "b%u", i);
        PGresult *result = PQprepare(pg, name, statements[i] ? statements[i] : insert, 0, NULL);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            give_up(name, PQerrorMessage(pg));
        PQclear(result);
    }
    if (!PQenterPipelineMode(pg))
        give_up("pipeline", "not possible");
    return pg;
}

/* --- runs ------------------------------------------------------------------------------------- */

static void reset(const char *url)
{
    PGconn *pg = PQconnectdb(url);
    run_sql(pg, "TRUNCATE aurora_order.orders, aurora_order.log, aurora_order.stock;"
                "INSERT INTO aurora_order.stock SELECT i, 1000000000, 0, 0, 1000000000, 0, 1 FROM"
                " generate_series(0, 9999) AS i");
    run_sql(pg, "VACUUM ANALYZE aurora_order.stock");
    PQfinish(pg);
    for (int i = 0; i < SKUS; i++)
        versions[i] = 1;
}

static figures run(aurora_store *store, PGconn *pg, uint32_t orders, double time)
{
    double batches = 0;
    double rows = 0;
    double began = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    double now = began;
    for (; now - began < time; now = seconds(CLOCK_MONOTONIC)) {
        uint32_t stock = store != NULL ? batch_by_port(store, orders) : batch_by_libpq(pg, orders);
        rows += 2.0 * stock + orders + 1;
        batches++;
    }
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    return (figures){.orders = batches * orders / (now - began),
                     .batches = batches / (now - began),
                     .cpu_us = cpu * 1e6 / rows};
}

static int by_orders(const void *a, const void *b)
{
    double left = ((const figures *)a)->orders;
    double right = ((const figures *)b)->orders;
    return left < right ? -1 : left > right;
}

static void compare(const char *address, const char *url, double time, uint32_t orders, FILE *json)
{
    figures port[RUNS];
    figures bare[RUNS];
    for (int i = 0; i < RUNS; i++) {
        reset(url);
        aurora_store store = open_port(address);
        port[i] = run(&store, NULL, orders, time);
        store.close(store.self);
        reset(url);
        PGconn *pg = open_libpq(url);
        bare[i] = run(NULL, pg, orders, time);
        PQfinish(pg);
    }
    qsort(port, RUNS, sizeof *port, by_orders);
    qsort(bare, RUNS, sizeof *bare, by_orders);
    const figures *p = &port[RUNS / 2];
    const figures *b = &bare[RUNS / 2];
    printf("%6u %12.0f %10.1f %12.2f %12.0f %12.2f %8.2f\n", orders, p->orders, p->batches,
           p->cpu_us, b->orders, b->cpu_us, p->orders / b->orders);
    fprintf(json,
            "%s\n  \"port_orders_per_s_%u\": %.0f,\n  \"port_cpu_us_per_row_%u\": %.2f,\n"
            "  \"libpq_orders_per_s_%u\": %.0f,\n  \"libpq_cpu_us_per_row_%u\": %.2f",
            orders == 64 ? "{" : ",", orders, p->orders, orders, p->cpu_us, orders, b->orders,
            orders, b->cpu_us);
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = {64, 256, 1024};
    const char *engine = getenv("AURORA_TEST_POSTGRES");
    double time = argc > 1 ? strtod(argv[1], NULL) : 2;
    char url[512];
    if (engine == NULL || strrchr(engine, '/') == NULL) {
        fprintf(stderr, "bench_store: AURORA_TEST_POSTGRES is not set (./dev up)\n");
        return 77;
    }
    snprintf(url, sizeof url, "%.*s/aurora_bench", (int)(strrchr(engine, '/') - engine), engine);
    memset(body, 'x', sizeof body - 1);
    PGconn *pg = PQconnectdb(engine);
    if (PQstatus(pg) != CONNECTION_OK)
        give_up(engine, PQerrorMessage(pg));
    run_sql(pg, "DROP DATABASE IF EXISTS aurora_bench WITH (FORCE)");
    run_sql(pg, "CREATE DATABASE aurora_bench");
    const char *path = getenv("AURORA_BENCH_JSON");
    FILE *json = fopen(path != NULL ? path : "/dev/null", "w");
    if (json == NULL)
        give_up(path, "cannot be written");
    const char *address = strstr(url, "//");
    aurora_store store = open_port(address);
    store.close(store.self);
    printf("%6s %12s %10s %12s %12s %12s %8s\n", "batch", "orders/s", "batches/s", "CPU us/row",
           "libpq o/s", "CPU us/row", "ratio");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        compare(address, url, time, sizes[i], json);
    fprintf(json, "\n}\n");
    fclose(json);
    run_sql(pg, "DROP DATABASE aurora_bench WITH (FORCE)");
    PQfinish(pg);
    return 0;
}
