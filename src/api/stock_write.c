/* SPDX-License-Identifier: MIT */
/* Stock: receipts, adjustments, and reservations without an order. */
#include "api/check.h"
#include "api/handle.h"
#include "api/pack.h"
#include "api/refuse.h"
#include "api/stock_row.h"
#include "core/inventory.h"
#include "core/json.h"
#include "engine/sha256.h"

#include <stdio.h>
#include <string.h>

#define WAIT_MS 60000
#define HOST_SCOPE ""
#define TTL_MS_MAX 2592000000u

typedef struct {
    aurora__command head;
    aurora__movement movement;
    aurora__stock_row stock; /* out */
    bool is_repeat;          /* out */
} move_command;

static aurora_status move_keys(aurora__command *command, aurora__turn *turn)
{
    return aurora__stock_move_keys(&turn->step, &((move_command *)command)->movement);
}

static aurora_status move_decide(aurora__command *base, aurora__turn *turn)
{
    move_command *command = (move_command *)base;
    const aurora__movement *movement = &command->movement;
    const aurora__movement_row *first;
    aurora__key key = aurora__key_texts(AURORA__TABLE_movement, movement->scope, movement->key);
    aurora_status rc = aurora__rows_read(turn->step.rows, &key, (const void **)&first);
    if (rc != AURORA_OK)
        return rc;
    command->is_repeat = first != NULL;
    return aurora__stock_move(&turn->step, movement, &command->stock);
}

static const aurora__command_class move_class = {.name = "stock_move",
                                                 .keys = move_keys,
                                                 .decide = move_decide};

static aurora_status check_movement(const aurora_movement *movement, aurora_error *err)
{
    bool is_receipt = movement->kind == AURORA_MOVEMENT_RECEIPT;
    aurora_status rc = aurora__check_range(err, "kind", movement->kind, AURORA_MOVEMENT_RECEIPT,
                                           AURORA_MOVEMENT_ADJUSTMENT);
    if (rc == AURORA_OK)
        rc = aurora__check_sku(err, "sku", movement->sku);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "quantity", movement->quantity,
                                 is_receipt ? 1 : -AURORA_MOVEMENT_MAX, AURORA_MOVEMENT_MAX);
    if (rc == AURORA_OK && movement->quantity == 0)
        rc = aurora__refuse(err, AURORA_EINVAL, "quantity", "must not be 0");
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "reason", movement->reason, 1, AURORA_TEXT_BYTES_MAX,
                                !is_receipt);
    if (rc == AURORA_OK)
        rc = aurora__check_key(err, "key", movement->key, false);
    if (rc == AURORA_OK)
        rc = aurora__check_key(err, "key_scope", movement->key_scope, false);
    /* Returns of orders are movements too: nobody else may take their names. */
    if (rc == AURORA_OK && movement->key_scope != NULL &&
        strcmp(movement->key_scope, AURORA__RETURN_SCOPE) == 0)
        rc = aurora__refuse(err, AURORA_EINVAL, "key_scope", "is reserved");
    return rc;
}

static move_command *new_move(aurora_t *shop, const aurora_movement *movement)
{
    char fresh[AURORA_ID_TEXT_BYTES];
    const char *key = movement->key;
    if (key == NULL) {
        aurora_id_format(aurora__engine_next_id(shop->engine), fresh);
        key = fresh;
    }
    const char *scope = movement->key_scope == NULL ? HOST_SCOPE : movement->key_scope;
    size_t bytes = sizeof(move_command) + aurora__pack_bytes(key) + aurora__pack_bytes(scope) +
                   aurora__pack_bytes(movement->sku) + aurora__pack_bytes(movement->reason);
    move_command *command = aurora__command_new(shop->engine, &move_class, bytes);
    if (command == NULL)
        return NULL;
    aurora__pack pack = {(char *)(command + 1)};
    command->movement = (aurora__movement){.kind = movement->kind,
                                           .scope = aurora__pack_text(&pack, scope),
                                           .key = aurora__pack_text(&pack, key),
                                           .sku = aurora__pack_text(&pack, movement->sku),
                                           .quantity = movement->quantity,
                                           .reason = aurora__pack_text(&pack, movement->reason)};
    return command;
}

