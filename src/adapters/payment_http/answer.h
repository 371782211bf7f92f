/* SPDX-License-Identifier: MIT */
/* What a bridge's reply says about a payment. Anything that is not clearly an outcome is unknown:
 * that asks again, while a wrong guess would move money twice or lose an order. */
#ifndef AURORA_ADAPTERS_PAYMENT_HTTP_ANSWER_H
#define AURORA_ADAPTERS_PAYMENT_HTTP_ANSWER_H

#include <aurora/task.h>

#define AURORA__ANSWER_TEXT_BYTES 256 /* with the NUL */
#define AURORA__RETRY_AFTER_MS_MAX 86400000

/* A body. Texts are empty where absent or null. */
typedef struct {
    int32_t outcome; /* AURORA_OUTCOME_DONE to UNKNOWN */
    uint32_t retry_after_ms;
    char provider_reference[AURORA__ANSWER_TEXT_BYTES];
    char code[AURORA__ANSWER_TEXT_BYTES];
} aurora__answer;

/* A whole reply. */
typedef struct {
    long status; /* of HTTP */
    bool is_query;
    int64_t retry_after_s; /* the header's, 0 = none */
    const char *body;
    size_t length;
} aurora__reply;

/* Reads a JSON object (RFC 8259) with a text "outcome" and, maybe, "provider_reference", "code" and
 * "retry_after_ms"; other members are checked and passed over. False for what is no JSON, breaks a
 * member's rule, has a known member twice, or is nested deeper than 32. */
bool aurora__answer_read(const char *text, size_t length, aurora__answer *out);

/* Never fails: a reply that says nothing is AURORA_OUTCOME_UNKNOWN. Returns why, in a few words,
 * where the bridge did not do its part, else NULL. */
const char *aurora__answer_judge(const aurora__reply *reply, aurora__answer *out);

#endif
