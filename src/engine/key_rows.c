/* SPDX-License-Identifier: MIT */
/* Where idempotency keys are rows, those that have expired go, some at a time, by whichever
 * instance comes to it first. */
#include "engine/internal.h"

#define ROWS_AT_ONCE 256
#define LOOK_EVERY_NS INT64_C(10000000000)
#define AGAIN_NS INT64_C(100000000)

#define NUMBER(kind, name, is_nullable) KEY_ROWS_##name,
enum { AURORA__ORDER_KEY_COLUMNS(NUMBER) };
#undef NUMBER
#define KEY_COLUMNS                                                                                \
    (UINT64_C(1) << KEY_ROWS_scope | UINT64_C(1) << KEY_ROWS_key_text |                            \
     UINT64_C(1) << KEY_ROWS_created_at)

typedef struct {
    aurora__command head;
    aurora__query_arena arena; /* of the rows */
    aurora__order_key_row *rows;
    uint32_t count;
} sweep_command;

static int64_t expired_at(const aurora__turn *turn)
{
    return turn->step.now_ms - turn->engine->options.key_keep_ms;
}

static aurora_status find(sweep_command *sweep, aurora__turn *turn)
{
    aurora_value upper = aurora__value_time(expired_at(turn));
    aurora__range range = {.table = AURORA__TABLE_order_key,
                           .index = AURORA__INDEX_ORDER_KEY_CREATED,
                           .upper = &upper,
                           .upper_count = 1,
                           .columns = KEY_COLUMNS,
                           .limit = ROWS_AT_ONCE};
    sweep->rows = aurora__arena_take(&sweep->arena.arena, ROWS_AT_ONCE * sizeof *sweep->rows);
    return sweep->rows == NULL ? AURORA_ENOMEM
                               : aurora__engine_scan(turn->engine, turn->txn, &range, &sweep->arena,
                                                     sweep->rows, &sweep->count);
}

static aurora__key key_of(const aurora__order_key_row *row)
{
    return aurora__key_texts(AURORA__TABLE_order_key, row->scope, row->key_text);
}

static aurora_status sweep_keys(aurora__command *command, aurora__turn *turn)
{
    sweep_command *sweep = (sweep_command *)command;
    aurora__turn_read_clock(turn);
    aurora_status rc = sweep->rows == NULL ? find(sweep, turn) : AURORA_OK;
    for (uint32_t i = 0; rc == AURORA_OK && i < sweep->count; i++) {
        aurora__key key = key_of(&sweep->rows[i]);
        rc = aurora__rows_want(turn->step.rows, &key);
    }
    return rc;
}

/* A key may have been taken again since it was found. */
static aurora_status sweep_decide(aurora__command *command, aurora__turn *turn)
{
    const sweep_command *sweep = (const sweep_command *)command;
    aurora_status rc = AURORA_OK;
    for (uint32_t i = 0; rc == AURORA_OK && i < sweep->count; i++) {
        const aurora__order_key_row *row;
        aurora__key key = key_of(&sweep->rows[i]);
        rc = aurora__rows_read(turn->step.rows, &key, (const void **)&row);
        if (rc == AURORA_OK && row != NULL && row->created_at <= expired_at(turn))
            rc = aurora__rows_delete(turn->step.rows, &key);
    }
    return rc;
}

static bool sweep_finish(aurora__command *command, aurora__turn *turn, aurora_status status)
{
    const sweep_command *sweep = (const sweep_command *)command;
    aurora__engine *engine = turn->engine;
    if (status == AURORA_OK && sweep->count == ROWS_AT_ONCE)
        engine->keys_swept_ns = aurora__engine_monotonic_ns(engine) - LOOK_EVERY_NS + AGAIN_NS;
    return true;
}

static void sweep_free(aurora__command *command)
{
    aurora__query_arena_free(&((sweep_command *)command)->arena);
}

static const aurora__command_class sweep_class = {.name = "order_keys_trim",
                                                  .keys = sweep_keys,
                                                  .decide = sweep_decide,
                                                  .finish = sweep_finish,
                                                  .free = sweep_free};

aurora__command *aurora__key_rows_work(aurora__engine *engine)
{
    int64_t now_ns = aurora__engine_monotonic_ns(engine);
    if (!aurora__engine_has_key_rows(engine) ||
        (engine->options.policy.modules & AURORA__MODULE_ORDER) == 0 ||
        (engine->keys_swept_ns != 0 && now_ns - engine->keys_swept_ns < LOOK_EVERY_NS))
        return NULL;
    engine->keys_swept_ns = now_ns == 0 ? 1 : now_ns;
    sweep_command *sweep = aurora__command_new(engine, &sweep_class, sizeof *sweep);
    if (sweep == NULL)
        return NULL;
    aurora__query_arena_init(&sweep->arena, engine->options.allocator);
    return &sweep->head;
}
