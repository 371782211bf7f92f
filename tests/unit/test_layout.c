/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/aurora.h>
#include <aurora/layout.h>

#include "test.h"

static FILE *open_pins(void)
{
    char path[512];
    const char *root = getenv("AURORA_SOURCE_DIR");
    FILE *file = fopen(
        aurora_test_path(path, sizeof path, root == NULL ? "." : root, "tests/abi/pins.inc"), "r");
    ck_assert_msg(file != NULL, "%s", path);
    return file;
}

/* pins.inc is made of the headers themselves: what is new there is missed here. */
START_TEST(test_layout__each_struct_of_the_headers_has_its_row)
{
    FILE *file = open_pins();
    char line[256], kind[16], name[64];
    unsigned bytes, found = 0;
    uint32_t count = 0;

    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "PIN_%15[A-Z](%63[a-z_], %u)", kind, name, &bytes) != 3 ||
            strcmp(kind, "MEMBER") == 0 || strcmp(kind, "VALUE") == 0)
            continue;
        const aurora_layout *row = aurora_layout_find(name);
        ck_assert_msg(row != NULL, "%s has no row", name);
        ck_assert_msg(row->is_pinned == (strcmp(kind, "SIZE") == 0), "%s", name);
        ck_assert_msg(row->bytes == bytes, "%s has %u bytes, %u are pinned", name, row->bytes,
                      bytes);
        found++;
    }
    fclose(file);

    aurora_layout_table(&count);
    ck_assert_uint_eq(found, count);
}
END_TEST

START_TEST(test_layout__rows_are_sorted_and_found)
{
    uint32_t count = 0;
    const aurora_layout *table = aurora_layout_table(&count);

    for (uint32_t i = 0; i < count; i++) {
        ck_assert_ptr_eq(aurora_layout_find(table[i].name), &table[i]);
        if (i > 0)
            ck_assert_int_lt(strcmp(table[i - 1].name, table[i].name), 0);
    }
    ck_assert_uint_eq(aurora_layout_find("aurora_error")->bytes, sizeof(aurora_error));
    ck_assert_ptr_null(aurora_layout_find("aurora_erro"));
    ck_assert_ptr_null(aurora_layout_find(NULL));
}
END_TEST

/* What AURORA_ERROR_INIT and an inline comparison are in C, exported. */
START_TEST(test_layout__twins_of_what_only_a_compiler_sees)
{
    aurora_error err;
    aurora_id low = {{1}}, high = {{2}};

    memset(&err, 0xff, sizeof err);
    aurora_error_init(&err);

    ck_assert_uint_eq(err.size, sizeof err);
    ck_assert_int_eq(err.status, AURORA_OK);
    ck_assert_str_eq(err.field, "");
    ck_assert_str_eq(err.message, "");
    ck_assert_int_lt(aurora_id_compare(low, high), 0);
    ck_assert_int_gt(aurora_id_compare(high, low), 0);
    ck_assert_int_eq(aurora_id_compare(low, low), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("layout");
    TCase *tc = tcase_create("layout");
    tcase_add_test(tc, test_layout__each_struct_of_the_headers_has_its_row);
    tcase_add_test(tc, test_layout__rows_are_sorted_and_found);
    tcase_add_test(tc, test_layout__twins_of_what_only_a_compiler_sees);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)
