/* SPDX-License-Identifier: MIT */
/* The .sql files of this folder, embedded at build time: NNNN_name.sql is version NNNN, counted
 * from 1 without a gap. Not what runs them. In the text {order}, {inventory} and so on stand for
 * the schema of a module's tables, {aurora} for that of the log. */
#ifndef AURORA_ADAPTERS_STORE_POSTGRES_MIGRATIONS_H
#define AURORA_ADAPTERS_STORE_POSTGRES_MIGRATIONS_H

typedef struct {
    int version;     /* 1 and up, ascending by one; 0 ends the table */
    const char *sql; /* all statements of the file, NUL-terminated; NULL at the end */
} aurora__pg_migration;

extern const aurora__pg_migration aurora__store_postgres_migrations[];

#endif
