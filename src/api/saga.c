/* SPDX-License-Identifier: MIT */
/* Unsettled and parked sagas for operators. They are found by the two partial indexes of orders,
 * and by parked keys whose order is not here; the oldest come first, by id. */
#include "api/check.h"
#include "api/cursor.h"
#include "api/handle.h"
#include "api/refuse.h"
#include "api/saga_read.h"
#include "codec/result.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000
#define ROWS_AT_ONCE 1024
/* id, parked, created_at, parked_at, due_at */
#define ORDER_COLUMNS                                                                              \
    (UINT64_C(1) | UINT64_C(1) << 3 | UINT64_C(1) << 19 | UINT64_C(1) << 23 | UINT64_C(1) << 25)

typedef struct {
    aurora__engine *engine;
    aurora_store_txn *txn;
    aurora__query_arena arena;
    aurora_saga_filter filter;
    int64_t now_ms;
    bool has_after;
    aurora_id after;
    /* The smallest ids so far, sorted and cut to `limit` + 1 whenever there is no room. */
    aurora_id *ids;
    uint32_t count;
    uint32_t capacity;
    uint32_t limit;
    aurora__saga_rows *sagas;
    uint32_t saga_count;
    char next_cursor[AURORA__CURSOR_TEXT_BYTES];
} listing;

/* --- candidates ------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(aurora_id));
}

static void sort_ids(listing *list)
{
    uint32_t kept = 0;
    if (list->count == 0)
        return;
    qsort(list->ids, list->count, sizeof *list->ids, by_id);
    for (uint32_t i = 0; i < list->count && kept < list->limit + 1; i++) {
        if (kept == 0 || !aurora_id_is_equal(list->ids[i], list->ids[kept - 1]))
            list->ids[kept++] = list->ids[i];
    }
    list->count = kept;
}

static void note(listing *list, const aurora_id *id)
{
    if (list->has_after && memcmp(id->bytes, list->after.bytes, 16) <= 0)
        return;
    if (list->count == list->capacity)
        sort_ids(list);
    list->ids[list->count++] = *id;
}

static bool is_wanted(const listing *list, const aurora__order_row *row)
{
    const aurora_saga_filter *filter = &list->filter;
    if (filter->is_parked && row->parked == 0)
        return false;
    if (filter->participant != 0 && (row->parked >> (filter->participant - 1) & 1) == 0)
        return false;
    return filter->age_min_ms == 0 || list->now_ms - row->created_at >= filter->age_min_ms;
}

/* Goes through one of the two partial indexes; `is_due` says which. */
static aurora_status scan_index(listing *list, bool is_due)
{
    aurora_id last;
    aurora_value bound[2] = {{.kind = AURORA_COLUMN_TIME},
                             {.kind = AURORA_COLUMN_UUID, .bytes = &last, .length = 16}};
    aurora__range range = {.table = AURORA__TABLE_order,
                           .index = is_due ? AURORA__INDEX_ORDER_DUE : AURORA__INDEX_ORDER_PARKED,
                           .flags = AURORA_SCAN_LOWER_OPEN,
                           .lower = bound,
                           .columns = ORDER_COLUMNS,
                           .limit = ROWS_AT_ONCE};
    uint32_t count = ROWS_AT_ONCE;
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && count == ROWS_AT_ONCE) {
        aurora__query_arena arena;
        aurora__query_arena_init(&arena, aurora__engine_allocator(list->engine));
        aurora__order_row *rows = aurora__arena_take(&arena.arena, ROWS_AT_ONCE * sizeof *rows);
        rc = rows == NULL
                 ? AURORA_ENOMEM
                 : aurora__engine_scan(list->engine, list->txn, &range, &arena, rows, &count);
        for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
            last = rows[i].id;
            bound[0].number = is_due ? rows[i].due_at : rows[i].parked_at;
            if (is_wanted(list, &rows[i]))
                note(list, &rows[i].id);
        }
        range.lower_count = 2;
        aurora__query_arena_free(&arena);
    }
    return rc;
}

