// SPDX-License-Identifier: MIT

package aurora

import (
	"context"
	"sync"
	"testing"
	"time"
)

// A fakeStore takes reports once it has failed often enough.
type fakeStore struct {
	lock   sync.Mutex
	fails  int
	status Status
	sends  int
	taken  map[ID]Outcome
	told   []error
	failed chan struct{} // a token for each failed send, where somebody wants to know
}

func (s *fakeStore) send(reports []report) ([]Status, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.sends++
	statuses := make([]Status, len(reports))
	if s.sends > s.fails {
		for _, r := range reports {
			s.taken[r.id] = r.result.Outcome
		}
		return statuses, nil
	}
	for i := range statuses {
		statuses[i] = s.status
	}
	select {
	case s.failed <- struct{}{}:
	default:
	}
	return statuses, &Error{Code: s.status}
}

func (s *fakeStore) tell(err error) {
	s.lock.Lock()
	s.told = append(s.told, err)
	s.lock.Unlock()
}

// loopOver is a loop whose one page of jobs is done at once.
func loopOver(t *testing.T, store *fakeStore, jobs int, opts ...ServeOption) *loop {
	t.Helper()
	store.taken, store.failed = map[ID]Outcome{}, make(chan struct{}, 1)
	l, err := newLoop(&core{gate: newGate()}, "test", append(opts, OnError(store.tell), Parallel(jobs)))
	if err != nil {
		t.Fatal(err)
	}
	isGiven := false
	l.take = func(ctx context.Context, limit int) ([]job, error) {
		if isGiven {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		isGiven = true
		page := make([]job, jobs)
		for i := range page {
			page[i] = job{id: ID{byte(i), byte(i >> 8), 1},
				run: func(context.Context) (TaskResult, error) { return Done("x"), nil }}
		}
		return page, nil
	}
	l.send = store.send
	return l
}

func TestReportsAreRepeatedUntilTheyAreTaken(t *testing.T) {
	store := &fakeStore{fails: 4, status: ErrIO}
	l := loopOver(t, store, 3)
	ctx, cancel := context.WithCancel(background)
	ended := make(chan error)
	go func() { ended <- l.run(ctx) }()
	within(t, "the reports", func() {
		for taken := 0; taken < 3; time.Sleep(time.Millisecond) {
			store.lock.Lock()
			taken = len(store.taken)
			store.lock.Unlock()
		}
	})
	cancel()
	must(t, <-ended, context.Canceled)
	for id, outcome := range store.taken {
		if outcome != OutcomeDone {
			t.Error(id, outcome)
		}
	}
	if len(store.told) != 0 {
		t.Error(store.told)
	}
}

func TestReportsEndWithTheContext(t *testing.T) {
	store := &fakeStore{fails: 1 << 30, status: ErrFull}
	l := loopOver(t, store, 3)
	ctx, cancel := context.WithCancel(background)
	ended := make(chan error)
	go func() { ended <- l.run(ctx) }()
	<-store.failed
	cancel()
	within(t, "the loop", func() { must(t, <-ended, context.Canceled) })
	if len(store.taken) != 0 || len(store.told) != 3 {
		t.Error(store.taken, store.told)
	}
	for _, err := range store.told {
		must(t, err, ErrFull)
	}
}

func TestReportsEndWithTheLease(t *testing.T) {
	store := &fakeStore{fails: 1 << 30, status: ErrBusy}
	l := loopOver(t, store, 2, Lease(time.Nanosecond))
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	ended := make(chan error)
	go func() { ended <- l.run(ctx) }()
	within(t, "the reports", func() {
		for told := 0; told < 2; time.Sleep(time.Millisecond) {
			store.lock.Lock()
			told = len(store.told)
			store.lock.Unlock()
		}
	})
	cancel()
	<-ended
}

// What no repeat would mend is told at once, and its outcome is unknown; the others are reported.
func TestABadReportSpoilsNoOther(t *testing.T) {
	shop := openShop(t, WithSettings("payment=none:"))
	requests := make([]OrderRequest, 3)
	for i := range requests {
		requests[i] = mugs("", 1)
		requests[i].NoWait = true
	}
	if _, err := shop.Orders.PlaceMany(background, requests); err != nil {
		t.Fatal(err)
	}
	tasks := make([]PaymentTask, 0, 3)
	within(t, "the tasks", func() {
		for len(tasks) < 3 {
			more, err := shop.Payments.Take(background, 3, 0, -1)
			if err != nil {
				t.Error(err)
				return
			}
			tasks = append(tasks, more...)
		}
	})
	store := new(fakeStore)
	l, err := newLoop(shop.core, "test", []ServeOption{OnError(store.tell)})
	if err != nil {
		t.Fatal(err)
	}
	sent := map[ID]Outcome{}
	l.send = func(reports []report) ([]Status, error) {
		statuses, err := finishTasks(background, shop.core, "test", taskPayment, reports)
		for i, status := range statuses {
			if status == 0 {
				sent[reports[i].id] = reports[i].result.Outcome
			}
		}
		return statuses, err
	}
	batch := make([]report, len(tasks))
	for i, task := range tasks {
		batch[i] = report{id: task.ID, result: Done("ref"), leaseAt: time.Now().Add(time.Hour)}
	}
	batch[1].result.ProviderReference = "a\x00b"
	if later := l.finishBatch(batch); len(later) != 0 {
		t.Error(later)
	}
	if len(sent) != 3 || sent[tasks[0].ID] != OutcomeDone || sent[tasks[1].ID] != OutcomeUnknown ||
		sent[tasks[2].ID] != OutcomeDone {
		t.Error(sent)
	}
	if len(store.told) != 1 || store.told[0].(*Error).Field != "provider_reference" {
		t.Error(store.told)
	}
}

// A whole call that is refused has taken nothing.
func TestReportsOfAClosedShopAreTold(t *testing.T) {
	shop := openShop(t, WithSettings("payment=none:"))
	reports := make([]report, 1025) // more than C takes
	statuses, err := finishTasks(background, shop.core, "test", taskPayment, reports)
	must(t, err, ErrInvalid)
	for _, status := range statuses {
		if status == 0 {
			t.Fatal("a report that was not taken is told as taken")
		}
	}
}
