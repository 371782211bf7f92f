// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"runtime"
	"sync/atomic"
	"time"
)

// A ManualClock moves only when told, for tests of programs that use a shop: WithClock. NewManualClock
// makes one.
type ManualClock struct {
	native *C.aurora_manual_clock
	users  atomic.Int32 // open shops, whose threads read it
}

// NewManualClock makes a clock that stands at wall.
func NewManualClock(wall time.Time) *ManualClock {
	c := &ManualClock{native: (*C.aurora_manual_clock)(C.calloc(1, C.sizeof_aurora_manual_clock))}
	C.aurora_manual_clock_init(c.native, C.int64_t(wall.UnixMilli()))
	runtime.SetFinalizer(c, (*ManualClock).free)
	return c
}

// hold keeps the clock's memory until release, whatever becomes of the clock and its shop in Go.
func (c *ManualClock) hold() {
	if c != nil {
		c.users.Add(1)
	}
}

func (c *ManualClock) release() {
	if c != nil {
		c.users.Add(-1)
	}
}

// free leaves the memory to a shop that nobody can close any more: its worker goes on to read it.
func (c *ManualClock) free() {
	if c.users.Load() == 0 {
		C.free(pointer(c.native))
		c.native = nil
	}
}

// Advance moves the clock forward. Timers that are due fire soon after.
func (c *ManualClock) Advance(d time.Duration) {
	if c.native == nil {
		return
	}
	C.aurora_manual_clock_advance(c.native, C.int64_t(d.Milliseconds()))
	runtime.KeepAlive(c)
}

// Step sets the wall clock alone, also backwards, as an administrator would.
func (c *ManualClock) Step(wall time.Time) {
	if c.native == nil {
		return
	}
	C.aurora_manual_clock_step(c.native, C.int64_t(wall.UnixMilli()))
	runtime.KeepAlive(c)
}

func (c *ManualClock) attach(f *frame) *C.aurora_clock {
	native := (*C.aurora_clock)(f.alloc(C.sizeof_aurora_clock))
	C.aurora_manual_clock_attach(c.native, native)
	return native
}
