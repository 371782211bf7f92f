/* SPDX-License-Identifier: MIT */
/* What became of the notifications: one for each outcome of an order. Reading only: they are sent
 * as the setting "notify" says, or taken as tasks by the host (task.h). */
#ifndef AURORA_NOTIFICATION_H
#define AURORA_NOTIFICATION_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    AURORA_NOTIFICATION_STATE_PENDING = 1, /* waits for its next attempt */
    AURORA_NOTIFICATION_STATE_SENDING = 2, /* with its sender */
    AURORA_NOTIFICATION_STATE_SENT = 3,    /* the other side has taken it */
    AURORA_NOTIFICATION_STATE_UNKNOWN = 4, /* may have been sent, and is not sent again: a person
                                              decides */
    AURORA_NOTIFICATION_STATE_FAILED = 5,  /* refused for good, or tried too often */
    AURORA_NOTIFICATION_STATE_SKIPPED = 6  /* older than notify_max_age, or nowhere to send it */
};

/* Texts are NULL where absent. */
typedef struct {
    uint32_t size;
    int32_t kind; /* AURORA_NOTIFICATION_COMPLETED, _FAILED or _CANCELLED of task.h */
    aurora_id order_id;
    int32_t state;          /* AURORA_NOTIFICATION_STATE_... */
    uint32_t attempts;      /* so far */
    const char *detail;     /* one line on why it ended so: "smtp_550", "its lease ran out" */
    const char *contact;    /* where it goes; not kept once it is SENT or SKIPPED */
    uint64_t order_version; /* the version of the order that it tells of */
    int64_t at_ms;          /* of the order's outcome */
    int64_t updated_at_ms;  /* of the state */
    int64_t due_at_ms;      /* PENDING: the next attempt; SENDING: the lease ends; else 0 */
} aurora_notification;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_notification *const *items; /* newest order first */
    const char *next_cursor;                 /* NULL = this is the last page */
} aurora_notification_page;

/* Lists notifications in one state (AURORA_NOTIFICATION_STATE_..., 0 = in any); cursor and limit as
 * in aurora_order_list. Rare states are found by reading past the others. AURORA_EINVAL with field
 * "state", "cursor" or "limit". *out is freed with aurora_notification_page_free. Threads:
 * shared. */
AURORA_API aurora_status aurora_notification_list(aurora_t *shop, int32_t state, const char *cursor,
                                                  uint32_t limit, aurora_notification_page **out,
                                                  aurora_error *err);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_notification_page_free(aurora_notification_page *page);

/* "PENDING" to "SKIPPED" and back; "" and 0 for anything else, also for NULL. Static text. Threads:
 * shared. */
AURORA_API const char *aurora_notification_state_name(int32_t state);
AURORA_API int32_t aurora_notification_state_parse(const char *name);

#ifdef __cplusplus
}
#endif
#endif
