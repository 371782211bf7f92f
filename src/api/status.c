/* SPDX-License-Identifier: MIT */
#include <aurora/status.h>

#include <stddef.h>

#define ROW(name, value, class, http, text)                                                        \
    {value, AURORA_CLASS_##class, http, "AURORA_" #name, text},

static const aurora_status_info statuses[] = {AURORA_STATUS_LIST(ROW)};

#define STATUS_COUNT ((uint32_t)(sizeof statuses / sizeof statuses[0]))

/* The list is dense and grows downwards from 0, so that a status is its own index. */
#define CHECK(name, value, class, http, text)                                                      \
    _Static_assert((value) <= 0 && (value) > -(int32_t)STATUS_COUNT, #name " leaves a gap");
AURORA_STATUS_LIST(CHECK)

static const aurora_status_info *find(aurora_status status)
{
    if (status > 0 || status <= -(int32_t)STATUS_COUNT)
        return NULL;
    return &statuses[-status];
}

const aurora_status_info *aurora_status_table(uint32_t *count_out)
{
    *count_out = STATUS_COUNT;
    return statuses;
}

const char *aurora_status_name(aurora_status status)
{
    const aurora_status_info *info = find(status);
    return info == NULL ? "AURORA_UNKNOWN" : info->name;
}

const char *aurora_status_text(aurora_status status)
{
    const aurora_status_info *info = find(status);
    return info == NULL ? "not a status of this release" : info->text;
}

bool aurora_status_is_retriable(aurora_status status)
{
    const aurora_status_info *info = find(status);
    return info != NULL && info->class_of == AURORA_CLASS_RETRIABLE;
}
