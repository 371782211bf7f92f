/* SPDX-License-Identifier: MIT */
/* One store, opened: the handle, what a host may attach to it (clock, log, allocator, drivers) and
 * who drives its engine. Not the place for any domain word. */
#ifndef AURORA_HANDLE_H
#define AURORA_HANDLE_H

#include <string.h>

#include <aurora/allocator.h>
#include <aurora/base.h>
#include <aurora/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An open store. Handles share nothing: one per tenant is the intended use. */
typedef struct aurora aurora_t;

/* A network adapter of another library; defined in aurora/port/driver.h. */
typedef struct aurora_driver aurora_driver;

/* Errors to inject; defined in aurora/testing.h. */
typedef struct aurora_fault_plan aurora_fault_plan;

/* aurora_options.flags. */
#define AURORA_OPEN_WORKER 1u     /* one thread of ours drives the engine; else callers pump */
#define AURORA_OPEN_READONLY 2u   /* queries only; everything else answers AURORA_EREADONLY */
#define AURORA_OPEN_NO_CREATE 4u  /* a store that does not exist answers AURORA_ENOTFOUND */
#define AURORA_OPEN_NO_MIGRATE 8u /* an older schema answers AURORA_ESCHEMA, not a migration */

/* Levels of the log. AURORA_LOG_FATAL means: this handle refuses every further command. */
enum {
    AURORA_LOG_DEBUG = 1,   /* for who looks into one thing */
    AURORA_LOG_INFO = 2,    /* what happens in the normal course */
    AURORA_LOG_WARNING = 3, /* unexpected, and dealt with */
    AURORA_LOG_ERROR = 4,   /* something was not done: a person should look */
    AURORA_LOG_FATAL = 5    /* the handle is of no more use */
};

/* Where time comes from. The first two functions are required and must not block; all are called
 * from any thread that is inside the library and from its worker. */
typedef struct {
    uint32_t size;                       /* sizeof(aurora_clock) */
    void *self;                          /* handed back to all */
    int64_t (*wall_ms)(void *self);      /* Unix milliseconds UTC; may step */
    int64_t (*monotonic_ns)(void *self); /* any origin; never decreases */
    /* Lets ms milliseconds pass, where a batch, or a call without a worker, waits before it asks
     * its store again. NULL = the thread sleeps. */
    void (*pause_ms)(void *self, int64_t ms);
} aurora_clock;

/* Where random bytes come from: ids, the seeds of tables, a store's secrets. For simulations, which
 * want the same ones again; whoever can guess them can guess those secrets. */
typedef struct {
    uint32_t size;     /* sizeof(aurora_random) */
    uint32_t reserved; /* 0 */
    void *self;        /* handed back to fill */
    /* Fills `count` bytes; required, any thread. False = it has none: what asked for them answers
     * AURORA_EIO. */
    bool (*fill)(void *self, void *bytes_out, size_t count);
} aurora_random;

/* aurora_log_record.flags. */
#define AURORA_LOG_EACH 1u /* each one counts, however alike: a host leaves out none as repeated */

/* One record of log; it may grow at its end. */
typedef struct {
    uint32_t size;
    uint32_t flags; /* AURORA_LOG_EACH */
    int32_t level;  /* AURORA_LOG_... */
    uint32_t attribute_count;
    const char *component; /* "engine", "store": a short static word */
    const char *message;   /* one line without a newline */
    /* What the message says as data, where there is some: "aurora.order.id" and others that
     * docs/LOGS.md lists. */
    const aurora_attribute *attributes;
    const aurora_trace_context *trace; /* that it happened in; NULL = not known */
} aurora_log_record;

/* Where lines of log go. The library prints nothing by itself. Both calls come from any thread that
 * is inside the library; what they are given is valid during the call. */
typedef struct {
    uint32_t size; /* sizeof(aurora_log) */
    void *self;    /* handed back to write and record */
    /* `component` is a short static word, `message` one line without a newline. Required. */
    void (*write)(void *self, int32_t level, const char *component, const char *message);
    int32_t level_min; /* AURORA_LOG_...; lower levels are not even formatted; 0 = INFO */
    uint32_t reserved; /* 0 */
    /* In place of write, for hosts that want the attributes. NULL = write is called. */
    void (*record)(void *self, const aurora_log_record *record);
} aurora_log;

/* How to open. All members may be zero but size. Structs are copied and texts read during open;
 * what `self` points to, and the drivers, must outlive the handle. */
typedef struct {
    uint32_t size;                     /* sizeof(aurora_options) */
    uint32_t flags;                    /* AURORA_OPEN_... */
    const aurora_allocator *allocator; /* NULL = malloc and free */
    const aurora_clock *clock;         /* NULL = the system's */
    const aurora_log *log;             /* NULL = silence */
    const aurora_driver *drivers;      /* aurora_net_drivers(&n); NULL = the built-in ones */
    const char *const *settings;       /* "order_deadline=5m": the keys of aurora/setting.h */
    uint32_t driver_count;
    uint32_t setting_count;
    aurora_fault_plan *faults;   /* tests only; NULL; must outlive the handle */
    const aurora_tracer *tracer; /* who is told of spans; NULL = nobody, and none is made */
    const aurora_random *random; /* NULL = the system's */
} aurora_options;

