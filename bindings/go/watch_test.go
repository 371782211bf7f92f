// SPDX-License-Identifier: MIT

package aurora

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

func TestAReaderWaitsForAnOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	shop, err := Open(path, WithSettings("payment=none:"))
	if err != nil {
		t.Fatal(err)
	}
	defer shop.Close()
	err = shop.Products.Put(background, Product{SKU: "mug", Name: "Mug", Currency: "EUR"}, AnyVersion)
	if err != nil {
		t.Fatal(err)
	}
	if err := shop.Stock.Receive(background, "mug", 1, "d"); err != nil {
		t.Fatal(err)
	}
	request := mugs("", 1)
	request.NoWait = true
	order, err := shop.Orders.Place(background, request)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := Open(path, ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	seen, err := reader.Orders.Wait(background, order.ID, 0, time.Minute)
	if err != nil || seen.ID != order.ID {
		t.Fatal(seen, err)
	}
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	_, err = reader.Orders.Wait(ctx, order.ID, 1000, -1)
	must(t, err, context.DeadlineExceeded)
	if _, err := shop.Orders.Cancel(background, order.ID, ReasonCustomer, ""); err != nil {
		t.Fatal(err)
	}
	within(t, "the reader", func() {
		for seen.Status != OrderCancelled {
			if seen, err = reader.Orders.Wait(background, order.ID, seen.Version, -1); err != nil {
				t.Error(err)
				return
			}
		}
	})
}

// One wait of C's has a greatest length; that of the caller has not.
func TestALongWaitIsMadeOfShortOnes(t *testing.T) {
	shop := openShop(t, Pumped(), WithSettings("payment=none:"))
	request := mugs("", 1)
	request.NoWait = true
	order, err := shop.Orders.Place(background, request)
	if err != nil {
		t.Fatal(err)
	}
	const long = 60 * time.Millisecond
	begun := time.Now()
	seen, err := shop.Orders.waitHere(background, "wait", order.ID, 1000, long, time.Millisecond)
	if err != nil || seen.ID != order.ID || time.Since(begun) < long {
		t.Error(seen, err, time.Since(begun))
	}
}

func TestAWatchIsNotMuchLongerThanItsContext(t *testing.T) {
	if d := watchTime(background); d != watchMax {
		t.Error(d)
	}
	for _, allowed := range []time.Duration{-time.Hour, 50 * time.Millisecond, 24 * time.Hour} {
		ctx, cancel := context.WithTimeout(background, allowed)
		defer cancel()
		most := allowed + time.Millisecond
		if most > watchMax {
			most = watchMax
		}
		if most < time.Millisecond {
			most = time.Millisecond
		}
		if d := watchTime(ctx); d > most || d < time.Millisecond {
			t.Error(allowed, d)
		}
	}
}
