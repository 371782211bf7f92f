/* SPDX-License-Identifier: MIT */
#include "csv.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

void ctl_csv_init(ctl_csv *csv, char *buffer, size_t length)
{
    *csv = (ctl_csv){.next = buffer, .end = buffer + length, .next_line = 1};
    if (length >= 3 && memcmp(buffer, "\xef\xbb\xbf", 3) == 0)
        csv->next += 3;
    *csv->end = 0;
}

/* Reads a field that begins with a quote; what is left of doubled quotes moves down over them.
 * Returns where it ended, NULL when it never does. */
static char *read_quoted(ctl_csv *csv, char *at)
{
    char *write = at;
    for (at++; at < csv->end; at++) {
        if (*at == '"') {
            if (at[1] != '"') {
                *write = 0;
                return at + 1;
            }
            at++;
        }
        csv->next_line += *at == '\n';
        *write++ = *at;
    }
    return NULL;
}

static char *read_plain(const ctl_csv *csv, char *at)
{
    while (at < csv->end && *at != ',' && *at != '\n')
        at++;
    return at;
}

static void skip_empty_lines(ctl_csv *csv)
{
    while (csv->next < csv->end) {
        char *at = csv->next;
        if (*at == '\r')
            at++;
        if (at < csv->end && *at != '\n')
            return;
        csv->next = at < csv->end ? at + 1 : at;
        csv->next_line++;
    }
}

int ctl_csv_read(ctl_csv *csv, char **fields_out, uint32_t capacity)
{
    skip_empty_lines(csv);
    csv->line = csv->next_line;
    uint32_t count = 0;
    for (char *at = csv->next; csv->next < csv->end;) {
        if (count == capacity)
            return -1;
        bool is_quoted = at < csv->end && *at == '"';
        fields_out[count++] = at;
        at = is_quoted ? read_quoted(csv, at) : read_plain(csv, at);
        if (at == NULL)
            return -1;
        char *stop = at;
        if (is_quoted && at < csv->end && *at == '\r')
            at++;
        if (at < csv->end && *at != ',' && *at != '\n')
            return -1;
        bool is_last = at >= csv->end || *at == '\n';
        if (is_last && !is_quoted && stop > fields_out[count - 1] && stop[-1] == '\r')
            stop--;
        if (!is_quoted)
            *stop = 0;
        if (is_last) {
            csv->next_line++;
            csv->next = at < csv->end ? at + 1 : at;
            break;
        }
        at++;
    }
    return (int)count;
}

int ctl_csv_find(char *const *fields, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcasecmp(fields[i], name) == 0)
            return i;
    }
    return -1;
}
