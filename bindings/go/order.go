// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"strconv"
	"time"
	"unsafe"
)

// OrderStatus says where an order stands.
type OrderStatus int32

const (
	OrderPending   OrderStatus = C.AURORA_ORDER_PENDING
	OrderReserved  OrderStatus = C.AURORA_ORDER_RESERVED
	OrderCompleted OrderStatus = C.AURORA_ORDER_COMPLETED
	OrderFailed    OrderStatus = C.AURORA_ORDER_FAILED
	OrderCancelled OrderStatus = C.AURORA_ORDER_CANCELLED
	OrderParked    OrderStatus = C.AURORA_ORDER_PARKED // waits for an operator: see Sagas
)

// String is the status's name: "PENDING" to "PARKED".
func (s OrderStatus) String() string { return C.GoString(C.aurora_order_status_name(C.int32_t(s))) }

// ParseOrderStatus gives the status of that name, 0 for another text.
func ParseOrderStatus(name string) OrderStatus {
	return OrderStatus(parse(name, func(text *C.char) C.int32_t {
		return C.aurora_order_status_parse(text)
	}))
}

// Reason says why an order is FAILED, CANCELLED or PARKED.
type Reason int32

const (
	ReasonOutOfStock      Reason = C.AURORA_REASON_OUT_OF_STOCK
	ReasonPaymentDeclined Reason = C.AURORA_REASON_PAYMENT_DECLINED
	ReasonDeadline        Reason = C.AURORA_REASON_DEADLINE
	ReasonLate            Reason = C.AURORA_REASON_LATE
	ReasonCustomer        Reason = C.AURORA_REASON_CUSTOMER
	ReasonOperator        Reason = C.AURORA_REASON_OPERATOR
	ReasonUnknownOrder    Reason = C.AURORA_REASON_UNKNOWN_ORDER
)

// String is the reason's name: "out_of_stock" to "unknown_order"; empty for none.
func (r Reason) String() string { return C.GoString(C.aurora_reason_name(C.int32_t(r))) }

// ParseReason gives the reason of that name, 0 for another text.
func ParseReason(name string) Reason {
	return Reason(parse(name, func(text *C.char) C.int32_t { return C.aurora_reason_parse(text) }))
}

// Parked says which participants of an order wait for an operator.
type Parked uint32

const (
	ParkedInventory Parked = C.AURORA_PARKED_INVENTORY
	ParkedPayment   Parked = C.AURORA_PARKED_PAYMENT
	ParkedOrder     Parked = C.AURORA_PARKED_ORDER
)

// ChargeKind says what an amount on top of the lines is.
type ChargeKind int32

const (
	ChargeTax      ChargeKind = C.AURORA_CHARGE_TAX
	ChargeShipping ChargeKind = C.AURORA_CHARGE_SHIPPING
	ChargeDiscount ChargeKind = C.AURORA_CHARGE_DISCOUNT // at most 0; the others at least 0
	ChargeFee      ChargeKind = C.AURORA_CHARGE_FEE
)

// String is the kind's name: "tax" to "fee".
func (k ChargeKind) String() string { return C.GoString(C.aurora_charge_name(C.int32_t(k))) }

// ParseChargeKind gives the kind of that name, 0 for another text.
func ParseChargeKind(name string) ChargeKind {
	return ChargeKind(parse(name, func(text *C.char) C.int32_t {
		return C.aurora_charge_parse(text)
	}))
}

func parse(name string, f func(*C.char) C.int32_t) int32 {
	frame := newFrame("parse")
	defer frame.free()
	text := frame.textOrEmpty("name", name)
	if frame.bad != nil {
		return 0
	}
	return int32(f(text))
}

// A Line is one position of an order or a reservation.
type Line struct {
	SKU            string
	Quantity       int64 // 1..1,000,000
	UnitPriceMinor int64 // of a request only with OwnPrices
}

// A Charge is an amount on top of the lines.
type Charge struct {
	Kind        ChargeKind
	Label       string
	AmountMinor int64
}

