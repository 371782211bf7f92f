// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"strings"
	"time"
)

// A Shop is an open store. Its parts are its members. Any number of goroutines may use it; close it
// with Close.
type Shop struct {
	Products      Products
	Stock         Stock
	Orders        Orders
	Payments      Payments
	Notifications Notifications
	Events        Events
	Sagas         Sagas
	Operator      Operator
	core          *core
}

// An Option says how to open a shop.
type Option func(*options)

type options struct {
	flags    C.uint32_t
	settings []string
	level    LogLevel
	log      func(LogRecord)
	clock    *ManualClock
	isPumped bool
}

// WithSettings gives settings as "name=value": the same names as in a daemon's configuration, for
// example "order_wait=2s" or "payment=none:". A later one wins.
func WithSettings(assignments ...string) Option {
	return func(o *options) { o.settings = append(o.settings, assignments...) }
}

// ReadOnly allows queries only; everything else answers ErrReadOnly.
func ReadOnly() Option { return func(o *options) { o.flags |= C.AURORA_OPEN_READONLY } }

// NoCreate answers ErrNotFound for a store that does not exist.
func NoCreate() Option { return func(o *options) { o.flags |= C.AURORA_OPEN_NO_CREATE } }

// NoMigrate answers ErrSchema for a store of an older release, which is migrated otherwise.
func NoMigrate() Option { return func(o *options) { o.flags |= C.AURORA_OPEN_NO_MIGRATE } }

// WithLog hands each line of log of at least this level to log, in order, on one goroutine. It may
// take its time: what has no room meanwhile is left out, and the next record says how many were. Close
// waits for it, so it must neither close the shop nor wait for a goroutine that does: the first is
// refused with ErrReentrant, and the second makes that Close give up after 10 seconds in which no line
// was handled. `go shop.Close()` is the way out of it.
func WithLog(level LogLevel, log func(LogRecord)) Option {
	return func(o *options) { o.level, o.log = level, log }
}

// WithClock lets the shop live by a clock that a test moves.
func WithClock(clock *ManualClock) Option { return func(o *options) { o.clock = clock } }

// Pumped starts no thread: calls drive the shop by themselves, and what is left is driven by Pump. For
// tests that need to know what happens when.
func Pumped() Option { return func(o *options) { o.isPumped = true } }

// Open opens the store at url, and makes it unless an option forbids that: "shop.db" is a file that
// other processes may have open too, "memory:" is gone at the end. Programs built with the tag
// aurora_net may give "postgresql://..." as well.
func Open(url string, opts ...Option) (*Shop, error) {
	o, err := optionsOf("open", opts)
	if err != nil {
		return nil, err
	}
	c := &core{gate: newGate(), clock: o.clock, hasWorker: !o.isPumped,
		isReadOnly: o.flags&C.AURORA_OPEN_READONLY != 0}
	frame := newFrame("open")
	defer frame.free()
	if o.log != nil {
		if c.log, err = newLogPipe(o.level, o.log); err != nil {
			return nil, err
		}
	}
	address, native := frame.textOrEmpty("url", url), frame.options(o, c.log)
	if frame.bad != nil {
		c.log.close()
		c.log.wait()
		return nil, frame.bad
	}
	c.clock.hold()
	rc := C.aurora_open(address, native, &c.handle, frame.err())
	if err := frame.done(rc); err != nil {
		c.clock.release()
		c.log.close()
		c.log.wait()
		return nil, err
	}
	c.tasks = [2]bool{givesTasks(o.settings, "payment"), givesTasks(o.settings, "notify")}
	return newShop(c), nil
}

// Check finds what Open would refuse in url and options before it opens the store, and opens none.
func Check(url string, opts ...Option) error {
	o, err := optionsOf("check", opts)
	if err != nil {
		return err
	}
	frame := newFrame("check")
	defer frame.free()
	address, native := frame.textOrEmpty("url", url), frame.options(o, nil)
	if frame.bad != nil {
		return frame.bad
	}
	o.clock.hold()
	defer o.clock.release()
	return frame.done(C.aurora_open_check(address, native, frame.err()))
}

func optionsOf(op string, opts []Option) (*options, error) {
	o := new(options)
	for _, option := range opts {
		if option == nil {
			return nil, invalid(op, "options", "must not be nil")
		}
		option(o)
	}
	if o.clock != nil && o.clock.native == nil {
		return nil, invalid(op, "clock", "was never made")
	}
	return o, nil
}

func newShop(c *core) *Shop {
	return &Shop{Products{c}, Stock{c}, Orders{c}, Payments{c}, Notifications{c}, Events{c},
		Sagas{c}, Operator{c}, c}
}

