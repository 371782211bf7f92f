/* SPDX-License-Identifier: MIT */
/* Whether a call worked. 0 is success, every failure is negative. A status never says what the
 * business answered: "declined" and "out of stock" are data in the order. */
#ifndef AURORA_STATUS_H
#define AURORA_STATUS_H

#include <stdbool.h>
#include <stdint.h>

/* AURORA_HIDDEN, given where the library is compiled into a program or another library (see
 * ./dev dist), keeps its calls from being exported there. */
#if defined(AURORA_HIDDEN) && (defined(__GNUC__) || defined(__clang__))
#define AURORA_API __attribute__((visibility("hidden")))
#elif defined(__GNUC__) || defined(__clang__)
#define AURORA_API __attribute__((visibility("default")))
#else
#define AURORA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One of AURORA_OK, AURORA_EINVAL and the others of the list: 0 or negative. */
typedef int32_t aurora_status;

#define AURORA_CLASS_NONE 0      /* success */
#define AURORA_CLASS_USAGE 1     /* the caller's argument or state: the same call fails again */
#define AURORA_CLASS_RETRIABLE 2 /* may work later, unchanged */
#define AURORA_CLASS_FATAL 3     /* the handle or its data need a person */

/* X(name, value, class, http, text). Values are never renumbered; new ones go at the end. */
#define AURORA_STATUS_LIST(X)                                                                      \
    X(OK, 0, NONE, 200, "success")                                                                 \
    X(EINVAL, -1, USAGE, 400, "an argument breaks a rule")                                         \
    X(ENOTFOUND, -2, USAGE, 404, "there is no such thing")                                         \
    X(ECONFLICT, -3, USAGE, 409, "the state or a version does not allow it")                       \
    X(EAGAIN, -4, RETRIABLE, 409, "the same key is in flight")                                     \
    X(EBUSY, -5, RETRIABLE, 503, "the queue or the log is full")                                   \
    X(ETIMEDOUT, -6, RETRIABLE, 504, "the time ran out and the outcome is not known")              \
    X(ENOMEM, -7, RETRIABLE, 503, "out of memory")                                                 \
    X(EIO, -8, RETRIABLE, 503, "the store failed")                                                 \
    X(EFULL, -9, RETRIABLE, 507, "the disk is full")                                               \
    X(ECORRUPT, -10, FATAL, 500, "a stored row is damaged")                                        \
    X(ECORE, -11, FATAL, 500, "an invariant of the library is broken")                             \
    X(EFORK, -12, USAGE, 500, "the handle belongs to the parent process")                          \
    X(EREENTRANT, -13, USAGE, 500, "not allowed from a callback")                                  \
    X(EINTR, -14, RETRIABLE, 503, "a wake call ended the waiting")                                 \
    X(EGONE, -15, USAGE, 410, "retention has passed this position")                                \
    X(ENOTSUP, -16, USAGE, 501, "not supported by this build or store")                            \
    X(EKEYREUSED, -17, USAGE, 422, "the key was used with another request")                        \
    X(EUNKNOWNSKU, -18, USAGE, 422, "the product is not in the price list")                        \
    X(ECURRENCY, -19, USAGE, 422, "the currency is not the product's")                             \
    X(EOVERFLOW, -20, USAGE, 422, "an amount or a quantity leaves its range")                      \
    X(ETAKEN, -21, USAGE, 409, "the reference belongs to another order")                           \
    X(EVERSION, -22, USAGE, 412, "the version is not the current one")                             \
    X(EFINAL, -23, USAGE, 409, "the order is already final")                                       \
    X(EPARKED, -24, USAGE, 409, "the order waits for an operator")                                 \
    X(EINSUFFICIENT, -25, USAGE, 409, "less is available than would be taken")                     \
    X(ETOOBIG, -26, USAGE, 413, "the event would be too large to publish")                         \
    X(EREADONLY, -27, USAGE, 500, "the handle was opened for reading")                             \
    X(ESCHEMA, -28, FATAL, 500, "the store was written by another release or set of modules")      \
    X(ECLOSED, -29, USAGE, 500, "the handle is closing")                                           \
    X(EEXPIRED, -30, USAGE, 409, "the reservation has expired")

#define AURORA_STATUS_ENUM(name, value, class, http, text) AURORA_##name = value,
enum { AURORA_STATUS_LIST(AURORA_STATUS_ENUM) };
#undef AURORA_STATUS_ENUM

/* One row of the list above. Static, immutable. */
typedef struct {
    aurora_status status; /* AURORA_OK ... */
    int32_t class_of;     /* AURORA_CLASS_... */
    int32_t http_status;  /* what the daemons answer */
    const char *name;     /* "AURORA_EINVAL" */
    const char *text;     /* one sentence without a full stop */
} aurora_status_info;

/* All statuses in the order of the list. The table is static. Threads: shared. */
AURORA_API const aurora_status_info *aurora_status_table(uint32_t *count_out);

/* "AURORA_EINVAL"; "AURORA_UNKNOWN" for a value that is not in the list. Threads: shared. */
AURORA_API const char *aurora_status_name(aurora_status status);

/* The sentence of the list. Threads: shared. */
AURORA_API const char *aurora_status_text(aurora_status status);

/* Whether the same call may work later, unchanged. Threads: shared. */
AURORA_API bool aurora_status_is_retriable(aurora_status status);

#ifdef __cplusplus
}
#endif
#endif
