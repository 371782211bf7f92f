/* SPDX-License-Identifier: MIT */
#include "daemon/rate_limit.h"

#include <aurora/limiter.h>
#include <aurora/port/driver.h>
#include <aurora/setting.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "routes/metrics.h"

#ifdef AURORA_HAVE_NET
#include <aurora/net.h>
#endif

#define POLICY "default"
#define POLICY_OF_PROBES "probe"
#define KEYS 65536 /* at some 50 bytes each, only where there is a rate */
#define KEY_BYTES 160
#define SECOND_NS INT64_C(1000000000)

typedef enum { LOCAL, OPEN, CLOSED } fallback;

struct aurora__rate_limit {
    uint64_t tokens, per_ns, burst;
    fallback fallback;
    aurora_limiter *local;    /* NULL where nothing is counted here */
    aurora_limiter_port port; /* zeroed: "memory:" */
    aurora_allocator allocator;
    aurora_service_log *log;
    char policy[96]; /* the field RateLimit-Policy */
    _Atomic uint64_t admitted, refused, unreachable;
};

/* --- settings --------------------------------------------------------------------------------- */

/* "100/1s": tokens and the time in which they come back. */
static bool read_rate(const char *text, uint64_t *tokens_out, uint64_t *per_ns_out)
{
    static const aurora_setting_info period = {.name = "rate_limit",
                                               .kind = AURORA_SETTING_DURATION,
                                               .default_text = "",
                                               .minimum = 1,
                                               .maximum = INT64_C(7) * 86400000,
                                               .help = ""};
    char *end;
    int64_t per_ms;
    if (text[0] < '0' || text[0] > '9')
        return false;
    *tokens_out = strtoull(text, &end, 10);
    if (*end != '/' || *tokens_out < 1 || *tokens_out > 1000000000 ||
        aurora_setting_parse(&period, end + 1, &per_ms, NULL) != AURORA_OK)
        return false;
    *per_ns_out = (uint64_t)per_ms * 1000000;
    return *tokens_out <= *per_ns_out;
}

static bool read_fallback(const char *text, fallback *out)
{
    static const char *const names[] = {"local", "open", "closed"};
    for (int i = LOCAL; i <= CLOSED; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (fallback)i;
            return true;
        }
    }
    return false;
}

static void read_settings(const aurora_config *config, aurora__rate_limit *limit)
{
    read_rate(aurora_config_text(config, "rate_limit"), &limit->tokens, &limit->per_ns);
    read_fallback(aurora_config_text(config, "limiter_fallback"), &limit->fallback);
    int64_t burst = aurora_config_number(config, "rate_limit_burst");
    limit->burst = burst > 0 ? (uint64_t)burst : limit->tokens;
}

