/* SPDX-License-Identifier: MIT */
#include <aurora/breaker.h>

#include "breaker_window.h"
#include "percent.h"
#include "plant/plant.h"
#include "rules.h"

#include <string.h>

#define SECOND ((int64_t)1000000000)

/* A ticket: 24 bits of epoch, never 0, above 40 bits of the time of the enter in ticks of 1,024
 * ns. Both wrap; 2^39 ticks are 6 days. */
#define EPOCH_SHIFT 40
#define EPOCH_MASK (((uint32_t)1 << 24) - 1)
#define TICK_MASK (((uint64_t)1 << EPOCH_SHIFT) - 1)
#define TICK_SHIFT 10

typedef struct {
    uint32_t given, reported, failed, slow; /* given - reported are in flight */
} probes;

/* What lies in the words of an aurora_breaker. may_alias: the caller sees it as uint64_t. */
typedef struct __attribute__((may_alias)) {
    aurora_breaker_options options; /* defaults filled in */
    int32_t state;                  /* 0: init failed or never was */
    uint32_t epoch;
    int64_t since_ns; /* OPEN and HALF_OPEN: when it came to be so */
    int64_t wait_ns;  /* of this or the last OPEN */
    uint64_t refused, opened, stale;
    probes probes;
    aurora__window window;
} breaker;

_Static_assert(sizeof(breaker) <= sizeof(aurora_breaker), "pinned");
_Static_assert(sizeof(aurora_breaker_figures) == 96, "pinned");

enum event { TRIPPED = 1, WAITED, PROBES_GOOD, PROBES_BAD, PROBES_LATE, EVENT_COUNT };

#define STATE_COUNT 7

static const uint8_t next_state[STATE_COUNT][EVENT_COUNT] = {
    [AURORA_BREAKER_CLOSED] = {[TRIPPED] = AURORA_BREAKER_OPEN},
    [AURORA_BREAKER_OPEN] = {[WAITED] = AURORA_BREAKER_HALF_OPEN},
    [AURORA_BREAKER_HALF_OPEN] = {[PROBES_GOOD] = AURORA_BREAKER_CLOSED,
                                  [PROBES_BAD] = AURORA_BREAKER_OPEN,
                                  [PROBES_LATE] = AURORA_BREAKER_OPEN},
};

static void fill_window_defaults(aurora_breaker_options *options)
{
    bool is_time = options->window_kind == AURORA_BREAKER_LAST_TIME;

    if (options->window_kind == 0)
        options->window_kind = AURORA_BREAKER_LAST_CALLS;
    if (options->window_calls == 0)
        options->window_calls = 100;
    if (options->window_slices == 0)
        options->window_slices = 10;
    if (options->slice_ns == 0)
        options->slice_ns = SECOND;
    if (options->calls_min == 0)
        options->calls_min = is_time ? 100 : options->window_calls;
}

static void fill_defaults(aurora_breaker_options *options)
{
    fill_window_defaults(options);
    if (options->failure_rate_percent == 0)
        options->failure_rate_percent = 50;
    if (options->slow_rate_percent == 0)
        options->slow_rate_percent = 100;
    if (options->probes == 0)
        options->probes = 10;
    if (options->wait_ns == 0)
        options->wait_ns = 60 * SECOND;
    if (options->wait_growth_percent == 0)
        options->wait_growth_percent = 100;
    if (options->half_open_max_ns == 0)
        options->half_open_max_ns = 60 * SECOND;
}

