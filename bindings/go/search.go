// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"time"
	"unsafe"
)

// Sort is an order of hits.
type Sort int32

const (
	SortRelevance Sort = C.AURORA_SORT_RELEVANCE
	SortPriceUp   Sort = C.AURORA_SORT_PRICE_UP
	SortPriceDown Sort = C.AURORA_SORT_PRICE_DOWN
	SortNewest    Sort = C.AURORA_SORT_NEWEST
)

// A Query is what to find; conditions are joined by "and".
type Query struct {
	Text          string // the user's words, no syntax; empty = everything
	Category      string // exact
	Brand         string // exact
	PriceMinMinor int64  // inclusive, 0 = no bound
	PriceMaxMinor int64
	Sort          Sort          // 0 = by relevance
	TimeMax       time.Duration // how long to wait for a remote index; 0 = as it is set up
}

// A Hit is a product that was found.
type Hit struct {
	Product   Product
	Score     float64 // higher is better; comparable within one search only
	Highlight string  // HTML-escaped, matches in <em>
}

// FacetKind is what a facet counts.
type FacetKind int32

const (
	FacetCategory FacetKind = C.AURORA_FACET_CATEGORY
	FacetBrand    FacetKind = C.AURORA_FACET_BRAND
)

// A Facet is how many hits have a value.
type Facet struct {
	Kind  FacetKind
	Value string
	Count uint64
}

// A SearchPage is a page of hits.
type SearchPage struct {
	Hits       []Hit
	NextCursor string
	Total      uint64  // hits over all pages
	Facets     []Facet // the most frequent values, on the first page only
}

// Search finds products. The index lags a put by a moment. cursor is empty for the first page; limit
// is 1..100, 0 = 20. ErrNotSupported where the shop has no index.
func (s *Shop) Search(ctx context.Context, q Query, cursor string, limit int) (*SearchPage, error) {
	return call(ctx, s.inner(), "search", func(f *frame) (*SearchPage, error) {
		native := (*C.aurora_query)(f.alloc(C.sizeof_aurora_query))
		*native = C.aurora_query{size: C.sizeof_aurora_query, sort: C.int32_t(q.Sort),
			text: f.text("text", q.Text), category: f.text("category", q.Category),
			brand: f.text("brand", q.Brand), price_min_minor: C.int64_t(q.PriceMinMinor),
			price_max_minor: C.int64_t(q.PriceMaxMinor), time_max_ms: C.int64_t(millis(q.TimeMax))}
		from, count := f.text("cursor", cursor), f.limit(limit)
		if f.bad != nil {
			return nil, f.bad
		}
		out := (**C.aurora_search_page)(f.out())
		rc := C.aurora_search(f.handle, native, from, count, out, f.err())
		if err := f.done(rc); err != nil {
			return nil, err
		}
		page := *out
		defer C.aurora_search_page_free(page)
		return &SearchPage{collect(page.items, page.count, func(h *C.aurora_hit) Hit {
			return Hit{productOf(h.product), float64(h.score), C.GoString(h.highlight)}
		}), C.GoString(page.next_cursor), uint64(page.total),
			collect(page.facets, page.facet_count, func(v *C.aurora_facet) Facet {
				return Facet{FacetKind(v.kind), C.GoString(v.value), uint64(v.count)}
			})}, nil
	})
}

// Suggest completes what a user is typing: at most limit (1..20, 0 = 10) texts, best first.
func (s *Shop) Suggest(ctx context.Context, prefix string, limit int) ([]string, error) {
	return call(ctx, s.inner(), "suggest", func(f *frame) ([]string, error) {
		text, count := f.textOrEmpty("prefix", prefix), f.limit(limit)
		if f.bad != nil {
			return nil, f.bad
		}
		out := (**C.aurora_suggestion_page)(f.out())
		if err := f.done(C.aurora_search_suggest(f.handle, text, count, out, f.err())); err != nil {
			return nil, err
		}
		page := *out
		defer C.aurora_suggestion_page_free(page)
		texts := make([]string, page.count)
		for i, item := range unsafe.Slice(page.items, int(page.count)) {
			texts[i] = C.GoString(item)
		}
		return texts, nil
	})
}

// TrendKind is what a trend counts.
type TrendKind int32

const (
	TrendOrders TrendKind = C.AURORA_TREND_ORDERS // one per completed order and SKU
	TrendViews  TrendKind = C.AURORA_TREND_VIEWS
)

// A TrendQuery says which trend to read.
type TrendQuery struct {
	Limit    int           // 1..1,000, 0 = 20
	Window   time.Duration // an hour, a day or a week: a half-life; 0 = a day
	Category string        // exact; empty = all
	At       time.Time     // as seen at this time; zero = now
	Kind     TrendKind     // 0 = orders
}

// A Trend is one SKU's score; the true one lies in [Score - Error, Score].
type Trend struct {
	SKU   string
	Score float64
	Error float64
}

// Trending gives the SKUs with the highest decayed count of completed orders, or of views.
func (s *Shop) Trending(ctx context.Context, q TrendQuery) ([]Trend, error) {
	return call(ctx, s.inner(), "trending", func(f *frame) ([]Trend, error) {
		native := (*C.aurora_trend_query)(f.alloc(C.sizeof_aurora_trend_query))
		*native = C.aurora_trend_query{size: C.sizeof_aurora_trend_query, limit: f.limit(q.Limit),
			window_ms: C.int64_t(millis(q.Window)), category: f.text("category", q.Category),
			at_ms: msOf(q.At), kind: C.int32_t(q.Kind)}
		if f.bad != nil {
			return nil, f.bad
		}
		out := (**C.aurora_trend_page)(f.out())
		return takeTrends(f, C.aurora_trending(f.handle, native, out, f.err()), out)
	})
}

// Related gives the SKUs most often in one order with sku. limit is 1..100, 0 = 10.
func (s *Shop) Related(ctx context.Context, sku string, limit int) ([]Trend, error) {
	return call(ctx, s.inner(), "related", func(f *frame) ([]Trend, error) {
		name, count := f.textOrEmpty("sku", sku), f.limit(limit)
		if f.bad != nil {
			return nil, f.bad
		}
		out := (**C.aurora_trend_page)(f.out())
		return takeTrends(f, C.aurora_related_products(f.handle, name, count, out, f.err()), out)
	})
}

// Popular gives the SKUs in most completed orders ever, without decay. category may be empty; limit is
// 1..1,000, 0 = 20.
func (s *Shop) Popular(ctx context.Context, category string, limit int) ([]Trend, error) {
	return call(ctx, s.inner(), "popular", func(f *frame) ([]Trend, error) {
		name, count := f.text("category", category), f.limit(limit)
		if f.bad != nil {
			return nil, f.bad
		}
		out := (**C.aurora_trend_page)(f.out())
		return takeTrends(f, C.aurora_popular_products(f.handle, name, count, out, f.err()), out)
	})
}

func takeTrends(f *frame, rc C.aurora_status, out **C.aurora_trend_page) ([]Trend, error) {
	if err := f.done(rc); err != nil {
		return nil, err
	}
	page := *out
	defer C.aurora_trend_page_free(page)
	return collect(page.items, page.count, func(t *C.aurora_trend) Trend {
		return Trend{C.GoString(t.sku), float64(t.score), float64(t.error)}
	}), nil
}
