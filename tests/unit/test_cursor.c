/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "api/cursor.h"
#include "test.h"

static aurora_value number(int64_t value)
{
    return (aurora_value){.kind = AURORA_COLUMN_INT64, .number = value};
}

static aurora_value text(const char *value)
{
    return (aurora_value){
        .kind = AURORA_COLUMN_TEXT, .length = (uint32_t)strlen(value), .bytes = value};
}

START_TEST(test_cursor__key_comes_back)
{
    uint8_t id[16];
    memset(id, 0xA5, sizeof id);
    aurora_value key[] = {number(INT64_MIN),
                          text("caf\xC3\xA9"),
                          text(""),
                          {.kind = AURORA_COLUMN_UUID, .length = 16, .bytes = id},
                          {.kind = AURORA_COLUMN_TIME, .number = 1700000000123}};
    char written[AURORA__CURSOR_TEXT_BYTES];
    aurora__cursor read;

    size_t length = aurora__cursor_write("orders", 7, key, 5, written);
    aurora_assert_ok(aurora__cursor_read(written, "orders", 7, &read, NULL));

    ck_assert_uint_eq(length, strlen(written));
    ck_assert_uint_eq(read.key_count, 5);
    ck_assert_int_eq(read.key[0].number, INT64_MIN);
    ck_assert_str_eq(read.key[1].bytes, "caf\xC3\xA9");
    ck_assert_uint_eq(read.key[1].length, 5);
    ck_assert_str_eq(read.key[2].bytes, "");
    ck_assert_mem_eq(read.key[3].bytes, id, 16);
    ck_assert_int_eq(read.key[4].kind, AURORA_COLUMN_TIME);
    ck_assert_int_eq(read.key[4].number, 1700000000123);
}
END_TEST

