/* SPDX-License-Identifier: MIT */
/* The search of the library beside plain FTS5: quality by people's ratings, then the time of a
 * search while products change, and of making the index again. Needs search_products.csv.xz and
 * search_ratings.csv in $AURORA_DATA (../shared/data by default). Figures go to
 * var/bench/search.json.
 *
 * Plain FTS5 is one table of all columns with the default tokenizer: the words of the query in
 * quotes joined by AND, by OR where that finds nothing, in the order of bm25.
 *
 * With AURORA_TEST_OPENSEARCH (./dev up) the same queries are also put to the adapter for it; its
 * index is deleted again by whoever clears the server.
 *
 * bench_search [--queries] (prints each query of the even half) [--no-speed] [--remote] (OpenSearch
 * alone) */
#include <aurora/aurora.h>
#include <aurora/net.h>

#include "csv_rows.h"
#include "relevance.h"

#include <math.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PUT_AT_ONCE 1000
#define PAGE 100
#define THREADS 2
#define LOAD_S 10
#define SAMPLES_MAX 400000
#define ROUNDS 3
#define LAGS 101

static const char shop_path[] = "var/bench/search.db";

/* Columns of search_products.csv. */
enum { ID, TITLE, NAME, BRAND, TYPE, DESCRIPTION, PRICE };

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_search: %s: %s\n", what, why);
    exit(1);
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* --- the shop --------------------------------------------------------------------------------- */

static void remove_files(const char *const *endings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", shop_path, endings[i]);
        unlink(name);
    }
}

static void remove_index(void)
{
    static const char *const endings[] = {".search", ".search-wal", ".search-shm", ".search-lock"};
    remove_files(endings, 4);
}

static void remove_shop(void)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-aurora"};
    remove_files(endings, 4);
    remove_index();
}

static aurora_t *open_shop(void)
{
    aurora_t *shop;
    aurora_error err = AURORA_ERROR_INIT;
    if (aurora_open(shop_path, AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER), &shop, &err) !=
        AURORA_OK)
        die("open", err.message);
    return shop;
}

static aurora_product_input input_of(const csv_row *row, aurora_pair *model)
{
    *model = (aurora_pair){.name = "model", .value = row->fields[NAME]};
    bool has_model = row->fields[NAME][0] != '\0';
    return (aurora_product_input){.size = sizeof(aurora_product_input),
                                  .sku = row->fields[ID],
                                  .name = row->fields[TITLE],
                                  .brand = row->fields[BRAND],
                                  .category = row->fields[TYPE],
                                  .description = row->fields[DESCRIPTION],
                                  .price_minor = strtoll(row->fields[PRICE], NULL, 10),
                                  .currency = "EUR",
                                  .attributes = model,
                                  .attribute_count = has_model ? 1 : 0};
}

static void put_products(aurora_t *shop, const csv_rows *products)
{
    static aurora_product_input inputs[PUT_AT_ONCE];
    static const aurora_product_input *pointers[PUT_AT_ONCE];
    static aurora_pair models[PUT_AT_ONCE];
    for (size_t at = 0; at < products->count;) {
        uint32_t count = 0;
        for (; count < PUT_AT_ONCE && at < products->count; at++, count++) {
            inputs[count] = input_of(&products->rows[at], &models[count]);
            pointers[count] = &inputs[count];
        }
        aurora_error err = AURORA_ERROR_INIT;
        if (aurora_product_put_many(shop, pointers, count, NULL, &err) != AURORA_OK)
            die(err.field, err.message);
    }
}

static aurora_search_page *search(aurora_t *shop, const aurora_query *query, const char *cursor,
                                  uint32_t limit)
{
    aurora_search_page *page;
    aurora_error err = AURORA_ERROR_INIT;
    if (aurora_search(shop, query, cursor, limit, &page, &err) != AURORA_OK)
        die("search", err.message);
    return page;
}

