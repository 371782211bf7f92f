// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"math/rand"
	"runtime"
	"sync"
	"time"
)

// BreakerState is where a circuit breaker stands.
type BreakerState int32

const (
	BreakerClosed      BreakerState = C.AURORA_BREAKER_CLOSED
	BreakerOpen        BreakerState = C.AURORA_BREAKER_OPEN
	BreakerHalfOpen    BreakerState = C.AURORA_BREAKER_HALF_OPEN
	BreakerForcedOpen  BreakerState = C.AURORA_BREAKER_FORCED_OPEN
	BreakerDisabled    BreakerState = C.AURORA_BREAKER_DISABLED
	BreakerMetricsOnly BreakerState = C.AURORA_BREAKER_METRICS_ONLY
)

// String is the state's name: "CLOSED", "OPEN", ...
func (s BreakerState) String() string {
	return C.GoString(C.aurora_breaker_state_name(C.int32_t(s)))
}

// BreakerOutcome is how a call behind a breaker went.
type BreakerOutcome int32

const (
	BreakerSuccess BreakerOutcome = C.AURORA_BREAKER_SUCCESS
	BreakerFailure BreakerOutcome = C.AURORA_BREAKER_FAILURE
	BreakerIgnored BreakerOutcome = C.AURORA_BREAKER_IGNORED // says nothing about the dependency
)

// BreakerWindow is what a breaker looks back on.
type BreakerWindow int32

const (
	BreakerLastCalls BreakerWindow = C.AURORA_BREAKER_LAST_CALLS
	BreakerLastTime  BreakerWindow = C.AURORA_BREAKER_LAST_TIME
)

// BreakerOptions says when a breaker opens. What is 0 has its default.
type BreakerOptions struct {
	Window             BreakerWindow // BreakerLastCalls
	WindowCalls        int           // 100, at most 1,024
	WindowSlices       int           // 10, at most 60; of BreakerLastTime
	Slice              time.Duration // 1 s
	CallsMin           int           // all of the window, or 100
	FailureRatePercent int           // 50
	SlowRatePercent    int           // 100
	Probes             int           // 10 calls in half-open
	Slow               time.Duration // a call of this duration is slow; none is
	Wait               time.Duration // 60 s in open
	WaitMax            time.Duration // 16 times Wait
	WaitGrowthPercent  int           // 100: of the last wait, after failed probes
	HalfOpenMax        time.Duration // 60 s, then the probes have failed
}

// BreakerFigures is what a breaker has seen.
type BreakerFigures struct {
	State                       BreakerState
	Calls, Failed, Slow         int // in the window, or probes in half-open
	FailureRatePPM, SlowRatePPM int
	ProbesInFlight              int
	Refused, Opened, Stale      uint64
	RetryAfter                  time.Duration // open: until a probe may pass
}

// A Breaker watches the calls to one dependency, and lets none pass for a while once too many fail.
// Any number of goroutines may use it. The zero Breaker lets nothing pass.
type Breaker struct {
	lock   sync.Mutex
	native C.aurora_breaker
}

// NewBreaker makes a closed breaker.
func NewBreaker(o BreakerOptions) (*Breaker, error) {
	f := newFrame("new breaker")
	defer f.free()
	n := (*C.aurora_breaker_options)(f.alloc(C.sizeof_aurora_breaker_options))
	*n = C.aurora_breaker_options{size: C.sizeof_aurora_breaker_options,
		window_kind: C.int32_t(o.Window), window_calls: f.size("window_calls", o.WindowCalls),
		window_slices: f.size("window_slices", o.WindowSlices), slice_ns: C.int64_t(o.Slice),
		calls_min:            f.size("calls_min", o.CallsMin),
		failure_rate_percent: f.size("failure_rate_percent", o.FailureRatePercent),
		slow_rate_percent:    f.size("slow_rate_percent", o.SlowRatePercent),
		probes:               f.size("probes", o.Probes), slow_ns: C.int64_t(o.Slow),
		wait_ns: C.int64_t(o.Wait), wait_max_ns: C.int64_t(o.WaitMax),
		wait_growth_percent: f.size("wait_growth_percent", o.WaitGrowthPercent),
		half_open_max_ns:    C.int64_t(o.HalfOpenMax)}
	if f.bad != nil {
		return nil, f.bad
	}
	b := new(Breaker)
	if err := f.done(C.aurora_breaker_init(&b.native, n, f.err())); err != nil {
		return nil, err
	}
	return b, nil
}

