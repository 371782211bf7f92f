/* SPDX-License-Identifier: MIT */
/* The pure parts of a daemon's log: which levels, what is a repeat, what is not for anybody's eyes,
 * and how a line is written. */
#include <stdio.h>
#include <string.h>

#include "service/log_levels.h"
#include "service/log_line.h"
#include "service/log_packed.h"
#include "service/log_redact.h"
#include "service/log_repeats.h"
#include "test.h"

#include <aurora/handle.h>

#define SECOND INT64_C(1000000000)

/* --- levels ----------------------------------------------------------------------------------- */

static const char *rule_of(const char *text)
{
    static char rule[AURORA_LOG_RULE_BYTES];
    aurora_log_levels levels;
    rule[0] = '\0';
    return aurora_log_levels_parse(text, &levels, rule) ? "" : rule;
}

START_TEST(test_log_levels__one_for_all_and_some_of_their_own)
{
    char rule[AURORA_LOG_RULE_BYTES];
    aurora_log_levels levels;

    ck_assert(aurora_log_levels_parse(" http=WARN , error,store = Debug", &levels, rule));

    ck_assert_int_eq(levels.of[AURORA__LOG_COMPONENT_http], AURORA_LOG_WARNING);
    ck_assert_int_eq(levels.of[AURORA__LOG_COMPONENT_store], AURORA_LOG_DEBUG);
    ck_assert_int_eq(levels.of[AURORA__LOG_COMPONENT_engine], AURORA_LOG_ERROR);
    ck_assert_int_eq(levels.of[AURORA__LOG_COMPONENT_OTHER], AURORA_LOG_ERROR);
    ck_assert_int_eq(aurora_log_levels_library(&levels), AURORA_LOG_DEBUG);
    ck_assert(aurora_log_levels_parse("http=debug", &levels, rule));
    ck_assert_int_eq(levels.of[AURORA__LOG_COMPONENT_store], AURORA_LOG_INFO);
    ck_assert_int_eq(aurora_log_levels_library(&levels), AURORA_LOG_INFO);
}
END_TEST

START_TEST(test_log_levels__refusal_names_component_and_level)
{
    ck_assert_str_eq(rule_of("loud"), "must be debug, info, warning or error, not \"loud\"");
    ck_assert_str_eq(rule_of("info,http=loud"),
                     "must be debug, info, warning or error for http, not \"loud\"");
    ck_assert_str_eq(rule_of("info,htpp=debug"), "has no component \"htpp\": is \"http\" meant?");
    ck_assert_str_eq(rule_of("elephants=debug"),
                     "has no component \"elephants\" (docs/LOGS.md lists them)");
    ck_assert_str_eq(rule_of("info,http=debug,http=info"),
                     "must name one level for http, and names two");
    ck_assert_str_eq(rule_of("info,error"), "must name one level for all, and names two");
    ck_assert_str_eq(rule_of("info,"), "must be debug, info, warning or error, not \"\"");
    ck_assert_str_eq(rule_of("fatal"), "must be debug, info, warning or error, not \"fatal\"");
    ck_assert_str_ne(rule_of("=debug"), "");
    ck_assert_str_ne(rule_of("info,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=debug"),
                     "");
}
END_TEST

/* --- repeats ---------------------------------------------------------------------------------- */

static bool take(aurora__log_repeats *repeats, const char *message, int64_t now_ns)
{
    return aurora__log_repeats_take(repeats, AURORA_LOG_WARNING, "engine", message, now_ns);
}

START_TEST(test_log_repeats__kind_is_the_message_without_numbers_and_quotes)
{
    static aurora__log_repeats repeats;
    memset(&repeats, 0, sizeof repeats);
    repeats.most = 1;

    ck_assert(take(&repeats, "order 019a-77 of \"mug\" waits 12 ms", 1));

    ck_assert(!take(&repeats, "order 019b-08 of \"a \\ cup\" waits 9 ms", 2));
    ck_assert(take(&repeats, "order 019b-08 of \"cup\" waited 9 ms", 3));
    ck_assert(aurora__log_repeats_take(&repeats, AURORA_LOG_ERROR, "engine",
                                       "order 1 of \"mug\" waits 12 ms", 4));
    ck_assert(aurora__log_repeats_take(&repeats, AURORA_LOG_WARNING, "store",
                                       "order 1 of \"mug\" waits 12 ms", 5));
}
END_TEST