// An OrderRequest is an order to be placed. Only Currency, PaymentMethod and Lines are required.
type OrderRequest struct {
	Key           string // idempotency key, kept 24 h; empty = each call is a new order
	KeyScope      string // who the key belongs to; empty = the host
	Reference     string // your order number, unique in the store for ever
	CustomerID    string
	Currency      string
	PaymentMethod string // handed to the provider unread
	Contact       string // where notifications go; empty = nowhere
	Lines         []Line // 1..1,000
	Charges       []Charge
	Metadata      []Pair // at most 16
	OwnPrices     bool   // unit prices of the lines, and charges, are the caller's
	NoWait        bool   // return when the order is stored, do not wait for its outcome
	AsCreated     bool   // with NoWait: the order as it was when it was stored
	// Timeout ends the waiting for the outcome, never the order; at most 30 s. 0 = the context's
	// deadline where it has one, else the setting order_wait.
	Timeout     time.Duration
	PlacedAt    time.Time // for trends and history; zero = now
	Traceparent string    // W3C trace context
}

// An Order is an order as one read saw it.
type Order struct {
	ID             ID
	Status         OrderStatus
	Outcome        OrderStatus // 0 = none yet, else COMPLETED, FAILED or CANCELLED
	Reason         Reason
	Parked         Parked
	Version        uint64
	CreatedVersion uint64
	TotalMinor     int64
	Currency       string
	Lines          []Line
	Charges        []Charge
	Metadata       []Pair
	CustomerID     string
	Reference      string
	Contact        string
	DeclineCode    string // the provider's, with ReasonPaymentDeclined
	PlacedAt       time.Time
	CreatedAt      time.Time
	UpdatedAt      time.Time
	SettledAt      time.Time // stock and money agree with the outcome since; zero = not yet
	DeadlineAt     time.Time // an order that is undecided then fails
	IsReplay       bool      // the key was known: this call created nothing
}

// OrderFilter says which orders to list; conditions are joined by "and".
type OrderFilter struct {
	Status     OrderStatus // 0 = any
	CustomerID string
	Reference  string
	From       time.Time // created at or after
	To         time.Time // created before
}

// A Cancel is a cancellation in full, for hosts that serve several principals.
type Cancel struct {
	OrderID     ID
	Reason      Reason // ReasonCustomer or ReasonOperator
	Note        string // at most 1,024 bytes
	Actor       string // who, for the history; empty = the host
	Key         string // idempotency key, kept 24 h
	KeyScope    string
	Traceparent string
}

// A Transition is one step of an order's history.
type Transition struct {
	Version   uint64
	Status    OrderStatus
	Outcome   OrderStatus
	Reason    Reason
	Parked    Parked
	EventKind EventKind // that caused it; 0 = a command or the deadline
	At        time.Time
	SettledAt time.Time
	Actor     string // empty = the engine
	Note      string
}

// Orders places orders, reads and cancels them. A placed order runs its saga by itself; "declined"
// and "out of stock" are its outcome and never an error.
type Orders struct{ core *core }

func (f *frame) lines(lines []Line) (*C.aurora_line, C.uint32_t) {
	first, native := array[C.aurora_line](f, len(lines))
	for i := range lines {
		native[i] = C.aurora_line{f.text("lines", lines[i].SKU), C.int64_t(lines[i].Quantity),
			C.int64_t(lines[i].UnitPriceMinor)}
	}
	return first, f.size("lines", len(lines))
}

func (f *frame) charges(charges []Charge) (*C.aurora_charge, C.uint32_t) {
	first, native := array[C.aurora_charge](f, len(charges))
	for i, c := range charges {
		native[i] = C.aurora_charge{kind: C.int32_t(c.Kind), label: f.text("charges", c.Label),
			amount_minor: C.int64_t(c.AmountMinor)}
	}
	return first, f.size("charges", len(charges))
}