// Enter says whether a call may be made now. The ticket is for Leave.
func (b *Breaker) Enter() (ticket uint64, ok bool) { return b.EnterAt(nowNS()) }

// EnterAt is Enter by the caller's clock.
func (b *Breaker) EnterAt(now int64) (ticket uint64, ok bool) {
	b.lock.Lock()
	defer b.lock.Unlock()
	ticket = uint64(C.aurora_go_breaker_enter(&b.native, C.int64_t(now)))
	return ticket, ticket != 0
}

// Leave reports how the call with ticket went, once.
func (b *Breaker) Leave(ticket uint64, outcome BreakerOutcome) { b.LeaveAt(ticket, outcome, nowNS()) }

// LeaveAt is Leave by the caller's clock.
func (b *Breaker) LeaveAt(ticket uint64, outcome BreakerOutcome, now int64) {
	b.lock.Lock()
	defer b.lock.Unlock()
	C.aurora_breaker_leave(&b.native, C.uint64_t(ticket), C.int32_t(outcome), C.int64_t(now))
}

// Do calls f where the breaker lets it, and counts an error as a failure; else it returns an *OpenError.
// A panic counts as a failure and goes on.
func (b *Breaker) Do(f func() error) error {
	ticket, ok := b.Enter()
	if !ok {
		return &OpenError{RetryAfter: b.Figures().RetryAfter}
	}
	outcome := BreakerFailure
	defer func() { b.Leave(ticket, outcome) }()
	err := f()
	if err == nil {
		outcome = BreakerSuccess
	}
	return err
}

// An OpenError says that a breaker let a call not pass.
type OpenError struct{ RetryAfter time.Duration }

// Error says so.
func (e *OpenError) Error() string { return "aurora: the circuit breaker is open" }

// Force puts the breaker into a state, with an empty window.
func (b *Breaker) Force(state BreakerState) error { return b.ForceAt(state, nowNS()) }

// ForceAt is Force by the caller's clock.
func (b *Breaker) ForceAt(state BreakerState, now int64) error {
	b.lock.Lock()
	defer b.lock.Unlock()
	return statusError("breaker force",
		C.aurora_breaker_force(&b.native, C.int32_t(state), C.int64_t(now)))
}

// State is where the breaker stands.
func (b *Breaker) State() BreakerState { return b.StateAt(nowNS()) }

// StateAt is State by the caller's clock; 0 without NewBreaker.
func (b *Breaker) StateAt(now int64) BreakerState {
	b.lock.Lock()
	defer b.lock.Unlock()
	return BreakerState(C.aurora_breaker_state(&b.native, C.int64_t(now)))
}

// Figures reads what the breaker has seen.
func (b *Breaker) Figures() BreakerFigures { return b.FiguresAt(nowNS()) }

// FiguresAt is Figures by the caller's clock.
func (b *Breaker) FiguresAt(now int64) BreakerFigures {
	b.lock.Lock()
	defer b.lock.Unlock()
	var n C.aurora_breaker_figures
	C.aurora_breaker_read(&b.native, C.int64_t(now), &n)
	return figuresOf(&n)
}

func figuresOf(n *C.aurora_breaker_figures) BreakerFigures {
	return BreakerFigures{BreakerState(n.state), int(n.calls), int(n.failed), int(n.slow),
		int(n.failure_rate_ppm), int(n.slow_rate_ppm), int(n.probes_in_flight), uint64(n.refused),
		uint64(n.opened), uint64(n.stale), time.Duration(n.retry_after_ns)}
}

