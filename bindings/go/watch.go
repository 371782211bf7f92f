// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"time"
)

// Wait reads an order as soon as its version is above after, whichever process changed it, or when
// timeout has passed (negative = never, 0 = at once): compare Version. ErrNotFound.
func (o Orders) Wait(ctx context.Context, id ID, after uint64, timeout time.Duration) (*Order, error) {
	const op = "orders wait"
	c := o.core
	if timeout == 0 {
		return o.Get(ctx, id)
	}
	if c != nil && (!c.hasWorker || c.isReadOnly) { // a reader has no queue
		return o.waitHere(ctx, op, id, after, timeout, waitHereMax)
	}
	if err := begin(ctx, c, op); err != nil {
		return nil, err
	}
	for end := time.Now().Add(timeout); ; {
		left := watchTime(ctx)
		if until := time.Until(end); timeout > 0 && until < left {
			left = until
		}
		if left < time.Millisecond {
			return o.Get(ctx, id)
		}
		order, err := c.watch(ctx, op, id, after, left)
		if err != nil && !isStatus(err, ErrInterrupted) && !isStatus(err, ErrBusy) {
			return nil, err
		}
		if order != nil && order.Version > after {
			return order, nil
		}
		if err := pause(ctx, c, err); err != nil {
			return nil, unknown(op, err)
		}
	}
}

const (
	watchMax    = 10 * time.Second
	waitHereMax = 10 * time.Minute // what C allows
)

// watchTime is how long to watch at once: a watch cannot be withdrawn, so none is long, nor much longer
// than the context allows.
func watchTime(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	left := time.Until(deadline) + time.Millisecond
	switch {
	case !ok || left > watchMax:
		return watchMax
	case left < time.Millisecond:
		return time.Millisecond
	}
	return left
}

// pause waits a little after a failure that may pass.
func pause(ctx context.Context, c *core, err error) error {
	if err == nil {
		return ctx.Err()
	}
	timer := time.NewTimer(10 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (c *core) watch(ctx context.Context, op string, id ID, after uint64,
	timeout time.Duration) (*Order, error) {
	groupID, g := c.placing.add(1)
	if err := c.enter(op); err != nil {
		c.placing.remove(groupID, g)
		return nil, err
	}
	rc := C.aurora_order_watch(c.placing.queue, id.native(), C.uint64_t(after), C.uint32_t(millis(timeout)),
		C.uint64_t(groupID<<placeBits))
	c.leave()
	if rc != C.AURORA_OK {
		c.placing.remove(groupID, g)
		return nil, &Error{Op: op, Code: Status(rc)}
	}
	select {
	case <-g.done:
	case <-ctx.Done():
		c.placing.remove(groupID, g)
		return nil, unknown(op, ctx.Err())
	}
	if g.end != nil {
		return nil, notSubmitted(op, g.end)
	}
	if err := statusError(op, g.all[0].status); err != nil {
		return nil, err
	}
	return takeOrder(g.all[0].order), nil
}

// waitHere waits by calls of C's of at most `most`, where there is no queue that could watch.
func (o Orders) waitHere(ctx context.Context, op string, id ID, after uint64,
	timeout, most time.Duration) (*Order, error) {
	for end := time.Now().Add(timeout); ; {
		left, isLast := most, false
		if until := time.Until(end); timeout > 0 && until <= most {
			left, isLast = until, true
		}
		if left < 0 { // without end for the callee
			left = 0
		}
		order, err := wait(ctx, o.core, op, left, func(f *frame, ms waitTime) (*Order, error) {
			out := (**C.aurora_order)(f.out())
			rc := C.aurora_order_wait(f.handle, id.native(), C.uint64_t(after), ms, out)
			if err := f.done(rc); err != nil {
				return nil, err
			}
			return takeOrder(*out), nil
		}, nil)
		if err != nil || order.Version > after || isLast {
			return order, err
		}
	}
}
