/* SPDX-License-Identifier: MIT */
/* The store port over one PostgreSQL database: "postgresql://USER@HOST:PORT/DATABASE". Any number
 * of instances may write to it at once; rows are locked one by one, in one global order. */
#ifndef AURORA_ADAPTERS_STORE_POSTGRES_H
#define AURORA_ADAPTERS_STORE_POSTGRES_H

#include <aurora/port/store.h>

/* The address is a libpq URI without its scheme; parameters that are ours are listed in
 * docs/STORE.md. The database must exist and be in UTF-8; the schemas in it are made. Beside the
 * failures of the port: AURORA_EINVAL (a bad address), AURORA_ENOTSUP (a server below 14 or in
 * another encoding), AURORA_ENOTFOUND (no such database; no schema and it may not be made),
 * AURORA_ESCHEMA. *out is written when it answers AURORA_OK. Threads: shared. */
aurora_status aurora__store_postgres_open(const aurora_store_options *options, aurora_store *out,
                                          aurora_error *err);

#endif