// A Bulkhead lets at most so many calls run at once, and so many wait. Any number of goroutines may
// use it. The zero Bulkhead lets nobody in.
type Bulkhead struct{ native C.aurora_bulkhead }

// NewBulkhead makes an empty bulkhead: running 1 to 10^9, waiting 0 to 10^9.
func NewBulkhead(running, waiting int) (*Bulkhead, error) {
	f := newFrame("new bulkhead")
	defer f.free()
	b := new(Bulkhead)
	most, line := f.size("running", running), f.size("waiting", waiting)
	if f.bad != nil {
		return nil, f.bad
	}
	if err := f.done(C.aurora_bulkhead_init(&b.native, most, line)); err != nil {
		return nil, err
	}
	return b, nil
}

// TryEnter takes a place; true must be followed by one Leave.
func (b *Bulkhead) TryEnter() bool { return bool(C.aurora_bulkhead_try_enter(&b.native)) }

// Leave gives a place back.
func (b *Bulkhead) Leave() { C.aurora_bulkhead_leave(&b.native) }

// TryWait joins those who wait; true must be followed by a TryPromote that is true, or an Abandon.
func (b *Bulkhead) TryWait() bool { return bool(C.aurora_bulkhead_try_wait(&b.native)) }

// TryPromote turns one waiter into a running call where there is a place.
func (b *Bulkhead) TryPromote() bool { return bool(C.aurora_bulkhead_try_promote(&b.native)) }

// Abandon takes one waiter away.
func (b *Bulkhead) Abandon() { C.aurora_bulkhead_abandon(&b.native) }

// Read gives both counts of one instant.
func (b *Bulkhead) Read() (running, waiting int) {
	var counts [2]C.uint32_t
	C.aurora_bulkhead_read(&b.native, &counts[0], &counts[1])
	return int(counts[0]), int(counts[1])
}

// RetryOutcome is how an attempt went.
type RetryOutcome int32

const (
	RetrySuccess     RetryOutcome = C.AURORA_RETRY_SUCCESS
	RetryRetriable   RetryOutcome = C.AURORA_RETRY_RETRIABLE
	RetryFatal       RetryOutcome = C.AURORA_RETRY_FATAL // another attempt fails too
	RetryRateLimited RetryOutcome = C.AURORA_RETRY_RATE_LIMITED
)

// RetryEnding is why a retry has ended.
type RetryEnding int32

const (
	RetryGoesOn        RetryEnding = C.AURORA_RETRY_GOES_ON
	RetryEndedSuccess  RetryEnding = C.AURORA_RETRY_ENDED_SUCCESS
	RetryEndedFatal    RetryEnding = C.AURORA_RETRY_ENDED_FATAL
	RetryEndedAttempts RetryEnding = C.AURORA_RETRY_ENDED_ATTEMPTS
	RetryEndedDeadline RetryEnding = C.AURORA_RETRY_ENDED_DEADLINE
	RetryEndedBudget   RetryEnding = C.AURORA_RETRY_ENDED_BUDGET
	RetryEndedHint     RetryEnding = C.AURORA_RETRY_ENDED_HINT
)

// Jitter is how a delay d is spread.
type Jitter int32

const (
	JitterFull         Jitter = C.AURORA_JITTER_FULL  // 0..d
	JitterEqual        Jitter = C.AURORA_JITTER_EQUAL // d/2..d
	JitterNone         Jitter = C.AURORA_JITTER_NONE
	JitterDecorrelated Jitter = C.AURORA_JITTER_DECORRELATED
)

// RetryOptions says how often and when to try again. What is 0 has its default.
type RetryOptions struct {
	AttemptsMax       int           // 3, with the first one
	Delay             time.Duration // 100 ms
	DelayMax          time.Duration // 64 times Delay
	MultiplierPercent int           // 200
	Jitter            Jitter        // JitterFull
	DeadlineNS        int64         // a time of the clock of the At calls; none
	HintMax           time.Duration // 1 h: a longer Retry-After ends the retry
	Budget            *RetryBudget  // shared by many calls; none
}

