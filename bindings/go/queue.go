// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"sync"
	"time"
)

// A Queue takes orders without waiting and gives out what became of them, for hosts that have a loop of
// their own. Others place orders with Orders.Place and PlaceMany. Any number of goroutines may use it.
type Queue struct {
	gate
	core   *core
	native *C.aurora_queue
	lock   sync.Mutex
	late   []Completion // taken for a Take that had gone
}

// A Completion is what became of one accepted request, or of a watch.
type Completion struct {
	Tag        uint64 // as given to Submit or Watch
	ID         ID     // the order's; with ErrTaken the first order's
	Code       Status // what Place would have failed with, 0 = it did not
	ErrorLine  int    // the line to blame for a failure, from 0; -1 = none
	Status     OrderStatus
	Reason     Reason
	TotalMinor int64
	Version    uint64
	IsReplay   bool
	Order      *Order // of a watch, and of a submit with results
}

// NewQueue makes a queue for at most capacity (1 to 65,536) requests that are submitted and not yet
// taken. Close it with Close, before or after its shop.
func (s *Shop) NewQueue(capacity int) (*Queue, error) {
	const op = "new queue"
	c := s.inner()
	if err := c.enter(op); err != nil {
		return nil, err
	}
	defer c.leave()
	f := newFrame(op)
	defer f.free()
	room := f.size("capacity", capacity)
	if f.bad != nil {
		return nil, f.bad
	}
	out := (**C.aurora_queue)(f.out())
	if err := f.done(C.aurora_queue_new(c.handle, room, out)); err != nil {
		return nil, err
	}
	return &Queue{gate: newGate(), core: c, native: *out}, nil
}

// Close wakes takers and frees the queue. Completions that were not taken are dropped, their orders
// live on.
func (q *Queue) Close() error {
	if q != nil && q.native != nil {
		q.shut(func() { C.aurora_queue_wake(q.native) }, func() { C.aurora_queue_free(q.native) })
	}
	return nil
}

func (q *Queue) begin(op string) error {
	if q == nil || q.native == nil {
		return invalid(op, "queue", "is not open")
	}
	if !q.enter() {
		return &Error{Op: op, Code: ErrClosed}
	}
	return nil
}

// Submit hands requests over and never waits; it returns how many of the first were accepted. Each of
// those gives one completion, also when it is refused. tags may be nil: all 0. ErrBusy when none was
// accepted: take completions and submit again.
func (q *Queue) Submit(requests []OrderRequest, tags []uint64, withResult bool) (int, error) {
	const op = "queue submit"
	if tags != nil && len(tags) != len(requests) {
		return 0, invalid(op, "tags", "must be as many as requests, or nil")
	}
	if err := q.begin(op); err != nil {
		return 0, err
	}
	defer q.leave()
	f := newFrame(op)
	defer f.free()
	flags := C.uint32_t(0)
	if withResult {
		flags = C.AURORA_ORDER_WITH_RESULT
	}
	first, natives := array[*C.aurora_order_request](f, len(requests))
	for i := range requests {
		natives[i] = f.order(&requests[i], flags)
		if bad := f.takeBad(); bad != nil {
			bad.Field = elementField("requests", i, bad.Field)
			return 0, bad
		}
	}
	marks, tagged := array[C.uint64_t](f, len(tags))
	for i, tag := range tags {
		tagged[i] = C.uint64_t(tag)
	}
	count := f.size("requests", len(requests))
	if f.bad != nil {
		return 0, f.bad
	}
	f.outs.count = 0
	rc := C.aurora_order_submit(q.native, first, marks, count, &f.outs.count)
	return int(f.outs.count), f.done(rc)
}

// Watch gives one completion with tag as soon as the order's version is above after, or timeout
// (1 ms to 600 s) from now.
func (q *Queue) Watch(id ID, after uint64, timeout time.Duration, tag uint64) error {
	const op = "queue watch"
	ms := millis(timeout)
	if ms < 1 || ms > 600000 {
		return invalid(op, "timeout", "must be 1ms to 600s, is "+timeout.String())
	}
	if err := q.begin(op); err != nil {
		return err
	}
	defer q.leave()
	return statusError(op, C.aurora_order_watch(q.native, id.native(), C.uint64_t(after),
		C.uint32_t(ms), C.uint64_t(tag)))
}

// Take gives up to limit (1 to 65,536) completions; it waits for the first until ctx is done, or for
// timeout (negative = without end, 0 = not at all), and gives none when that is over. ErrInterrupted
// after Wake, when ctx has ended, and now and then when the context of another Take has; ErrClosed when
// the shop was closed and nothing is left.
func (q *Queue) Take(ctx context.Context, limit int, timeout time.Duration) ([]Completion, error) {
	const op = "queue take"
	if ctx == nil {
		return nil, invalid(op, "ctx", "must not be nil")
	}
	if err := ctx.Err(); err != nil {
		return nil, notBegun(op, err)
	}
	if err := q.begin(op); err != nil {
		return nil, err
	}
	if late := q.takeLate(limit); late != nil {
		q.leave()
		return late, nil
	}
	take := func() ([]Completion, error) { return q.take(op, limit, timeout) }
	if ctx.Done() == nil {
		return take()
	}
	return q.waking(ctx, op, take)
}

func (q *Queue) waking(ctx context.Context, op string,
	take func() ([]Completion, error)) ([]Completion, error) {
	return waking(ctx, op, &q.gate, func() { C.aurora_queue_wake(q.native) }, take, q.keep)
}

// keep keeps what was taken for a Take that had gone, for the next one.
func (q *Queue) keep(late []Completion) {
	if len(late) == 0 {
		return
	}
	q.lock.Lock()
	q.late = append(q.late, late...)
	q.lock.Unlock()
	q.Wake()
}

func (q *Queue) takeLate(limit int) []Completion {
	q.lock.Lock()
	defer q.lock.Unlock()
	if len(q.late) < limit {
		limit = len(q.late)
	}
	if limit < 1 {
		return nil
	}
	late := q.late[:limit:limit]
	q.late = q.late[limit:]
	return late
}

func (q *Queue) take(op string, limit int, timeout time.Duration) ([]Completion, error) {
	defer q.leave()
	f := newFrame(op)
	defer f.free()
	if limit < 1 || limit > queueCapacity {
		return nil, invalid(op, "limit", "must be 1 to 65536")
	}
	out, natives := array[C.aurora_completion](f, limit)
	f.outs.count = 0
	rc := C.aurora_queue_take(q.native, out, C.uint32_t(limit), waitMs(timeout), &f.outs.count)
	if err := f.done(rc); err != nil {
		return nil, err
	}
	completions := make([]Completion, f.outs.count)
	for i := range completions {
		completions[i] = completionOf(&natives[i])
	}
	return completions, nil
}

func completionOf(c *C.aurora_completion) Completion {
	out := Completion{Tag: uint64(c.tag), ID: idOf(c.id), Code: Status(c.status),
		ErrorLine: int(c.error_line), Status: OrderStatus(c.order_status), Reason: Reason(c.reason),
		TotalMinor: int64(c.total_minor), Version: uint64(c.version), IsReplay: c.is_replay != 0}
	if c.error_line == C.AURORA_NO_LINE {
		out.ErrorLine = -1
	}
	if c.order != nil {
		out.Order = takeOrder(c.order)
	}
	return out
}

// Wake lets one waiting Take, else the next one, return ErrInterrupted.
func (q *Queue) Wake() {
	if q.begin("queue wake") == nil {
		C.aurora_queue_wake(q.native)
		q.leave()
	}
}
