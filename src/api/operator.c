/* SPDX-License-Identifier: MIT */
/* Care of a whole store: audit, backup, restore, drain. */
#include "api/check.h"
#include "api/consumer.h"
#include "api/drivers.h"
#include "api/handle.h"
#include "api/refuse.h"
#include "codec/result.h"
#include "engine/search.h"
#include "engine/verify.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CALL_MS 60000
#define PATH_BYTES_MAX 4096
#define STORES_MAX 16
#define PATIENCE_MS 10000 /* as long as a mismatch between two stores may last */
#define ROWS_AT_ONCE 1024
#define BEGIN_TIMEOUT_MS 10000

/* --- verify ----------------------------------------------------------------------------------- */

static aurora_status fill_report(aurora__arena *arena, const void *source)
{
    const aurora__verify *verify = source;
    aurora_report *report = aurora__arena_take(arena, sizeof *report);
    const aurora_violation **items = aurora__arena_take(arena, (verify->count + 1) * sizeof *items);
    aurora_violation *all = aurora__arena_take(arena, (verify->count + 1) * sizeof *all);
    if (report == NULL || items == NULL || all == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < verify->count; i++) {
        all[i] = verify->items[i];
        all[i].subject = aurora__arena_text(arena, verify->items[i].subject);
        all[i].message = aurora__arena_text(arena, verify->items[i].message);
        if (all[i].subject == NULL || all[i].message == NULL)
            return AURORA_ENOMEM;
        items[i] = &all[i];
    }
    *report = (aurora_report){.size = sizeof *report,
                              .is_ok = verify->violation_count == 0,
                              .in_progress = verify->in_progress,
                              .violation_count = verify->violation_count,
                              .count = verify->count,
                              .items = items,
                              .order_count = verify->order_count,
                              .sku_count = verify->sku_count,
                              .event_count = verify->event_count,
                              .at_ms = verify->now_ms};
    return AURORA_OK;
}

static aurora_status verify_one(aurora_t *shop, aurora__verify *verify)
{
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    aurora__search_flush(shop->engine);
    rc = aurora__verify_run(verify, shop->engine, shop->has_search ? &shop->search : NULL);
    aurora__handle_leave(shop);
    return rc;
}

static aurora_status verify_between(aurora_t *const *shops, uint32_t count, aurora__verify *verify)
{
    aurora__engine *engines[STORES_MAX];
    uint32_t entered = 0;
    aurora_status rc = AURORA_OK;
    for (; rc == AURORA_OK && entered < count; entered++) {
        rc = aurora__handle_enter_query(shops[entered]);
        if (rc != AURORA_OK)
            break;
        engines[entered] = shops[entered]->engine;
    }
    if (rc == AURORA_OK)
        rc = aurora__verify_across(verify, engines, count, PATIENCE_MS);
    while (entered-- > 0)
        aurora__handle_leave(shops[entered]);
    return rc;
}

static aurora_status verify_all(aurora_t *const *shops, uint32_t count, uint32_t flags,
                                aurora_report **out)
{
    aurora__verify verify;
    const aurora_allocator *allocator = &shops[0]->allocator;
    aurora_status rc = aurora__verify_init(&verify, allocator, flags);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++)
        rc = verify_one(shops[i], &verify);
    if (rc == AURORA_OK && count > 1)
        rc = verify_between(shops, count, &verify);
    if (rc == AURORA_OK)
        rc = aurora__result_build(allocator, 256 + verify.count * 256u, fill_report, &verify,
                                  (void **)out);
    aurora__verify_deinit(&verify);
    return rc;
}

