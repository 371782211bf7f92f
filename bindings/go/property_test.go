// SPDX-License-Identifier: MIT

package aurora

import (
	"errors"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/quick"
	"time"
)

// A deed is one call of a sequence, drawn at random.
type deed struct {
	what, sku, key int
	n              int64
}

type deeds []deed

// Generate draws few SKUs and few keys, so that calls meet.
func (deeds) Generate(r *rand.Rand, size int) reflect.Value {
	out := make(deeds, 60)
	for i := range out {
		out[i] = deed{r.Intn(7), r.Intn(3), r.Intn(12), int64(r.Intn(9) - 1)}
	}
	return reflect.ValueOf(out)
}

// model is what the shop must say, in a few lines of Go.
type model struct {
	stock  [3]StockLevel
	moved  map[string]string // key -> what it moved
	orders map[string]*Order // by idempotency key
	asked  map[string]string
	held   map[string]*hold // reservations by key
}

type hold struct {
	sku   int
	n     int64
	state string
}

func (m *model) move(key, what string, f func() error) error {
	if before, ok := m.moved[key]; ok {
		if before != what {
			return ErrKeyReused
		}
		return nil
	}
	err := f()
	if err == nil {
		m.moved[key] = what
	}
	return err
}

func same(t *testing.T, d deed, got, want error) bool {
	if want == nil && got == nil || want != nil && errors.Is(got, want) {
		return true
	}
	t.Errorf("%+v: %v, want %v", d, got, want)
	return false
}

func (m *model) receive(shop *Shop, t *testing.T, d deed) bool {
	sku, key := fmt.Sprint("sku-", d.sku), fmt.Sprint("m-", d.key)
	var want error = ErrInvalid
	if d.n > 0 {
		want = m.move(key, fmt.Sprint("receive", sku, d.n), func() error {
			m.stock[d.sku].Received += d.n
			m.stock[d.sku].Available += d.n
			return nil
		})
	}
	return same(t, d, shop.Stock.Receive(background, sku, d.n, key), want)
}

func (m *model) adjust(shop *Shop, t *testing.T, d deed) bool {
	sku, key := fmt.Sprint("sku-", d.sku), fmt.Sprint("m-", d.key)
	var want error = ErrInvalid
	if d.n != 0 {
		want = m.move(key, fmt.Sprint("adjust", sku, -d.n), func() error {
			s := &m.stock[d.sku]
			switch {
			case d.n < 0:
				s.Received -= d.n
			case s.Available < d.n:
				return ErrInsufficient
			default:
				s.WrittenOff += d.n
			}
			s.Available -= d.n
			return nil
		})
	}
	return same(t, d, shop.Stock.Adjust(background, sku, -d.n, "count", key), want)
}

func (m *model) place(shop *Shop, t *testing.T, d deed) bool {
	sku, key := fmt.Sprint("sku-", d.sku), fmt.Sprint("o-", d.key)
	order, err := shop.Orders.Place(background, OrderRequest{Key: key, Currency: "EUR",
		PaymentMethod: "tok_approve", Lines: []Line{{SKU: sku, Quantity: d.n}}})
	what := fmt.Sprint(sku, d.n)
	first := m.orders[key]
	switch {
	case d.n <= 0:
		return same(t, d, err, ErrInvalid)
	case first != nil && m.asked[key] != what:
		return same(t, d, err, ErrKeyReused)
	case err != nil:
		return same(t, d, err, nil)
	case first != nil:
		return order.ID == first.ID && order.IsReplay && order.Status == first.Status
	}
	m.orders[key], m.asked[key] = order, what
	s := &m.stock[d.sku]
	if s.Available < d.n {
		return order.Status == OrderFailed && order.Reason == ReasonOutOfStock
	}
	s.Available -= d.n
	s.Sold += d.n
	return order.Status == OrderCompleted && order.TotalMinor == 250*d.n
}

func (m *model) cancel(shop *Shop, t *testing.T, d deed) bool {
	first := m.orders[fmt.Sprint("o-", d.key)]
	if first == nil {
		_, err := shop.Orders.Cancel(background, ID{1}, ReasonCustomer, "")
		return same(t, d, err, ErrNotFound)
	}
	order, err := shop.Orders.Cancel(background, first.ID, ReasonCustomer, "")
	if first.Status == OrderFailed {
		return same(t, d, err, ErrFinal)
	}
	if !same(t, d, err, nil) || order.Status != OrderCancelled {
		return false
	}
	for order.SettledAt.IsZero() {
		if order, err = shop.Orders.Wait(background, first.ID, order.Version, 10*time.Second); err != nil {
			return same(t, d, err, nil)
		}
	}
	if first.Status == OrderCompleted { // what was sold comes back as received
		line := order.Lines[0]
		sku, _ := strconv.Atoi(line.SKU[4:])
		m.stock[sku].Available += line.Quantity
		m.stock[sku].Received += line.Quantity
	}
	first.Status = OrderCancelled
	return true
}

func (m *model) reserve(shop *Shop, t *testing.T, d deed) bool {
	sku, key := fmt.Sprint("sku-", d.sku), fmt.Sprint("r-", d.key)
	decision, err := shop.Stock.Reserve(background, key, []Line{{SKU: sku, Quantity: d.n}}, time.Hour)
	if d.n <= 0 {
		return same(t, d, err, ErrInvalid)
	}
	h := m.held[key]
	if h != nil && (h.sku != d.sku || h.n != d.n) {
		return same(t, d, err, ErrKeyReused)
	}
	if !same(t, d, err, nil) {
		return false
	}
	if h == nil {
		h = &hold{d.sku, d.n, "rejected"}
		m.held[key] = h
		if s := &m.stock[d.sku]; s.Available >= d.n {
			s.Available -= d.n
			s.Reserved += d.n
			h.state = "reserved"
		}
	}
	return (decision == DecisionOutOfStock) == (h.state == "rejected")
}

