// SPDX-License-Identifier: MIT

package aurora

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var background = context.Background()

// openShop opens a shop that has mugs, and closes it with the test. What it did must pass an audit.
func openShop(t testing.TB, opts ...Option) *Shop {
	t.Helper()
	shop, err := Open("memory:", opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shop.Close() })
	err = shop.Products.Put(background, Product{SKU: "mug", Name: "Mug", PriceMinor: 1250,
		Currency: "EUR"}, AnyVersion)
	if err != nil {
		t.Fatal(err)
	}
	if err := shop.Stock.Receive(background, "mug", 100000, "delivery-1"); err != nil {
		t.Fatal(err)
	}
	return shop
}

func mugs(key string, quantity int64) OrderRequest {
	return OrderRequest{Key: key, Currency: "EUR", PaymentMethod: "tok_approve",
		Lines: []Line{{SKU: "mug", Quantity: quantity}}}
}

// must fails the test unless err matches each of the targets.
func must(t *testing.T, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Fatalf("got %v, want %v", err, target)
		}
	}
}

func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal(what, "does not end")
	}
}

func TestEachStatusHasASentinel(t *testing.T) {
	infos := Statuses()
	if len(infos) != len(sentinels)+1 {
		t.Fatalf("the library has %d statuses, the package %d: go generate", len(infos), len(sentinels)+1)
	}
	for i, info := range infos[1:] {
		err := error(&Error{Op: "test", Code: sentinels[i]})
		if info.Status != sentinels[i] || !errors.Is(err, info.Status) {
			t.Errorf("%s is not sentinel %d", info.Name, i)
		}
		if errors.Is(err, sentinels[(i+1)%len(sentinels)]) {
			t.Errorf("%s matches another", info.Name)
		}
		if info.Status.Retryable() != (info.Class == ClassRetriable) || info.Status.Name() != info.Name {
			t.Errorf("%s: class or name", info.Name)
		}
	}
}