START_TEST(test_cursor__text_is_safe_in_a_url)
{
    char written[AURORA__CURSOR_TEXT_BYTES];
    for (uint64_t i = 0; i < 300; i++) {
        aurora_value key = number((int64_t)(i * 0x0123456789ABCDEF));

        aurora__cursor_write("orders", i, &key, 1, written);

        size_t safe = strspn(written, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_");
        ck_assert_uint_eq(safe, strlen(written));
    }
}
END_TEST

START_TEST(test_cursor__null_is_the_first_page)
{
    aurora__cursor read;

    aurora_assert_ok(aurora__cursor_read(NULL, "orders", 1, &read, NULL));

    ck_assert_uint_eq(read.key_count, 0);
}
END_TEST

START_TEST(test_cursor__other_list_or_filter_is_refused)
{
    aurora_value key = number(1);
    char written[AURORA__CURSOR_TEXT_BYTES];
    aurora__cursor read;
    aurora_error err = AURORA_ERROR_INIT;
    uint64_t eur = aurora__cursor_hash_text(AURORA__CURSOR_NO_FILTER, "EUR");
    uint64_t gbp = aurora__cursor_hash_text(AURORA__CURSOR_NO_FILTER, "GBP");
    aurora__cursor_write("orders", eur, &key, 1, written);

    aurora_status filter = aurora__cursor_read(written, "orders", gbp, &read, &err);
    aurora_status list = aurora__cursor_read(written, "sagas", eur, &read, NULL);

    aurora_assert_status(filter, AURORA_EINVAL);
    aurora_assert_status(list, AURORA_EINVAL);
    ck_assert_str_eq(err.field, "cursor");
}
END_TEST

START_TEST(test_cursor__filter_tells_absent_from_empty)
{
    uint64_t none = aurora__cursor_hash_text(AURORA__CURSOR_NO_FILTER, NULL);
    uint64_t empty = aurora__cursor_hash_text(AURORA__CURSOR_NO_FILTER, "");

    ck_assert(none != empty);
    ck_assert(aurora__cursor_hash_number(none, 0) != aurora__cursor_hash_number(none, 1));
    ck_assert(aurora__cursor_hash_text(aurora__cursor_hash_text(0, "a"), "bc") !=
              aurora__cursor_hash_text(aurora__cursor_hash_text(0, "ab"), "c"));
}
END_TEST

START_TEST(test_cursor__each_damaged_character_is_found)
{
    aurora_value key[] = {text("mug"), number(42)};
    char written[AURORA__CURSOR_TEXT_BYTES], damaged[AURORA__CURSOR_TEXT_BYTES];
    aurora__cursor read;
    size_t length = aurora__cursor_write("products", 1, key, 2, written);
    static const char others[] = "Ab0_=\x80 ";

    for (size_t i = 0; i < length; i++) {
        for (const char *other = others; *other != '\0'; other++) {
            if (written[i] == *other)
                continue;
            memcpy(damaged, written, length + 1);
            damaged[i] = *other;
            ck_assert_msg(aurora__cursor_read(damaged, "products", 1, &read, NULL) == AURORA_EINVAL,
                          "%zu %c", i, *other);
        }
    }
}
END_TEST

START_TEST(test_cursor__cut_or_longer_text_is_refused)
{
    aurora_value key = text("mug");
    char written[AURORA__CURSOR_TEXT_BYTES], other[AURORA__CURSOR_TEXT_BYTES];
    aurora__cursor read;
    size_t length = aurora__cursor_write("products", 1, &key, 1, written);

    for (size_t cut = 0; cut < length; cut++) {
        memcpy(other, written, cut);
        other[cut] = '\0';
        aurora_assert_status(aurora__cursor_read(other, "products", 1, &read, NULL), AURORA_EINVAL);
    }
    memcpy(other, written, length);
    memcpy(other + length, "AAAA", 5);
    aurora_assert_status(aurora__cursor_read(other, "products", 1, &read, NULL), AURORA_EINVAL);
}
END_TEST

START_TEST(test_cursor__endless_text_is_refused)
{
    static char endless[100000];
    aurora__cursor read;
    memset(endless, 'A', sizeof endless - 1);

    aurora_assert_status(aurora__cursor_read(endless, "orders", 1, &read, NULL), AURORA_EINVAL);
}
END_TEST

START_TEST(test_cursor__longest_key_fits_and_one_byte_more_does_not)
{
    static char bytes[AURORA__CURSOR_BYTES_MAX + 1];
    char written[AURORA__CURSOR_TEXT_BYTES];
    aurora__cursor read;
    memset(bytes, 'x', AURORA__CURSOR_BYTES_MAX - 1);
    aurora_value key = text(bytes);

    ck_assert_uint_gt(aurora__cursor_write("orders", 1, &key, 1, written), 0);
    aurora_assert_ok(aurora__cursor_read(written, "orders", 1, &read, NULL));
    ck_assert_str_eq(read.key[0].bytes, bytes);
    key.length++;
    ck_assert_uint_eq(aurora__cursor_write("orders", 1, &key, 1, written), 0);
    ck_assert_str_eq(written, "");
}
END_TEST

static Suite *cursor_suite(void)
{
    Suite *suite = suite_create("cursor");
    TCase *tcase = tcase_create("cursor");
    tcase_add_test(tcase, test_cursor__key_comes_back);
    tcase_add_test(tcase, test_cursor__text_is_safe_in_a_url);
    tcase_add_test(tcase, test_cursor__null_is_the_first_page);
    tcase_add_test(tcase, test_cursor__other_list_or_filter_is_refused);
    tcase_add_test(tcase, test_cursor__filter_tells_absent_from_empty);
    tcase_add_test(tcase, test_cursor__each_damaged_character_is_found);
    tcase_add_test(tcase, test_cursor__cut_or_longer_text_is_refused);
    tcase_add_test(tcase, test_cursor__endless_text_is_refused);
    tcase_add_test(tcase, test_cursor__longest_key_fits_and_one_byte_more_does_not);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(cursor_suite)
