/* SPDX-License-Identifier: MIT */
/* gzip of whole bodies, and whether a request wants it (RFC 9110, 12.5.3). */
#ifndef AURORA_HTTP_GZIP_H
#define AURORA_HTTP_GZIP_H

#include <stdbool.h>
#include <stddef.h>

/* A compressor, 256 KiB that one thread uses again and again. */
typedef struct aurora__gzip aurora__gzip;

/* NULL without memory. */
aurora__gzip *aurora__gzip_new(void);
void aurora__gzip_free(aurora__gzip *gzip);

/* Memory of malloc's with `len` bytes made smaller; NULL where they do not become so. */
char *aurora__gzip_run(aurora__gzip *gzip, const void *data, size_t len, size_t *len_out);

/* Whether an Accept-Encoding field allows gzip; NULL = absent. */
bool aurora__gzip_is_accepted(const char *accept_encoding);
/* Whether a content type is text that becomes smaller. */
bool aurora__gzip_is_worth(const char *content_type);

#endif
