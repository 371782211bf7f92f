/* SPDX-License-Identifier: MIT */
#include "adapters/redis/address.h"

#include <stdio.h>
#include <string.h>

#define DATABASE_MAX 65535
#define TIMEOUT_MS 50
#define TIMEOUT_MS_MAX 5000
#define POOL 4

/* A part of the text. */
typedef struct {
    const char *at;
    size_t len;
} span;

aurora_status aurora__redis_refuse(aurora_error *err, aurora_status status, const char *field,
                                   const char *message)
{
    if (err == NULL || err->size < sizeof *err)
        return status;
    err->status = status;
    snprintf(err->field, sizeof err->field, "%s", field);
    snprintf(err->message, sizeof err->message, "%s", message);
    return status;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies with percent-decoding; false where it does not fit or is none, and for a NUL. */
static bool decode(span text, char *out, size_t capacity)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int byte = (unsigned char)text.at[i];
        if (byte == '%') {
            int high = i + 2 < text.len ? hex_digit(text.at[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            byte = high * 16 + low;
            i += 2;
        }
        if (byte == 0 || len + 1 >= capacity)
            return false;
        out[len++] = (char)byte;
    }
    out[len] = '\0';
    return true;
}

static bool read_number(span text, int64_t max, int64_t *out)
{
    int64_t number = 0;
    if (text.len == 0 || text.len > 9)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        number = number * 10 + (text.at[i] - '0');
    }
    *out = number;
    return number <= max;
}

/* --- the pairs of the query ------------------------------------------------------------------- */

static bool is_prefix(span text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_.-";
    for (size_t i = 0; i < text.len; i++) {
        if (memchr(allowed, text.at[i], sizeof allowed - 1) == NULL)
            return false;
    }
    return text.len > 0 && text.len < AURORA__REDIS_PREFIX_BYTES;
}

/* A number with ms or s. */
static bool read_timeout(span text, int64_t *ms_out)
{
    int64_t factor = 1000;
    if (text.len < 2 || text.at[text.len - 1] != 's')
        return false;
    text.len--;
    if (text.at[text.len - 1] == 'm') {
        factor = 1;
        text.len--;
    }
    if (!read_number(text, TIMEOUT_MS_MAX, ms_out))
        return false;
    *ms_out *= factor;
    return *ms_out >= 1 && *ms_out <= TIMEOUT_MS_MAX;
}

static bool is_name(span name, const char *word)
{
    return name.len == strlen(word) && memcmp(name.at, word, name.len) == 0;
}

/* NULL, or what is wrong with it. */
static const char *read_pair(span pair, aurora__redis_address *out)
{
    const char *equals = memchr(pair.at, '=', pair.len);
    span name = {pair.at, equals != NULL ? (size_t)(equals - pair.at) : pair.len};
    span value = {equals != NULL ? equals + 1 : "", 0};
    if (equals != NULL)
        value.len = pair.len - name.len - 1;
    int64_t number = 0;
    if (is_name(name, "prefix")) {
        if (!is_prefix(value))
            return "prefix must be 1 to 64 of A-Z a-z 0-9 _ . -";
        memcpy(out->prefix, value.at, value.len);
        out->prefix[value.len] = '\0';
        return NULL;
    }
    if (is_name(name, "timeout"))
        return read_timeout(value, &out->timeout_ms) ? NULL : "timeout must be 1ms to 5s";
    if (!is_name(name, "pool"))
        return "takes prefix=, timeout= and pool=";
    if (!read_number(value, AURORA__REDIS_POOL_MAX, &number) || number < 1)
        return "pool must be 1 to 64";
    out->pool = (uint32_t)number;
    return NULL;
}

static const char *read_query(const char *at, aurora__redis_address *out)
{
    while (*at != '\0') {
        span pair = {at, strcspn(at, "&")};
        const char *why = read_pair(pair, out);
        if (why != NULL)
            return why;
        at += pair.len;
        at += *at == '&';
    }
    return NULL;
}

/* --- the authority ---------------------------------------------------------------------------- */

static const char *read_user(span user, aurora__redis_address *out)
{
    const char *colon = memchr(user.at, ':', user.len);
    span name = {user.at, colon != NULL ? (size_t)(colon - user.at) : user.len};
    if (colon == NULL)
        return "must hold user:password@, or :password@, before the host";
    span password = {colon + 1, user.len - name.len - 1};
    out->has_password = true;
    if (!decode(name, out->user, sizeof out->user) ||
        !decode(password, out->password, sizeof out->password))
        return "has a user or password that is too long or badly %-encoded";
    return NULL;
}

static const char *read_host(span text, aurora__redis_address *out)
{
    static const char rule[] = "must be redis://host:port";
    span host = text;
    span port = {"6379", 4};
    const char *end = NULL;
    if (text.len > 0 && text.at[0] == '[') {
        end = memchr(text.at, ']', text.len);
        if (end == NULL)
            return rule;
        host = (span){text.at + 1, (size_t)(end - text.at) - 1};
        end++;
    } else {
        end = memchr(text.at, ':', text.len);
        if (end == NULL)
            end = text.at + text.len;
        host.len = (size_t)(end - text.at);
    }
    size_t rest = text.len - (size_t)(end - text.at);
    if (rest > 0 && *end != ':')
        return rule;
    if (rest > 0)
        port = (span){end + 1, rest - 1};
    int64_t number = 0;
    if (host.len == 0 || host.len >= sizeof out->host || !read_number(port, 65535, &number) ||
        number == 0)
        return rule;
    memcpy(out->host, host.at, host.len);
    out->host[host.len] = '\0';
    snprintf(out->port, sizeof out->port, "%d", (int)number);
    return NULL;
}

static const char *read_database(span path, aurora__redis_address *out)
{
    int64_t number = 0;
    if (path.len <= 1)
        return NULL;
    span digits = {path.at + 1, path.len - 1};
    if (!read_number(digits, DATABASE_MAX, &number))
        return "must have the number of a database, or nothing, as path";
    out->database = (uint32_t)number;
    return NULL;
}

static const char *read_all(const char *text, aurora__redis_address *out)
{
    if (strncmp(text, "//", 2) != 0)
        return "must be redis://host:port";
    text += 2;
    span authority = {text, strcspn(text, "/?#")};
    const char *at = authority.at;
    for (size_t i = 0; i < authority.len; i++) {
        if (authority.at[i] == '@')
            at = authority.at + i;
    }
    const char *why = NULL;
    if (at != authority.at || *at == '@') {
        why = read_user((span){authority.at, (size_t)(at - authority.at)}, out);
        authority.len -= (size_t)(at + 1 - authority.at);
        authority.at = at + 1;
    }
    if (why == NULL)
        why = read_host(authority, out);
    text = authority.at + authority.len;
    span path = {text, strcspn(text, "?#")};
    if (why == NULL)
        why = read_database(path, out);
    text += path.len;
    if (why == NULL && *text == '#')
        why = "must have no fragment";
    return why == NULL && *text == '?' ? read_query(text + 1, out) : why;
}

aurora_status aurora__redis_address_read(const char *text, const char *field,
                                         aurora__redis_address *out, aurora_error *err)
{
    *out = (aurora__redis_address){.timeout_ms = TIMEOUT_MS, .pool = POOL, .prefix = "aurora"};
    const char *why = read_all(text, out);
    return why == NULL ? AURORA_OK : aurora__redis_refuse(err, AURORA_EINVAL, field, why);
}