func (f *frame) order(r *OrderRequest, flags C.uint32_t) *C.aurora_order_request {
	if r.OwnPrices {
		flags |= C.AURORA_ORDER_OWN_PRICES
	}
	if r.NoWait {
		flags |= C.AURORA_ORDER_NO_WAIT
	}
	if r.AsCreated {
		flags |= C.AURORA_ORDER_AS_CREATED
	}
	if r.Timeout < 0 || r.Timeout > time.Hour {
		f.refuse("timeout_ms", "must be 0 to 30 s, is "+r.Timeout.String())
	}
	n := (*C.aurora_order_request)(f.alloc(C.sizeof_aurora_order_request))
	*n = C.aurora_order_request{size: C.sizeof_aurora_order_request, flags: flags,
		key: f.text("key", r.Key), key_scope: f.text("key_scope", r.KeyScope),
		reference: f.text("reference", r.Reference), customer_id: f.text("customer_id", r.CustomerID),
		currency:       f.text("currency", r.Currency),
		payment_method: f.text("payment_method", r.PaymentMethod),
		contact:        f.text("contact", r.Contact), timeout_ms: C.uint32_t(millis(r.Timeout)),
		placed_at_ms: msOf(r.PlacedAt), traceparent: f.text("traceparent", r.Traceparent)}
	n.lines, n.line_count = f.lines(r.Lines)
	n.charges, n.charge_count = f.charges(r.Charges)
	n.metadata, n.metadata_count = f.pairs("metadata", r.Metadata)
	return n
}

// Check finds what is wrong with a request by itself, as Place does first. It reads no store.
func (r OrderRequest) Check() error { return r.check("order check") }

func (r *OrderRequest) check(op string) error {
	f := newFrame(op)
	defer f.free()
	native := f.order(r, 0)
	if f.bad != nil {
		return f.bad
	}
	return f.done(C.aurora_order_check(native, f.err()))
}

// Get reads one order; ErrNotFound when there is none.
func (o Orders) Get(ctx context.Context, id ID) (*Order, error) {
	return call(ctx, o.core, "orders get", func(f *frame) (*Order, error) {
		out := (**C.aurora_order)(f.out())
		if err := f.done(C.aurora_order_get(f.handle, id.native(), out)); err != nil {
			return nil, err
		}
		return takeOrder(*out), nil
	})
}

// JSON reads one order as the HTTP API gives it.
func (o Orders) JSON(ctx context.Context, id ID) ([]byte, error) {
	return call(ctx, o.core, "orders json", func(f *frame) ([]byte, error) {
		out := (**C.aurora_order)(f.out())
		if err := f.done(C.aurora_order_get(f.handle, id.native(), out)); err != nil {
			return nil, err
		}
		defer C.aurora_order_free(*out)
		length := (*C.size_t)(f.alloc(C.sizeof_size_t))
		if err := f.done(C.aurora_order_json(*out, nil, 0, length)); err != nil {
			return nil, err
		}
		text := make([]byte, *length+1)
		rc := C.aurora_order_json(*out, (*C.char)(unsafe.Pointer(&text[0])), *length+1, length)
		return text[:*length], f.done(rc)
	})
}

// List gives a page of orders, newest first. cursor is empty for the first page; limit is 1..1,000,
// 0 = 50.
func (o Orders) List(ctx context.Context, filter OrderFilter, cursor string,
	limit int) (Page[Order], error) {
	return call(ctx, o.core, "orders list", func(f *frame) (Page[Order], error) {
		native := (*C.aurora_order_filter)(f.alloc(C.sizeof_aurora_order_filter))
		*native = C.aurora_order_filter{size: C.sizeof_aurora_order_filter,
			status: C.int32_t(filter.Status), customer_id: f.text("customer_id", filter.CustomerID),
			reference: f.text("reference", filter.Reference), from_ms: msOf(filter.From),
			to_ms: msOf(filter.To)}
		from, count := f.text("cursor", cursor), f.limit(limit)
		if f.bad != nil {
			return Page[Order]{}, f.bad
		}
		out := (**C.aurora_order_page)(f.out())
		rc := C.aurora_order_list(f.handle, native, from, count, out, f.err())
		if err := f.done(rc); err != nil {
			return Page[Order]{}, err
		}
		page := *out
		defer C.aurora_order_page_free(page)
		return Page[Order]{collect(page.items, page.count, orderOf),
			C.GoString(page.next_cursor)}, nil
	})
}

// All goes through all orders that the filter lets through, newest first.
func (o Orders) All(ctx context.Context, filter OrderFilter) *Iterator[Order] {
	return iterate(func(cursor string) (Page[Order], error) {
		return o.List(ctx, filter, cursor, 0)
	})
}

