// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// A frame is the C memory that one call works in: its outs, and a copy of everything it passes, so
// that C never sees a pointer into Go's memory. Frames are used again; the first block stays.
type frame struct {
	op     string
	handle *C.aurora_t
	outs   *C.aurora_go_outs
	blocks []block
	used   uintptr // of the last block
	bad    *Error  // the first text that cannot be passed
}

type block struct {
	base unsafe.Pointer
	size uintptr
}

const (
	blockBytes    = 4096
	blockBytesMax = 1 << 20
)

var frames = sync.Pool{New: func() any {
	f := &frame{outs: (*C.aurora_go_outs)(C.calloc(1, C.sizeof_aurora_go_outs))}
	f.grow(blockBytes)
	runtime.SetFinalizer(f, (*frame).destroy)
	return f
}}

func newFrame(op string) *frame {
	f := frames.Get().(*frame)
	f.op = op
	f.outs.err = C.aurora_error{size: C.sizeof_aurora_error}
	f.outs.result = nil
	return f
}

// free gives the frame back.
func (f *frame) free() {
	f.rewind()
	f.handle = nil
	frames.Put(f)
}

// rewind forgets what was handed out. Of several blocks the largest is kept, unless it is too large to
// lie idle.
func (f *frame) rewind() {
	if len(f.blocks) > 1 {
		last := len(f.blocks) - 1
		keep := last
		if f.blocks[last].size > blockBytesMax {
			keep = 0
		}
		for i, b := range f.blocks {
			if i != keep {
				C.free(b.base)
			}
		}
		f.blocks[0] = f.blocks[keep]
		f.blocks = f.blocks[:1]
	}
	f.used = 0
	f.bad = nil
}

func (f *frame) destroy() {
	for _, b := range f.blocks {
		C.free(b.base)
	}
	C.free(unsafe.Pointer(f.outs))
}

func (f *frame) grow(size uintptr) {
	f.blocks = append(f.blocks, block{C.malloc(C.size_t(size)), size})
	f.used = 0
}

// alloc gives n bytes, aligned for any type and of any content.
func (f *frame) alloc(n uintptr) unsafe.Pointer {
	n = (n + 15) &^ 15
	last := &f.blocks[len(f.blocks)-1]
	if last.size-f.used < n {
		size := last.size * 2
		for size < n {
			size *= 2
		}
		f.grow(size)
		last = &f.blocks[len(f.blocks)-1]
	}
	p := unsafe.Add(last.base, f.used)
	f.used += n
	return p
}

// text copies s. Absent, which C knows as NULL, is the empty string.
func (f *frame) text(field, s string) *C.char {
	if s == "" {
		return nil
	}
	return f.textOrEmpty(field, s)
}

// textOrEmpty copies s, also where it is empty.
func (f *frame) textOrEmpty(field, s string) *C.char {
	if strings.IndexByte(s, 0) >= 0 {
		f.refuse(field, "must not contain a NUL byte")
	}
	n := uintptr(len(s))
	p := f.alloc(n + 1)
	to := unsafe.Slice((*byte)(p), n+1)
	copy(to, s)
	to[n] = 0
	return (*C.char)(p)
}

func (f *frame) refuse(field, message string) {
	if f.bad == nil {
		f.bad = &Error{Op: f.op, Code: ErrInvalid, Field: field, Message: message}
	}
}

// takeBad gives what cannot be passed, and forgets it.
func (f *frame) takeBad() *Error {
	bad := f.bad
	f.bad = nil
	return bad
}

// size is the number of elements as C counts them; too many become a count that C refuses too.
func (f *frame) size(field string, n int) C.uint32_t {
	if uint64(n) > 1<<31 {
		f.refuse(field, "has too many elements")
		return 0
	}
	return C.uint32_t(n)
}

func array[T any](f *frame, n int) (*T, []T) {
	if n == 0 {
		return nil, nil
	}
	var one T
	p := (*T)(f.alloc(unsafe.Sizeof(one) * uintptr(n)))
	return p, unsafe.Slice(p, n)
}

func (f *frame) err() *C.aurora_error { return &f.outs.err }

// out is where C writes the address of a result.
func (f *frame) out() unsafe.Pointer { return unsafe.Pointer(&f.outs.result) }

// done turns a status into an error; the field and the message are those that the call wrote.
func (f *frame) done(rc C.aurora_status) error {
	if rc == C.AURORA_OK {
		return nil
	}
	e := &Error{Op: f.op, Code: Status(rc)}
	if f.outs.err.status == rc {
		e.Field = C.GoString(&f.outs.err.field[0])
		e.Message = C.GoString(&f.outs.err.message[0])
	}
	return e
}

// as is where C writes a small struct of the caller's.
func (f *frame) as() unsafe.Pointer { return unsafe.Pointer(&f.outs.as) }
