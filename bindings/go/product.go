// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"math"
	"strconv"
	"time"
)

// AnyVersion puts or deletes whatever is there.
const AnyVersion uint64 = math.MaxUint64

// A Pair is a name and a value of the host's: metadata of an order, attributes of a product.
type Pair struct{ Name, Value string }

// A Product is what is sold, with its price. SKU, Name and Currency are required; Version and the
// times are read only.
type Product struct {
	SKU         string // 1..64 bytes, no control character, '/' or outer space
	Name        string // at most 512 bytes, like Brand and Category
	Description string // at most 65,536 bytes
	Brand       string
	Category    string
	ImageURL    string
	PriceMinor  int64  // in cents, or what the currency's smallest unit is; 0..10^12
	Currency    string // ISO 4217, "EUR"
	Attributes  []Pair // at most 64, names unique
	Version     uint64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// ProductFilter says which products to list.
type ProductFilter struct {
	Category string // empty = all
}

// Products is the one price list that orders are priced from.
type Products struct{ core *core }

func (f *frame) pairs(field string, pairs []Pair) (*C.aurora_pair, C.uint32_t) {
	first, native := array[C.aurora_pair](f, len(pairs))
	for i, p := range pairs {
		native[i] = C.aurora_pair{f.textOrEmpty(field, p.Name), f.textOrEmpty(field, p.Value)}
	}
	return first, f.size(field, len(pairs))
}

func (f *frame) product(p *Product) *C.aurora_product_input {
	in := (*C.aurora_product_input)(f.alloc(C.sizeof_aurora_product_input))
	*in = C.aurora_product_input{size: C.sizeof_aurora_product_input,
		sku: f.text("sku", p.SKU), name: f.text("name", p.Name),
		description: f.text("description", p.Description), brand: f.text("brand", p.Brand),
		category: f.text("category", p.Category), image_url: f.text("image_url", p.ImageURL),
		price_minor: C.int64_t(p.PriceMinor), currency: f.text("currency", p.Currency)}
	in.attributes, in.attribute_count = f.pairs("attributes", p.Attributes)
	return in
}

// Put stores p in place of what is there and says so in an event. ifVersion 0 = the product must not
// exist, a version = it must be the current one, else ErrVersion.
func (p Products) Put(ctx context.Context, product Product, ifVersion uint64) error {
	_, err := p.PutVersion(ctx, product, ifVersion)
	return err
}

// PutVersion is Put that gives the version afterwards; with ErrVersion it is the current one.
func (p Products) PutVersion(ctx context.Context, product Product, ifVersion uint64) (uint64, error) {
	return call(ctx, p.core, "products put", func(f *frame) (uint64, error) {
		in := f.product(&product)
		if f.bad != nil {
			return 0, f.bad
		}
		version := &f.outs.numbers[0]
		*version = 0
		rc := C.aurora_product_put(f.handle, in, C.uint64_t(ifVersion), version, f.err())
		return uint64(*version), f.done(rc)
	})
}

// PutMany puts 1 to 10,000 products whatever is there, each for itself: one that is refused stops no
// other. The error is that of the first refused one, and names its place: "inputs[7].sku".
func (p Products) PutMany(ctx context.Context, products []Product) ([]Status, error) {
	return call(ctx, p.core, "products put many", func(f *frame) ([]Status, error) {
		count := f.size("inputs", len(products))
		if f.bad != nil {
			return nil, f.bad
		}
		first, inputs := array[*C.aurora_product_input](f, len(products))
		bad := map[int]*Error{}
		for i := range products {
			inputs[i] = f.product(&products[i])
			if e := f.takeBad(); e != nil { // in its place, one that C refuses
				bad[i] = e
				*inputs[i] = C.aurora_product_input{size: C.sizeof_aurora_product_input}
			}
		}
		each, statuses := f.statuses(len(products))
		rc := C.aurora_product_put_many(f.handle, first, count, each, f.err())
		out := statusesOf(statuses, rc)
		for i := range out {
			if e := bad[i]; e != nil && Status(rc) == ErrInvalid {
				e.Field = elementField("inputs", i, e.Field)
				return out, e
			}
			if out[i] != 0 {
				break
			}
		}
		return out, f.done(rc)
	})
}

// elementField names a member of an element of a list.
func elementField(list string, i int, member string) string {
	return list + "[" + strconv.Itoa(i) + "]." + member
}

// statuses is where C writes what became of each of n elements.
func (f *frame) statuses(n int) (*C.aurora_status, []C.aurora_status) {
	first, all := array[C.aurora_status](f, n)
	for i := range all {
		all[i] = 0
	}
	return first, all
}

// statusesOf is what became of each element. Where the whole call was refused, each has its status.
func statusesOf(native []C.aurora_status, rc C.aurora_status) []Status {
	out := make([]Status, len(native))
	isTold := false
	for i, s := range native {
		out[i] = Status(s)
		isTold = isTold || s != 0
	}
	for i := range out {
		if !isTold {
			out[i] = Status(rc)
		}
	}
	return out
}

// Get reads one product; ErrNotFound when there is none.
func (p Products) Get(ctx context.Context, sku string) (*Product, error) {
	return call(ctx, p.core, "products get", func(f *frame) (*Product, error) {
		key := f.textOrEmpty("sku", sku)
		if f.bad != nil {
			return nil, f.bad
		}
		out := (**C.aurora_product)(f.out())
		if err := f.done(C.aurora_product_get(f.handle, key, out)); err != nil {
			return nil, err
		}
		defer C.aurora_product_free(*out)
		product := productOf(*out)
		return &product, nil
	})
}

// Delete takes a product from the list; its stock and orders stay. ErrNotFound, ErrVersion.
func (p Products) Delete(ctx context.Context, sku string, ifVersion uint64) error {
	return do(ctx, p.core, "products delete", func(f *frame) error {
		key := f.textOrEmpty("sku", sku)
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_product_delete(f.handle, key, C.uint64_t(ifVersion), f.err()))
	})
}