// Cancel cancels an order; a COMPLETED one is returned and refunded in full. It gives the order after
// the cancel, not yet settled as a rule. ErrFinal when it is FAILED; ErrParked; ErrNotFound.
func (o Orders) Cancel(ctx context.Context, id ID, reason Reason, note string) (*Order, error) {
	return o.CancelWith(ctx, Cancel{OrderID: id, Reason: reason, Note: note})
}

// CancelWith is Cancel with actor and idempotency key.
func (o Orders) CancelWith(ctx context.Context, c Cancel) (*Order, error) {
	return call(ctx, o.core, "orders cancel", func(f *frame) (*Order, error) {
		native := (*C.aurora_cancel)(f.alloc(C.sizeof_aurora_cancel))
		*native = C.aurora_cancel{size: C.sizeof_aurora_cancel, reason: C.int32_t(c.Reason),
			order_id: c.OrderID.native(), note: f.text("note", c.Note),
			actor: f.text("actor", c.Actor), key: f.text("key", c.Key),
			key_scope:   f.text("key_scope", c.KeyScope),
			traceparent: f.text("traceparent", c.Traceparent)}
		if f.bad != nil {
			return nil, f.bad
		}
		out := (**C.aurora_order)(f.out())
		if err := f.done(C.aurora_order_cancel_with(f.handle, native, out, f.err())); err != nil {
			return nil, err
		}
		return takeOrder(*out), nil
	})
}

// History gives the steps of one order, oldest first, at most 64.
func (o Orders) History(ctx context.Context, id ID) ([]Transition, error) {
	return call(ctx, o.core, "orders history", func(f *frame) ([]Transition, error) {
		out := (**C.aurora_history)(f.out())
		if err := f.done(C.aurora_order_history(f.handle, id.native(), out)); err != nil {
			return nil, err
		}
		history := *out
		defer C.aurora_history_free(history)
		return collect(history.items, history.count, transitionOf), nil
	})
}

func transitionOf(t *C.aurora_transition) Transition {
	return Transition{uint64(t.version), OrderStatus(t.status), OrderStatus(t.outcome),
		Reason(t.reason), Parked(t.parked), EventKind(t.event_kind), timeOf(t.at_ms),
		timeOf(t.settled_at_ms), C.GoString(t.actor), C.GoString(t.note)}
}

// takeOrder copies an order and frees it.
func takeOrder(o *C.aurora_order) *Order {
	defer C.aurora_order_free(o)
	order := orderOf(o)
	return &order
}

func orderOf(o *C.aurora_order) Order {
	order := Order{ID: idOf(o.id), Status: OrderStatus(o.status), Outcome: OrderStatus(o.outcome),
		Reason: Reason(o.reason), Parked: Parked(o.parked), Version: uint64(o.version),
		CreatedVersion: uint64(o.created_version), TotalMinor: int64(o.total_minor),
		Currency: C.GoString(o.currency), Metadata: pairsOf(o.metadata, o.metadata_count),
		CustomerID: C.GoString(o.customer_id), Reference: C.GoString(o.reference),
		Contact: C.GoString(o.contact), DeclineCode: C.GoString(o.decline_code),
		PlacedAt: timeOf(o.placed_at_ms), CreatedAt: timeOf(o.created_at_ms),
		UpdatedAt: timeOf(o.updated_at_ms), SettledAt: timeOf(o.settled_at_ms),
		DeadlineAt: timeOf(o.deadline_at_ms), IsReplay: o.is_replay != 0}
	order.Lines = make([]Line, o.line_count)
	for i, l := range slice(o.lines, o.line_count) {
		order.Lines[i] = Line{C.GoString(l.sku), int64(l.quantity), int64(l.unit_price_minor)}
	}
	if o.charge_count > 0 {
		order.Charges = make([]Charge, o.charge_count)
	}
	for i, c := range slice(o.charges, o.charge_count) {
		order.Charges[i] = Charge{ChargeKind(c.kind), C.GoString(c.label), int64(c.amount_minor)}
	}
	return order
}

func lineField(line C.uint32_t, status Status) string {
	field := "lines[" + strconv.Itoa(int(line)) + "]"
	if status == ErrUnknownSKU {
		field += ".sku"
	}
	return field
}
