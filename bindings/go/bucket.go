// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"runtime"
	"time"
	"unsafe"
)

// A Rate is what flows into a token bucket: Tokens every Per, of which at most Burst lie in it.
type Rate struct {
	Tokens uint64 // 1 up to one a nanosecond
	Per    time.Duration
	Burst  uint64
}

func (r Rate) per() C.uint64_t {
	if r.Per < 0 {
		return 0 // refused by its rule
	}
	return C.uint64_t(r.Per)
}

// A Limit is what a bucket answers, as the RateLimit headers of an HTTP answer want it.
type Limit struct {
	Limit      uint64        // the burst
	Remaining  uint64        // tokens that one take could have now
	RetryAfter time.Duration // 0 allowed; > 0 the same take works then; -1 never: it is above the burst
	Reset      time.Duration // until the bucket is full
	IsAllowed  bool
}

func limitOf(l *C.aurora_limit) Limit {
	return Limit{uint64(l.limit), uint64(l.remaining), time.Duration(l.retry_after_ns),
		time.Duration(l.reset_ns), l.is_allowed != 0}
}

// The stand-alone parts live by one monotonic clock, unless their calls are given times: those whose
// name ends in At take nanoseconds of a clock of the caller's, best a monotonic one.
var clockStart = time.Now()

func nowNS() int64 { return int64(time.Since(clockStart)) + 1 }

// A Bucket is a token bucket of exact integers. It allocates nothing, and any number of goroutines may
// use it. It must not be copied while it is in use; the zero Bucket refuses every take.
type Bucket struct{ native C.aurora_bucket }

// NewBucket makes a full bucket.
func NewBucket(rate Rate) (*Bucket, error) { return NewBucketAt(rate, nowNS()) }

// NewBucketAt makes a full bucket that lives by the caller's clock.
func NewBucketAt(rate Rate, now int64) (*Bucket, error) {
	b := new(Bucket)
	rc := C.aurora_bucket_init(&b.native, C.uint64_t(rate.Tokens), rate.per(), C.uint64_t(rate.Burst),
		C.int64_t(now))
	if rc != C.AURORA_OK {
		return nil, &Error{Op: "new bucket", Code: Status(rc), Field: "rate"}
	}
	return b, nil
}

// Take takes n tokens, all or none. When it does not, retry is how long until the same take works if
// nobody else takes, or -1 where n is above the burst.
func (b *Bucket) Take(n uint64) (retry time.Duration, ok bool) { return b.TakeAt(n, nowNS()) }

// TakeAt is Take by the caller's clock.
func (b *Bucket) TakeAt(n uint64, now int64) (retry time.Duration, ok bool) {
	after := C.aurora_go_bucket_take(&b.native, C.uint64_t(n), C.int64_t(now))
	return time.Duration(after), after == 0
}

// ReadAt reads without taking: IsAllowed and RetryAfter speak of one token.
func (b *Bucket) ReadAt(now int64) Limit {
	var limit C.aurora_limit
	C.aurora_bucket_read(&b.native, C.int64_t(now), &limit)
	return limitOf(&limit)
}

// Read is ReadAt by the package's clock.
func (b *Bucket) Read() Limit { return b.ReadAt(nowNS()) }

// LimiterOptions says how a Limiter is made.
type LimiterOptions struct {
	Rate     Rate
	Capacity int       // keys, 1 to 10^8; some 50 bytes each
	Shards   int       // locks: a power of two to 256; 0 = chosen
	Seed     [2]uint64 // random words where keys come from strangers
}

// LimiterFigures is what a limiter has done so far.
type LimiterFigures struct {
	Keys, Capacity, Admitted, Refused uint64
	Evicted                           uint64 // keys, the next line's among them
	EvictedBusy                       uint64 // whose bucket was not full: the capacity is too small
}

// A Limiter is many token buckets of one rate, one for each key, in memory that is bounded. Any number
// of goroutines may use it. The zero Limiter refuses every take.
type Limiter struct{ native *C.aurora_limiter }

