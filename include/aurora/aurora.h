/* SPDX-License-Identifier: MIT */
/* The whole public interface of libaurora: a durable order saga with stock, payments, trending and
 * operator verbs, and stand-alone resilience parts. The rules below hold for every call and are
 * said here once; a comment in another header only says where a call differs.
 *
 * IN: What a caller passes is borrowed until the call returns. Text is NUL-terminated UTF-8 with
 * the maximum its header gives; only payloads are (pointer, length). NULL means absent. Input
 * structs begin with `size`, which AURORA_X(...) sets in C and x_init() in C++; members not set are
 * 0, and an unknown flag or a size of 0 answers AURORA_EINVAL. Arrays of structs that may grow are
 * arrays of pointers.
 *
 * OUT: A result is one allocation, read only, freed once by the _free of its type (NULL is a no-op)
 * with all it points to, and valid after aurora_close. Text inside is NUL-terminated. After a
 * failure *out is NULL. Results may grow at their end: compare `size` before reading a member that
 * is newer than the oldest release you run with, and never copy one by value. Pages have `count`
 * and `items`, an array of pointers; `next_cursor`, where there is one, is the text to pass for the
 * next page, NULL on the last. Cursors stay valid over restarts. Structs in the caller's memory
 * (aurora_error, aurora_stock, aurora_completion, aurora_drain) have a pinned layout.
 *
 * TIME: *_at_ms is a time in Unix milliseconds UTC, 0 = none; *_ms is a duration. Money is int64_t
 * in minor units beside an ISO 4217 code. Quantities are int64_t: 1..1,000,000 in a line,
 * 1..1,000,000,000 in a receipt. Constants count from 1, and 0 is none; an id of all zero is none.
 *
 * RC: A status is 0 or negative and says whether the call worked; "declined" and "out of stock" are
 * data in the order. aurora_error, the last parameter, may be NULL; a failure names its field and
 * rule there, and there is no last-error state. Any call on a handle may also answer AURORA_EINVAL,
 * _ENOMEM, _EIO, _EFULL, _ETIMEDOUT, _EBUSY, _ECORE, _EFORK, _EREENTRANT or _ECLOSED, and commands
 * AURORA_EREADONLY; a comment names the others. aurora_status_is_retriable says which may be
 * repeated unchanged. Waiting calls whose time is over answer AURORA_OK with nothing.
 *
 * THREADS: aurora_t, aurora_queue, limiters and buckets are shared: any thread, any time. Results
 * are immutable. Breakers, retries and sketches are confined: one thread at a time. So is whatever
 * initializes, closes or frees an object: no other call on it meanwhile.
 *
 * CALLBACKS: Only what you attach is called: log, clock, allocator, tracer, ports; on the worker,
 * on other threads of ours, or inside your own call, and never under a lock of ours. A port may
 * call aurora_task_finish and what reads without waiting; other calls answer AURORA_EREENTRANT.
 * Log, clock, allocator and tracer call nothing of ours. There are no completion callbacks.
 *
 * FORK: A handle belongs to the process that opened it. In a child every call answers AURORA_EFORK,
 * and aurora_close only frees memory. A SQLite file that the parent had open at the fork cannot be
 * opened in the child: aurora_open answers AURORA_EFORK. Close it before, or open after the fork.
 *
 * Without AURORA_OPEN_WORKER a blocking call drives the engine by itself. A timeout ends the
 * waiting, never the command. */
#ifndef AURORA_AURORA_H
#define AURORA_AURORA_H

#include <aurora/allocator.h>
#include <aurora/base.h>
#include <aurora/breaker.h>
#include <aurora/bucket.h>
#include <aurora/bulkhead.h>
#include <aurora/cache.h>
#include <aurora/event.h>
#include <aurora/handle.h>
#include <aurora/layout.h>
#include <aurora/limiter.h>
#include <aurora/machine.h>
#include <aurora/metric.h>
#include <aurora/money.h>
#include <aurora/notification.h>
#include <aurora/operator.h>
#include <aurora/order.h>
#include <aurora/port/payment.h>
#include <aurora/product.h>
#include <aurora/queue.h>
#include <aurora/related.h>
#include <aurora/retry.h>
#include <aurora/saga.h>
#include <aurora/search.h>
#include <aurora/setting.h>
#include <aurora/status.h>
#include <aurora/stock.h>
#include <aurora/task.h>
#include <aurora/topk.h>
#include <aurora/trace.h>
#include <aurora/trending.h>
#include <aurora/version.h>

#endif
