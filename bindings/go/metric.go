// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"context"
	"unsafe"
)

// MetricsFormat is a format of a page of metrics.
type MetricsFormat int32

const (
	MetricsPrometheus  MetricsFormat = C.AURORA_METRIC_FORMAT_PROMETHEUS
	MetricsOpenMetrics MetricsFormat = C.AURORA_METRIC_FORMAT_OPENMETRICS
)

// MetricsFormatFor gives the format that suits an HTTP request's Accept field best.
func MetricsFormatFor(accept string) MetricsFormat {
	return MetricsFormat(parse(accept, func(text *C.char) C.int32_t {
		return C.aurora_metric_format(text)
	}))
}

// ContentType is the value of Content-Type for a format.
func (m MetricsFormat) ContentType() string {
	return C.GoString(C.aurora_metric_content_type(C.int32_t(m)))
}

// Metrics gives what the shop has counted since it was opened, as text.
func (s *Shop) Metrics(ctx context.Context, format MetricsFormat) ([]byte, error) {
	return call(ctx, s.inner(), "metrics", func(f *frame) ([]byte, error) {
		out := (**C.aurora_metric_page)(f.out())
		if err := f.done(C.aurora_metrics(f.handle, out)); err != nil {
			return nil, err
		}
		page := *out
		defer C.aurora_metric_page_free(page)
		length := (*C.size_t)(f.alloc(C.sizeof_size_t))
		kind := C.int32_t(format)
		if err := f.done(C.aurora_metric_page_text(page, kind, nil, 0, length)); err != nil {
			return nil, err
		}
		text := make([]byte, *length+1)
		to := (*C.char)(unsafe.Pointer(&text[0]))
		rc := C.aurora_metric_page_text(page, kind, to, *length+1, length)
		return text[:*length], f.done(rc)
	})
}

// A Sample is one number of the metrics.
type Sample struct {
	Name   string // of the family, without suffix: "aurora_orders_total"
	Suffix string // "", "_bucket", "_sum", "_count"
	Labels []Pair
	Value  float64 // durations are in seconds
}

// Samples gives what the shop has counted since it was opened, as numbers.
func (s *Shop) Samples(ctx context.Context) ([]Sample, error) {
	return call(ctx, s.inner(), "samples", func(f *frame) ([]Sample, error) {
		out := (**C.aurora_metric_page)(f.out())
		if err := f.done(C.aurora_metrics(f.handle, out)); err != nil {
			return nil, err
		}
		page := *out
		defer C.aurora_metric_page_free(page)
		return collect(page.items, page.count, func(m *C.aurora_metric) Sample {
			return Sample{C.GoString(m.name), C.GoString(m.suffix), pairsOf(m.labels, m.label_count),
				float64(m.value)}
		}), nil
	})
}
