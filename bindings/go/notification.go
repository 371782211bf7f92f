// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"time"
)

// NotificationState says what became of a notification.
type NotificationState int32

const (
	NotificationPending NotificationState = C.AURORA_NOTIFICATION_STATE_PENDING
	NotificationSending NotificationState = C.AURORA_NOTIFICATION_STATE_SENDING
	NotificationSent    NotificationState = C.AURORA_NOTIFICATION_STATE_SENT
	NotificationUnknown NotificationState = C.AURORA_NOTIFICATION_STATE_UNKNOWN // a person decides
	NotificationRefused NotificationState = C.AURORA_NOTIFICATION_STATE_FAILED
	NotificationSkipped NotificationState = C.AURORA_NOTIFICATION_STATE_SKIPPED
)

// String is the state's name: "PENDING" to "SKIPPED".
func (s NotificationState) String() string {
	return C.GoString(C.aurora_notification_state_name(C.int32_t(s)))
}

// ParseNotificationState gives the state of that name, 0 for another text.
func ParseNotificationState(name string) NotificationState {
	return NotificationState(parse(name, func(text *C.char) C.int32_t { return C.aurora_notification_state_parse(text) }))
}

// A Notification is what became of one message.
type Notification struct {
	Kind         NotificationKind
	OrderID      ID
	State        NotificationState
	Attempts     int
	Detail       string // one line on why it ended so
	Contact      string // not kept once it is sent or skipped
	OrderVersion uint64
	At           time.Time // of the order's outcome
	UpdatedAt    time.Time
	DueAt        time.Time // pending: the next attempt; sending: the lease ends
}

// Notifications hands out the messages to be sent, as durable tasks, and lists what became of them.
// Tasks need a shop that was opened with the setting "notify=none:".
type Notifications struct{ core *core }

// Serve lets notifier send all messages, until ctx is done or the shop is closed, and returns why.
// It returns when all calls of the notifier have.
func (n Notifications) Serve(ctx context.Context, notifier Notifier, opts ...ServeOption) error {
	const op = "notifications serve"
	if notifier == nil {
		return invalid(op, "notifier", "must not be nil")
	}
	if n.core != nil && !n.core.tasks[1] {
		return &Error{Op: op, Code: ErrConflict, Field: "notify",
			Message: `open the shop with WithSettings("notify=none:") to get its notifications`}
	}
	return serve(ctx, n.core, op, taskNotification, opts, n.Take, func(task NotificationTask) job {
		return job{task.ID, task.LeaseAt,
			func(ctx context.Context) (TaskResult, error) { return notifier.Notify(ctx, task) }}
	})
}

// Take leases up to limit due messages; see Payments.Take.
func (n Notifications) Take(ctx context.Context, limit int, lease,
	wait time.Duration) ([]NotificationTask, error) {
	return takeTasks(ctx, n.core, "notifications take", taskNotification, limit, lease, wait,
		notificationTaskOf, func(tasks []NotificationTask) {
			for _, task := range tasks {
				n.Finish(context.Background(), task.ID, TaskResult{Outcome: OutcomeUnknown})
			}
		})
}

// Finish reports how a message went: OutcomeDone, OutcomeDeclined or OutcomeUnknown.
func (n Notifications) Finish(ctx context.Context, task ID, result TaskResult) error {
	return finishTask(ctx, n.core, "notifications finish", taskNotification, task, result)
}

// List gives a page of notifications in one state, 0 = in any, newest order first. cursor is empty
// for the first page; limit is 1..1,000, 0 = 50.
func (n Notifications) List(ctx context.Context, state NotificationState, cursor string,
	limit int) (Page[Notification], error) {
	return call(ctx, n.core, "notifications list", func(f *frame) (Page[Notification], error) {
		from, count := f.text("cursor", cursor), f.limit(limit)
		if f.bad != nil {
			return Page[Notification]{}, f.bad
		}
		out := (**C.aurora_notification_page)(f.out())
		rc := C.aurora_notification_list(f.handle, C.int32_t(state), from, count, out, f.err())
		if err := f.done(rc); err != nil {
			return Page[Notification]{}, err
		}
		page := *out
		defer C.aurora_notification_page_free(page)
		return Page[Notification]{collect(page.items, page.count, notificationOf),
			C.GoString(page.next_cursor)}, nil
	})
}

// All goes through all notifications in one state, 0 = in any.
func (n Notifications) All(ctx context.Context, state NotificationState) *Iterator[Notification] {
	return iterate(func(cursor string) (Page[Notification], error) {
		return n.List(ctx, state, cursor, 0)
	})
}

func notificationOf(n *C.aurora_notification) Notification {
	return Notification{NotificationKind(n.kind), idOf(n.order_id), NotificationState(n.state),
		int(n.attempts), C.GoString(n.detail), C.GoString(n.contact), uint64(n.order_version),
		timeOf(n.at_ms), timeOf(n.updated_at_ms), timeOf(n.due_at_ms)}
}