func TestAnErrorNamesFieldAndRule(t *testing.T) {
	shop := openShop(t)
	request := mugs("k", 0)
	for name, f := range map[string]func() error{
		"place": func() error { _, err := shop.Orders.Place(background, request); return err },
		"check": request.Check,
		"many": func() error {
			placed, err := shop.Orders.PlaceMany(background, []OrderRequest{mugs("a", 1), request})
			if err != nil || placed[0].Err != nil || placed[0].Status != OrderCompleted {
				t.Error(placed, err)
			}
			return placed[1].Err
		},
	} {
		err := f()
		var e *Error
		if !errors.As(err, &e) || e.Code != ErrInvalid || e.Field != "lines[0].quantity" || e.Message == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	request = mugs("l", 1)
	request.Lines = append(request.Lines, Line{SKU: "nothing", Quantity: 1})
	_, err := shop.Orders.Place(background, request)
	must(t, err, ErrUnknownSKU)
	if err.(*Error).Field != "lines[1].sku" {
		t.Error(err)
	}
	err = shop.Products.Put(background, Product{SKU: "a\x00b", Name: "n", Currency: "EUR"}, AnyVersion)
	must(t, err, ErrInvalid)
	if err.(*Error).Field != "sku" {
		t.Error(err)
	}
}

func TestAKeyMakesARepeatANoOp(t *testing.T) {
	shop := openShop(t)
	first, err := shop.Orders.Place(background, mugs("cart", 2))
	if err != nil {
		t.Fatal(err)
	}
	again, err := shop.Orders.Place(background, mugs("cart", 2))
	if err != nil || again.ID != first.ID || !again.IsReplay {
		t.Fatal(again, err)
	}
	_, err = shop.Orders.Place(background, mugs("cart", 3))
	must(t, err, ErrKeyReused)
}

func TestACancelledContextIsToldAsUnknown(t *testing.T) {
	shop := openShop(t, WithSettings("payment=none:")) // nobody pays: the order waits
	ctx, cancel := context.WithCancel(background)
	placed := make(chan error)
	go func() {
		_, err := shop.Orders.Place(ctx, mugs("cart", 1))
		placed <- err
	}()
	within(t, "the order", func() {
		for {
			page, err := shop.Orders.List(background, OrderFilter{}, "", 0)
			if err != nil || len(page.Items) == 1 {
				return
			}
		}
	})
	cancel()
	err := <-placed
	must(t, err, ErrTimeout, context.Canceled)

	_, err = shop.Orders.Place(ctx, mugs("other", 1))
	must(t, err, context.Canceled, ErrInterrupted)
	if errors.Is(err, ErrTimeout) {
		t.Error("a call that did not begin is no unknown outcome")
	}
	again, err := shop.Orders.Place(background, func() OrderRequest {
		r := mugs("cart", 1)
		r.NoWait = true
		return r
	}())
	if err != nil || !again.IsReplay {
		t.Fatal(again, err)
	}
}

func TestADeadlineGivesTheOrderAndNoError(t *testing.T) {
	shop := openShop(t, WithSettings("payment=none:"))
	ctx, cancel := context.WithTimeout(background, time.Second)
	defer cancel()
	order, err := shop.Orders.Place(ctx, mugs("cart", 1))
	if err != nil || (order.Status != OrderPending && order.Status != OrderReserved) {
		t.Fatal(order, err)
	}
}

func TestEveryWaitEndsWithItsContext(t *testing.T) {
	shop := openShop(t, WithSettings("payment=none:", "notify=none:"))
	order, err := shop.Orders.Place(background, func() OrderRequest {
		r := mugs("", 1)
		r.NoWait = true
		return r
	}())
	if err != nil {
		t.Fatal(err)
	}
	queue, err := shop.NewQueue(10)
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close()
	newest := func() uint64 { _, n, _ := shop.Events.Bounds(background); return n }
	waits := map[string]func(context.Context) error{
		"notifications": func(ctx context.Context) error {
			_, err := shop.Notifications.Take(ctx, 1, 0, -1)
			return err
		},
		"events": func(ctx context.Context) error {
			_, err := shop.Events.Tail(ctx, newest()+1000, 0, -1)
			if errors.Is(err, ErrInvalid) {
				_, err = shop.Events.Tail(ctx, newest(), 0, -1)
			}
			return err
		},
		"order": func(ctx context.Context) error {
			_, err := shop.Orders.Wait(ctx, order.ID, 1000, -1)
			return err
		},
		"queue": func(ctx context.Context) error {
			_, err := queue.Take(ctx, 1, -1)
			return err
		},
	}
	for name, wait := range waits {
		ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
		within(t, name, func() {
			for {
				if err := wait(ctx); err != nil {
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%s: %v", name, err)
					}
					return
				}
			}
		})
		cancel()
	}
}

