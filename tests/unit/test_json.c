/* SPDX-License-Identifier: MIT */
#include "core/json.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static char memory[1 << 16];
static aurora__arena arena;

static void *never_grow(void *self, size_t bytes, size_t *size_out)
{
    (void)self;
    (void)bytes;
    (void)size_out;
    return NULL;
}

static void setup(void)
{
    arena = (aurora__arena){.at = memory, .end = memory + sizeof memory, .grow = never_grow};
}

static const char *written(const char *text)
{
    aurora__json json;
    aurora__json_begin(&json, &arena, 0);
    aurora__json_text(&json, text);
    return aurora__json_end(&json);
}

/* A reader over a copy of exactly that length, so that a sanitizer sees a step beyond it. */
static aurora__json_reader reader_of(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length == 0 ? 1 : length);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, length);
    aurora__json_reader reader;
    aurora__json_read(&reader, copy, length);
    return reader;
}

static void release(const char *start)
{
    free((void *)(uintptr_t)start);
}

START_TEST(test_json__texts_are_quoted_and_escaped)
{
    ck_assert_str_eq(written("plain"), "\"plain\"");
    ck_assert_str_eq(written(""), "\"\"");
    ck_assert_str_eq(written("a\"b\\c"), "\"a\\\"b\\\\c\"");
    ck_assert_str_eq(written("\x01\t\n\x1F"), "\"\\u0001\\u0009\\u000a\\u001f\"");
    ck_assert_str_eq(written("\x7F gr\xC3\xBC\xC3\x9F"), "\"\x7F gr\xC3\xBC\xC3\x9F\"");
    ck_assert_str_eq(written(NULL), "null");
}
END_TEST

START_TEST(test_json__every_byte_but_0_survives_writing_and_reading)
{
    char text[256];
    for (int i = 0; i < 255; i++)
        text[i] = (char)(i + 1);
    text[255] = '\0';
    const char *json = written(text);
    aurora__json_reader reader;

    aurora__json_read(&reader, json, strlen(json));
    const char *read = aurora__json_take_text(&reader, &arena);

    ck_assert(!reader.is_failed);
    ck_assert_str_eq(read, text);
    ck_assert_ptr_eq(reader.at, reader.end);
}
END_TEST

START_TEST(test_json__integers_survive_to_both_ends)
{
    static const int64_t numbers[] = {0, 1, -1, 9, 10, -10, 1000000000000, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        aurora__json json;
        aurora__json_reader reader;
        aurora__json_begin(&json, &arena, 1);
        aurora__json_integer(&json, numbers[i]);
        const char *text = aurora__json_end(&json);

        aurora__json_read(&reader, text, strlen(text));
        ck_assert_int_eq(aurora__json_take_integer(&reader), numbers[i]);
        ck_assert(!reader.is_failed);
        ck_assert_ptr_eq(reader.at, reader.end);
    }
}
END_TEST

START_TEST(test_json__integers_beyond_64_bits_and_other_numbers_fail)
{
    static const char *const texts[] = {
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999",
        "18446744073709551616",
        "-",
        "",
        "+1",
        "x",
        " 1",
        "\"1\"",
        "]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        aurora__json_reader reader = reader_of(texts[i]);
        const char *start = reader.at;
        ck_assert_int_eq(aurora__json_take_integer(&reader), 0);
        ck_assert_msg(reader.is_failed, "\"%s\"", texts[i]);
        release(start);
    }
}
END_TEST

START_TEST(test_json__damaged_texts_fail_and_never_read_beyond_the_end)
{
    static const char *const texts[] = {
        "",
        "\"",
        "\"abc",
        "abc",
        "nul",
        "\"\\",
        "\"\\\"",
        "\"\\n\"",
        "\"\\u\"",
        "\"\\u0\"",
        "\"\\u00\"",
        "\"\\u000\"",
        "\"\\u0020\"",
        "\"\\u0100\"",
        "\"\\u00g1\"",
        "\"\\u0000\"",
        "\"\\u001F\"",
        "\"\\x41\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        aurora__json_reader reader = reader_of(texts[i]);
        const char *start = reader.at;
        aurora__json_take_text(&reader, &arena);
        ck_assert_msg(reader.is_failed, "%s", texts[i]);
        ck_assert_msg(reader.at <= reader.end, "%s", texts[i]);
        release(start);
    }
}
END_TEST