// NewLimiter makes a limiter. Its memory goes with it.
func NewLimiter(o LimiterOptions) (*Limiter, error) {
	f := newFrame("new limiter")
	defer f.free()
	native := (*C.aurora_limiter_options)(f.alloc(C.sizeof_aurora_limiter_options))
	*native = C.aurora_limiter_options{size: C.sizeof_aurora_limiter_options,
		capacity: f.size("capacity", o.Capacity), shards: f.size("shards", o.Shards),
		tokens: C.uint64_t(o.Rate.Tokens), per_ns: o.Rate.per(), burst: C.uint64_t(o.Rate.Burst),
		seed: [2]C.uint64_t{C.uint64_t(o.Seed[0]), C.uint64_t(o.Seed[1])}}
	if f.bad != nil {
		return nil, f.bad
	}
	out := (**C.aurora_limiter)(f.out())
	if err := f.done(C.aurora_limiter_new(native, out, f.err())); err != nil {
		return nil, err
	}
	l := &Limiter{*out}
	runtime.SetFinalizer(l, func(l *Limiter) { C.aurora_limiter_free(l.native) })
	return l, nil
}

// Take takes n tokens of the key's bucket, all or none.
func (l *Limiter) Take(key string, n uint64) Limit { return l.TakeAt(key, n, nowNS()) }

// TakeAt is Take by the caller's clock.
func (l *Limiter) TakeAt(key string, n uint64, now int64) Limit {
	var limit C.aurora_limit
	if l.native == nil {
		return Limit{RetryAfter: -1}
	}
	C.aurora_limiter_try_take(l.native, bytesOf(key), C.size_t(len(key)), C.uint64_t(n),
		C.int64_t(now), &limit)
	runtime.KeepAlive(key)
	runtime.KeepAlive(l)
	return limitOf(&limit)
}

// ReadAt reads the key's bucket without taking.
func (l *Limiter) ReadAt(key string, now int64) Limit {
	var limit C.aurora_limit
	if l.native == nil {
		return Limit{RetryAfter: -1}
	}
	C.aurora_limiter_read(l.native, bytesOf(key), C.size_t(len(key)), C.int64_t(now), &limit)
	runtime.KeepAlive(key)
	runtime.KeepAlive(l)
	return limitOf(&limit)
}

// bytesOf is where a text's bytes lie. C reads them and keeps nothing.
func bytesOf(s string) unsafe.Pointer {
	if len(s) == 0 {
		return nil
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&s)) // unsafe.StringData, which Go has from 1.20 on
}

// Keys is an array of keys as C takes it in one piece. It can be used again after Reset.
type Keys struct {
	bytes  []byte
	lens   []C.uint32_t
	limits []C.aurora_limit
}

// Add adds a key.
func (k *Keys) Add(key string) {
	k.bytes = append(k.bytes, key...)
	k.lens = append(k.lens, C.uint32_t(len(key)))
}

// Len is how many keys there are.
func (k *Keys) Len() int { return len(k.lens) }

// Reset forgets all keys and keeps the memory.
func (k *Keys) Reset() { k.bytes, k.lens = k.bytes[:0], k.lens[:0] }

// Limit is what TakeMany found for key i.
func (k *Keys) Limit(i int) Limit { return limitOf(&k.limits[i]) }

// TakeMany takes n tokens of each key, each for itself, in one call of C, and returns how many took.
// What each key's bucket then holds is in keys.Limit.
func (l *Limiter) TakeMany(keys *Keys, n uint64) int { return l.TakeManyAt(keys, n, nowNS()) }

