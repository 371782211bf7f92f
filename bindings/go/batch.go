// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import "context"

// A Placement is what became of one order of a batch.
type Placement struct {
	ID         ID
	Status     OrderStatus
	Reason     Reason
	TotalMinor int64
	Version    uint64
	IsReplay   bool
	Err        error // as Place would have returned it; the rest is then zero, but ID with ErrTaken
}

// PlaceMany places orders at once, each for itself: one that is refused stops no other, and has its
// failure in its placement. The whole crosses to C a few times only. An error means that it ended before
// all were placed. Then a placement with ErrTimeout is of an order that may be stored or not; one with
// ErrBusy, ErrClosed, ErrInterrupted or another of the call's own failures is of one that was never
// handed over. With the same keys all may be placed again.
func (o Orders) PlaceMany(ctx context.Context, requests []OrderRequest) ([]Placement, error) {
	const op = "orders place many"
	c := o.core
	if c != nil && !c.hasWorker {
		return o.placeManyHere(ctx, requests), nil
	}
	if err := begin(ctx, c, op); err != nil {
		return nil, err
	}
	out := make([]Placement, len(requests))
	var failure, cause error
	for from := 0; from < len(requests); from += groupMax {
		to := from + groupMax
		if to > len(requests) {
			to = len(requests)
		}
		if cause == nil {
			cause = ctx.Err()
		}
		b := newBatch(ctx, op, requests[from:to], out[from:to])
		if cause == nil {
			failure, cause = b.place(ctx, c)
		} else if err := b.giveUp(0, cause); failure == nil {
			failure = err
		}
		b.frame.free()
	}
	return out, failure
}

func (o Orders) placeManyHere(ctx context.Context, requests []OrderRequest) []Placement {
	out := make([]Placement, len(requests))
	for i, request := range requests {
		order, err := o.Place(ctx, request)
		if err != nil {
			out[i].Err = err
			continue
		}
		out[i] = Placement{ID: order.ID, Status: order.Status, Reason: order.Reason,
			TotalMinor: order.TotalMinor, Version: order.Version, IsReplay: order.IsReplay}
	}
	return out
}

// A batch is a part of PlaceMany that goes together: those requests that C can take.
type batch struct {
	op       string
	frame    *frame
	requests []OrderRequest
	out      []Placement
	natives  []*C.aurora_order_request
	places   []int // of each of natives in requests
	group    *group
}

// newBatch tells of those that C cannot take what is wrong.
func newBatch(ctx context.Context, op string, requests []OrderRequest, out []Placement) *batch {
	b := &batch{op: op, frame: newFrame(op), requests: requests, out: out,
		places: make([]int, 0, len(requests))}
	_, natives := array[*C.aurora_order_request](b.frame, len(requests))
	for i := range requests {
		native := b.frame.order(&requests[i], 0)
		native.timeout_ms = waitLimit(ctx, &requests[i])
		if bad := b.frame.takeBad(); bad != nil {
			out[i].Err = bad
			continue
		}
		natives[len(b.places)] = native
		b.places = append(b.places, i)
	}
	b.natives = natives[:len(b.places)]
	return b
}

// place returns the failure to tell and its cause, where it ends before all were placed.
func (b *batch) place(ctx context.Context, c *core) (failure, cause error) {
	if len(b.places) == 0 {
		return nil, nil
	}
	id, g := c.placing.add(len(b.places))
	b.group = g
	accepted, cause := c.placing.submit(ctx, c, b.frame, g, id, b.natives)
	if cause == nil {
		select {
		case <-g.done:
			cause = g.end
		case <-ctx.Done():
			cause = ctx.Err()
		}
	}
	if cause != nil {
		c.placing.remove(id, g)
		return b.giveUp(accepted, cause), cause
	}
	for n, i := range b.places {
		b.out[i] = placementOf(b.op, &b.requests[i], &g.all[n])
	}
	return nil, nil
}

// giveUp tells of each order what is known: those that came, those that are under way, and those that
// were not accepted.
func (b *batch) giveUp(accepted int, cause error) (failure error) {
	for n, i := range b.places {
		switch {
		case n >= accepted:
			b.out[i].Err = notSubmitted(b.op, cause)
		case b.group.all[n].version != 0 || b.group.all[n].status != 0:
			b.out[i] = placementOf(b.op, &b.requests[i], &b.group.all[n])
			continue
		default:
			b.out[i].Err = unknown(b.op, cause)
		}
		if failure == nil || n < accepted {
			failure = b.out[i].Err
		}
	}
	return failure
}

func placementOf(op string, request *OrderRequest, c *C.aurora_completion) Placement {
	return Placement{ID: idOf(c.id), Status: OrderStatus(c.order_status), Reason: Reason(c.reason),
		TotalMinor: int64(c.total_minor), Version: uint64(c.version), IsReplay: c.is_replay != 0,
		Err: refusal(op, request, c)}
}