static void wait_for_index(aurora_t *shop, uint64_t count)
{
    for (;;) {
        aurora_search_page *page;
        aurora_error err = AURORA_ERROR_INIT;
        aurora_status rc = aurora_search(shop, AURORA_QUERY(.text = NULL), NULL, 1, &page, &err);
        uint64_t total = rc == AURORA_OK ? page->total : 0;
        if (rc != AURORA_OK && rc != AURORA_ENOTSUP)
            die("search", err.message);
        aurora_search_page_free(rc == AURORA_OK ? page : NULL);
        if (total == count)
            return;
        usleep(5000);
    }
}

/* --- quality ---------------------------------------------------------------------------------- */

static double ndcg_of_shop(aurora_t *shop, const relevance_query *query)
{
    relevance_score score = {.query = query};
    char cursor[4096] = "";
    bool is_over = false;
    while (!is_over) {
        aurora_search_page *page = search(shop, AURORA_QUERY(.text = query->text),
                                          cursor[0] == '\0' ? NULL : cursor, PAGE);
        for (uint32_t i = 0; i < page->count && !is_over; i++)
            is_over = relevance_add(&score, page->items[i]->product->sku);
        is_over |= page->next_cursor == NULL;
        snprintf(cursor, sizeof cursor, "%s", is_over ? "" : page->next_cursor);
        aurora_search_page_free(page);
    }
    return relevance_ndcg(&score);
}

static void check_sqlite(sqlite3 *db, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        die("sqlite", sqlite3_errmsg(db));
}

