// SPDX-License-Identifier: MIT

//go:build go1.23

package aurora

import "iter"

// Seq is for range: each item with nil, and at a failure the zero item with it.
//
//	for product, err := range shop.Products.All(ctx, aurora.ProductFilter{}).Seq() { ... }
func (it *Iterator[T]) Seq() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for it.Next() {
			if !yield(it.Item(), nil) {
				return
			}
		}
		if it.err != nil {
			var none T
			yield(none, it.err)
		}
	}
}
