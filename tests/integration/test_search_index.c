/* SPDX-License-Identifier: MIT */
/* The life of the search index beside its store: restarts, kills, other processes, damage. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shop.h"

#define PUTS_MAX 1500
#define HOT_THREADS 8

static char *folder;
static char file[512];
static char index_file[544];

/* What the library has logged of its index. */
static struct {
    pthread_mutex_t lock;
    char lines[4096];
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void start(void)
{
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
    snprintf(index_file, sizeof index_file, "%s.search", file);
    seen.lines[0] = '\0';
}

static void stop(void)
{
    aurora_tempdir_remove(folder);
}

/* --- what the tests share --------------------------------------------------------------------- */

static void note_line(void *self, int32_t level, const char *component, const char *message)
{
    (void)self;
    (void)level;
    pthread_mutex_lock(&seen.lock);
    size_t used = strlen(seen.lines);
    if (strcmp(component, "search") == 0)
        snprintf(seen.lines + used, sizeof seen.lines - used, "%s\n", message);
    pthread_mutex_unlock(&seen.lock);
}

static bool has_line(const char *part)
{
    pthread_mutex_lock(&seen.lock);
    bool has = strstr(seen.lines, part) != NULL;
    pthread_mutex_unlock(&seen.lock);
    return has;
}

static const aurora_log log_lines = {.size = sizeof log_lines,
                                     .write = note_line,
                                     .level_min = AURORA_LOG_INFO};

static aurora_t *open_with(uint32_t flags, const char *setting)
{
    return shop_open(file, AURORA_OPTIONS(.flags = flags, .log = &log_lines, .settings = &setting,
                                          .setting_count = setting == NULL ? 0 : 1));
}

static void put(aurora_t *shop, const char *sku, const char *name)
{
    aurora_assert_ok(aurora_product_put(
        shop, AURORA_PRODUCT(.sku = sku, .name = name, .price_minor = 100, .currency = "EUR"),
        AURORA_ANY_VERSION, NULL, NULL));
}

/* All in few commits: each costs a sync. */
static void put_many(aurora_t *shop, uint32_t first, uint32_t count, const char *name)
{
    static char skus[PUTS_MAX][16];
    static aurora_product_input inputs[PUTS_MAX];
    static const aurora_product_input *pointers[PUTS_MAX];
    ck_assert_uint_le(count, PUTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(skus[i], sizeof skus[i], "S%05u", (unsigned)(first + i));
        inputs[i] = (aurora_product_input){.size = sizeof inputs[i],
                                           .sku = skus[i],
                                           .name = name,
                                           .price_minor = 100,
                                           .currency = "EUR"};
        pointers[i] = &inputs[i];
    }
    aurora_assert_ok(aurora_product_put_many(shop, pointers, count, NULL, NULL));
}

static aurora_status try_count(aurora_t *shop, const char *text, uint64_t *total_out)
{
    aurora_search_page *page = NULL;
    aurora_status rc = aurora_search(shop, AURORA_QUERY(.text = text), NULL, 1, &page, NULL);
    *total_out = rc == AURORA_OK ? page->total : UINT64_MAX;
    aurora_search_page_free(page);
    return rc;
}

static uint64_t count(aurora_t *shop, const char *text)
{
    uint64_t total;
    aurora_assert_ok(try_count(shop, text, &total));
    return total;
}

/* Drives, or lets others work, until the search finds so many; at most 20 seconds. */
static void wait_for(aurora_t *shop, const char *text, uint64_t wanted)
{
    int64_t end_ms = shop_real_ms() + 20000;
    uint64_t total = UINT64_MAX;
    while (shop_real_ms() < end_ms) {
        int64_t due_ms;
        if (aurora_pump(shop, 0, &due_ms) != AURORA_OK)
            usleep(2000);
        if (try_count(shop, text, &total) == AURORA_OK && total == wanted)
            return;
    }
    ck_abort_msg("%s finds %llu, not %llu", text, (unsigned long long)total,
                 (unsigned long long)wanted);
}

static void write_bytes(const char *path, off_t at, const char *byte, size_t bytes)
{
    int fd = open(path, O_RDWR);
    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < bytes; i++)
        ck_assert_int_eq(pwrite(fd, byte, 1, at + (off_t)i), 1);
    close(fd);
}

