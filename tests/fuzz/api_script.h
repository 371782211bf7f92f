/* SPDX-License-Identifier: MIT */
/* What the files of fuzz_api share: the script that is run, its bytes as choices, and what no call
 * may answer. */
#ifndef AURORA_FUZZ_API_SCRIPT_H
#define AURORA_FUZZ_API_SCRIPT_H

#include <stdlib.h>
#include <string.h>

#include <aurora/aurora.h>
#include <aurora/testing.h>

#define IDS_MAX 16

static const char *const skus[] = {"cup", "mug", "pot", "unknown"};
static const char *const keys[] = {"k1", "k2", "k3", NULL};
static const char *const methods[] = {"tok_approve",         "tok_decline",   "tok_timeout",
                                      "tok_timeout_approve", "tok_duplicate", "tok_other"};
typedef struct {
    const uint8_t *at, *end;
    aurora_t *shop;
    char url[64];
    const char *payment;
    bool is_file;
    bool has_search;
    aurora_manual_clock manual;
    aurora_failing_allocator failing;
    aurora_fault_plan *faults;
    bool has_fault;
    aurora_id ids[IDS_MAX];
    uint32_t id_count;
    aurora_id tasks[IDS_MAX];
    uint32_t task_count;
} script;

static inline uint8_t next(script *s)
{
    return s->at < s->end ? *s->at++ : 0;
}

/* Codes that say the library, the store or the process is broken. */
static inline aurora_status judge(aurora_status rc)
{
    if (rc > 0 || rc == AURORA_ECORE || rc == AURORA_ECORRUPT || rc == AURORA_EFORK ||
        rc == AURORA_EREENTRANT || rc == AURORA_ESCHEMA || rc == AURORA_ECLOSED)
        abort();
    return rc;
}

static inline void must_be_invalid(aurora_status rc)
{
    if (rc != AURORA_EINVAL && rc != AURORA_ENOMEM)
        abort();
}

static inline aurora_id some_id(script *s)
{
    aurora_id none = {{0}};
    uint8_t which = next(s);
    if (which >= 0xf0)
        memset(none.bytes, which, sizeof none.bytes);
    return s->id_count == 0 || which >= 0xf0 ? none : s->ids[which % s->id_count];
}

/* Calls of api_reads.c. */
void api_browse(script *s);  /* pages, from the first to the last */
void api_rank(script *s);    /* trending, related, popular, words */
void api_queue(script *s);   /* orders and watches through a queue */
void api_operate(script *s); /* dead letters, consumers, figures, drains */

#endif