static sqlite3 *make_plain(const csv_rows *products)
{
    sqlite3 *db;
    sqlite3_stmt *put;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        die("sqlite", "no memory");
    check_sqlite(db, sqlite3_exec(db,
                                  "CREATE VIRTUAL TABLE p USING fts5(id UNINDEXED, title, name,"
                                  " brand, product_type, short_description); BEGIN",
                                  NULL, NULL, NULL));
    check_sqlite(
        db, sqlite3_prepare_v2(db, "INSERT INTO p VALUES(?1, ?2, ?3, ?4, ?5, ?6)", -1, &put, NULL));
    for (size_t i = 0; i < products->count; i++) {
        for (int f = ID; f <= DESCRIPTION; f++)
            sqlite3_bind_text(put, f + 1, products->rows[i].fields[f], -1, SQLITE_STATIC);
        check_sqlite(db, sqlite3_step(put));
        sqlite3_reset(put);
    }
    sqlite3_finalize(put);
    check_sqlite(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    return db;
}

static void quote_words(const char *text, const char *between, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (const char *at = text + strspn(text, " "); *at != '\0'; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        used += (size_t)snprintf(out + used, size - used, "%s\"%.*s\"", used == 0 ? "" : between,
                                 (int)length, at);
        at += length;
    }
}

static double ndcg_of_plain(sqlite3 *db, const relevance_query *query)
{
    static const char *const between[] = {" AND ", " OR "};
    relevance_score score = {.query = query};
    bool has_any = false;
    for (int i = 0; i < 2 && !has_any; i++) {
        char expression[4096];
        sqlite3_stmt *row;
        quote_words(query->text, between[i], expression, sizeof expression);
        check_sqlite(db, sqlite3_prepare_v2(db, "SELECT id FROM p WHERE p MATCH ?1 ORDER BY rank",
                                            -1, &row, NULL));
        sqlite3_bind_text(row, 1, expression, -1, SQLITE_STATIC);
        bool is_over = false;
        while (!is_over && sqlite3_step(row) == SQLITE_ROW) {
            has_any = true;
            is_over = relevance_add(&score, (const char *)sqlite3_column_text(row, 0));
        }
        sqlite3_finalize(row);
    }
    return relevance_ndcg(&score);
}

typedef struct {
    double ours[2]; /* even, odd */
    double plain[2];
    int count[2];
} quality;

static int by_number(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* --- OpenSearch ------------------------------------------------------------------------------- */

/* A shop in memory whose index is on the server; NULL without one. */
static aurora_t *open_remote(void)
{
    const char *url = getenv("AURORA_TEST_OPENSEARCH");
    char setting[512];
    const char *settings[] = {setting};
    aurora_t *shop;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_options options = {.size = sizeof options,
                              .flags = AURORA_OPEN_WORKER,
                              .settings = settings,
                              .setting_count = 1};
    if (url == NULL || url[0] == '\0')
        return NULL;
    snprintf(setting, sizeof setting, "search=opensearch://%s?index=bench%d",
             strncmp(url, "http://", 7) == 0 ? url + 7 : url, (int)getpid());
    options.drivers = aurora_net_drivers(&options.driver_count);
    if (aurora_open("memory:", &options, &shop, &err) != AURORA_OK)
        die("open", err.message);
    return shop;
}

static double percentile(double *samples, size_t count, size_t hundredth)
{
    qsort(samples, count, sizeof *samples, by_number);
    return samples[count * hundredth / 100];
}

/* nDCG of both halves, and the time of a search: one after the other, on a warm server. */
static void measure_remote(const csv_rows *products, const relevance *judged, bool has_queries)
{
    double sum[2] = {0};
    int count[2] = {0};
    static double samples[1000];
    size_t sampled = 0;
    aurora_t *shop = open_remote();
    if (shop == NULL) {
        printf("OpenSearch is left out: AURORA_TEST_OPENSEARCH is not set\n");
        return;
    }
    double start = now_ms();
    put_products(shop, products);
    wait_for_index(shop, products->count);
    printf("OpenSearch: %zu products put and found after %.0f ms\n", products->count,
           now_ms() - start);
    for (size_t i = 0; i < judged->count; i++) {
        const relevance_query *query = &judged->queries[i];
        if (query->ideal <= 0)
            continue;
        double found = ndcg_of_shop(shop, query);
        sum[query->is_odd] += found;
        count[query->is_odd]++;
        if (has_queries && !query->is_odd)
            printf("  %.3f  %s\n", found, query->text);
    }
    for (size_t i = 0; sampled < 1000; i++) {
        const char *text = judged->queries[i % judged->count].text;
        start = now_ms();
        aurora_search_page_free(search(shop, AURORA_QUERY(.text = text), NULL, 20));
        samples[sampled++] = now_ms() - start;
    }
    printf("OpenSearch: nDCG@10 even %.4f, odd %.4f; search p50 %.1f ms, p95 %.1f ms\n",
           sum[0] / count[0], sum[1] / count[1], percentile(samples, sampled, 50),
           percentile(samples, sampled, 95));
    aurora_close(shop);
}

static quality measure_quality(aurora_t *shop, sqlite3 *plain, const relevance *judged,
                               bool has_queries)
{
    quality sum = {0};
    for (size_t i = 0; i < judged->count; i++) {
        const relevance_query *query = &judged->queries[i];
        if (query->ideal <= 0)
            continue;
        double ours = ndcg_of_shop(shop, query);
        double other = ndcg_of_plain(plain, query);
        sum.ours[query->is_odd] += ours;
        sum.plain[query->is_odd] += other;
        sum.count[query->is_odd]++;
        if (has_queries && !query->is_odd)
            printf("  %.3f %.3f  %s\n", ours, other, query->text);
    }
    for (int half = 0; half < 2; half++) {
        sum.ours[half] /= sum.count[half];
        sum.plain[half] /= sum.count[half];
    }
    return sum;
}

/* --- speed ------------------------------------------------------------------------------------ */

typedef struct {
    aurora_t *shop;
    const relevance *judged;
    const atomic_bool *is_over;
    unsigned seed;
    double *samples;
    size_t count;
} searcher;

/* Every third search is a first letter or two of a query, as while it is typed; others take a
 * filter or a sort. */
static void *search_on(void *argument)
{
    searcher *self = argument;
    uint64_t state = self->seed;
    while (!atomic_load(self->is_over) && self->count < SAMPLES_MAX) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint64_t draw = state >> 33;
        const char *text = self->judged->queries[draw % self->judged->count].text;
        char part[64];
        snprintf(part, sizeof part, "%s", text);
        if (draw % 3 == 0 && strlen(part) > 4)
            part[strlen(part) - 1 - draw % 2] = '\0';
        aurora_query query = {.size = sizeof query, .text = part};
        query.sort = draw % 10 == 1 ? AURORA_SORT_PRICE_UP : 0;
        query.price_max_minor = draw % 10 == 2 ? 20000 : 0;
        double start = now_ms();
        aurora_search_page_free(search(self->shop, &query, NULL, 20));
        self->samples[self->count++] = now_ms() - start;
    }
    return NULL;
}

/* p50, p95 and p99 of the searches of two threads while a third one changes 200 products a
 * second. */
static size_t measure_load(aurora_t *shop, const relevance *judged, const csv_rows *products,
                           double out[3])
{
    atomic_bool is_over = false;
    searcher searchers[THREADS];
    pthread_t threads[THREADS];
    double *samples = malloc(THREADS * SAMPLES_MAX * sizeof *samples);
    if (samples == NULL)
        die("load", "no memory");
    for (int i = 0; i < THREADS; i++) {
        searchers[i] = (searcher){.shop = shop,
                                  .judged = judged,
                                  .is_over = &is_over,
                                  .seed = (unsigned)i + 1,
                                  .samples = samples + (size_t)i * SAMPLES_MAX};
        pthread_create(&threads[i], NULL, search_on, &searchers[i]);
    }
    double end = now_ms() + LOAD_S * 1e3;
    for (size_t i = 0; now_ms() < end; i++) {
        aurora_pair model;
        aurora_product_input input = input_of(&products->rows[i * 7919 % products->count], &model);
        input.price_minor += 1 + (int64_t)(i % 100);
        aurora_product_put(shop, &input, AURORA_ANY_VERSION, NULL, NULL);
        usleep(5000);
    }
    atomic_store(&is_over, true);
    size_t count = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        memmove(samples + count, searchers[i].samples, searchers[i].count * sizeof *samples);
        count += searchers[i].count;
    }
    qsort(samples, count, sizeof *samples, by_number);
    out[0] = samples[count / 2];
    out[1] = samples[count * 95 / 100];
    out[2] = samples[count * 99 / 100];
    free(samples);
    return count;
}