aurora_status aurora_stock_move(aurora_t *shop, const aurora_movement *given,
                                aurora_stock *stock_out, aurora_error *err)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    aurora_movement movement;
    rc = aurora__copy_sized(&movement, sizeof movement, given, err);
    if (rc == AURORA_OK)
        rc = check_movement(&movement, err);
    if (rc == AURORA_OK) {
        move_command *command = new_move(shop, &movement);
        rc = command == NULL ? aurora__refuse_plain(err, AURORA_ENOMEM)
                             : aurora__engine_call(shop->engine, &command->head, WAIT_MS, err);
        if (rc == AURORA_OK && stock_out != NULL) {
            aurora__stock_public(&command->stock, stock_out);
            stock_out->is_repeat = command->is_repeat ? 1 : 0;
        }
        if (command != NULL)
            aurora__command_release(&command->head);
    }
    aurora__handle_leave(shop);
    return rc;
}

aurora_status aurora_stock_receive(aurora_t *shop, const char *sku, int64_t quantity,
                                   const char *key, aurora_error *err)
{
    if (key == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "key", "is required");
    return aurora_stock_move(shop,
                             AURORA_MOVEMENT(.kind = AURORA_MOVEMENT_RECEIPT, .sku = sku,
                                             .quantity = quantity, .key = key),
                             NULL, err);
}

aurora_status aurora_stock_adjust(aurora_t *shop, const char *sku, int64_t delta,
                                  const char *reason, const char *key, aurora_error *err)
{
    if (key == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "key", "is required");
    aurora_status rc =
        aurora_stock_move(shop,
                          AURORA_MOVEMENT(.kind = AURORA_MOVEMENT_ADJUSTMENT, .sku = sku,
                                          .quantity = delta, .reason = reason, .key = key),
                          NULL, err);
    /* What a movement calls its quantity this call's caller knows as delta. */
    if (rc != AURORA_OK && err != NULL && err->size == sizeof *err &&
        strcmp(err->field, "quantity") == 0)
        memcpy(err->field, "delta", sizeof "delta");
    return rc;
}

/* --- stand-alone reservations --------------------------------------------------------------- */

enum { RESERVE = 1, COMMIT = 2, RELEASE = 3 };

typedef struct {
    aurora__command head;
    int32_t act;
    aurora__hold hold;
    int32_t decision; /* out */
    bool is_expired;  /* out: a commit came too late */
} hold_command;

static aurora_status hold_keys(aurora__command *base, aurora__turn *turn)
{
    const hold_command *command = (const hold_command *)base;
    if (command->act == RESERVE)
        return aurora__hold_reserve_keys(&turn->step, &command->hold);
    return aurora__hold_keys(&turn->step, command->hold.scope, command->hold.key);
}

static aurora_status hold_decide(aurora__command *base, aurora__turn *turn)
{
    hold_command *command = (hold_command *)base;
    const aurora__hold *hold = &command->hold;
    if (command->act == RESERVE)
        return aurora__hold_reserve(&turn->step, hold, &command->decision);
    if (command->act == COMMIT)
        return aurora__hold_commit(&turn->step, hold->scope, hold->key, &command->is_expired);
    return aurora__hold_release(&turn->step, hold->scope, hold->key);
}

static const aurora__command_class hold_class = {.name = "hold",
                                                 .keys = hold_keys,
                                                 .decide = hold_decide};

static aurora_status check_lines(const aurora_line *lines, uint32_t count, aurora_error *err)
{
    aurora_status rc = aurora__check_range(err, "line_count", count, 1, AURORA_ORDER_LINES_MAX);
    if (rc == AURORA_OK && lines == NULL) {
        aurora__refuse(err, AURORA_EINVAL, "lines", "is required");
        return AURORA_EINVAL;
    }
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        rc = aurora__check_sku(err, "sku", lines[i].sku);
        if (rc == AURORA_OK)
            rc = aurora__check_quantity(err, "quantity", lines[i].quantity);
        rc = aurora__refuse_within(err, rc, "lines", i);
    }
    return rc;
}

