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

// A Score is one key's; the true sum lies in [Score - Error, Score].
type Score struct {
	Key   string
	Score float64
	Error float64
}

// A TopK knows the heaviest keys of a stream of weighted adds that lose half of their weight each
// half-life, within memory that is given once. Any number of goroutines may use it.
type TopK struct {
	lock   sync.Mutex
	native C.aurora_topk
	memory unsafe.Pointer
}

// NewTopK makes an empty sketch of capacity keys (1 to 1,048,576), about 120 bytes each.
func NewTopK(capacity int, halfLife time.Duration) (*TopK, error) {
	f := newFrame("new topk")
	defer f.free()
	size := C.aurora_topk_bytes(f.size("capacity", capacity))
	if size == 0 {
		return nil, invalid("new topk", "capacity", "must be 1 to 1048576")
	}
	t := &TopK{memory: C.malloc(size)}
	runtime.SetFinalizer(t, func(t *TopK) { C.free(t.memory) })
	rc := C.aurora_topk_init(&t.native, t.memory, size, C.int64_t(halfLife.Milliseconds()))
	if rc != C.AURORA_OK {
		return nil, &Error{Op: "new topk", Code: Status(rc), Field: "half_life"}
	}
	return t, nil
}

// Add counts weight for a key of 1 to 64 bytes. A time ahead of the clock is believed.
func (t *TopK) Add(key string, weight float64, at time.Time) error {
	f := newFrame("topk add")
	defer f.free()
	text := f.textOrEmpty("key", key)
	if f.bad != nil {
		return f.bad
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	return f.done(C.aurora_topk_add(&t.native, text, C.double(weight), C.int64_t(at.UnixMilli())))
}

// List gives the at most limit heaviest keys in falling order of score. at is not before Newest.
func (t *TopK) List(at time.Time, limit int) ([]Score, error) {
	f := newFrame("topk list")
	defer f.free()
	t.lock.Lock()
	defer t.lock.Unlock()
	if held := int(C.aurora_topk_capacity(&t.native)); limit > held {
		limit = held
	}
	count := f.limit(limit)
	if f.bad != nil {
		return nil, f.bad
	}
	out, items := array[C.aurora_topk_item](f, limit)
	rc := C.aurora_topk_list(&t.native, C.int64_t(at.UnixMilli()), count, out, &f.outs.count)
	return scoresOf(f, rc, items)
}

func scoresOf(f *frame, rc C.aurora_status, items []C.aurora_topk_item) ([]Score, error) {
	if err := f.done(rc); err != nil {
		return nil, err
	}
	scores := make([]Score, f.outs.count)
	for i := range scores {
		scores[i] = scoreOf(&items[i])
	}
	return scores, nil
}

func scoreOf(item *C.aurora_topk_item) Score {
	return Score{C.GoString(&item.key[0]), float64(item.score), float64(item.error)}
}

// Get gives score and error of one key; of one that is not held, the largest sum that it can have.
func (t *TopK) Get(key string, at time.Time) (Score, error) {
	f := newFrame("topk get")
	defer f.free()
	text := f.textOrEmpty("key", key)
	if f.bad != nil {
		return Score{}, f.bad
	}
	item := (*C.aurora_topk_item)(f.alloc(C.sizeof_aurora_topk_item))
	t.lock.Lock()
	defer t.lock.Unlock()
	rc := C.aurora_topk_get(&t.native, text, C.int64_t(at.UnixMilli()), item)
	if err := f.done(rc); err != nil {
		return Score{}, err
	}
	return scoreOf(item), nil
}

// Merge adds all that from counted. The half-lives must be the same; capacities may differ.
func (t *TopK) Merge(from *TopK) error {
	if from == nil || from == t {
		return invalid("topk merge", "from", "must be another sketch")
	}
	defer lockBoth(&t.lock, &from.lock)()
	return statusError("topk merge", C.aurora_topk_merge(&t.native, &from.native))
}

// lockBoth takes two locks in the order of their addresses, so that no two wait for each other.
func lockBoth(a, b *sync.Mutex) (unlock func()) {
	if uintptr(pointer(a)) > uintptr(pointer(b)) {
		a, b = b, a
	}
	a.Lock()
	b.Lock()
	return func() {
		b.Unlock()
		a.Unlock()
	}
}

// Reset forgets all adds.
func (t *TopK) Reset() {
	t.lock.Lock()
	defer t.lock.Unlock()
	C.aurora_topk_reset(&t.native)
}

// Newest is the newest time counted, zero before the first add.
func (t *TopK) Newest() time.Time {
	t.lock.Lock()
	defer t.lock.Unlock()
	return newestOf(C.aurora_topk_newest_ms(&t.native))
}

func newestOf(ms C.int64_t) time.Time {
	if ms < 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms)).UTC()
}

// Capacity is how many keys can be held.
func (t *TopK) Capacity() int { return int(C.aurora_topk_capacity(&t.native)) }

// MarshalBinary writes the state as bytes that any machine can restore.
func (t *TopK) MarshalBinary() ([]byte, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	bytes := make([]byte, C.aurora_topk_snapshot_bytes(&t.native))
	used := new(C.size_t)
	rc := C.aurora_topk_snapshot(&t.native, place(bytes), C.size_t(len(bytes)), used)
	return bytes[:*used], statusError("topk snapshot", rc)
}

// UnmarshalBinary replaces the state by such bytes; the half-life must be the same. After a failure
// the sketch is empty. ErrCorrupt for bytes that no sketch has written.
func (t *TopK) UnmarshalBinary(bytes []byte) error {
	t.lock.Lock()
	defer t.lock.Unlock()
	rc := C.aurora_topk_restore(&t.native, place(bytes), C.size_t(len(bytes)))
	return statusError("topk restore", rc)
}

func place(bytes []byte) unsafe.Pointer {
	if len(bytes) == 0 {
		return nil
	}
	return unsafe.Pointer(&bytes[0])
}
