/* SPDX-License-Identifier: MIT */
/* Secrets that belong to a store: drawn once, kept as hexadecimal text in a row of `meta`, so that
 * every process on the store and every copy of it has the same. */
#include "api/handle.h"
#include "api/refuse.h"

#include <aurora/operator.h>

#include <stdio.h>
#include <string.h>

#define CALL_MS 60000
#define NAME_BYTES_MAX 64
#define PREFIX "store-key/"
#define KEY_BYTES 32

typedef struct {
    aurora__command head;
    char row_name[sizeof PREFIX + NAME_BYTES_MAX];
    char drawn[2 * KEY_BYTES + 1]; /* taken if the row is not there */
    uint8_t key[KEY_BYTES];        /* out */
} key_command;

static void write_hex(const uint8_t bytes[KEY_BYTES], char text_out[2 * KEY_BYTES + 1])
{
    for (size_t i = 0; i < KEY_BYTES; i++)
        snprintf(text_out + 2 * i, 3, "%02x", bytes[i]);
}

static int digit_of(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static aurora_status read_hex(const char *text, uint8_t bytes_out[KEY_BYTES])
{
    if (strlen(text) != (size_t)2 * KEY_BYTES)
        return AURORA_ECORRUPT;
    for (size_t i = 0; i < KEY_BYTES; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return AURORA_ECORRUPT;
        bytes_out[i] = (uint8_t)(high * 16 + low);
    }
    return AURORA_OK;
}

/* --- the first use ---------------------------------------------------------------------------- */

static aurora_status keys(aurora__command *base, aurora__turn *turn)
{
    const key_command *command = (const key_command *)base;
    aurora__key key = aurora__key_text(AURORA__TABLE_meta, command->row_name);
    return aurora__rows_want(turn->step.rows, &key);
}

/* Another process may have been first: its key is this store's. */
static aurora_status decide(aurora__command *base, aurora__turn *turn)
{
    key_command *command = (key_command *)base;
    const aurora__meta_row *row;
    aurora__meta_row *made;
    aurora__key key = aurora__key_text(AURORA__TABLE_meta, command->row_name);
    aurora_status rc = aurora__rows_read(turn->step.rows, &key, (const void **)&row);
    if (rc != AURORA_OK)
        return rc;
    if (row != NULL)
        return read_hex(row->value, command->key);
    rc = aurora__rows_insert(turn->step.rows, &key, (void **)&made);
    if (rc != AURORA_OK)
        return rc;
    made->value = command->drawn;
    return read_hex(command->drawn, command->key);
}

static void forget(aurora__command *base)
{
    key_command *command = (key_command *)base;
    explicit_bzero(command->drawn, sizeof command->drawn);
    explicit_bzero(command->key, sizeof command->key);
}

static const aurora__command_class key_class = {.name = "store_key",
                                                .keys = keys,
                                                .decide = decide,
                                                .free = forget};

static aurora_status draw(aurora_t *shop, const char *row_name, uint8_t key_out[KEY_BYTES],
                          aurora_error *err)
{
    uint8_t bytes[KEY_BYTES];
    key_command *command = aurora__command_new(shop->engine, &key_class, sizeof *command);
    if (command == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    snprintf(command->row_name, sizeof command->row_name, "%s", row_name);
    aurora_status rc = AURORA_OK;
    if (!shop->random.fill(shop->random.self, bytes, sizeof bytes))
        rc = aurora__refuse(err, AURORA_EIO, NULL, "there are no random bytes");
    if (rc == AURORA_OK) {
        write_hex(bytes, command->drawn);
        rc = aurora__engine_call(shop->engine, &command->head, CALL_MS, err);
    }
    if (rc == AURORA_OK)
        memcpy(key_out, command->key, KEY_BYTES);
    explicit_bzero(bytes, sizeof bytes);
    aurora__command_release(&command->head);
    return rc;
}

/* --- every other use -------------------------------------------------------------------------- */

static aurora_status find(aurora_t *shop, const char *row_name, uint8_t key_out[KEY_BYTES])
{
    aurora_store_txn *txn;
    aurora__query_arena arena;
    aurora__meta_row row;
    aurora__key key = aurora__key_text(AURORA__TABLE_meta, row_name);
    aurora_status rc = aurora__engine_read_begin(shop->engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    aurora__query_arena_init(&arena, &shop->allocator);
    rc = aurora__engine_load(shop->engine, txn, &key, &arena, &row);
    aurora__engine_read_end(shop->engine, txn);
    if (rc == AURORA_OK)
        rc = read_hex(row.value, key_out);
    aurora__query_arena_free(&arena);
    return rc;
}

static aurora_status check_name(aurora_error *err, const char *name)
{
    size_t length = name == NULL ? 0 : strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (length < 1 || length > NAME_BYTES_MAX || name[length] != '\0')
        return aurora__refuse(err, AURORA_EINVAL, "name", "must be 1 to %d of a-z, 0-9 and -",
                              NAME_BYTES_MAX);
    return AURORA_OK;
}

static aurora_status store_key(aurora_t *shop, const char *name, uint8_t key_out[KEY_BYTES],
                               aurora_error *err)
{
    char row_name[sizeof PREFIX + NAME_BYTES_MAX];
    snprintf(row_name, sizeof row_name, PREFIX "%s", name);
    aurora_status rc = find(shop, row_name, key_out);
    if (rc == AURORA_ENOTFOUND && (shop->flags & AURORA_OPEN_READONLY) == 0)
        return draw(shop, row_name, key_out, err);
    if (rc == AURORA_ENOTFOUND)
        return aurora__refuse(err, rc, "name", "is not in the store, and the handle only reads");
    return aurora__refuse_plain(err, rc);
}

aurora_status aurora_store_key(aurora_t *shop, const char *name, uint8_t key_out[32],
                               aurora_error *err)
{
    if (key_out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "key_out", "is required");
    aurora_status rc = check_name(err, name);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = store_key(shop, name, key_out, err);
    aurora__handle_leave(shop);
    return rc;
}