/* From a put's return to the first search that finds it, polled; the median and the worst. */
static void measure_lag(aurora_t *shop, double out[2])
{
    double lags[LAGS];
    for (int i = 0; i < LAGS; i++) {
        char sku[32];
        uint64_t total = 0;
        snprintf(sku, sizeof sku, "lag%dx%d", i, getpid());
        aurora_product_input input = {
            .size = sizeof input, .sku = sku, .name = sku, .price_minor = 1, .currency = "EUR"};
        if (aurora_product_put(shop, &input, AURORA_ANY_VERSION, NULL, NULL) != AURORA_OK)
            die("put", sku);
        double start = now_ms();
        while (total == 0) {
            usleep(200);
            aurora_search_page *page = search(shop, AURORA_QUERY(.text = sku), NULL, 1);
            total = page->count > 0 && strcmp(page->items[0]->product->sku, sku) == 0;
            aurora_search_page_free(page);
        }
        lags[i] = now_ms() - start;
        aurora_product_delete(shop, sku, AURORA_ANY_VERSION, NULL);
    }
    qsort(lags, LAGS, sizeof *lags, by_number);
    out[0] = lags[LAGS / 2];
    out[1] = lags[LAGS - 1];
}

static double measure_rebuild(uint64_t count)
{
    double rounds[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        remove_index();
        double start = now_ms();
        aurora_t *shop = open_shop();
        wait_for_index(shop, count);
        rounds[i] = now_ms() - start;
        aurora_close(shop);
    }
    qsort(rounds, ROUNDS, sizeof *rounds, by_number);
    return rounds[ROUNDS / 2];
}