#define WORKER (_i == 0 ? 0u : AURORA_OPEN_WORKER)

/* --- restarts --------------------------------------------------------------------------------- */

START_TEST(test_index__is_there_after_a_restart)
{
    aurora_t *shop = open_with(WORKER, NULL);
    put_many(shop, 0, 30, "Cup");
    aurora_close(shop);

    shop = open_with(AURORA_OPEN_READONLY, NULL);

    ck_assert_uint_eq(count(shop, "cup"), 30);
    aurora_close(shop);
}
END_TEST

START_TEST(test_index__catches_up_with_what_was_done_without_it)
{
    aurora_t *shop = open_with(WORKER, NULL);
    put_many(shop, 0, 30, "Cup");
    aurora_close(shop);
    shop = open_with(0, "search=none:");
    put_many(shop, 30, 30, "Cup");
    aurora_assert_ok(aurora_product_delete(shop, "S00000", AURORA_ANY_VERSION, NULL));
    aurora_close(shop);

    shop = open_with(WORKER, NULL);

    wait_for(shop, "cup", 59);
    ck_assert(!has_line("made again"));
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

/* The child is killed with its products committed and, as far as it got, not indexed. */
START_TEST(test_index__loses_nothing_by_a_kill)
{
    pid_t child = fork();
    if (child == 0) {
        aurora_t *shop = open_with(0, NULL);
        put_many(shop, 0, 100, "Cup");
        raise(SIGKILL);
        aurora_close(shop);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));

    aurora_t *shop = open_with(WORKER, NULL);

    wait_for(shop, "cup", 100);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

START_TEST(test_index__is_made_again_where_retention_passed_it)
{
    aurora_manual_clock manual;
    aurora_clock clock_of_manual;
    const char *settings[] = {"search=none:", "log_keep=1s"};
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    aurora_t *shop = shop_open(file, AURORA_OPTIONS(.clock = &clock_of_manual));
    put_many(shop, 0, 20, "Cup");
    aurora_close(shop);
    shop = shop_open(
        file, AURORA_OPTIONS(.clock = &clock_of_manual, .settings = settings, .setting_count = 2));
    put_many(shop, 10, 20, "Mug");
    uint64_t oldest = 0;
    for (int i = 0; i < 20 && oldest < 40; i++) {
        aurora_manual_clock_advance(&manual, 10000);
        shop_pump(shop);
        aurora_assert_ok(aurora_event_bounds(shop, &oldest, NULL));
    }
    ck_assert_uint_ge(oldest, 40);
    aurora_close(shop);

    shop = shop_open(file,
                     AURORA_OPTIONS(.flags = WORKER, .clock = &clock_of_manual, .log = &log_lines));

    wait_for(shop, "mug", 20);
    wait_for(shop, "cup", 10);
    ck_assert(has_line("no longer reaches back"));
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

/* --- rebuilding ------------------------------------------------------------------------------- */

START_TEST(test_rebuild__searches_find_everything_meanwhile)
{
    aurora_t *shop = open_with(WORKER, NULL);
    put_many(shop, 0, 1500, "Cup");
    wait_for(shop, "cup", 1500);

    aurora_assert_ok(aurora_search_rebuild(shop, NULL));

    for (int i = 0; i < 50; i++) {
        int64_t due_ms;
        if (_i == 0)
            aurora_assert_ok(aurora_pump(shop, 0, &due_ms));
        ck_assert_uint_eq(count(shop, "cup"), 1500);
    }
    put(shop, "S00000", "Mug");
    wait_for(shop, "cup", 1499);
    wait_for(shop, "mug", 1);
    aurora_close(shop);
    shop = open_with(0, NULL);
    shop_pump(shop);
    shop_assert_clean(shop);
    ck_assert_uint_eq(count(shop, "cup"), 1499);
    aurora_close(shop);
}
END_TEST

START_TEST(test_rebuild__goes_on_after_a_kill)
{
    aurora_t *shop = open_with(0, NULL);
    put_many(shop, 0, 600, "Cup");
    aurora_close(shop);
    pid_t child = fork();
    if (child == 0) {
        int64_t due_ms;
        shop = open_with(0, NULL);
        if (aurora_search_rebuild(shop, NULL) == AURORA_OK)
            aurora_pump(shop, 0, &due_ms);
        raise(SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));

    shop = open_with(WORKER, NULL);
    put(shop, "S00001", "Mug");

    wait_for(shop, "mug", 1);
    wait_for(shop, "cup", 599);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

/* --- files ------------------------------------------------------------------------------------ */

START_TEST(test_file__may_be_deleted_while_nobody_has_it_open)
{
    aurora_t *shop = open_with(0, NULL);
    put_many(shop, 0, 300, "Cup");
    aurora_close(shop);
    ck_assert_int_eq(unlink(index_file), 0);

    shop = open_with(WORKER, NULL);

    wait_for(shop, "cup", 300);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

START_TEST(test_file__may_be_deleted_while_it_is_open)
{
    aurora_t *shop = open_with(WORKER, NULL);
    put_many(shop, 0, 300, "Cup");
    wait_for(shop, "cup", 300);

    ck_assert_int_eq(unlink(index_file), 0);
    put(shop, "S00300", "Cup");

    wait_for(shop, "cup", 301);
    ck_assert_int_eq(access(index_file, F_OK), 0);
    aurora_close(shop);
}
END_TEST

START_TEST(test_file__that_is_no_database_is_made_again)
{
    aurora_t *shop = open_with(0, NULL);
    put_many(shop, 0, 30, "Cup");
    aurora_close(shop);
    write_bytes(index_file, 0, "x", 4096);

    shop = open_with(WORKER, NULL);

    wait_for(shop, "cup", 30);
    ck_assert(has_line("damaged"));
    aurora_close(shop);
}
END_TEST

START_TEST(test_file__of_another_program_is_made_again)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(index_file, &db), SQLITE_OK);
    ck_assert_int_eq(
        sqlite3_exec(db, "CREATE TABLE meta(id); PRAGMA user_version=9", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);

    aurora_t *shop = open_with(WORKER, NULL);
    put_many(shop, 0, 30, "Cup");

    wait_for(shop, "cup", 30);
    ck_assert(has_line("not an index of this release"));
    aurora_close(shop);
}
END_TEST

/* All pages behind the first two are noise: what reads them finds out. */
START_TEST(test_file__that_is_damaged_inside_is_made_again)
{
    struct stat info;
    aurora_t *shop = open_with(0, NULL);
    put_many(shop, 0, 400, "Cup");
    aurora_close(shop);
    ck_assert_int_eq(stat(index_file, &info), 0);
    write_bytes(index_file, 8192, "\x5A", (size_t)info.st_size - 8192);

    shop = open_with(WORKER, NULL);
    put(shop, "S00400", "Cup");

    wait_for(shop, "cup", 401);
    ck_assert(has_line("damaged"));
    aurora_close(shop);
}
END_TEST

/* As it is between the change to WAL and the first table. */
START_TEST(test_file__that_was_only_begun_is_no_damage)
{
    sqlite3 *db;
    aurora_t *shop = open_with(0, NULL);
    put_many(shop, 0, 3, "Cup");
    aurora_close(shop);
    unlink(index_file);
    ck_assert_int_eq(sqlite3_open(index_file, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);

    shop = open_with(AURORA_OPEN_READONLY, NULL);
    uint64_t total;
    aurora_status rc = try_count(shop, "cup", &total);
    aurora_close(shop);
    shop = open_with(0, NULL);
    wait_for(shop, "cup", 3);

    ck_assert(rc != AURORA_ECORRUPT);
    ck_assert(!has_line("damaged"));
    aurora_close(shop);
}
END_TEST

/* The window of the file's making is met again and again. */
START_TEST(test_file__that_is_damaged_under_hot_searches_is_made_again_once)
{
    struct stat info;
    aurora_t *shop = open_with(0, NULL);
    put_many(shop, 0, 400, "Cup");
    aurora_close(shop);
    ck_assert_int_eq(stat(index_file, &info), 0);
    write_bytes(index_file, 8192, "\x5A", (size_t)info.st_size - 8192);

    shop = open_with(AURORA_OPEN_WORKER, NULL);
    put(shop, "S00400", "Cup");
    int64_t end_ms = shop_real_ms() + 20000;
    uint64_t total = 0;
    while (total != 401 && shop_real_ms() < end_ms)
        try_count(shop, "cup", &total);

    ck_assert_uint_eq(total, 401);
    pthread_mutex_lock(&seen.lock);
    const char *first = strstr(seen.lines, "damaged");
    const char *second = first == NULL ? NULL : strstr(first + 1, "is damaged:");
    pthread_mutex_unlock(&seen.lock);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(second);
    aurora_close(shop);
}
END_TEST

/* What another handle does while a search has opened the file and read nothing of it yet. */
static aurora_t *replacing;

static int replace_file(sqlite3 *db, char **message, const void *routines)
{
    aurora_t *shop = replacing;
    int64_t due_ms;
    (void)message;
    (void)routines;
    if (shop == NULL || strcmp(sqlite3_db_filename(db, "main"), index_file) != 0)
        return SQLITE_OK;
    replacing = NULL;
    unlink(index_file);
    for (int i = 0; i < 5; i++)
        aurora_pump(shop, 0, &due_ms);
    return SQLITE_OK;
}

/* The -wal and -shm of another file would be taken for its own, and be cut under who has them
 * mapped: that was a bus error. Mutation: a reader does not hold the file while it opens it. */
START_TEST(test_file__that_is_replaced_while_a_search_opens_it_is_not_mixed_with_the_new_one)
{
    uint64_t total;
    aurora_t *shop = open_with(0, NULL);
    put_many(shop, 0, 300, "Cup");
    wait_for(shop, "cup", 300);
    aurora_t *other = open_with(AURORA_OPEN_READONLY, NULL);
    ck_assert_int_eq(sqlite3_auto_extension((void (*)(void))replace_file), SQLITE_OK);
    replacing = shop;

    aurora_status rc = try_count(other, "cup", &total);
    sqlite3_reset_auto_extension();

    ck_assert_ptr_null(replacing);
    ck_assert_msg(rc != AURORA_OK || total == 300, "%llu of 300", (unsigned long long)total);
    ck_assert_int_ne(rc, AURORA_ECORRUPT);
    put(shop, "S00300", "Cup");
    wait_for(shop, "cup", 301);
    wait_for(other, "cup", 301);
    ck_assert(!has_line("damaged"));
    shop_assert_clean(shop);
    aurora_close(other);
    aurora_close(shop);
}
END_TEST

START_TEST(test_file__of_another_store_is_made_again)
{
    char other[600];
    aurora_t *shop = open_with(0, NULL);
    put_many(shop, 0, 30, "Cup");
    aurora_close(shop);
    snprintf(other, sizeof other, "%s/other.db", folder);
    shop = shop_open(other, NULL);
    put_many(shop, 0, 10, "Mug");
    aurora_close(shop);
    snprintf(other, sizeof other, "%s/other.db.search", folder);
    ck_assert_int_eq(rename(other, index_file), 0);

    shop = open_with(WORKER, NULL);

    wait_for(shop, "cup", 30);
    wait_for(shop, "mug", 0);
    ck_assert(has_line("of another store"));
    aurora_close(shop);
}
END_TEST

/* --- other handles ---------------------------------------------------------------------------- */

START_TEST(test_processes__one_finds_what_another_puts)
{
    aurora_t *shop = open_with(WORKER, NULL);
    put_many(shop, 0, 50, "Cup");
    pid_t child = fork();
    if (child == 0) {
        char text[600];
        snprintf(text, sizeof text, "sqlite:%s", file);
        execl("/proc/self/exe", "put", "put", text, (char *)NULL);
        _exit(9);
    }
    put_many(shop, 50, 50, "Cup");
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    wait_for(shop, "cup", 200);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

/* The other process of the test above: 100 more cups. */
static int put_as_child(const char *url)
{
    aurora_t *shop;
    if (aurora_open(url, NULL, &shop, NULL) != AURORA_OK)
        return 1;
    aurora_status rc = AURORA_OK;
    for (unsigned i = 100; i < 200 && rc == AURORA_OK; i++) {
        char sku[16];
        snprintf(sku, sizeof sku, "S%05u", i);
        rc = aurora_product_put(shop, AURORA_PRODUCT(.sku = sku, .name = "Cup", .currency = "EUR"),
                                AURORA_ANY_VERSION, NULL, NULL);
    }
    aurora_close(shop);
    return rc == AURORA_OK ? 0 : 1;
}

START_TEST(test_handles__two_of_one_process_share_the_index)
{
    aurora_t *one = open_with(WORKER, NULL);
    aurora_t *two = open_with(0, NULL);
    put_many(one, 0, 40, "Cup");
    put_many(two, 40, 40, "Cup");

    wait_for(two, "cup", 80);
    wait_for(one, "cup", 80);
    aurora_assert_ok(aurora_search_rebuild(two, NULL));
    put_many(one, 80, 40, "Cup");
    wait_for(two, "cup", 120);
    wait_for(one, "cup", 120);
    aurora_close(one);
    shop_pump(two);
    shop_assert_clean(two);
    aurora_close(two);
}
END_TEST

START_TEST(test_readonly__reads_the_index_and_changes_nothing)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_suggestion_page *suggestions = NULL;
    aurora_t *shop = open_with(0, NULL);
    put_many(shop, 0, 10, "Cup");
    aurora_close(shop);
    shop = open_with(AURORA_OPEN_READONLY, NULL);

    ck_assert_uint_eq(count(shop, "cup"), 10);
    aurora_assert_ok(aurora_search_suggest(shop, "cu", 0, &suggestions, &err));
    ck_assert_str_eq(suggestions->items[0], "cup");
    aurora_suggestion_page_free(suggestions);
    aurora_assert_status(aurora_search_rebuild(shop, &err), AURORA_EREADONLY);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

START_TEST(test_none__every_call_says_so)
{
    static const char *const settings[] = {
        "search=none:", "modules=order,inventory,payment,product,recommendation,notification"};
    aurora_error err = AURORA_ERROR_INIT;
    aurora_search_page *page = NULL;
    aurora_suggestion_page *suggestions = NULL;
    aurora_t *shop =
        shop_open("memory:", AURORA_OPTIONS(.settings = &settings[_i], .setting_count = 1));

    aurora_assert_status(aurora_search(shop, AURORA_QUERY(.text = "a"), NULL, 0, &page, &err),
                         AURORA_ENOTSUP);
    ck_assert_str_ne(err.message, "");
    aurora_assert_status(aurora_search_suggest(shop, "a", 0, &suggestions, &err), AURORA_ENOTSUP);
    aurora_assert_status(aurora_search_rebuild(shop, &err), AURORA_ENOTSUP);
    aurora_close(shop);
}
END_TEST

START_TEST(test_readonly__without_an_index_says_so)
{
    aurora_error err = AURORA_ERROR_INIT;
    uint64_t total;
    aurora_t *shop = open_with(0, "search=none:");
    put(shop, "A", "Cup");
    aurora_close(shop);
    shop = open_with(AURORA_OPEN_READONLY, NULL);

    aurora_assert_status(try_count(shop, "cup", &total), AURORA_ENOTSUP);
    aurora_assert_status(aurora_search_rebuild(shop, &err), AURORA_EREADONLY);
    shop_assert_clean(shop);
    aurora_t *writer = open_with(0, NULL);
    wait_for(writer, "cup", 1);
    ck_assert_uint_eq(count(shop, "cup"), 1);
    aurora_close(writer);
    aurora_close(shop);
}
END_TEST

/* --- threads, audit --------------------------------------------------------------------------- */

typedef struct {
    aurora_t *shop;
    atomic_bool is_over;
    atomic_uint failures;
} searcher;

static void *search_on(void *argument)
{
    searcher *self = argument;
    while (!atomic_load(&self->is_over)) {
        uint64_t total;
        aurora_suggestion_page *page = NULL;
        if (try_count(self->shop, "cup mug", &total) != AURORA_OK ||
            aurora_search_suggest(self->shop, "cu", 0, &page, NULL) != AURORA_OK)
            atomic_fetch_add(&self->failures, 1);
        aurora_suggestion_page_free(page);
    }
    return NULL;
}

START_TEST(test_threads__search_while_products_change_and_the_index_is_made_again)
{
    searcher self = {.shop = open_with(WORKER, NULL)};
    pthread_t threads[2];
    put(self.shop, "S00000", "Cup");
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, search_on, &self), 0);

    for (uint32_t round = 0; round < 3; round++) {
        put_many(self.shop, 0, 60, round % 2 == 0 ? "Cup" : "Mug");
        aurora_assert_ok(aurora_search_rebuild(self.shop, NULL));
    }
    wait_for(self.shop, "cup", 60);
    atomic_store(&self.is_over, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);

    ck_assert_uint_eq(atomic_load(&self.failures), 0);
    aurora_close(self.shop);
}
END_TEST

static void *search_hot(void *argument)
{
    searcher *self = argument;
    while (!atomic_load(&self->is_over)) {
        uint64_t total;
        if (try_count(self->shop, "cup", &total) == AURORA_ECORRUPT)
            atomic_fetch_add(&self->failures, 1);
    }
    return NULL;
}

/* Searches open the file all the while: they must see it as it is before or behind a commit, and
 * what is beside it as its own. Mutation: a reader does not hold the file while it opens it. */
START_TEST(test_threads__search_a_file_that_is_being_made)
{
    searcher self = {0};
    pthread_t threads[HOT_THREADS];
    aurora_t *shop = open_with(0, NULL);
    put(shop, "S00000", "Cup");
    aurora_close(shop);
    self.shop = open_with(AURORA_OPEN_READONLY, NULL);
    for (int i = 0; i < HOT_THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, search_hot, &self), 0);

    for (int round = 0; round < 40; round++) {
        unlink(index_file);
        shop = open_with(0, NULL);
        wait_for(shop, "cup", 1);
        aurora_close(shop);
    }
    atomic_store(&self.is_over, true);
    for (int i = 0; i < HOT_THREADS; i++)
        pthread_join(threads[i], NULL);

    ck_assert_uint_eq(atomic_load(&self.failures), 0);
    aurora_close(self.shop);
}
END_TEST

START_TEST(test_verify__finds_a_document_that_is_not_its_product)
{
    static const char *const damages[] = {
        "UPDATE documents_1 SET name = 'Mug' WHERE sku = 'S00003'",
        "DELETE FROM documents_1 WHERE sku = 'S00003'",
        "UPDATE documents_1 SET version = version - 1 WHERE sku = 'S00003'",
        "UPDATE documents_2 SET name = 'Mug' WHERE sku = 'S00003'",
        "DELETE FROM documents_2 WHERE sku = 'S00003'",
        "UPDATE documents_2 SET version = version - 1 WHERE sku = 'S00003'"};
    sqlite3 *db;
    aurora_report *report;
    aurora_t *shop = open_with(0, NULL);
    put_many(shop, 0, 10, "Cup");
    shop_assert_clean(shop);
    aurora_close(shop);
    ck_assert_int_eq(sqlite3_open(index_file, &db), SQLITE_OK);
    int rc = sqlite3_exec(db, damages[_i], NULL, NULL, NULL);
    if (rc != SQLITE_OK) /* of the generation that is not there */
        rc = sqlite3_exec(db, damages[(_i + 3) % 6], NULL, NULL, NULL);
    ck_assert_int_eq(rc, SQLITE_OK);
    sqlite3_close(db);

    shop = open_with(AURORA_OPEN_READONLY, NULL);
    aurora_assert_ok(aurora_verify(shop, &report));

    ck_assert_uint_eq(report->violation_count, 1);
    ck_assert_str_eq(report->items[0]->invariant, "I15");
    ck_assert_str_eq(report->items[0]->subject, "S00003");
    aurora_report_free(report);
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__after_a_fork_the_child_may_only_close)
{
    aurora_t *shop = open_with(WORKER, NULL);
    put(shop, "A", "Cup");
    wait_for(shop, "cup", 1);
    pid_t child = fork();
    if (child == 0) {
        uint64_t total;
        bool is_refused = try_count(shop, "cup", &total) == AURORA_EFORK;
        aurora_close(shop);
        _exit(is_refused ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);

    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    put(shop, "B", "Cup");
    wait_for(shop, "cup", 2);
    aurora_close(shop);
}
END_TEST

static Suite *search_index_suite(void)
{
    Suite *suite = suite_create("search_index");
    TCase *tcase = tcase_create("search_index");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_index__is_there_after_a_restart, 0, 2);
    tcase_add_loop_test(tcase, test_index__catches_up_with_what_was_done_without_it, 0, 2);
    tcase_add_loop_test(tcase, test_index__loses_nothing_by_a_kill, 0, 2);
    tcase_add_loop_test(tcase, test_index__is_made_again_where_retention_passed_it, 0, 2);
    tcase_add_loop_test(tcase, test_rebuild__searches_find_everything_meanwhile, 0, 2);
    tcase_add_loop_test(tcase, test_rebuild__goes_on_after_a_kill, 0, 2);
    tcase_add_loop_test(tcase, test_file__may_be_deleted_while_nobody_has_it_open, 0, 2);
    tcase_add_loop_test(tcase, test_file__may_be_deleted_while_it_is_open, 0, 2);
    tcase_add_loop_test(tcase, test_file__that_is_no_database_is_made_again, 0, 2);
    tcase_add_loop_test(tcase, test_file__of_another_program_is_made_again, 0, 2);
    tcase_add_loop_test(tcase, test_file__that_is_damaged_inside_is_made_again, 0, 2);
    tcase_add_test(tcase, test_file__that_was_only_begun_is_no_damage);
    tcase_add_test(tcase, test_file__that_is_damaged_under_hot_searches_is_made_again_once);
    tcase_add_test(
        tcase, test_file__that_is_replaced_while_a_search_opens_it_is_not_mixed_with_the_new_one);
    tcase_add_loop_test(tcase, test_file__of_another_store_is_made_again, 0, 2);
    tcase_add_loop_test(tcase, test_processes__one_finds_what_another_puts, 0, 2);
    tcase_add_test(tcase, test_handles__two_of_one_process_share_the_index);
    tcase_add_test(tcase, test_readonly__reads_the_index_and_changes_nothing);
    tcase_add_loop_test(tcase, test_none__every_call_says_so, 0, 2);
    tcase_add_test(tcase, test_readonly__without_an_index_says_so);
    tcase_add_loop_test(
        tcase, test_threads__search_while_products_change_and_the_index_is_made_again, 0, 2);
    tcase_add_test(tcase, test_threads__search_a_file_that_is_being_made);
    tcase_add_loop_test(tcase, test_verify__finds_a_document_that_is_not_its_product, 0, 3);
    tcase_add_test(tcase, test_search__after_a_fork_the_child_may_only_close);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "put") == 0)
        return put_as_child(argv[2]);
    return aurora_test_run(search_index_suite, argc, argv);
}
