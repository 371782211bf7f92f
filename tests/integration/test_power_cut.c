/* SPDX-License-Identifier: MIT */
/* The power is cut at moments of a shop's life, at each of which the disk has what was synced and,
 * of the rest, what chance leaves: whole, torn, reordered, or noise. Each time the store opens,
 * passes verify, and knows all that its customers had been told; the bank, which had no power cut,
 * has charged nobody twice when all is done. AURORA_POWER_IMAGES and AURORA_SEED: how many cuts, of
 * which life. ./dev crash power does thousands.
 *
 * Mutations that it notices: synchronous=NORMAL or OFF for the writer (src/adapters/store_sqlite/
 * connection.c), an answer before the commit; the last two tests do the same to the disk. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "power_shop.h"

#define IMAGES 150 /* of each sort of payment */
#define LATER_MS 120000
#define TEXT 600

static aurora_manual_clock manual;
static aurora_clock clock_of_manual;

/* Found wrong: the first is kept, with the moment and the mode. */
typedef struct {
    const power_shop *life;
    uint64_t moment;
    power_mode mode;
    char wrong[TEXT];
} cut;

static void start(void)
{
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1); /* what is synced is decided by power_walk alone */
}

#define COMPLAIN(of, ...)                                                                          \
    do {                                                                                           \
        if ((of)->wrong[0] == '\0')                                                                \
            snprintf((of)->wrong, TEXT, __VA_ARGS__);                                              \
    } while (0)

static bool was_told(const cut *of, const power_note *note)
{
    return note->told != 0 && note->told <= of->moment;
}

/* --- what the store says ---------------------------------------------------------------------- */

static int64_t ask(sqlite3 *db, const char *sql, const char *text, const aurora_id *id)
{
    sqlite3_stmt *stmt = NULL;
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    if (text != NULL)
        sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
    else if (id != NULL)
        sqlite3_bind_blob(stmt, 1, id->bytes, sizeof id->bytes, SQLITE_STATIC);
    int64_t number = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
    sqlite3_finalize(stmt);
    return number;
}

static void check_note(cut *of, sqlite3 *db, const power_note *note)
{
    int64_t found = 0, wanted = note->quantity;
    switch (note->kind) {
    case POWER_ORDER:
        found = ask(db, "SELECT total_minor FROM orders WHERE id = ?", NULL, &note->id);
        wanted *= SHOP_PRICE;
        break;
    case POWER_CANCEL:
        found = ask(db, "SELECT status FROM orders WHERE id = ?", NULL, &note->id);
        wanted = AURORA_ORDER_CANCELLED;
        break;
    case POWER_DELIVERY:
        found = ask(db, "SELECT quantity FROM stock_movements WHERE key_text = ?", note->key, NULL);
        break;
    case POWER_PRODUCT:
        found = ask(db, "SELECT count(*) FROM products WHERE sku = ?", note->key, NULL);
        wanted = 1;
        break;
    }
    if (found != wanted)
        COMPLAIN(of, "lost: %s, told at %llu: %lld, not %lld", note->key,
                 (unsigned long long)note->told, (long long)found, (long long)wanted);
}

/* A task is handed out when it is sure that it will be known for ever. */
static void check_act(cut *of, sqlite3 *db, const power_act *act)
{
    aurora_id order = act->task.authorize_id;
    order.bytes[15] = (uint8_t)(order.bytes[15] & ~7u);
    if (ask(db, "SELECT count(*) FROM payments WHERE order_id = ?", NULL, &order) != 1)
        COMPLAIN(of, "the bank was asked for a payment that nobody knows");
}

static const char *const never[] = {
    "SELECT count(*) FROM (SELECT key_text FROM orders GROUP BY 1 HAVING count(*) > 1)",
    "SELECT count(*) FROM ledger WHERE captures > 1 OR captured_minor > amount_minor",
    "SELECT count(*) FROM stock WHERE min(available, reserved, sold) < 0 "
    "OR available + reserved + sold <> received - written_off",
    "SELECT count(*) FROM pragma_quick_check WHERE quick_check <> 'ok'",
};

static void check_rows(cut *of, const char *file)
{
    sqlite3 *db = NULL;
    uint32_t asked = 0;
    ck_assert_int_eq(sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (uint32_t i = 0; i < of->life->note_count; i++) {
        const power_note *note = &of->life->notes[i];
        asked += note->kind == POWER_ORDER && note->asked <= of->moment;
        if (was_told(of, note))
            check_note(of, db, note);
    }
    for (uint32_t i = 0; i < of->life->act_count; i++) {
        if (of->life->acts[i].moment <= of->moment)
            check_act(of, db, &of->life->acts[i]);
    }
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        int64_t found = ask(db, never[i], NULL, NULL);
        if (found != 0)
            COMPLAIN(of, "%s: %lld", never[i], (long long)found);
    }
    if (ask(db, "SELECT count(*) FROM orders", NULL, NULL) > asked)
        COMPLAIN(of, "there are more orders than were asked for");
    sqlite3_close(db);
}

