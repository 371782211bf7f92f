/* SPDX-License-Identifier: MIT */
/* Texts numbered in the order of their first appearance. */
#ifndef AURORACTL_TEXT_MAP_H
#define AURORACTL_TEXT_MAP_H

#include <stddef.h>
#include <stdint.h>

#define CTL_NO_INDEX UINT32_MAX

/* The caller's memory; zeroed is empty. Texts are borrowed. */
typedef struct {
    const char **texts; /* by number */
    uint32_t *slots;    /* number + 1, 0 = free; open addressing, a power of two */
    uint32_t count;
    uint32_t slot_count;
} ctl_text_map;

/* The number of `text`, a new one if it was not there. CTL_NO_INDEX when memory ran out. */
uint32_t ctl_text_map_put(ctl_text_map *map, const char *text);

/* The number of `text`, CTL_NO_INDEX = not there. */
uint32_t ctl_text_map_find(const ctl_text_map *map, const char *text);

void ctl_text_map_deinit(ctl_text_map *map);

#endif
