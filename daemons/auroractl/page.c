/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <stdio.h>

#include "fields.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000
#define LIMIT_OF_ALL 500

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

aurora_status ctl_page_each(ctl_shop *shop, const ctl_ask *ask, ctl_page *page,
                            void (*each)(void *self, aurora_json_value item), void *self,
                            aurora_error *err)
{
    aurora_status status = AURORA_OK;
    ctl_answer answer = {0}, last = {0}; /* the last one holds the cursor */
    page->limit = LIMIT_OF_ALL;
    do {
        ctl_target target = *ask->target;
        ctl_ask turn = *ask;
        turn.target = &target;
        ctl_target_query_number(&target, "limit", page->limit);
        ctl_target_query(&target, "cursor", page->cursor);
        status = ctl_shop_read(shop, &turn, &answer, err);
        ctl_answer_free(&last);
        last = answer;
        answer = (ctl_answer){0};
        if (status != AURORA_OK)
            break;
        aurora_json_value items = ctl_field(ctl_answer_root(&last), "items");
        uint32_t count = ctl_field_count(ctl_answer_root(&last), "items");
        for (uint32_t i = 0; i < count; i++)
            each(self, aurora_json_item(items, i));
        page->cursor = ctl_field_text(ctl_answer_root(&last), "next_cursor");
    } while (page->cursor != NULL && !ferror(stdout));
    ctl_answer_free(&last);
    return status;
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
