// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"time"
)

// Payments hands out the money to be moved, as durable tasks. It needs a shop that was opened with the
// setting "payment=none:"; with any other, an adapter of the library does the work.
type Payments struct{ core *core }

// Serve lets provider do all payments, until ctx is done or the shop is closed, and returns why. It
// returns when all calls of the provider have: wait for it before the shop is closed. Several may
// serve one shop, also in other processes.
func (p Payments) Serve(ctx context.Context, provider Provider, opts ...ServeOption) error {
	const op = "payments serve"
	if provider == nil {
		return invalid(op, "provider", "must not be nil")
	}
	if p.core != nil && !p.core.tasks[0] {
		return &Error{Op: op, Code: ErrConflict, Field: "payment",
			Message: `open the shop with WithSettings("payment=none:") to get its payments`}
	}
	return serve(ctx, p.core, op, taskPayment, opts, p.Take, func(task PaymentTask) job {
		run := provider.Start
		if task.IsQuery {
			run = provider.Query
		}
		return job{task.ID, task.LeaseAt,
			func(ctx context.Context) (TaskResult, error) { return run(ctx, task) }}
	})
}

// Take leases up to limit (1 to 1,024) due payments: nobody else gets them meanwhile. It waits for the
// first at most for wait (negative = without end, 0 = not at all), and gives none when that is over.
// lease is 1 s to 1 h, 0 = 30 s.
func (p Payments) Take(ctx context.Context, limit int, lease,
	wait time.Duration) ([]PaymentTask, error) {
	return takeTasks(ctx, p.core, "payments take", taskPayment, limit, lease, wait, paymentOf,
		func(tasks []PaymentTask) {
			for _, task := range tasks { // nobody waits any more: others may have them
				p.Finish(context.Background(), task.ID, TaskResult{Outcome: OutcomeNotBegun})
			}
		})
}

// Finish reports how a payment went, durably: also after the lease, after a restart, or when the
// provider calls back. Repeats are no-ops. ErrNotFound for an id that was never a payment's.
func (p Payments) Finish(ctx context.Context, task ID, result TaskResult) error {
	return finishTask(ctx, p.core, "payments finish", taskPayment, task, result)
}

// Breaker reads the breaker before the shop's provider. ErrNotSupported where there is none, as before
// one that is served.
func (p Payments) Breaker(ctx context.Context) (BreakerFigures, error) {
	return call(ctx, p.core, "payments breaker", func(f *frame) (BreakerFigures, error) {
		native := (*C.aurora_breaker_figures)(f.alloc(C.sizeof_aurora_breaker_figures))
		if err := f.done(C.aurora_payment_breaker(f.handle, native)); err != nil {
			return BreakerFigures{}, err
		}
		return figuresOf(native), nil
	})
}
