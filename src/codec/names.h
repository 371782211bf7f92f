/* SPDX-License-Identifier: MIT */
/* Names beyond those of the public headers. */
#ifndef AURORA_CODEC_NAMES_H
#define AURORA_CODEC_NAMES_H

#include <stdint.h>

/* Who emits events of this kind: "order", "inventory", "payment", "product"; "" for another kind.
 * The middle of an event's source. Static text. */
const char *aurora__event_module(int32_t kind);

/* The same as AURORA__MODULE_...; 0 for another kind. */
uint32_t aurora__event_flag(int32_t kind);

#endif