/* C++ and FFI: zeroes *options and sets its size. C has AURORA_OPTIONS. Threads: confined. */
static inline void aurora_options_init(aurora_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = (uint32_t)sizeof(*options);
}

#ifndef __cplusplus
/* A pointer to options that live until the end of the enclosing block. */
#define AURORA_OPTIONS(...)                                                                        \
    (&(const aurora_options){.size = (uint32_t)sizeof(aurora_options), __VA_ARGS__})
#endif

/* Opens the store at `url`, creating and migrating it unless a flag forbids that. `url` is
 * "shop.db" or "sqlite:shop.db" (a file; other processes may have it open too), "memory:" (gone at
 * close), or what a driver in the options accepts ("postgresql://..."). options may be NULL.
 * AURORA_EINVAL for a bad URL or setting (err->field is the setting's name, or "url");
 * AURORA_ESCHEMA for a store of a newer release or other modules; AURORA_ENOTSUP for a URL no
 * driver knows; AURORA_EIO when the store cannot be reached. *shop_out must be closed with
 * aurora_close and is NULL on failure. Threads: shared. */
AURORA_API aurora_status aurora_open(const char *url, const aurora_options *options,
                                     aurora_t **shop_out, aurora_error *err);

/* Checks options, settings and URLs as aurora_open does before it opens the store, and touches no
 * store and no other machine: for a program's "is this configuration good?". What a store alone can
 * say (its schema, its modules) is not asked. The same statuses; what the settings open is closed
 * again. Threads: shared. */
AURORA_API aurora_status aurora_open_check(const char *url, const aurora_options *options,
                                           aurora_error *err);

/* Finishes the batch in flight, lets calls that wait in other threads return AURORA_ECLOSED, waits
 * until they have left, and frees the handle. No call on it may begin after this one began; queues
 * are the exception, they answer AURORA_ECLOSED. Commands accepted but not yet decided are dropped,
 * and were never acknowledged. Queues and results of the handle still need their own _free. After
 * fork, in the child, it only frees memory. NULL is a no-op. Not from a callback. Threads:
 * confined. */
AURORA_API void aurora_close(aurora_t *shop);

/* Lets every call that waits on the handle at this moment for tasks, events or a version of an
 * order return AURORA_EINTR, and every aurora_pump return early; nothing else is disturbed. For
 * shutting down, or for cancelling a waiting thread: one that finds nothing to stop waits again.
 * Threads: shared. */
AURORA_API void aurora_wake(aurora_t *shop);

/* Runs what is due: waiting commands, timers, followers, payment calls, both ends of a bus. For
 * handles opened without AURORA_OPEN_WORKER; with a worker: AURORA_ENOTSUP. Ends after about
 * budget_ms (0 = one batch), though a batch blocks for its fsync. *next_due_ms_out (may be NULL) is
 * in how many milliseconds the next timer is due: 0 = more to do now, -1 = nothing until aurora_fd
 * turns readable; what others may write is looked at every second, a bus four times in one.
 * AURORA_EBUSY while another thread pumps. Blocking calls pump by themselves. Threads: shared. */
AURORA_API aurora_status aurora_pump(aurora_t *shop, int32_t budget_ms, int64_t *next_due_ms_out);

/* The descriptor that turns readable when aurora_pump has work; level-triggered, owned by the
 * handle, only to be polled. -1 with AURORA_OPEN_WORKER and in a forked child. Threads: shared. */
AURORA_API int aurora_fd(const aurora_t *shop);

/* Whether the handle still takes commands: AURORA_OK, or the status that every command would get
 * (AURORA_ECORE after a broken invariant, AURORA_EIO while the store is unreachable, AURORA_EFULL,
 * AURORA_EFORK). Reads no disk. Threads: shared. */
AURORA_API aurora_status aurora_health(const aurora_t *shop);

/* Whether the handle reaches the bus of its setting `bus`: AURORA_OK, also with local: and for a
 * handle that only reads, or AURORA_EIO. Commands are taken either way, and what they tell goes out
 * later; a service that is asked whether it is ready says no. err->field is "bus", err->message
 * says what is missing ("no broker answers: ..."). Threads: shared. */
AURORA_API aurora_status aurora_bus_health(const aurora_t *shop, aurora_error *err);

/* Puts another level_min in force for what the handle says from now on. Without a log at open it
 * changes nothing. AURORA_EINVAL for a level that is none. Threads: shared. */
AURORA_API aurora_status aurora_log_set_level(aurora_t *shop, int32_t level_min);

/* "DEBUG" to "FATAL"; "" for another value. Static text. Threads: shared. */
AURORA_API const char *aurora_log_level_name(int32_t level);

#ifdef __cplusplus
}
#endif
#endif
