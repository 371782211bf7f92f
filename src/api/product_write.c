/* SPDX-License-Identifier: MIT */
/* Products: puts, deletes, views, resync. */
#include "api/check.h"
#include "api/handle.h"
#include "api/pack.h"
#include "api/refuse.h"
#include "core/json.h"
#include "core/product.h"

#include <aurora/product.h>

#define WAIT_MS 60000
#define MANY_AT_ONCE 1024
#define ATTRIBUTE_VALUE_BYTES_MAX 512

enum { PUT = 1, DELETE = 2, VIEW = 3, RESYNC = 4 };

typedef struct {
    aurora__command head;
    int32_t act;
    aurora__product_put put; /* of the others only the SKU counts */
    uint64_t if_version;
    int64_t count;
    uint64_t version; /* out */
} product_command;

static aurora_status product_keys(aurora__command *command, aurora__turn *turn)
{
    return aurora__product_keys(&turn->step, ((product_command *)command)->put.sku);
}

static aurora_status product_decide(aurora__command *base, aurora__turn *turn)
{
    product_command *command = (product_command *)base;
    aurora__step *step = &turn->step;
    switch (command->act) {
    case PUT:
        return aurora__product_replace(step, &command->put, command->if_version, &command->version);
    case DELETE:
        return aurora__product_delete(step, command->put.sku, command->if_version,
                                      &command->version);
    case VIEW:
        return aurora__product_view(step, command->put.sku, command->count);
    default:
        return aurora__product_resync(step, command->put.sku);
    }
}

static const aurora__command_class product_class = {.name = "product",
                                                    .keys = product_keys,
                                                    .decide = product_decide};

static aurora_status check_attributes(const aurora_product_input *input, aurora_error *err)
{
    aurora_status rc = aurora__check_range(err, "attribute_count", input->attribute_count, 0,
                                           AURORA_ATTRIBUTES_MAX);
    if (rc == AURORA_OK && input->attribute_count > 0 && input->attributes == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "attributes", "is required");
    for (uint32_t i = 0; rc == AURORA_OK && i < input->attribute_count; i++) {
        const aurora_pair *pair = &input->attributes[i];
        rc = aurora__check_text(err, "name", pair->name, 1, AURORA_TEXT_BYTES_MAX, true);
        if (rc == AURORA_OK)
            rc = aurora__check_text(err, "value", pair->value, 0, ATTRIBUTE_VALUE_BYTES_MAX, true);
        for (uint32_t j = 0; rc == AURORA_OK && j < i; j++) {
            if (strcmp(pair->name, input->attributes[j].name) == 0)
                rc = aurora__refuse(err, AURORA_EINVAL, "name", "must be unique");
        }
        rc = aurora__refuse_within(err, rc, "attributes", i);
    }
    return rc;
}

static aurora_status check_input(const aurora_product_input *input, aurora_error *err)
{
    aurora_status rc = aurora__check_sku(err, "sku", input->sku);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "name", input->name, 1, AURORA_NAME_BYTES_MAX, true);
    if (rc == AURORA_OK)
        rc = aurora__check_body(err, "description", input->description, AURORA_BODY_BYTES_MAX,
                                false);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "brand", input->brand, 0, AURORA_NAME_BYTES_MAX, false);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "category", input->category, 0, AURORA_NAME_BYTES_MAX, false);
    if (rc == AURORA_OK)
        rc =
            aurora__check_text(err, "image_url", input->image_url, 0, AURORA_BODY_BYTES_MAX, false);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "price_minor", input->price_minor, 0, AURORA_PRICE_MINOR_MAX);
    if (rc == AURORA_OK)
        rc = aurora__check_currency(err, "currency", input->currency);
    if (rc == AURORA_OK)
        rc = aurora__check_flags(err, "flags", input->flags, 0);
    return rc == AURORA_OK ? check_attributes(input, err) : rc;
}

static const char *write_attributes(const aurora_product_input *input, aurora__arena *arena)
{
    aurora__json json;
    aurora__json_begin(&json, arena, 64);
    aurora__json_char(&json, '[');
    for (uint32_t i = 0; i < input->attribute_count; i++) {
        aurora__json_raw(&json, i == 0 ? "[" : ",[", i == 0 ? 1 : 2);
        aurora__json_text(&json, input->attributes[i].name);
        aurora__json_char(&json, ',');
        aurora__json_text(&json, input->attributes[i].value);
        aurora__json_char(&json, ']');
    }
    aurora__json_char(&json, ']');
    return aurora__json_end(&json);
}

static product_command *new_command(aurora_t *shop, int32_t act, const char *sku)
{
    size_t bytes = sizeof(product_command) + aurora__pack_bytes(sku);
    product_command *command = aurora__command_new(shop->engine, &product_class, bytes);
    if (command == NULL)
        return NULL;
    aurora__pack pack = {(char *)(command + 1)};
    command->act = act;
    command->put.sku = aurora__pack_text(&pack, sku);
    return command;
}

