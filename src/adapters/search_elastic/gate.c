/* SPDX-License-Identifier: MIT */
/* Who may ask: a bounded number of searches at once, and nobody while most requests fail, so that
 * a search does not wait for an index that is not there. */
#include "adapters/search_elastic/index.h"

#include <time.h>

#define MS_NS INT64_C(1000000)
#define WAIT_NS (500 * MS_NS)
#define WAIT_MAX_NS (4000 * MS_NS)

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

aurora_status aurora__elastic_gate_init(aurora__elastic_index *index)
{
    aurora_breaker_options options;
    aurora_breaker_options_init(&options);
    options.window_calls = 20;
    options.calls_min = 5;
    options.probes = 1;
    options.wait_ns = WAIT_NS;
    options.wait_max_ns = WAIT_MAX_NS;
    options.wait_growth_percent = 200;
    options.half_open_max_ns = index->address.write_ms * MS_NS + WAIT_NS;
    aurora_status rc = aurora_breaker_init(&index->breaker, &options, NULL);
    return rc == AURORA_OK
               ? aurora_bulkhead_init(&index->searches, (uint32_t)index->address.calls_max, 0)
               : rc;
}

bool aurora__elastic_gate_enter(aurora__elastic_index *index, uint64_t *ticket_out)
{
    pthread_mutex_lock(&index->mutex);
    bool is_in = aurora_breaker_try_enter(&index->breaker, clock_ns(), ticket_out);
    pthread_mutex_unlock(&index->mutex);
    return is_in;
}

void aurora__elastic_gate_leave(aurora__elastic_index *index, uint64_t ticket, int32_t outcome)
{
    pthread_mutex_lock(&index->mutex);
    bool was_closed = aurora_breaker_state(&index->breaker, clock_ns()) == AURORA_BREAKER_CLOSED;
    aurora_breaker_leave(&index->breaker, ticket, outcome, clock_ns());
    bool is_closed = aurora_breaker_state(&index->breaker, clock_ns()) == AURORA_BREAKER_CLOSED;
    pthread_mutex_unlock(&index->mutex);
    if (was_closed && !is_closed)
        aurora__elastic_log(index, AURORA_LOG_WARNING,
                            "most requests to the index fail: they are held back");
    else if (is_closed && !was_closed)
        aurora__elastic_log(index, AURORA_LOG_INFO, "the index answers: requests pass again");
}

void aurora__elastic_breaker(void *self, aurora_breaker_figures *figures_out)
{
    aurora__elastic_index *index = self;
    pthread_mutex_lock(&index->mutex);
    aurora_breaker_read(&index->breaker, clock_ns(), figures_out);
    pthread_mutex_unlock(&index->mutex);
}
