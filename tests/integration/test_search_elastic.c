/* SPDX-License-Identifier: MIT */
/* A shop whose index is on a real OpenSearch, and the adapter before a server that misbehaves. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <aurora/net.h>

#include "elastic.h"
#include "elastic_fake.h"
#include "heap.h"
#include "shop.h"

#define WAIT_MS 20000

static char address[512];
static char setting[600];

static void nap(int ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* --- a shop on OpenSearch --------------------------------------------------------------------- */

static aurora_t *open_shop(void)
{
    const char *settings[] = {setting};
    aurora_options options = {.size = sizeof options,
                              .flags = AURORA_OPEN_WORKER,
                              .settings = settings,
                              .setting_count = 1};
    options.drivers = aurora_net_drivers(&options.driver_count);
    return shop_open("memory:", &options);
}

static aurora_t *start_shop(void)
{
    elastic_address(address, sizeof address, "");
    snprintf(setting, sizeof setting, "search=opensearch:%s", address);
    return open_shop();
}

static void stop_shop(aurora_t *shop)
{
    aurora_close(shop);
    elastic_drop(address);
}

static void put(aurora_t *shop, int number, const char *name)
{
    char sku[16];
    snprintf(sku, sizeof sku, "S%04d", number);
    aurora_product_input input = {.size = sizeof input,
                                  .sku = sku,
                                  .name = name,
                                  .brand = number % 2 == 0 ? "Acme" : "Zet & Söhne",
                                  .category = "Kitchen > Cups",
                                  .price_minor = 100 + number,
                                  .currency = "EUR"};
    aurora_assert_ok(aurora_product_put(shop, &input, AURORA_ANY_VERSION, NULL, NULL));
}

/* The hits of a text; -1 where the search fails. */
static int64_t total_of(aurora_t *shop, const char *text)
{
    aurora_search_page *page;
    if (aurora_search(shop, AURORA_QUERY(.text = text), NULL, 10, &page, NULL) != AURORA_OK)
        return -1;
    int64_t total = (int64_t)page->total;
    aurora_search_page_free(page);
    return total;
}

static void wait_for_total(aurora_t *shop, const char *text, int64_t expected)
{
    int64_t total = -1;
    for (int waited = 0; waited < WAIT_MS; waited += 50) {
        total = total_of(shop, text);
        if (total == expected)
            return;
        nap(50);
    }
    ck_assert_int_eq(total, expected);
}

START_TEST(test_shop__finds_what_it_sells_and_completes_what_is_typed)
{
    aurora_search_page *page;
    aurora_suggestion_page *suggestions;
    aurora_t *shop = start_shop();
    put(shop, 1, "Wireless Mouse <M-185>");
    put(shop, 2, "Wireless Mouse blue");
    put(shop, 3, "USB-C Kabel für Café");
    wait_for_total(shop, "kabel", 1); /* the last one: what came before it is there too */

    ck_assert_int_eq(total_of(shop, "mouse"), 2);
    ck_assert_int_eq(total_of(shop, "MICE"), 0);
    ck_assert_int_eq(total_of(shop, "mouses wireles"), 2);
    ck_assert_int_eq(total_of(shop, "usbc cafe"), 1);
    ck_assert_int_eq(total_of(shop, "usb c"), 1);
    ck_assert_int_eq(total_of(shop, "s0003"), 1);
    ck_assert_int_eq(total_of(shop, "\"mouse AND ( -* \\ zet:"), 3);
    aurora_assert_ok(aurora_search(shop, AURORA_QUERY(.text = "mouse m185", .brand = "Zet & Söhne"),
                                   NULL, 10, &page, NULL));
    ck_assert_str_eq(page->items[0]->highlight, "Wireless <em>Mouse</em> &lt;M-185&gt;");
    aurora_search_page_free(page);
    aurora_assert_ok(aurora_search_suggest(shop, "wire", 5, &suggestions, NULL));
    ck_assert_str_eq(suggestions->items[0], "wireless mouse");
    aurora_suggestion_page_free(suggestions);
    stop_shop(shop);
}
END_TEST