static void verify(cut *of, aurora_t *shop)
{
    aurora_report *report = NULL;
    if (aurora_verify(shop, &report) != AURORA_OK)
        COMPLAIN(of, "verify cannot read the store");
    else if (report->is_ok != 1)
        COMPLAIN(of, "%s %s: %s", report->items[0]->invariant, report->items[0]->subject,
                 report->items[0]->message);
    aurora_report_free(report);
}

/* --- and life goes on ------------------------------------------------------------------------- */

/* Every call that was asked is asked again by its key, told or not. */
static uint32_t ask_again(cut *of, aurora_t *shop)
{
    uint32_t orders = 0;
    bool has_bank = of->life->has_bank;
    for (uint32_t i = 0; i < of->life->note_count; i++) {
        const power_note *note = &of->life->notes[i];
        aurora_order *order = NULL;
        if (note->kind != POWER_ORDER || note->asked > of->moment)
            continue;
        orders++;
        aurora_status rc = power_shop_order(shop, note, has_bank, &order);
        if (rc != AURORA_OK)
            COMPLAIN(of, "the order of %s, asked again, is %s", note->key, aurora_status_name(rc));
        else if (was_told(of, note) &&
                 (!order->is_replay || !aurora_id_is_equal(order->id, note->id)))
            COMPLAIN(of, "%s makes another order when it is asked again", note->key);
        aurora_order_free(order);
    }
    return orders;
}

static void settle(aurora_t *shop, provider *bank)
{
    aurora_drain drain = {0};
    for (int i = 0; i < 300; i++) {
        aurora_assert_ok(aurora_drain_get(shop, &drain));
        if (drain.unsettled_orders == 0)
            return;
        aurora_manual_clock_advance(&manual, 5000);
        shop_pump(shop);
        provider_serve(bank, shop);
    }
    ck_abort_msg("%u orders never end", (unsigned)drain.unsettled_orders);
}

static const provider_account *account_of(const provider *bank, aurora_id order_id)
{
    static const provider_account none;
    for (uint32_t i = 0; i < bank->account_count; i++) {
        aurora_id id = bank->accounts[i].authorize_id;
        id.bytes[15] = (uint8_t)(id.bytes[15] & ~7u);
        if (aurora_id_is_equal(id, order_id))
            return &bank->accounts[i];
    }
    return &none;
}

static void check_money(cut *of, const aurora_order *order, const provider *bank)
{
    const provider_account *account = account_of(bank, order->id);
    int64_t wanted = order->status == AURORA_ORDER_COMPLETED ? order->total_minor : 0;
    if (provider_kept(account) != wanted || provider_blocked(account) != 0 || account->captures > 1)
        COMPLAIN(of, "the bank kept %lld of an order that is to have paid %lld",
                 (long long)provider_kept(account), (long long)wanted);
}

static void check_bank(cut *of, aurora_t *shop, const provider *bank)
{
    char cursor[1024] = "";
    for (bool is_last = false; !is_last;) {
        aurora_order_page *page = NULL;
        aurora_assert_ok(
            aurora_order_list(shop, NULL, cursor[0] != '\0' ? cursor : NULL, 1000, &page, NULL));
        for (uint32_t i = 0; i < page->count; i++)
            check_money(of, page->items[i], bank);
        is_last = page->next_cursor == NULL;
        snprintf(cursor, sizeof cursor, "%s", is_last ? "" : page->next_cursor);
        aurora_order_page_free(page);
    }
}

static bool has_product(const cut *of)
{
    return was_told(of, &of->life->notes[0]);
}

static void go_on(cut *of, aurora_t *shop)
{
    uint32_t orders = ask_again(of, shop);
    if (of->life->has_bank) {
        provider *bank = provider_new();
        power_shop_bank_at(of->life, of->moment, bank);
        settle(shop, bank);
        check_bank(of, shop, bank);
        provider_free(bank);
    }
    if (shop_count(shop, 0) != orders)
        COMPLAIN(of, "%u orders were asked for, %u are there", orders, shop_count(shop, 0));
    verify(of, shop);
}

/* --- cuts ------------------------------------------------------------------------------------- */

static void check_image(cut *of, const char *folder, bool goes_on)
{
    char file[600];
    aurora_error err = AURORA_ERROR_INIT;
    aurora_test_path(file, sizeof file, folder, "shop.db");
    aurora_manual_clock_init(&manual, SHOP_NOW + LATER_MS);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    aurora_t *shop = power_shop_open(of->life, file, &clock_of_manual, &err);
    if (shop == NULL) {
        COMPLAIN(of, "it does not open: %s", err.message);
        return;
    }
    verify(of, shop);
    check_rows(of, file);
    if (goes_on && has_product(of))
        go_on(of, shop);
    aurora_close(shop);
}

/* Old shared memory has whatever it has: SQLite makes it anew. */
static void leave_shared_memory(const char *folder, uint64_t *random)
{
    char path[600];
    FILE *file = fopen(aurora_test_path(path, sizeof path, folder, "shop.db-shm"), "wb");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 4096; i++) {
        uint64_t word = aurora_test_random(random);
        fwrite(&word, sizeof word, 1, file);
    }
    fclose(file);
}

