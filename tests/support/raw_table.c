/* SPDX-License-Identifier: MIT */
#include "raw_table.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST "Host: localhost\r\n"
#define POST "POST /orders HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"

typedef struct {
    char *text;
    size_t len, capacity;
} buffer;

static void append(buffer *out, const char *text, size_t len)
{
    if (out->len + len >= out->capacity) {
        out->capacity = (out->len + len) * 2 + 256;
        out->text = realloc(out->text, out->capacity);
        ck_assert_ptr_nonnull(out->text);
    }
    memcpy(out->text + out->len, text, len);
    out->len += len;
    out->text[out->len] = '\0';
}

static const char *expansion(char c)
{
    switch (c) {
    case '.':
        return "\r\n";
    case 'r':
        return "\r";
    case 'n':
        return "\n";
    case 't':
        return "\t";
    case '\\':
        return "\\";
    case '"':
        return "\"";
    case 'H':
        return HOST;
    case 'G':
        return "GET /products/mug HTTP/1.1\r\n" HOST;
    case 'P':
        return POST;
    case 'C':
        return POST "Transfer-Encoding: chunked\r\n\r\n";
    case 'S':
        return "GET /admin/stats HTTP/1.1\r\n" HOST "\r\n";
    default:
        return NULL;
    }
}

/* At the backslash; the end of the escape. */
static const char *append_escape(buffer *out, const char *at)
{
    const char *text = expansion(at[1]);
    char byte = '\0';
    if (text != NULL) {
        append(out, text, strlen(text));
        return at + 2;
    }
    if (at[1] == '0') {
        append(out, &byte, 1);
        return at + 2;
    }
    char digits[3] = {at[2], at[2] == '\0' ? '\0' : at[3], '\0'};
    ck_assert_msg(at[1] == 'x' && digits[1] != '\0', "no such escape: %s", at);
    byte = (char)strtoul(digits, NULL, 16);
    append(out, &byte, 1);
    return at + 4;
}

static void append_text(buffer *out, const char *text, const char *end)
{
    while (text < end) {
        if (*text == '\\')
            text = append_escape(out, text);
        else
            append(out, text++, 1);
    }
}

/* At {"TEXT"*COUNT}; the end of it, or `at` where it is none. */
static const char *append_repeated(buffer *out, const char *at)
{
    if (strncmp(at, "{\"", 2) != 0)
        return at;
    const char *mark = strstr(at + 2, "\"*");
    char *end = mark == NULL ? NULL : strchr(mark, '}');
    if (end == NULL)
        return at;
    for (unsigned long count = strtoul(mark + 2, NULL, 10); count > 0; count--)
        append_text(out, at + 2, mark);
    return end + 1;
}

static void read_bytes(raw_row *row, const char *text)
{
    buffer out = {0};
    while (*text != '\0') {
        const char *next = append_repeated(&out, text);
        if (next == text && *text == '\\')
            next = append_escape(&out, text);
        else if (next == text)
            append(&out, next++, 1);
        text = next;
    }
    row->bytes = out.text;
    row->len = out.len;
}

static void read_row(raw_row *row, char *line)
{
    char *verdict = strstr(line, " | ");
    char *bytes = verdict == NULL ? NULL : strstr(verdict + 3, " | ");
    ck_assert_msg(bytes != NULL, "not name | verdict | bytes: %s", line);
    *verdict = *bytes = '\0';
    row->name = strdup(line);
    row->verdict = strdup(verdict + 3);
    read_bytes(row, bytes + 3);
}

raw_table raw_table_read(void)
{
    const char *root = getenv("AURORA_SOURCE_DIR");
    char path[4096], line[8192];
    snprintf(path, sizeof(path), "%s/tests/http/raw_requests.txt", root == NULL ? "." : root);
    FILE *file = fopen(path, "r");
    raw_table table = {0};
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        table.rows = realloc(table.rows, (table.count + 1) * sizeof(table.rows[0]));
        ck_assert_ptr_nonnull(table.rows);
        read_row(&table.rows[table.count++], line);
    }
    fclose(file);
    return table;
}

void raw_table_free(raw_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        free(table->rows[i].name);
        free(table->rows[i].verdict);
        free(table->rows[i].bytes);
    }
    free(table->rows);
    *table = (raw_table){0};
}
