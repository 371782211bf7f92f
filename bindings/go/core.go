// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"time"
)

// A core is an open handle, behind a gate.
type core struct {
	gate
	handle     *C.aurora_t
	hasWorker  bool
	isReadOnly bool
	placing    placing
	log        *logPipe
	clock      *ManualClock
	tasks      [2]bool // payments, notifications: whether they are given out as tasks
}

// enter begins a call; leave must follow when there is no error.
func (c *core) enter(op string) error {
	if c == nil {
		return invalid(op, "shop", "is not open")
	}
	if !c.gate.enter() {
		return &Error{Op: op, Code: ErrClosed}
	}
	return nil
}

func (c *core) close() {
	c.shut(func() { C.aurora_wake(c.handle) }, func() {
		C.aurora_close(c.handle)
		c.clock.release()
		c.placing.close()
		c.log.close()
	})
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

// waitTime is a waiting time in milliseconds as C knows it: negative is without end.
type waitTime = C.int32_t

// wait is call for what waits by itself until something comes or a wake ends it. It ends with ctx as
// well, but never leaves the call alone unless it is stuck: what it brings may be somebody's work.
// late gets what comes after that.
func wait[T any](ctx context.Context, c *core, op string, timeout time.Duration,
	f func(*frame, waitTime) (T, error), late func(T)) (T, error) {
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
	again := func() (T, error) {
		return inside(c, op, func(frame *frame) (T, error) { return repeat(ctx, c, timeout, frame, f) })
	}
	if ctx.Done() == nil {
		return again()
	}
	return waking(ctx, op, &c.gate, func() { C.aurora_wake(c.handle) }, again, late)
}

// repeat makes the call again, for the time that is left, where a wake was meant for another.
func repeat[T any](ctx context.Context, c *core, timeout time.Duration, frame *frame,
	f func(*frame, waitTime) (T, error)) (T, error) {
	end := time.Now().Add(timeout)
	for left := timeout; ; frame.rewind() {
		value, err := f(frame, waitMs(left))
		switch {
		case !isStatus(err, ErrInterrupted) || ctx.Err() != nil:
			return value, err
		case c.isShutting():
			return value, &Error{Op: frame.op, Code: ErrClosed}
		}
		if timeout < 0 {
			continue
		}
		if left = time.Until(end); left < 0 {
			left = 0
		}
	}
}

// waking runs f, and once ctx is done wakes it until it returns.
func waking[T any](ctx context.Context, op string, g *gate, wake func(), f func() (T, error),
	late func(T)) (T, error) {
	done := make(chan result[T], 1)
	go func() {
		value, err := f()
		// Also where somebody else's wake ended it: a context that is over is the reason.
		if e, isError := err.(*Error); isError && e.Code == ErrInterrupted && ctx.Err() != nil {
			e.Message, e.cause = "nothing came", ctx.Err()
		}
		done <- result[T]{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	if r, ok := wakeUntil(g, wake, done); ok {
		return r.value, r.err
	}
	go func() {
		if r := <-done; r.err == nil && late != nil {
			late(r.value)
		}
	}()
	var none T
	return none, unknown(op, ctx.Err())
}

const stuckAfter = time.Second

// wakeUntil wakes at growing intervals: a wake may come before the waiting, and one too many ends the wait
// of somebody else.
func wakeUntil[T any](g *gate, wake func(), done <-chan result[T]) (result[T], bool) {
	end := time.Now().Add(stuckAfter)
	for pause := time.Millisecond; time.Now().Before(end); pause *= 2 {
		if g.enter() { // else it is shutting, which wakes everybody
			wake()
			g.leave()
		}
		select {
		case r := <-done:
			return r, true
		case <-time.After(pause):
		}
	}
	return result[T]{}, false
}
