/* SPDX-License-Identifier: MIT */
/* What a search, a suggestion and a list of the library's own index cost, and what of that is saved
 * by keeping prepared statements: CPU time of this thread, with the statements of the connection as
 * they were kept, against the same calls with all of them forgotten before each. Both take turns;
 * medians of the rounds, and their ratio. For catalogues of several sizes, out of
 * search_products.csv.xz in $AURORA_DATA (../shared/data by default).
 *
 * bench_search_statements [SIZE...], by default 100 2000 and all */
#include <aurora/port/search.h>

#include "adapters/search_fts/index.h"
#include "adapters/search_fts/search_fts.h"
#include "csv_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 21
#define ROUND_US 60000 /* of each arm, about */
#define TEXTS 512
#define PAGE 500
#define ARENA_BYTES ((size_t)8 << 20)

/* Columns of search_products.csv. */
enum { ID, TITLE, NAME, BRAND, TYPE, DESCRIPTION, PRICE };

static const char address[] = "var/bench/statements.db";

static csv_rows products;
static size_t product_count;
static aurora_search_port port;
static char texts[TEXTS][64];
static _Alignas(16) char arena_bytes[ARENA_BYTES];
static size_t arena_used;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_search_statements: %s: %s\n", what, why);
    exit(1);
}

static void check(aurora_status rc, const char *what)
{
    if (rc != AURORA_OK)
        die(what, aurora_status_text(rc));
}

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_number(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* --- what the index needs --------------------------------------------------------------------- */

static void *allocate(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void *reallocate(void *self, void *memory, size_t bytes)
{
    (void)self;
    return realloc(memory, bytes);
}

static void release(void *self, void *memory)
{
    (void)self;
    free(memory);
}

static const aurora_allocator heap = {.size = sizeof heap,
                                      .allocate = allocate,
                                      .reallocate = reallocate,
                                      .release = release};

/* One block for all of a call. */
static void *take(void *self, size_t bytes)
{
    (void)self;
    size_t at = arena_used;
    arena_used += (bytes + 15) / 16 * 16;
    if (arena_used > sizeof arena_bytes)
        die("arena", "too small");
    return arena_bytes + at;
}

static const aurora_arena_port arena = {.allocate = take};

static void show_line(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

/* --- the catalogue ---------------------------------------------------------------------------- */

static void remove_files(void)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-lock"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s.search%s", address, endings[i]);
        unlink(name);
    }
}

static int by_sku(const void *a, const void *b)
{
    return strcmp(((const csv_row *)a)->fields[ID], ((const csv_row *)b)->fields[ID]);
}

static void put_page(uint64_t rebuild, size_t from, uint32_t count, bool is_last)
{
    static aurora_search_change changes[PAGE];
    static aurora_product rows[PAGE];
    for (uint32_t i = 0; i < count; i++) {
        char *const *fields = products.rows[from + i].fields;
        rows[i] = (aurora_product){.size = sizeof rows[i],
                                   .sku = fields[ID],
                                   .name = fields[TITLE],
                                   .brand = fields[BRAND],
                                   .category = fields[TYPE],
                                   .description = fields[DESCRIPTION],
                                   .image_url = "",
                                   .price_minor = strtoll(fields[PRICE], NULL, 10),
                                   .currency = "EUR",
                                   .version = 1};
        changes[i] = (aurora_search_change){.product = &rows[i], .sku = fields[ID], .version = 1};
    }
    aurora_search_pages pages = {.rebuild = rebuild,
                                 .after = from == 0 ? "" : products.rows[from - 1].fields[ID],
                                 .changes = changes,
                                 .count = count,
                                 .is_last = is_last};
    check(port.rebuild_page(port.self, &pages), "rebuild_page");
}

/* The first two words of a product's name, which find that product at least. */
static void choose_texts(void)
{
    for (size_t i = 0; i < TEXTS; i++) {
        const char *name = products.rows[i * 7919 % product_count].fields[TITLE];
        size_t length = strcspn(name, " ");
        if (name[length] == ' ')
            length += 1 + strcspn(name + length + 1, " ");
        snprintf(texts[i], sizeof texts[i], "%.*s", (int)length, name);
    }
}

static void open_index(size_t count)
{
    aurora_search_options options = {
        .size = sizeof options, .address = address, .allocator = &heap, .log = show_line};
    const aurora_id log_id = {{1}};
    aurora_search_state state;
    product_count = count;
    remove_files();
    check(aurora__search_fts_open(&options, &port, NULL), "open");
    check(port.rebuild_begin(port.self, 0, log_id), "rebuild_begin");
    check(port.state(port.self, &state), "state");
    for (size_t from = 0; from < count;) {
        uint32_t some = count - from < PAGE ? (uint32_t)(count - from) : PAGE;
        put_page(state.rebuild, from, some, from + some == count);
        from += some;
    }
    choose_texts();
}

