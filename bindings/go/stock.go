// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"math"
	"time"
)

// StockLevel is the counters of one SKU: Available + Reserved + Sold = Received - WrittenOff.
type StockLevel struct {
	SKU        string
	Available  int64
	Reserved   int64
	Sold       int64
	Received   int64
	WrittenOff int64
	Version    uint64
	IsRepeat   bool // of Move: the key was known, nothing was moved
}

// StockFilter says which SKUs to list.
type StockFilter struct {
	Below int64 // only those with fewer available; 0 = all
}

// MovementKind says what a movement is.
type MovementKind int32

const (
	MovementReceipt    MovementKind = C.AURORA_MOVEMENT_RECEIPT
	MovementAdjustment MovementKind = C.AURORA_MOVEMENT_ADJUSTMENT
)

// A Movement is a receipt or an adjustment in full, for hosts that serve several principals.
type Movement struct {
	Kind     MovementKind
	SKU      string
	Quantity int64
	Reason   string // required for an adjustment
	Key      string // empty = a fresh one: a repeat counts twice
	KeyScope string // empty = the host
}

// Decision is what a reservation was answered.
type Decision int32

const (
	DecisionReserved   Decision = C.AURORA_DECISION_RESERVED
	DecisionOutOfStock Decision = C.AURORA_DECISION_OUT_OF_STOCK // nothing was taken, also not in part
)

// String is the decision's name: "reserved", "out_of_stock".
func (d Decision) String() string { return C.GoString(C.aurora_decision_name(C.int32_t(d))) }

// ReservationStatus says where a reservation stands.
type ReservationStatus int32

const (
	ReservationReserved  ReservationStatus = C.AURORA_RESERVATION_RESERVED
	ReservationRejected  ReservationStatus = C.AURORA_RESERVATION_REJECTED
	ReservationCommitted ReservationStatus = C.AURORA_RESERVATION_COMMITTED
	ReservationReleased  ReservationStatus = C.AURORA_RESERVATION_RELEASED
	ReservationReturned  ReservationStatus = C.AURORA_RESERVATION_RETURNED
	ReservationExpired   ReservationStatus = C.AURORA_RESERVATION_EXPIRED
)

// String is the status's name: "RESERVED" to "EXPIRED".
func (s ReservationStatus) String() string {
	return C.GoString(C.aurora_reservation_status_name(C.int32_t(s)))
}

// A Reservation is one SKU's share of what is held for somebody.
type Reservation struct {
	Status    ReservationStatus
	OrderID   ID     // zero for one without an order
	Key       string // empty for an order's
	SKU       string
	Quantity  int64
	CreatedAt time.Time
	ExpiresAt time.Time // zero for an order's
	UpdatedAt time.Time
}

// Stock is receipts, adjustments, and reservations that need no order. Every change has a key: the
// same call again is a no-op.
type Stock struct{ core *core }

// Receive adds quantity, 1 to 10^9, to what is available. key names this delivery for ever; with
// another SKU or quantity it gives ErrKeyReused.
func (s Stock) Receive(ctx context.Context, sku string, quantity int64, key string) error {
	return do(ctx, s.core, "stock receive", func(f *frame) error {
		name, id := f.textOrEmpty("sku", sku), f.textOrEmpty("key", key)
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_stock_receive(f.handle, name, C.int64_t(quantity), id, f.err()))
	})
}

// Adjust corrects the count by delta, whose sign says which way. ErrInsufficient when less is
// available than would be taken; the same key may succeed later.
func (s Stock) Adjust(ctx context.Context, sku string, delta int64, reason, key string) error {
	return do(ctx, s.core, "stock adjust", func(f *frame) error {
		name, why := f.textOrEmpty("sku", sku), f.textOrEmpty("reason", reason)
		id := f.textOrEmpty("key", key)
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_stock_adjust(f.handle, name, C.int64_t(delta), why, id, f.err()))
	})
}

// Move is Receive and Adjust with everything, and gives the counters after the movement.
func (s Stock) Move(ctx context.Context, m Movement) (StockLevel, error) {
	return call(ctx, s.core, "stock move", func(f *frame) (StockLevel, error) {
		native := (*C.aurora_movement)(f.alloc(C.sizeof_aurora_movement))
		*native = C.aurora_movement{size: C.sizeof_aurora_movement, kind: C.int32_t(m.Kind),
			sku: f.text("sku", m.SKU), quantity: C.int64_t(m.Quantity),
			reason: f.text("reason", m.Reason), key: f.text("key", m.Key),
			key_scope: f.text("key_scope", m.KeyScope)}
		if f.bad != nil {
			return StockLevel{}, f.bad
		}
		out := (*C.aurora_stock)(f.as())
		if err := f.done(C.aurora_stock_move(f.handle, native, out, f.err())); err != nil {
			return StockLevel{}, err
		}
		return stockOf(m.SKU, out), nil
	})
}

