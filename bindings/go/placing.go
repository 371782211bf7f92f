// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"sync"
	"time"
	"unsafe"
)

// Placing goes through a queue of the shop's, so that no caller sits in C while an order is decided:
// requests are submitted by whoever has some, one goroutine takes the completions, and a context that
// ends leaves nothing behind but an order that nobody waits for.
type placing struct {
	lock    sync.Mutex
	queue   *C.aurora_queue
	open    map[uint64]*group
	next    uint64
	end     error         // why there is no queue any more
	stopped chan struct{} // the taker has returned
}

// A group is the requests of one call. Its completions are kept by their place.
type group struct {
	done     chan struct{} // closed with the last completion
	progress chan struct{} // something came
	all      []C.aurora_completion
	left     int
	end      error // the queue ended before they came
}

const (
	queueCapacity = 65536
	takeCount     = 256
	placeBits     = 17 // of a tag; the rest numbers the group
	groupMax      = 8192
)

// start makes the queue with the first order.
func (p *placing) start(c *core, op string) error {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.queue != nil || p.end != nil {
		return p.end
	}
	rc := C.aurora_queue_new(c.handle, queueCapacity, &p.queue)
	if rc != C.AURORA_OK {
		return &Error{Op: op, Code: Status(rc)}
	}
	p.open = make(map[uint64]*group)
	p.stopped = make(chan struct{})
	go p.take()
	return nil
}

func (p *placing) take() {
	defer close(p.stopped)
	out := (*C.aurora_completion)(C.calloc(takeCount, C.sizeof_aurora_completion))
	count := (*C.uint32_t)(C.calloc(1, C.sizeof_uint32_t))
	defer C.free(unsafe.Pointer(out))
	defer C.free(unsafe.Pointer(count))
	for {
		rc := C.aurora_queue_take(p.queue, out, takeCount, -1, count)
		p.deliver(slice(out, *count))
		if rc == C.AURORA_ECLOSED || rc == C.AURORA_EFORK || rc == C.AURORA_ECORE {
			p.fail(Status(rc))
			return
		}
		if rc != C.AURORA_OK {
			time.Sleep(time.Millisecond) // out of memory: not in a circle
		}
	}
}

func (p *placing) deliver(completions []C.aurora_completion) {
	p.lock.Lock()
	defer p.lock.Unlock()
	for i := range completions {
		tag := uint64(completions[i].tag)
		g := p.open[tag>>placeBits]
		if g == nil { // nobody waits any more
			C.aurora_order_free(completions[i].order)
			continue
		}
		g.all[tag&(1<<placeBits-1)] = completions[i]
		g.left--
		if g.left == 0 {
			delete(p.open, tag>>placeBits)
			close(g.done)
		}
		select {
		case g.progress <- struct{}{}:
		default:
		}
	}
}

func (p *placing) fail(end Status) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.end = end
	for id, g := range p.open {
		g.end = end
		delete(p.open, id)
		close(g.done)
	}
}

// close is called when the handle is closed: the taker ends when it has taken what was left.
func (p *placing) close() {
	p.lock.Lock()
	queue := p.queue
	p.lock.Unlock()
	if queue == nil {
		return
	}
	<-p.stopped
	C.aurora_queue_free(queue)
}

func (p *placing) add(count int) (uint64, *group) {
	g := &group{done: make(chan struct{}), progress: make(chan struct{}, 1), left: count,
		all: make([]C.aurora_completion, count)}
	p.lock.Lock()
	p.next++
	id := p.next
	if p.end == nil {
		p.open[id] = g
	} else {
		g.end = p.end
		close(g.done)
	}
	p.lock.Unlock()
	return id, g
}

// remove forgets a group that did not end. What came for it already is freed.
func (p *placing) remove(id uint64, g *group) {
	p.lock.Lock()
	delete(p.open, id)
	p.lock.Unlock()
	for i := range g.all {
		C.aurora_order_free(g.all[i].order)
		g.all[i].order = nil
	}
}

// submit hands requests over until all are accepted; while there is no room it waits for completions
// of its own, and where it has none under way it gives up with ErrBusy.
func (p *placing) submit(ctx context.Context, c *core, f *frame, g *group, id uint64,
	requests []*C.aurora_order_request) (int, error) {
	first, tags := array[C.uint64_t](f, len(requests))
	for i := range tags {
		tags[i] = C.uint64_t(id<<placeBits | uint64(i))
	}
	done := 0
	for done < len(requests) {
		if err := c.enter(f.op); err != nil {
			return done, err
		}
		rc := C.aurora_order_submit(p.queue, &requests[done],
			(*C.uint64_t)(unsafe.Add(unsafe.Pointer(first), uintptr(done)*C.sizeof_uint64_t)),
			C.uint32_t(len(requests)-done), &f.outs.count)
		c.leave()
		done += int(f.outs.count)
		if rc == C.AURORA_OK {
			continue
		}
		if rc != C.AURORA_EBUSY {
			return done, &Error{Op: f.op, Code: Status(rc)}
		}
		if p.underWay(g, len(requests), done) == 0 {
			select {
			case <-g.progress: // the last came meanwhile: there may be room
				continue
			default:
				return done, &Error{Op: f.op, Code: Status(rc)}
			}
		}
		select {
		case <-g.progress:
		case <-c.done:
		case <-ctx.Done():
			return done, ctx.Err()
		}
	}
	return done, nil
}

