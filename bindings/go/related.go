// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"runtime"
	"sync"
	"time"
	"unsafe"
)

// A Basket is what is bought together: for each key the others that share most baskets with it,
// decaying by half each half-life, within memory that is given once. Any number of goroutines may use
// it.
type Basket struct {
	lock   sync.Mutex
	native C.aurora_related
	memory unsafe.Pointer
}

// NewBasket makes an empty table of capacity keys with neighbours (1 to 256) each.
func NewBasket(capacity, neighbours int, halfLife time.Duration) (*Basket, error) {
	f := newFrame("new basket")
	defer f.free()
	each := f.size("neighbours", neighbours)
	size := C.aurora_related_bytes(f.size("capacity", capacity), each)
	if size == 0 {
		return nil, invalid("new basket", "capacity", "must be 1 to 1048576, with 1 to 256 neighbours")
	}
	b := &Basket{memory: C.malloc(size)}
	runtime.SetFinalizer(b, func(b *Basket) { C.free(b.memory) })
	rc := C.aurora_related_init(&b.native, b.memory, size, each, C.int64_t(halfLife.Milliseconds()))
	if rc != C.AURORA_OK {
		return nil, &Error{Op: "new basket", Code: Status(rc), Field: "half_life"}
	}
	return b, nil
}

// Add counts weight for each pair of the first 32 distinct keys.
func (b *Basket) Add(keys []string, weight float64, at time.Time) error {
	f := newFrame("basket add")
	defer f.free()
	first, texts := array[*C.char](f, len(keys))
	for i, key := range keys {
		texts[i] = f.textOrEmpty("keys", key)
	}
	count := f.size("keys", len(keys))
	if f.bad != nil {
		return f.bad
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	return f.done(C.aurora_related_add(&b.native, first, count, C.double(weight),
		C.int64_t(at.UnixMilli())))
}

// List gives the at most limit keys most bought with key, in falling order of score. at is not before
// Newest.
func (b *Basket) List(key string, at time.Time, limit int) ([]Score, error) {
	f := newFrame("basket list")
	defer f.free()
	if limit > C.AURORA_RELATED_NEIGHBOURS_MAX {
		limit = C.AURORA_RELATED_NEIGHBOURS_MAX
	}
	text, count := f.textOrEmpty("key", key), f.limit(limit)
	if f.bad != nil {
		return nil, f.bad
	}
	out, items := array[C.aurora_topk_item](f, limit)
	b.lock.Lock()
	defer b.lock.Unlock()
	rc := C.aurora_related_list(&b.native, text, C.int64_t(at.UnixMilli()), count, out, &f.outs.count)
	return scoresOf(f, rc, items)
}

// Merge adds all that from counted. The half-lives must be the same; sizes may differ.
func (b *Basket) Merge(from *Basket) error {
	if from == nil || from == b {
		return invalid("basket merge", "from", "must be another table")
	}
	defer lockBoth(&b.lock, &from.lock)()
	return statusError("basket merge", C.aurora_related_merge(&b.native, &from.native))
}

// Reset forgets all baskets.
func (b *Basket) Reset() {
	b.lock.Lock()
	defer b.lock.Unlock()
	C.aurora_related_reset(&b.native)
}

// Newest is the newest time counted, zero before the first basket.
func (b *Basket) Newest() time.Time {
	b.lock.Lock()
	defer b.lock.Unlock()
	return newestOf(C.aurora_related_newest_ms(&b.native))
}

// Capacity is how many keys can be held.
func (b *Basket) Capacity() int { return int(C.aurora_related_capacity(&b.native)) }

// MarshalBinary writes the state as bytes that any machine can restore.
func (b *Basket) MarshalBinary() ([]byte, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	bytes := make([]byte, C.aurora_related_snapshot_bytes(&b.native))
	used := new(C.size_t)
	rc := C.aurora_related_snapshot(&b.native, place(bytes), C.size_t(len(bytes)), used)
	return bytes[:*used], statusError("basket snapshot", rc)
}

// UnmarshalBinary replaces the state by such bytes; see TopK.
func (b *Basket) UnmarshalBinary(bytes []byte) error {
	b.lock.Lock()
	defer b.lock.Unlock()
	rc := C.aurora_related_restore(&b.native, place(bytes), C.size_t(len(bytes)))
	return statusError("basket restore", rc)
}
