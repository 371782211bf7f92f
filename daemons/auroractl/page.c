/* SPDX-License-Identifier: MIT */
#include "page.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000

bool ctl_page_read(const ctl *run, ctl_page *page_out, ctl_target *target)
{
    int64_t limit = LIMIT_DEFAULT;
    if (!ctl_value_number(run, CTL_LIMIT, 1, LIMIT_MAX, &limit))
        return false;
    *page_out = (ctl_page){.cursor = run->values[CTL_CURSOR], .limit = (uint32_t)limit};
    ctl_target_query_number(target, "limit", limit);
    ctl_target_query(target, "cursor", page_out->cursor);
    return true;
}

void ctl_page_begin(aurora_json_out *out)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_array(out, "items");
}

void ctl_page_end(aurora_json_out *out, const char *next_cursor)
{
    aurora_json_out_close(out, ']');
    aurora_json_out_text(out, "next_cursor", next_cursor);
    aurora_json_out_close(out, '}');
}
