/* SPDX-License-Identifier: MIT */
/* The whole public interface of libaurora: a durable order saga with stock, payments, trending and
 * operator verbs, and stand-alone resilience parts. These rules hold for every call and are said
 * here once; a comment in another header only says where a call differs.
 *
 * IN        What a caller passes is borrowed until the call returns. Text is NUL-terminated UTF-8
 *           with the maximum its header gives; only payloads are (pointer, length). NULL means
 *           absent. Structs begin with `size`, which the caller sets (AURORA_X(...) in C, x_init()
 *           in C++), and unknown flags or a size of 0 answer AURORA_EINVAL; members that are not
 *           set are 0. Arrays of structs that may grow are arrays of pointers.
 * OUT       A result is one allocation, read only, shared freely between threads, freed by the
 *           _free of its type (NULL is a no-op, one thread, once), and valid after aurora_close.
 *           What it points to is freed with it. Text inside is NUL-terminated. After a failure
 *           every *out pointer is NULL. Results may grow at their end: read `size` before a member
 *           that is newer than your minimum release, and never copy one by value.
 *           Pages have `count` and `items`, an array of pointers; `next_cursor`, where it stands,
 * is the text to pass for the next page, NULL on the last. Cursors may be stored. TIME      *_at_ms
 * is a time in Unix milliseconds UTC, 0 = none; *_ms is a duration. Money is int64_t in minor units
 * beside an ISO 4217 code. Quantities are int64_t: 1..1,000,000 in a line, 1..1,000,000,000 in a
 * receipt. Constants count from 1; 0 is none or absent. Ids of all zero are none. RC        A
 * status is 0 or negative and says whether the call worked; "declined" and "out of stock" are data
 * in the order. aurora_error, the last parameter, may be NULL, and names the field and the rule of
 * a failure; there is no last-error state. Any call on a handle may also answer AURORA_EINVAL,
 * ENOMEM, EIO, EFULL, ETIMEDOUT, EBUSY, ECORE, EFORK, EREENTRANT, ECLOSED, and commands
 * AURORA_EREADONLY; comments name the others. aurora_status_is_retriable says which may be repeated
 * unchanged. THREADS   aurora_t, aurora_queue, limiters and buckets are shared: any thread, any
 * time. Results are immutable. Breakers, retries and sketches are confined: one thread at a time.
 * CALLBACKS Only what you attach is called: log, clock, allocator, ports, on the worker or inside
 *           your own call, and never under a lock of ours. From them only aurora_task_finish and
 *           queries (the calls that read) may be called; others answer AURORA_EREENTRANT. From
 *           clock, log and allocator nothing may be called. There are no completion callbacks.
 * FORK      A handle belongs to the process that opened it. In a child every call answers
 *           AURORA_EFORK, and aurora_close only frees memory.
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
#include <aurora/event.h>
#include <aurora/handle.h>
#include <aurora/limiter.h>
#include <aurora/machine.h>
#include <aurora/metric.h>
#include <aurora/money.h>
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
#include <aurora/trending.h>

#endif
