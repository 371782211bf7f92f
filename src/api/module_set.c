/* SPDX-License-Identifier: MIT */
#include "api/module_set.h"

#include <string.h>
#include <time.h>

#include "api/refuse.h"
#include "api/setting.h"
#include "core/step.h"
#include "engine/notification.h"

#define ROW_NAME "modules"
#define BEGIN_WAIT_MS 5000
#define RESOLVE_TRIES 200
#define RESOLVE_PAUSE_NS 10000000
#define CURSOR_PAGE 8
#define CURSOR_KIND_SAGA 3

/* Room for one small row, or for a page of cursors; no allocator is needed. */
typedef struct {
    char bytes[CURSOR_PAGE * 640];
    size_t used;
} scratch;

static void *scratch_take(void *self, size_t bytes)
{
    scratch *from = self;
    size_t rounded = (bytes + 7) & ~(size_t)7;
    if (rounded > sizeof from->bytes - from->used)
        return NULL;
    void *memory = from->bytes + from->used;
    from->used += rounded;
    return memory;
}

void aurora__module_set_text(uint32_t modules, char *out, size_t capacity)
{
    static const struct {
        uint32_t module;
        const char *name;
    } names[] = {
        {AURORA__MODULE_ORDER, "order"},
        {AURORA__MODULE_INVENTORY, "inventory"},
        {AURORA__MODULE_PAYMENT, "payment"},
        {AURORA__MODULE_PRODUCT, "product"},
        {AURORA__MODULE_SEARCH, "search"},
        {AURORA__MODULE_RECOMMENDATION, "recommendation"},
        {AURORA__MODULE_NOTIFICATION, "notification"},
    };
    size_t length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t more = strlen(names[i].name) + (length > 0);
        if ((modules & names[i].module) == 0 || length + more >= capacity)
            continue;
        if (length > 0)
            out[length++] = ',';
        memcpy(out + length, names[i].name, more - (length > 0));
        length += strlen(names[i].name);
        out[length] = '\0';
    }
}

/* AURORA_ENOTFOUND for a store that nobody claimed. */
static aurora_status read_set(const aurora_store *store, aurora_store_txn *txn, bool is_locked,
                              char *out, size_t capacity)
{
    aurora_value key = aurora__value_text(ROW_NAME);
    aurora_value values[2];
    scratch memory = {.used = 0};
    aurora_arena_port arena = {&memory, scratch_take};
    aurora_store_load load = {
        .table = &aurora__tables[AURORA__TABLE_meta].table, .key = &key, .values_out = values};
    aurora_status rc = store->load(store->self, txn, &load, 1, is_locked, &arena);
    if (rc != AURORA_OK)
        return rc;
    if (!load.is_found_out)
        return AURORA_ENOTFOUND;
    if (values[1].kind != AURORA_COLUMN_TEXT || values[1].length >= capacity)
        return AURORA_ECORRUPT;
    memcpy(out, values[1].bytes, values[1].length);
    out[values[1].length] = '\0';
    return AURORA_OK;
}

static aurora_status write_row(const aurora_store *store, aurora_store_txn *txn, const char *set)
{
    aurora_value values[2] = {aurora__value_text(ROW_NAME), aurora__value_text(set)};
    aurora_store_put put = {.table = &aurora__tables[AURORA__TABLE_meta].table,
                            .values = values,
                            .kind = AURORA_PUT_UPSERT};
    uint32_t failed;
    return store->save(store->self, txn, &put, 1, &failed);
}