// Get reads the counters of one SKU; ErrNotFound when it never had a movement.
func (s Stock) Get(ctx context.Context, sku string) (StockLevel, error) {
	return call(ctx, s.core, "stock get", func(f *frame) (StockLevel, error) {
		name := f.textOrEmpty("sku", sku)
		if f.bad != nil {
			return StockLevel{}, f.bad
		}
		out := (*C.aurora_stock)(f.as())
		if err := f.done(C.aurora_stock_get(f.handle, name, out)); err != nil {
			return StockLevel{}, err
		}
		return stockOf(sku, out), nil
	})
}

func stockOf(sku string, s *C.aurora_stock) StockLevel {
	return StockLevel{SKU: sku, Available: int64(s.available), Reserved: int64(s.reserved),
		Sold: int64(s.sold), Received: int64(s.received), WrittenOff: int64(s.written_off),
		Version: uint64(s.version), IsRepeat: s.is_repeat != 0}
}

// List gives a page of SKUs that have stock, in byte order. cursor is empty for the first page; limit
// is 1..1,000, 0 = 50.
func (s Stock) List(ctx context.Context, filter StockFilter, cursor string,
	limit int) (Page[StockLevel], error) {
	return call(ctx, s.core, "stock list", func(f *frame) (Page[StockLevel], error) {
		native := (*C.aurora_stock_filter)(f.alloc(C.sizeof_aurora_stock_filter))
		*native = C.aurora_stock_filter{size: C.sizeof_aurora_stock_filter,
			below: C.int64_t(filter.Below)}
		from, count := f.text("cursor", cursor), f.limit(limit)
		if f.bad != nil {
			return Page[StockLevel]{}, f.bad
		}
		out := (**C.aurora_stock_page)(f.out())
		rc := C.aurora_stock_list(f.handle, native, from, count, out, f.err())
		if err := f.done(rc); err != nil {
			return Page[StockLevel]{}, err
		}
		page := *out
		defer C.aurora_stock_page_free(page)
		items := collect(page.items, page.count, func(item *C.aurora_stock_item) StockLevel {
			return stockOf(C.GoString(item.sku), &item.stock)
		})
		return Page[StockLevel]{items, C.GoString(page.next_cursor)}, nil
	})
}

// All goes through all SKUs that have stock.
func (s Stock) All(ctx context.Context, filter StockFilter) *Iterator[StockLevel] {
	return iterate(func(cursor string) (Page[StockLevel], error) {
		return s.List(ctx, filter, cursor, 0)
	})
}

// Reserve takes all lines or none, without an order, until they are committed or released, or for
// ttl at most (1 ms to 30 days). key names the reservation for ever: the same call again gives the
// first answer.
func (s Stock) Reserve(ctx context.Context, key string, lines []Line,
	ttl time.Duration) (Decision, error) {
	return call(ctx, s.core, "stock reserve", func(f *frame) (Decision, error) {
		id := f.textOrEmpty("key", key)
		first, count := f.lines(lines)
		ms := millis(ttl)
		if ms < 0 || ms > math.MaxUint32 {
			ms = math.MaxUint32 // refused by its rule
		}
		if f.bad != nil {
			return 0, f.bad
		}
		f.outs.decision = 0
		rc := C.aurora_stock_reserve(f.handle, id, first, count, C.uint32_t(ms),
			&f.outs.decision, f.err())
		return Decision(f.outs.decision), f.done(rc)
	})
}

// Commit turns a reservation into a sale; repeats are no-ops. ErrNotFound, ErrExpired, ErrConflict.
func (s Stock) Commit(ctx context.Context, key string) error {
	return do(ctx, s.core, "stock commit", func(f *frame) error {
		id := f.textOrEmpty("key", key)
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_stock_commit(f.handle, id))
	})
}

// Release gives a reservation's stock back; repeats are no-ops. ErrNotFound, ErrConflict.
func (s Stock) Release(ctx context.Context, key string) error {
	return do(ctx, s.core, "stock release", func(f *frame) error {
		id := f.textOrEmpty("key", key)
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_stock_release(f.handle, id))
	})
}

// Reservations gives a page of what holds sku now, of orders and without, oldest first.
func (s Stock) Reservations(ctx context.Context, sku, cursor string,
	limit int) (Page[Reservation], error) {
	return call(ctx, s.core, "stock reservations", func(f *frame) (Page[Reservation], error) {
		name, from, count := f.textOrEmpty("sku", sku), f.text("cursor", cursor), f.limit(limit)
		if f.bad != nil {
			return Page[Reservation]{}, f.bad
		}
		out := (**C.aurora_reservation_page)(f.out())
		rc := C.aurora_reservation_list(f.handle, name, from, count, out, f.err())
		if err := f.done(rc); err != nil {
			return Page[Reservation]{}, err
		}
		page := *out
		defer C.aurora_reservation_page_free(page)
		return Page[Reservation]{collect(page.items, page.count, reservationOf),
			C.GoString(page.next_cursor)}, nil
	})
}

func reservationOf(r *C.aurora_reservation) Reservation {
	return Reservation{ReservationStatus(r.status), idOf(r.order_id), C.GoString(r.key),
		C.GoString(r.sku), int64(r.quantity), timeOf(r.created_at_ms), timeOf(r.expires_at_ms),
		timeOf(r.updated_at_ms)}
}
