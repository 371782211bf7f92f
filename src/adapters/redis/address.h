/* SPDX-License-Identifier: MIT */
/* Where a Redis is and how it is used:
 * //[user:password@]host[:port][/db][?prefix=&timeout=&pool=] */
#ifndef AURORA_ADAPTERS_REDIS_ADDRESS_H
#define AURORA_ADAPTERS_REDIS_ADDRESS_H

#include <aurora/base.h>

#define AURORA__REDIS_HOST_BYTES 256
#define AURORA__REDIS_PREFIX_BYTES 65
#define AURORA__REDIS_SECRET_BYTES 512
#define AURORA__REDIS_POOL_MAX 64

typedef struct {
    char host[AURORA__REDIS_HOST_BYTES];
    char port[8];
    char user[AURORA__REDIS_SECRET_BYTES]; /* "" = the default user */
    char password[AURORA__REDIS_SECRET_BYTES];
    bool has_password;
    uint32_t database;
    char prefix[AURORA__REDIS_PREFIX_BYTES];
    int64_t timeout_ms;
    uint32_t pool;
} aurora__redis_address;

/* Reads what stands behind "redis:". AURORA_EINVAL with `field` as the field. */
aurora_status aurora__redis_address_read(const char *text, const char *field,
                                         aurora__redis_address *out, aurora_error *err);

/* Fills *err, which may be NULL; the message must not hold a secret. Returns `status`. */
aurora_status aurora__redis_refuse(aurora_error *err, aurora_status status, const char *field,
                                   const char *message);

#endif
