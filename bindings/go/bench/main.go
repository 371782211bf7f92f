// SPDX-License-Identifier: MIT

// Command bench says what the binding costs, as JSON lines for `./dev bench bindings`:
//
//	{"binding":"go","what":"orders","n":50000,"seconds":1.2}
//
//	orders        orders of two lines with a key, in batches, durable, in a file
//	bucket        Bucket.TakeAt, one call a token
//	empty         the same with a C function of the same signature that does nothing
//	bucket_batch  keys asked by Limiter.TakeManyAt, 1,000 a call
//
// bucket and empty take turns in small rounds, so that both see the same machine; what is told is the
// median round times their number, so that who shares the machine is not told as a cost of a call.
package main

/*
#include <stdint.h>

typedef struct {
    uint64_t words[4];
} bucket;

__attribute__((noinline)) static int64_t empty_take(bucket *b, uint64_t n, int64_t now_ns)
{
    __asm__ volatile("" : : "r"(b), "r"(n), "r"(now_ns));
    return 0;
}
*/
import "C"

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"time"

	"aurora.dev/aurora"
)

const (
	skus   = 100
	rounds = 200
	batch  = 1000
)

// An empty is a Bucket that does nothing in C: what the way there costs.
type empty struct{ native C.bucket }

func (e *empty) TakeAt(n uint64, now int64) (retry time.Duration, ok bool) {
	after := C.empty_take(&e.native, C.uint64_t(n), C.int64_t(now))
	return time.Duration(after), after == 0
}

func told(what string, n int, took time.Duration) {
	line, err := json.Marshal(map[string]any{"binding": "go", "what": what, "n": n,
		"seconds": took.Seconds()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
}

func fill(ctx context.Context, shop *aurora.Shop) error {
	products := make([]aurora.Product, skus)
	for i := range products {
		products[i] = aurora.Product{SKU: fmt.Sprint("sku-", i), Name: fmt.Sprint("Product ", i),
			PriceMinor: 250, Currency: "EUR"}
	}
	if _, err := shop.Products.PutMany(ctx, products); err != nil {
		return err
	}
	for i := range products {
		key := fmt.Sprint("stock-", i)
		if err := shop.Stock.Receive(ctx, products[i].SKU, 1000000000, key); err != nil {
			return err
		}
	}
	return nil
}

// requests makes a batch. Making them counts: a program has to.
func requests(run string, from, to int) []aurora.OrderRequest {
	out := make([]aurora.OrderRequest, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, aurora.OrderRequest{Key: fmt.Sprint(run, "-", i), Currency: "EUR",
			PaymentMethod: "tok_approve", Lines: []aurora.Line{
				{SKU: fmt.Sprint("sku-", i%skus), Quantity: 1},
				{SKU: fmt.Sprint("sku-", (i+1)%skus), Quantity: 2}}})
	}
	return out
}

func place(ctx context.Context, shop *aurora.Shop, run string, count, size int) error {
	for from := 0; from < count; from += size {
		to := from + size
		if to > count {
			to = count
		}
		placed, err := shop.Orders.PlaceMany(ctx, requests(run, from, to))
		if err != nil {
			return err
		}
		for _, p := range placed {
			if p.Err != nil || p.Status != aurora.OrderCompleted {
				return fmt.Errorf("an order is %s: %v", p.Status, p.Err)
			}
		}
	}
	return nil
}

func benchOrders(count, size int) error {
	folder, err := os.MkdirTemp("", "aurora-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	shop, err := aurora.Open(filepath.Join(folder, "shop.db"))
	if err != nil {
		return err
	}
	defer shop.Close()
	ctx := context.Background()
	if err := fill(ctx, shop); err != nil {
		return err
	}
	if err := place(ctx, shop, "warm", count/10, size); err != nil {
		return err
	}
	begin := time.Now()
	if err := place(ctx, shop, "run", count, size); err != nil {
		return err
	}
	told("orders", count, time.Since(begin))
	return nil
}

func benchCalls(count int) error {
	bucket, err := aurora.NewBucketAt(aurora.Rate{Tokens: 1000000000, Per: time.Second, Burst: 1000000000}, 1)
	if err != nil {
		return err
	}
	var nothing empty
	var ofBucket, ofEmpty [rounds]time.Duration
	each := count / rounds
	for round := 0; round < rounds; round++ {
		now := int64(time.Hour) + int64(round)*int64(time.Second)
		begin := time.Now()
		for i := 0; i < each; i++ {
			bucket.TakeAt(1, now)
		}
		between := time.Now()
		for i := 0; i < each; i++ {
			nothing.TakeAt(1, now)
		}
		ofEmpty[round] = time.Since(between)
		ofBucket[round] = between.Sub(begin)
	}
	told("bucket", each*rounds, median(ofBucket[:])*rounds)
	told("empty", each*rounds, median(ofEmpty[:])*rounds)
	return nil
}

func median(of []time.Duration) time.Duration {
	sort.Slice(of, func(i, j int) bool { return of[i] < of[j] })
	return of[len(of)/2]
}

func benchBatch(count int) error {
	limiter, err := aurora.NewLimiter(aurora.LimiterOptions{Capacity: 100000,
		Rate: aurora.Rate{Tokens: 1000000, Per: time.Second, Burst: 1000000}})
	if err != nil {
		return err
	}
	var keys aurora.Keys
	names := make([]string, batch)
	for i := range names {
		names[i] = fmt.Sprint("customer-", i)
	}
	var took []time.Duration
	for done := 0; done < count; done += batch {
		begin := time.Now()
		keys.Reset()
		for _, name := range names {
			keys.Add(name)
		}
		limiter.TakeMany(&keys, 1)
		took = append(took, time.Since(begin))
	}
	told("bucket_batch", len(took)*batch, median(took)*time.Duration(len(took)))
	return nil
}

func main() {
	orders := flag.Int("orders", 50000, "how many orders")
	calls := flag.Int("calls", 1000000, "how many calls of a bucket")
	size := flag.Int("batch", 5000, "orders in a batch")
	only := flag.String("only", "", "orders or calls; empty = both")
	flag.Parse()
	if *only != "calls" {
		if err := benchOrders(*orders, *size); err != nil {
			log.Fatal(err)
		}
	}
	if *only != "orders" {
		if err := benchCalls(*calls); err != nil {
			log.Fatal(err)
		}
		if err := benchBatch(*calls); err != nil {
			log.Fatal(err)
		}
	}
}
