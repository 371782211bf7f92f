/* SPDX-License-Identifier: MIT */
#include "core/tables.h"

#include <stddef.h>
#include <string.h>

#define COLUMN(kind, name, is_nullable) {#name, AURORA_COLUMN_##kind, is_nullable},
#define COLUMNS(suffix, list, ...)                                                                 \
    static const aurora_column suffix##_columns[] = {AURORA__##list##_COLUMNS(COLUMN)};
AURORA__TABLE_LIST(COLUMNS)

#define OFFSET(kind, name, is_nullable) offsetof(ROW, name),
#define ROW aurora__order_row
static const uint16_t order_offsets[] = {AURORA__ORDER_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__order_reference_row
static const uint16_t order_reference_offsets[] = {AURORA__ORDER_REFERENCE_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__payment_row
static const uint16_t payment_offsets[] = {AURORA__PAYMENT_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__ledger_row
static const uint16_t ledger_offsets[] = {AURORA__LEDGER_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__reservation_row
static const uint16_t reservation_offsets[] = {AURORA__RESERVATION_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__hold_row
static const uint16_t hold_offsets[] = {AURORA__HOLD_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__product_row
static const uint16_t product_offsets[] = {AURORA__PRODUCT_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__price_row
static const uint16_t price_offsets[] = {AURORA__PRICE_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__sku_row
static const uint16_t sku_offsets[] = {AURORA__SKU_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__movement_row
static const uint16_t movement_offsets[] = {AURORA__MOVEMENT_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__stock_row
static const uint16_t stock_offsets[] = {AURORA__STOCK_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__notification_row
static const uint16_t notification_offsets[] = {AURORA__NOTIFICATION_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__watermark_row
static const uint16_t watermark_offsets[] = {AURORA__WATERMARK_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__parked_key_row
static const uint16_t parked_key_offsets[] = {AURORA__PARKED_KEY_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__parked_event_row
static const uint16_t parked_event_offsets[] = {AURORA__PARKED_EVENT_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__cursor_row
static const uint16_t cursor_offsets[] = {AURORA__CURSOR_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__sketch_row
static const uint16_t sketch_offsets[] = {AURORA__SKETCH_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__customer_order_row
static const uint16_t customer_order_offsets[] = {AURORA__CUSTOMER_ORDER_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__customer_slice_row
static const uint16_t customer_slice_offsets[] = {AURORA__CUSTOMER_SLICE_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__counter_row
static const uint16_t counter_offsets[] = {AURORA__COUNTER_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__meta_row
static const uint16_t meta_offsets[] = {AURORA__META_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__log_epoch_row
static const uint16_t log_epoch_offsets[] = {AURORA__LOG_EPOCH_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__order_key_row
static const uint16_t order_key_offsets[] = {AURORA__ORDER_KEY_COLUMNS(OFFSET)};
#undef ROW
#define ROW aurora__lease_row
static const uint16_t lease_offsets[] = {AURORA__LEASE_COLUMNS(OFFSET)};
#undef ROW

/* Column numbers within a table, for indexes. */
#define NUMBER(kind, name, is_nullable) C_##name,
enum order_column { AURORA__ORDER_COLUMNS(NUMBER) };
#define DUE(prefix, number, label)                                                                 \
    static const uint8_t prefix##_column[] = {number};                                             \
    static const aurora_index prefix##_index = {label, prefix##_column, 1, 0, number}

static const uint8_t order_due_column[] = {C_due_at};
static const uint8_t order_parked_column[] = {C_parked_at};
static const aurora_index order_indexes[] = {
    {"orders_due", order_due_column, 1, 0, C_due_at},
    {"orders_parked", order_parked_column, 1, 0, C_parked_at},
};
DUE(reservation_held, 8, "reservations_held");
DUE(hold_due, 7, "holds_due");
DUE(payment_due, 19, "payments_due");
DUE(notification_due, 7, "notifications_due");
static const uint8_t sku_id_column[] = {1};
static const aurora_index sku_id_index = {"skus_id", sku_id_column, 1, 1, -1};
static const uint8_t product_category_column[] = {4};
static const aurora_index product_category_index = {"products_category", product_category_column, 1,
                                                    0, 4};
static const uint8_t order_key_created_column[] = {4};
static const aurora_index order_key_created_index = {"order_keys_created", order_key_created_column,
                                                     1, 0, -1};

#define INDEX_order order_indexes, 2
#define INDEX_order_reference NULL, 0
#define INDEX_payment &payment_due_index, 1
#define INDEX_ledger NULL, 0
#define INDEX_reservation &reservation_held_index, 1
#define INDEX_hold &hold_due_index, 1
#define INDEX_product &product_category_index, 1
#define INDEX_price NULL, 0
#define INDEX_sku &sku_id_index, 1
#define INDEX_movement NULL, 0
#define INDEX_stock NULL, 0
#define INDEX_notification &notification_due_index, 1
#define INDEX_watermark NULL, 0
#define INDEX_parked_key NULL, 0
#define INDEX_parked_event NULL, 0
#define INDEX_cursor NULL, 0
#define INDEX_sketch NULL, 0
#define INDEX_customer_order NULL, 0
#define INDEX_customer_slice NULL, 0
#define INDEX_counter NULL, 0
#define INDEX_meta NULL, 0
#define INDEX_log_epoch NULL, 0
#define INDEX_order_key &order_key_created_index, 1
#define INDEX_lease NULL, 0

#define POINTER_UUID 0
#define POINTER_INT64 0
#define POINTER_BOOL 0
#define POINTER_TIME 0
#define POINTER_TEXT 1
#define POINTER_BYTES 1
#define HAS_POINTER(kind, name, is_nullable) | POINTER_##kind

#define TABLE(suffix, list, label, keys, version, rank, cacheable)                                 \
    {{label, suffix##_columns, sizeof(suffix##_columns) / sizeof(aurora_column), keys,             \
      INDEX_##suffix, version, rank},                                                              \
     suffix##_offsets,                                                                             \
     sizeof(aurora__##suffix##_row),                                                               \
     cacheable,                                                                                    \
     0 AURORA__##list##_COLUMNS(HAS_POINTER)},

const aurora__table aurora__tables[AURORA__TABLE_COUNT] = {AURORA__TABLE_LIST(TABLE)};

static void *take_from(void *self, size_t bytes)
{
    return aurora__arena_take(self, bytes);
}

aurora_arena_port aurora__arena_port(aurora__arena *arena)
{
    return (aurora_arena_port){arena, take_from};
}

static aurora_value pack_column(const aurora_column *column, const char *field)
{
    aurora_value value = {.kind = column->kind};
    if (column->kind == AURORA_COLUMN_TEXT) {
        memcpy(&value.bytes, field, sizeof value.bytes);
        value.length = value.bytes == NULL ? 0 : (uint32_t)strlen(value.bytes);
        value.kind = value.bytes == NULL ? 0 : value.kind;
    } else if (column->kind == AURORA_COLUMN_BYTES) {
        const aurora__bytes *bytes = (const void *)field;
        value.bytes = bytes->data;
        value.length = (uint32_t)bytes->length;
        value.kind = bytes->data == NULL ? 0 : value.kind;
    } else if (column->kind == AURORA_COLUMN_UUID) {
        value.bytes = field;
        value.length = 16; /* no column of ids is nullable */
    } else {
        memcpy(&value.number, field, sizeof value.number);
        if (column->is_nullable && value.number == 0)
            value.kind = 0;
    }
    return value;
}

void aurora__table_pack(const aurora__table *table, const void *row, aurora_value *values_out)
{
    for (uint32_t i = 0; i < table->table.column_count; i++)
        values_out[i] =
            pack_column(&table->table.columns[i], (const char *)row + table->offsets[i]);
}

static aurora_status unpack_column(const aurora_column *column, const aurora_value *value,
                                   char *field)
{
    if (value->kind == 0)
        return column->is_nullable ? AURORA_OK : AURORA_ECORRUPT;
    if (value->kind != column->kind)
        return AURORA_ECORRUPT;
    if (column->kind == AURORA_COLUMN_TEXT) {
        memcpy(field, &value->bytes, sizeof value->bytes);
    } else if (column->kind == AURORA_COLUMN_BYTES) {
        aurora__bytes *bytes = (void *)field;
        *bytes = (aurora__bytes){value->bytes, value->length};
    } else if (column->kind == AURORA_COLUMN_UUID) {
        if (value->length != 16)
            return AURORA_ECORRUPT;
        memcpy(field, value->bytes, 16);
    } else {
        memcpy(field, &value->number, sizeof value->number);
    }
    return AURORA_OK;
}

aurora_status aurora__table_unpack_some(const aurora__table *table, const aurora_value *values,
                                        uint64_t columns, void *row_out)
{
    memset(row_out, 0, table->struct_size);
    for (uint32_t i = 0; i < table->table.column_count; i++) {
        if ((columns >> i & 1) == 0)
            continue;
        aurora_status rc = unpack_column(&table->table.columns[i], &values[i],
                                         (char *)row_out + table->offsets[i]);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

aurora_status aurora__table_unpack(const aurora__table *table, const aurora_value *values,
                                   void *row_out)
{
    return aurora__table_unpack_some(table, values, UINT64_MAX, row_out);
}