static aurora_status note_orphan(listing *list, const aurora__parked_key_row *row)
{
    aurora_id id;
    aurora__order_row order;
    aurora__query_arena arena;
    const char *wanted =
        list->filter.participant == 0 ? NULL : aurora_participant_name(list->filter.participant);
    if ((wanted != NULL && strcmp(wanted, row->consumer) != 0) ||
        aurora_id_parse(row->key_text, &id) != AURORA_OK ||
        list->now_ms - row->parked_at < list->filter.age_min_ms)
        return AURORA_OK;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &id);
    aurora__query_arena_init(&arena, aurora__engine_allocator(list->engine));
    aurora_status rc = aurora__engine_load(list->engine, list->txn, &key, &arena, &order);
    aurora__query_arena_free(&arena);
    if (rc == AURORA_ENOTFOUND || rc == AURORA_ECORRUPT) {
        note(list, &id);
        return AURORA_OK;
    }
    return rc;
}

/* Parked keys are few: an operator waits for each. */
static aurora_status scan_parked(listing *list)
{
    char consumer[AURORA_TEXT_BYTES_MAX + 1];
    char text[AURORA_TEXT_BYTES_MAX + 1];
    aurora_value bound[2] = {{.kind = AURORA_COLUMN_TEXT, .bytes = consumer},
                             {.kind = AURORA_COLUMN_TEXT, .bytes = text}};
    aurora__range range = {.table = AURORA__TABLE_parked_key,
                           .index = -1,
                           .flags = AURORA_SCAN_LOWER_OPEN,
                           .lower = bound,
                           .limit = ROWS_AT_ONCE};
    uint32_t count = ROWS_AT_ONCE;
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && count == ROWS_AT_ONCE) {
        aurora__query_arena arena;
        aurora__query_arena_init(&arena, aurora__engine_allocator(list->engine));
        aurora__parked_key_row *rows =
            aurora__arena_take(&arena.arena, ROWS_AT_ONCE * sizeof *rows);
        rc = rows == NULL
                 ? AURORA_ENOMEM
                 : aurora__engine_scan(list->engine, list->txn, &range, &arena, rows, &count);
        for (uint32_t i = 0; rc == AURORA_OK && i < count; i++)
            rc = note_orphan(list, &rows[i]);
        if (rc == AURORA_OK && count == ROWS_AT_ONCE) {
            const aurora__parked_key_row *row = &rows[count - 1];
            bound[0].length = (uint32_t)strnlen(row->consumer, sizeof consumer - 1);
            memcpy(consumer, row->consumer, bound[0].length);
            bound[1].length = (uint32_t)strnlen(row->key_text, sizeof text - 1);
            memcpy(text, row->key_text, bound[1].length);
            range.lower_count = 2;
        }
        aurora__query_arena_free(&arena);
    }
    return rc;
}

/* --- the page --------------------------------------------------------------------------------- */

static uint64_t filter_hash(const aurora_saga_filter *filter)
{
    uint64_t hash = aurora__cursor_hash_number(AURORA__CURSOR_NO_FILTER, filter->is_parked);
    hash = aurora__cursor_hash_number(hash, filter->participant);
    return aurora__cursor_hash_number(hash, filter->age_min_ms);
}

static aurora_status read_sagas(listing *list)
{
    uint32_t count = list->count < list->limit ? list->count : list->limit;
    list->sagas = aurora__arena_take(&list->arena.arena, (count + 1) * sizeof *list->sagas);
    if (list->sagas == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        aurora_status rc = aurora__saga_read(list->engine, list->txn, &list->arena, &list->ids[i],
                                             &list->sagas[list->saga_count]);
        if (rc != AURORA_OK && rc != AURORA_ENOTFOUND)
            return rc;
        list->saga_count += rc == AURORA_OK;
    }
    if (list->count > list->limit) {
        aurora_value key = {
            .kind = AURORA_COLUMN_UUID, .bytes = list->ids[count - 1].bytes, .length = 16};
        aurora__cursor_write("sagas", filter_hash(&list->filter), &key, 1, list->next_cursor);
    }
    return AURORA_OK;
}

