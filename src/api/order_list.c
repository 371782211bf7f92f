/* SPDX-License-Identifier: MIT */
/* Listings of orders: first the ids of a page, by whatever finds them fastest, then their rows. */
#include <aurora/order.h>

#include <string.h>

#include "api/check.h"
#include "api/cursor.h"
#include "api/handle.h"
#include "api/refuse.h"
#include "codec/order_result.h"
#include "engine/customers.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000
#define SCAN_ROWS 512

#define NUMBER(kind, name, is_nullable) COLUMN_##name,
enum { AURORA__ORDER_COLUMNS(NUMBER) };
#undef NUMBER
#define BIT(column) (UINT64_C(1) << (column))

/* A listing under way, in one snapshot. */
typedef struct {
    aurora__engine *engine;
    aurora_store_txn *txn;
    const aurora_order_filter *filter;
    aurora_id before; /* only ids below it */
    aurora_id from;   /* and not below this one */
    aurora_id *ids;   /* room for `limit` */
    uint32_t limit;   /* one more than the page holds: whether there is a next one */
    uint32_t count;
} listing;

static int order_of(const aurora_id *a, const aurora_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static bool is_in_range(const listing *list, const aurora_id *id)
{
    return order_of(id, &list->before) < 0 && order_of(id, &list->from) >= 0;
}

static bool has_status(const listing *list, const aurora__order_row *row)
{
    int32_t wanted = list->filter->status;
    int64_t shown = row->parked != 0 ? AURORA_ORDER_PARKED : row->status;
    return wanted == 0 || shown == wanted;
}

static bool has_customer(const listing *list, const aurora__order_row *row)
{
    return list->filter->customer_id == NULL ||
           aurora__text_is_equal(list->filter->customer_id, row->customer_id);
}

/* One slice of the orders, newest first; moves `before` down. */
static aurora_status scan_slice(listing *list, uint32_t *seen_out)
{
    aurora_value lower = {.kind = AURORA_COLUMN_UUID, .length = 16, .bytes = &list->from};
    aurora_value upper = {.kind = AURORA_COLUMN_UUID, .length = 16, .bytes = &list->before};
    uint64_t columns = BIT(COLUMN_id) | BIT(COLUMN_status) | BIT(COLUMN_parked);
    if (list->filter->customer_id != NULL)
        columns |= BIT(COLUMN_customer_id);
    bool is_plain = list->filter->status == 0 && list->filter->customer_id == NULL;
    aurora__range range = {.table = AURORA__TABLE_order,
                           .index = -1,
                           .flags = AURORA_SCAN_DESCENDING | AURORA_SCAN_UPPER_OPEN,
                           .lower = &lower,
                           .upper = &upper,
                           .lower_count = 1,
                           .upper_count = 1,
                           .columns = columns,
                           .limit = is_plain ? list->limit - list->count : SCAN_ROWS};
    aurora__query_arena arena;
    aurora__query_arena_init(&arena, aurora__engine_allocator(list->engine));
    aurora__order_row *rows = aurora__arena_take(&arena.arena, range.limit * sizeof *rows);
    aurora_status rc = rows == NULL ? AURORA_ENOMEM : AURORA_OK;
    *seen_out = 0;
    if (rc == AURORA_OK)
        rc = aurora__engine_scan(list->engine, list->txn, &range, &arena, rows, seen_out);
    for (uint32_t i = 0; rc == AURORA_OK && i < *seen_out && list->count < list->limit; i++) {
        if (has_status(list, &rows[i]) && has_customer(list, &rows[i]))
            list->ids[list->count++] = rows[i].id;
    }
    if (rc == AURORA_OK && *seen_out > 0)
        list->before = rows[*seen_out - 1].id;
    if (*seen_out < range.limit)
        *seen_out = 0;
    aurora__query_arena_free(&arena);
    return rc;
}

static aurora_status find_by_scan(listing *list)
{
    uint32_t seen = 1;
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && seen > 0 && list->count < list->limit)
        rc = scan_slice(list, &seen);
    return rc;
}

