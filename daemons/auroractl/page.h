/* SPDX-License-Identifier: MIT */
/* --limit and --cursor, which all lists take. */
#ifndef AURORACTL_PAGE_H
#define AURORACTL_PAGE_H

#include "shop.h"

typedef struct {
    const char *cursor;
    uint32_t limit;
} ctl_page;

/* Reads both, and adds them to the target. False after a message. */
bool ctl_page_read(const ctl *run, ctl_page *page_out, ctl_target *target);

/* {"items":[ and its end, "next_cursor" among it. */
void ctl_page_begin(aurora_json_out *out);
void ctl_page_end(aurora_json_out *out, const char *next_cursor);

#endif
