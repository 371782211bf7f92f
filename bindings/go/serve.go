// SPDX-License-Identifier: MIT

package aurora

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// A Provider moves money. Serve calls it from several goroutines at once. Its context ends a little
// before the task's lease does, and with Serve's.
type Provider interface {
	// Start does task.Verb, with task.ID as idempotency key. An error means that it is not known
	// what became of it: a query follows.
	Start(ctx context.Context, task PaymentTask) (TaskResult, error)
	// Query tells what became of task.ID and moves nothing; OutcomeNotFound when it was never seen.
	Query(ctx context.Context, task PaymentTask) (TaskResult, error)
}

// A Notifier sends messages. An error means that it may have been sent or not.
type Notifier interface {
	Notify(ctx context.Context, task NotificationTask) (TaskResult, error)
}

// NotifierFunc makes a Notifier of a function.
type NotifierFunc func(context.Context, NotificationTask) (TaskResult, error)

// Notify calls f.
func (f NotifierFunc) Notify(ctx context.Context, task NotificationTask) (TaskResult, error) {
	return f(ctx, task)
}

// A ServeOption says how to serve.
type ServeOption func(*serving)

type serving struct {
	parallel int
	lease    time.Duration
	failed   func(error)
}

// Parallel is how many tasks are under way at once, 1 to 1,024; 16 by default.
func Parallel(tasks int) ServeOption { return func(s *serving) { s.parallel = tasks } }

// Lease is how long a task may take, 1 s to 1 h; 30 s by default.
func Lease(d time.Duration) ServeOption { return func(s *serving) { s.lease = d } }

// OnError is told of each error and panic of a provider or a notifier, of each take that failed, and of
// each report that was refused: one that may work later is repeated until the task's lease is over, or
// Serve's context. It is called from several goroutines at once.
func OnError(f func(error)) ServeOption { return func(s *serving) { s.failed = f } }

// A PanicError is a panic of a provider or a notifier. Its task's outcome is unknown.
type PanicError struct {
	Value any
	Stack []byte
}

// Error tells the value.
func (e *PanicError) Error() string { return fmt.Sprintf("aurora: panic: %v", e.Value) }

// job is a task of either kind, as the loop sees it.
type job struct {
	id      ID
	leaseAt time.Time
	run     func(context.Context) (TaskResult, error)
}

type loop struct {
	core   *core
	op     string
	take   func(ctx context.Context, limit int) ([]job, error)
	send   func([]report) ([]Status, error) // many reports, with what became of each
	serve  serving
	free   chan struct{} // a token for each task that may begin
	report chan report
}

// serve does what take gives out, as jobOf says, until ctx is done or the shop is closed.
func serve[T any](ctx context.Context, c *core, op string, kind taskKind, opts []ServeOption,
	take func(ctx context.Context, limit int, lease, wait time.Duration) ([]T, error),
	jobOf func(T) job) error {
	l, err := newLoop(c, op, opts)
	if err != nil {
		return err
	}
	l.take = func(ctx context.Context, limit int) ([]job, error) {
		tasks, err := take(ctx, limit, l.serve.lease, -1)
		jobs := make([]job, len(tasks))
		for i, task := range tasks {
			jobs[i] = jobOf(task)
		}
		return jobs, err
	}
	l.send = func(reports []report) ([]Status, error) {
		return finishTasks(context.Background(), c, op, kind, reports)
	}
	return l.run(ctx)
}

func newLoop(c *core, op string, opts []ServeOption) (*loop, error) {
	l := &loop{core: c, op: op, serve: serving{parallel: 16}}
	for _, option := range opts {
		if option == nil {
			return nil, invalid(op, "options", "must not be nil")
		}
		option(&l.serve)
	}
	if l.serve.parallel < 1 || l.serve.parallel > 1024 {
		return nil, invalid(op, "parallel", "must be 1 to 1024")
	}
	if l.serve.lease == 0 {
		l.serve.lease = 30 * time.Second
	}
	if l.serve.failed == nil {
		l.serve.failed = func(error) {}
	}
	return l, nil
}

// run takes and does tasks until ctx is done or the shop is closed, waits for those under way, and
// reports them.
func (l *loop) run(ctx context.Context) error {
	if ctx == nil {
		return invalid(l.op, "ctx", "must not be nil")
	}
	l.free = make(chan struct{}, l.serve.parallel)
	l.report = make(chan report, l.serve.parallel)
	for i := 0; i < l.serve.parallel; i++ {
		l.free <- struct{}{}
	}
	reported := make(chan struct{})
	go l.finish(ctx, reported)
	var working sync.WaitGroup
	err := l.feed(ctx, &working)
	working.Wait()
	close(l.report)
	<-reported
	return err
}

