/* SPDX-License-Identifier: MIT */
/* Search through the public API, over memory and over a file. */
#include <stdio.h>
#include <string.h>

#include "shop.h"

static char *folder;
static char file[512];

static void start(void)
{
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
}

static void stop(void)
{
    aurora_tempdir_remove(folder);
}

/* --- what the tests share --------------------------------------------------------------------- */

static aurora_t *open_shop(int is_file)
{
    return shop_open(is_file ? file : "memory:", NULL);
}

static void put(aurora_t *shop, const char *sku, const char *name, const char *category,
                const char *brand, int64_t price_minor)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_product_put(
        shop,
        AURORA_PRODUCT(.sku = sku, .name = name, .category = category, .brand = brand,
                       .price_minor = price_minor, .currency = "EUR"),
        AURORA_ANY_VERSION, NULL, &err);
    ck_assert_msg(rc == AURORA_OK, "%s %s", err.field, err.message);
}

static void put_catalogue(aurora_t *shop)
{
    put(shop, "K1", "Gaming Keyboard RGB", "Keyboards", "Acme", 5900);
    put(shop, "K2", "Office Keyboard", "Keyboards", "Bolt", 1900);
    put(shop, "M1", "Gaming Mouse", "Mice", "Acme", 3900);
    put(shop, "M2", "Mouse pad for gaming", "Accessories", "Bolt", 900);
    put(shop, "C1", "USB-C cable 2 m", "Cables", "Bolt", 700);
    put(shop, "C2", "Café crème machine", "Coffee makers", "Déli", 19900);
    put(shop, "L1", "Notebook 15.6\" i5-1135G7 <Pro>", "Laptops", "Acme", 89900);
}

static aurora_search_page *search(aurora_t *shop, const aurora_query *query)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_search_page *page = NULL;
    aurora_status rc = aurora_search(shop, query, NULL, 0, &page, &err);
    ck_assert_msg(rc == AURORA_OK, "%s: %s %s", aurora_status_name(rc), err.field, err.message);
    return page;
}

/* The SKUs of the first page, with blanks. */
static const char *find(aurora_t *shop, const aurora_query *query)
{
    static char skus[1024];
    aurora_search_page *page = search(shop, query);
    skus[0] = '\0';
    for (uint32_t i = 0; i < page->count; i++) {
        size_t used = strlen(skus);
        snprintf(skus + used, sizeof skus - used, "%s%s", i == 0 ? "" : " ",
                 page->items[i]->product->sku);
    }
    aurora_search_page_free(page);
    return skus;
}

static const char *find_text(aurora_t *shop, const char *text)
{
    return find(shop, AURORA_QUERY(.text = text));
}

/* The SKU of the best hit, "" without one. */
static const char *find_first(aurora_t *shop, const char *text)
{
    static char sku[AURORA_SKU_BYTES_MAX + 1];
    aurora_search_page *page = search(shop, AURORA_QUERY(.text = text));
    snprintf(sku, sizeof sku, "%s", page->count == 0 ? "" : page->items[0]->product->sku);
    aurora_search_page_free(page);
    return sku;
}

static uint64_t count_of(const aurora_search_page *page, int32_t kind, const char *value)
{
    for (uint32_t i = 0; i < page->facet_count; i++) {
        if (page->facets[i]->kind == kind && strcmp(page->facets[i]->value, value) == 0)
            return page->facets[i]->count;
    }
    return 0;
}

/* S000, S001 and so on, which all answer "cup" equally well. */
static void put_many(aurora_t *shop, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char sku[16];
        snprintf(sku, sizeof sku, "S%03u", i);
        put(shop, sku, "Cup", "Cups", "Acme", 100 + i % 7);
    }
}

static aurora_search_page *page_of(aurora_t *shop, const aurora_query *query, const char *cursor,
                                   uint32_t limit)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_search_page *page = NULL;
    aurora_status rc =
        aurora_search(shop, query, cursor[0] == '\0' ? NULL : cursor, limit, &page, &err);
    ck_assert_msg(rc == AURORA_OK, "%s: %s %s", aurora_status_name(rc), err.field, err.message);
    return page;
}