START_TEST(test_log_repeats__window_ends_with_a_count_and_begins_anew)
{
    static aurora__log_repeats repeats;
    aurora__log_repeated told;
    memset(&repeats, 0, sizeof repeats);
    repeats.most = 2;
    for (int i = 0; i < 5; i++)
        (void)take(&repeats, "again", SECOND + i);

    ck_assert(!aurora__log_repeats_end(&repeats, 10 * SECOND, &told));
    ck_assert(aurora__log_repeats_end(&repeats, 11 * SECOND, &told));
    ck_assert_uint_eq(told.left_out, 3);
    ck_assert_str_eq(told.message, "again");
    ck_assert_str_eq(told.component, "engine");
    ck_assert(!aurora__log_repeats_end(&repeats, INT64_MAX, &told));

    ck_assert(take(&repeats, "again", 12 * SECOND));
    ck_assert(take(&repeats, "again", 12 * SECOND));
    ck_assert(!take(&repeats, "again", 12 * SECOND));
    /* Seldom enough, and each is written. */
    ck_assert(take(&repeats, "seldom", 12 * SECOND));
    ck_assert(take(&repeats, "seldom", 20 * SECOND));
    ck_assert(take(&repeats, "seldom", 23 * SECOND));
    ck_assert(take(&repeats, "seldom", 24 * SECOND));
    ck_assert(!take(&repeats, "seldom", 25 * SECOND));
}
END_TEST

START_TEST(test_log_repeats__table_that_is_full_lets_pass)
{
    static aurora__log_repeats repeats;
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    aurora__log_repeated told;
    char message[3] = "";
    uint32_t passed = 0, told_of = 0;
    memset(&repeats, 0, sizeof repeats);
    repeats.most = 1;
    for (int i = 0; i < 26 * 26; i++) {
        message[0] = letters[i / 26];
        message[1] = letters[i % 26];
        passed += take(&repeats, message, 1);
        passed += take(&repeats, message, 1);
    }
    while (aurora__log_repeats_end(&repeats, INT64_MAX, &told))
        told_of++;

    ck_assert_uint_ge(told_of, AURORA__LOG_REPEATS_KINDS / 2);
    ck_assert_uint_le(told_of, AURORA__LOG_REPEATS_KINDS);
    ck_assert_uint_eq(passed, 2 * 26 * 26 - told_of);
    /* All of them are over, and may be used again. */
    ck_assert(take(&repeats, "fresh", 20 * SECOND));
    ck_assert(!take(&repeats, "fresh", 20 * SECOND));
}
END_TEST

START_TEST(test_log_repeats__none_is_cut_where_that_is_off)
{
    static aurora__log_repeats repeats;
    aurora__log_repeated told;
    memset(&repeats, 0, sizeof repeats);
    for (int i = 0; i < 100; i++)
        ck_assert(take(&repeats, "again", i));
    ck_assert(!aurora__log_repeats_end(&repeats, INT64_MAX, &told));
}
END_TEST

/* --- what is hidden --------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *shown; /* NULL = as it is */
} hidden[] = {
    {"nothing of the kind", NULL},
    {"", NULL},
    {"/orders/019a4c5e-7d2b-7a31-9f00-0123456789ab", NULL},
    {"/orders/01935124-7123-7123-8123-123456789012", NULL},
    {"publishes from 1764384000123456 on", NULL},
    {"a@b", NULL},
    {"who is ada.l+x@mail.example.org?", "who is [email]?"},
    {"<ada@example.org>,bob@example.org.", "<[email]>,[email]."},
    {"a***@example.org", NULL},
    {"card 4242424242424242 here", "card [card] here"},
    {"4242 4242 4242 4242", "[card]"},
    {"4242-4242-4242-4242/", "[card]/"},
    {"4242424242424243", NULL}, /* no check digit */
    {"9242424242424242", NULL},
    {"x4242424242424242", NULL},
    {"Authorization: Bearer abc.def-ghi==, and on", "Authorization: Bearer [secret], and on"},
    {"bearer of news", "bearer [secret] news"},
    {"eyJhbGciOi.eyJzdWIi.c2ln end", "[secret] end"},
    {"eyJhbGciOi", NULL},
    {"postgresql://aurora:hunter2@db.example.org/x", "postgresql://[secret]@db.example.org/x"},
    {"http://[::1]:8080/a@b.example", "http://[::1]:8080/[email]"},
};

START_TEST(test_log_redact__strangers_secrets_do_not_stand_in_a_log)
{
    char out[128];
    const char *text = hidden[_i].text;
    const char *shown = hidden[_i].shown != NULL ? hidden[_i].shown : text;
    aurora__log_redact(text, out, sizeof out);
    ck_assert_str_eq(out, shown);
    if (hidden[_i].shown != NULL)
        ck_assert(aurora__log_redact_is_needed(text, strlen(text)));
}
END_TEST

