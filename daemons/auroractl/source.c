/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef AURORA_HAVE_LZMA
#include <lzma.h>
#endif

#include "ctl.h"

#define CHUNK ((size_t)1 << 20)
#define LENGTH_MAX ((size_t)1 << 31) /* an unpacked file beyond this is no file of orders */
#define XZ_MAGIC                                                                                   \
    "\xfd"                                                                                         \
    "7zXZ"
#define XZ_MAGIC_BYTES 6 /* with its NUL */

/* Doubles *text until `length` and a chunk fit. */
static bool make_room(char **text, size_t *capacity, size_t length)
{
    if (*capacity - length > CHUNK)
        return true;
    size_t wanted = *capacity * 2 + 4 * CHUNK;
    char *grown = wanted > LENGTH_MAX ? NULL : realloc(*text, wanted);
    if (grown == NULL)
        return false;
    *text = grown;
    *capacity = wanted;
    return true;
}

static bool read_stream(FILE *file, char **text, size_t *length)
{
    size_t capacity = 0;
    while (!feof(file)) {
        if (!make_room(text, &capacity, *length)) {
            errno = ENOMEM;
            return false;
        }
        *length += fread(*text + *length, 1, CHUNK, file);
        if (ferror(file))
            return false;
    }
    return true;
}

#ifdef AURORA_HAVE_LZMA
static const char *run_decoder(lzma_stream *stream, char **text, size_t *length)
{
    size_t capacity = 0;
    lzma_ret outcome = LZMA_OK;
    while (outcome == LZMA_OK) {
        if (!make_room(text, &capacity, *length))
            return "is too large for memory";
        stream->next_out = (uint8_t *)*text + *length;
        stream->avail_out = CHUNK;
        outcome = lzma_code(stream, LZMA_FINISH);
        *length += CHUNK - stream->avail_out;
    }
    return outcome == LZMA_STREAM_END ? NULL : "is damaged, or no whole .xz file";
}

/* What is wrong with the packed bytes, NULL = nothing. */
static const char *unpack(const char *packed, size_t packed_length, char **text, size_t *length)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK)
        return "is too large for memory";
    stream.next_in = (const uint8_t *)packed;
    stream.avail_in = packed_length;
    const char *complaint = run_decoder(&stream, text, length);
    lzma_end(&stream);
    return complaint;
}
#else
static const char *unpack(const char *packed, size_t packed_length, char **text, size_t *length)
{
    (void)packed, (void)packed_length, (void)text, (void)length;
    return "is packed, and this build has no liblzma: run 'xz -dk' on it first";
}
#endif

bool ctl_source_read(const char *path, char **text_out, size_t *length_out)
{
    *text_out = NULL;
    *length_out = 0;
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    bool is_read = file != NULL && read_stream(file, text_out, length_out);
    if (!is_read)
        ctl_refuse("%s: %s", path, strerror(errno));
    if (file != NULL && !is_stdin)
        fclose(file);
    if (is_read && *length_out >= XZ_MAGIC_BYTES &&
        memcmp(*text_out, XZ_MAGIC, XZ_MAGIC_BYTES) == 0) {
        char *packed = *text_out;
        size_t packed_length = *length_out;
        *text_out = NULL;
        *length_out = 0;
        const char *complaint = unpack(packed, packed_length, text_out, length_out);
        free(packed);
        is_read = complaint == NULL;
        if (!is_read)
            ctl_refuse("%s %s", path, complaint);
    }
    if (!is_read) {
        free(*text_out);
        *text_out = NULL;
    }
    return is_read;
}
