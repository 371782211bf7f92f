/* SPDX-License-Identifier: MIT */
/* Search through the public API, over memory and over a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shop.h"

static char *folder;
static char file[512];
static char index_file[544];

static void start(void)
{
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
    snprintf(index_file, sizeof index_file, "%s.search", file);
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

/* --- finding ---------------------------------------------------------------------------------- */

START_TEST(test_search__finds_words_whatever_their_case_accents_and_number)
{
    aurora_t *shop = open_shop(_i);
    put_catalogue(shop);

    ck_assert_str_eq(find_text(shop, "office keyboard"), "K2");
    ck_assert_str_eq(find_text(shop, "OFFICE KEYBOARDS"), "K2");
    ck_assert_str_eq(find_text(shop, "cafe creme"), "C2");
    ck_assert_str_eq(find_text(shop, "CAFÉ CRÈME"), "C2");
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
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(search_suite)
