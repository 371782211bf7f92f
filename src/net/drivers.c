/* SPDX-License-Identifier: MIT */
#include <aurora/net.h>

#ifdef AURORA_HAVE_KAFKA
#include "adapters/bus_kafka/bus_kafka.h"
#endif
#include "adapters/notifier_smtp/smtp.h"
#include "adapters/notifier_webhook/webhook.h"
#include "adapters/payment_http/payment_http.h"
#ifdef AURORA_HAVE_REDIS
#include "adapters/redis/redis.h"
#endif
#ifdef AURORA_HAVE_POSTGRES
#include "adapters/store_postgres/store_postgres.h"
#endif
#ifdef AURORA_HAVE_ELASTIC
#include "adapters/search_elastic/search_elastic.h"
#endif

static const aurora_driver drivers[] = {
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_PAYMENT,
     .scheme = "https",
     .open_payment = aurora__payment_http_open},
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_PAYMENT,
     .scheme = "http",
     .open_payment = aurora__payment_http_open},
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_NOTIFIER,
     .scheme = "smtp",
     .open_notifier = aurora__smtp_open},
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_NOTIFIER,
     .scheme = "smtps",
     .open_notifier = aurora__smtp_open},
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_NOTIFIER,
     .scheme = "https",
     .open_notifier = aurora__webhook_open},
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_NOTIFIER,
     .scheme = "http",
     .open_notifier = aurora__webhook_open},
#ifdef AURORA_HAVE_REDIS
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_CACHE,
     .scheme = "redis",
     .open_cache = aurora__redis_cache_open},
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_CACHE,
     .scheme = "rediss",
     .open_cache = aurora__redis_cache_open_tls},
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_LIMITER,
     .scheme = "redis",
     .open_limiter = aurora__redis_limiter_open},
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_LIMITER,
     .scheme = "rediss",
     .open_limiter = aurora__redis_limiter_open_tls},
#endif
#ifdef AURORA_HAVE_KAFKA
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_BUS,
     .scheme = "kafka",
     .open_bus = aurora__bus_kafka_open},
#endif
#ifdef AURORA_HAVE_POSTGRES
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_STORE,
     .scheme = "postgresql",
     .open_store = aurora__store_postgres_open},
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_STORE,
     .scheme = "postgres",
     .open_store = aurora__store_postgres_open},
#endif
#ifdef AURORA_HAVE_ELASTIC
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_SEARCH,
     .scheme = "elasticsearch",
     .open_search = aurora__search_elastic_open},
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_SEARCH,
     .scheme = "opensearch",
     .open_search = aurora__search_elastic_open},
#endif
};

const aurora_driver *aurora_net_drivers(uint32_t *count_out)
{
    *count_out = sizeof drivers / sizeof *drivers;
    return drivers;
}
