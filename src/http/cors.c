/* SPDX-License-Identifier: MIT */
#include "http/cors.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "http/list.h"

#define ORIGINS_MAX 64
#define HOST_BYTES_MAX 253
#define MAX_AGE_S "600" /* how long a browser may keep a preflight: a removed origin is out then */

/* What our routes read, beside what every page may send. */
#define REQUEST_FIELDS                                                                             \
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, "              \
    "Last-Event-ID, traceparent"
/* What our answers say, beside what every page may read. */
#define ANSWER_FIELDS                                                                              \
    "ETag, RateLimit, RateLimit-Policy, Retry-After, Location, Idempotency-Replayed, "             \
    "X-Request-Id, Link, Preference-Applied, WWW-Authenticate, Allow, Age, Aurora-Stale"

struct aurora__cors {
    aurora__cors *older;
    uint32_t count;
    const char *origins[ORIGINS_MAX];
    char text[];
};

/* --- one origin ------------------------------------------------------------------------------- */

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* "a.example", "127.0.0.1" or "[::1]". */
static bool is_host(const char *host, size_t len)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr six;
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        if (len - 2 >= sizeof address)
            return false;
        memcpy(address, host + 1, len - 2);
        address[len - 2] = '\0';
        return inet_pton(AF_INET6, address, &six) == 1;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_host_byte(host[i]))
            return false;
    }
    return len > 0 && len <= HOST_BYTES_MAX && host[0] != '.' && host[0] != '-';
}

/* One that is not the scheme's own: a browser leaves that out. */
static bool is_port(const char *port, size_t len, const char *own)
{
    long number = 0;
    if (len == 0 || len > 5 || port[0] == '0')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (port[i] < '0' || port[i] > '9')
            return false;
        number = number * 10 + (port[i] - '0');
    }
    return number <= 65535 && (strlen(own) != len || memcmp(port, own, len) != 0);
}

static const char *rule_of(const char *origin, size_t len)
{
    static const char https[] = "https://", http[] = "http://";
    if (memchr(origin, '*', len) != NULL)
        return "must name each origin: \"*\" would let every page of the web in";
    bool is_https = len >= sizeof https && memcmp(origin, https, sizeof https - 1) == 0;
    bool is_http = len >= sizeof http && memcmp(origin, http, sizeof http - 1) == 0;
    if (!is_https && !is_http)
        return "must be origins as https://shop.example, with commas between them";
    const char *host = origin + (is_https ? sizeof https : sizeof http) - 1;
    const char *end = origin + len;
    const char *bracket = *host == '[' ? memchr(host, ']', (size_t)(end - host)) : NULL;
    const char *from = bracket != NULL ? bracket : host;
    const char *colon = memchr(from, ':', (size_t)(end - from));
    if (!is_host(host, (size_t)((colon != NULL ? colon : end) - host)))
        return "must have origins of a scheme, a host in lower case and maybe a port, without "
               "a path or a slash at their end";
    if (colon != NULL && !is_port(colon + 1, (size_t)(end - colon) - 1, is_https ? "443" : "80"))
        return "must have ports of 1 to 65535, and none that is the scheme's own, which browsers "
               "leave out";
    return NULL;
}

/* --- the list --------------------------------------------------------------------------------- */

static bool is_blank(const char *origins)
{
    return origins[strspn(origins, " ")] == '\0';
}

bool aurora_cors_check(const char *origins, const char **rule_out)
{
    const char *at = is_blank(origins) ? NULL : origins, *origin;
    size_t len;
    for (uint32_t count = 0; (origin = aurora__list_next(&at, &len)) != NULL; count++) {
        *rule_out = count < ORIGINS_MAX ? rule_of(origin, len) : "must be at most 64 origins";
        if (*rule_out != NULL)
            return false;
    }
    return true;
}

aurora__cors *aurora__cors_new(const char *origins, aurora__cors *older)
{
    size_t size = strlen(origins) + 2;
    const char *at = is_blank(origins) ? NULL : origins, *origin;
    size_t len;
    aurora__cors *cors = calloc(1, sizeof *cors + size);
    if (cors == NULL)
        return NULL;
    cors->older = older;
    char *to = cors->text;
    while (cors->count < ORIGINS_MAX && (origin = aurora__list_next(&at, &len)) != NULL) {
        memcpy(to, origin, len);
        cors->origins[cors->count++] = to;
        to += len + 1; /* the comma's place holds the NUL */
    }
    return cors;
}

void aurora__cors_free(aurora__cors *cors)
{
    while (cors != NULL) {
        aurora__cors *older = cors->older;
        free(cors);
        cors = older;
    }
}

bool aurora__cors_is_empty(const aurora__cors *cors)
{
    return cors == NULL || cors->count == 0;
}

const char *aurora__cors_find(const aurora__cors *cors, const char *origin)
{
    for (uint32_t i = 0; origin != NULL && i < cors->count; i++) {
        if (strcmp(cors->origins[i], origin) == 0)
            return cors->origins[i];
    }
    return NULL;
}

/* --- fields ----------------------------------------------------------------------------------- */

static char *put(char *at, const char *text)
{
    size_t len = strlen(text);
    memcpy(at, text, len);
    return at + len;
}

char *aurora__cors_put(char *at, const char *origin)
{
    at = put(at, "Access-Control-Allow-Origin: ");
    at = put(at, origin);
    return put(at, "\r\nAccess-Control-Expose-Headers: " ANSWER_FIELDS "\r\n");
}

char *aurora__cors_put_preflight(char *at, const char *methods)
{
    at = put(at, "Access-Control-Allow-Methods: ");
    at = put(at, methods);
    return put(at, "\r\nAccess-Control-Allow-Headers: " REQUEST_FIELDS
                   "\r\nAccess-Control-Max-Age: " MAX_AGE_S "\r\n");
}
