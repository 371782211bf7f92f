// SPDX-License-Identifier: MIT

package aurora_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"aurora.dev/aurora"
)

func ExampleOpen() {
	ctx := context.Background()
	shop, err := aurora.Open("memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer shop.Close()
	err = shop.Products.Put(ctx, aurora.Product{SKU: "mug", Name: "Mug", PriceMinor: 1250, Currency: "EUR"}, aurora.AnyVersion)
	if err != nil {
		log.Fatal(err)
	}
	err = shop.Stock.Receive(ctx, "mug", 10, "delivery-1")
	if err != nil {
		log.Fatal(err)
	}
	order, err := shop.Orders.Place(ctx, aurora.OrderRequest{Key: "cart-42", Currency: "EUR", PaymentMethod: "tok_approve",
		Lines: []aurora.Line{{SKU: "mug", Quantity: 2}}})
	if errors.Is(err, aurora.ErrTimeout) {
		// not known to be stored: Place again with the same Key
	} else if err != nil {
		log.Fatal(err)
	}
	fmt.Println(order.Status, order.TotalMinor)
	// Output: COMPLETED 2500
}

func ExampleError() {
	shop, err := aurora.Open("memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer shop.Close()
	err = shop.Stock.Receive(context.Background(), "mug", 0, "delivery-1")
	var e *aurora.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code.Name(), e.Field, e.Retryable())
	}
	fmt.Println(errors.Is(err, aurora.ErrInvalid))
	// Output:
	// AURORA_EINVAL quantity false
	// true
}

// A bank that takes everything but one card.
type bank struct{}

func (bank) Start(_ context.Context, task aurora.PaymentTask) (aurora.TaskResult, error) {
	if task.PaymentMethod == "stolen" {
		return aurora.Declined("stolen_card"), nil
	}
	return aurora.Done("bank-" + task.Verb.String()), nil
}

func (bank) Query(context.Context, aurora.PaymentTask) (aurora.TaskResult, error) {
	return aurora.TaskResult{Outcome: aurora.OutcomeNotFound}, nil
}

func ExamplePayments_Serve() {
	shop, err := aurora.Open("memory:", aurora.WithSettings("payment=none:"))
	if err != nil {
		log.Fatal(err)
	}
	defer shop.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	served := make(chan error)
	go func() { served <- shop.Payments.Serve(ctx, bank{}) }()

	shop.Products.Put(ctx, aurora.Product{SKU: "mug", Name: "Mug", PriceMinor: 1250, Currency: "EUR"}, aurora.AnyVersion)
	shop.Stock.Receive(ctx, "mug", 10, "delivery-1")
	for _, card := range []string{"mine", "stolen"} {
		order, err := shop.Orders.Place(ctx, aurora.OrderRequest{Currency: "EUR", PaymentMethod: card,
			Lines: []aurora.Line{{SKU: "mug", Quantity: 1}}})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %q %q\n", order.Status, order.Reason, order.DeclineCode)
	}
	cancel()
	fmt.Println(<-served)
	// Output:
	// COMPLETED "" ""
	// FAILED "payment_declined" "stolen_card"
	// context canceled
}

func ExampleEvents_Follow() {
	ctx := context.Background()
	shop, err := aurora.Open("memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer shop.Close()
	shop.Products.Put(ctx, aurora.Product{SKU: "mug", Name: "Mug", PriceMinor: 1250, Currency: "EUR"}, aurora.AnyVersion)
	shop.Products.Delete(ctx, "mug", aurora.AnyVersion)

	ctx, stop := context.WithCancel(ctx)
	err = shop.Events.Follow(ctx, "mirror", func(_ context.Context, event aurora.Event) error {
		fmt.Println(event.Position, event.Type, event.SKU)
		if event.Kind == aurora.EventProductDeleted {
			stop()
		}
		return nil
	})
	fmt.Println(errors.Is(err, context.Canceled))
	// Output:
	// 1 product.upserted mug
	// 2 product.deleted mug
	// true
}

func ExampleProducts_All() {
	ctx := context.Background()
	shop, err := aurora.Open("memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer shop.Close()
	var products []aurora.Product
	for _, sku := range []string{"pot", "mug", "cup"} {
		products = append(products, aurora.Product{SKU: sku, Name: sku, Currency: "EUR"})
	}
	if _, err := shop.Products.PutMany(ctx, products); err != nil {
		log.Fatal(err)
	}
	it := shop.Products.All(ctx, aurora.ProductFilter{})
	for it.Next() {
		fmt.Println(it.Item().SKU)
	}
	fmt.Println(it.Err())
	// Output:
	// cup
	// mug
	// pot
	// <nil>
}
