// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"time"
)

// Wait reads an order as soon as its version is above after, whichever process changed it. It waits
// until ctx is done, and then gives the context's error.
func (o Orders) Wait(ctx context.Context, id ID, after uint64) (*Order, error) {
	const op = "orders wait"
	c := o.core
	if c != nil && !c.hasWorker {
		return o.waitHere(ctx, op, id, after)
	}
	for {
		if err := begin(ctx, c, op); err != nil {
			return nil, err
		}
		order, err := c.watch(ctx, op, id, after)
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

// pause waits a little after a failure that may pass.
func pause(ctx context.Context, c *core, err error) error {
	if err == nil {
		return nil
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

const watchMs = 10000 // a watch cannot be withdrawn, so none is long

func (c *core) watch(ctx context.Context, op string, id ID, after uint64) (*Order, error) {
	groupID, g := c.placing.add(1)
	if err := c.enter(op); err != nil {
		c.placing.remove(groupID, g)
		return nil, err
	}
	rc := C.aurora_order_watch(c.placing.queue, id.native(), C.uint64_t(after), watchMs,
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
		return nil, &Error{Op: op, Code: ErrClosed}
	}
	if err := statusError(op, g.all[0].status); err != nil {
		return nil, err
	}
	return takeOrder(g.all[0].order), nil
}

// waitHere waits in a shop that its callers drive.
func (o Orders) waitHere(ctx context.Context, op string, id ID, after uint64) (*Order, error) {
	for {
		order, err := wait(ctx, o.core, op, watchMs*time.Millisecond, func(f *frame, most C.int32_t) (*Order, error) {
			out := (**C.aurora_order)(f.out())
			rc := C.aurora_order_wait(f.handle, id.native(), C.uint64_t(after), most, out)
			if err := f.done(rc); err != nil {
				return nil, err
			}
			return takeOrder(*out), nil
		}, nil)
		if err != nil || order.Version > after {
			return order, err
		}
	}
}