// List gives a page of products by SKU in byte order. cursor is empty for the first page; limit is
// 1..1,000, 0 = 50.
func (p Products) List(ctx context.Context, filter ProductFilter, cursor string,
	limit int) (Page[Product], error) {
	return call(ctx, p.core, "products list", func(f *frame) (Page[Product], error) {
		native := (*C.aurora_product_filter)(f.alloc(C.sizeof_aurora_product_filter))
		*native = C.aurora_product_filter{size: C.sizeof_aurora_product_filter,
			category: f.text("category", filter.Category)}
		from, count := f.text("cursor", cursor), f.limit(limit)
		if f.bad != nil {
			return Page[Product]{}, f.bad
		}
		out := (**C.aurora_product_page)(f.out())
		rc := C.aurora_product_list(f.handle, native, from, count, out, f.err())
		if err := f.done(rc); err != nil {
			return Page[Product]{}, err
		}
		page := *out
		defer C.aurora_product_page_free(page)
		return Page[Product]{collect(page.items, page.count, productOf),
			C.GoString(page.next_cursor)}, nil
	})
}

// limit lets a negative limit be refused as one that is too large.
func (f *frame) limit(limit int) C.uint32_t {
	if limit < 0 || limit > math.MaxInt32 {
		f.refuse("limit", "is out of range")
	}
	return C.uint32_t(limit)
}

// All goes through all products by SKU.
func (p Products) All(ctx context.Context, filter ProductFilter) *Iterator[Product] {
	return iterate(func(cursor string) (Page[Product], error) {
		return p.List(ctx, filter, cursor, 0)
	})
}

// View counts views of a product, 1 to 1,000,000, for Trending.
func (p Products) View(ctx context.Context, sku string, count int) error {
	return do(ctx, p.core, "products view", func(f *frame) error {
		key, views := f.textOrEmpty("sku", sku), f.size("count", count)
		if f.bad != nil {
			return f.bad
		}
		return f.done(C.aurora_product_view(f.handle, key, views, f.err()))
	})
}

// Resync repeats an event for every product, so that followers that lost some catch up. It returns
// how many.
func (p Products) Resync(ctx context.Context) (uint64, error) {
	return call(ctx, p.core, "products resync", func(f *frame) (uint64, error) {
		count := &f.outs.numbers[0]
		*count = 0
		rc := C.aurora_product_resync(f.handle, count, f.err())
		return uint64(*count), f.done(rc)
	})
}

func pairsOf(first *C.aurora_pair, count C.uint32_t) []Pair {
	if count == 0 {
		return nil
	}
	out := make([]Pair, count)
	for i, p := range slice(first, count) {
		out[i] = Pair{C.GoString(p.name), C.GoString(p.value)}
	}
	return out
}

func productOf(p *C.aurora_product) Product {
	return Product{SKU: C.GoString(p.sku), Name: C.GoString(p.name),
		Description: C.GoString(p.description), Brand: C.GoString(p.brand),
		Category: C.GoString(p.category), ImageURL: C.GoString(p.image_url),
		PriceMinor: int64(p.price_minor), Currency: C.GoString(p.currency),
		Attributes: pairsOf(p.attributes, p.attribute_count), Version: uint64(p.version),
		CreatedAt: timeOf(p.created_at_ms), UpdatedAt: timeOf(p.updated_at_ms)}
}
