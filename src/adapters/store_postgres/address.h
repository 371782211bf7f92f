/* SPDX-License-Identifier: MIT */
/* The address of a store: a libpq URI, with some parameters of ours in it. */
#ifndef AURORA_ADAPTERS_STORE_POSTGRES_ADDRESS_H
#define AURORA_ADAPTERS_STORE_POSTGRES_ADDRESS_H

#include <aurora/port/store.h>

#define AURORA__PG_KEYWORDS_MAX 64

typedef struct {
    const aurora_allocator *allocator;
    char *uri;      /* what libpq is given, ours taken out */
    char name[128]; /* "host:port/database" for messages: no user, no password */
    uint32_t readers_max;
    bool has_outbox; /* events go to the table `outbox`, too */
    bool keeps_rows; /* of it; else they are deleted in the transaction that wrote them */
} aurora__pg_address;

/* Parses what stands behind "postgresql:". AURORA_EINVAL with words in err. */
aurora_status aurora__pg_address_parse(aurora__pg_address *address, const char *text,
                                       const aurora_allocator *allocator, aurora_error *err);
void aurora__pg_address_free(aurora__pg_address *address);

/* The keywords and values of a connection: the URI's, and where it says nothing our defaults, so
 * that nothing waits for ever. Both arrays end with NULL; what they point to is freed by
 * aurora__pg_keywords_free. */
typedef struct {
    const char *keywords[AURORA__PG_KEYWORDS_MAX];
    const char *values[AURORA__PG_KEYWORDS_MAX];
    void *parsed;
} aurora__pg_keywords;

aurora_status aurora__pg_keywords_init(aurora__pg_keywords *keywords,
                                       const aurora__pg_address *address,
                                       const char *application_name, bool must_write);
void aurora__pg_keywords_free(aurora__pg_keywords *keywords);

#endif
