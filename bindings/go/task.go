// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"time"
)

type taskKind C.int32_t

const (
	taskPayment      taskKind = C.AURORA_TASK_PAYMENT
	taskNotification taskKind = C.AURORA_TASK_NOTIFICATION
)

// Verb is what a payment task asks for.
type Verb int32

const (
	VerbAuthorize Verb = C.AURORA_VERB_AUTHORIZE
	VerbCapture   Verb = C.AURORA_VERB_CAPTURE
	VerbVoid      Verb = C.AURORA_VERB_VOID
	VerbRefund    Verb = C.AURORA_VERB_REFUND
)

// String is the verb's name: "authorize" to "refund".
func (v Verb) String() string { return C.GoString(C.aurora_verb_name(C.int32_t(v))) }

// Outcome is how a task went.
type Outcome int32

const (
	OutcomeDone     Outcome = C.AURORA_OUTCOME_DONE
	OutcomeDeclined Outcome = C.AURORA_OUTCOME_DECLINED  // refused for good
	OutcomePending  Outcome = C.AURORA_OUTCOME_PENDING   // accepted; finish again, or be asked
	OutcomeNotFound Outcome = C.AURORA_OUTCOME_NOT_FOUND // queries only: never seen
	OutcomeUnknown  Outcome = C.AURORA_OUTCOME_UNKNOWN   // no answer: a query follows
	OutcomeNotBegun Outcome = C.AURORA_OUTCOME_NOT_BEGUN // payments: nothing reached the provider
)

// String is the outcome's name: "done" to "not_begun".
func (o Outcome) String() string { return C.GoString(C.aurora_outcome_name(C.int32_t(o))) }

// A TaskResult is what to report of a task.
type TaskResult struct {
	Outcome           Outcome
	ProviderReference string        // with OutcomeDone or OutcomePending
	Code              string        // with OutcomeDeclined
	RetryAfter        time.Duration // with Pending, Unknown and NotBegun; 0 = the engine's choice
}

// Done reports success; reference is what the provider called it.
func Done(reference string) TaskResult {
	return TaskResult{Outcome: OutcomeDone, ProviderReference: reference}
}

// Declined reports a refusal for good.
func Declined(code string) TaskResult { return TaskResult{Outcome: OutcomeDeclined, Code: code} }

// A PaymentTask is money to be moved, or, with IsQuery, a question what became of it.
type PaymentTask struct {
	ID                ID // the provider's idempotency key: the same over attempts and queries
	OrderID           ID
	Verb              Verb
	IsQuery           bool // do not act: ask what became of ID
	Attempt           int  // from 1
	AmountMinor       int64
	Currency          string
	PaymentMethod     string
	AuthorizeID       ID     // the task that capture, void and refund refer to
	ProviderReference string // what the provider called that authorization, or, of a query, this task
	CustomerID        string
	Reference         string // the order's
	Traceparent       string
	DeadlineAt        time.Time // of the order
	LeaseAt           time.Time // unfinished by then, a query follows
}

// NotificationKind is what a notification is about.
type NotificationKind int32

const (
	NotificationCompleted NotificationKind = C.AURORA_NOTIFICATION_COMPLETED
	NotificationFailed    NotificationKind = C.AURORA_NOTIFICATION_FAILED
	NotificationCancelled NotificationKind = C.AURORA_NOTIFICATION_CANCELLED
)

// String is the kind's name: "order.completed" to "order.cancelled".
func (k NotificationKind) String() string {
	return C.GoString(C.aurora_notification_name(C.int32_t(k)))
}

// A NotificationTask is a message to be sent about an order.
type NotificationTask struct {
	ID          ID // the same over attempts
	OrderID     ID
	Kind        NotificationKind
	Attempt     int
	TotalMinor  int64
	Currency    string
	CustomerID  string
	Contact     string // where to send it
	Reference   string // the order's
	Reason      Reason
	DeclineCode string
	Traceparent string
	LeaseAt     time.Time
}

