// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A core is an open handle, and who is inside a call on it: C allows no call to begin after its close
// began, and frees the handle when those under way have left.
type core struct {
	handle  *C.aurora_t
	inside  atomic.Int64  // calls, and the bit closing
	left    chan struct{} // the last call left while closing
	closed  sync.Once
	done    chan struct{} // closed when closing begins
	placing placing
	log     *logPipe
	clock   *ManualClock
	tasks   [2]bool // payments, notifications: whether they are given out as tasks
}

const closing = 1 << 62

// enter begins a call; leave must follow when there is no error.
func (c *core) enter(op string) error {
	if c == nil {
		return invalid(op, "shop", "is not open")
	}
	if c.inside.Add(1)&closing != 0 {
		c.leave()
		return &Error{Op: op, Code: ErrClosed}
	}
	return nil
}

func (c *core) leave() {
	if c.inside.Add(-1) == closing {
		select {
		case c.left <- struct{}{}:
		default:
		}
	}
}

// close lets waiting calls return, waits until all calls have left, and frees the handle.
func (c *core) close() {
	c.inside.Add(closing)
	close(c.done)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for c.inside.Load() != closing {
		C.aurora_wake(c.handle)
		select {
		case <-c.left:
		case <-tick.C: // a call that began to wait just after the wake
		}
	}
	C.aurora_close(c.handle)
	c.placing.close()
	c.log.close()
}

type result[T any] struct {
	value T
	err   error
}

// call makes one call of the library and returns when it has, or when ctx is done: then the call goes
// on by itself and its outcome is unknown.
func call[T any](ctx context.Context, c *core, op string, f func(*frame) (T, error)) (T, error) {
	var none T
	if ctx == nil {
		return none, invalid(op, "ctx", "must not be nil")
	}
	if err := ctx.Err(); err != nil {
		return none, notBegun(op, err)
	}
	if err := c.enter(op); err != nil {
		return none, err
	}
	if ctx.Done() == nil {
		return inside(c, op, f)
	}
	done := make(chan result[T], 1)
	go func() {
		value, err := inside(c, op, f)
		done <- result[T]{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		select {
		case r := <-done:
			return r.value, r.err
		default:
			return none, unknown(op, ctx.Err())
		}
	}
}

func inside[T any](c *core, op string, f func(*frame) (T, error)) (T, error) {
	defer c.leave()
	frame := newFrame(op)
	defer frame.free()
	frame.handle = c.handle
	return f(frame)
}

// do is call for what has no result.
func do(ctx context.Context, c *core, op string, f func(*frame) error) error {
	_, err := call(ctx, c, op, func(fr *frame) (struct{}, error) { return struct{}{}, f(fr) })
	return err
}

// wait is call for what waits by itself until something comes or a wake ends it. It ends with ctx as
// well, but never leaves the call alone unless it is stuck: what it brings may be somebody's work.
// late gets what comes after that.
func wait[T any](ctx context.Context, c *core, op string, f func(*frame) (T, error),
	late func(T)) (T, error) {
	var none T
	if ctx == nil {
		return none, invalid(op, "ctx", "must not be nil")
	}
	if err := ctx.Err(); err != nil {
		return none, notBegun(op, err)
	}
	if err := c.enter(op); err != nil {
		return none, err
	}
	if ctx.Done() == nil {
		return inside(c, op, f)
	}
	done := make(chan result[T], 1)
	go func() {
		value, err := inside(c, op, f)
		done <- result[T]{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	if r, ok := wakeUntil(c, done); ok {
		if e, isError := r.err.(*Error); isError && e.Code == ErrInterrupted {
			e.cause = ctx.Err()
		}
		return r.value, r.err
	}
	go func() {
		if r := <-done; r.err == nil && late != nil {
			late(r.value)
		}
	}()
	return none, unknown(op, ctx.Err())
}

const stuckAfter = time.Second

func wakeUntil[T any](c *core, done <-chan result[T]) (result[T], bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(stuckAfter); time.Now().Before(end); {
		if c.enter("wake") != nil {
			break // closing wakes everybody
		}
		C.aurora_wake(c.handle)
		c.leave()
		select {
		case r := <-done:
			return r, true
		case <-tick.C:
		}
	}
	select {
	case r := <-done:
		return r, true
	default:
		return result[T]{}, false
	}
}
