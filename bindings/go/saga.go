// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"time"
)

// Participant is one side of a saga.
type Participant int32

const (
	ParticipantInventory Participant = C.AURORA_PARTICIPANT_INVENTORY
	ParticipantPayment   Participant = C.AURORA_PARTICIPANT_PAYMENT
)

// String is the participant's name: "inventory", "payment".
func (p Participant) String() string { return C.GoString(C.aurora_participant_name(C.int32_t(p))) }

// ParseParticipant gives the participant of that name, 0 for another text.
func ParseParticipant(name string) Participant {
	return Participant(parse(name, func(text *C.char) C.int32_t { return C.aurora_participant_parse(text) }))
}

// RepairAction is a way to help a saga.
type RepairAction int32

const (
	RepairRetry      RepairAction = C.AURORA_REPAIR_RETRY      // let the participant try again
	RepairMark       RepairAction = C.AURORA_REPAIR_MARK       // its step is done in truth
	RepairCompensate RepairAction = C.AURORA_REPAIR_COMPENSATE // fail or cancel the order
)

// String is the action's name: "retry" to "compensate".
func (a RepairAction) String() string { return C.GoString(C.aurora_repair_name(C.int32_t(a))) }

// ParseRepairAction gives the action of that name, 0 for another text.
func ParseRepairAction(name string) RepairAction {
	return RepairAction(parse(name, func(text *C.char) C.int32_t { return C.aurora_repair_parse(text) }))
}

// RepairResult is what a step is marked as. The first five are inventory's, the rest payment's.
type RepairResult int32

const (
	ResultReserved   RepairResult = C.AURORA_RESULT_RESERVED
	ResultRejected   RepairResult = C.AURORA_RESULT_REJECTED
	ResultCommitted  RepairResult = C.AURORA_RESULT_COMMITTED
	ResultReleased   RepairResult = C.AURORA_RESULT_RELEASED
	ResultReturned   RepairResult = C.AURORA_RESULT_RETURNED
	ResultAuthorized RepairResult = C.AURORA_RESULT_AUTHORIZED
	ResultDeclined   RepairResult = C.AURORA_RESULT_DECLINED
	ResultCaptured   RepairResult = C.AURORA_RESULT_CAPTURED
	ResultVoided     RepairResult = C.AURORA_RESULT_VOIDED
	ResultRefunded   RepairResult = C.AURORA_RESULT_REFUNDED
)

// String is the result's name: "reserved" to "refunded".
func (r RepairResult) String() string { return C.GoString(C.aurora_result_name(C.int32_t(r))) }

// ParseRepairResult gives the result of that name, 0 for another text.
func ParseRepairResult(name string) RepairResult {
	return RepairResult(parse(name, func(text *C.char) C.int32_t { return C.aurora_result_parse(text) }))
}

// A SagaParticipant is what one participant knows of an order.
type SagaParticipant struct {
	Participant       Participant
	State             string // as in ReservationMachine or PaymentMachine
	IsParked          bool
	Attempts          int    // of the current step
	ParkedReason      string // one line
	TaskID            ID     // payment: of the current step
	ProviderReference string
	FirstAttemptAt    time.Time
	NextAttemptAt     time.Time
	ParkedAt          time.Time
}

// A Saga is an order whose stock and money are, or were, to be settled.
type Saga struct {
	OrderID      ID
	Status       OrderStatus // 0 = the order is unknown to this store
	Outcome      OrderStatus
	Reason       Reason
	Parked       Parked
	Participants []SagaParticipant
	Version      uint64
	CreatedAt    time.Time
	Age          time.Duration
	DeadlineAt   time.Time
	ResendAt     time.Time
}

// SagaFilter says which sagas to list.
type SagaFilter struct {
	IsParked    bool        // only parked ones; else all unsettled or parked
	Participant Participant // parked by this one; 0 = any
	AgeMin      time.Duration
}

// A Repair helps one saga, and is written into the order's history.
type Repair struct {
	Action      RepairAction
	OrderID     ID
	Participant Participant  // retry and mark
	Result      RepairResult // mark
	Actor       string       // who; required
	Note        string       // why, at most 1,024 bytes
	Traceparent string
}

// A DeadLetter is an event that parked its key, or one that queues behind it.
type DeadLetter struct {
	EventKind EventKind // 0 = it cannot be decoded
	Consumer  string    // who could not take it: "inventory"
	Key       string    // what is parked: an order id or a SKU
	EventID   string
	Source    string
	Position  uint64
	Reason    string
	Attempts  int
	Data      string
	ParkedAt  time.Time
}

// Sagas is for operators: orders whose stock or money is not settled, why, and how to help them.
type Sagas struct{ core *core }