const char *aurora__rate_limit_check(const aurora_config *config, const char **rule_out)
{
    aurora__rate_limit limit = {0};
    aurora_bucket bucket;
    const char *rate = aurora_config_text(config, "rate_limit");
    *rule_out = "must be local, open or closed";
    if (!read_fallback(aurora_config_text(config, "limiter_fallback"), &limit.fallback))
        return "limiter_fallback";
    *rule_out = "must be empty, or a number and a time to 7d, as 100/1s, and at most one a "
                "nanosecond";
    if (rate[0] != '\0' && !read_rate(rate, &limit.tokens, &limit.per_ns))
        return "rate_limit";
    read_settings(config, &limit);
    *rule_out = "is more than this rate fills in 63 years";
    if (rate[0] != '\0' &&
        aurora_bucket_init(&bucket, limit.tokens, limit.per_ns, limit.burst, 0) != AURORA_OK)
        return "rate_limit_burst";
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static void write_log(void *self, int32_t level, const char *message)
{
    const aurora__rate_limit *limit = self;
    if (limit->log != NULL)
        aurora_service_log_write(limit->log, level, "limiter", "%s", message);
}

static void *allocate(void *self, size_t size)
{
    (void)self;
    return malloc(size);
}

static void *reallocate(void *self, void *memory, size_t size)
{
    (void)self;
    return realloc(memory, size);
}

static void release(void *self, void *memory)
{
    (void)self;
    free(memory);
}

static aurora_status refuse(aurora_error *err, aurora_status status, const char *message)
{
    err->status = status;
    snprintf(err->field, sizeof err->field, "limiter");
    snprintf(err->message, sizeof err->message, "%s", message);
    return status;
}

static aurora_status open_port(aurora__rate_limit *limit, const char *url, aurora_error *err)
{
    size_t length = strcspn(url, ":");
    uint32_t count = 0;
    const aurora_driver *drivers = NULL;
#ifdef AURORA_HAVE_NET
    drivers = aurora_net_drivers(&count);
#endif
    for (uint32_t i = 0; i < count; i++) {
        if (drivers[i].port != AURORA_PORT_LIMITER || strlen(drivers[i].scheme) != length ||
            strncmp(drivers[i].scheme, url, length) != 0)
            continue;
        const aurora_limiter_port_options options = {.size = sizeof options,
                                                     .address = url + length + 1,
                                                     .allocator = &limit->allocator,
                                                     .log = write_log,
                                                     .log_self = limit};
        return drivers[i].open_limiter(&options, &limit->port, err);
    }
    return refuse(err, AURORA_ENOTSUP, "must be memory: or redis://HOST:PORT");
}

static aurora_status open_local(aurora__rate_limit *limit, aurora_error *err)
{
    uint64_t seed[2];
    if (getrandom(seed, sizeof seed, 0) != sizeof seed)
        return refuse(err, AURORA_EIO, "the system gives no random bytes");
    return aurora_limiter_new(AURORA_LIMITER_OPTIONS(.capacity = KEYS, .tokens = limit->tokens,
                                                     .per_ns = limit->per_ns, .burst = limit->burst,
                                                     .seed = {seed[0], seed[1]}),
                              &limit->local, err);
}

/* q of w: what a full bucket holds, and how long an empty one takes to be full. */
static void describe(aurora__rate_limit *limit)
{
    double full_s = (double)limit->burst * (double)limit->per_ns / (double)limit->tokens / 1e9;
    snprintf(limit->policy, sizeof limit->policy, "\"" POLICY "\";q=%" PRIu64 ";w=%.0f",
             limit->burst, full_s < 1 ? 1 : full_s);
}

aurora_status aurora__rate_limit_open(const aurora_config *config, aurora_service_log *log,
                                      aurora__rate_limit **out, aurora_error *err)
{
    const char *url = aurora_config_text(config, "limiter");
    bool is_local = strcmp(url, "memory:") == 0;
    *out = NULL;
    aurora__rate_limit *limit = calloc(1, sizeof *limit);
    if (limit == NULL)
        return refuse(err, AURORA_ENOMEM, "out of memory");
    limit->log = log;
    limit->allocator = (aurora_allocator){.size = sizeof limit->allocator,
                                          .allocate = allocate,
                                          .reallocate = reallocate,
                                          .release = release};
    read_settings(config, limit);
    bool has_rate = limit->tokens > 0;
    aurora_status rc = is_local ? AURORA_OK : open_port(limit, url, err);
    if (rc == AURORA_OK && has_rate && (is_local || limit->fallback == LOCAL))
        rc = open_local(limit, err);
    describe(limit);
    if (rc == AURORA_OK && has_rate)
        *out = limit;
    else
        aurora__rate_limit_close(limit);
    return rc;
}

void aurora__rate_limit_close(aurora__rate_limit *limit)
{
    if (limit == NULL)
        return;
    if (limit->port.close != NULL)
        limit->port.close(limit->port.self);
    aurora_limiter_free(limit->local);
    free(limit);
}

bool aurora__rate_limit_is_remote(const aurora__rate_limit *limit)
{
    return limit->port.take != NULL;
}

/* --- requests --------------------------------------------------------------------------------- */

/* Who signed in, by name. Else the address; of IPv6 the network, since a host has 2^64 of them. */
static size_t write_key(const aurora_http_exchange *exchange, char key[KEY_BYTES])
{
    const aurora_http_principal *principal = aurora_http_exchange_principal(exchange);
    struct in6_addr address;
    char network[INET6_ADDRSTRLEN];
    const char *peer = aurora_http_exchange_peer(exchange);
    int len;
    if (principal->is_authenticated) {
        len = snprintf(key, KEY_BYTES, "p:%s", principal->name);
    } else if (inet_pton(AF_INET6, peer, &address) == 1 && !IN6_IS_ADDR_V4MAPPED(&address)) {
        memset(address.s6_addr + 8, 0, 8);
        len = snprintf(key, KEY_BYTES, "a:%s/64",
                       inet_ntop(AF_INET6, &address, network, sizeof network));
    } else {
        len = snprintf(key, KEY_BYTES, "a:%s", peer);
    }
    return len < KEY_BYTES ? (size_t)len : KEY_BYTES - 1;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static aurora_status take_shared(aurora__rate_limit *limit, const char *policy, const char *key,
                                 size_t len, aurora_limit *out)
{
    const aurora_limiter_take what = {.policy = policy,
                                      .key = key,
                                      .key_len = (uint32_t)len,
                                      .tokens = limit->tokens,
                                      .per_ns = limit->per_ns,
                                      .burst = limit->burst,
                                      .cost = 1};
    return limit->port.take(limit->port.self, &what, out);
}

/* False where nobody can say and the fallback is not to count here. */
static bool take(aurora__rate_limit *limit, const char *key, size_t len, aurora_limit *out)
{
    if (limit->port.take != NULL) {
        if (take_shared(limit, POLICY, key, len, out) == AURORA_OK)
            return true;
        count(&limit->unreachable);
        if (limit->local == NULL)
            return false;
    }
    aurora_limiter_try_take(limit->local, key, len, 1, now_ns(), out);
    return true;
}

static int64_t seconds_up(int64_t ns)
{
    return (ns + SECOND_NS - 1) / SECOND_NS;
}

static void set_fields(const aurora__rate_limit *limit, aurora_http_exchange *exchange,
                       const aurora_limit *how)
{
    char text[96];
    aurora_http_set(exchange, "RateLimit-Policy", limit->policy);
    snprintf(text, sizeof text, "\"" POLICY "\";r=%" PRIu64 ";t=%" PRId64, how->remaining,
             seconds_up(how->is_allowed ? how->reset_ns : how->retry_after_ns));
    aurora_http_set(exchange, "RateLimit", text);
    if (how->is_allowed)
        return;
    snprintf(text, sizeof text, "%" PRId64, seconds_up(how->retry_after_ns));
    aurora_http_set(exchange, "Retry-After", text);
}

bool aurora__rate_limit_admit(aurora__rate_limit *limit, aurora_http_exchange *exchange)
{
    char key[KEY_BYTES];
    aurora_limit how;
    size_t len = write_key(exchange, key);
    if (!take(limit, key, len, &how)) {
        if (limit->fallback == OPEN)
            return true;
        aurora_http_problem(exchange, 503, "unavailable",
                            "The rate limiter cannot be reached, and nothing passes without it.");
        return false;
    }
    set_fields(limit, exchange, &how);
    count(how.is_allowed ? &limit->admitted : &limit->refused);
    if (how.is_allowed)
        return true;
    aurora_http_problem(exchange, 429, "quota_exceeded",
                        "Too many requests: RateLimit-Policy says how many may come.");
    return false;
}

static double read_count(const _Atomic uint64_t *counter)
{
    return (double)atomic_load_explicit(counter, memory_order_relaxed);
}

void aurora__rate_limit_metrics(const aurora__rate_limit *limit, FILE *to)
{
    static const char requests[] = "aurora_rate_limit_requests_total";
    const aurora_pair admitted = {"result", "admitted"}, refused = {"result", "refused"};
    aurora__metric_family(to, requests, AURORA_METRIC_COUNTER, "Requests that were counted.");
    aurora__metric_sample(to, requests, "", &admitted, 1, read_count(&limit->admitted));
    aurora__metric_sample(to, requests, "", &refused, 1, read_count(&limit->refused));
    aurora__metric_single(to, "aurora_rate_limit_unreachable_total", AURORA_METRIC_COUNTER,
                          "Requests for which limiter_fallback decided.",
                          read_count(&limit->unreachable));
}

void aurora__rate_limit_read(const aurora__rate_limit *limit, aurora__rate_limit_figures *out)
{
    out->admitted = atomic_load_explicit(&limit->admitted, memory_order_relaxed);
    out->refused = atomic_load_explicit(&limit->refused, memory_order_relaxed);
    out->unreachable = atomic_load_explicit(&limit->unreachable, memory_order_relaxed);
    out->has_breaker = limit->port.breaker != NULL;
    if (out->has_breaker)
        limit->port.breaker(limit->port.self, &out->breaker);
}

void aurora__rate_limit_ask(aurora__rate_limit *limit)
{
    aurora_limit answer;
    if (limit->port.take != NULL)
        (void)take_shared(limit, POLICY_OF_PROBES, "", 0, &answer);
}