/* Takes an id that an index gave, if its order meets the filter. */
static aurora_status take_if(listing *list, const aurora_id *id)
{
    aurora__query_arena arena;
    aurora__order_row row;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, id);
    if (!is_in_range(list, id))
        return AURORA_OK;
    aurora__query_arena_init(&arena, aurora__engine_allocator(list->engine));
    aurora_status rc = aurora__engine_load(list->engine, list->txn, &key, &arena, &row);
    if (rc == AURORA_OK && has_status(list, &row) && has_customer(list, &row))
        list->ids[list->count++] = *id;
    aurora__query_arena_free(&arena);
    return rc;
}

static aurora_status find_by_reference(listing *list)
{
    aurora__query_arena arena;
    aurora__order_reference_row row;
    aurora__key key = aurora__key_text(AURORA__TABLE_order_reference, list->filter->reference);
    aurora__query_arena_init(&arena, aurora__engine_allocator(list->engine));
    aurora_status rc = aurora__engine_load(list->engine, list->txn, &key, &arena, &row);
    if (rc == AURORA_OK)
        rc = take_if(list, &row.order_id);
    aurora__query_arena_free(&arena);
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
}

/* Asks the customer's list again below its last answer, until enough of them meet the filter. */
static aurora_status find_by_customer(listing *list)
{
    aurora_id some[LIMIT_MAX + 1];
    uint32_t count = list->limit;
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && count == list->limit && list->count < list->limit) {
        rc = aurora__customers_list(list->engine, list->txn, list->filter->customer_id,
                                    &list->before, list->limit, some, &count);
        for (uint32_t i = 0; rc == AURORA_OK && i < count && list->count < list->limit; i++) {
            if (order_of(&some[i], &list->from) < 0)
                return AURORA_OK;
            rc = list->filter->status != 0 ? take_if(list, &some[i]) : AURORA_OK;
            if (list->filter->status == 0)
                list->ids[list->count++] = some[i];
        }
        if (rc == AURORA_OK && count > 0)
            list->before = some[count - 1];
    }
    return rc;
}

static aurora_status find(listing *list)
{
    if (list->filter->reference != NULL)
        return find_by_reference(list);
    if (list->filter->customer_id != NULL)
        return find_by_customer(list);
    return find_by_scan(list);
}

static aurora_status check_filter(const aurora_order_filter *filter, aurora_error *err)
{
    aurora_status rc = aurora__check_range(err, "status", filter->status, 0, AURORA_ORDER_PARKED);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "customer_id", filter->customer_id, 1, AURORA_TEXT_BYTES_MAX,
                                false);
    if (rc == AURORA_OK)
        rc = aurora__check_key(err, "reference", filter->reference, false);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "from_ms", filter->from_ms, 0, INT64_MAX);
    return rc == AURORA_OK ? aurora__check_range(err, "to_ms", filter->to_ms, 0, INT64_MAX) : rc;
}

static uint64_t hash_of(const aurora_order_filter *filter)
{
    uint64_t hash = aurora__cursor_hash_number(AURORA__CURSOR_NO_FILTER, filter->status);
    hash = aurora__cursor_hash_text(hash, filter->customer_id);
    hash = aurora__cursor_hash_text(hash, filter->reference);
    hash = aurora__cursor_hash_number(hash, filter->from_ms);
    return aurora__cursor_hash_number(hash, filter->to_ms);
}

/* A bound as an id; times beyond the 48 bits of ids are all the same. */
static aurora_id bound_of(int64_t ms)
{
    const int64_t ms_max = (INT64_C(1) << 48) - 1;
    return aurora__id_floor(ms < ms_max ? ms : ms_max);
}