static aurora_status check(aurora_breaker_options *options, aurora_error *err)
{
    fill_defaults(options);
    uint32_t calls_max =
        options->window_kind == AURORA_BREAKER_LAST_CALLS ? options->window_calls : 1000000000;
    const aurora__rule rules[] = {
        {"window_kind", (uint64_t)(int64_t)options->window_kind, AURORA_BREAKER_LAST_CALLS,
         AURORA_BREAKER_LAST_TIME},
        {"window_calls", options->window_calls, 1, AURORA_BREAKER_CALLS_MAX},
        {"window_slices", options->window_slices, 1, AURORA_BREAKER_SLICES_MAX},
        {"slice_ns", (uint64_t)options->slice_ns, 1, AURORA_BREAKER_NS_MAX},
        {"calls_min", options->calls_min, 1, calls_max},
        {"failure_rate_percent", options->failure_rate_percent, 1, 100},
        {"slow_rate_percent", options->slow_rate_percent, 1, 100},
        {"probes", options->probes, 1, AURORA_BREAKER_CALLS_MAX},
        {"slow_ns", (uint64_t)options->slow_ns, 0, AURORA_BREAKER_SLOW_NS_MAX},
        {"wait_ns", (uint64_t)options->wait_ns, 1, AURORA_BREAKER_NS_MAX},
        {"wait_growth_percent", options->wait_growth_percent, 100, 1000},
        {"half_open_max_ns", (uint64_t)options->half_open_max_ns, 1, AURORA_BREAKER_NS_MAX},
        {"reserved", options->reserved, 0, 0},
    };
    aurora_status rc = aurora__rule_check(rules, sizeof rules / sizeof *rules, err);
    if (rc != AURORA_OK)
        return rc;

    if (options->wait_max_ns == 0)
        options->wait_max_ns = aurora__percent_of(options->wait_ns, 1600, AURORA_BREAKER_NS_MAX);
    const aurora__rule wait_max = {"wait_max_ns", (uint64_t)options->wait_max_ns,
                                   (uint64_t)options->wait_ns, AURORA_BREAKER_NS_MAX};
    return aurora__rule_check(&wait_max, 1, err);
}

aurora_status aurora_breaker_init(aurora_breaker *opaque, const aurora_breaker_options *options,
                                  aurora_error *err)
{
    breaker *b = (breaker *)opaque->words;
    aurora_breaker_options known;

    memset(opaque, 0, sizeof *opaque);
    aurora_status rc = aurora__rule_copy(&known, sizeof known, options, err);
    if (rc == AURORA_OK)
        rc = check(&known, err);
    if (rc != AURORA_OK)
        return rc;

    bool is_time = known.window_kind == AURORA_BREAKER_LAST_TIME;
    b->options = known;
    b->state = AURORA_BREAKER_CLOSED;
    b->epoch = 1;
    b->window.slice_ns = is_time ? known.slice_ns : 0;
    b->window.size = is_time ? known.window_slices : known.window_calls;
    return AURORA_OK;
}

static void become(breaker *b, int32_t state, int64_t now_ns)
{
    b->state = state;
    b->epoch = (b->epoch & EPOCH_MASK) == EPOCH_MASK ? 1 : b->epoch + 1;
    b->since_ns = now_ns;
    b->opened += state == AURORA_BREAKER_OPEN;
    memset(&b->probes, 0, sizeof b->probes);
    aurora__window_clear(&b->window);
}

static void apply(breaker *b, enum event event, int64_t now_ns)
{
    int32_t state = next_state[b->state][event];

    if (event == TRIPPED)
        b->wait_ns = b->options.wait_ns;
    else if (state == AURORA_BREAKER_OPEN)
        b->wait_ns =
            aurora__percent_of(b->wait_ns, b->options.wait_growth_percent, b->options.wait_max_ns);
    become(b, state, now_ns);
}

/* Whether `span_ns`, at least 1, has gone by since the state began; a clock that stepped back says
 * no. */
static bool has_passed(const breaker *b, int64_t span_ns, int64_t now_ns)
{
    return now_ns >= b->since_ns && (uint64_t)now_ns - (uint64_t)b->since_ns >= (uint64_t)span_ns;
}

/* The end of half-open is noticed only at the next call, but counts from when it came: a breaker
 * that nobody asked for long has waited all the same. */