func paymentOf(t *C.aurora_task) PaymentTask {
	return PaymentTask{ID: idOf(t.id), OrderID: idOf(t.order_id), Verb: Verb(t.verb),
		IsQuery: t.is_query != 0, Attempt: int(t.attempt), AmountMinor: int64(t.amount_minor),
		Currency: C.GoString(t.currency), PaymentMethod: C.GoString(t.payment_method),
		AuthorizeID: idOf(t.authorize_id), ProviderReference: C.GoString(t.provider_reference),
		CustomerID: C.GoString(t.customer_id), Reference: C.GoString(t.reference),
		Traceparent: C.GoString(t.traceparent), DeadlineAt: timeOf(t.deadline_at_ms),
		LeaseAt: timeOf(t.lease_at_ms)}
}

func notificationTaskOf(t *C.aurora_task) NotificationTask {
	return NotificationTask{ID: idOf(t.id), OrderID: idOf(t.order_id),
		Kind: NotificationKind(t.notification_kind), Attempt: int(t.attempt),
		TotalMinor: int64(t.amount_minor), Currency: C.GoString(t.currency),
		CustomerID: C.GoString(t.customer_id), Contact: C.GoString(t.contact),
		Reference: C.GoString(t.reference), Reason: Reason(t.reason),
		DeclineCode: C.GoString(t.decline_code), Traceparent: C.GoString(t.traceparent),
		LeaseAt: timeOf(t.lease_at_ms)}
}

// takeTasks waits for the first due task until ctx is done, and leases up to limit of them.
func takeTasks[T any](ctx context.Context, c *core, op string, kind taskKind, limit int,
	lease, timeout time.Duration, convert func(*C.aurora_task) T, late func([]T)) ([]T, error) {
	ms := millis(lease)
	if ms < 0 || ms > 3600000 {
		return nil, invalid(op, "lease", "must be 1s to 1h, is "+lease.String())
	}
	if limit < 1 || limit > 1024 {
		return nil, invalid(op, "limit", "must be 1 to 1024")
	}
	return wait(ctx, c, op, timeout, func(f *frame, most waitTime) ([]T, error) {
		out := (**C.aurora_task_page)(f.out())
		rc := C.aurora_task_take(f.handle, C.int32_t(kind), C.uint32_t(limit), C.uint32_t(ms),
			most, out)
		if err := f.done(rc); err != nil {
			return nil, err
		}
		page := *out
		defer C.aurora_task_page_free(page)
		return collect(page.items, page.count, convert), nil
	}, late)
}

func waitMs(d time.Duration) waitTime {
	ms := millis(d)
	if d < 0 || ms > 1<<31-1 {
		return -1
	}
	return waitTime(ms)
}

func (f *frame) taskResult(kind taskKind, r *TaskResult) *C.aurora_task_result {
	ms := millis(r.RetryAfter)
	if ms < 0 || ms > 1<<32-1 {
		f.refuse("retry_after", "is out of range")
	}
	n := (*C.aurora_task_result)(f.alloc(C.sizeof_aurora_task_result))
	*n = C.aurora_task_result{size: C.sizeof_aurora_task_result, outcome: C.int32_t(r.Outcome),
		provider_reference: f.text("provider_reference", r.ProviderReference),
		code:               f.text("code", r.Code), retry_after_ms: C.uint32_t(ms), kind: C.int32_t(kind)}
	return n
}

func finishTask(ctx context.Context, c *core, op string, kind taskKind, id ID, r TaskResult) error {
	return do(ctx, c, op, func(f *frame) error {
		native := f.taskResult(kind, &r)
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_task_finish(f.handle, id.native(), native, f.err()))
	})
}

// A report is a task and how it went.
type report struct {
	id      ID
	result  TaskResult
	leaseAt time.Time // by the system's clock
	failure error     // of the last attempt
}

// finishTasks reports many at once; each failure is told. A text that C cannot take spoils them all,
// with no statuses.
func finishTasks(ctx context.Context, c *core, op string, kind taskKind,
	reports []report) ([]Status, error) {
	return call(ctx, c, op, func(f *frame) ([]Status, error) {
		ids, idSlice := array[C.aurora_id](f, len(reports))
		results, resultSlice := array[*C.aurora_task_result](f, len(reports))
		each, statuses := f.statuses(len(reports))
		for i := range reports {
			idSlice[i] = reports[i].id.native()
			resultSlice[i] = f.taskResult(kind, &reports[i].result)
		}
		if f.bad != nil {
			return nil, f.bad
		}
		rc := C.aurora_task_finish_many(f.handle, ids, results, C.uint32_t(len(reports)), each,
			f.err())
		return statusesOf(statuses, rc), f.done(rc)
	})
}
