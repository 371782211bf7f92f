// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"time"
	"unsafe"
)

// EventKind says what an event tells. Skip those that you do not know.
type EventKind int32

const (
	EventOrderCreated       EventKind = C.AURORA_EVENT_ORDER_CREATED
	EventInventoryReserved  EventKind = C.AURORA_EVENT_INVENTORY_RESERVED
	EventInventoryRejected  EventKind = C.AURORA_EVENT_INVENTORY_REJECTED
	EventPaymentAuthorized  EventKind = C.AURORA_EVENT_PAYMENT_AUTHORIZED
	EventPaymentDeclined    EventKind = C.AURORA_EVENT_PAYMENT_DECLINED
	EventOrderCompleted     EventKind = C.AURORA_EVENT_ORDER_COMPLETED
	EventOrderFailed        EventKind = C.AURORA_EVENT_ORDER_FAILED
	EventOrderCancelled     EventKind = C.AURORA_EVENT_ORDER_CANCELLED
	EventInventoryCommitted EventKind = C.AURORA_EVENT_INVENTORY_COMMITTED
	EventInventoryReleased  EventKind = C.AURORA_EVENT_INVENTORY_RELEASED
	EventInventoryReturned  EventKind = C.AURORA_EVENT_INVENTORY_RETURNED
	EventPaymentCaptured    EventKind = C.AURORA_EVENT_PAYMENT_CAPTURED
	EventPaymentVoided      EventKind = C.AURORA_EVENT_PAYMENT_VOIDED
	EventPaymentRefunded    EventKind = C.AURORA_EVENT_PAYMENT_REFUNDED
	EventInventoryParked    EventKind = C.AURORA_EVENT_INVENTORY_PARKED
	EventPaymentParked      EventKind = C.AURORA_EVENT_PAYMENT_PARKED
	EventOrderRepair        EventKind = C.AURORA_EVENT_ORDER_REPAIR
	EventOrderUpdated       EventKind = C.AURORA_EVENT_ORDER_UPDATED
	EventProductUpserted    EventKind = C.AURORA_EVENT_PRODUCT_UPSERTED
	EventProductDeleted     EventKind = C.AURORA_EVENT_PRODUCT_DELETED
	EventProductViewed      EventKind = C.AURORA_EVENT_PRODUCT_VIEWED
)

// String is the kind's name: "order.created" to "product.viewed".
func (k EventKind) String() string { return C.GoString(C.aurora_event_name(C.int32_t(k))) }

// ParseEventKind gives the kind of that name, 0 for another text.
func ParseEventKind(name string) EventKind {
	return EventKind(parse(name, func(text *C.char) C.int32_t { return C.aurora_event_parse(text) }))
}

// An Event is a fact of the log.
type Event struct {
	Kind        EventKind
	Position    uint64 // dense, from 1, in commit order
	Type        string // "order.completed"
	ID          string // unique over all logs
	Source      string
	OrderID     ID     // zero when it is not about an order
	SKU         string // empty when it is not about a product
	At          time.Time
	Data        []byte // a JSON object
	IsResend    bool   // repeats an earlier fact
	Traceparent string
}

// An EventPage is events in the order of their positions.
type EventPage struct {
	Events   []Event
	Position uint64 // to be acknowledged; without events where the reader stands
}

// ConsumerKind says who keeps a cursor over the log.
type ConsumerKind int32

const (
	ConsumerHost     ConsumerKind = C.AURORA_CONSUMER_HOST
	ConsumerSaga     ConsumerKind = C.AURORA_CONSUMER_SAGA
	ConsumerRelay    ConsumerKind = C.AURORA_CONSUMER_RELAY
	ConsumerFollower ConsumerKind = C.AURORA_CONSUMER_FOLLOWER
)

// A Consumer is a cursor over the log.
type Consumer struct {
	Kind     ConsumerKind
	Name     string
	Position uint64 // acknowledged up to here
	Lag      uint64 // events after it
	SeenAt   time.Time
	IsGone   bool // retention has passed it
}

// Events is the log, read by named, durable consumers. Delivery is at least once.
type Events struct{ core *core }

// Read gives up to limit (1 to 1,000, 0 = 100) events after what consumer has acknowledged. The first
// read makes the consumer, at the oldest event kept. It waits for the first event at most for wait
// (negative = without end, 0 = not at all) and gives none when that is over. Without Ack the next
// Read gives the same events. ErrGone when retention has passed the consumer.
func (e Events) Read(ctx context.Context, consumer string, limit int,
	timeout time.Duration) (EventPage, error) {
	return wait(ctx, e.core, "events read", timeout, func(f *frame, most waitTime) (EventPage, error) {
		name, count := f.textOrEmpty("consumer", consumer), f.limit(limit)
		if f.bad != nil {
			return EventPage{}, f.bad
		}
		out := (**C.aurora_event_page)(f.out())
		rc := C.aurora_event_read(f.handle, name, count, most, out)
		return takeEvents(f, rc, out)
	}, nil)
}

