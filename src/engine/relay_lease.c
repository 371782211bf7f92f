/* SPDX-License-Identifier: MIT */
/* Who publishes the log: the holder of a row, for ten seconds at a time. The cursor moves in the
 * same transaction, so a holder that was passed over cannot move it. */
#include "engine/relay.h"

#include "plant/plant.h"

#include <string.h>

#define CURSOR_KIND_NEEDED 3

static aurora__key lease_key(void)
{
    return aurora__key_text(AURORA__TABLE_lease, AURORA__RELAY_NAME);
}

static aurora__key cursor_key(void)
{
    return aurora__key_text(AURORA__TABLE_cursor, AURORA__RELAY_NAME);
}

static aurora_status lease_keys(aurora__command *base, aurora__turn *turn)
{
    aurora__key lease = lease_key();
    aurora__key cursor = cursor_key();
    (void)base;
    aurora_status rc = aurora__rows_want(turn->step.rows, &lease);
    return rc == AURORA_OK ? aurora__rows_want(turn->step.rows, &cursor) : rc;
}

/* No lease lasts longer than one does: it was taken by a clock that was ahead of ours and has been
 * set back since. */
static bool is_of_later(const aurora__lease_row *row, int64_t now_ms)
{
    return row->until - AURORA__RELAY_LEASE_MS > now_ms;
}

static aurora_status take_lease(aurora__relay_lease *command, aurora__step *step)
{
    aurora__key key = lease_key();
    const aurora__lease_row *before;
    aurora__lease_row *row;
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&before);
    if (rc != AURORA_OK)
        return rc;
    bool was_ours = before != NULL && aurora_id_is_equal(before->owner, command->owner);
    command->is_ours =
        before == NULL || was_ours || before->until <= step->now_ms || AURORA_PLANT(LEASE_UNREAD);
    command->is_new = command->is_ours && !was_ours;
    if (!command->is_ours)
        return AURORA_OK;
    rc = before == NULL ? aurora__rows_insert(step->rows, &key, (void **)&row)
                        : aurora__rows_write(step->rows, &key, (void **)&row);
    if (rc != AURORA_OK)
        return rc;
    row->owner = command->owner;
    row->until = step->now_ms + (command->is_release ? 0 : AURORA__RELAY_LEASE_MS);
    row->version++;
    return AURORA_OK;
}

/* A new cursor stands before the oldest event that is kept. */
static aurora_status move_cursor(aurora__relay_lease *command, aurora__turn *turn)
{
    aurora__key key = cursor_key();
    aurora__cursor_row *row;
    aurora_log_bounds bounds;
    aurora__engine *engine = turn->engine;
    aurora_status rc = aurora__rows_write(turn->step.rows, &key, (void **)&row);
    if (rc == AURORA_OK && row == NULL) {
        rc = engine->store.log_bounds(engine->store.self, turn->txn, &bounds);
        if (rc == AURORA_OK)
            rc = aurora__rows_insert(turn->step.rows, &key, (void **)&row);
        if (rc == AURORA_OK)
            row->position = bounds.first - 1;
    }
    if (rc != AURORA_OK)
        return rc;
    row->kind = CURSOR_KIND_NEEDED;
    if (command->position > row->position && !command->is_new)
        row->position = command->position;
    row->seen_at = turn->step.now_ms;
    command->cursor = row->position;
    return AURORA_OK;
}

/* Our time is never behind what is stored: then its end comes when it is due. */
static aurora_status keep_up(aurora__turn *turn)
{
    aurora__key key = lease_key();
    const aurora__lease_row *row;
    aurora_status rc = aurora__rows_read(turn->step.rows, &key, (const void **)&row);
    if (rc == AURORA_OK && row != NULL && is_of_later(row, turn->step.now_ms))
        aurora__engine_lift_clock(turn->engine, row->until - AURORA__RELAY_LEASE_MS);
    return rc;
}

static aurora_status lease_decide(aurora__command *base, aurora__turn *turn)
{
    aurora__relay_lease *command = (aurora__relay_lease *)base;
    aurora_status rc = keep_up(turn);
    if (rc == AURORA_OK)
        rc = take_lease(command, &turn->step);
    return rc == AURORA_OK && command->is_ours ? move_cursor(command, turn) : rc;
}

static const aurora__command_class lease_class = {.name = "relay_lease",
                                                  .keys = lease_keys,
                                                  .decide = lease_decide};

aurora__relay_lease *aurora__relay_lease_new(aurora__bus *bus, int64_t position, bool is_release)
{
    aurora__relay_lease *command = aurora__command_new(bus->engine, &lease_class, sizeof *command);
    if (command == NULL)
        return NULL;
    command->owner = bus->owner;
    command->position = position;
    command->is_release = is_release;
    return command;
}

bool aurora__relay_is_taken(aurora__bus *bus, int64_t *until_out)
{
    aurora_store_txn *txn;
    aurora__query_arena arena;
    aurora__lease_row row;
    aurora__key key = lease_key();
    *until_out = 0;
    if (aurora__engine_read_begin(bus->engine, &txn) != AURORA_OK)
        return true;
    aurora__query_arena_init(&arena, aurora__engine_allocator(bus->engine));
    aurora_status rc = aurora__engine_load(bus->engine, txn, &key, &arena, &row);
    bool is_taken = rc != AURORA_OK && rc != AURORA_ENOTFOUND;
    if (rc == AURORA_OK) {
        *until_out = row.until;
        is_taken = !aurora_id_is_equal(row.owner, bus->owner) &&
                   row.until > aurora__engine_time_ms(bus->engine) &&
                   !is_of_later(&row, aurora__engine_time_ms(bus->engine));
    }
    aurora__query_arena_free(&arena);
    aurora__engine_read_end(bus->engine, txn);
    return is_taken && !AURORA_PLANT(LEASE_UNREAD);
}
