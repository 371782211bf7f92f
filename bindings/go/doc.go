// SPDX-License-Identifier: MIT

// Package aurora is a shop's back end as a library: products, stock, orders whose payment and stock
// are settled by a durable saga, events, search and trends, all in one file or one database. It is a
// thin layer over libaurora, and works alone: no server is needed.
//
//	shop, err := aurora.Open("shop.db")
//	if err != nil { ... }
//	defer shop.Close()
//	err = shop.Products.Put(ctx, aurora.Product{SKU: "mug", Name: "Mug", PriceMinor: 1250,
//		Currency: "EUR"}, aurora.AnyVersion)
//	err = shop.Stock.Receive(ctx, "mug", 10, "delivery-1")
//	order, err := shop.Orders.Place(ctx, aurora.OrderRequest{Key: "cart-42", Currency: "EUR",
//		PaymentMethod: "tok_approve", Lines: []aurora.Line{{SKU: "mug", Quantity: 2}}})
//	fmt.Println(order.Status, order.TotalMinor) // COMPLETED 2500
//
// # Errors
//
// A failed call returns an [*Error], which names the argument and the rule that it broke. Each status
// of the library is a sentinel for [errors.Is]: ErrNotFound, ErrTimeout and so on. "Declined" and
// "out of stock" are no errors: they are the outcome of an order.
//
// # Contexts
//
// Every call ends as soon as its context does. A call that had begun by then may still take effect:
// its error matches ErrTimeout as well as the context's own error, and means "outcome unknown". Call
// again with the same key to learn it. A context that was over before the call began gives an error
// that does not match ErrTimeout: nothing was done.
//
// # Goroutines
//
// Everything may be used by many goroutines at once. Nothing of this package calls Go from C: tasks,
// events and lines of log are taken by goroutines.
//
// # Linking
//
// By default cgo finds the library by pkg-config. With the build tag aurora_bundled its source, one
// file, is compiled into the program.
package aurora
