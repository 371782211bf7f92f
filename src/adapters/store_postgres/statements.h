/* SPDX-License-Identifier: MIT */
/* SQL out of table descriptors. Each call queues one statement for many rows, with the arrays that
 * its comment names standing in connection->params in that order. */
#ifndef AURORA_ADAPTERS_STORE_POSTGRES_STATEMENTS_H
#define AURORA_ADAPTERS_STORE_POSTGRES_STATEMENTS_H

#include "adapters/store_postgres/connection.h"

/* Parameters: an array per key column, an array of numbers. Results: such a number, all columns of
 * the row of that key. Locked rows are locked in the order of their keys. */
aurora_status aurora__pg_send_load(aurora__pg_connection *connection, aurora__pg_statements *of,
                                   bool is_locked);

/* Parameters: an array per column. An upsert replaces the row of the same key, never another
 * one. */
aurora_status aurora__pg_send_insert(aurora__pg_connection *connection, aurora__pg_statements *of);
aurora_status aurora__pg_send_upsert(aurora__pg_connection *connection, aurora__pg_statements *of);

/* Parameters: an array per key column. */
aurora_status aurora__pg_send_drop(aurora__pg_connection *connection, aurora__pg_statements *of);

/* The columns that an update of these ones (0 = any) writes: a superset. */
uint64_t aurora__pg_update_columns(aurora__pg_statements *of, uint64_t columns);

/* Parameters: an array per key column, per column of the set that was just asked for, and of the
 * versions that the rows must hold where the table has one. */
aurora_status aurora__pg_send_update(aurora__pg_connection *connection, aurora__pg_statements *of,
                                     uint64_t columns);

/* Parameters: the lower bound, the upper bound, the limit. Results: the columns of the shape. */
aurora_status aurora__pg_send_scan(aurora__pg_connection *connection, aurora__pg_statements *of,
                                   const aurora__pg_scan_shape *shape);

#endif