static aurora_status set_range(listing *list, const char *cursor, aurora_error *err)
{
    const aurora_order_filter *filter = list->filter;
    aurora__cursor at;
    aurora_status rc = aurora__cursor_read(cursor, "orders", hash_of(filter), &at, err);
    if (rc != AURORA_OK)
        return rc;
    list->from = bound_of(filter->from_ms);
    memset(list->before.bytes, 0xFF, sizeof list->before.bytes);
    if (filter->to_ms > 0)
        list->before = bound_of(filter->to_ms);
    if (at.key_count == 0)
        return AURORA_OK;
    if (at.key_count != 1 || at.key[0].kind != AURORA_COLUMN_UUID || at.key[0].length != 16)
        return aurora__refuse(err, AURORA_EINVAL, "cursor", "is damaged");
    memcpy(list->before.bytes, at.key[0].bytes, 16);
    return AURORA_OK;
}

/* Loads the page's rows and makes the result. */
static aurora_status build(const listing *list, aurora__query_arena *arena, aurora_order_page **out)
{
    char next[AURORA__CURSOR_TEXT_BYTES];
    bool has_next = list->count == list->limit;
    uint32_t count = has_next ? list->limit - 1 : list->count;
    aurora__order_row *rows = aurora__arena_take(&arena->arena, (count + 1) * sizeof *rows);
    const aurora__order_row **items =
        aurora__arena_take(&arena->arena, (count + 1) * sizeof *items);
    if (rows == NULL || items == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && aurora__query_arena_is_full(arena)) {
            count = i;
            has_next = true;
            break;
        }
        aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &list->ids[i]);
        aurora_status rc = aurora__engine_load(list->engine, list->txn, &key, arena, &rows[i]);
        if (rc != AURORA_OK)
            return rc == AURORA_ENOTFOUND ? AURORA_ECORRUPT : rc;
        items[i] = &rows[i];
    }
    if (has_next) {
        aurora_value last = {
            .kind = AURORA_COLUMN_UUID, .length = 16, .bytes = &list->ids[count - 1]};
        aurora__cursor_write("orders", hash_of(list->filter), &last, 1, next);
    }
    return aurora__order_page_result(aurora__engine_allocator(list->engine), items, count,
                                     has_next ? next : NULL, out);
}

static aurora_status run(aurora_t *shop, listing *list, aurora_order_page **out)
{
    aurora__query_arena arena;
    aurora_status rc = aurora__engine_read_begin(shop->engine, &list->txn);
    if (rc != AURORA_OK)
        return rc;
    aurora__query_arena_init(&arena, &shop->allocator);
    list->ids = aurora__arena_take(&arena.arena, list->limit * sizeof *list->ids);
    rc = list->ids == NULL ? AURORA_ENOMEM : find(list);
    if (rc == AURORA_OK)
        rc = build(list, &arena, out);
    aurora__engine_read_end(shop->engine, list->txn);
    aurora__query_arena_free(&arena);
    return rc;
}

static aurora_status list_orders(aurora_t *shop, const aurora_order_filter *given,
                                 const char *cursor, uint32_t limit, aurora_order_page **out,
                                 aurora_error *err)
{
    aurora_order_filter filter = {.size = sizeof filter};
    aurora_status rc = AURORA_OK;
    if (given != NULL)
        rc = aurora__copy_sized(&filter, sizeof filter, given, err);
    if (rc == AURORA_OK)
        rc = check_filter(&filter, err);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "limit", limit, 0, LIMIT_MAX);
    if (rc != AURORA_OK)
        return rc;
    listing list = {.engine = shop->engine,
                    .filter = &filter,
                    .limit = (limit == 0 ? LIMIT_DEFAULT : limit) + 1};
    rc = set_range(&list, cursor, err);
    return rc != AURORA_OK ? rc : aurora__refuse_plain(err, run(shop, &list, out));
}

aurora_status aurora_order_list(aurora_t *shop, const aurora_order_filter *filter,
                                const char *cursor, uint32_t limit, aurora_order_page **out,
                                aurora_error *err)
{
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = list_orders(shop, filter, cursor, limit, out, err);
    aurora__handle_leave(shop);
    return rc;
}
