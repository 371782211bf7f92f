/* SPDX-License-Identifier: MIT */
/* Search without an adapter: every call says so. */
#include "api/refuse.h"

#include <aurora/search.h>

static aurora_status refuse(aurora_error *err)
{
    return aurora__refuse(err, AURORA_ENOTSUP, "search", "is not in this build");
}

aurora_status aurora_search(aurora_t *shop, const aurora_query *query, const char *cursor,
                            uint32_t limit, aurora_search_page **out, aurora_error *err)
{
    (void)query;
    (void)cursor;
    (void)limit;
    if (shop == NULL || out == NULL)
        return aurora__refuse_plain(err, AURORA_EINVAL);
    *out = NULL;
    return refuse(err);
}

void aurora_search_page_free(aurora_search_page *page)
{
    (void)page; /* there are none */
}

aurora_status aurora_search_suggest(aurora_t *shop, const char *prefix, uint32_t limit,
                                    aurora_suggestion_page **out, aurora_error *err)
{
    (void)prefix;
    (void)limit;
    if (shop == NULL || out == NULL)
        return aurora__refuse_plain(err, AURORA_EINVAL);
    *out = NULL;
    return refuse(err);
}

void aurora_suggestion_page_free(aurora_suggestion_page *page)
{
    (void)page;
}

aurora_status aurora_search_rebuild(aurora_t *shop, aurora_error *err)
{
    if (shop == NULL)
        return aurora__refuse_plain(err, AURORA_EINVAL);
    return refuse(err);
}