static aurora_status collect(listing *list)
{
    list->capacity = 4 * (list->limit + 1);
    list->ids = aurora__arena_take(&list->arena.arena, list->capacity * sizeof *list->ids);
    if (list->ids == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = aurora__engine_read_begin(list->engine, &list->txn);
    if (rc != AURORA_OK)
        return rc;
    rc = scan_index(list, false);
    if (rc == AURORA_OK && !list->filter.is_parked && list->filter.participant == 0)
        rc = scan_index(list, true);
    if (rc == AURORA_OK)
        rc = scan_parked(list);
    sort_ids(list);
    if (rc == AURORA_OK)
        rc = read_sagas(list);
    aurora__engine_read_end(list->engine, list->txn);
    return rc;
}

static aurora_status fill_page(aurora__arena *arena, const void *source)
{
    const listing *list = source;
    aurora_saga_page *page = aurora__arena_zero(arena, sizeof *page);
    const aurora_saga **items = aurora__arena_take(arena, (list->saga_count + 1) * sizeof *items);
    aurora_saga *sagas = aurora__arena_take(arena, (list->saga_count + 1) * sizeof *sagas);
    if (page == NULL || items == NULL || sagas == NULL)
        return AURORA_ENOMEM;
    page->size = sizeof *page;
    page->count = list->saga_count;
    page->items = items;
    for (uint32_t i = 0; i < list->saga_count; i++) {
        aurora_status rc = aurora__saga_fill(arena, &list->sagas[i], list->now_ms, &sagas[i]);
        if (rc != AURORA_OK)
            return rc;
        items[i] = &sagas[i];
    }
    if (list->next_cursor[0] != '\0') {
        page->next_cursor = aurora__arena_text(arena, list->next_cursor);
        if (page->next_cursor == NULL)
            return AURORA_ENOMEM;
    }
    return AURORA_OK;
}

static aurora_status check_list(listing *list, const aurora_saga_filter *filter, uint32_t limit,
                                aurora_error *err)
{
    aurora_status rc = AURORA_OK;
    if (filter != NULL)
        rc = aurora__copy_sized(&list->filter, sizeof list->filter, filter, err);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "is_parked", list->filter.is_parked, 0, 1);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "participant", list->filter.participant, 0,
                                 AURORA_PARTICIPANT_PAYMENT);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "age_min_ms", list->filter.age_min_ms, 0, INT64_MAX);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "limit", limit, 0, LIMIT_MAX);
    return rc;
}

aurora_status aurora_saga_list(aurora_t *shop, const aurora_saga_filter *filter, const char *cursor,
                               uint32_t limit, aurora_saga_page **out, aurora_error *err)
{
    listing list = {.limit = limit == 0 ? LIMIT_DEFAULT : limit};
    aurora__cursor at;
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    aurora_status rc = check_list(&list, filter, limit, err);
    if (rc == AURORA_OK)
        rc = aurora__cursor_read(cursor, "sagas", filter_hash(&list.filter), &at, err);
    if (rc == AURORA_OK)
        rc = aurora__refuse_plain(err, aurora__handle_enter_query(shop));
    if (rc != AURORA_OK)
        return rc;
    list.has_after = at.key_count == 1 && at.key[0].length == 16;
    if (list.has_after)
        memcpy(list.after.bytes, at.key[0].bytes, 16);
    list.engine = shop->engine;
    list.now_ms = aurora__engine_wall_ms(shop->engine);
    aurora__query_arena_init(&list.arena, &shop->allocator);
    rc = collect(&list);
    if (rc == AURORA_OK)
        rc = aurora__result_build(&shop->allocator, 256 + list.saga_count * 512u, fill_page, &list,
                                  (void **)out);
    aurora__query_arena_free(&list.arena);
    aurora__handle_leave(shop);
    return aurora__refuse_plain(err, rc);
}

void aurora_saga_page_free(aurora_saga_page *page)
{
    aurora__result_free(page);
}

/* --- one -------------------------------------------------------------------------------------- */

typedef struct {
    aurora__saga_rows rows;
    int64_t now_ms;
} single;

static aurora_status fill_one(aurora__arena *arena, const void *source)
{
    const single *one = source;
    aurora_saga *saga = aurora__arena_take(arena, sizeof *saga);
    return saga == NULL ? AURORA_ENOMEM : aurora__saga_fill(arena, &one->rows, one->now_ms, saga);
}

aurora_status aurora_saga_get(aurora_t *shop, aurora_id order_id, aurora_saga **out)
{
    single one;
    aurora_store_txn *txn;
    aurora__query_arena arena;
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    one.now_ms = aurora__engine_wall_ms(shop->engine);
    aurora__query_arena_init(&arena, &shop->allocator);
    rc = aurora__engine_read_begin(shop->engine, &txn);
    if (rc == AURORA_OK) {
        rc = aurora__saga_read(shop->engine, txn, &arena, &order_id, &one.rows);
        aurora__engine_read_end(shop->engine, txn);
    }
    if (rc == AURORA_OK)
        rc = aurora__result_build(&shop->allocator, 512, fill_one, &one, (void **)out);
    aurora__query_arena_free(&arena);
    aurora__handle_leave(shop);
    return rc;
}

void aurora_saga_free(aurora_saga *saga)
{
    aurora__result_free(saga);
}