func (l *loop) feed(ctx context.Context, working *sync.WaitGroup) error {
	for {
		room, err := l.room(ctx)
		if err != nil {
			return err
		}
		jobs, err := l.take(ctx, room)
		for i := len(jobs); i < room; i++ {
			l.free <- struct{}{}
		}
		leaseAt := time.Now().Add(l.serve.lease)
		for _, j := range jobs {
			working.Add(1)
			go func(j job) {
				defer working.Done()
				l.report <- report{id: j.id, result: l.do(ctx, j), leaseAt: leaseAt}
				l.free <- struct{}{}
			}(j)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil || isStatus(err, ErrInterrupted):
		case isRetryable(err):
			l.serve.failed(err)
			if err := rest(ctx, time.Second); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// room waits until a task may begin and says how many may.
func (l *loop) room(ctx context.Context) (int, error) {
	select {
	case <-l.free:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	for room := 1; ; room++ {
		select {
		case <-l.free:
		default:
			return room, nil
		}
	}
}

func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func isRetryable(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Retryable()
}

// do runs one task. Whatever goes wrong, its outcome is then unknown and nothing else is harmed.
func (l *loop) do(ctx context.Context, j job) (result TaskResult) {
	defer func() {
		if value := recover(); value != nil {
			l.serve.failed(&PanicError{value, debug.Stack()})
			result = TaskResult{Outcome: OutcomeUnknown}
		}
	}()
	if !j.leaseAt.IsZero() && l.core.clock == nil {
		margin := l.serve.lease / 10
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, j.leaseAt.Add(-margin))
		defer cancel()
	}
	result, err := j.run(ctx)
	if err != nil {
		l.serve.failed(err)
		return TaskResult{Outcome: OutcomeUnknown, RetryAfter: result.RetryAfter}
	}
	return result
}

// finish reports what is done, as much at once as there is. What may be taken later waits with the next.
func (l *loop) finish(ctx context.Context, reported chan<- struct{}) {
	defer close(reported)
	var later []report
	delay := finishDelayMin
	for first := range l.report {
		later = l.finishBatch(l.gather(append(later, first)))
		for len(later) > 0 && rest(ctx, delay) == nil {
			if delay *= 2; delay > finishDelayMax {
				delay = finishDelayMax
			}
			later = l.finishBatch(l.gather(later))
		}
		delay = finishDelayMin
	}
	for _, r := range l.finishBatch(later) { // the context is over
		l.serve.failed(r.failure)
	}
}

const (
	finishDelayMin = 10 * time.Millisecond
	finishDelayMax = time.Second
	finishMax      = 1024 // reports at once
)

// gather adds what is done meanwhile.
func (l *loop) gather(batch []report) []report {
	for len(batch) < finishMax {
		select {
		case next, ok := <-l.report:
			if !ok {
				return batch
			}
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// finishBatch reports, and returns what may be taken later. What is refused together is reported by
// itself: a text that C cannot take spoils no other.
func (l *loop) finishBatch(batch []report) (later []report) {
	switch {
	case len(batch) == 0:
		return nil
	case len(batch) > finishMax:
		return append(l.finishBatch(batch[:finishMax]), l.finishBatch(batch[finishMax:])...)
	}
	statuses, err := l.send(batch)
	if err == nil {
		return nil
	}
	for i, r := range batch {
		r.failure = err
		if len(statuses) == len(batch) {
			r.failure = &Error{Op: l.op, Code: statuses[i]}
			if statuses[i] == 0 {
				continue
			}
		}
		if isStatus(r.failure, ErrInvalid) && len(batch) > 1 { // by itself it tells what is wrong
			later = append(later, l.finishBatch(batch[i:i+1])...)
			continue
		}
		switch {
		case isRetryable(r.failure) && time.Now().Before(r.leaseAt):
			later = append(later, r)
			continue
		case isStatus(r.failure, ErrInvalid) && r.result.Outcome != OutcomeUnknown:
			r.result = TaskResult{Outcome: OutcomeUnknown}
			later = append(later, l.finishBatch([]report{r})...)
		}
		l.serve.failed(r.failure)
	}
	return later
}