/* --- the whole -------------------------------------------------------------------------------- */

static void read_data(csv_rows *products, relevance *judged)
{
    const char *folder = getenv("AURORA_DATA");
    char path[1024];
    snprintf(path, sizeof path, "%s/search_products.csv.xz", folder ? folder : "../shared/data");
    const char *why = csv_rows_read(path, products);
    if (why != NULL)
        die(path, why);
    snprintf(path, sizeof path, "%s/search_ratings.csv", folder ? folder : "../shared/data");
    why = relevance_read(path, judged);
    if (why != NULL)
        die(path, why);
}

static void write_json(const quality *found, const double load[3], const double lag[2],
                       double rebuild_ms)
{
    const char *path = getenv("AURORA_BENCH_JSON");
    FILE *out = path == NULL ? NULL : fopen(path, "w");
    if (out == NULL)
        return;
    fprintf(out,
            "{\"ndcg_even\":%.4f,\"ndcg_even_plain\":%.4f,\"ndcg_odd\":%.4f,"
            "\"ndcg_odd_plain\":%.4f,\"p50_ms\":%.3f,\"p95_ms\":%.3f,\"p99_ms\":%.3f,"
            "\"lag_p50_ms\":%.2f,\"lag_max_ms\":%.2f,\"rebuild_ms\":%.0f}\n",
            found->ours[0], found->plain[0], found->ours[1], found->plain[1], load[0], load[1],
            load[2], lag[0], lag[1], rebuild_ms);
    fclose(out);
}

int main(int argc, char **argv)
{
    csv_rows products;
    relevance judged;
    bool has_queries = false;
    bool has_speed = true;
    bool is_remote_only = false;
    for (int i = 1; i < argc; i++) {
        has_queries |= strcmp(argv[i], "--queries") == 0;
        has_speed &= strcmp(argv[i], "--no-speed") != 0;
        is_remote_only |= strcmp(argv[i], "--remote") == 0;
    }
    read_data(&products, &judged);
    if (is_remote_only) {
        measure_remote(&products, &judged, has_queries);
        return 0;
    }
    mkdir("var", 0755);
    mkdir("var/bench", 0755);
    remove_shop();
    aurora_t *shop = open_shop();
    put_products(shop, &products);
    wait_for_index(shop, products.count);
    sqlite3 *plain = make_plain(&products);
    quality found = measure_quality(shop, plain, &judged, has_queries);
    printf("nDCG@10 on judged documents   aurora  plain FTS5\n");
    printf("  %d queries, even (tuning)    %.4f  %.4f\n", found.count[0], found.ours[0],
           found.plain[0]);
    printf("  %d queries, odd              %.4f  %.4f\n", found.count[1], found.ours[1],
           found.plain[1]);
    double load[3] = {0};
    double rebuild_ms = 0;
    double lag[2] = {0};
    if (has_speed) {
        size_t count = measure_load(shop, &judged, &products, load);
        printf("search on %d threads, 200 puts/s: p50 %.2f ms, p95 %.2f ms, p99 %.2f ms (%zu)\n",
               THREADS, load[0], load[1], load[2], count);
    }
    if (has_speed) {
        measure_lag(shop, lag);
        printf("from a put to a search that finds it: p50 %.1f ms, worst of %d %.1f ms\n", lag[0],
               LAGS, lag[1]);
    }
    aurora_close(shop);
    if (has_speed) {
        rebuild_ms = measure_rebuild(products.count);
        printf("index of %zu products made again: %.0f ms\n", products.count, rebuild_ms);
        write_json(&found, load, lag, rebuild_ms);
    }
    measure_remote(&products, &judged, false);
    sqlite3_close(plain);
    remove_shop();
    relevance_free(&judged);
    csv_rows_free(&products);
    return 0;
}
