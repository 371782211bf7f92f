// SPDX-License-Identifier: MIT

package aurora

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// What C cannot even be given is refused by itself: nothing else of its batch is.
func TestABadRequestSpoilsNoOther(t *testing.T) {
	shop := openShop(t)
	requests := make([]OrderRequest, groupMax+3) // the last ones are a group of their own
	for i := range requests {
		requests[i] = mugs(fmt.Sprint("k", i), 1)
	}
	requests[1].Reference = "a\x00b"
	requests[2].Timeout = -time.Second
	requests[groupMax+1].PaymentMethod = "\x00"
	bad := map[int]string{1: "reference", 2: "timeout_ms", groupMax + 1: "payment_method"}
	placed, err := shop.Orders.PlaceMany(background, requests)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range placed {
		field, isBad := bad[i]
		var e *Error
		switch {
		case !isBad && (p.Err != nil || p.Status != OrderCompleted):
			t.Fatal(i, p)
		case isBad && (!errors.As(p.Err, &e) || e.Code != ErrInvalid || e.Field != field || !p.ID.IsZero()):
			t.Error(i, p)
		}
	}
	placed, err = shop.Orders.PlaceMany(background, requests[1:3])
	if err != nil || !errors.Is(placed[0].Err, ErrInvalid) || !errors.Is(placed[1].Err, ErrInvalid) {
		t.Error(placed, err)
	}
}

func TestABadProductSpoilsNoOther(t *testing.T) {
	shop := openShop(t)
	product := func(sku string, price int64) Product {
		return Product{SKU: sku, Name: "n", PriceMinor: price, Currency: "EUR"}
	}
	for _, c := range []struct {
		products []Product
		field    string
	}{
		{[]Product{product("a", 1), product("b\x00", 1), product("c", -1), product("d", 1)}, "inputs[1].sku"},
		{[]Product{product("a", 1), product("b", -1), product("c\x00", 1), product("d", 1)}, "inputs[1].price_minor"},
	} {
		statuses, err := shop.Products.PutMany(background, c.products)
		var e *Error
		if !errors.As(err, &e) || e.Code != ErrInvalid || e.Field != c.field || e.Message == "" {
			t.Error(err)
		}
		want := []Status{0, ErrInvalid, ErrInvalid, 0}
		if fmt.Sprint(statuses) != fmt.Sprint(want) {
			t.Error(statuses)
		}
		if _, err := shop.Products.Get(background, "d"); err != nil {
			t.Error(err)
		}
	}
	statuses, err := shop.Products.PutMany(background, make([]Product, 10001))
	must(t, err, ErrInvalid)
	for _, status := range statuses {
		if status == 0 {
			t.Fatal("a product that was not put is told as put")
		}
	}
}

func TestABadRequestNamesItsPlaceInAQueue(t *testing.T) {
	queue, err := openShop(t).NewQueue(10)
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close()
	n, err := queue.Submit([]OrderRequest{mugs("a", 1), mugs("b\x00", 1)}, nil, false)
	var e *Error
	if n != 0 || !errors.As(err, &e) || e.Code != ErrInvalid || e.Field != "requests[1].key" {
		t.Error(n, err)
	}
}

// notSubmittedMust fails the test unless the placement tells that nothing was stored, and why.
func notSubmittedMust(t *testing.T, p Placement, code Status) {
	t.Helper()
	var e *Error
	if !errors.As(p.Err, &e) || e.Code != code || errors.Is(p.Err, ErrTimeout) {
		t.Errorf("got %v, want %v", p.Err, code)
	}
}

func TestWhatWasNotSubmittedIsToldAsThat(t *testing.T) {
	shop := openShop(t)
	if err := shop.Operator.SetDrain(background, true); err != nil {
		t.Fatal(err)
	}
	requests := make([]OrderRequest, groupMax+1)
	for i := range requests {
		requests[i] = mugs("", 1)
	}
	placed, err := shop.Orders.PlaceMany(background, requests)
	if errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	for _, i := range []int{0, groupMax - 1, groupMax} {
		notSubmittedMust(t, placed[i], ErrBusy)
	}
}

// Of a batch whose context ends, the group under way is unknown and those after it were not begun.
func TestLaterGroupsOfABatchAreNotBegun(t *testing.T) {
	shop := openShop(t, WithSettings("payment=none:", "order_wait=30s"))
	requests := make([]OrderRequest, groupMax+1)
	for i := range requests {
		requests[i] = mugs("", 1)
	}
	ctx, cancel := context.WithCancel(background)
	go func() {
		for {
			page, err := shop.Orders.List(background, OrderFilter{}, "", 1)
			if err != nil || len(page.Items) > 0 {
				cancel()
				return
			}
		}
	}()
	placed, err := shop.Orders.PlaceMany(ctx, requests)
	must(t, err, ErrTimeout, context.Canceled)
	must(t, placed[0].Err, ErrTimeout, context.Canceled)
	must(t, placed[groupMax].Err, context.Canceled)
	notSubmittedMust(t, placed[groupMax], ErrInterrupted)
}
