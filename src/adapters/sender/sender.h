/* SPDX-License-Identifier: MIT */
/* What both notifiers share: a few threads, each with a transfer of libcurl that keeps its
 * connection, a queue before each, and the report of how a task went. Tasks of one order go to one
 * thread, so that they are sent in order. */
#ifndef AURORA_ADAPTERS_SENDER_SENDER_H
#define AURORA_ADAPTERS_SENDER_SENDER_H

#include <curl/curl.h>

#include <aurora/port/notifier.h>

#define AURORA__SENDER_CODE_BYTES 64
#define AURORA__SENDER_WHY_BYTES 160

typedef struct aurora__sender aurora__sender;

typedef struct {
    int32_t outcome; /* AURORA_OUTCOME_DONE, _DECLINED or _UNKNOWN */
    uint32_t retry_after_ms;
    char code[AURORA__SENDER_CODE_BYTES]; /* of DECLINED; of UNKNOWN where the list shall say why */
    char why[AURORA__SENDER_WHY_BYTES];   /* for the log; "" = nothing to say */
} aurora__sender_result;

typedef struct {
    void *self;
    /* Sends one task. The transfer has the options that all share: total time, no proxy, no
     * signals, authorities. Called by several threads, each with its own transfer. */
    void (*send)(void *self, CURL *easy, const aurora_task *task, aurora__sender_result *result);
    int64_t timeout_ms;
    const aurora_notifier_options *options; /* borrowed during the call */
} aurora__sender_options;

/* AURORA_ENOMEM. */
aurora_status aurora__sender_new(const aurora__sender_options *options, aurora__sender **out);
/* NULL is a no-op. */
void aurora__sender_free(aurora__sender *sender);

/* These are the port's. */
uint32_t aurora__sender_room(aurora__sender *sender);
aurora_status aurora__sender_start(aurora__sender *sender, aurora_t *shop, const aurora_task *task);
void aurora__sender_stop(aurora__sender *sender);
void aurora__sender_breaker(aurora__sender *sender, aurora_breaker_figures *figures_out);

/* Results: to be sent again after a pause that grows with the attempts, or after retry_after_ms
 * where that is longer; refused for good. */
void aurora__sender_again(const aurora_task *task, int64_t retry_after_ms,
                          aurora__sender_result *result, const char *why);
void aurora__sender_decline(aurora__sender_result *result, const char *code, const char *why);

/* A message that grows in the caller's memory, not NUL-terminated. What finds no room is left out,
 * and is_full then says that the message is of no use. */
typedef struct {
    char *at;
    size_t capacity;
    size_t len;
    bool is_full;
} aurora__sender_text;

void aurora__sender_put(aurora__sender_text *text, const char *bytes, size_t len);
void aurora__sender_word(aurora__sender_text *text, const char *word);

/* Fills *err, which may be NULL. Returns `status`. */
aurora_status aurora__sender_refuse(aurora_error *err, aurora_status status, const char *field,
                                    const char *message);

#endif
