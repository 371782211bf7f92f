// SPDX-License-Identifier: MIT

package aurora

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"time"
)

func TestMillisRoundsUpAndNeverOverflows(t *testing.T) {
	for d, want := range map[time.Duration]int64{0: 0, 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2,
		-1: 0, -time.Second: -1000, math.MaxInt64: math.MaxInt64/1000000 + 1, math.MinInt64: math.MinInt64 / 1000000} {
		if got := millis(d); got != want {
			t.Errorf("%d ns: %d ms, want %d", d, got, want)
		}
	}
	queue, err := openShop(t).NewQueue(1)
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close()
	must(t, queue.Watch(ID{1}, 0, math.MaxInt64, 0), ErrInvalid)
}

// What only waits has done nothing when its context ends, and tells it so, whoever is faster.
func TestWaitsThatEndTellTheirContext(t *testing.T) {
	shop := openShop(t, WithSettings("payment=none:", "notify=none:"))
	_, newest, err := shop.Events.Bounds(background)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 200; i++ {
		ctx, cancel := context.WithTimeout(background, time.Duration(i)*10*time.Microsecond)
		_, err := shop.Events.Tail(ctx, newest, 0, -1)
		cancel()
		must(t, err, ErrInterrupted, context.DeadlineExceeded)
	}
}

func TestMisuseOfOptionsIsAnError(t *testing.T) {
	must(t, Check("memory:", nil), ErrInvalid)
	must(t, Check("memory:", WithSettings("order_wiat=1s")), ErrInvalid)
	if err := Check("memory:"); err != nil {
		t.Error(err)
	}
	shop := openShop(t, WithSettings("payment=none:", "notify=none:"))
	must(t, shop.Payments.Serve(background, stuckProvider{}, nil), ErrInvalid)
	must(t, shop.Payments.Serve(background, stuckProvider{}, Lease(-time.Second)), ErrInvalid)
	must(t, shop.Notifications.Serve(background, nil), ErrInvalid)
}

func TestCloseFromItsOwnLogIsRefused(t *testing.T) {
	var shop *Shop
	told := make(chan error, 1000)
	opened := make(chan struct{})
	shop, err := Open("memory:", WithLog(LogDebug, func(LogRecord) {
		<-opened
		told <- shop.Close()
	}))
	if err != nil {
		t.Fatal(err)
	}
	close(opened)
	if _, err := shop.Orders.Place(background, mugs("", 1)); !errors.Is(err, ErrUnknownSKU) {
		t.Error(err)
	}
	within(t, "close", func() { shop.Close() })
	close(told)
	records := 0
	for err := range told {
		records++
		must(t, err, ErrReentrant)
	}
	if records == 0 {
		t.Error("there was no line of log")
	}
}

