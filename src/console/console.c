/* SPDX-License-Identifier: MIT */
/* The files by their names, each as it is or compressed long ago. */
#include "console/console.h"

#include <string.h>

#include "console/files.h"
#include "http/exchange.h"
#include "http/fields.h"
#include "http/gzip.h"

/* Everything that the pages need is ours, and nothing in them is written into a page. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static const aurora__console_file *find_file(const char *name)
{
    for (size_t i = 0; i < aurora__console_file_count; i++) {
        if (strcmp(aurora__console_files[i].name, name) == 0)
            return &aurora__console_files[i];
    }
    return NULL;
}

static void answer_file(aurora_http_exchange *exchange, const aurora__console_file *file)
{
    bool is_small = file->gzip != NULL &&
                    aurora__gzip_is_accepted(aurora_http_header(exchange, "Accept-Encoding"));
    aurora_http_set(exchange, "Content-Security-Policy", POLICY);
    aurora_http_set(exchange, "Cache-Control",
                    file->is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
    aurora_http_set(exchange, "ETag", is_small ? file->gzip_etag : file->etag);
    if (aurora_http_has_tag(exchange, file->etag) ||
        aurora_http_has_tag(exchange, file->gzip_etag)) {
        aurora_http_set(exchange, "Vary", "Accept-Encoding");
        aurora_http_reply(exchange, 304, NULL, NULL, 0);
    } else if (is_small) {
        aurora_http_set(exchange, "Vary", "Accept-Encoding");
        aurora_http_set(exchange, "Content-Encoding", "gzip");
        aurora_http_reply(exchange, 200, file->content_type, file->gzip, file->gzip_len);
    } else {
        aurora_http_reply(exchange, 200, file->content_type, file->bytes, file->len);
    }
}

static void answer_named(aurora_http_exchange *exchange, const char *name)
{
    const aurora__console_file *file = find_file(name);
    if (file != NULL)
        answer_file(exchange, file);
    else if (aurora_console_is_built())
        aurora_http_problem(exchange, 404, "not_found", "The console has no such file.");
    else
        aurora_http_problem(exchange, 404, "not_found", "There is no console here: %s.",
                            aurora__console_absence);
}

/* Relative names in the page are below /console/. */
static void get_folder(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    if (!aurora_console_is_built()) {
        answer_named(exchange, "");
        return;
    }
    aurora_http_set(exchange, "Location", "/console/");
    aurora_http_reply(exchange, 308, NULL, NULL, 0);
}

static void get_page(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    answer_named(exchange, "");
}

static void get_file(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    answer_named(exchange, aurora_http_param(exchange, "file"));
}

static const aurora_http_route table[] = {
    {AURORA_HTTP_GET, 0, 0, "/console", "", "getConsoleFolder", get_folder},
    {AURORA_HTTP_GET, 0, 0, "/console/", "", "getConsole", get_page},
    {AURORA_HTTP_GET, 0, 0, "/console/{file}", "", "getConsoleFile", get_file},
};

const aurora_http_route *aurora_console_routes(uint32_t *count_out)
{
    *count_out = sizeof table / sizeof table[0];
    return table;
}

bool aurora_console_is_built(void)
{
    return aurora__console_file_count > 0;
}
