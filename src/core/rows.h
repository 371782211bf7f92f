/* SPDX-License-Identifier: MIT */
/* The rows of one batch: decisions read and write them here, the engine loads them before and saves
 * them after. A write works on a copy, so that a mark can be undone. Pure memory. */
#ifndef AURORA_CORE_ROWS_H
#define AURORA_CORE_ROWS_H

#include "core/arena.h"
#include "core/internal.h"
#include "core/tables.h"

#define AURORA__KEY_VALUES_MAX 4

/* A whole primary key. Texts are borrowed. */
typedef struct {
    uint32_t table; /* AURORA__TABLE_... */
    uint32_t count;
    aurora_value values[AURORA__KEY_VALUES_MAX];
} aurora__key;

/* Inline, and only what is used is written: a decision makes some forty keys. */
static inline aurora_value aurora__value_text(const char *text)
{
    return (aurora_value){
        .kind = AURORA_COLUMN_TEXT, .length = (uint32_t)aurora__text_length(text), .bytes = text};
}

static inline aurora_value aurora__value_number(int64_t number)
{
    return (aurora_value){.kind = AURORA_COLUMN_INT64, .number = number};
}

static inline aurora_value aurora__value_time(int64_t ms)
{
    return (aurora_value){.kind = AURORA_COLUMN_TIME, .number = ms};
}

static inline aurora_value aurora__value_uuid(const aurora_id *id)
{
    return (aurora_value){.kind = AURORA_COLUMN_UUID, .length = 16, .bytes = id};
}

static inline aurora__key aurora__key_of(uint32_t table, aurora_value value)
{
    aurora__key key;
    key.table = table;
    key.count = 1;
    key.values[0] = value;
    return key;
}

static inline aurora__key aurora__key_uuid(uint32_t table, const aurora_id *id)
{
    return aurora__key_of(table, aurora__value_uuid(id));
}

static inline aurora__key aurora__key_number(uint32_t table, int64_t number)
{
    return aurora__key_of(table, aurora__value_number(number));
}

static inline aurora__key aurora__key_text(uint32_t table, const char *text)
{
    return aurora__key_of(table, aurora__value_text(text));
}

static inline aurora__key aurora__key_texts(uint32_t table, const char *first, const char *second)
{
    aurora__key key = aurora__key_text(table, first);
    key.count = 2;
    key.values[1] = aurora__value_text(second);
    return key;
}

static inline aurora__key aurora__key_uuid_number(uint32_t table, const aurora_id *id,
                                                  int64_t number)
{
    aurora__key key = aurora__key_uuid(table, id);
    key.count = 2;
    key.values[1] = aurora__value_number(number);
    return key;
}

typedef struct aurora__row {
    uint32_t table;
    bool is_loaded;       /* false: wanted, not yet there */
    bool is_wanted;       /* in the wanted list */
    bool is_touched;      /* in the touched list of this batch */
    bool is_found_base;   /* whether the store has it */
    bool is_found;        /* whether it exists now */
    bool is_told;         /* an event of this batch tells of its change */
    aurora_status status; /* AURORA_ECORRUPT: the stored row is damaged */
    uint32_t journal;     /* newest journal entry + 1, or 0 */
    void *base;           /* as loaded; never modified while a batch runs */
    void *data;           /* now; == base when nothing was written */
} aurora__row;

typedef struct {
    aurora__row *row;
    void *data;
    bool is_found;
    uint32_t journal;
} aurora__journal_entry;

typedef struct {
    uint32_t hash; /* beside the pointer, so that a row that does not match is not looked at */
    uint32_t table;
    aurora__row *row;
} aurora__row_slot;

typedef struct {
    aurora__row_slot *slots; /* open addressing, a power of two */
    uint32_t capacity;
    uint32_t count;
} aurora__row_map;

typedef struct {
    aurora__row **items;
    uint32_t capacity;
    uint32_t count;
} aurora__row_list;

