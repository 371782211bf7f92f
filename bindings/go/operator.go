// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"time"
)

// A Violation is an invariant that does not hold.
type Violation struct {
	Invariant string // "I1" to "I16"
	Subject   string // an order id, a SKU, a consumer
	Message   string // one line with the numbers that disagree
}

// A Report is what an audit found.
type Report struct {
	IsOK           bool
	InProgress     uint64 // sagas and consumers on their way: neither good nor bad
	ViolationCount uint64
	Violations     []Violation // the first 1,000
	Orders         uint64      // what was looked at
	SKUs           uint64
	Events         uint64
	At             time.Time // of the snapshot
}

// A Drain is what keeps a store from being drained.
type Drain struct {
	IsDrained       bool
	IsRefusing      bool // this shop refuses new orders, see SetDrain
	UnsettledOrders uint64
	RelayLag        uint64
	SagaLag         uint64
}

// Operator is care of a whole store.
type Operator struct{ core *core }

// Verify checks every invariant on one snapshot; writers go on meanwhile. A violation is in the
// report and no error.
func (o Operator) Verify(ctx context.Context) (*Report, error) {
	return call(ctx, o.core, "verify", func(f *frame) (*Report, error) {
		out := (**C.aurora_report)(f.out())
		if err := f.done(C.aurora_verify(f.handle, out)); err != nil {
			return nil, err
		}
		r := *out
		defer C.aurora_report_free(r)
		return &Report{r.is_ok != 0, uint64(r.in_progress), uint64(r.violation_count),
			collect(r.items, r.count, func(v *C.aurora_violation) Violation {
				return Violation{C.GoString(v.invariant), C.GoString(v.subject), C.GoString(v.message)}
			}), uint64(r.order_count), uint64(r.sku_count), uint64(r.event_count),
			timeOf(r.at_ms)}, nil
	})
}

// Backup copies the store, while it works, to a file that must not exist. ErrConflict when it does;
// ErrNotSupported where the database has its own tools.
func (o Operator) Backup(ctx context.Context, path string) error {
	return do(ctx, o.core, "backup", func(f *frame) error {
		name := f.textOrEmpty("path", path)
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_backup(f.handle, name, f.err()))
	})
}

// Restored is to be called once after the database under this shop was restored from its own backup.
func (o Operator) Restored(ctx context.Context) error {
	return do(ctx, o.core, "restored", func(f *frame) error {
		return f.done(C.aurora_restored(f.handle, f.err()))
	})
}

// StoreKey gives the store's secret of this name (a-z, 0-9 and -): 32 random bytes, the same for all
// processes ever after.
func (o Operator) StoreKey(ctx context.Context, name string) ([32]byte, error) {
	return call(ctx, o.core, "store key", func(f *frame) ([32]byte, error) {
		text := f.textOrEmpty("name", name)
		if f.bad != nil {
			return [32]byte{}, f.bad
		}
		out := f.as()
		if err := f.done(C.aurora_store_key(f.handle, text, (*C.uint8_t)(out), f.err())); err != nil {
			return [32]byte{}, err
		}
		key := *(*[32]byte)(out)
		*(*[32]byte)(out) = [32]byte{}
		return key, nil
	})
}

// SetDrain makes this shop refuse new orders with ErrBusy, or take them again.
func (o Operator) SetDrain(ctx context.Context, isRefusing bool) error {
	return do(ctx, o.core, "set drain", func(f *frame) error {
		refusing := C.uint32_t(0)
		if isRefusing {
			refusing = 1
		}
		return f.done(C.aurora_drain_set(f.handle, refusing))
	})
}

// Drain says what is still under way.
func (o Operator) Drain(ctx context.Context) (Drain, error) {
	return call(ctx, o.core, "drain", func(f *frame) (Drain, error) {
		d := (*C.aurora_drain)(f.as())
		if err := f.done(C.aurora_drain_get(f.handle, d)); err != nil {
			return Drain{}, err
		}
		return Drain{d.is_drained != 0, d.is_refusing != 0, uint64(d.unsettled_orders),
			uint64(d.relay_lag), uint64(d.saga_lag)}, nil
	})
}

// RebuildSearch drops the search index and fills it again from the products.
func (o Operator) RebuildSearch(ctx context.Context) error {
	return do(ctx, o.core, "rebuild search", func(f *frame) error {
		return f.done(C.aurora_search_rebuild(f.handle, f.err()))
	})
}