/* Frees the page and keeps its cursor, "" for the last one. */
static void keep_cursor(aurora_search_page *page, char *out, size_t size)
{
    snprintf(out, size, "%s", page->next_cursor == NULL ? "" : page->next_cursor);
    aurora_search_page_free(page);
}

static const char *suggest(aurora_t *shop, const char *prefix)
{
    static char all[2048];
    aurora_suggestion_page *page = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_search_suggest(shop, prefix, 0, &page, &err);
    ck_assert_msg(rc == AURORA_OK, "%s: %s %s", aurora_status_name(rc), err.field, err.message);
    all[0] = '\0';
    for (uint32_t i = 0; i < page->count; i++) {
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : "|", page->items[i]);
    }
    aurora_suggestion_page_free(page);
    return all;
}

/* --- finding ---------------------------------------------------------------------------------- */

START_TEST(test_search__finds_words_whatever_their_case_accents_and_number)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);

    ck_assert_str_eq(find_first(shop, "office keyboard"), "K2");
    ck_assert_str_eq(find_first(shop, "OFFICE KEYBOARDS"), "K2");
    ck_assert_str_eq(find_text(shop, "cafe creme"), "C2");
    ck_assert_str_eq(find_text(shop, "CAFÉ CRÈME"), "C2");
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__finds_codes_however_they_are_written)
{
    static const struct {
        const char *text;
        const char *sku;
    } cases[] = {{"usb-c", "C1"},    {"usbc", "C1"}, {"USB C cable", "C1"},   {"i5-1135g7", "L1"},
                 {"i51135g7", "L1"}, {"15.6", "L1"}, {"15,6\"", "L1"},        {"15.6 inch", "L1"},
                 {"2m cable", "C1"}, {"l1", "L1"},   {"note book 15.6", "L1"}};
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(strcmp(find_first(shop, cases[i].text), cases[i].sku) == 0, "%s found %s",
                      cases[i].text, find_first(shop, cases[i].text));
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__forgives_a_typo_and_takes_a_beginning)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);

    ck_assert_str_eq(find_text(shop, "offise"), "K2");
    ck_assert_str_eq(find_text(shop, "machnie"), "C2");
    ck_assert_str_eq(find_text(shop, "coff"), "C2");
    ck_assert_str_eq(find_first(shop, "gaming keyb"), "K1");
    ck_assert_str_eq(find_text(shop, "zzzzzz"), "");
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__knows_what_shops_also_call_it)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);

    ck_assert_str_eq(find_first(shop, "laptops"), "L1");
    ck_assert_str_eq(find_first(shop, "cord"), "C1");
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__a_text_of_many_words_finds_what_has_most_of_them)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);

    ck_assert_str_eq(find_first(shop, "gaming keyboard rgb mechanical switches"), "K1");
    ck_assert_str_eq(find_first(shop, "the best mouse for gaming under 50"), "M1");
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__sorted_by_price_it_keeps_to_what_has_all_words)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);

    ck_assert_str_eq(find(shop, AURORA_QUERY(.text = "gaming keyboard")), "K1 K2 M1 M2");
    ck_assert_str_eq(
        find(shop, AURORA_QUERY(.text = "gaming keyboard", .sort = AURORA_SORT_PRICE_UP)), "K1");
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__a_thing_comes_before_what_belongs_to_it)
{
    aurora_t *shop = open_shop(_i);
    put(shop, "A1", "Keyboard cover", "", "Acme", 100);
    put(shop, "A2", "Wrist rest for keyboard", "", "Acme", 100);
    put(shop, "A3", "Acme wireless desktop keyboard black 104 keys", "", "Acme", 100);

    ck_assert_str_eq(find_first(shop, "keyboard"), "A3");
    ck_assert_str_eq(find_first(shop, "keyboard cover"), "A1");
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__a_facet_counts_without_its_own_filter)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);

    aurora_search_page *page =
        search(shop, AURORA_QUERY(.text = "gaming", .category = "Mice", .brand = "Acme"));

    ck_assert_uint_eq(page->count, 1);
    ck_assert_uint_eq(page->total, 1);
    ck_assert_uint_eq(count_of(page, AURORA_FACET_CATEGORY, "Mice"), 1);
    ck_assert_uint_eq(count_of(page, AURORA_FACET_CATEGORY, "Keyboards"), 1);
    ck_assert_uint_eq(count_of(page, AURORA_FACET_CATEGORY, "Accessories"), 0);
    ck_assert_uint_eq(count_of(page, AURORA_FACET_BRAND, "Acme"), 1);
    ck_assert_uint_eq(count_of(page, AURORA_FACET_BRAND, "Bolt"), 0);
    aurora_search_page_free(page);
    page = search(shop, AURORA_QUERY(.brand = "Bolt"));
    ck_assert_uint_eq(count_of(page, AURORA_FACET_BRAND, "Bolt"), 3);
    ck_assert_uint_eq(count_of(page, AURORA_FACET_BRAND, "Acme"), 3);
    ck_assert_uint_eq(count_of(page, AURORA_FACET_CATEGORY, "Laptops"), 0);
    aurora_search_page_free(page);
    ck_assert_str_eq(find(shop, AURORA_QUERY(.text = "gaming", .category = "None")), "");
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__prices_filter_and_sort)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);
    put(shop, "M0", "Gaming Mouse mini", "Mice", "Acme", 3900);

    ck_assert_str_eq(find(shop, AURORA_QUERY(.text = "gaming", .sort = AURORA_SORT_PRICE_UP)),
                     "M2 M0 M1 K1");
    ck_assert_str_eq(find(shop, AURORA_QUERY(.text = "gaming", .sort = AURORA_SORT_PRICE_DOWN)),
                     "K1 M0 M1 M2");
    ck_assert_str_eq(
        find(shop, AURORA_QUERY(.text = "gaming", .price_min_minor = 900, .price_max_minor = 3900,
                                .sort = AURORA_SORT_PRICE_UP)),
        "M2 M0 M1");
    ck_assert_str_eq(find(shop, AURORA_QUERY(.price_min_minor = 19900)), "C2 L1");
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__newest_first_is_by_the_time_of_the_first_put)
{
    aurora_manual_clock manual;
    aurora_clock clock_of_manual;
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    aurora_t *shop = shop_open(_i ? file : "memory:", AURORA_OPTIONS(.clock = &clock_of_manual));
    put(shop, "B", "Cup", "", "", 1);
    aurora_manual_clock_advance(&manual, 1000);
    put(shop, "A", "Cup", "", "", 1);
    put(shop, "C", "Cup", "", "", 1);
    aurora_manual_clock_advance(&manual, 1000);
    put(shop, "B", "Cup", "", "", 2);

    ck_assert_str_eq(find(shop, AURORA_QUERY(.text = "cup", .sort = AURORA_SORT_NEWEST)), "A C B");
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__the_highlight_is_safe_html)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);
    aurora_assert_ok(
        aurora_product_put(shop,
                           AURORA_PRODUCT(.sku = "X", .name = "Lamp", .currency = "EUR",
                                          .description = "It's <b>bright</b> & \"warm\""),
                           AURORA_ANY_VERSION, NULL, NULL));

    aurora_search_page *page = search(shop, AURORA_QUERY(.text = "notebook pro"));
    ck_assert_str_eq(page->items[0]->highlight,
                     "<em>Notebook</em> 15.6&quot; i5-1135G7 &lt;<em>Pro</em>&gt;");
    aurora_search_page_free(page);
    page = search(shop, AURORA_QUERY(.text = "bright"));
    ck_assert_str_eq(page->items[0]->highlight,
                     "It&#39;s &lt;b&gt;<em>bright</em>&lt;/b&gt; &amp; &quot;warm&quot;");
    aurora_search_page_free(page);
    page = search(shop, AURORA_QUERY(.category = "Laptops"));
    ck_assert_str_eq(page->items[0]->highlight, "");
    aurora_search_page_free(page);
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__hits_are_whole_products)
{
    static const aurora_pair pairs[] = {{.name = "colour", .value = "petrol blue"},
                                        {.name = "empty", .value = ""}};
    aurora_t *shop = open_shop(_i);
    aurora_assert_ok(aurora_product_put(
        shop,
        AURORA_PRODUCT(.sku = "P", .name = "Chair", .description = "Oak", .brand = "Acme",
                       .category = "Chairs", .image_url = "/p.png", .price_minor = 5,
                       .currency = "EUR", .attributes = pairs, .attribute_count = 2),
        AURORA_ANY_VERSION, NULL, NULL));

    aurora_search_page *page = search(shop, AURORA_QUERY(.text = "petrol"));

    ck_assert_uint_eq(page->count, 1);
    const aurora_product *hit = page->items[0]->product;
    ck_assert_str_eq(hit->sku, "P");
    ck_assert_str_eq(hit->description, "Oak");
    ck_assert_str_eq(hit->image_url, "/p.png");
    ck_assert_int_eq(hit->price_minor, 5);
    ck_assert_uint_eq(hit->version, 1);
    ck_assert_uint_eq(hit->attribute_count, 2);
    ck_assert_str_eq(hit->attributes[0].value, "petrol blue");
    ck_assert_str_eq(hit->attributes[1].name, "empty");
    ck_assert_double_gt(page->items[0]->score, 0);
    aurora_search_page_free(page);
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__without_a_word_it_lists_everything_by_sku)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);

    ck_assert_str_eq(find(shop, AURORA_QUERY(.text = NULL)), "C1 C2 K1 K2 L1 M1 M2");
    ck_assert_str_eq(find_text(shop, ""), "C1 C2 K1 K2 L1 M1 M2");
    ck_assert_str_eq(find_text(shop, " -- \"*\" () "), "C1 C2 K1 K2 L1 M1 M2");
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__no_text_is_syntax)
{
    static const char *const texts[] = {
        "\"foo",   "AND",     "a-b",     "c++",     "NEAR(a b)", "name:gaming", "*",
        "(((",     "a OR",    "NOT a",   "^gaming", "'; DROP",   "{name} : x",  "\xF0\x9F\x98\x80",
        "gaming*", "+gaming", "-gaming", "a\tb\nc", "日本語",    "ﬁ½²",         "%s%n"};
    aurora_t *shop = open_shop(_i);
    char text[1025];
    put_catalogue(shop);

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        aurora_search_page_free(search(shop, AURORA_QUERY(.text = texts[i])));
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = "ab1-\" "[i % 6];
    text[sizeof text - 1] = '\0';
    aurora_search_page_free(search(shop, AURORA_QUERY(.text = text)));
    memset(text, 'x', sizeof text - 1);
    aurora_search_page_free(search(shop, AURORA_QUERY(.text = text)));
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__refuses_what_breaks_the_rules)
{
    aurora_t *shop = open_shop(_i);
    aurora_search_page *page = NULL;
    aurora_suggestion_page *suggestions = NULL;
    aurora_error err = AURORA_ERROR_INIT;

    aurora_assert_status(aurora_search(shop, AURORA_QUERY(.text = "a\xFF"), NULL, 0, &page, &err),
                         AURORA_EINVAL);
    ck_assert_str_eq(err.field, "text");
    aurora_assert_status(aurora_search(shop, AURORA_QUERY(.sort = 5), NULL, 0, &page, &err),
                         AURORA_EINVAL);
    ck_assert_str_eq(err.field, "sort");
    aurora_assert_status(aurora_search(shop, AURORA_QUERY(.text = "a"), NULL, 101, &page, &err),
                         AURORA_EINVAL);
    ck_assert_str_eq(err.field, "limit");
    aurora_assert_status(
        aurora_search(shop, AURORA_QUERY(.price_min_minor = -1), NULL, 0, &page, &err),
        AURORA_EINVAL);
    ck_assert_str_eq(err.field, "price_min_minor");
    aurora_assert_status(aurora_search(shop, AURORA_QUERY(.text = "a"), "x", 0, &page, &err),
                         AURORA_EINVAL);
    ck_assert_str_eq(err.field, "cursor");
    aurora_assert_status(aurora_search_suggest(shop, "", 0, &suggestions, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "prefix");
    aurora_assert_status(aurora_search_suggest(shop, "a", 21, &suggestions, &err), AURORA_EINVAL);
    ck_assert_ptr_null(page);
    aurora_close(shop);
}
END_TEST

START_TEST(test_cursor__pages_together_are_all_hits_once)
{
    aurora_t *shop = open_shop(_i);
    put_many(shop, 57);
    static const int32_t sorts[] = {AURORA_SORT_RELEVANCE, AURORA_SORT_PRICE_UP,
                                    AURORA_SORT_PRICE_DOWN, AURORA_SORT_NEWEST};

    for (size_t s = 0; s < sizeof sorts / sizeof *sorts; s++) {
        bool seen[57] = {false};
        char cursor[4096] = "";
        uint32_t pages = 0;
        uint32_t hits = 0;
        do {
            aurora_search_page *page =
                page_of(shop, AURORA_QUERY(.text = "cup", .sort = sorts[s]), cursor, 10);
            ck_assert_uint_eq(page->total, 57);
            ck_assert_uint_eq(page->facet_count > 0, pages == 0);
            for (uint32_t i = 0; i < page->count; i++) {
                unsigned number = 0;
                ck_assert_int_eq(sscanf(page->items[i]->product->sku, "S%u", &number), 1);
                ck_assert(!seen[number]);
                seen[number] = true;
            }
            hits += page->count;
            pages++;
            keep_cursor(page, cursor, sizeof cursor);
        } while (cursor[0] != '\0');
        ck_assert_uint_eq(hits, 57);
        ck_assert_uint_eq(pages, 6);
    }
    aurora_close(shop);
}
END_TEST

START_TEST(test_cursor__goes_on_behind_the_last_hit_although_others_came_and_went)
{
    aurora_t *shop = open_shop(_i);
    char cursor[4096];
    put_many(shop, 30);
    aurora_search_page *page = page_of(shop, AURORA_QUERY(.text = "cup"), "", 10);
    char last[16];
    snprintf(last, sizeof last, "%s", page->items[9]->product->sku);
    keep_cursor(page, cursor, sizeof cursor);

    aurora_assert_ok(aurora_product_delete(shop, "S003", AURORA_ANY_VERSION, NULL));
    put(shop, "S000a", "Cup", "Cups", "Acme", 100);
    for (int i = 0; i < 40; i++) {
        char sku[16];
        snprintf(sku, sizeof sku, "T%d", i);
        put(shop, sku, "Something else", "", "", 1);
    }
    page = page_of(shop, AURORA_QUERY(.text = "cup"), cursor, 100);

    ck_assert_str_eq(last, "S009");
    ck_assert_uint_eq(page->count, 20);
    ck_assert_str_eq(page->items[0]->product->sku, "S010");
    ck_assert_str_eq(page->items[19]->product->sku, "S029");
    aurora_search_page_free(page);
    aurora_close(shop);
}
END_TEST

START_TEST(test_cursor__is_of_one_search_only)
{
    aurora_t *shop = open_shop(_i);
    char cursor[4096];
    aurora_error err = AURORA_ERROR_INIT;
    put_many(shop, 30);
    keep_cursor(page_of(shop, AURORA_QUERY(.text = "cup"), "", 10), cursor, sizeof cursor);
    aurora_search_page *page = NULL;

    aurora_assert_status(aurora_search(shop, AURORA_QUERY(.text = "mug"), cursor, 0, &page, &err),
                         AURORA_EINVAL);
    aurora_assert_status(
        aurora_search(shop, AURORA_QUERY(.text = "cup", .brand = "Acme"), cursor, 0, &page, &err),
        AURORA_EINVAL);
    ck_assert_str_eq(err.field, "cursor");
    aurora_close(shop);
}
END_TEST

START_TEST(test_suggest__completes_words_and_phrases_the_popular_first)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);
    put(shop, "K3", "Gaming keyboard small", "Keyboards", "Acme", 1);

    ck_assert_str_eq(suggest(shop, "gam"), "gaming|gaming keyboard|gaming mouse");
    ck_assert_str_eq(suggest(shop, "gaming k"), "gaming keyboard|gaming keyboard rgb|"
                                                "gaming keyboard small");
    ck_assert_str_eq(suggest(shop, "CAF"), "café|café crème");
    ck_assert_str_eq(suggest(shop, "zzz"), "");
    ck_assert_str_eq(suggest(shop, "\"("), "");
    aurora_close(shop);
}
END_TEST