START_TEST(test_json__null_is_read_as_no_text)
{
    aurora__json_reader reader = reader_of("null,\"null\"");
    const char *start = reader.at;

    const char *none = aurora__json_take_text(&reader, &arena);
    aurora__json_expect(&reader, ',');
    const char *text = aurora__json_take_text(&reader, &arena);

    ck_assert(!reader.is_failed);
    ck_assert_ptr_null(none);
    ck_assert_str_eq(text, "null");
    release(start);
}
END_TEST

static uint32_t count_of(const char *text, bool *is_failed_out)
{
    aurora__json_reader reader = reader_of(text);
    const char *start = reader.at;
    uint32_t count = 0;
    uint32_t taken = 0;
    aurora__json_expect(&reader, '[');
    while (aurora__json_next(&reader, &count)) {
        aurora__json_take_integer(&reader);
        taken++;
        if (reader.is_failed)
            break;
    }
    *is_failed_out = reader.is_failed;
    release(start);
    return taken;
}

START_TEST(test_json__arrays_are_walked_to_their_bracket)
{
    bool is_failed;

    ck_assert_uint_eq(count_of("[]", &is_failed), 0);
    ck_assert(!is_failed);
    ck_assert_uint_eq(count_of("[1]", &is_failed), 1);
    ck_assert(!is_failed);
    ck_assert_uint_eq(count_of("[1,-2,3]", &is_failed), 3);
    ck_assert(!is_failed);
}
END_TEST

START_TEST(test_json__damaged_arrays_fail)
{
    static const char *const texts[] = {"",      "[",     "[1",  "[1,", "[1,]", "[,1]",
                                        "[1 2]", "[1;2]", "{1}", "[1}", "[ 1]", "[1, 2]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        bool is_failed = false;
        count_of(texts[i], &is_failed);
        ck_assert_msg(is_failed, "%s", texts[i]);
    }
}
END_TEST

START_TEST(test_json__skip_takes_exactly_one_value_of_any_kind)
{
    static const char *const values[] = {"1",
                                         "-17",
                                         "null",
                                         "true",
                                         "\"a,]\\\"b\"",
                                         "[]",
                                         "[1,[2,\"]\"],3]",
                                         "{\"a\":[1,{}],\"b\":2}"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[64] = "";
        size_t length = strlen(values[i]);
        memcpy(text, values[i], length);
        memcpy(text + length, ",9]", 4);
        aurora__json_reader reader = reader_of(text);
        const char *start = reader.at;
        size_t skipped = 0;

        const char *at = aurora__json_skip(&reader, &skipped);

        ck_assert(!reader.is_failed);
        ck_assert_ptr_eq(at, start);
        ck_assert_uint_eq(skipped, length);
        ck_assert(aurora__json_accept(&reader, ','));
        release(start);
    }
}
END_TEST

START_TEST(test_json__skip_of_an_unfinished_value_fails)
{
    static const char *const texts[] = {"", "[", "[1,2", "\"abc", "{\"a\":", "[[]", "\"\\"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        aurora__json_reader reader = reader_of(texts[i]);
        const char *start = reader.at;
        size_t skipped;
        aurora__json_skip(&reader, &skipped);
        ck_assert_msg(reader.is_failed, "%s", texts[i]);
        release(start);
    }
}
END_TEST

START_TEST(test_json__failed_reader_answers_empty_values)
{
    aurora__json_reader reader = reader_of("x[1,\"a\"]");
    const char *start = reader.at;
    uint32_t count = 0;

    aurora__json_expect(&reader, '[');

    ck_assert(reader.is_failed);
    ck_assert(!aurora__json_next(&reader, &count));
    ck_assert(!aurora__json_accept(&reader, 'x'));
    ck_assert_int_eq(aurora__json_take_integer(&reader), 0);
    ck_assert_ptr_null(aurora__json_take_text(&reader, &arena));
    release(start);
}
END_TEST

