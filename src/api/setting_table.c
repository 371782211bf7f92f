/* SPDX-License-Identifier: MIT */
/* The one table of settings, sorted by name, and how a name is found in it. */
#include <aurora/setting.h>

#include <string.h>

#include "api/setting.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)
#define TIB (INT64_C(1) << 40)

#define NAME_BYTES_MAX 40

#define NONE 0u
#define DAEMON AURORA_SETTING_DAEMON
#define RELOAD AURORA_SETTING_RELOADABLE
#define SECRET AURORA_SETTING_SECRET

#define MODULES "order,inventory,payment,product,search,recommendation,notification"

/* X(name, kind, flags, default, minimum, maximum, help) */
#define SETTINGS(X)                                                                                \
    X(attempts_max, INTEGER, RELOAD, "20", 1, 1000,                                                \
      "Attempts of a payment step after which it parks.")                                          \
    X(batch_max, INTEGER, NONE, "1024", 1, 1024, "Commands that one transaction holds at most.")   \
    X(bus, URL, NONE, "local:", 0, 0, "Where events are published: local: or kafka://HOST:PORT.")  \
    X(cache, URL, DAEMON, "memory:", 0, 0, "The cache of products: memory: or redis://HOST:PORT.") \
    X(cache_ttl, DURATION, DAEMON, "1s", 1, DAY,                                                   \
      "How long the cache keeps a product that nobody changes here.")                              \
    X(consumer_keep, DURATION, NONE, "168h", SECOND, 3650 * DAY,                                   \
      "How long the log waits for a named consumer that was seen in that time.")                   \
    X(core_dumps, BOOL, DAEMON, "false", 0, 0,                                                     \
      "Whether a crash may write a core, and debuggers may attach: it holds keys and orders.")     \
    X(cors_origins, TEXT, DAEMON | RELOAD, "", 0, 4000,                                            \
      "Origins of web pages that may use the API, as https://shop.example, with commas.")          \
    X(drain_delay, DURATION, DAEMON, "0s", 0, 5 * MINUTE,                                          \
      "How long /readyz says no before connections are closed, at the end.")                       \
    X(drain_timeout, DURATION, DAEMON, "30s", 0, HOUR,                                             \
      "How long requests under way may take at the end; what is left is cut off.")                 \
    X(http_connections_max, INTEGER, DAEMON, "16384", 1, 1048576,                                  \
      "Open connections at most; an idle one makes room for a new one.")                           \
    X(http_connections_per_address, INTEGER, DAEMON, "1024", 0, 1048576,                           \
      "Open connections of one address at most (IPv6: of a /64); 0 = no limit.")                   \
    X(http_threads, INTEGER, DAEMON, "1", 1, 64, "Threads that read and write connections.")       \
    X(http_workers, INTEGER, DAEMON, "4", 1, 256,                                                  \
      "Threads for requests that read much or wait for a commit.")                                 \
    X(jwt_audience, TEXT, DAEMON, "", 0, 255, "What a token's aud must be, or have among others.") \
    X(jwt_ca, TEXT, DAEMON, "", 0, 1024,                                                           \
      "A PEM file of the authorities that jwt_keys at https:// may come from.")                    \
    X(jwt_issuer, TEXT, DAEMON, "", 0, 1024, "What a token's iss must be.")                        \
    X(jwt_keys, TEXT, DAEMON, "", 0, 4000,                                                         \
      "Keys of tokens: files and https:// URLs with commas, JWK sets or PEM; empty: no tokens.")   \
    X(jwt_leeway, DURATION, DAEMON, "60s", 0, 5 * MINUTE,                                          \
      "How far the clock of a token's issuer may be off.")                                         \
    X(jwt_lifetime_max, DURATION, DAEMON, "24h", SECOND, 365 * DAY,                                \
      "The longest life that a token may be made for.")                                            \
    X(jwt_refresh, DURATION, DAEMON, "5m", SECOND, DAY, "How often jwt_keys at URLs are fetched.") \
    X(key_keep, DURATION, NONE, "24h", SECOND, 365 * DAY,                                          \
      "How long an idempotency key is remembered.")                                                \
    X(limiter, URL, DAEMON, "memory:", 0, 0,                                                       \
      "Where rate limits are counted: memory: or redis://HOST:PORT.")                              \
    X(limiter_fallback, TEXT, DAEMON | RELOAD, "local", 1, 16,                                     \
      "While the limiter is unreachable: local counts per process, open lets all, closed none.")   \
    X(listen, TEXT, DAEMON, "127.0.0.1:8080", 1, 255, "The address HOST:PORT of the HTTP server.") \
    X(log_format, TEXT, DAEMON, "auto", 1, 16,                                                     \
      "Lines of log: json, text for people, or auto: text on a terminal.")                         \
    X(log_keep, DURATION, NONE, "24h", SECOND, 3650 * DAY,                                         \
      "How long events stay in the log at least.")                                                 \
    X(log_level, TEXT, DAEMON | RELOAD, "info", 1, 512,                                            \
      "The least that is logged: debug, info, warning or error; of one component: http=warning.")  \
    X(log_max_bytes, INTEGER, NONE, "1GiB", MIB, 1024 * TIB,                                       \
      "Size of the log at which new orders are refused.")                                          \
    X(log_repeats, INTEGER, DAEMON | RELOAD, "10", 0, 1000000,                                     \
      "How many lines of one kind are logged within 10 s; 0: all.")                                \
    X(metrics_listen, TEXT, DAEMON, "", 0, 255,                                                    \
      "An address HOST:PORT of its own for metrics; empty: the address of listen.")                \
    X(modules, TEXT, NONE, MODULES, 1, 255,                                                        \
      "The modules that are installed, with commas; stored: those that the store was made for.")   \
    X(notify, URL, NONE, "log:", 0, 0,                                                             \
      "Who is told of an order's end: log:, smtp://, smtps://, https://, or none: for tasks.")     \
    X(notify_allow_private, BOOL, NONE, "false", 0, 0,                                             \
      "Whether notify may be a webhook at a private, loopback or link-local address.")             \
    X(notify_ca, TEXT, NONE, "", 0, 1024,                                                          \
      "A PEM file of the authorities that the certificate of notify may come from.")               \
    X(notify_max_age, DURATION, NONE, "24h", SECOND, 3650 * DAY,                                   \
      "Events older than this are recorded and not sent.")                                         \
    X(notify_secret, TEXT, SECRET, "", 0, 255,                                                     \
      "The key with which webhooks are signed, 24 bytes or more, or whsec_ and base64.")           \
    X(order_deadline, DURATION, RELOAD, "5m", 1, 30 * DAY,                                         \
      "How long an order may take before it fails.")                                               \
    X(order_late_grace, DURATION, RELOAD, "60s", 0, DAY,                                           \
      "How long after the deadline a participant may still agree.")                                \
    X(order_wait, DURATION, RELOAD, "5s", 0, 30 * SECOND,                                          \
      "How long placing an order waits for its outcome.")                                          \
    X(otlp, URL, DAEMON, "", 0, 0, "Where traces go, as http://HOST:4318; empty: nowhere.")        \
    X(otlp_ca, TEXT, DAEMON, "", 0, 1024,                                                          \
      "A PEM file of the authorities that the certificate of otlp may come from.")                 \
    X(otlp_headers, TEXT, SECRET | DAEMON, "", 0, 4000,                                            \
      "Header fields for otlp, as name=value,...; values are percent-encoded.")                    \
    X(park_after, DURATION, RELOAD, "15m", SECOND, 30 * DAY,                                       \
      "Time since the first attempt of a payment step after which it parks.")                      \
    X(park_attempts_min, INTEGER, RELOAD, "5", 1, 1000,                                            \
      "Attempts that park_after asks for in any case.")                                            \
    X(payment, URL, NONE, "simulator:", 0, 0,                                                      \
      "The provider: simulator:?seed=&decline=&latency_ms=, https://..., or none: for tasks.")     \
    X(payment_ca, TEXT, NONE, "", 0, 1024,                                                         \
      "A PEM file of the authorities that the provider's certificate may come from.")              \
    X(payment_calls_max, INTEGER, NONE, "256", 1, 1024,                                            \
      "Calls to an https: provider that run at once.")                                             \
    X(payment_secret, TEXT, SECRET, "", 0, 255,                                                    \
      "The key with which requests to an https: provider and its callbacks are signed.")           \
    X(payment_timeout, DURATION, NONE, "10s", 100, 25 * SECOND,                                    \
      "How long one call to an https: provider may take.")                                         \
    X(queue_max, INTEGER, NONE, "8192", 1, 8192, "Commands that wait at most; more are refused.")  \
    X(rate_limit, TEXT, DAEMON | RELOAD, "", 0, 32,                                                \
      "Requests that a client may send, as 100/1s, by principal or address; empty: any number.")   \
    X(rate_limit_burst, INTEGER, DAEMON | RELOAD, "0", 0, 1000000000,                              \
      "Requests that a client may send at once; 0: as many as rate_limit names.")                  \
    X(related_skus, INTEGER, NONE, "4096", 256, 16384,                                             \
      "SKUs whose companions in orders are kept, at 1,900 to 3,000 bytes each.")                   \
    X(resend_first, DURATION, RELOAD, "10s", SECOND, DAY,                                          \
      "When an unsettled order first repeats its newest event.")                                   \
    X(resend_max, DURATION, RELOAD, "10m", SECOND, 7 * DAY,                                        \
      "The longest pause between two such repeats.")                                               \
    X(retry_first, DURATION, RELOAD, "1s", 1, DAY,                                                 \
      "The pause after the first attempt of a payment step.")                                      \
    X(retry_max, DURATION, RELOAD, "60s", 1, DAY, "The longest pause between two attempts.")       \
    X(search, URL, NONE, "fts:", 0, 0,                                                             \
      "The search index: fts: beside the store, none:, or elasticsearch://host:port.")             \
    X(service_secret, TEXT, SECRET | DAEMON, "", 0, 255,                                           \
      "The key with which services sign their requests.")                                          \
    X(start_wait, DURATION, DAEMON, "0s", 0, HOUR,                                                 \
      "How long a start waits for a store on another server; 0s: it fails at once.")               \
    X(store, URL, DAEMON, "sqlite:aurora.db", 0, 0,                                                \
      "Where everything is kept: sqlite:PATH, memory: or postgresql://...")                        \
    X(store_cache, INTEGER, NONE, "16MiB", MIB, TIB,                                               \
      "Memory for pages of the store; each reader beside has a quarter of it.")                    \
    X(tls_certificate, TEXT, DAEMON | RELOAD, "", 0, 1024,                                         \
      "A PEM file of the certificate of listen, and those above it; empty: no TLS.")               \
    X(tls_client_ca, TEXT, DAEMON | RELOAD, "", 0, 1024,                                           \
      "A PEM file of authorities: clients need a certificate of theirs; empty: they need none.")   \
    X(tls_client_names, TEXT, DAEMON, "", 0, 1024,                                                 \
      "Names in the certificates of clients that may speak for others, with commas.")              \
    X(tls_key, TEXT, DAEMON | RELOAD, "", 0, 1024,                                                 \
      "A PEM file of the private key of tls_certificate.")                                         \
    X(trace_parent, BOOL, DAEMON, "true", 0, 0,                                                    \
      "Whether a request's traceparent is gone on with; else its trace is linked to a new one.")   \
    X(trace_sample, TEXT, DAEMON | RELOAD, "0.1", 1, 20,                                           \
      "The part of traces that begin here which is sent, 0 to 1; with otlp alone.")                \
    X(trace_slow, DURATION, DAEMON | RELOAD, "500ms", 0, HOUR,                                     \
      "Requests that take longer are sent, sampled or not; 0s: none for that.")                    \
    X(trending_capacity, INTEGER, NONE, "4096", 256, 65536,                                        \
      "SKUs that trending counts without error, at 840 bytes each.")                               \
    X(trusted_proxies, TEXT, DAEMON | RELOAD, "", 0, 1024,                                         \
      "Networks whose X-Forwarded-For is believed, as 10.0.0.0/8,loopback; empty: nobody's.")      \
    X(upstream, TEXT, DAEMON, "", 0, 4000,                                                         \
      "Where the gateway finds the services, as order=HOST:PORT,...")                              \
    X(upstream_ca, TEXT, DAEMON | RELOAD, "", 0, 1024,                                             \
      "A PEM file of the authorities of the services' certificates; empty: no TLS to them.")       \
    X(upstream_certificate, TEXT, DAEMON | RELOAD, "", 0, 1024,                                    \
      "A PEM file of the certificate that the gateway shows to services.")                         \
    X(upstream_key, TEXT, DAEMON | RELOAD, "", 0, 1024,                                            \
      "A PEM file of the private key of upstream_certificate.")