START_TEST(test_shop__is_clean_after_changes_of_all_kinds)
{
    static char answer[4096];
    char path[128];
    aurora_report *report;
    uint64_t state = aurora_test_seed("search_elastic", 7);
    aurora_t *shop = start_shop();
    for (int i = 0; i < 1500; i++) {
        char name[64];
        char sku[16];
        int number = (int)(aurora_test_random(&state) % 300);
        snprintf(name, sizeof name, "Cup %d of %d", i, number);
        snprintf(sku, sizeof sku, "S%04d", number);
        if (aurora_test_random(&state) % 5 == 0)
            aurora_product_delete(shop, sku, AURORA_ANY_VERSION, NULL);
        else
            put(shop, number, name);
    }
    put(shop, 999, "the last one");
    wait_for_total(shop, "last", 1);

    shop_assert_clean(shop);
    const char *name = strstr(address, "index=") + 6;
    snprintf(path, sizeof path, "/%s/_update/S0999?refresh=true", name);
    ck_assert_int_eq(
        elastic_ask("POST", path, "{\"doc\":{\"name\":\"of another\"}}", answer, sizeof answer),
        200);
    aurora_assert_ok(aurora_verify(shop, &report));
    ck_assert_uint_eq(report->violation_count, 1);
    ck_assert_str_eq(report->items[0]->subject, "S0999");
    aurora_report_free(report);
    stop_shop(shop);
}
END_TEST

typedef struct {
    aurora_t *shop;
    atomic_bool is_over;
    int searches;
    int failures;
    int misses;
} seeker;

static void *seek(void *argument)
{
    seeker *self = argument;
    while (!atomic_load(&self->is_over)) {
        int64_t total = total_of(self->shop, "cup");
        self->searches++;
        self->failures += total < 0;
        self->misses += total >= 0 && total != 200;
    }
    return NULL;
}

static bool has_one_index(const char *answer)
{
    const char *first = strstr(answer, "\"aliases\"");
    return first != NULL && strstr(first + 1, "\"aliases\"") == NULL;
}

START_TEST(test_rebuild__is_not_noticed_by_searches)
{
    static char answer[65536];
    pthread_t thread;
    aurora_t *shop = start_shop();
    for (int i = 0; i < 200; i++)
        put(shop, i, "Cup");
    wait_for_total(shop, "cup", 200);
    seeker self = {.shop = shop};
    pthread_create(&thread, NULL, seek, &self);

    for (int i = 0; i < 3; i++) {
        aurora_assert_ok(aurora_search_rebuild(shop, NULL));
        put(shop, 5, "Cup and saucer");
        nap(1000);
    }
    wait_for_total(shop, "saucer", 1);
    atomic_store(&self.is_over, true);
    pthread_join(thread, NULL);

    ck_assert_int_gt(self.searches, 0);
    ck_assert_int_eq(self.failures, 0);
    ck_assert_int_eq(self.misses, 0);
    char path[128];
    snprintf(path, sizeof path, "/%s-0*/_alias", strstr(address, "index=") + 6);
    for (int waited = 0; waited < WAIT_MS; waited += 100) {
        elastic_ask("GET", path, NULL, answer, sizeof answer);
        if (has_one_index(answer))
            break;
        nap(100);
    }
    ck_assert_msg(has_one_index(answer), "%s", answer);
    shop_assert_clean(shop);
    stop_shop(shop);
}
END_TEST

START_TEST(test_server__that_is_gone_for_a_while_is_caught_up_with)
{
    elastic_proxy proxy;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_search_page *page;
    elastic_address(address, sizeof address, "");
    const char *port = strchr(address, ':');
    elastic_proxy_start(&proxy, (uint16_t)strtol(port + 1, NULL, 10));
    snprintf(setting, sizeof setting, "search=elasticsearch://127.0.0.1:%d%s", proxy.port,
             strchr(address, '?'));
    aurora_t *shop = open_shop();
    put(shop, 1, "Cup");
    wait_for_total(shop, "cup", 1);

    atomic_store(&proxy.is_cut, true);
    nap(100);
    aurora_assert_status(aurora_search(shop, AURORA_QUERY(.text = "cup"), NULL, 10, &page, &err),
                         AURORA_EIO);
    put(shop, 2, "Cup");
    put(shop, 1, "Cup, new");
    atomic_store(&proxy.is_cut, false);
    wait_for_total(shop, "cup", 2);

    wait_for_total(shop, "new", 1);
    shop_assert_clean(shop);
    aurora_close(shop);
    elastic_proxy_stop(&proxy);
    elastic_drop(address);
}
END_TEST

START_TEST(test_index__that_somebody_deletes_is_made_again)
{
    char path[128];
    aurora_t *shop = start_shop();
    put(shop, 1, "Cup");
    put(shop, 2, "Cup");
    wait_for_total(shop, "cup", 2);

    snprintf(path, sizeof path, "/%s-0*", strstr(address, "index=") + 6);
    bool is_deleted = false;
    for (int i = 0; i < 50 && !is_deleted; i++)
        is_deleted = elastic_ask("DELETE", path, NULL, NULL, 0) == 200;
    ck_assert(is_deleted);

    wait_for_total(shop, "cup", 2);
    shop_assert_clean(shop);
    stop_shop(shop);
}
END_TEST

