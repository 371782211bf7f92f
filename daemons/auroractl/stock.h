/* SPDX-License-Identifier: MIT */
/* A movement of stock as a question to a shop: what stock receive, seed and replay do. */
#ifndef AURORACTL_STOCK_H
#define AURORACTL_STOCK_H

#include "shop.h"

/* The caller's memory, not to be moved between init and deinit. */
typedef struct {
    aurora_movement movement;
    ctl_target target;
    aurora_json_out body;
    ctl_ask ask;
} ctl_move;

/* Copies *movement; its texts are borrowed. */
void ctl_move_init(ctl_move *move, const aurora_movement *movement);
void ctl_move_deinit(ctl_move *move);

#endif