typedef struct aurora__rows {
    aurora__arena *batch; /* reset by the owner after each batch */
    aurora__arena *cache; /* reset by the owner together with aurora__rows_forget */
    aurora__row_map of_batch;
    uint32_t batch_hint; /* rows of the last batch: the next one's map starts that large */
    aurora__row_map of_cache;
    aurora__arena *recent; /* rows of sagas under way, see recent.c; NULL = none are kept */
    aurora__row_map of_recent;
    aurora__row_list wanted;
    aurora__row_list touched;
    aurora__journal_entry *journal;
    uint32_t journal_count;
    uint32_t journal_capacity;
    uint32_t mark; /* journal length at the current mark */
    uint64_t kept; /* bit = table: its rows are kept over batches, in the cache */
    bool is_shared;
    aurora__row_list absent; /* rows of kept tables that were not there: others may make them */
    bool has_lost_absent;    /* memory was out: nothing that is kept may be used again */
} aurora__rows;

void aurora__rows_init(aurora__rows *rows, aurora__arena *batch, aurora__arena *cache);

/* Others write the store at any time: nothing is kept over batches but what never changes, the
 * numbers of SKUs. Once, right after init. */
void aurora__rows_share(aurora__rows *rows);

/* Whether rows of this table are kept over batches. */
static inline bool aurora__rows_are_kept(const aurora__rows *rows, uint32_t table)
{
    return (rows->kept >> table & 1) != 0;
}

/* Asks for a row; it is in rows->wanted until it is loaded. Idempotent. */
aurora_status aurora__rows_want(aurora__rows *rows, const aurora__key *key);

/* Says that the store cannot have this row: its key was drawn for this command. */
aurora_status aurora__rows_assume_absent(aurora__rows *rows, const aurora__key *key);

/* The row or NULL when there is none. AURORA__NEED_KEYS when it is not loaded (it is then wanted),
 * AURORA_ECORRUPT when it is damaged. The pointer is valid until the row is written. */
aurora_status aurora__rows_read(aurora__rows *rows, const aurora__key *key, const void **row_out);

/* A copy to change in place, or NULL when there is no such row. Texts are replaced, never
 * edited. */
aurora_status aurora__rows_write(aurora__rows *rows, const aurora__key *key, void **row_out);

/* A new cleared row with its key filled in; AURORA_ECONFLICT when it exists. */
aurora_status aurora__rows_insert(aurora__rows *rows, const aurora__key *key, void **row_out);

/* The row is gone; no error when it was not there. */
aurora_status aurora__rows_delete(aurora__rows *rows, const aurora__key *key);

/* Marks nest: undo takes back all writes since the matching mark, keep leaves them to the outer
 * one. `outer` is what mark returned. */
uint32_t aurora__rows_mark(aurora__rows *rows);
void aurora__rows_undo(aurora__rows *rows, uint32_t outer);
void aurora__rows_keep(aurora__rows *rows, uint32_t outer);

/* --- for the engine ------------------------------------------------------------------------- */

/* Fills a wanted row from loaded values, or says that it is absent with values NULL. Damaged values
 * mark the row. */
void aurora__rows_loaded(aurora__rows *rows, aurora__row *row, const aurora_value *values);

/* The arena that loads of this table must copy to. */
aurora__arena *aurora__rows_arena(const aurora__rows *rows, uint32_t table);

/* The key of a row as its struct holds it; texts are borrowed from the row. */
aurora__key aurora__row_key(const aurora__row *row);

/* Gives up what was wanted from place `from` of the list on. */
void aurora__rows_unwant(aurora__rows *rows, uint32_t from);

/* The put that saves a touched row; false when nothing has to be written. `values` has room for
 * column_count values. */
bool aurora__rows_put(const aurora__row *row, aurora_value *values, aurora_store_put *put_out);

/* Notes that an event of this batch tells of the row's change; nothing when it is not loaded. */
void aurora__rows_tell(aurora__rows *rows, const aurora__key *key);

/* Ends a batch: cached rows take over what was committed, or fall back to what was loaded. The
 * batch arena may be reset afterwards. */
void aurora__rows_end(aurora__rows *rows, bool is_committed);

/* Keeps rows of unsettled orders, payments and reservations over batches, copied to this arena,
 * which the owner resets together with aurora__rows_forget_recent. Like cached rows they hold only
 * while nobody else writes. */
void aurora__rows_keep_recent(aurora__rows *rows, aurora__arena *recent);
void aurora__rows_forget_recent(aurora__rows *rows);

/* Forgets cached rows too (somebody else wrote, or the cache grew too large). */
void aurora__rows_forget(aurora__rows *rows);

#endif