// List gives a page of unsettled sagas, oldest first. cursor is empty for the first page; limit is
// 1..1,000, 0 = 50.
func (s Sagas) List(ctx context.Context, filter SagaFilter, cursor string,
	limit int) (Page[Saga], error) {
	return call(ctx, s.core, "sagas list", func(f *frame) (Page[Saga], error) {
		native := (*C.aurora_saga_filter)(f.alloc(C.sizeof_aurora_saga_filter))
		*native = C.aurora_saga_filter{size: C.sizeof_aurora_saga_filter,
			participant: C.int32_t(filter.Participant), age_min_ms: C.int64_t(millis(filter.AgeMin))}
		if filter.IsParked {
			native.is_parked = 1
		}
		from, count := f.text("cursor", cursor), f.limit(limit)
		if f.bad != nil {
			return Page[Saga]{}, f.bad
		}
		out := (**C.aurora_saga_page)(f.out())
		rc := C.aurora_saga_list(f.handle, native, from, count, out, f.err())
		if err := f.done(rc); err != nil {
			return Page[Saga]{}, err
		}
		page := *out
		defer C.aurora_saga_page_free(page)
		return Page[Saga]{collect(page.items, page.count, sagaOf), C.GoString(page.next_cursor)}, nil
	})
}

// All goes through all sagas that the filter lets through, oldest first.
func (s Sagas) All(ctx context.Context, filter SagaFilter) *Iterator[Saga] {
	return iterate(func(cursor string) (Page[Saga], error) { return s.List(ctx, filter, cursor, 0) })
}

// Get reads one saga, settled or not. ErrNotFound when neither order nor participants know the id.
func (s Sagas) Get(ctx context.Context, orderID ID) (*Saga, error) {
	return call(ctx, s.core, "sagas get", func(f *frame) (*Saga, error) {
		out := (**C.aurora_saga)(f.out())
		if err := f.done(C.aurora_saga_get(f.handle, orderID.native(), out)); err != nil {
			return nil, err
		}
		defer C.aurora_saga_free(*out)
		saga := sagaOf(*out)
		return &saga, nil
	})
}

// Repair helps one saga, and returns when the act is durable; the saga goes on by itself. ErrConflict
// when that participant is not parked, or the result does not fit its step.
func (s Sagas) Repair(ctx context.Context, r Repair) error {
	return do(ctx, s.core, "sagas repair", func(f *frame) error {
		native := (*C.aurora_repair)(f.alloc(C.sizeof_aurora_repair))
		*native = C.aurora_repair{size: C.sizeof_aurora_repair, action: C.int32_t(r.Action),
			order_id: r.OrderID.native(), participant: C.int32_t(r.Participant),
			result: C.int32_t(r.Result), actor: f.text("actor", r.Actor), note: f.text("note", r.Note),
			traceparent: f.text("traceparent", r.Traceparent)}
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_saga_repair(f.handle, native, f.err()))
	})
}

// DeadLetters gives a page of events that could not be decided; consumer is empty for all.
func (s Sagas) DeadLetters(ctx context.Context, consumer, cursor string,
	limit int) (Page[DeadLetter], error) {
	return call(ctx, s.core, "sagas dead letters", func(f *frame) (Page[DeadLetter], error) {
		name, from, count := f.text("consumer", consumer), f.text("cursor", cursor), f.limit(limit)
		if f.bad != nil {
			return Page[DeadLetter]{}, f.bad
		}
		out := (**C.aurora_dead_letter_page)(f.out())
		rc := C.aurora_dead_letter_list(f.handle, name, from, count, out, f.err())
		if err := f.done(rc); err != nil {
			return Page[DeadLetter]{}, err
		}
		page := *out
		defer C.aurora_dead_letter_page_free(page)
		return Page[DeadLetter]{collect(page.items, page.count, deadLetterOf),
			C.GoString(page.next_cursor)}, nil
	})
}

// Redrive runs the parked events of one key again, in order, and returns how many were taken.
// ErrConflict when one still fails; ErrNotFound.
func (s Sagas) Redrive(ctx context.Context, consumer, key string) (int, error) {
	return call(ctx, s.core, "sagas redrive", func(f *frame) (int, error) {
		name, id := f.textOrEmpty("consumer", consumer), f.textOrEmpty("key", key)
		if f.bad != nil {
			return 0, f.bad
		}
		f.outs.count = 0
		rc := C.aurora_dead_letter_redrive(f.handle, name, id, &f.outs.count, f.err())
		return int(f.outs.count), f.done(rc)
	})
}

func sagaOf(s *C.aurora_saga) Saga {
	return Saga{idOf(s.order_id), OrderStatus(s.status), OrderStatus(s.outcome), Reason(s.reason),
		Parked(s.parked), collect(s.participants, s.participant_count, participantOf),
		uint64(s.version), timeOf(s.created_at_ms), time.Duration(s.age_ms) * time.Millisecond,
		timeOf(s.deadline_at_ms), timeOf(s.resend_at_ms)}
}

func participantOf(p *C.aurora_participant) SagaParticipant {
	return SagaParticipant{Participant(p.participant), C.GoString(p.state), p.is_parked != 0,
		int(p.attempts), C.GoString(p.parked_reason), idOf(p.task_id),
		C.GoString(p.provider_reference), timeOf(p.first_attempt_at_ms),
		timeOf(p.next_attempt_at_ms), timeOf(p.parked_at_ms)}
}

func deadLetterOf(d *C.aurora_dead_letter) DeadLetter {
	return DeadLetter{EventKind(d.event_kind), C.GoString(d.consumer), C.GoString(d.key),
		C.GoString(d.event_id), C.GoString(d.source), uint64(d.position), C.GoString(d.reason),
		int(d.attempts), C.GoStringN(d.data, C.int(d.data_len)), timeOf(d.parked_at_ms)}
}
