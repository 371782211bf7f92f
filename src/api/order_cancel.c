/* SPDX-License-Identifier: MIT */
/* Cancels. Their idempotency keys are rows of `meta`, written with the cancel and bucketed by the
 * day, so that a key is found by two look-ups and old ones are a range: few cancels have a key, so
 * they need no map in memory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/check.h"
#include "api/handle.h"
#include "api/pack.h"
#include "api/refuse.h"
#include "codec/order_result.h"
#include "engine/keys.h"
#include "engine/sha256.h"
#include "engine/trace.h"

#define WAIT_MS 60000
#define NAME_BYTES 96
#define HASH_TEXT_BYTES (2 * AURORA__SHA256_BYTES + 1)
#define SWEEP_ROWS 32

typedef struct {
    aurora__command head;
    aurora_id order_id;
    int32_t reason;
    bool wants_order;
    bool has_key;
    const char *note;
    const char *actor;
    struct aurora__command_trace trace;
    char key_hash[HASH_TEXT_BYTES];     /* of scope and key */
    char request_hash[HASH_TEXT_BYTES]; /* of what is asked for */
    bool is_new_key;
    bool is_replay;
    aurora_order *order; /* out */
} cancel_command;

static int64_t bucket_of(const aurora__turn *turn, int64_t age)
{
    return turn->step.now_ms / aurora__keys_keep_ms(turn->engine) - age;
}

/* "cancel-key/000000020780/<hash>" */
static void name_of(int64_t bucket, const char *key_hash, char name_out[NAME_BYTES])
{
    snprintf(name_out, NAME_BYTES, "cancel-key/%012" PRId64 "/%s", bucket, key_hash);
}

static aurora_status cancel_keys(aurora__command *base, aurora__turn *turn)
{
    const cancel_command *command = (const cancel_command *)base;
    char name[NAME_BYTES];
    aurora_status rc = AURORA_OK;
    if (command->has_key)
        aurora__turn_read_clock(turn);
    for (int64_t age = 0; command->has_key && rc == AURORA_OK && age < 2; age++) {
        name_of(bucket_of(turn, age), command->key_hash, name);
        aurora__key key = aurora__key_text(AURORA__TABLE_meta, name);
        rc = aurora__rows_want(turn->step.rows, &key);
    }
    return rc != AURORA_OK ? rc : aurora__saga_keys(&turn->step, &command->order_id);
}

/* As remember() wrote it; *hash_out lies in `value`. */
static bool read_memory(const char *value, int64_t *at_ms_out, const char **hash_out)
{
    char *end;
    *at_ms_out = strtoll(value, &end, 10);
    *hash_out = end + 1;
    return end != value && *end == ' ';
}

/* Looks whether the key was used in the last 24 hours; *is_replay_out says for this request. */
static aurora_status look_up(const cancel_command *command, aurora__turn *turn, bool *is_replay_out)
{
    char name[NAME_BYTES];
    *is_replay_out = false;
    for (int64_t age = 0; age < 2; age++) {
        const aurora__meta_row *row;
        name_of(bucket_of(turn, age), command->key_hash, name);
        aurora__key key = aurora__key_text(AURORA__TABLE_meta, name);
        aurora_status rc = aurora__rows_read(turn->step.rows, &key, (const void **)&row);
        if (rc != AURORA_OK)
            return rc;
        const char *hash;
        int64_t at_ms;
        if (row == NULL || !read_memory(row->value, &at_ms, &hash) ||
            !aurora__keys_is_live(turn->engine, at_ms, turn->step.now_ms))
            continue;
        if (strcmp(hash, command->request_hash) != 0)
            return aurora__step_refuse(&turn->step, AURORA_EKEYREUSED, "key",
                                       "was used with another request");
        *is_replay_out = true;
    }
    return AURORA_OK;
}