// TakeManyAt is TakeMany by the caller's clock.
func (l *Limiter) TakeManyAt(keys *Keys, n uint64, now int64) int {
	count := len(keys.lens)
	if count == 0 {
		return 0
	}
	if cap(keys.limits) < count {
		keys.limits = make([]C.aurora_limit, count)
	}
	keys.limits = keys.limits[:count]
	if l.native == nil {
		for i := range keys.limits {
			keys.limits[i] = C.aurora_limit{retry_after_ns: -1}
		}
		return 0
	}
	var bytes unsafe.Pointer
	if len(keys.bytes) > 0 {
		bytes = unsafe.Pointer(&keys.bytes[0])
	}
	taken := C.aurora_limiter_try_take_many(l.native, bytes, &keys.lens[0], C.uint32_t(count),
		C.uint64_t(n), C.int64_t(now), &keys.limits[0])
	runtime.KeepAlive(l)
	return int(taken)
}

// A Claim is one of several takes that go together.
type Claim struct {
	Limiter  *Limiter
	Key      string
	N        uint64
	IsShadow bool // takes where it can, and where it cannot stops nobody
}

// TakeAll takes all claims or none; at most 16, no bucket twice.
func TakeAll(claims []Claim) ([]Limit, bool) { return TakeAllAt(claims, nowNS()) }

// TakeAllAt is TakeAll by the caller's clock.
func TakeAllAt(claims []Claim, now int64) ([]Limit, bool) {
	if len(claims) > C.AURORA_LIMITER_CLAIMS_MAX {
		return nil, false
	}
	f := newFrame("take all")
	defer f.free()
	first, natives := array[*C.aurora_limiter_claim](f, len(claims))
	out, limits := array[C.aurora_limit](f, len(claims))
	for i := range claims {
		native := (*C.aurora_limiter_claim)(f.alloc(C.sizeof_aurora_limiter_claim))
		*native = C.aurora_limiter_claim{size: C.sizeof_aurora_limiter_claim,
			key: f.bytes(claims[i].Key), key_len: C.uint32_t(len(claims[i].Key)),
			n: C.uint64_t(claims[i].N)}
		if claims[i].Limiter == nil || claims[i].Limiter.native == nil {
			return nil, false
		}
		native.limiter = claims[i].Limiter.native
		if claims[i].IsShadow {
			native.flags = C.AURORA_LIMITER_SHADOW
		}
		natives[i] = native
	}
	ok := C.aurora_limiter_try_take_all(first, C.uint32_t(len(claims)), C.int64_t(now), out)
	runtime.KeepAlive(claims)
	answer := make([]Limit, len(claims))
	for i := range limits {
		answer[i] = limitOf(&limits[i])
	}
	return answer, bool(ok)
}

// bytes copies a key, which may hold any byte.
func (f *frame) bytes(s string) unsafe.Pointer {
	p := f.alloc(uintptr(len(s)) + 1)
	copy(unsafe.Slice((*byte)(p), len(s)), s)
	return p
}

// SetRate gives all keys another rate. What was missing in a bucket goes on to be missing.
func (l *Limiter) SetRate(rate Rate) error { return l.SetRateAt(rate, nowNS()) }

// SetRateAt is SetRate by the caller's clock.
func (l *Limiter) SetRateAt(rate Rate, now int64) error {
	f := newFrame("limiter set rate")
	defer f.free()
	if l.native == nil {
		return invalid(f.op, "limiter", "was never made")
	}
	rc := C.aurora_limiter_set_rate(l.native, C.uint64_t(rate.Tokens), rate.per(), C.uint64_t(rate.Burst),
		C.int64_t(now), f.err())
	runtime.KeepAlive(l)
	return f.done(rc)
}

// Figures adds up what the limiter has done.
func (l *Limiter) Figures() LimiterFigures {
	var n C.aurora_limiter_figures
	if l.native == nil {
		return LimiterFigures{}
	}
	C.aurora_limiter_read_figures(l.native, &n)
	runtime.KeepAlive(l)
	return LimiterFigures{uint64(n.keys), uint64(n.capacity), uint64(n.admitted),
		uint64(n.refused), uint64(n.evicted), uint64(n.evicted_busy)}
}