// A RetryBudget is what many calls share, so that a dependency in trouble is not buried under repeats.
type RetryBudget struct{ native *C.aurora_retry_budget }

// NewRetryBudget makes a full budget of repeats (1 to 10^9), into which each call pays ratioPerMille
// thousandths of one.
func NewRetryBudget(repeats uint64, ratioPerMille int) (*RetryBudget, error) {
	f := newFrame("new retry budget")
	defer f.free()
	ratio := f.size("ratio_per_mille", ratioPerMille)
	if f.bad != nil {
		return nil, f.bad
	}
	b := &RetryBudget{(*C.aurora_retry_budget)(C.calloc(1, C.sizeof_aurora_retry_budget))}
	runtime.SetFinalizer(b, func(b *RetryBudget) { C.free(pointer(b.native)) })
	if err := f.done(C.aurora_retry_budget_init(b.native, C.uint64_t(repeats), ratio)); err != nil {
		return nil, err
	}
	return b, nil
}

// Left is how many whole repeats the budget would allow now.
func (b *RetryBudget) Left() uint64 {
	if b.native == nil {
		return 0
	}
	left := uint64(C.aurora_retry_budget_left(b.native))
	runtime.KeepAlive(b)
	return left
}

// A Retry is one call with its repeats. One goroutine at a time.
type Retry struct {
	native C.aurora_retry
	budget *RetryBudget
}

// NewRetry starts a call: its first attempt is made now.
func NewRetry(o RetryOptions) (*Retry, error) {
	f := newFrame("new retry")
	defer f.free()
	n := (*C.aurora_retry_options)(f.alloc(C.sizeof_aurora_retry_options))
	*n = C.aurora_retry_options{size: C.sizeof_aurora_retry_options,
		attempts_max: f.size("attempts_max", o.AttemptsMax), delay_ns: C.int64_t(o.Delay),
		delay_max_ns:       C.int64_t(o.DelayMax),
		multiplier_percent: f.size("multiplier_percent", o.MultiplierPercent),
		jitter:             C.int32_t(o.Jitter), deadline_ns: C.int64_t(o.DeadlineNS),
		hint_max_ns: C.int64_t(o.HintMax)}
	if o.Budget != nil {
		if o.Budget.native == nil {
			return nil, invalid(f.op, "budget", "was never made")
		}
		n.budget = o.Budget.native
	}
	if f.bad != nil {
		return nil, f.bad
	}
	r := &Retry{budget: o.Budget}
	if err := f.done(C.aurora_retry_init(&r.native, n, f.err())); err != nil {
		return nil, err
	}
	return r, nil
}

// Hint says after which time the dependency wants to be called again (Retry-After).
func (r *Retry) Hint(after time.Duration) { C.aurora_retry_hint(&r.native, C.int64_t(after)) }

// Next reports how the attempt just made went, and says in how long to make the next one; false: it
// has ended.
func (r *Retry) Next(outcome RetryOutcome) (time.Duration, bool) {
	return r.NextAt(outcome, rand.Uint64(), nowNS())
}

// NextAt is Next by the caller's clock, with 64 fresh random bits.
func (r *Retry) NextAt(outcome RetryOutcome, random uint64, now int64) (time.Duration, bool) {
	delay := C.aurora_retry_next_ns(&r.native, C.int32_t(outcome), C.uint64_t(random),
		C.int64_t(now))
	runtime.KeepAlive(r.budget)
	return time.Duration(delay), delay >= 0
}

// Ending is RetryGoesOn, or why it has ended.
func (r *Retry) Ending() RetryEnding { return RetryEnding(C.aurora_retry_ending(&r.native)) }

// Attempts is how many were granted so far, the first among them.
func (r *Retry) Attempts() int { return int(C.aurora_retry_attempts(&r.native)) }

// Wait is Next that also waits; false: it has ended, or ctx has.
func (r *Retry) Wait(ctx context.Context, outcome RetryOutcome) bool {
	delay, ok := r.Next(outcome)
	return ok && rest(ctx, delay) == nil
}