START_TEST(test_suggest__forgives_a_typo)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);

    ck_assert_ptr_nonnull(strstr(suggest(shop, "keybaord"), "keyboard"));
    ck_assert_ptr_nonnull(strstr(suggest(shop, "offixe key"), "office keyboard"));
    aurora_close(shop);
}
END_TEST

START_TEST(test_search__a_put_is_found_by_the_next_search_of_the_handle)
{
    aurora_t *shop = open_shop(_i);

    put(shop, "A", "Teapot", "", "", 1);
    ck_assert_str_eq(find_text(shop, "teapot"), "A");
    put(shop, "A", "Kettle", "", "", 1);
    ck_assert_str_eq(find_text(shop, "teapot"), "");
    ck_assert_str_eq(find_text(shop, "kettle"), "A");
    aurora_assert_ok(aurora_product_delete(shop, "A", AURORA_ANY_VERSION, NULL));
    ck_assert_str_eq(find_text(shop, "kettle"), "");
    put(shop, "A", "Kettle again", "", "", 1);
    ck_assert_str_eq(find_text(shop, "kettle"), "A");
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

static Suite *search_suite(void)
{
    Suite *suite = suite_create("search");
    TCase *tcase = tcase_create("search");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_search__finds_words_whatever_their_case_accents_and_number, 0,
                        2);
    tcase_add_loop_test(tcase, test_search__finds_codes_however_they_are_written, 0, 2);
    tcase_add_loop_test(tcase, test_search__forgives_a_typo_and_takes_a_beginning, 0, 2);
    tcase_add_loop_test(tcase, test_search__knows_what_shops_also_call_it, 0, 2);
    tcase_add_loop_test(tcase, test_search__a_text_of_many_words_finds_what_has_most_of_them, 0, 2);
    tcase_add_loop_test(tcase, test_search__sorted_by_price_it_keeps_to_what_has_all_words, 0, 2);
    tcase_add_loop_test(tcase, test_search__a_thing_comes_before_what_belongs_to_it, 0, 2);
    tcase_add_loop_test(tcase, test_search__a_facet_counts_without_its_own_filter, 0, 2);
    tcase_add_loop_test(tcase, test_search__prices_filter_and_sort, 0, 2);
    tcase_add_loop_test(tcase, test_search__newest_first_is_by_the_time_of_the_first_put, 0, 2);
    tcase_add_loop_test(tcase, test_search__the_highlight_is_safe_html, 0, 2);
    tcase_add_loop_test(tcase, test_search__hits_are_whole_products, 0, 2);
    tcase_add_loop_test(tcase, test_search__without_a_word_it_lists_everything_by_sku, 0, 2);
    tcase_add_loop_test(tcase, test_search__no_text_is_syntax, 0, 2);
    tcase_add_loop_test(tcase, test_search__refuses_what_breaks_the_rules, 0, 2);
    tcase_add_loop_test(tcase, test_cursor__pages_together_are_all_hits_once, 0, 2);
    tcase_add_loop_test(
        tcase, test_cursor__goes_on_behind_the_last_hit_although_others_came_and_went, 0, 2);
    tcase_add_loop_test(tcase, test_cursor__is_of_one_search_only, 0, 2);
    tcase_add_loop_test(tcase, test_suggest__completes_words_and_phrases_the_popular_first, 0, 2);
    tcase_add_loop_test(tcase, test_suggest__forgives_a_typo, 0, 2);
    tcase_add_loop_test(tcase, test_search__a_put_is_found_by_the_next_search_of_the_handle, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(search_suite)
