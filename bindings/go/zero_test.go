// SPDX-License-Identifier: MIT

package aurora

import (
	"context"
	"testing"
	"time"
)

// What was never made does nothing, and crashes nobody.
func TestZeroValuesAreHarmless(t *testing.T) {
	var limiter Limiter
	if limiter.Take("x", 1).IsAllowed || limiter.ReadAt("x", 1).IsAllowed {
		t.Error("a zero limiter gave a token")
	}
	var keys Keys
	keys.Add("x")
	if limiter.TakeMany(&keys, 1) != 0 || limiter.Figures().Keys != 0 {
		t.Error("a zero limiter gave a token")
	}
	must(t, limiter.SetRate(Rate{Tokens: 1, Per: 1, Burst: 1}), ErrInvalid)
	if _, ok := TakeAll([]Claim{{Key: "x", N: 1}, {Limiter: &limiter, Key: "x", N: 1}}); ok {
		t.Error("a zero limiter gave a token")
	}
	if new(RetryBudget).Left() != 0 {
		t.Error("a zero budget has repeats")
	}
	var clock ManualClock
	clock.Advance(time.Second)
	clock.Step(time.Now())
	if _, err := Open("memory:", WithClock(&clock)); err == nil {
		t.Error("a shop lives by a zero clock")
	}
	var machine Machine
	if machine.Next(1, 1) != 0 || len(machine.States()) != 0 || len(machine.Events()) != 0 {
		t.Error("a zero machine moves")
	}
	var sketch TopK
	if sketch.Add("x", 1, time.Now()) == nil || sketch.Capacity() != 0 {
		t.Error("a zero sketch counts")
	}
	sketch.List(time.Now(), 1)
	sketch.Get("x", time.Now())
	sketch.Newest()
	sketch.Reset()
	sketch.MarshalBinary()
	sketch.UnmarshalBinary(nil)
	var bulkhead Bulkhead
	if bulkhead.TryEnter() {
		t.Error("a zero bulkhead let somebody in")
	}
	bulkhead.Leave()
	var retry Retry
	if _, ok := retry.Next(RetryRetriable); ok {
		t.Error("a zero retry goes on")
	}
	if budget, err := NewRetryBudget(0, -1); err == nil || budget != nil {
		t.Error(budget, err)
	}
	if bulkhead, err := NewBulkhead(0, 0); err == nil || bulkhead != nil {
		t.Error(bulkhead, err)
	}
	must(t, openShop(t).Events.Follow(context.Background(), "c", nil), ErrInvalid)
}