// underWay is how many of a group's requests are accepted and have not come back.
func (p *placing) underWay(g *group, requests, accepted int) int {
	p.lock.Lock()
	defer p.lock.Unlock()
	return accepted - (requests - g.left)
}

// waitLimit is how long the engine shall wait for the outcome of an order whose caller gave no limit:
// a little less than the context allows, so that the caller gets the order and not an error.
func waitLimit(ctx context.Context, r *OrderRequest) C.uint32_t {
	deadline, ok := ctx.Deadline()
	if r.Timeout != 0 || !ok {
		return C.uint32_t(millis(r.Timeout))
	}
	left := time.Until(deadline)
	margin := left / 10
	if margin > 100*time.Millisecond {
		margin = 100 * time.Millisecond
	}
	ms := (left - margin).Milliseconds()
	if ms < 1 {
		ms = 1
	}
	if ms > 30000 {
		ms = 30000
	}
	return C.uint32_t(ms)
}

// Place stores an order and waits for its outcome, or until the waiting is over: then it is PENDING or
// RESERVED, and goes on by itself. A repeat of key and request gives the first order as it is now.
// ErrTimeout only when the order is not known to be stored: place it again with the same key. ErrBusy:
// nothing was stored; try again after a pause. ErrInFlight, ErrKeyReused, ErrUnknownSKU, ErrCurrency
// and ErrTaken: nothing was stored.
func (o Orders) Place(ctx context.Context, request OrderRequest) (*Order, error) {
	const op = "orders place"
	c := o.core
	if c != nil && !c.hasWorker {
		return o.placeHere(ctx, op, &request)
	}
	if err := begin(ctx, c, op); err != nil {
		return nil, err
	}
	f := newFrame(op)
	defer f.free()
	native := f.order(&request, C.AURORA_ORDER_WITH_RESULT)
	native.timeout_ms = waitLimit(ctx, &request)
	if f.bad != nil {
		return nil, f.bad
	}
	id, g := c.placing.add(1)
	_, requests := array[*C.aurora_order_request](f, 1)
	requests[0] = native
	if _, err := c.placing.submit(ctx, c, f, g, id, requests); err != nil {
		c.placing.remove(id, g)
		return nil, err
	}
	select {
	case <-g.done:
	case <-ctx.Done():
		select {
		case <-g.done:
		default:
			c.placing.remove(id, g)
			return nil, unknown(op, ctx.Err())
		}
	}
	if g.end != nil {
		return nil, ended(op, g.end)
	}
	if err := refusal(op, &request, &g.all[0]); err != nil {
		return nil, err
	}
	return takeOrder(g.all[0].order), nil
}

// placeHere places an order in a shop that its callers drive.
func (o Orders) placeHere(ctx context.Context, op string, request *OrderRequest) (*Order, error) {
	return call(ctx, o.core, op, func(f *frame) (*Order, error) {
		native := f.order(request, 0)
		native.timeout_ms = waitLimit(ctx, request)
		if f.bad != nil {
			return nil, f.bad
		}
		out := (**C.aurora_order)(f.out())
		if err := f.done(C.aurora_order_place(f.handle, native, out, f.err())); err != nil {
			return nil, err
		}
		return takeOrder(*out), nil
	})
}

// begin refuses a call that cannot be made, and sees to the queue.
func begin(ctx context.Context, c *core, op string) error {
	if ctx == nil {
		return invalid(op, "ctx", "must not be nil")
	}
	if err := ctx.Err(); err != nil {
		return notBegun(op, err)
	}
	if err := c.enter(op); err != nil {
		return err
	}
	defer c.leave()
	return c.placing.start(c, op)
}

// ended is the failure of an order whose shop was closed while it was under way.
func ended(op string, cause error) error {
	return &Error{Op: op, Code: ErrTimeout, Message: "the outcome is not known", cause: cause}
}

// refusal is the failure that a completion tells, nil when it tells none. What is wrong with a request
// by itself is looked for again, for a completion has no words.
func refusal(op string, request *OrderRequest, c *C.aurora_completion) error {
	status := Status(c.status)
	if status == 0 {
		return nil
	}
	if status == ErrInvalid || status == ErrOverflow {
		if err := request.check(op); err != nil {
			return err
		}
	}
	e := &Error{Op: op, Code: status}
	switch {
	case c.error_line != C.AURORA_NO_LINE:
		e.Field = lineField(c.error_line, status)
	case status == ErrKeyReused:
		e.Field = "key"
	case status == ErrTaken:
		e.Field = "reference"
	}
	return e
}
