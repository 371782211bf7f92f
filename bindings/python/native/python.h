/* SPDX-License-Identifier: MIT */
/* What the extension has beside the library: gates, orders packed into two arrays, and an empty
 * call to measure against. cdef.py reads the prototypes for Python from here. */
#ifndef AURORA_PYTHON_H
#define AURORA_PYTHON_H

#include "gate.h"

/* Opens with the log that `log_self`, a handle of Python's, names; NULL = silence. */
aurora_status python_shop_open(const char *url, aurora_options *options, void *log_self,
                               int32_t level_min, python_shop **out, aurora_error *err);

/* Closes for the time of a fork, where nobody is inside, and opens again in the parent, as it was;
 * who comes meanwhile waits. False: somebody is inside, and it stays open. */
bool python_shop_suspend(python_shop *shop);
aurora_status python_shop_resume(python_shop *shop, const char *url, aurora_options *options,
                                 int32_t level_min, bool is_refusing, aurora_error *err);

/* Lets nobody in any more; false: nobody was let in before. For log handlers, in which nothing can
 * be closed: a close is owed. */
bool python_shop_shut(python_shop *shop);

/* Shuts, waits for who is inside, closes. Repeats are no-ops. */
void python_shop_close(python_shop *shop);
bool python_shop_is_open(const python_shop *shop);

/* Closes and frees; nobody may be about to enter. */
void python_shop_free(python_shop *shop);

/* aurora_verify_stores of 1 to 16 shops, none of which closes meanwhile. */
aurora_status python_verify_stores(python_shop **shops, uint32_t count, uint32_t flags,
                                   aurora_report **out, aurora_error *err);

aurora_status python_queue_open(python_shop *shop, uint32_t capacity, python_queue **out);
void python_queue_close(python_queue *queue);
bool python_queue_is_open(const python_queue *queue);
void python_queue_free(python_queue *queue);

/* Whether this thread is inside a log handler, where nothing may be closed. */
bool python_is_in_callback(void);

/* Inside a log handler: KeyboardInterrupt goes on in the main thread, once the handler is left. */
void python_interrupt(void);

/* Submits `count` orders that are packed as pack.c says; tags and *accepted_out as in
 * aurora_order_submit. AURORA_EINVAL for a piece that is too short. */
aurora_status python_orders_submit(python_queue *queue, const char *texts, size_t texts_len,
                                   const int64_t *numbers, size_t number_count,
                                   const uint64_t *tags, uint32_t count, uint32_t *accepted_out);

/* Written in Python. */
void python_log(void *self, const aurora_log_record *record);

/* As aurora_bucket_try_take to its caller, and does nothing: what a call costs by itself. */
bool python_empty_take(aurora_bucket *bucket, uint64_t n, int64_t now_ns,
                       int64_t *retry_after_ns_out);

#endif