func (m *model) finish(shop *Shop, t *testing.T, d deed, isCommit bool) bool {
	key := fmt.Sprint("r-", d.key)
	f, end, other := shop.Stock.Release, "released", "committed"
	if isCommit {
		f, end, other = shop.Stock.Commit, "committed", "released"
	}
	err := f(background, key)
	h := m.held[key]
	switch {
	case h == nil:
		return same(t, d, err, ErrNotFound)
	case h.state == other || isCommit && h.state == "rejected":
		return same(t, d, err, ErrConflict)
	case h.state == "reserved":
		s := &m.stock[h.sku]
		s.Reserved -= h.n
		if isCommit {
			s.Sold += h.n
		} else {
			s.Available += h.n
		}
		h.state = end
	}
	return same(t, d, err, nil)
}

func (m *model) agrees(shop *Shop, t *testing.T) bool {
	for i, want := range m.stock {
		got, err := shop.Stock.Get(background, fmt.Sprint("sku-", i))
		if errors.Is(err, ErrNotFound) {
			err = nil
		}
		got.SKU, got.Version = "", 0
		if err != nil || got != want {
			t.Errorf("sku-%d: %+v, want %+v, %v", i, got, want, err)
			return false
		}
	}
	report, err := shop.Operator.Verify(background)
	return err == nil && report.IsOK
}

func TestAnySequenceOfCallsAgreesWithTheModel(t *testing.T) {
	sequence := func(calls deeds) bool {
		shop, err := Open("memory:")
		if err != nil {
			t.Fatal(err)
		}
		defer shop.Close()
		m := &model{moved: map[string]string{}, orders: map[string]*Order{},
			asked: map[string]string{}, held: map[string]*hold{}}
		for i := range m.stock {
			err := shop.Products.Put(background, Product{SKU: fmt.Sprint("sku-", i), Name: "n",
				PriceMinor: 250, Currency: "EUR"}, AnyVersion)
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, d := range calls {
			ok := false
			switch d.what {
			case 0:
				ok = m.receive(shop, t, d)
			case 1:
				ok = m.adjust(shop, t, d)
			case 2:
				ok = m.place(shop, t, d)
			case 3:
				ok = m.cancel(shop, t, d)
			case 4:
				ok = m.reserve(shop, t, d)
			default:
				ok = m.finish(shop, t, d, d.what == 5)
			}
			if !ok {
				t.Errorf("after %+v", d)
				return false
			}
		}
		return m.agrees(shop, t)
	}
	if err := quick.Check(sequence, &quick.Config{MaxCount: 300}); err != nil {
		t.Error(err)
	}
}

// resources are what a leak would show in: resident memory in KiB, descriptors, threads, goroutines.
func resources(t *testing.T) (rss, fds, threads, goroutines int) {
	runtime.GC()
	runtime.GC() // finalizers of the first
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for _, line := range strings.Split(string(status), "\n") {
		fmt.Sscanf(line, "VmRSS: %d", &rss)
		fmt.Sscanf(line, "Threads: %d", &threads)
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return rss, len(open), threads, runtime.NumGoroutine()
}

func TestNothingLeaks(t *testing.T) {
	use := func(times int) {
		for i := 0; i < times; i++ {
			shop, err := Open("memory:", WithLog(LogDebug, func(LogRecord) {}))
			if err != nil {
				t.Fatal(err)
			}
			err = shop.Products.Put(background, Product{SKU: "mug", Name: "Mug", Currency: "EUR"}, 0)
			if err != nil {
				t.Fatal(err)
			}
			requests := make([]OrderRequest, 50)
			for j := range requests {
				requests[j] = mugs("", 1)
			}
			if _, err := shop.Orders.PlaceMany(background, requests); err != nil {
				t.Fatal(err)
			}
			shop.Orders.Place(background, mugs("", 1))
			shop.Orders.Get(background, ID{1})
			shop.Orders.List(background, OrderFilter{}, "", 0)
			shop.Events.Tail(background, 0, 0, 0)
			shop.Metrics(background, MetricsPrometheus)
			NewTopK(100, time.Hour)
			shop.Close()
		}
	}
	use(20)
	_, fds, _, goroutines := resources(t)
	var before, after int
	// Buffers and arenas grow to their size in the first rounds; what leaks grows in each.
	for round := 0; round < 5; round++ {
		before, _, _, _ = resources(t)
		use(200)
		var fdsAfter, threads, goroutinesAfter int
		after, fdsAfter, threads, goroutinesAfter = resources(t)
		if fdsAfter > fds || goroutinesAfter > goroutines || threads > 100 {
			t.Fatalf("descriptors %d, then %d; goroutines %d, then %d; threads %d", fds, fdsAfter,
				goroutines, goroutinesAfter, threads)
		}
		t.Logf("resident: %d KiB, then %d", before, after)
		if after-before < 2<<10 { // one page of orders in each use would be 5 MiB
			return
		}
	}
	t.Errorf("resident: %d KiB, then %d", before, after)
}