static void end_late_probes(breaker *b, int64_t now_ns)
{
    int64_t max = b->options.half_open_max_ns;
    if (b->state == AURORA_BREAKER_HALF_OPEN && has_passed(b, max, now_ns))
        apply(b, PROBES_LATE, b->since_ns + max);
}

static void follow_clock(breaker *b, int64_t now_ns)
{
    end_late_probes(b, now_ns);
    if (b->state == AURORA_BREAKER_OPEN && has_passed(b, b->wait_ns, now_ns))
        apply(b, WAITED, now_ns);
}

static bool may_pass(const breaker *b)
{
    switch (b->state) {
    case AURORA_BREAKER_CLOSED:
    case AURORA_BREAKER_DISABLED:
    case AURORA_BREAKER_METRICS_ONLY:
        return true;
    case AURORA_BREAKER_HALF_OPEN:
        return b->probes.given < b->options.probes;
    default:
        return false;
    }
}

static uint64_t tick(int64_t now_ns)
{
    return ((uint64_t)now_ns >> TICK_SHIFT) & TICK_MASK;
}

bool aurora_breaker_try_enter(aurora_breaker *opaque, int64_t now_ns, uint64_t *ticket_out)
{
    breaker *b = (breaker *)opaque->words;

    *ticket_out = 0;
    follow_clock(b, now_ns);
    if (!may_pass(b)) {
        b->refused++;
        return false;
    }
    b->probes.given += b->state == AURORA_BREAKER_HALF_OPEN;
    *ticket_out = (uint64_t)b->epoch << EPOCH_SHIFT | tick(now_ns);
    return true;
}

static bool is_slow(const breaker *b, uint64_t ticket, int64_t now_ns)
{
    uint64_t ticks = (tick(now_ns) - ticket) & TICK_MASK;
    bool went_back = ticks > TICK_MASK / 2;

    return b->options.slow_ns > 0 && !went_back &&
           ticks << TICK_SHIFT >= (uint64_t)b->options.slow_ns;
}

/* Rates are compared as products, so that nothing is rounded. */
static bool reaches(uint32_t part, uint32_t whole, uint32_t percent)
{
    return (uint64_t)part * 100 >= (uint64_t)whole * percent;
}

static void judge_window(breaker *b, int64_t now_ns)
{
    const aurora__tally *total = &b->window.total;

    if (b->state != AURORA_BREAKER_CLOSED || total->calls < b->options.calls_min)
        return;
    if (reaches(total->failed, total->calls, b->options.failure_rate_percent) ||
        reaches(total->slow, total->calls, b->options.slow_rate_percent))
        apply(b, TRIPPED, now_ns);
}

/* Rates are over all probes, so a bad end is known before the last has reported. */
static void judge_probes(breaker *b, int64_t now_ns)
{
    const probes *p = &b->probes;

    if (reaches(p->failed, b->options.probes, b->options.failure_rate_percent) ||
        reaches(p->slow, b->options.probes, b->options.slow_rate_percent))
        apply(b, PROBES_BAD, now_ns);
    else if (p->reported == b->options.probes)
        apply(b, PROBES_GOOD, now_ns);
}

static void report_probe(breaker *b, int32_t outcome, bool slow, int64_t now_ns)
{
    if (b->probes.given == b->probes.reported) /* the same ticket twice */
        return;
    if (outcome == AURORA_BREAKER_IGNORED) {
        b->probes.given--;
        return;
    }
    b->probes.reported++;
    b->probes.failed += outcome != AURORA_BREAKER_SUCCESS;
    b->probes.slow += slow;
    judge_probes(b, now_ns);
}