START_TEST(test_json__ids_are_32_digits_in_quotes)
{
    static const char *const damaged[] = {"",
                                          "\"",
                                          "\"0123\"",
                                          "\"000102030405060708090A0b0c0d0e0f\"",
                                          "\"000102030405060708090a0b0c0d0e0fx",
                                          "null",
                                          "\"000102030405060708090a0b0c0d0e0"};
    uint8_t id[16];
    uint8_t read[16] = {0};
    for (int i = 0; i < 16; i++)
        id[i] = (uint8_t)(i * 17);
    aurora__json json;
    aurora__json_begin(&json, &arena, 4);
    aurora__json_id(&json, id);
    const char *text = aurora__json_end(&json);
    ck_assert_str_eq(text, "\"00112233445566778899aabbccddeeff\"");

    aurora__json_reader reader = reader_of(text);
    const char *start = reader.at;
    aurora__json_take_id(&reader, read);
    ck_assert(!reader.is_failed);
    ck_assert_mem_eq(read, id, 16);
    release(start);

    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        reader = reader_of(damaged[i]);
        start = reader.at;
        aurora__json_take_id(&reader, read);
        ck_assert_msg(reader.is_failed, "%s", damaged[i]);
        release(start);
    }
}
END_TEST

START_TEST(test_json__no_memory_gives_no_text)
{
    aurora__json json;
    arena.end = arena.at + 16;
    aurora__json_begin(&json, &arena, 4);

    aurora__json_text(&json, "longer than all that is left");
    aurora__json_integer(&json, 1);

    ck_assert_ptr_null(aurora__json_end(&json));
    aurora__json_begin(&json, &arena, 400);
    aurora__json_char(&json, '[');
    ck_assert_ptr_null(aurora__json_end(&json));
}
END_TEST

START_TEST(test_json__no_memory_to_read_into_is_no_damage)
{
    aurora__json_reader sound = reader_of("\"longer than all that is left\"");
    aurora__json_reader damaged = reader_of("\"longer than all that is left");
    const char *starts[] = {sound.at, damaged.at};
    arena.end = arena.at + 16;
    aurora_assert_ok(aurora__json_status(&sound));

    aurora__json_take_text(&sound, &arena);
    aurora__json_take_text(&damaged, &arena);

    aurora_assert_status(aurora__json_status(&sound), AURORA_ENOMEM);
    aurora_assert_status(aurora__json_status(&damaged), AURORA_ECORRUPT);
    release(starts[0]);
    release(starts[1]);
}
END_TEST

static Suite *json_suite(void)
{
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("json");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, test_json__texts_are_quoted_and_escaped);
    tcase_add_test(tcase, test_json__every_byte_but_0_survives_writing_and_reading);
    tcase_add_test(tcase, test_json__integers_survive_to_both_ends);
    tcase_add_test(tcase, test_json__integers_beyond_64_bits_and_other_numbers_fail);
    tcase_add_test(tcase, test_json__damaged_texts_fail_and_never_read_beyond_the_end);
    tcase_add_test(tcase, test_json__null_is_read_as_no_text);
    tcase_add_test(tcase, test_json__arrays_are_walked_to_their_bracket);
    tcase_add_test(tcase, test_json__damaged_arrays_fail);
    tcase_add_test(tcase, test_json__skip_takes_exactly_one_value_of_any_kind);
    tcase_add_test(tcase, test_json__skip_of_an_unfinished_value_fails);
    tcase_add_test(tcase, test_json__failed_reader_answers_empty_values);
    tcase_add_test(tcase, test_json__ids_are_32_digits_in_quotes);
    tcase_add_test(tcase, test_json__no_memory_gives_no_text);
    tcase_add_test(tcase, test_json__no_memory_to_read_into_is_no_damage);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(json_suite)