func TestCloseEndsWhatWaits(t *testing.T) {
	shop := openShop(t, WithSettings("payment=none:", "notify=none:"))
	var all sync.WaitGroup
	waits := []func() error{
		func() error { _, err := shop.Notifications.Take(background, 1, 0, -1); return err },
		func() error {
			for {
				if _, err := shop.Events.Read(background, "c", 0, -1); err != nil {
					return err
				}
			}
		},
		func() error { _, err := shop.Orders.Place(background, mugs("", 1)); return err },
		func() error { return shop.Payments.Serve(background, stuckProvider{}) },
	}
	for i, wait := range waits {
		all.Add(1)
		go func(i int, wait func() error) {
			defer all.Done()
			if err := wait(); !errors.Is(err, ErrClosed) {
				t.Errorf("wait %d: %v", i, err)
			}
		}(i, wait)
	}
	within(t, "the order", func() {
		for {
			if page, err := shop.Orders.List(background, OrderFilter{}, "", 0); err != nil || len(page.Items) > 0 {
				return
			}
		}
	})
	var closing sync.WaitGroup
	for i := 0; i < 8; i++ {
		closing.Add(1)
		go func() {
			defer closing.Done()
			shop.Close()
		}()
	}
	within(t, "close", func() { closing.Wait(); all.Wait() })
	if _, err := shop.Products.Get(background, "mug"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	must(t, shop.Health(), ErrClosed)
	_, err := shop.Orders.Place(background, mugs("", 1))
	must(t, err, ErrClosed)
	_, err = shop.NewQueue(1)
	must(t, err, ErrClosed)
}

type stuckProvider struct{}

func (stuckProvider) Start(ctx context.Context, _ PaymentTask) (TaskResult, error) {
	return TaskResult{Outcome: OutcomePending, RetryAfter: time.Hour}, nil
}
func (stuckProvider) Query(ctx context.Context, _ PaymentTask) (TaskResult, error) {
	return TaskResult{Outcome: OutcomePending, RetryAfter: time.Hour}, nil
}

func TestMisuseIsAnError(t *testing.T) {
	var none *Shop
	if none.Close() != nil || new(Shop).Close() != nil {
		t.Error("close of nothing")
	}
	must(t, none.Health(), ErrInvalid)
	_, err := new(Shop).Orders.Place(background, mugs("", 1))
	must(t, err, ErrInvalid)
	_, err = new(Shop).Products.Get(background, "x")
	must(t, err, ErrInvalid)
	shop := openShop(t)
	_, err = shop.Products.Get(nil, "x") //lint:ignore SA1012 this is the test
	must(t, err, ErrInvalid)
	must(t, shop.Payments.Serve(background, stuckProvider{}), ErrConflict)
	must(t, shop.Payments.Serve(background, nil), ErrInvalid)
	_, err = shop.Products.List(background, ProductFilter{}, "rubbish", 0)
	must(t, err, ErrInvalid)
	_, err = shop.Products.List(background, ProductFilter{}, "", -1)
	must(t, err, ErrInvalid)
	_, err = Open("")
	must(t, err, ErrInvalid)
	_, err = Open("memory:", WithSettings("order_wiat=1s"))
	must(t, err, ErrInvalid)
	_, err = Open("memory:", nil)
	must(t, err, ErrInvalid)
	var queue *Queue
	_, err = queue.Take(background, 1, 0)
	must(t, err, ErrInvalid)
	var bucket Bucket
	if _, ok := bucket.Take(1); ok {
		t.Error("a zero bucket gave a token")
	}
	var breaker Breaker
	if _, ok := breaker.Enter(); ok {
		t.Error("a zero breaker let somebody in")
	}
}

type shakyProvider struct {
	calls   atomic.Int64
	queries atomic.Int64
}

func (p *shakyProvider) Start(_ context.Context, task PaymentTask) (TaskResult, error) {
	switch p.calls.Add(1) {
	case 1:
		panic("the bank is on fire")
	case 2:
		return TaskResult{}, errors.New("no line")
	}
	return Done("ref"), nil
}

func (p *shakyProvider) Query(context.Context, PaymentTask) (TaskResult, error) {
	p.queries.Add(1)
	return Done("ref"), nil
}

func TestAProviderThatPanicsHarmsOnlyItsTask(t *testing.T) {
	shop := openShop(t, WithSettings("payment=none:", "retry_first=20ms"))
	provider := new(shakyProvider)
	var failures atomic.Int64
	ctx, cancel := context.WithCancel(background)
	served := make(chan error)
	go func() {
		served <- shop.Payments.Serve(ctx, provider, Parallel(1), OnError(func(error) { failures.Add(1) }))
	}()
	for i := 0; i < 3; i++ {
		order, err := shop.Orders.Place(background, func() OrderRequest {
			r := mugs(fmt.Sprint("cart-", i), 1)
			r.Timeout = 20 * time.Second
			return r
		}())
		if err != nil || order.Status != OrderCompleted {
			t.Fatal(i, order, err)
		}
	}
	cancel()
	must(t, <-served, context.Canceled)
	if failures.Load() != 2 || provider.queries.Load() < 1 {
		t.Error(failures.Load(), provider.queries.Load())
	}
}

func TestNotificationsAreServed(t *testing.T) {
	shop := openShop(t, WithSettings("notify=none:"))
	request := mugs("cart", 1)
	request.Contact = "a@example.org"
	if _, err := shop.Orders.Place(background, request); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(background)
	var got NotificationTask
	err := shop.Notifications.Serve(ctx, NotifierFunc(
		func(_ context.Context, task NotificationTask) (TaskResult, error) {
			got = task
			cancel()
			return Done(""), nil
		}))
	must(t, err, context.Canceled)
	if got.Contact != "a@example.org" || got.Kind != NotificationCompleted || got.TotalMinor != 1250 {
		t.Errorf("%+v", got)
	}
	page, err := shop.Notifications.List(background, NotificationSent, "", 0)
	if err != nil || len(page.Items) != 1 {
		t.Error(page, err)
	}
}

func TestManyGoroutinesSellOutExactly(t *testing.T) {
	shop := openShop(t)
	if err := shop.Stock.Adjust(background, "mug", -99900, "test", "a"); err != nil {
		t.Fatal(err)
	}
	var sold, refused atomic.Int64
	var all sync.WaitGroup
	for g := 0; g < 16; g++ {
		all.Add(1)
		go func(g int) {
			defer all.Done()
			ctx, cancel := context.WithTimeout(background, time.Minute)
			defer cancel()
			for i := 0; i < 10; i++ {
				order, err := shop.Orders.Place(ctx, mugs(fmt.Sprintf("%d-%d", g, i), 1))
				switch {
				case err != nil:
					t.Error(err)
				case order.Status == OrderCompleted:
					sold.Add(1)
				case order.Reason == ReasonOutOfStock:
					refused.Add(1)
				default:
					t.Error(order.Status, order.Reason)
				}
			}
		}(g)
	}
	all.Wait()
	if sold.Load() != 100 || refused.Load() != 60 {
		t.Error(sold.Load(), refused.Load())
	}
	report, err := shop.Operator.Verify(background)
	if err != nil || !report.IsOK {
		t.Error(report, err)
	}
}

func TestABatchIsPlacedWhole(t *testing.T) {
	shop := openShop(t)
	requests := make([]OrderRequest, 20000) // more than one group
	for i := range requests {
		requests[i] = mugs(fmt.Sprint("k", i), 1)
	}
	placed, err := shop.Orders.PlaceMany(background, requests)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[ID]bool{}
	for i, p := range placed {
		if p.Err != nil || p.Status != OrderCompleted || p.TotalMinor != 1250 || seen[p.ID] {
			t.Fatal(i, p)
		}
		seen[p.ID] = true
	}
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, err = shop.Orders.PlaceMany(ctx, requests[:1])
	must(t, err, context.Canceled)
}

// Room that will never come: what is accepted is told, and the rest, without waiting for ever.
func TestABatchEndsWhereOrdersAreRefusedInItsMiddle(t *testing.T) {
	shop := openShop(t, WithSettings("queue_max=8"))
	requests := make([]OrderRequest, 8000)
	for i := range requests {
		requests[i] = mugs(fmt.Sprint("k", i), 1)
	}
	type result struct {
		placed []Placement
		err    error
	}
	ended := make(chan result, 1)
	go func() {
		placed, err := shop.Orders.PlaceMany(background, requests)
		ended <- result{placed, err}
	}()
	for {
		stock, err := shop.Stock.Get(background, "mug")
		if err != nil {
			t.Fatal(err)
		}
		if stock.Sold > 0 {
			break
		}
	}
	if err := shop.Operator.SetDrain(background, true); err != nil {
		t.Fatal(err)
	}
	select {
	case r := <-ended:
		must(t, r.err, ErrBusy)
		completed := 0
		for _, p := range r.placed {
			if p.Err == nil && p.Status == OrderCompleted {
				completed++
			}
		}
		if completed == 0 || completed == len(requests) {
			t.Error(completed, "orders were completed")
		}
	case <-time.After(time.Minute):
		t.Fatal("the batch waits for ever")
	}
}

func TestAFileIsReadByOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	_, err := Open(path, NoCreate())
	must(t, err, ErrNotFound)
	shop, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer shop.Close()
	if err := shop.Stock.Receive(background, "cup", 5, "d"); err != nil {
		t.Fatal(err)
	}
	reader, err := Open(path, ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if level, err := reader.Stock.Get(background, "cup"); err != nil || level.Available != 5 {
		t.Error(level, err)
	}
	must(t, reader.Stock.Receive(background, "cup", 5, "e"), ErrReadOnly)
	_, err = reader.Orders.Place(background, mugs("", 1))
	must(t, err, ErrReadOnly)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := shop.Operator.Backup(background, copied); err != nil {
		t.Error(err)
	}
	must(t, shop.Operator.Backup(background, copied), ErrConflict)
	if _, err := os.Stat(copied); err != nil {
		t.Error(err)
	}
}

func TestTheLogIsPulled(t *testing.T) {
	var lock sync.Mutex
	var records []LogRecord
	shop := openShop(t, WithLog(LogDebug, func(r LogRecord) {
		lock.Lock()
		records = append(records, r)
		lock.Unlock()
	}))
	order, err := shop.Orders.Place(background, mugs("", 1))
	if err != nil {
		t.Fatal(err)
	}
	shop.Close()
	told := false
	for _, r := range records { // all of them are there once it is closed
		if r.Message == "" || r.Component == "" || r.Level < LogDebug || r.At.IsZero() ||
			strings.ContainsRune(r.Message, 0) {
			t.Errorf("%+v", r)
		}
		for _, a := range r.Attributes {
			told = told || a == Pair{"aurora.order.id", order.ID.String()}
		}
	}
	if !told {
		t.Errorf("nobody told of the order: %+v", records)
	}
	if _, err := Open("rubbish://", WithLog(LogInfo, func(LogRecord) {})); err == nil {
		t.Error("rubbish was opened")
	}
}

func TestOrdersTakeTheirWay(t *testing.T) {
	shop := openShop(t)
	request := OrderRequest{Key: "k", Reference: "r-1", CustomerID: "c", Currency: "EUR",
		PaymentMethod: "tok_approve", Contact: "a@example.org", OwnPrices: true,
		Lines:    []Line{{"mug", 2, 1000}},
		Charges:  []Charge{{ChargeTax, "VAT", 380}, {ChargeDiscount, "summer", -100}},
		Metadata: []Pair{{"gift", "yes"}}}
	order, err := shop.Orders.Place(background, request)
	if err != nil || order.TotalMinor != 2280 || order.Status != OrderCompleted ||
		order.Charges[1] != request.Charges[1] || order.Metadata[0] != request.Metadata[0] ||
		order.Lines[0] != request.Lines[0] || order.Reference != "r-1" || order.CreatedAt.IsZero() {
		t.Fatalf("%+v %v", order, err)
	}
	text, err := shop.Orders.JSON(background, order.ID)
	if err != nil || !strings.Contains(string(text), `"status":"COMPLETED"`) {
		t.Error(string(text), err)
	}
	id, err := ParseID(order.ID.String())
	if err != nil || id != order.ID {
		t.Error(id, err)
	}
	cancelled, err := shop.Orders.Cancel(background, order.ID, ReasonCustomer, "changed my mind")
	if err != nil || cancelled.Status != OrderCancelled {
		t.Fatal(cancelled, err)
	}
	within(t, "the refund", func() {
		for cancelled.SettledAt.IsZero() {
			if cancelled, err = shop.Orders.Wait(background, order.ID, cancelled.Version, -1); err != nil {
				t.Error(err)
				return
			}
		}
	})
	history, err := shop.Orders.History(background, order.ID)
	if err != nil || len(history) < 3 || history[0].Status != OrderPending {
		t.Error(history, err)
	}
	saga, err := shop.Sagas.Get(background, order.ID)
	if err != nil || len(saga.Participants) != 2 || saga.Status != OrderCancelled {
		t.Error(saga, err)
	}
	if _, err := shop.Orders.Get(background, ID{1}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}