#define ROW(name_, kind_, flags_, default_, minimum_, maximum_, help_)                             \
    {.name = #name_,                                                                               \
     .kind = AURORA_SETTING_##kind_,                                                               \
     .flags = flags_,                                                                              \
     .default_text = default_,                                                                     \
     .minimum = minimum_,                                                                          \
     .maximum = maximum_,                                                                          \
     .help = help_},

static const aurora_setting_info table[] = {SETTINGS(ROW)};

#define TABLE_COUNT (sizeof table / sizeof *table)

const aurora_setting_info *aurora_setting_table(uint32_t *count_out)
{
    *count_out = TABLE_COUNT;
    return table;
}

const aurora_setting_info *aurora_setting_find(const char *name, size_t len)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0)
            return &table[i];
    }
    return NULL;
}

/* As the other spellings of a name fold into ours: --order-deadline, ORDER_DEADLINE. */
static char fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '-' ? '_' : c;
}

/* Levenshtein's distance: insertions, deletions and substitutions. */
static size_t distance(const char *name, size_t name_length, const char *other)
{
    size_t row[NAME_BYTES_MAX + 1];
    size_t width = strlen(other);
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 0; i < name_length; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            size_t best = diagonal + (fold(name[i]) == other[j] ? 0 : 1);
            diagonal = row[j + 1];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j + 1] + 1 < best)
                best = row[j + 1] + 1;
            row[j + 1] = best;
        }
    }
    return row[width];
}

const char *aurora_setting_nearest(const char *name)
{
    size_t length = strnlen(name, NAME_BYTES_MAX + 1);
    if (length == 0 || length > NAME_BYTES_MAX)
        return NULL;
    const char *nearest = NULL;
    size_t best = length / 3 + 2; /* a name further away is another word */
    if (best > length)
        best = length;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        size_t steps = distance(name, length, table[i].name);
        if (steps < best) {
            best = steps;
            nearest = table[i].name;
        }
    }
    return nearest;
}

#define KIND_NAMES(X)                                                                              \
    X(DURATION, "duration")                                                                        \
    X(INTEGER, "integer")                                                                          \
    X(TEXT, "text")                                                                                \
    X(URL, "url")                                                                                  \
    X(BOOL, "bool")

const char *aurora_setting_kind_name(int32_t kind)
{
    switch (kind) {
#define CASE(name, text)                                                                           \
    case AURORA_SETTING_##name:                                                                    \
        return text;
        KIND_NAMES(CASE)
#undef CASE
    default:
        return "";
    }
}
