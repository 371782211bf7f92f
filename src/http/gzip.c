/* SPDX-License-Identifier: MIT */
#include "http/gzip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define LEVEL 1               /* JSON gains little from more, and the loop waits for it */
#define GZIP_WINDOW (15 + 16) /* of zlib's: a gzip header */

struct aurora__gzip {
    z_stream stream;
};

aurora__gzip *aurora__gzip_new(void)
{
    aurora__gzip *gzip = calloc(1, sizeof(*gzip));
    if (gzip == NULL)
        return NULL;
    if (deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        free(gzip);
        return NULL;
    }
    return gzip;
}

void aurora__gzip_free(aurora__gzip *gzip)
{
    if (gzip == NULL)
        return;
    deflateEnd(&gzip->stream);
    free(gzip);
}

char *aurora__gzip_run(aurora__gzip *gzip, const void *data, size_t len, size_t *len_out)
{
    z_stream *stream = &gzip->stream;
    if (len < 2 || len > UINT32_MAX / 2 || deflateReset(stream) != Z_OK)
        return NULL;
    char *out = malloc(len - 1);
    if (out == NULL)
        return NULL;
    stream->next_in = (Bytef *)(uintptr_t)data;
    stream->avail_in = (uInt)len;
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)(len - 1);
    if (deflate(stream, Z_FINISH) != Z_STREAM_END) {
        free(out);
        return NULL;
    }
    *len_out = stream->total_out;
    return out;
}

/* Whether a "q=" weight is zero; none is 1. */
static bool is_refused(const char *parameters, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        if ((parameters[i] != 'q' && parameters[i] != 'Q') || parameters[i + 1] != '=')
            continue;
        for (i += 2; i < len; i++) {
            if (parameters[i] >= '1' && parameters[i] <= '9')
                return false;
        }
        return true;
    }
    return false;
}

bool aurora__gzip_is_accepted(const char *accept_encoding)
{
    int any = 0, named = 0; /* 1 allowed, -1 refused */
    const char *at = accept_encoding == NULL ? "" : accept_encoding;
    while (*at != '\0') {
        at += strspn(at, " \t,");
        size_t len = strcspn(at, ",");
        size_t name = strcspn(at, " \t;,");
        int answer = is_refused(at + name, len - name) ? -1 : 1;
        if (name == 1 && *at == '*')
            any = answer;
        else if ((name == 4 && strncasecmp(at, "gzip", 4) == 0) ||
                 (name == 6 && strncasecmp(at, "x-gzip", 6) == 0))
            named = answer;
        at += len;
    }
    return named != 0 ? named > 0 : any > 0;
}

bool aurora__gzip_is_worth(const char *content_type)
{
    static const char *const words[] = {"json", "javascript", "xml"};
    if (strncasecmp(content_type, "text/", 5) == 0)
        return strncasecmp(content_type, "text/event-stream", 17) != 0;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(content_type, words[i]) != NULL)
            return true;
    }
    return false;
}
