// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import "unsafe"

// A Page is a part of a list. Cursors stay valid over restarts.
type Page[T any] struct {
	Items      []T
	NextCursor string // for the next page; empty on the last
}

// An Iterator goes through a list, a page at a time. Between pages nothing is held open: what changes
// meanwhile may be seen or not.
//
//	for it := shop.Products.All(ctx, aurora.ProductFilter{}); it.Next(); {
//		fmt.Println(it.Item().SKU)
//	}
type Iterator[T any] struct {
	fetch   func(cursor string) (Page[T], error)
	page    Page[T]
	place   int // of the next item
	isBegun bool
	err     error
}

func iterate[T any](fetch func(cursor string) (Page[T], error)) *Iterator[T] {
	return &Iterator[T]{fetch: fetch}
}

// Next goes to the next item; false at the end, and after a failure, which Err tells.
func (it *Iterator[T]) Next() bool {
	for it.err == nil && it.place >= len(it.page.Items) {
		if it.isBegun && it.page.NextCursor == "" {
			return false
		}
		it.page, it.err = it.fetch(it.page.NextCursor)
		it.isBegun, it.place = true, 0
	}
	if it.err != nil {
		return false
	}
	it.place++
	return true
}

// Item is the item that Next went to.
func (it *Iterator[T]) Item() T { return it.page.Items[it.place-1] }

// Err is what ended the iteration, nil at the end of the list.
func (it *Iterator[T]) Err() error { return it.err }

// collect turns the items of a page of C's into Go's.
func collect[N any, T any](items **N, count C.uint32_t, convert func(*N) T) []T {
	out := make([]T, count)
	for i, item := range unsafe.Slice(items, int(count)) {
		out[i] = convert(item)
	}
	return out
}

func slice[N any](first *N, count C.uint32_t) []N { return unsafe.Slice(first, int(count)) }

func pointer[N any](p *N) unsafe.Pointer { return unsafe.Pointer(p) }