/* What makes two requests with one key the same: lines and time to live. */
static void hash_request(const aurora_line *lines, uint32_t count, uint32_t ttl_ms,
                         uint8_t hash_out[32])
{
    aurora__sha256 hash;
    aurora__sha256_init(&hash);
    aurora__sha256_add(&hash, &ttl_ms, sizeof ttl_ms);
    for (uint32_t i = 0; i < count; i++) {
        aurora__sha256_add(&hash, lines[i].sku, strlen(lines[i].sku) + 1);
        aurora__sha256_add(&hash, &lines[i].quantity, sizeof lines[i].quantity);
    }
    aurora__sha256_end(&hash, hash_out);
}

static hold_command *new_hold(aurora_t *shop, int32_t act, const char *key,
                              const aurora_line *lines, uint32_t count)
{
    size_t bytes = sizeof(hold_command) + count * sizeof(aurora__hold_line) +
                   aurora__pack_bytes(key) + sizeof HOST_SCOPE;
    for (uint32_t i = 0; i < count; i++)
        bytes += aurora__pack_bytes(lines[i].sku);
    hold_command *command = aurora__command_new(shop->engine, &hold_class, bytes);
    if (command == NULL)
        return NULL;
    aurora__hold_line *copies = (aurora__hold_line *)(command + 1);
    aurora__pack pack = {(char *)(copies + count)};
    command->act = act;
    command->hold = (aurora__hold){.scope = aurora__pack_text(&pack, HOST_SCOPE),
                                   .key = aurora__pack_text(&pack, key),
                                   .lines = copies,
                                   .line_count = count};
    for (uint32_t i = 0; i < count; i++)
        copies[i] = (aurora__hold_line){aurora__pack_text(&pack, lines[i].sku), lines[i].quantity};
    return command;
}

static aurora_status call_hold(aurora_t *shop, hold_command *command, aurora_error *err)
{
    if (command == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    aurora_status rc = aurora__engine_call(shop->engine, &command->head, WAIT_MS, err);
    return rc == AURORA_OK && command->is_expired ? AURORA_EEXPIRED : rc;
}

static aurora_status reserve(aurora_t *shop, const char *key, const aurora_line *lines,
                             uint32_t line_count, uint32_t ttl_ms, int32_t *decision_out,
                             aurora_error *err)
{
    aurora_status rc = aurora__check_key(err, "key", key, true);
    if (rc == AURORA_OK)
        rc = check_lines(lines, line_count, err);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "ttl_ms", ttl_ms, 1, TTL_MS_MAX);
    if (rc == AURORA_OK && decision_out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "decision_out", "is required");
    if (rc != AURORA_OK)
        return rc;
    hold_command *command = new_hold(shop, RESERVE, key, lines, line_count);
    if (command == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    hash_request(lines, line_count, ttl_ms, command->hold.request_hash);
    command->hold.ttl_ms = ttl_ms;
    rc = call_hold(shop, command, err);
    if (rc == AURORA_OK)
        *decision_out = command->decision;
    aurora__command_release(&command->head);
    return rc;
}

aurora_status aurora_stock_reserve(aurora_t *shop, const char *key, const aurora_line *lines,
                                   uint32_t line_count, uint32_t ttl_ms, int32_t *decision_out,
                                   aurora_error *err)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = reserve(shop, key, lines, line_count, ttl_ms, decision_out, err);
    aurora__handle_leave(shop);
    return rc;
}

static aurora_status end_hold(aurora_t *shop, int32_t act, const char *key)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__check_key(NULL, "key", key, true);
    if (rc == AURORA_OK) {
        hold_command *command = new_hold(shop, act, key, NULL, 0);
        rc = call_hold(shop, command, NULL);
        if (command != NULL)
            aurora__command_release(&command->head);
    }
    aurora__handle_leave(shop);
    return rc;
}

aurora_status aurora_stock_commit(aurora_t *shop, const char *key)
{
    return end_hold(shop, COMMIT, key);
}

aurora_status aurora_stock_release(aurora_t *shop, const char *key)
{
    return end_hold(shop, RELEASE, key);
}