static product_command *new_put(aurora_t *shop, const aurora_product_input *input)
{
    aurora__query_arena arena;
    aurora__query_arena_init(&arena, &shop->allocator);
    const char *attributes =
        input->attribute_count == 0 ? NULL : write_attributes(input, &arena.arena);
    product_command *command = NULL;
    if (input->attribute_count == 0 || attributes != NULL) {
        size_t bytes = sizeof *command + aurora__pack_bytes(input->sku) +
                       aurora__pack_bytes(input->name) + aurora__pack_bytes(input->description) +
                       aurora__pack_bytes(input->brand) + aurora__pack_bytes(input->category) +
                       aurora__pack_bytes(input->image_url) + aurora__pack_bytes(input->currency) +
                       aurora__pack_bytes(attributes);
        command = aurora__command_new(shop->engine, &product_class, bytes);
    }
    if (command != NULL) {
        aurora__pack pack = {(char *)(command + 1)};
        command->act = PUT;
        command->put = (aurora__product_put){
            .sku = aurora__pack_text(&pack, input->sku),
            .name = aurora__pack_text(&pack, input->name),
            .description = aurora__pack_text(&pack, input->description),
            .brand = aurora__pack_text(&pack, input->brand),
            .category = aurora__pack_text(&pack, input->category),
            .image_url = aurora__pack_text(&pack, input->image_url),
            .price_minor = input->price_minor,
            .currency = aurora__pack_text(&pack, input->currency),
            .attributes = aurora__pack_text(&pack, attributes),
        };
    }
    aurora__query_arena_free(&arena);
    return command;
}

static aurora_status run(aurora_t *shop, product_command *command, uint64_t *version_out,
                         aurora_error *err)
{
    if (command == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    aurora_status rc = aurora__engine_call(shop->engine, &command->head, WAIT_MS, err);
    if (version_out != NULL && (rc == AURORA_OK || rc == AURORA_EVERSION))
        *version_out = command->version;
    aurora__command_release(&command->head);
    return rc;
}

aurora_status aurora_product_put(aurora_t *shop, const aurora_product_input *given,
                                 uint64_t if_version, uint64_t *version_out, aurora_error *err)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    aurora_product_input input;
    rc = aurora__copy_sized(&input, sizeof input, given, err);
    if (rc == AURORA_OK)
        rc = check_input(&input, err);
    if (rc == AURORA_OK) {
        product_command *command = new_put(shop, &input);
        if (command != NULL)
            command->if_version = if_version;
        rc = run(shop, command, version_out, err);
    }
    aurora__handle_leave(shop);
    return rc;
}

/* Checks and submits one slice, then waits for all of it. */
static void put_slice(aurora_t *shop, const aurora_product_input *const *inputs, uint32_t count,
                      aurora_status *each, aurora_error *errs)
{
    product_command *commands[MANY_AT_ONCE];
    for (uint32_t i = 0; i < count; i++) {
        aurora_product_input input;
        commands[i] = NULL;
        each[i] = aurora__copy_sized(&input, sizeof input, inputs[i], &errs[i]);
        if (each[i] == AURORA_OK)
            each[i] = check_input(&input, &errs[i]);
        if (each[i] != AURORA_OK)
            continue;
        commands[i] = new_put(shop, &input);
        if (commands[i] == NULL) {
            each[i] = aurora__refuse_plain(&errs[i], AURORA_ENOMEM);
            continue;
        }
        commands[i]->if_version = AURORA_ANY_VERSION;
        each[i] = aurora__engine_submit(shop->engine, &commands[i]->head);
        if (each[i] != AURORA_OK) {
            aurora__refuse_plain(&errs[i], each[i]);
            aurora__command_release(&commands[i]->head);
            commands[i] = NULL;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (commands[i] == NULL)
            continue;
        each[i] = aurora__engine_await(shop->engine, &commands[i]->head, WAIT_MS, &errs[i]);
        aurora__command_release(&commands[i]->head);
    }
}

aurora_status aurora_product_put_many(aurora_t *shop, const aurora_product_input *const *inputs,
                                      uint32_t count, aurora_status *each_out, aurora_error *err)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = aurora__check_range(err, "count", count, 1, 10000);
    size_t bytes = MANY_AT_ONCE * (sizeof(aurora_error) + sizeof(aurora_status));
    aurora_error *errs = NULL;
    if (rc == AURORA_OK && inputs == NULL) {
        rc = aurora__refuse(err, AURORA_EINVAL, "inputs", "is required");
    } else if (rc == AURORA_OK) {
        errs = shop->allocator.allocate(shop->allocator.self, bytes);
        if (errs == NULL)
            rc = aurora__refuse_plain(err, AURORA_ENOMEM);
    }
    aurora_status *each = errs == NULL ? NULL : (aurora_status *)(errs + MANY_AT_ONCE);
    aurora_status first = AURORA_OK;
    for (uint32_t at = 0; errs != NULL && at < count; at += MANY_AT_ONCE) {
        uint32_t slice = count - at < MANY_AT_ONCE ? count - at : MANY_AT_ONCE;
        for (uint32_t i = 0; i < slice; i++)
            errs[i] = (aurora_error)AURORA_ERROR_INIT;
        put_slice(shop, inputs + at, slice, each, errs);
        for (uint32_t i = 0; i < slice; i++) {
            if (each_out != NULL)
                each_out[at + i] = each[i];
            if (each[i] == AURORA_OK || first != AURORA_OK)
                continue;
            first = each[i];
            aurora__refuse(err, first, errs[i].field, "%s", errs[i].message);
            aurora__refuse_within(err, first, "inputs", at + i);
        }
    }
    shop->allocator.release(shop->allocator.self, errs);
    aurora__handle_leave(shop);
    return rc != AURORA_OK ? rc : first;
}

