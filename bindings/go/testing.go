// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"runtime"
	"time"
)

// A ManualClock moves only when told, for tests of programs that use a shop: WithClock.
type ManualClock struct{ native *C.aurora_manual_clock }

// NewManualClock makes a clock that stands at wall.
func NewManualClock(wall time.Time) *ManualClock {
	c := &ManualClock{(*C.aurora_manual_clock)(C.calloc(1, C.sizeof_aurora_manual_clock))}
	C.aurora_manual_clock_init(c.native, C.int64_t(wall.UnixMilli()))
	runtime.SetFinalizer(c, func(c *ManualClock) { C.free(pointer(c.native)) })
	return c
}

// Advance moves the clock forward. Timers that are due fire soon after.
func (c *ManualClock) Advance(d time.Duration) {
	C.aurora_manual_clock_advance(c.native, C.int64_t(d.Milliseconds()))
	runtime.KeepAlive(c)
}

// Step sets the wall clock alone, also backwards, as an administrator would.
func (c *ManualClock) Step(wall time.Time) {
	C.aurora_manual_clock_step(c.native, C.int64_t(wall.UnixMilli()))
	runtime.KeepAlive(c)
}

func (c *ManualClock) attach(f *frame) *C.aurora_clock {
	native := (*C.aurora_clock)(f.alloc(C.sizeof_aurora_clock))
	C.aurora_manual_clock_attach(c.native, native)
	return native
}
