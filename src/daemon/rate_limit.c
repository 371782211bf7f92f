/* SPDX-License-Identifier: MIT */
#include "daemon/rate_limit.h"

#include <aurora/port/driver.h>

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/rate_internal.h"
#include "http/clock.h"

#ifdef AURORA_HAVE_NET
#include <aurora/net.h>
#endif

#define POLICY_OF_PROBES "probe" /* buckets of policies end with a number */
#define SECOND_NS UINT64_C(1000000000)

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

static aurora_status open_shared(aurora__rate_limit *limit, const char *url, aurora_error *err)
{
    aurora_status rc = open_port(limit, url, err);
    if (rc != AURORA_OK)
        return rc;
    limit->leases = aurora__rate_leases_new(limit->seed[0]);
    return limit->leases != NULL ? AURORA_OK : refuse(err, AURORA_ENOMEM, "out of memory");
}

aurora_status aurora__rate_limit_open(const aurora_config *config, aurora_service_log *log,
                                      aurora__rate_limit **out, aurora_error *err)
{
    const char *url = aurora_config_text(config, "limiter");
    aurora_status rc = AURORA_OK;
    *out = NULL;
    aurora__rate_limit *limit = calloc(1, sizeof *limit);
    if (limit == NULL)
        return refuse(err, AURORA_ENOMEM, "out of memory");
    pthread_mutex_init(&limit->lock, NULL);
    limit->log = log;
    limit->allocator = (aurora_allocator){.size = sizeof limit->allocator,
                                          .allocate = allocate,
                                          .reallocate = reallocate,
                                          .release = release};
    if (getrandom(limit->seed, sizeof limit->seed, 0) != sizeof limit->seed)
        rc = refuse(err, AURORA_EIO, "the system gives no random bytes");
    if (rc == AURORA_OK && strcmp(url, "memory:") != 0)
        rc = open_shared(limit, url, err);
    if (rc == AURORA_OK)
        *out = limit;
    else
        aurora__rate_limit_close(limit);
    return rc;
}

void aurora__rate_limit_close(aurora__rate_limit *limit)
{
    if (limit == NULL)
        return;
    aurora__rate_table_drop(limit->table);
    if (limit->port.close != NULL)
        limit->port.close(limit->port.self);
    aurora__rate_leases_free(limit->leases);
    pthread_mutex_destroy(&limit->lock);
    free(limit);
}

aurora__rate_table *aurora__rate_limit_table(aurora__rate_limit *limit)
{
    pthread_mutex_lock(&limit->lock);
    aurora__rate_table *table = limit->table;
    if (table != NULL)
        atomic_fetch_add_explicit(&table->refs, 1, memory_order_relaxed);
    pthread_mutex_unlock(&limit->lock);
    return table;
}

bool aurora__rate_limit_put(aurora__rate_limit *limit, const aurora__rate_policies *policies,
                            const aurora_http_route *served, uint32_t served_count,
                            char error_out[AURORA_CONFIG_ERROR_BYTES])
{
    aurora__rate_table *old = limit->table; /* only this call changes it */
    const aurora__rate_table_options options = {.policies = policies,
                                                .served = served,
                                                .served_count = served_count,
                                                .old = old,
                                                .is_shared = limit->port.take_all != NULL,
                                                .seed = {limit->seed[0], limit->seed[1]},
                                                .now_ns = aurora__now_ns()};
    aurora__rate_table *table = aurora__rate_table_new(&options, error_out);
    if (table == NULL)
        return false;
    pthread_mutex_lock(&limit->lock);
    limit->table = table;
    pthread_mutex_unlock(&limit->lock);
    atomic_store(&limit->has_policies, policies->count > 0);
    aurora__rate_table_drop(old);
    if (limit->leases != NULL)
        aurora__rate_leases_clear(limit->leases);
    return true;
}

bool aurora__rate_limit_has_policies(const aurora__rate_limit *limit)
{
    return atomic_load_explicit(&limit->has_policies, memory_order_relaxed);
}

void aurora__rate_limit_ask(aurora__rate_limit *limit)
{
    static const aurora_limiter_take nobodys = {.policy = POLICY_OF_PROBES,
                                                .key = "",
                                                .tokens = 1000000,
                                                .per_ns = SECOND_NS,
                                                .burst = 1000000,
                                                .cost = 1};
    aurora_limit answer;
    if (limit->port.take != NULL)
        (void)limit->port.take(limit->port.self, &nobodys, &answer);
}