aurora_status aurora_product_delete(aurora_t *shop, const char *sku, uint64_t if_version,
                                    aurora_error *err)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = aurora__check_sku(err, "sku", sku);
    if (rc == AURORA_OK) {
        product_command *command = new_command(shop, DELETE, sku);
        if (command != NULL)
            command->if_version = if_version;
        rc = run(shop, command, NULL, err);
    }
    aurora__handle_leave(shop);
    return rc;
}

aurora_status aurora_product_view(aurora_t *shop, const char *sku, uint32_t count,
                                  aurora_error *err)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = aurora__check_sku(err, "sku", sku);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "count", count, 1, AURORA_QUANTITY_MAX);
    if (rc == AURORA_OK) {
        product_command *command = new_command(shop, VIEW, sku);
        if (command != NULL)
            command->count = count;
        rc = run(shop, command, NULL, err);
    }
    aurora__handle_leave(shop);
    return rc;
}

#define RESYNC_AT_ONCE 256

/* Submits as many as the queue takes, then waits for all of them: one batch and one sync where the
 * engine can. *done_out is how many that were. */
static aurora_status resync_some(aurora_t *shop, const aurora__product_row *rows, uint32_t count,
                                 uint32_t *done_out, aurora_error *err)
{
    product_command *commands[RESYNC_AT_ONCE];
    aurora_status rc = AURORA_OK;
    uint32_t submitted = 0;
    while (rc == AURORA_OK && submitted < count) {
        product_command *command = new_command(shop, RESYNC, rows[submitted].sku);
        rc = command == NULL ? AURORA_ENOMEM : aurora__engine_submit(shop->engine, &command->head);
        if (rc == AURORA_OK)
            commands[submitted++] = command;
        else if (command != NULL)
            aurora__command_release(&command->head);
    }
    if (rc == AURORA_EBUSY && submitted > 0)
        rc = AURORA_OK;
    *done_out = 0;
    for (uint32_t i = 0; i < submitted; i++) {
        aurora_status each = aurora__engine_await(shop->engine, &commands[i]->head, WAIT_MS, err);
        *done_out += each == AURORA_OK;
        rc = rc == AURORA_OK ? each : rc;
        aurora__command_release(&commands[i]->head);
    }
    return rc;
}

/* Says one page of products again; *after is the last SKU of it, empty at the end. */
static aurora_status resync_page(aurora_t *shop, char after[AURORA_SKU_BYTES_MAX + 1],
                                 uint64_t *count, aurora_error *err)
{
    aurora_store_txn *txn;
    aurora__query_arena arena;
    uint32_t found = 0;
    aurora_value lower = {
        .kind = AURORA_COLUMN_TEXT, .length = (uint32_t)strlen(after), .bytes = after};
    aurora__range range = {.table = AURORA__TABLE_product,
                           .index = -1,
                           .flags = AURORA_SCAN_LOWER_OPEN,
                           .lower = &lower,
                           .lower_count = 1,
                           .columns = 1,
                           .limit = RESYNC_AT_ONCE};
    aurora__query_arena_init(&arena, &shop->allocator);
    aurora__product_row *rows =
        aurora__arena_take(&arena.arena, range.limit * sizeof(aurora__product_row));
    aurora_status rc = rows == NULL ? AURORA_ENOMEM : aurora__engine_read_begin(shop->engine, &txn);
    if (rc == AURORA_OK) {
        rc = aurora__engine_scan(shop->engine, txn, &range, &arena, rows, &found);
        aurora__engine_read_end(shop->engine, txn);
    }
    after[0] = '\0';
    for (uint32_t at = 0, done = 0; rc == AURORA_OK && at < found; at += done) {
        rc = resync_some(shop, rows + at, found - at, &done, err);
        *count += done;
    }
    if (rc == AURORA_OK && found == range.limit) {
        const char *last = rows[found - 1].sku;
        memcpy(after, last, strnlen(last, AURORA_SKU_BYTES_MAX) + 1);
    }
    aurora__query_arena_free(&arena);
    return rc;
}

aurora_status aurora_product_resync(aurora_t *shop, uint64_t *count_out, aurora_error *err)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    char after[AURORA_SKU_BYTES_MAX + 1] = "";
    uint64_t count = 0;
    do {
        rc = resync_page(shop, after, &count, err);
    } while (rc == AURORA_OK && after[0] != '\0');
    if (count_out != NULL)
        *count_out = count;
    aurora__handle_leave(shop);
    return rc == AURORA_OK ? rc : aurora__refuse_plain(err, rc);
}
