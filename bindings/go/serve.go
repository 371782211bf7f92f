// SPDX-License-Identifier: MIT

package aurora

import (
	"context"
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

// OnError is told of each error and panic of a provider or a notifier, and of each report that was
// refused. It is called from several goroutines at once.
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
	kind   taskKind
	take   func(ctx context.Context, limit int) ([]job, error)
	serve  serving
	free   chan struct{} // a token for each task that may begin
	report chan report
}

func newLoop(c *core, op string, kind taskKind, opts []ServeOption) *loop {
	l := &loop{core: c, op: op, kind: kind, serve: serving{parallel: 16, lease: 30 * time.Second}}
	for _, option := range opts {
		option(&l.serve)
	}
	if l.serve.failed == nil {
		l.serve.failed = func(error) {}
	}
	return l
}

// run takes and does tasks until ctx is done or the shop is closed, waits for those under way, and
// reports them.
func (l *loop) run(ctx context.Context) error {
	if ctx == nil {
		return invalid(l.op, "ctx", "must not be nil")
	}
	if l.serve.parallel < 1 || l.serve.parallel > 1024 {
		return invalid(l.op, "parallel", "must be 1 to 1024")
	}
	l.free = make(chan struct{}, l.serve.parallel)
	l.report = make(chan report, l.serve.parallel)
	for i := 0; i < l.serve.parallel; i++ {
		l.free <- struct{}{}
	}
	reported := make(chan struct{})
	go l.finish(reported)
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
		for _, j := range jobs {
			working.Add(1)
			go func(j job) {
				defer working.Done()
				l.report <- report{j.id, l.do(ctx, j)}
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
	e, ok := err.(*Error)
	return ok && e.Retryable()
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

// finish reports what is done, as much at once as there is.
func (l *loop) finish(reported chan<- struct{}) {
	defer close(reported)
	batch := make([]report, 0, l.serve.parallel)
	for first := range l.report {
		batch = append(batch[:0], first)
		for more := true; more && len(batch) < l.serve.parallel; {
			select {
			case next, ok := <-l.report:
				if ok {
					batch = append(batch, next)
				}
				more = ok
			default:
				more = false
			}
		}
		l.finishBatch(batch)
	}
}

// finishBatch reports by itself what the batch could not: a text that C cannot take spoils no other.
func (l *loop) finishBatch(batch []report) {
	ctx := context.Background()
	statuses, err := finishTasks(ctx, l.core, l.op, l.kind, batch)
	if err == nil {
		return
	}
	for i, r := range batch {
		if len(statuses) == len(batch) && statuses[i] == 0 {
			continue
		}
		if err := finishTask(ctx, l.core, l.op, l.kind, r.id, r.result); err != nil {
			l.serve.failed(err)
			if isStatus(err, ErrInvalid) {
				finishTask(ctx, l.core, l.op, l.kind, r.id, TaskResult{Outcome: OutcomeUnknown})
			}
		}
	}
}