func (f *frame) options(o *options, log *logPipe) *C.aurora_options {
	first, settings := array[*C.char](f, len(o.settings))
	for i, s := range o.settings {
		settings[i] = f.textOrEmpty("settings", s)
	}
	native := (*C.aurora_options)(f.alloc(C.sizeof_aurora_options))
	*native = C.aurora_options{size: C.sizeof_aurora_options, flags: o.flags, settings: first,
		setting_count: C.uint32_t(len(o.settings))}
	if !o.isPumped {
		native.flags |= C.AURORA_OPEN_WORKER
	}
	native.drivers = netDrivers(&native.driver_count)
	if log != nil {
		native.log = log.attach(f)
	}
	if o.clock != nil {
		native.clock = o.clock.attach(f)
	}
	return native
}

// givesTasks says whether the last setting of this name leaves its work to tasks.
func givesTasks(settings []string, name string) bool {
	gives := false
	for _, s := range settings {
		if strings.HasPrefix(s, name+"=") {
			gives = s == name+"=none:"
		}
	}
	return gives
}

// Close finishes the batch in flight, lets calls that wait return ErrClosed, and waits until all have
// left and the last line of log is handled. Orders that were placed and not yet stored are dropped;
// their callers learn that they are not known to be stored. It returns nil, also the second time, and
// for a nil shop, but for two cases: from within WithLog's function, which it would wait for, it answers
// ErrReentrant and closes nothing; and where that function does not return for 10 seconds, as when it
// waits for this very call, it answers ErrTimeout. Then all but the log is closed, which ends when its
// function returns.
func (s *Shop) Close() error {
	if s == nil || s.core == nil {
		return nil
	}
	if s.core.log.isInside() {
		return &Error{Op: "close", Code: ErrReentrant, Message: "must not be called by the log's function"}
	}
	s.core.close()
	return s.core.log.wait()
}

// Pump runs what is due in a shop that was opened with Pumped, for about budget (0 = one batch), and
// says in how long the next timer is due: 0 = more to do now, -1 = nothing that is known.
func (s *Shop) Pump(ctx context.Context, budget time.Duration) (time.Duration, error) {
	return call(ctx, s.inner(), "pump", func(f *frame) (time.Duration, error) {
		due := (*C.int64_t)(f.alloc(C.sizeof_int64_t))
		*due = -1
		rc := C.aurora_pump(f.handle, waitMs(budget), due)
		if *due < 0 {
			return -1, f.done(rc)
		}
		return time.Duration(*due) * time.Millisecond, f.done(rc)
	})
}

// Health is nil while the shop takes commands, else what every command would get.
func (s *Shop) Health() error {
	c := s.inner()
	if err := c.enter("health"); err != nil {
		return err
	}
	defer c.leave()
	return statusError("health", C.aurora_health(c.handle))
}

// BusHealth is nil while the shop reaches the bus of its setting bus.
func (s *Shop) BusHealth(ctx context.Context) error {
	return do(ctx, s.inner(), "bus health", func(f *frame) error {
		return f.done(C.aurora_bus_health(f.handle, f.err()))
	})
}

// Set changes a setting that may change while the shop is open, "order_wait=2s", until it is closed.
func (s *Shop) Set(ctx context.Context, assignment string) error {
	return do(ctx, s.inner(), "set", func(f *frame) error {
		text := f.textOrEmpty("assignment", assignment)
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_setting_put(f.handle, text, f.err()))
	})
}

// SetLogLevel changes what WithLog's function is given.
func (s *Shop) SetLogLevel(level LogLevel) error {
	c := s.inner()
	if err := c.enter("set log level"); err != nil {
		return err
	}
	defer c.leave()
	return statusError("set log level", C.aurora_log_set_level(c.handle, C.int32_t(level)))
}

func (s *Shop) inner() *core {
	if s == nil {
		return nil
	}
	return s.core
}

// Version is the version of the library that is linked, "0.1.0".
func Version() string { return C.GoString(C.aurora_version()) }

func timeOf(ms C.int64_t) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms)).UTC()
}

func msOf(t time.Time) C.int64_t {
	if t.IsZero() {
		return 0
	}
	return C.int64_t(t.UnixMilli())
}

// millis rounds a duration up to whole milliseconds, so that a short one does not become none.
func millis(d time.Duration) int64 {
	ms := int64(d / time.Millisecond)
	if d%time.Millisecond > 0 {
		ms++
	}
	return ms
}

func isStatus(err error, status Status) bool { return err != nil && errors.Is(err, status) }
