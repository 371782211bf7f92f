/* SPDX-License-Identifier: MIT */
/* What is published of an event, whoever publishes it: the relay, or others out of an outbox. */
#ifndef AURORA_ENGINE_MESSAGE_H
#define AURORA_ENGINE_MESSAGE_H

#include "engine/internal.h"

/* AURORA_TOPIC_... of a kind that one of these modules (AURORA__MODULE_...) publishes, else 0. */
int32_t aurora__message_topic(uint32_t modules, int32_t kind);

/* The key, in the arena: an SKU or an order's id. NULL without memory. */
const char *aurora__message_key(aurora__arena *arena, const aurora__event *event);

/* Writes the public events of a row that was just appended to the store's outbox, where it has
 * one. */
aurora_status aurora__outbox_write(aurora__engine *engine, aurora_store_txn *txn,
                                   const aurora_log_row *row);

#endif
