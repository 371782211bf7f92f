/* SPDX-License-Identifier: MIT */
/* --limit and --cursor, which all lists take, and lists as a whole. */
#ifndef AURORACTL_PAGE_H
#define AURORACTL_PAGE_H

#include "shop.h"

typedef struct {
    const char *cursor;
    uint32_t limit;
} ctl_page;

/* Reads both, and adds them to the target. False after a message. */
bool ctl_page_read(const ctl *run, ctl_page *page_out, ctl_target *target);

/* Asks for page after page, and hands every item to `each`. `page` is what of_store reads of
 * ask->request; ask->target is without limit and cursor. Ends early where standard output does. */
aurora_status ctl_page_each(ctl_shop *shop, const ctl_ask *ask, ctl_page *page,
                            void (*each)(void *self, aurora_json_value item), void *self,
                            aurora_error *err);

/* {"items":[ and its end, "next_cursor" among it. */
void ctl_page_begin(aurora_json_out *out);
void ctl_page_end(aurora_json_out *out, const char *next_cursor);

#endif