/* --- the calls -------------------------------------------------------------------------------- */

static void query(const aurora_query *asked)
{
    aurora_search_request request = {.query = asked, .limit = 20};
    aurora_search_result result;
    check(port.query(port.self, &request, &arena, &result), "query");
}

static void find_text(size_t i)
{
    query(&(aurora_query){.size = sizeof(aurora_query), .text = texts[i % TEXTS]});
}

static void find_text_in_category(size_t i)
{
    const char *category = products.rows[i % TEXTS * 7919 % product_count].fields[TYPE];
    query(&(aurora_query){.size = sizeof(aurora_query),
                          .text = texts[i % TEXTS],
                          .category = category[0] == '\0' ? NULL : category});
}

static void browse(size_t i)
{
    (void)i;
    query(&(aurora_query){.size = sizeof(aurora_query), .sort = AURORA_SORT_PRICE_UP});
}

/* As somebody has typed it by then: without its last letters. */
static void suggest(size_t i)
{
    char part[64];
    const char **items;
    uint32_t count;
    snprintf(part, sizeof part, "%s", texts[i % TEXTS]);
    if (strlen(part) > 6)
        part[strlen(part) - 2] = '\0';
    check(port.suggest(port.self, part, 10, &arena, &items, &count), "suggest");
}

static void list(size_t i)
{
    const aurora_product **items;
    uint32_t count;
    const char *after = products.rows[i * 7919 % product_count].fields[ID];
    check(port.list(port.self, after, 20, &arena, &items, &count), "list");
}

static const struct {
    const char *name;
    void (*run)(size_t i);
} calls[] = {{"two words", find_text},
             {"two words in a category", find_text_in_category},
             {"all, by price", browse},
             {"a suggestion", suggest},
             {"a list of 20", list}};

/* --- measuring -------------------------------------------------------------------------------- */

static void forget_statements(void)
{
    aurora__fts_index *index = port.self;
    for (aurora__fts_connection *reader = index->readers; reader != NULL; reader = reader->next)
        aurora__fts_forget(reader);
}

/* CPU time of a call; with `is_kept` false each call finds no statement. */
static double measure(void (*run)(size_t i), size_t first, size_t count, bool is_kept)
{
    double start = cpu_us();
    for (size_t i = first; i < first + count; i++) {
        if (!is_kept)
            forget_statements();
        run(i);
        arena_used = 0;
    }
    return (cpu_us() - start) / (double)count;
}

static void compare(size_t which)
{
    double rounds[2][ROUNDS];
    void (*run)(size_t i) = calls[which].run;
    measure(run, 0, 4, true);
    double once = measure(run, 0, 16, true);
    size_t count = once * 16 > ROUND_US ? 16 : (size_t)(ROUND_US / once);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t arm = 0; arm < 2; arm++) {
            bool is_kept = (arm + round) % 2 == 0;
            rounds[is_kept][round] = measure(run, round * count, count, is_kept);
        }
    }
    for (size_t arm = 0; arm < 2; arm++)
        qsort(rounds[arm], ROUNDS, sizeof(double), by_number);
    double anew = rounds[0][ROUNDS / 2];
    double kept = rounds[1][ROUNDS / 2];
    printf("%8zu  %-24s %9.1f %9.1f %7.2f\n", product_count, calls[which].name, anew, kept,
           anew / kept);
}

int main(int argc, char **argv)
{
    const char *folder = getenv("AURORA_DATA");
    char path[1024];
    size_t sizes[8] = {100, 2000, SIZE_MAX};
    size_t size_count = 3;
    for (int i = 1; i < argc && i <= 8; i++) {
        sizes[i - 1] = strtoul(argv[i], NULL, 10);
        size_count = (size_t)i;
    }
    snprintf(path, sizeof path, "%s/search_products.csv.xz", folder ? folder : "../shared/data");
    const char *why = csv_rows_read(path, &products);
    if (why != NULL)
        die(path, why);
    qsort(products.rows, products.count, sizeof *products.rows, by_sku);
    mkdir("var", 0755);
    mkdir("var/bench", 0755);
    printf("CPU us a call (medians of %d)        prepared      kept   ratio\n", ROUNDS);
    for (size_t i = 0; i < size_count; i++) {
        open_index(sizes[i] == 0 || sizes[i] > products.count ? products.count : sizes[i]);
        for (size_t which = 0; which < sizeof calls / sizeof *calls; which++)
            compare(which);
        port.close(port.self);
    }
    remove_files();
    csv_rows_free(&products);
    return 0;
}