static aurora_status remember(const cancel_command *command, aurora__turn *turn)
{
    char name[NAME_BYTES];
    char value[NAME_BYTES];
    aurora__meta_row *row;
    name_of(bucket_of(turn, 0), command->key_hash, name);
    snprintf(value, sizeof value, "%" PRId64 " %s", turn->step.now_ms, command->request_hash);
    aurora__key key = aurora__key_text(AURORA__TABLE_meta, name);
    aurora_status rc = aurora__rows_insert(turn->step.rows, &key, (void **)&row);
    if (rc != AURORA_OK)
        return rc;
    row->value = aurora__arena_text(turn->step.arena, value);
    return row->value == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static aurora_status cancel_decide(aurora__command *base, aurora__turn *turn)
{
    cancel_command *command = (cancel_command *)base;
    command->is_new_key = false;
    command->is_replay = false;
    if (command->has_key) {
        aurora_status rc = look_up(command, turn, &command->is_replay);
        if (rc != AURORA_OK || command->is_replay)
            return rc;
    }
    aurora_status rc = aurora__order_cancel(&turn->step, &command->order_id, command->reason,
                                            command->actor, command->note);
    command->is_new_key = rc == AURORA_OK && command->has_key;
    return command->is_new_key ? remember(command, turn) : rc;
}

/* Deletes some of the keys of buckets that have expired. */
static aurora_status cancel_save(aurora__command *base, aurora__turn *turn)
{
    const cancel_command *command = (const cancel_command *)base;
    if (!command->is_new_key)
        return AURORA_OK;
    char first[NAME_BYTES], last[NAME_BYTES];
    name_of(0, "", first);
    name_of(bucket_of(turn, 1), "", last);
    aurora_value lower = {
        .kind = AURORA_COLUMN_TEXT, .length = (uint32_t)strlen(first), .bytes = first};
    aurora_value upper = {
        .kind = AURORA_COLUMN_TEXT, .length = (uint32_t)strlen(last), .bytes = last};
    aurora__range range = {.table = AURORA__TABLE_meta,
                           .index = -1,
                           .flags = AURORA_SCAN_UPPER_OPEN,
                           .lower = &lower,
                           .upper = &upper,
                           .lower_count = 1,
                           .upper_count = 1,
                           .limit = SWEEP_ROWS};
    const aurora__table *table = &aurora__tables[AURORA__TABLE_meta];
    const aurora_store *store = aurora__engine_store(turn->engine);
    aurora__query_arena arena;
    aurora__meta_row rows[SWEEP_ROWS];
    uint32_t count, failed;
    aurora__query_arena_init(&arena, aurora__engine_allocator(turn->engine));
    aurora_status rc = aurora__engine_scan(turn->engine, turn->txn, &range, &arena, rows, &count);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        aurora_value values[2];
        aurora__table_pack(table, &rows[i], values);
        aurora_store_put put = {
            .table = &table->table, .values = values, .kind = AURORA_PUT_DELETE};
        rc = store->save(store->self, turn->txn, &put, 1, &failed);
    }
    aurora__query_arena_free(&arena);
    return rc;
}

static bool cancel_finish(aurora__command *base, aurora__turn *turn, aurora_status status)
{
    cancel_command *command = (cancel_command *)base;
    if (status != AURORA_OK || !command->wants_order)
        return true;
    const aurora__order_row *row;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &command->order_id);
    aurora_status rc = aurora__rows_read(turn->step.rows, &key, (const void **)&row);
    if (rc == AURORA_OK)
        rc = row == NULL ? AURORA_ENOTFOUND
                         : aurora__order_result(aurora__engine_allocator(turn->engine), row, false,
                                                &command->order);
    if (rc == AURORA_OK)
        command->order->is_replay = command->is_replay;
    base->status = rc;
    return true;
}

static void cancel_free(aurora__command *base)
{
    aurora_order_free(((cancel_command *)base)->order);
}

static void cancel_describe(const aurora__command *base, aurora__span_draft *draft)
{
    const cancel_command *command = (const cancel_command *)base;
    aurora__span_name(draft, "cancel", "order");
    aurora__span_order(draft, &command->order_id);
    aurora__span_text(draft, "aurora.reason", aurora_reason_name(command->reason));
    if (command->is_replay)
        aurora__span_flag(draft, "aurora.replay", true);
}

static const aurora__command_class cancel_class = {.name = "cancel",
                                                   .keys = cancel_keys,
                                                   .decide = cancel_decide,
                                                   .save = cancel_save,
                                                   .finish = cancel_finish,
                                                   .free = cancel_free,
                                                   .describe = cancel_describe};

