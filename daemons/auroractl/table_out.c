/* SPDX-License-Identifier: MIT */
#include "table_out.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/money.h>

#define GAP 2

void ctl_table_init(ctl_table *table, const char *const *headings, uint32_t column_count)
{
    memset(table, 0, sizeof *table);
    table->headings = headings;
    table->column_count = column_count;
}

static char *next_cell(ctl_table *table)
{
    if (table->row_count == table->row_capacity && table->next == 0) {
        uint32_t capacity = table->row_capacity == 0 ? 64 : table->row_capacity * 2;
        ctl_cell *cells =
            realloc(table->cells, (size_t)capacity * table->column_count * sizeof *cells);
        if (cells == NULL) {
            table->is_out_of_memory = 1;
            return NULL;
        }
        table->cells = cells;
        table->row_capacity = capacity;
    }
    char *cell = table->cells[table->row_count * table->column_count + table->next];
    if (++table->next == table->column_count) {
        table->next = 0;
        table->row_count++;
    }
    return cell;
}

static int is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void ctl_table_text(ctl_table *table, const char *text)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    char *cell = next_cell(table);
    if (cell == NULL)
        return;
    size_t length = 0;
    for (const char *at = text == NULL ? "-" : text; *at != 0; at++) {
        if (length + sizeof ellipsis > CTL_CELL_BYTES - 4) {
            while (length > 0 && is_continuation(cell[length - 1]))
                length--;
            memcpy(cell + length, ellipsis, sizeof ellipsis - 1);
            length += sizeof ellipsis - 1;
            break;
        }
        /* What a terminal would obey does not reach it. */
        cell[length++] = (unsigned char)*at < 0x20 || *at == 0x7f ? ' ' : *at;
    }
    cell[length] = 0;
}

const char *ctl_number_show(int64_t number, ctl_cell out)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, number);
    size_t length = strlen(digits), at = 0;
    for (size_t i = 0; i < length; i++) {
        out[at++] = digits[i];
        size_t rest = length - i - 1;
        if (rest > 0 && rest % 3 == 0 && digits[i] != '-')
            out[at++] = ',';
    }
    out[at] = 0;
    return out;
}

const char *ctl_money_show(int64_t minor, const char *currency, ctl_cell out)
{
    char decimals[8] = "";
    int32_t digits = aurora_currency_digits(currency);
    uint64_t amount = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    for (int32_t i = digits; i > 0 && i < 7; i--, amount /= 10)
        decimals[i] = (char)('0' + amount % 10);
    if (digits > 0)
        decimals[0] = '.';
    ctl_cell whole;
    snprintf(out, CTL_CELL_BYTES, "%s%.40s%s %.8s", minor < 0 ? "-" : "",
             ctl_number_show((int64_t)amount, whole), decimals, currency);
    return out;
}

void ctl_table_number(ctl_table *table, int64_t number)
{
    ctl_cell text;
    ctl_table_text(table, ctl_number_show(number, text));
}

void ctl_table_money(ctl_table *table, int64_t minor, const char *currency)
{
    ctl_cell text;
    ctl_table_text(table, ctl_money_show(minor, currency, text));
}

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != 0; text++)
        width += !is_continuation(*text);
    return width;
}

static const char *heading_of(const ctl_table *table, uint32_t column, int *is_right_out)
{
    const char *heading = table->headings[column];
    *is_right_out = heading[0] == '>';
    return heading + *is_right_out;
}

static void print_cell(const char *text, size_t width, int is_right, int is_last)
{
    int pad = (int)(width - width_of(text));
    if (is_right)
        printf("%*s%s", pad, "", text);
    else
        printf("%s%*s", text, is_last ? 0 : pad, "");
    printf("%*s", is_last ? 0 : GAP, "");
}

void ctl_table_print(ctl_table *table, const char *nothing)
{
    size_t widths[CTL_COLUMNS_MAX] = {0};
    int is_right[CTL_COLUMNS_MAX] = {0};
    for (uint32_t column = 0; column < table->column_count; column++) {
        widths[column] = width_of(heading_of(table, column, &is_right[column]));
        for (uint32_t row = 0; row < table->row_count; row++) {
            size_t width = width_of(table->cells[row * table->column_count + column]);
            widths[column] = width > widths[column] ? width : widths[column];
        }
    }
    uint32_t last = table->column_count - 1;
    if (table->is_out_of_memory) {
        fputs("auroractl: out of memory\n", stderr);
    } else if (table->row_count == 0) {
        puts(nothing);
    } else {
        bool has_heading = table->headings[0][0] != 0;
        for (uint32_t column = 0; has_heading && column <= last; column++) {
            int ignored = 0;
            print_cell(heading_of(table, column, &ignored), widths[column], is_right[column],
                       column == last);
        }
        if (has_heading)
            putchar('\n');
        for (uint32_t row = 0; row < table->row_count; row++) {
            for (uint32_t column = 0; column <= last; column++)
                print_cell(table->cells[row * table->column_count + column], widths[column],
                           is_right[column], column == last);
            putchar('\n');
        }
    }
    free(table->cells);
    table->cells = NULL;
}