aurora_status aurora__module_set_read(const aurora_store *store, uint32_t *modules_out)
{
    char stored[AURORA__MODULE_SET_BYTES];
    aurora_store_txn *txn;
    uint64_t epoch;
    const aurora_id none = {{0}};
    aurora_status rc =
        store->begin(store->self, AURORA_TXN_READ, none, BEGIN_WAIT_MS, &epoch, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = read_set(store, txn, false, stored, sizeof stored);
    store->rollback(store->self, txn);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__setting_modules(stored, modules_out, NULL);
    return rc == AURORA_OK ? rc : AURORA_ECORRUPT;
}

/* --- drained: nothing of a saga is on its way ------------------------------------------------- */

static aurora_status is_index_empty(const aurora_store *store, aurora_store_txn *txn,
                                    uint32_t table, int32_t index, bool *is_empty)
{
    aurora_value values[64];
    scratch memory = {.used = 0};
    aurora_arena_port arena = {&memory, scratch_take};
    aurora_store_scan scan = {.table = &aurora__tables[table].table,
                              .index = index,
                              .columns = 1,
                              .limit = 1,
                              .values_out = values};
    aurora_status rc = store->scan(store->self, txn, &scan, &arena);
    *is_empty = *is_empty && scan.row_count_out == 0;
    return rc;
}

/* Whether someone would wait for this cursor for ever. Notification goes on where it was if it is
 * in the new set too. */
static bool is_needed(const aurora_value *name, const aurora_value *kind, bool has_notification)
{
    static const char notification[] = AURORA__NOTIFICATION_CURSOR;
    if (kind->number != CURSOR_KIND_SAGA)
        return false;
    bool is_notification = name->length == sizeof notification - 1 &&
                           memcmp(name->bytes, notification, sizeof notification - 1) == 0;
    return !(is_notification && has_notification);
}

static aurora_status are_cursors_at(const aurora_store *store, aurora_store_txn *txn, int64_t head,
                                    bool has_notification, bool *are_there)
{
    enum { NAME, KIND, POSITION, COLUMNS = 4 };
    char last[512] = "";
    for (;;) {
        aurora_value values[CURSOR_PAGE * COLUMNS];
        aurora_value lower = aurora__value_text(last);
        scratch memory = {.used = 0};
        aurora_arena_port arena = {&memory, scratch_take};
        aurora_store_scan scan = {.table = &aurora__tables[AURORA__TABLE_cursor].table,
                                  .index = -1,
                                  .flags = AURORA_SCAN_LOWER_OPEN,
                                  .lower = &lower,
                                  .lower_count = 1,
                                  .columns = 1 << NAME | 1 << KIND | 1 << POSITION,
                                  .limit = CURSOR_PAGE,
                                  .values_out = values};
        aurora_status rc = store->scan(store->self, txn, &scan, &arena);
        if (rc != AURORA_OK)
            return rc;
        for (uint32_t i = 0; i < scan.row_count_out; i++) {
            const aurora_value *row = values + (size_t)i * COLUMNS;
            if (row[POSITION].number < head && is_needed(&row[NAME], &row[KIND], has_notification))
                *are_there = false;
            if (row[NAME].length >= sizeof last)
                return AURORA_ECORRUPT;
            memcpy(last, row[NAME].bytes, row[NAME].length);
            last[row[NAME].length] = '\0';
        }
        if (scan.row_count_out < CURSOR_PAGE)
            return AURORA_OK;
    }
}

static aurora_status look_drained(const aurora_store *store, aurora_store_txn *txn, const char *set,
                                  bool *is_drained)
{
    static const struct {
        uint32_t table;
        int32_t index;
    } work[] = {
        {AURORA__TABLE_order, AURORA__INDEX_ORDER_DUE},
        {AURORA__TABLE_order, AURORA__INDEX_ORDER_PARKED},
        {AURORA__TABLE_payment, AURORA__INDEX_PAYMENT_DUE},
    };
    aurora_log_bounds bounds;
    aurora_status rc = store->log_bounds(store->self, txn, &bounds);
    *is_drained = true;
    for (size_t i = 0; i < sizeof work / sizeof *work && rc == AURORA_OK; i++)
        rc = is_index_empty(store, txn, work[i].table, work[i].index, is_drained);
    if (rc == AURORA_OK)
        rc = are_cursors_at(store, txn, bounds.head, strstr(set, "notification") != NULL,
                            is_drained);
    return rc;
}

/* --- the claim -------------------------------------------------------------------------------- */

static aurora_status claim_locked(const aurora_store *store, aurora_store_txn *txn, const char *set,
                                  aurora_error *err)
{
    char stored[AURORA__MODULE_SET_BYTES];
    bool is_drained;
    aurora_status rc = read_set(store, txn, true, stored, sizeof stored);
    if (rc == AURORA_ENOTFOUND)
        return write_row(store, txn, set);
    if (rc != AURORA_OK || strcmp(stored, set) == 0)
        return rc;
    rc = look_drained(store, txn, set, &is_drained);
    if (rc == AURORA_OK && !is_drained)
        return aurora__refuse(err, AURORA_ESCHEMA, "modules",
                              "the store is not drained and belongs to %s", stored);
    return rc == AURORA_OK ? write_row(store, txn, set) : rc;
}

static aurora_status settle(const aurora_store *store, aurora_id batch, aurora_status rc)
{
    const struct timespec pause = {0, RESOLVE_PAUSE_NS};
    for (int i = 0; rc == AURORA_ETIMEDOUT && i < RESOLVE_TRIES; i++) {
        rc = store->resolve(store->self, batch);
        if (rc == AURORA_ETIMEDOUT)
            nanosleep(&pause, NULL);
    }
    return rc == AURORA_ENOTFOUND ? AURORA_EIO : rc;
}

static aurora_status claim(const aurora_store *store, const char *set, aurora_id batch,
                           aurora_error *err)
{
    aurora_store_txn *txn;
    uint64_t epoch;
    aurora_status rc =
        store->begin(store->self, AURORA_TXN_WRITE, batch, BEGIN_WAIT_MS, &epoch, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = claim_locked(store, txn, set, err);
    if (rc == AURORA_OK)
        return settle(store, batch, store->commit(store->self, txn));
    store->rollback(store->self, txn);
    return rc;
}

aurora_status aurora__module_set_claim(const aurora_store *store, uint32_t modules, aurora_id batch,
                                       aurora_error *err)
{
    char set[AURORA__MODULE_SET_BYTES], stored[AURORA__MODULE_SET_BYTES];
    aurora_store_txn *txn;
    uint64_t epoch;
    aurora__module_set_text(modules, set, sizeof set);
    aurora_status rc =
        store->begin(store->self, AURORA_TXN_READ, batch, BEGIN_WAIT_MS, &epoch, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = read_set(store, txn, false, stored, sizeof stored);
    store->rollback(store->self, txn);
    if (rc == AURORA_OK && strcmp(stored, set) == 0)
        return AURORA_OK;
    if (rc != AURORA_OK && rc != AURORA_ENOTFOUND)
        return rc;
    rc = claim(store, set, batch, err);
    if (rc == AURORA_ECONFLICT) /* another process was first; now its row is there */
        rc = claim(store, set, batch, err);
    return rc;
}