START_TEST(test_log_redact__result_never_passes_its_end)
{
    static const char text[] = "to ada@example.org and bob@example.org";
    for (size_t capacity = 1; capacity < sizeof text; capacity++) {
        char out[64];
        memset(out, 'x', sizeof out);
        aurora__log_redact(text, out, capacity);
        ck_assert_uint_lt(strnlen(out, sizeof out), capacity);
        ck_assert_int_eq(out[capacity], 'x');
        ck_assert_ptr_null(strchr(out, '@'));
    }
}
END_TEST

static bool is_needed(const char *text)
{
    return aurora__log_redact_is_needed(text, strlen(text));
}

/* Wherever it begins and whatever stands beside it: the look that comes first takes eight
 * characters at a time, and one of thirteen. */
START_TEST(test_log_redact__look_that_comes_first_finds_them_at_each_place)
{
    static const char *const secrets[] = {"a@b.example",
                                          "eyJh.b",
                                          "Bearer x",
                                          "bEARER x",
                                          "s://u:p@h",
                                          "4242424242424242",
                                          "4-2-4-2-4-2 4242424242",
                                          "4222222222222",
                                          "z@y.example"};
    static const char *const dull[] = {"", ".", "..............", "the cow jumps, ", "Hub #1, at "};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        for (size_t kind = 0; kind < sizeof dull / sizeof *dull; kind++) {
            for (int before = 0; before < 40; before++) {
                for (int behind = 0; behind < 24; behind++) {
                    char text[128] = "";
                    for (int at = 0; dull[kind][0] != '\0' && at < before; at++)
                        text[at] = dull[kind][at % (int)strlen(dull[kind])];
                    strcat(text, " :");
                    strcat(text, secrets[i]);
                    memset(text + strlen(text), '.', (size_t)behind);
                    ck_assert_msg(is_needed(text), "%s", text);
                }
            }
        }
    }
}
END_TEST

START_TEST(test_log_redact__look_that_comes_first_passes_what_is_plain)
{
    static const char *const plain[] = {
        "",
        "b",
        "be",
        "eyj",
        "JJJJJJJJJJJJJJJJ",
        "@@@@@@@@ bebebebebe",
        "order.completed 0193a124-71be-7be3-8b2e-12345b789012 contact=\"a***@example.org\"",
        "123456789012x12 34-56 78 90.12",
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        ck_assert_msg(!is_needed(plain[i]), "%s", plain[i]);
}
END_TEST

/* --- records as bytes ------------------------------------------------------------------------- */

START_TEST(test_log_packed__holds_what_fits_and_nothing_beyond)
{
    static char text[AURORA__LOG_PACKED_BYTES + 1], packed[AURORA__LOG_PACKED_BYTES + 8];
    const aurora_attribute one = {.key = "k", .kind = AURORA_ATTRIBUTE_TEXT, .text = "value"};
    aurora_log_record record = {.size = sizeof record,
                                .level = AURORA_LOG_INFO,
                                .flags = AURORA_LOG_EACH,
                                .component = "saga",
                                .message = text,
                                .attributes = &one,
                                .attribute_count = 1};
    const struct timespec at = {.tv_sec = 5, .tv_nsec = 7};
    size_t previous = 1;
    for (size_t len = 0; len < sizeof text; len++) {
        aurora__log_unpacked back;
        memset(text, 'm', len);
        memset(packed, 'x', sizeof packed);
        size_t bytes = aurora__log_pack(&at, &record, packed + 1);
        ck_assert_int_eq(packed[1 + AURORA__LOG_PACKED_BYTES], 'x');
        ck_assert(bytes == 0 || previous != 0); /* once it is too large it stays so */
        previous = bytes;
        if (bytes == 0)
            continue;
        aurora__log_unpack(packed + 1, &back);
        ck_assert_int_eq(back.at.tv_nsec, 7);
        ck_assert_uint_eq(back.record.flags, AURORA_LOG_EACH);
        ck_assert_ptr_null(back.record.trace);
        ck_assert_str_eq(back.record.message, text);
        ck_assert_str_eq(back.attributes[0].text, "value");
    }
    ck_assert_uint_eq(previous, 0);
}
END_TEST

START_TEST(test_log_packed__refuses_more_attributes_than_it_gives_back)
{
    static aurora_attribute many[AURORA__LOG_PACKED_ATTRIBUTES + 1];
    static char packed[AURORA__LOG_PACKED_BYTES];
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        many[i] = (aurora_attribute){.key = "k", .kind = AURORA_ATTRIBUTE_INT};
    aurora_log_record record = {.component = "", .message = "", .attributes = many};
    record.attribute_count = AURORA__LOG_PACKED_ATTRIBUTES;
    ck_assert_uint_ne(aurora__log_pack(&(struct timespec){0}, &record, packed), 0);
    record.attribute_count++;
    ck_assert_uint_eq(aurora__log_pack(&(struct timespec){0}, &record, packed), 0);
}
END_TEST

/* --- lines ------------------------------------------------------------------------------------ */

START_TEST(test_log_line__what_has_to_be_escaped_is_so_at_each_place)
{
    static const struct {
        const char *text, *written;
    } odd[] = {{"\"", "\\\""},
               {"\\", "\\\\"},
               {"\n", "\\n"},
               {"\t", "\\t"},
               {"\x01", "\\u0001"},
               {"\x7f", "\\u007f"},
               {"\xc3\xa9", "\xc3\xa9"},
               {"\xff", "\xef\xbf\xbd"},
               {"~", "~"}};
    static aurora__log_line line;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        for (int before = 0; before < 20; before++) {
            for (int behind = 0; behind < 20; behind++) {
                char text[64], expected[80];
                snprintf(text, sizeof text, "%.*s%s%.*s", before, "~~~~~~~~~~~~~~~~~~~~",
                         odd[i].text, behind, "                    ");
                snprintf(expected, sizeof expected, "{\"a\":\"%.*s%s%.*s\"}\n", before,
                         "~~~~~~~~~~~~~~~~~~~~", odd[i].written, behind, "                    ");
                aurora__log_line_begin(&line);
                aurora__log_line_text(&line, "a", text);
                aurora__log_line_end(&line);
                ck_assert_uint_eq(line.len, strlen(expected));
                ck_assert_int_eq(memcmp(line.text, expected, line.len), 0);
            }
        }
    }
}
END_TEST

