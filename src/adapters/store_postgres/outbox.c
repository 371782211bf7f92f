/* SPDX-License-Identifier: MIT */
/* The outbox table: rows for a reader of the WAL, in the transaction of their batch. */
#include <string.h>

#include "adapters/store_postgres/instance.h"

static const char *text_of(const aurora_store_outbox_row *row, int column)
{
    const char *const texts[] = {row->aggregate_type, row->aggregate_id, row->type,
                                 row->payload,        row->topic,        row->time,
                                 row->traceparent};
    return texts[column];
}

#define TEXT_COLUMNS 7

static void add_texts(aurora__pg_params *params, const aurora_store_outbox_row *rows,
                      uint32_t count, int column)
{
    aurora__pg_array_begin(params, AURORA_COLUMN_TEXT);
    for (uint32_t i = 0; i < count; i++) {
        const char *text = text_of(&rows[i], column);
        aurora_value value = {.kind = text == NULL ? 0 : AURORA_COLUMN_TEXT,
                              .length = text == NULL ? 0 : (uint32_t)strlen(text),
                              .bytes = text};
        aurora__pg_array_value(params, &value);
    }
    aurora__pg_array_end(params);
}

static aurora_status send(aurora_store_txn *txn, int statement)
{
    aurora_status status = aurora__pg_send_fixed(txn->connection, statement);
    txn->later_count += status == AURORA_OK;
    return status;
}

/* A reader of the WAL sees what was inserted also when it is gone at the commit: the table stays
 * empty. */
aurora_status aurora__pg_outbox(void *self, aurora_store_txn *txn,
                                const aurora_store_outbox_row *rows, uint32_t count)
{
    const aurora__pg_store *store = self;
    aurora__pg_params *params = &txn->connection->params;
    if (txn->kind != AURORA_TXN_WRITE || !txn->is_appended)
        return AURORA_EINVAL;
    if (txn->is_failed)
        return AURORA_EIO;
    aurora__pg_params_clear(params);
    aurora__pg_param_int64(params, txn->event_count);
    aurora__pg_array_begin(params, AURORA_COLUMN_INT64);
    for (uint32_t i = 0; i < count; i++)
        aurora__pg_array_int64(params, rows[i].offset);
    aurora__pg_array_end(params);
    for (int column = 0; column < TEXT_COLUMNS; column++)
        add_texts(params, rows, count, column);
    aurora__pg_array_begin(params, AURORA_COLUMN_INT64);
    for (uint32_t i = 0; i < count; i++)
        aurora__pg_array_int64(params, rows[i].at_ms);
    aurora__pg_array_end(params);
    aurora_status status = send(txn, AURORA__PG_OUTBOX);
    if (status == AURORA_OK && !store->address.keeps_rows) {
        aurora__pg_params_clear(params);
        aurora__pg_param_int64(params, txn->event_count);
        status = send(txn, AURORA__PG_OUTBOX_CLEAR);
    }
    return status == AURORA_OK ? status : aurora__pg_fail(txn, status);
}