// The log's function is on a goroutine of its own: what it starts there may close the shop.
func TestCloseBesideTheLogIsAClose(t *testing.T) {
	closed := make(chan error, 1)
	var shop *Shop
	var once sync.Once
	opened := make(chan struct{})
	shop, err := Open("memory:", WithLog(LogDebug, func(LogRecord) {
		<-opened
		once.Do(func() { go func() { closed <- shop.Close() }() })
	}))
	if err != nil {
		t.Fatal(err)
	}
	close(opened)
	shop.Orders.Place(background, mugs("", 1))
	within(t, "close", func() {
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

// A function of the log that waits for somebody's Close, which waits for it: Close ends that.
func TestCloseGivesUpALogThatWaitsForIt(t *testing.T) {
	var shop *Shop
	var once sync.Once
	opened, closed := make(chan struct{}), make(chan error, 1)
	logged := make(chan int, 1)
	lines := 0
	shop, err := Open("memory:", WithLog(LogDebug, func(LogRecord) {
		<-opened
		once.Do(func() {
			answer := make(chan error)
			go func() { answer <- shop.Close() }()
			closed <- <-answer
		})
		if lines++; lines == 1 {
			logged <- lines
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	shop.core.log.stuckAfter = 300 * time.Millisecond
	begin := time.Now()
	close(opened)
	shop.Orders.Place(background, mugs("", 1))
	within(t, "close", func() { must(t, <-closed, ErrTimeout) })
	if time.Since(begin) < shop.core.log.stuckAfter {
		t.Error("it did not wait")
	}
	within(t, "the log's function", func() { <-logged })
	_, err = shop.Orders.Place(background, mugs("", 1))
	must(t, err, ErrClosed)
	within(t, "the log's end", func() { <-shop.core.log.ended })
	if err := shop.Close(); err != nil {
		t.Error(err)
	}
}

// One that is slow is waited for, for however long that takes in all.
func TestCloseWaitsForASlowLog(t *testing.T) {
	lines := 0
	shop, err := Open("memory:", WithLog(LogDebug, func(LogRecord) {
		lines++
		time.Sleep(200 * time.Millisecond)
	}))
	if err != nil {
		t.Fatal(err)
	}
	shop.core.log.stuckAfter = 2 * time.Second
	for i := 0; i < 15; i++ {
		shop.Orders.Place(background, mugs("", 1))
	}
	begin := time.Now()
	if err := shop.Close(); err != nil {
		t.Error(err)
	}
	if lines < 12 || time.Since(begin) < shop.core.log.stuckAfter {
		t.Errorf("%d lines in %v: too few to tell", lines, time.Since(begin))
	}
}

func TestAnInterruptedWaitNeedsNoMoreMemory(t *testing.T) {
	c := &core{gate: newGate()}
	f := newFrame("wait")
	defer f.free()
	size, rounds := f.blocks[0].size, 0
	_, err := repeat(background, c, -1, f, func(f *frame, _ waitTime) (int, error) {
		f.text("name", "a consumer")
		if rounds++; rounds < 100000 {
			return 0, &Error{Code: ErrInterrupted}
		}
		return 0, nil
	})
	if err != nil || len(f.blocks) != 1 || f.blocks[0].size != size {
		t.Error(err, len(f.blocks), f.blocks[0].size)
	}
}

// A call that is stuck is left alone, and what it brings later goes to the next one.
func TestWhatComesLateIsKept(t *testing.T) {
	queue, err := openShop(t).NewQueue(10)
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close()
	ctx, cancel := context.WithCancel(background)
	cancel()
	goOn := make(chan struct{})
	_, err = queue.waking(ctx, "test", func() ([]Completion, error) {
		<-goOn
		return []Completion{{Tag: 1}, {Tag: 2}, {Tag: 3}}, nil
	})
	must(t, err, ErrTimeout, context.Canceled)
	close(goOn)
	var first []Completion
	within(t, "the wait", func() { // a waiting Take is woken
		for err = ErrInterrupted; isStatus(err, ErrInterrupted); {
			first, err = queue.Take(background, 2, -1)
		}
	})
	if err != nil || len(first) != 2 || first[0].Tag != 1 || first[1].Tag != 2 {
		t.Fatal(first, err)
	}
	second, err := queue.Take(background, 2, 0)
	if err != nil || len(second) != 1 || second[0].Tag != 3 {
		t.Fatal(second, err)
	}
}

// A shop reads its clock until it is closed, whatever the collector thinks of the clock.
func TestAClockOutlivesItsShops(t *testing.T) {
	clock := NewManualClock(time.UnixMilli(1))
	if _, err := Open("rubbish://", WithClock(clock)); err == nil {
		t.Error("rubbish was opened")
	}
	if err := Check("memory:", WithClock(clock)); err != nil {
		t.Error(err)
	}
	if clock.users.Load() != 0 {
		t.Error("a shop that is not open holds a clock")
	}
	shops := []*Shop{openShop(t, WithClock(clock)), openShop(t, WithClock(clock))}
	for _, shop := range shops {
		if clock.free(); clock.native == nil {
			t.Fatal("the clock is gone while a shop reads it")
		}
		shop.Close()
		shop.Close()
	}
	if clock.users.Load() != 0 {
		t.Error("a closed shop holds its clock")
	}
}