/* --- a server that misbehaves ----------------------------------------------------------------- */

static elastic_fake fake;
static aurora_search_port port;
static int lines; /* of the log, that name the product */

static void count_line(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    lines += strstr(message, "product A") != NULL;
    ck_assert_ptr_null(strstr(message, "s3cret"));
}

static void start_fake(void)
{
    char fake_address[256];
    elastic_fake_start(&fake);
    snprintf(fake_address, sizeof fake_address,
             "//user:s3cret@127.0.0.1:%d?index=fake&write_ms=700&query_ms=700", fake.port);
    aurora_search_options options = {
        .size = sizeof options, .address = fake_address, .allocator = &heap, .log = count_line};
    lines = 0;
    aurora_assert_ok(elastic_open(&options, &port, NULL));
}

static void stop_fake(void)
{
    port.close(port.self);
    elastic_fake_stop(&fake);
}

static aurora_status apply_one(void)
{
    aurora_product product = {.size = sizeof product,
                              .sku = "A",
                              .name = "Cup",
                              .description = "",
                              .brand = "",
                              .category = "",
                              .image_url = "",
                              .currency = "EUR",
                              .version = 3};
    aurora_search_change change = {.product = &product, .sku = "A", .version = 3};
    aurora_search_batch batch = {
        .changes = &change, .count = 1, .from = 0, .to = 1, .log_id = {{1}}};
    return port.apply(port.self, &batch);
}

static const struct {
    int status;
    const char *body;
    int delay_ms;
} failures[] = {
    {200, "{\"errors\":true,\"items\":[{\"index\":{\"status\":429,\"error\":{\"type\":\"x\"}}}]}",
     0},
    {200, "{\"errors\":true,\"items\":[{\"index\":{\"status\":503}}]}", 0},
    {200, "{\"errors\":false,\"items\":[", 0},
    {200, "{\"errors\":false,\"items\":[]}", 0},
    {200, "{\"errors\":false}", 0},
    {200, "<html><body>Welcome</body></html>", 0},
    {200, "", 0},
    {200, "{\"errors\":false,\"items\":[{\"index\":{\"status\":201}}]} and more", 0},
    {429, "{\"error\":{\"type\":\"es_rejected_execution_exception\",\"reason\":\"busy\"}}", 0},
    {503, "<html>no healthy upstream</html>", 0},
    {302, "", 0},
    {401, "{\"error\":\"no\"}", 0},
    {200, NULL, 1500},
};

START_TEST(test_apply__does_not_move_on_what_was_not_done)
{
    start_fake();
    fake.bulk_status = failures[_i].status;
    fake.bulk[0] = failures[_i].body;
    fake.delay_ms = failures[_i].delay_ms;

    aurora_assert_status(apply_one(), AURORA_EIO);

    ck_assert_int_eq(fake.state_writes, 0);
    stop_fake();
}
END_TEST

START_TEST(test_apply__takes_a_conflict_for_done)
{
    start_fake();
    fake.bulk[0] = "{\"errors\":true,\"items\":[{\"index\":{\"status\":409,\"error\":{\"type\":"
                   "\"version_conflict_engine_exception\"}}}]}";

    aurora_assert_ok(apply_one());

    ck_assert_int_eq(fake.state_writes, 1);
    ck_assert_ptr_nonnull(strstr(fake.last_bulk, "Content-Type: application/x-ndjson\r\n"));
    ck_assert_ptr_nonnull(strstr(fake.last_bulk, "Authorization: Basic dXNlcjpzM2NyZXQ=\r\n"));
    stop_fake();
}
END_TEST

START_TEST(test_apply__goes_on_behind_a_document_that_is_refused)
{
    start_fake();
    fake.bulk[0] = "{\"errors\":true,\"items\":[{\"index\":{\"status\":400,\"error\":{\"type\":"
                   "\"mapper_parsing_exception\",\"reason\":\"failed to parse\"}}}]}";

    aurora_assert_ok(apply_one());

    ck_assert_int_eq(fake.bulk_count, 2);
    ck_assert_ptr_nonnull(strstr(fake.last_bulk, "\"kept\":{\"name\":\"Cup\""));
    ck_assert_int_eq(fake.state_writes, 1);
    ck_assert_int_eq(lines, 1);
    stop_fake();
}
END_TEST

static const char *const answers[] = {
    "{}",
    "{\"hits\":[]}",
    "{\"hits\":{\"total\":{\"value\":-1}}}",
    "{\"hits\":{\"total\":{\"value\":1e400},\"hits\":[]}}",
    "{\"hits\":{\"total\":{\"value\":1},\"hits\":[{\"_source\":{}}]}}",
    "{\"hits\":{\"total\":{\"value\":1},\"hits\":[3]}}",
    "<html>",
};