// Tail reads without a consumer: the events after a position, else as Read. It holds nothing back from
// retention; ErrGone when after lies before the oldest event kept.
func (e Events) Tail(ctx context.Context, after uint64, limit int,
	timeout time.Duration) (EventPage, error) {
	return wait(ctx, e.core, "events tail", timeout, func(f *frame, most waitTime) (EventPage, error) {
		count := f.limit(limit)
		if f.bad != nil {
			return EventPage{}, f.bad
		}
		out := (**C.aurora_event_page)(f.out())
		rc := C.aurora_event_tail(f.handle, C.uint64_t(after), count, most, out)
		return takeEvents(f, rc, out)
	}, nil)
}

// Ack acknowledges everything up to and including position, durably.
func (e Events) Ack(ctx context.Context, consumer string, position uint64) error {
	return do(ctx, e.core, "events ack", func(f *frame) error {
		name := f.textOrEmpty("consumer", consumer)
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_event_ack(f.handle, name, C.uint64_t(position)))
	})
}

// Follow hands the events of consumer to handle, one after the other, and acknowledges each page when
// all of it is handled; it ends with ctx, or with the error of handle: what was handled before that
// one is then acknowledged.
func (e Events) Follow(ctx context.Context, consumer string,
	handle func(context.Context, Event) error) error {
	if handle == nil {
		return invalid("events follow", "handle", "must not be nil")
	}
	for {
		page, err := e.Read(ctx, consumer, 0, -1)
		if isStatus(err, ErrInterrupted) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return err
		}
		done := uint64(0)
		for _, event := range page.Events {
			if err = handle(ctx, event); err != nil {
				break
			}
			done = event.Position
		}
		if done > 0 {
			// Also when ctx ended meanwhile: what is handled is not to come again.
			if ackErr := e.Ack(context.Background(), consumer, done); err == nil {
				err = ackErr
			}
		}
		if err != nil {
			return err
		}
	}
}

// Bounds gives the positions of the oldest event kept and of the newest one; in a log without events
// the oldest is the newest + 1.
func (e Events) Bounds(ctx context.Context) (oldest, newest uint64, err error) {
	bounds, err := call(ctx, e.core, "events bounds", func(f *frame) ([2]uint64, error) {
		n := &f.outs.numbers
		rc := C.aurora_event_bounds(f.handle, &n[0], &n[1])
		return [2]uint64{uint64(n[0]), uint64(n[1])}, f.done(rc)
	})
	return bounds[0], bounds[1], err
}

// Consumers lists all consumers of this log, also the library's own.
func (e Events) Consumers(ctx context.Context) ([]Consumer, error) {
	return call(ctx, e.core, "events consumers", func(f *frame) ([]Consumer, error) {
		out := (**C.aurora_consumer_page)(f.out())
		if err := f.done(C.aurora_consumer_list(f.handle, out)); err != nil {
			return nil, err
		}
		page := *out
		defer C.aurora_consumer_page_free(page)
		return collect(page.items, page.count, func(c *C.aurora_consumer) Consumer {
			return Consumer{ConsumerKind(c.kind), C.GoString(c.name), uint64(c.position),
				uint64(c.lag), timeOf(c.seen_at_ms), c.is_gone != 0}
		}), nil
	})
}

// Forget deletes a consumer of the host's, which then holds nothing back.
func (e Events) Forget(ctx context.Context, consumer string) error {
	return do(ctx, e.core, "events forget", func(f *frame) error {
		name := f.textOrEmpty("consumer", consumer)
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_consumer_delete(f.handle, name, f.err()))
	})
}

func takeEvents(f *frame, rc C.aurora_status, out **C.aurora_event_page) (EventPage, error) {
	if err := f.done(rc); err != nil {
		return EventPage{}, err
	}
	page := *out
	defer C.aurora_event_page_free(page)
	return EventPage{collect(page.items, page.count, eventOf), uint64(page.position)}, nil
}

func eventOf(e *C.aurora_event) Event {
	return Event{EventKind(e.kind), uint64(e.position), C.GoString(e.type_name), C.GoString(e.id),
		C.GoString(e.source), idOf(e.order_id), C.GoString(e.sku), timeOf(e.at_ms),
		C.GoBytes(unsafe.Pointer(e.data), C.int(e.data_len)), e.is_resend != 0,
		C.GoString(e.traceparent)}
}
