/* SPDX-License-Identifier: MIT */
/* The parts that need no store and no handle: a rate limiter for callers, a circuit breaker and
 * retries for a dependency. They own no clock: the program passes the time, here a number that it
 * counts up itself, so that each run prints the same.
 * To compile: cc token_bucket.c $(pkg-config --cflags --libs aurora)
 * Prints:
 *   ann: 5 of 8 admitted at once, next in 100 ms
 *   bob: 1 of 1 admitted
 *   call 1: 3 attempts, then given up; breaker CLOSED
 *   call 2: 2 attempts, then given up; breaker OPEN
 *   call 3: refused, try in 10 s
 *   10 s later: 1 attempts, success; breaker CLOSED
 */
#include <aurora/aurora.h>

#include <inttypes.h>
#include <stdio.h>

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

/* 10 requests a second for each customer, at most 5 at once, for up to 1,000 customers. */
static aurora_status limit(int64_t now_ns)
{
    aurora_limiter *limiter = NULL;
    aurora_limit ann = {0}, bob = {0};
    int admitted = 0;
    aurora_status rc = aurora_limiter_new(
        AURORA_LIMITER_OPTIONS(.capacity = 1000, .tokens = 10, .per_ns = SECOND, .burst = 5),
        &limiter, NULL);
    if (rc != AURORA_OK)
        return rc;

    for (int i = 0; i < 8; i++)
        admitted += aurora_limiter_try_take(limiter, "ann", 3, 1, now_ns, &ann) ? 1 : 0;
    printf("ann: %d of 8 admitted at once, next in %" PRId64 " ms\n", admitted,
           ann.retry_after_ns / MS);
    printf("bob: %d of 1 admitted\n",
           aurora_limiter_try_take(limiter, "bob", 3, 1, now_ns, &bob) ? 1 : 0);
    aurora_limiter_free(limiter);
    return AURORA_OK;
}

/* One call with its repeats through the breaker. False where the breaker let none pass. */
static bool call(aurora_breaker *breaker, bool is_up, int64_t *now_ns, aurora_retry *retry)
{
    bool has_entered = false;
    uint64_t ticket = 0;
    aurora_retry_init(retry,
                      &(aurora_retry_options){.size = sizeof(aurora_retry_options),
                                              .attempts_max = 3,
                                              .delay_ns = 50 * MS,
                                              .jitter = AURORA_JITTER_NONE},
                      NULL);
    while (aurora_breaker_try_enter(breaker, *now_ns, &ticket)) {
        has_entered = true;
        *now_ns += 20 * MS; /* the call itself */
        aurora_breaker_leave(breaker, ticket,
                             is_up ? AURORA_BREAKER_SUCCESS : AURORA_BREAKER_FAILURE, *now_ns);
        /* 64 random bits spread the delays; with JITTER_NONE they are not used. */
        int64_t wait_ns = aurora_retry_next_ns(
            retry, is_up ? AURORA_RETRY_SUCCESS : AURORA_RETRY_RETRIABLE, 0, *now_ns);
        if (wait_ns < 0)
            break;
        *now_ns += wait_ns; /* a program sleeps here, or sets a timer */
    }
    return has_entered;
}

static void show(const char *what, const aurora_retry *retry, const aurora_breaker *breaker,
                 int64_t now_ns)
{
    bool is_good = aurora_retry_ending(retry) == AURORA_RETRY_ENDED_SUCCESS;
    printf("%s: %" PRIu32 " attempts, %s; breaker %s\n", what, aurora_retry_attempts(retry),
           is_good ? "success" : "then given up",
           aurora_breaker_state_name(aurora_breaker_state(breaker, now_ns)));
}

int main(void)
{
    int64_t now_ns = 0;
    aurora_breaker breaker;
    aurora_breaker_figures figures;
    aurora_retry retry;
    /* Opens when half of the last 4 calls failed, waits 10 s, then asks with one probe. */
    aurora_status rc = aurora_breaker_init(
        &breaker, AURORA_BREAKER_OPTIONS(.window_calls = 4, .wait_ns = 10 * SECOND, .probes = 1),
        NULL);
    if (rc == AURORA_OK)
        rc = limit(now_ns);
    if (rc != AURORA_OK)
        return 1;

    call(&breaker, false, &now_ns, &retry);
    show("call 1", &retry, &breaker, now_ns);
    call(&breaker, false, &now_ns, &retry);
    show("call 2", &retry, &breaker, now_ns);
    if (!call(&breaker, true, &now_ns, &retry)) {
        aurora_breaker_read(&breaker, now_ns, &figures);
        printf("call 3: refused, try in %" PRId64 " s\n",
               (figures.retry_after_ns + SECOND - 1) / SECOND);
    }
    now_ns += 10 * SECOND;
    call(&breaker, true, &now_ns, &retry);
    show("10 s later", &retry, &breaker, now_ns);
    return 0;
}