static void check_cut(cut *of, const power_walk *walk, uint64_t *random)
{
    char *folder = aurora_tempdir_new();
    power_walk_build(walk, of->mode, random, folder);
    if (aurora_test_random(random) % 4 == 0)
        leave_shared_memory(folder, random);
    check_image(of, folder, aurora_test_random(random) % 4 == 0);
    aurora_tempdir_remove(folder);
}

/* A third where a customer was just told, a third beside a sync, a third anywhere. */
static uint64_t choose_moment(const power_shop *life, uint64_t *random)
{
    uint64_t end = power_disk_now(life->disk);
    uint64_t moment = aurora_test_random(random) % (end + 1);
    switch (aurora_test_random(random) % 3) {
    case 0: {
        const power_note *note = &life->notes[aurora_test_random(random) % life->note_count];
        return note->told != 0 ? note->told : moment;
    }
    case 1:
        while (moment < end && !power_disk_is_sync(life->disk, moment))
            moment++;
        return moment < end ? moment + aurora_test_random(random) % 2 : end;
    default:
        return moment;
    }
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* Ends at the first cut that leaves something wrong; true when none did. */
static bool try_cuts(const power_shop *life, uint32_t images, cut *of)
{
    uint64_t random = life->seed;
    uint64_t *moments = calloc(images, sizeof *moments);
    power_walk *walk = power_walk_new(life->disk);
    ck_assert_ptr_nonnull(moments);
    for (uint32_t i = 0; i < images; i++)
        moments[i] = choose_moment(life, &random);
    qsort(moments, images, sizeof *moments, compare);
    *of = (cut){.life = life};
    for (uint32_t i = 0; i < images && of->wrong[0] == '\0'; i++) {
        of->moment = moments[i];
        of->mode = (power_mode)(aurora_test_random(&random) % POWER_MODES);
        power_walk_to(walk, of->moment);
        check_cut(of, walk, &random);
    }
    power_walk_free(walk);
    free(moments);
    return of->wrong[0] == '\0';
}

static uint32_t images_wanted(void)
{
    const char *text = getenv("AURORA_POWER_IMAGES");
    return text != NULL ? (uint32_t)strtoul(text, NULL, 10) / 2 : IMAGES;
}

static void live_and_cut(bool has_bank)
{
    uint64_t seed = aurora_test_seed("test_power", 1);
    cut of;
    power_shop *life = power_shop_new(seed, has_bank);
    bool is_well = try_cuts(life, images_wanted(), &of);
    power_counts counts = power_disk_count(life->disk);
    fprintf(stderr,
            "power: %u cuts in %llu steps: %llu writes (%llu by checkpoints), %llu syncs, "
            "%llu creations, %llu deletions; %u calls, %u acts of the bank\n",
            images_wanted(), (unsigned long long)power_disk_now(life->disk),
            (unsigned long long)counts.writes, (unsigned long long)counts.main_writes,
            (unsigned long long)counts.syncs, (unsigned long long)counts.creations,
            (unsigned long long)counts.deletions, life->note_count, life->act_count);
    ck_assert_msg(is_well, "seed %llu, cut at step %llu, mode %d: %s", (unsigned long long)seed,
                  (unsigned long long)of.moment, of.mode, of.wrong);
    power_shop_free(life);
}

START_TEST(test_power__nothing_that_was_told_is_lost_by_a_cut)
{
    live_and_cut(false);
}
END_TEST

START_TEST(test_power__nobody_is_charged_twice_after_a_cut)
{
    live_and_cut(true);
}
END_TEST

/* --- would it notice? ------------------------------------------------------------------------- */

START_TEST(test_power__a_disk_that_does_not_sync_is_noticed)
{
    cut of;
    power_shop *life = power_shop_new(1, _i == 1);
    power_disk_forget_syncs(life->disk);

    bool is_well = try_cuts(life, IMAGES, &of);

    ck_assert(!is_well);
    power_shop_free(life);
}
END_TEST

START_TEST(test_power__an_answer_before_the_commit_is_noticed)
{
    cut of;
    power_shop *life = power_shop_new(1, false);
    for (uint32_t i = 0; i < life->note_count; i++) {
        if (life->notes[i].told != 0)
            life->notes[i].told = life->notes[i].asked + 1;
    }

    bool is_well = try_cuts(life, IMAGES, &of);

    ck_assert(!is_well);
    ck_assert_ptr_nonnull(strstr(of.wrong, "lost"));
    power_shop_free(life);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("power_cut");
    TCase *tcase = tcase_create("power");
    tcase_add_checked_fixture(tcase, start, NULL);
    tcase_set_timeout(tcase, 3000);
    tcase_add_test(tcase, test_power__nothing_that_was_told_is_lost_by_a_cut);
    tcase_add_test(tcase, test_power__nobody_is_charged_twice_after_a_cut);
    tcase_add_loop_test(tcase, test_power__a_disk_that_does_not_sync_is_noticed, 0, 2);
    tcase_add_test(tcase, test_power__an_answer_before_the_commit_is_noticed);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