START_TEST(test_log_line__too_long_a_text_ends_with_dots)
{
    static aurora__log_line line;
    static char text[AURORA__LOG_VALUE_BYTES + 64];
    for (size_t len = AURORA__LOG_VALUE_BYTES - 16; len < sizeof text; len++) {
        memset(text, 'x', len);
        text[len] = '\0';
        aurora__log_line_begin(&line);
        aurora__log_line_text(&line, "a", text);
        line.text[line.len] = '\0';
        bool is_whole = len <= AURORA__LOG_VALUE_BYTES - 5;
        ck_assert_uint_le(line.len, AURORA__LOG_VALUE_BYTES + 5);
        ck_assert_str_eq(line.text + line.len - 5, is_whole ? "xxxx\"" : "x...\"");
    }
}
END_TEST

START_TEST(test_log_line__numbers_are_whole)
{
    static aurora__log_line line;
    aurora__log_line_begin(&line);
    aurora__log_line_uint(&line, "a", 0);
    aurora__log_line_uint(&line, "b", UINT64_MAX);
    aurora__log_line_int(&line, "c", INT64_MIN);
    line.text[line.len] = '\0';
    ck_assert_str_eq(line.text, "{\"a\":0,\"b\":18446744073709551615,\"c\":-9223372036854775808");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("service_log_parts");
    TCase *tc = tcase_create("service_log_parts");
    tcase_add_test(tc, test_log_levels__one_for_all_and_some_of_their_own);
    tcase_add_test(tc, test_log_levels__refusal_names_component_and_level);
    tcase_add_test(tc, test_log_repeats__kind_is_the_message_without_numbers_and_quotes);
    tcase_add_test(tc, test_log_repeats__window_ends_with_a_count_and_begins_anew);
    tcase_add_test(tc, test_log_repeats__table_that_is_full_lets_pass);
    tcase_add_test(tc, test_log_repeats__none_is_cut_where_that_is_off);
    tcase_add_loop_test(tc, test_log_redact__strangers_secrets_do_not_stand_in_a_log, 0,
                        (int)(sizeof hidden / sizeof *hidden));
    tcase_add_test(tc, test_log_redact__result_never_passes_its_end);
    tcase_add_test(tc, test_log_redact__look_that_comes_first_finds_them_at_each_place);
    tcase_add_test(tc, test_log_redact__look_that_comes_first_passes_what_is_plain);
    tcase_add_test(tc, test_log_packed__holds_what_fits_and_nothing_beyond);
    tcase_add_test(tc, test_log_packed__refuses_more_attributes_than_it_gives_back);
    tcase_add_test(tc, test_log_line__what_has_to_be_escaped_is_so_at_each_place);
    tcase_add_test(tc, test_log_line__too_long_a_text_ends_with_dots);
    tcase_add_test(tc, test_log_line__numbers_are_whole);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)
