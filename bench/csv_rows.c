/* SPDX-License-Identifier: MIT */
#include "csv_rows.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef AURORA_HAVE_LZMA
#include <lzma.h>
#endif

#define BYTES_MAX ((size_t)256 << 20)

static char *read_file(const char *path, size_t *size_out)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        rewind(file);
        bytes = size < 0 ? NULL : malloc((size_t)size + 1);
        *size_out = bytes == NULL ? 0 : fread(bytes, 1, (size_t)size, file);
        if (bytes != NULL)
            bytes[*size_out] = '\0';
    }
    fclose(file);
    return bytes;
}

/* Takes `bytes` over. */
static char *unpack(char *bytes, size_t size, const char **why)
{
#ifdef AURORA_HAVE_LZMA
    uint64_t memory = UINT64_MAX;
    size_t capacity = size * 16 + 4096;
    for (; capacity < BYTES_MAX; capacity *= 2) {
        size_t in = 0;
        size_t out = 0;
        char *text = malloc(capacity + 1);
        lzma_ret rc = text == NULL
                          ? LZMA_MEM_ERROR
                          : lzma_stream_buffer_decode(&memory, 0, NULL, (uint8_t *)bytes, &in, size,
                                                      (uint8_t *)text, &out, capacity);
        if (rc == LZMA_OK) {
            free(bytes);
            text[out] = '\0';
            return text;
        }
        free(text);
        if (rc != LZMA_BUF_ERROR)
            break;
    }
    *why = "is not a sound .xz file";
#else
    (void)size;
    *why = "is .xz, and this build is without liblzma";
#endif
    free(bytes);
    return NULL;
}

/* Cuts one field in place; *end_out is the character that ended it. */
static char *take_field(char **at, char *end_out)
{
    char *from = *at;
    char *start = from;
    char *to = from;
    bool is_quoted = *from == '"';
    from += is_quoted;
    for (; *from != '\0'; from++) {
        if (is_quoted && *from == '"' && from[1] == '"')
            from++;
        else if (is_quoted && *from == '"') {
            is_quoted = false;
            continue;
        } else if (!is_quoted && (*from == ',' || *from == '\n'))
            break;
        if (is_quoted || *from != '\r')
            *to++ = *from;
    }
    *end_out = *from;
    *at = *from == '\0' ? from : from + 1;
    *to = '\0';
    return start;
}

const char *csv_rows_read(const char *path, csv_rows *out)
{
    size_t size = 0;
    size_t capacity = 0;
    const char *why = "cannot be read";
    size_t length = strlen(path);
    *out = (csv_rows){.text = read_file(path, &size)};
    if (out->text != NULL && length > 3 && strcmp(path + length - 3, ".xz") == 0)
        out->text = unpack(out->text, size, &why);
    if (out->text == NULL)
        return why;
    bool is_heading = true;
    for (char *at = out->text; *at != '\0';) {
        csv_row row = {.count = 0};
        char end = ',';
        while (end == ',' && row.count < CSV_FIELDS_MAX)
            row.fields[row.count++] = take_field(&at, &end);
        if (out->count == capacity) {
            capacity = capacity == 0 ? 1024 : capacity * 2;
            csv_row *rows = realloc(out->rows, capacity * sizeof *rows);
            if (rows == NULL)
                return "is too large";
            out->rows = rows;
        }
        if (!is_heading)
            out->rows[out->count++] = row;
        is_heading = false;
    }
    return NULL;
}

void csv_rows_free(csv_rows *rows)
{
    free(rows->text);
    free(rows->rows);
}
