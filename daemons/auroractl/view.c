/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "time_text.h"

bool ctl_print_json(aurora_json_out *out)
{
    size_t length = 0;
    char *text = aurora_json_out_end(out, &length);
    if (text == NULL) {
        ctl_refuse("out of memory");
        return false;
    }
    puts(text);
    free(text);
    return true;
}

static bool is_nothing(aurora_json_value object, const char *field)
{
    aurora_json_value value = ctl_field(object, field);
    const char *text = ctl_field_text(object, field);
    if (text != NULL)
        return text[0] == 0;
    int64_t number = 0;
    aurora_json_error error;
    return !aurora_json_is_present(value) ||
           !aurora_json_integer(value, INT64_MIN, INT64_MAX, &number, &error);
}

/* The text that a column shows of an object, in `out` or the document. */
static const char *column_text(const ctl_column *column, aurora_json_value object, ctl_cell out)
{
    const char *field = column->field;
    char time[CTL_TIME_BYTES];
    if (column->show == SHOW_CUSTOM)
        return column->custom(object, out);
    if (is_nothing(object, field))
        return "-";
    switch (column->show) {
    case SHOW_NUMBER:
        return ctl_number_show(ctl_field_number(object, field), out);
    case SHOW_SECONDS:
        return ctl_number_show(ctl_field_number(object, field) / 1000, out);
    case SHOW_MONEY: {
        const char *currency = ctl_field_text(object, "currency");
        return ctl_money_show(ctl_field_number(object, field), currency == NULL ? "" : currency,
                              out);
    }
    case SHOW_TIME:
        snprintf(out, CTL_CELL_BYTES, "%s", ctl_time_show(ctl_field_time(object, field), time));
        return out;
    default:
        return ctl_field_text(object, field);
    }
}

void ctl_view_rows(const ctl_view *view, aurora_json_value array)
{
    const char *headings[CTL_COLUMNS_MAX];
    uint32_t count = 0;
    aurora_json_error error;
    ctl_table table;
    ctl_cell cell;
    for (uint32_t i = 0; i < view->count; i++)
        headings[i] = view->columns[i].heading;
    if (aurora_json_is_present(array) && !aurora_json_array(array, 0, UINT32_MAX, &count, &error))
        count = 0;
    ctl_table_init(&table, headings, view->count);
    for (uint32_t row = 0; row < count; row++) {
        aurora_json_value item = aurora_json_item(array, row);
        for (uint32_t i = 0; i < view->count; i++)
            ctl_table_text(&table, column_text(&view->columns[i], item, cell));
    }
    ctl_table_print(&table, view->nothing);
}

void ctl_view_record(const ctl_view *view, aurora_json_value object)
{
    static const char *const headings[] = {"", ""};
    bool is_right = view->count > 0 && view->columns[0].show == SHOW_NUMBER;
    static const char *const right[] = {"", ">"};
    ctl_table table;
    ctl_cell cell;
    ctl_table_init(&table, is_right ? right : headings, 2);
    for (uint32_t i = 0; i < view->count; i++) {
        const char *text = column_text(&view->columns[i], object, cell);
        if (strcmp(text, "-") == 0)
            continue;
        ctl_table_text(&table, view->columns[i].heading);
        ctl_table_text(&table, text);
    }
    ctl_table_print(&table, view->nothing);
}

void ctl_view_pairs(aurora_json_value object)
{
    uint32_t count = 0;
    aurora_json_error error;
    if (!aurora_json_is_present(object) || !aurora_json_members(object, UINT32_MAX, &count, &error))
        return;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = NULL, *text = NULL;
        aurora_json_value value;
        aurora_json_member(object, i, &name, &value);
        if (aurora_json_text(value, 0, UINT32_MAX, &text, &error))
            printf("%s: %s\n", name, text);
    }
}

/* Tells people on standard error how the next page is had. */
static void hint_at_more(const char *next_cursor)
{
    if (next_cursor != NULL)
        fprintf(stderr, "there is more: --cursor %s\n", next_cursor);
}

static aurora_status ask(const ctl *run, ctl_shop *shop, const ctl_ask *question,
                         ctl_answer *answer, aurora_error *err)
{
    return run->is_json ? ctl_shop_ask(shop, question, answer, err)
                        : ctl_shop_read(shop, question, answer, err);
}

int ctl_view_page(const ctl *run, const ctl_ask *question, const ctl_view *view, const char *what)
{
    ctl_shop shop;
    ctl_answer answer = {0};
    aurora_error err = AURORA_ERROR_INIT;
    int outcome = ctl_shop_open(run, CTL_READ, &shop);
    aurora_status status = AURORA_OK;
    if (outcome == CTL_YES) {
        status = ask(run, &shop, question, &answer, &err);
        if (status != AURORA_OK) {
            outcome = ctl_fail(status, &err, what);
        } else if (run->is_json) {
            puts(answer.text);
        } else {
            ctl_view_rows(view, ctl_field(ctl_answer_root(&answer), "items"));
            hint_at_more(ctl_field_text(ctl_answer_root(&answer), "next_cursor"));
        }
    }
    ctl_answer_free(&answer);
    ctl_shop_close(&shop);
    return outcome;
}

int ctl_view_one(const ctl *run, uint32_t flags, const ctl_ask *question,
                 void (*print)(aurora_json_value object), const char *what)
{
    ctl_shop shop;
    ctl_answer answer = {0};
    aurora_error err = AURORA_ERROR_INIT;
    int outcome = ctl_shop_open(run, flags, &shop);
    if (outcome == CTL_YES) {
        aurora_status status = ask(run, &shop, question, &answer, &err);
        if (status != AURORA_OK)
            outcome = ctl_fail(status, &err, what);
        else if (run->is_json)
            puts(answer.text);
        else
            print(ctl_answer_root(&answer));
    }
    ctl_answer_free(&answer);
    ctl_shop_close(&shop);
    return outcome;
}

void ctl_print_line(void *run, aurora_json_value item)
{
    size_t length = 0;
    const char *text = aurora_json_raw(item, &length);
    (void)run;
    fwrite(text, 1, length, stdout);
    putchar('\n');
}

int ctl_view_all(ctl *run, const ctl_ask *question, ctl_page *page,
                 void (*each)(void *run, aurora_json_value item), const char *what)
{
    ctl_shop shop;
    aurora_error err = AURORA_ERROR_INIT;
    int outcome = ctl_shop_open(run, CTL_READ, &shop);
    if (outcome == CTL_YES) {
        aurora_status status = ctl_page_each(&shop, question, page, each, run, &err);
        outcome = status == AURORA_OK ? CTL_YES : ctl_fail(status, &err, what);
    }
    ctl_shop_close(&shop);
    return outcome;
}