void aurora_breaker_leave(aurora_breaker *opaque, uint64_t ticket, int32_t outcome, int64_t now_ns)
{
    breaker *b = (breaker *)opaque->words;

    if (ticket == 0 || b->state == 0)
        return;
    end_late_probes(b, now_ns);
    if (ticket >> EPOCH_SHIFT != b->epoch && !AURORA_PLANT(STALE_REPLY)) {
        b->stale++;
        return;
    }
    bool slow = is_slow(b, ticket, now_ns);
    if (b->state == AURORA_BREAKER_HALF_OPEN) {
        report_probe(b, outcome, slow, now_ns);
    } else if (b->state != AURORA_BREAKER_DISABLED && outcome != AURORA_BREAKER_IGNORED) {
        aurora__window_record(&b->window, outcome != AURORA_BREAKER_SUCCESS, slow, now_ns);
        judge_window(b, now_ns);
    }
}

aurora_status aurora_breaker_force(aurora_breaker *opaque, int32_t state, int64_t now_ns)
{
    breaker *b = (breaker *)opaque->words;

    if (state < AURORA_BREAKER_CLOSED || state >= STATE_COUNT || b->state == 0)
        return AURORA_EINVAL;
    b->wait_ns = b->options.wait_ns;
    become(b, state, now_ns);
    return AURORA_OK;
}

static uint32_t rate_ppm(uint32_t part, uint32_t whole)
{
    return whole == 0 ? 0 : (uint32_t)((uint64_t)part * 1000000 / whole);
}

static void count_calls(const breaker *b, aurora_breaker_figures *figures)
{
    bool is_half = b->state == AURORA_BREAKER_HALF_OPEN;

    figures->calls = is_half ? b->probes.reported : b->window.total.calls;
    figures->failed = is_half ? b->probes.failed : b->window.total.failed;
    figures->slow = is_half ? b->probes.slow : b->window.total.slow;
    figures->probes_in_flight = b->probes.given - b->probes.reported;
    figures->failure_rate_ppm = rate_ppm(figures->failed, figures->calls);
    figures->slow_rate_ppm = rate_ppm(figures->slow, figures->calls);
}

/* Of an OPEN breaker whose wait is not over. A clock that stepped back makes it longer. */
static int64_t wait_left(const breaker *b, int64_t now_ns)
{
    if (now_ns >= b->since_ns)
        return b->wait_ns - (now_ns - b->since_ns);
    uint64_t back = (uint64_t)b->since_ns - (uint64_t)now_ns;
    return back > (uint64_t)(INT64_MAX - b->wait_ns) ? INT64_MAX : (int64_t)back + b->wait_ns;
}

void aurora_breaker_read(const aurora_breaker *opaque, int64_t now_ns,
                         aurora_breaker_figures *figures_out)
{
    breaker b;

    memcpy(&b, opaque->words, sizeof b);
    *figures_out = (aurora_breaker_figures){0};
    if (b.state == 0)
        return;
    follow_clock(&b, now_ns);
    aurora__window_advance(&b.window, now_ns);
    count_calls(&b, figures_out);
    figures_out->state = b.state;
    figures_out->refused = b.refused;
    figures_out->opened = b.opened;
    figures_out->stale = b.stale;
    if (b.state == AURORA_BREAKER_OPEN)
        figures_out->retry_after_ns = wait_left(&b, now_ns);
}

int32_t aurora_breaker_state(const aurora_breaker *opaque, int64_t now_ns)
{
    aurora_breaker_figures figures;
    aurora_breaker_read(opaque, now_ns, &figures);
    return figures.state;
}

const char *aurora_breaker_state_name(int32_t state)
{
    switch (state) {
    case AURORA_BREAKER_CLOSED:
        return "CLOSED";
    case AURORA_BREAKER_OPEN:
        return "OPEN";
    case AURORA_BREAKER_HALF_OPEN:
        return "HALF_OPEN";
    case AURORA_BREAKER_FORCED_OPEN:
        return "FORCED_OPEN";
    case AURORA_BREAKER_DISABLED:
        return "DISABLED";
    case AURORA_BREAKER_METRICS_ONLY:
        return "METRICS_ONLY";
    default:
        return "UNKNOWN";
    }
}