/* An arena's memory goes as a whole. */
typedef struct {
    void *blocks[64];
    int count;
} block_list;

static void *take_block(void *self, size_t bytes)
{
    block_list *list = self;
    ck_assert_int_lt(list->count, 64);
    list->blocks[list->count] = malloc(bytes);
    return list->blocks[list->count++];
}

START_TEST(test_query__answers_an_error_to_what_is_no_answer)
{
    block_list blocks = {.count = 0};
    const aurora_arena_port arena = {.self = &blocks, .allocate = take_block};
    aurora_search_result result;
    aurora_search_request request = {.query = AURORA_QUERY(.text = "cup"), .limit = 10};
    start_fake();
    fake.bulk[0] = answers[_i];

    aurora_assert_status(port.query(port.self, &request, &arena, &result), AURORA_EIO);

    stop_fake();
    while (blocks.count > 0)
        free(blocks.blocks[--blocks.count]);
}
END_TEST

/* A caller who has gone says nothing about the server: its breaker stays closed, however many they
 * are. Mutation: run() of call.c that counts AURORA_ETIMEDOUT as a failure; query() without the
 * bound, which then waits for 700 ms and gives AURORA_EIO. */
START_TEST(test_query__ends_with_its_callers_time)
{
    block_list blocks = {.count = 0};
    const aurora_arena_port arena = {.self = &blocks, .allocate = take_block};
    aurora_search_result result;
    aurora_search_request request = {.query = AURORA_QUERY(.text = "cup", .time_max_ms = 20),
                                     .limit = 10};
    start_fake();
    fake.delay_ms = 300;

    for (int i = 0; i < 12; i++) {
        aurora_assert_status(port.query(port.self, &request, &arena, &result), AURORA_ETIMEDOUT);
    }

    aurora_breaker_figures figures;
    port.breaker(port.self, &figures);
    ck_assert_int_eq(figures.state, AURORA_BREAKER_CLOSED);
    stop_fake();
    while (blocks.count > 0)
        free(blocks.blocks[--blocks.count]);
}
END_TEST

static const struct {
    const char *address;
    const char *rule;
} refused[] = {
    {"//", "must name a host"},
    {"h:9200", "must name a host"},
    {"//h:0", "port"},
    {"//h:99999", "port"},
    {"//h,:9200", "must name a host"},
    {"//u@h", "user:password"},
    {"//u:%zz@h", "user:password"},
    {"//h/path", "no path"},
    {"//h?index=Upper", "index"},
    {"//h?index=-x", "index"},
    {"//h?shards=0", "shards"},
    {"//h?tls=2", "tls=0|1"},
    {"//h?nothing=1", "takes index="},
    {"//h?index", "name=value"},
    {"//u:s3cret@h?ca=/none", "no file"},
};

START_TEST(test_address__that_is_wrong_is_refused_by_its_rule)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_search_options options = {.size = sizeof options,
                                     .address = refused[_i].address,
                                     .allocator = &heap,
                                     .log = count_line};

    aurora_assert_status(elastic_open(&options, &port, &err), AURORA_EINVAL);

    ck_assert_str_eq(err.field, "search");
    ck_assert_msg(strstr(err.message, refused[_i].rule) != NULL, "%s", err.message);
    ck_assert_ptr_null(strstr(err.message, "s3cret"));
}
END_TEST

static Suite *search_elastic_suite(void)
{
    Suite *suite = suite_create("search_elastic");
    TCase *tcase = tcase_create("search_elastic");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_apply__does_not_move_on_what_was_not_done, 0,
                        sizeof failures / sizeof *failures);
    tcase_add_test(tcase, test_apply__takes_a_conflict_for_done);
    tcase_add_test(tcase, test_apply__goes_on_behind_a_document_that_is_refused);
    tcase_add_loop_test(tcase, test_query__answers_an_error_to_what_is_no_answer, 0,
                        sizeof answers / sizeof *answers);
    tcase_add_test(tcase, test_query__ends_with_its_callers_time);
    tcase_add_loop_test(tcase, test_address__that_is_wrong_is_refused_by_its_rule, 0,
                        sizeof refused / sizeof *refused);
    if (elastic_is_there()) {
        tcase_add_test(tcase, test_shop__finds_what_it_sells_and_completes_what_is_typed);
        tcase_add_test(tcase, test_shop__is_clean_after_changes_of_all_kinds);
        tcase_add_test(tcase, test_rebuild__is_not_noticed_by_searches);
        tcase_add_test(tcase, test_server__that_is_gone_for_a_while_is_caught_up_with);
        tcase_add_test(tcase, test_index__that_somebody_deletes_is_made_again);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(search_elastic_suite)