static aurora_status check(const aurora_cancel *cancel, aurora_error *err)
{
    aurora_status rc = aurora__check_id(err, "order_id", cancel->order_id);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "reason", cancel->reason, AURORA_REASON_CUSTOMER,
                                 AURORA_REASON_OPERATOR);
    if (rc == AURORA_OK)
        rc = aurora__check_body(err, "note", cancel->note, AURORA_NOTE_BYTES_MAX, false);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "actor", cancel->actor, 1, AURORA_TEXT_BYTES_MAX, false);
    if (rc == AURORA_OK)
        rc = aurora__check_key(err, "key", cancel->key, false);
    return rc == AURORA_OK ? aurora__check_key(err, "key_scope", cancel->key_scope, false) : rc;
}

/* Texts with their NUL behind a byte that says whether they are there. */
static void add_text(aurora__sha256 *hash, const char *text)
{
    aurora__sha256_add(hash, text == NULL ? "0" : "1", 1);
    if (text != NULL)
        aurora__sha256_add(hash, text, strlen(text) + 1);
}

static void end_hash(aurora__sha256 *hash, char text_out[HASH_TEXT_BYTES])
{
    uint8_t digest[AURORA__SHA256_BYTES];
    aurora__sha256_end(hash, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(text_out + 2 * i, 3, "%02x", digest[i]);
}

static void hash_request(const aurora_cancel *cancel, cancel_command *command)
{
    aurora__sha256 hash;
    aurora__sha256_init(&hash);
    add_text(&hash, cancel->key_scope);
    add_text(&hash, cancel->key);
    end_hash(&hash, command->key_hash);
    uint8_t reason = (uint8_t)cancel->reason;
    aurora__sha256_init(&hash);
    aurora__sha256_add(&hash, cancel->order_id.bytes, sizeof cancel->order_id.bytes);
    aurora__sha256_add(&hash, &reason, 1);
    add_text(&hash, cancel->note);
    add_text(&hash, cancel->actor);
    end_hash(&hash, command->request_hash);
}

static cancel_command *new_command(aurora_t *shop, const aurora_cancel *cancel)
{
    size_t bytes = sizeof(cancel_command) + aurora__pack_bytes(cancel->note) +
                   aurora__pack_bytes(cancel->actor);
    cancel_command *command = aurora__command_new(shop->engine, &cancel_class, bytes);
    if (command == NULL)
        return NULL;
    aurora__pack pack = {(char *)(command + 1)};
    command->order_id = cancel->order_id;
    command->reason = cancel->reason;
    command->note = aurora__pack_text(&pack, cancel->note);
    command->actor = aurora__pack_text(&pack, cancel->actor);
    aurora__trace_accept_text(&command->head, &command->trace, cancel->traceparent);
    command->has_key = cancel->key != NULL;
    if (command->has_key)
        hash_request(cancel, command);
    return command;
}

static aurora_status cancel_order(aurora_t *shop, const aurora_cancel *given, aurora_order **out,
                                  aurora_error *err)
{
    aurora_cancel cancel;
    aurora_status rc = aurora__copy_sized(&cancel, sizeof cancel, given, err);
    if (rc == AURORA_OK)
        rc = check(&cancel, err);
    if (rc != AURORA_OK)
        return rc;
    cancel_command *command = new_command(shop, &cancel);
    if (command == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    aurora_error failure = AURORA_ERROR_INIT;
    command->wants_order = out != NULL;
    rc = aurora__engine_call(shop->engine, &command->head, WAIT_MS, &failure);
    if (rc != AURORA_OK) {
        aurora__refuse(err, rc, failure.field, "%s", failure.message);
    } else if (out != NULL) {
        *out = command->order;
        command->order = NULL;
    }
    aurora__command_release(&command->head);
    return rc;
}

aurora_status aurora_order_cancel_with(aurora_t *shop, const aurora_cancel *cancel,
                                       aurora_order **out, aurora_error *err)
{
    if (out != NULL)
        *out = NULL;
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = cancel_order(shop, cancel, out, err);
    aurora__handle_leave(shop);
    return rc;
}

aurora_status aurora_order_cancel(aurora_t *shop, aurora_id order_id, int32_t reason,
                                  const char *note, aurora_order **out, aurora_error *err)
{
    return aurora_order_cancel_with(
        shop, AURORA_CANCEL(.order_id = order_id, .reason = reason, .note = note), out, err);
}