aurora_status aurora_verify(aurora_t *shop, aurora_report **out)
{
    if (shop == NULL || out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    return verify_all(&shop, 1, 0, out);
}

aurora_status aurora_verify_stores(aurora_t *const *shops, uint32_t count, uint32_t flags,
                                   aurora_report **out, aurora_error *err)
{
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    aurora_status rc = aurora__check_range(err, "count", count, 1, STORES_MAX);
    if (rc == AURORA_OK)
        rc = aurora__check_flags(err, "flags", flags, AURORA_VERIFY_AT_REST);
    if (rc != AURORA_OK)
        return rc;
    if (shops == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "shops", "is required");
    for (uint32_t i = 0; i < count; i++) {
        if (shops[i] == NULL)
            return aurora__refuse(err, AURORA_EINVAL, "shops", "number %u is NULL", (unsigned)i);
    }
    return aurora__refuse_plain(err, verify_all(shops, count, flags, out));
}

void aurora_report_free(aurora_report *report)
{
    aurora__result_free(report);
}

/* --- backup ----------------------------------------------------------------------------------- */

static aurora_status write_epoch(aurora_store *copy, const aurora_id *id, int64_t now_ms)
{
    aurora_store_txn *txn;
    uint64_t epoch;
    aurora_status rc =
        copy->begin(copy->self, AURORA_TXN_WRITE, *id, BEGIN_TIMEOUT_MS, &epoch, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__engine_new_epoch(copy, txn, id, now_ms);
    if (rc == AURORA_OK)
        return copy->commit(copy->self, txn);
    copy->rollback(copy->self, txn);
    return rc;
}

static void ignore_log(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    (void)message;
}

/* The copy's events are not the original's: readers must be able to tell them apart. */
static aurora_status start_epoch(const aurora_t *shop, const char *path, aurora_error *err)
{
    char url[PATH_BYTES_MAX + 8];
    const aurora_table *tables[AURORA__TABLE_COUNT];
    aurora_store copy;
    aurora_store_open_fn open;
    aurora_store_options options = {.size = sizeof options,
                                    .flags = AURORA_STORE_NO_CREATE,
                                    .tables = tables,
                                    .table_count = AURORA__TABLE_COUNT,
                                    .allocator = &shop->allocator,
                                    .log = ignore_log};
    for (uint32_t i = 0; i < AURORA__TABLE_COUNT; i++)
        tables[i] = &aurora__tables[i].table;
    snprintf(url, sizeof url, "sqlite:%s", path);
    aurora_status rc = aurora__driver_find(url, NULL, 0, &open, &options.address, err);
    if (rc == AURORA_OK)
        rc = open(&options, &copy, err);
    if (rc != AURORA_OK)
        return rc;
    aurora_id id = aurora__engine_next_id(shop->engine);
    rc = write_epoch(&copy, &id, aurora__engine_wall_ms(shop->engine));
    copy.close(copy.self);
    return rc;
}

aurora_status aurora_backup(aurora_t *shop, const char *path, aurora_error *err)
{
    aurora_status rc = aurora__check_text(err, "path", path, 1, PATH_BYTES_MAX - 1, true);
    if (rc == AURORA_OK)
        rc = aurora__refuse_plain(err, aurora__handle_enter(shop));
    if (rc != AURORA_OK)
        return rc;
    const aurora_store *store = aurora__engine_store(shop->engine);
    aurora_error why = AURORA_ERROR_INIT;
    rc = store->backup(store->self, path, &why);
    if (rc == AURORA_OK) {
        rc = start_epoch(shop, path, &why);
        if (rc != AURORA_OK)
            unlink(path);
    }
    aurora__handle_leave(shop);
    if (rc == AURORA_OK)
        return rc;
    return aurora__refuse(err, rc, "path", "%s",
                          why.message[0] == '\0' ? aurora_status_text(rc) : why.message);
}

/* --- restored --------------------------------------------------------------------------------- */

typedef struct {
    aurora__command head;
    aurora_id log_id;
} epoch_command;

static aurora_status epoch_decide(aurora__command *command, aurora__turn *turn)
{
    (void)command;
    (void)turn;
    return AURORA_OK;
}

static aurora_status epoch_save(aurora__command *command, aurora__turn *turn)
{
    aurora_store store = *aurora__engine_store(turn->engine);
    return aurora__engine_new_epoch(&store, turn->txn, &((const epoch_command *)command)->log_id,
                                    turn->step.now_ms);
}

static const aurora__command_class epoch_class = {.name = "restored",
                                                  .decide = epoch_decide,
                                                  .save = epoch_save};

aurora_status aurora_restored(aurora_t *shop, aurora_error *err)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    epoch_command *command = aurora__command_new(shop->engine, &epoch_class, sizeof *command);
    if (command == NULL) {
        rc = aurora__refuse_plain(err, AURORA_ENOMEM);
    } else {
        command->log_id = aurora__engine_next_id(shop->engine);
        rc = aurora__engine_call(shop->engine, &command->head, CALL_MS, err);
        aurora__command_release(&command->head);
    }
    aurora__handle_leave(shop);
    return rc;
}

/* --- drain ------------------------------------------------------------------------------------ */

aurora_status aurora_drain_set(aurora_t *shop, uint32_t is_refusing)
{
    if (is_refusing > 1)
        return AURORA_EINVAL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    aurora__engine_drain(shop->engine, is_refusing == 1);
    aurora__handle_leave(shop);
    return AURORA_OK;
}

static aurora_status count_unsettled(aurora__engine *engine, aurora_store_txn *txn,
                                     uint64_t *count_out)
{
    aurora_id last;
    aurora_value bound[2] = {{.kind = AURORA_COLUMN_TIME},
                             {.kind = AURORA_COLUMN_UUID, .bytes = &last, .length = 16}};
    aurora__range range = {.table = AURORA__TABLE_order,
                           .index = AURORA__INDEX_ORDER_DUE,
                           .flags = AURORA_SCAN_LOWER_OPEN,
                           .lower = bound,
                           .columns = UINT64_C(1) | UINT64_C(1) << 25, /* id, due_at */
                           .limit = ROWS_AT_ONCE};
    uint32_t count = ROWS_AT_ONCE;
    aurora_status rc = AURORA_OK;
    *count_out = 0;
    while (rc == AURORA_OK && count == ROWS_AT_ONCE) {
        aurora__query_arena arena;
        aurora__query_arena_init(&arena, aurora__engine_allocator(engine));
        aurora__order_row *rows = aurora__arena_take(&arena.arena, ROWS_AT_ONCE * sizeof *rows);
        rc = rows == NULL ? AURORA_ENOMEM
                          : aurora__engine_scan(engine, txn, &range, &arena, rows, &count);
        if (rc == AURORA_OK && count > 0) {
            *count_out += count;
            last = rows[count - 1].id;
            bound[0].number = rows[count - 1].due_at;
            range.lower_count = 2;
        }
        aurora__query_arena_free(&arena);
    }
    return rc;
}

/* Notifications hold back the log, but not a drain: they go out from here. */
static aurora_status find_lags(aurora__engine *engine, aurora_store_txn *txn, aurora_drain *out)
{
    const aurora_store *store = aurora__engine_store(engine);
    aurora_log_bounds bounds;
    aurora__query_arena arena;
    uint32_t count = 0;
    aurora__range range = {.table = AURORA__TABLE_cursor, .index = -1, .limit = 4096};
    aurora__query_arena_init(&arena, aurora__engine_allocator(engine));
    aurora__cursor_row *rows = aurora__arena_take(&arena.arena, range.limit * sizeof *rows);
    aurora_status rc = rows == NULL ? AURORA_ENOMEM : store->log_bounds(store->self, txn, &bounds);
    if (rc == AURORA_OK)
        rc = aurora__engine_scan(engine, txn, &range, &arena, rows, &count);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        int64_t lag = bounds.head - rows[i].position;
        if (rows[i].kind != AURORA__CONSUMER_NEEDED || lag <= 0 ||
            strcmp(rows[i].name, "notification") == 0)
            continue;
        bool is_relay = strncmp(rows[i].name, "relay", 5) == 0;
        uint64_t *worst = is_relay ? &out->relay_lag : &out->saga_lag;
        if ((uint64_t)lag > *worst)
            *worst = (uint64_t)lag;
    }
    aurora__query_arena_free(&arena);
    return rc;
}

aurora_status aurora_drain_get(aurora_t *shop, aurora_drain *out)
{
    aurora_store_txn *txn;
    aurora_drain drain = {0};
    if (out == NULL)
        return AURORA_EINVAL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__engine_read_begin(shop->engine, &txn);
    if (rc == AURORA_OK) {
        rc = count_unsettled(shop->engine, txn, &drain.unsettled_orders);
        if (rc == AURORA_OK)
            rc = find_lags(shop->engine, txn, &drain);
        aurora__engine_read_end(shop->engine, txn);
    }
    drain.is_refusing = aurora__engine_is_draining(shop->engine);
    drain.is_drained = drain.unsettled_orders == 0 && drain.relay_lag == 0 && drain.saga_lag == 0;
    if (rc == AURORA_OK)
        *out = drain;
    aurora__handle_leave(shop);
    return rc;
}
