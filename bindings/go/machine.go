// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// A Machine is a state machine as a constant table: one of the library's, or yours. States and events
// count from 1; state 0 is "does not exist yet".
type Machine struct{ native *C.aurora_machine }

// OrderMachine, ReservationMachine and PaymentMachine are the sagas' own.
func OrderMachine() *Machine       { return &Machine{C.aurora_order_machine()} }
func ReservationMachine() *Machine { return &Machine{C.aurora_reservation_machine()} }
func PaymentMachine() *Machine     { return &Machine{C.aurora_payment_machine()} }

// A MachineStep is a cell of a machine: in State, Event leads to Next.
type MachineStep struct{ State, Event, Next int }

// NewMachine makes a machine of named states and events, at most 255 of each, and its legal steps.
func NewMachine(states, events []string, steps []MachineStep) (*Machine, error) {
	const op = "new machine"
	if len(states) < 1 || len(states) > 255 || len(events) < 1 || len(events) > 255 {
		return nil, invalid(op, "states", "and events must be 1 to 255 each")
	}
	width := len(events) + 1
	cells := make([]byte, (len(states)+1)*width)
	for _, s := range steps {
		if s.State < 0 || s.State > len(states) || s.Event < 1 || s.Event > len(events) ||
			s.Next < 1 || s.Next > len(states) {
			return nil, invalid(op, "steps", "must lie within states and events")
		}
		cells[s.State*width+s.Event] = byte(s.Next)
	}
	native := (*C.aurora_machine)(C.calloc(1, C.sizeof_aurora_machine))
	native.size = C.sizeof_aurora_machine
	native.state_count, native.event_count = C.uint32_t(len(states)), C.uint32_t(len(events))
	native.cells = (*C.uint8_t)(C.CBytes(cells))
	native.state_names, native.event_names = nameTable(states), nameTable(events)
	m := &Machine{native}
	runtime.SetFinalizer(m, (*Machine).free)
	return m, nil
}

// nameTable makes C's array of names, in one piece with them; entry 0 is empty.
func nameTable(names []string) **C.char {
	size := unsafe.Sizeof(uintptr(0)) * uintptr(len(names)+1)
	bytes := size + 1
	for _, name := range names {
		bytes += uintptr(len(name)) + 1
	}
	base := C.calloc(1, C.size_t(bytes))
	table := unsafe.Slice((**C.char)(base), len(names)+1)
	table[0] = (*C.char)(unsafe.Add(base, size))
	at := size + 1
	for i, name := range names {
		p := unsafe.Add(base, at)
		copy(unsafe.Slice((*byte)(p), len(name)), name)
		table[i+1] = (*C.char)(p)
		at += uintptr(len(name)) + 1
	}
	return &table[0]
}

func (m *Machine) free() {
	C.free(pointer(m.native.cells))
	C.free(pointer(m.native.state_names))
	C.free(pointer(m.native.event_names))
	C.free(pointer(m.native))
}

// Next is the state after event; 0 when that is illegal, and for values outside the table.
func (m *Machine) Next(state, event int) int {
	if m.native == nil {
		return 0
	}
	next := int(C.aurora_machine_next(m.native, C.int32_t(state), C.int32_t(event)))
	runtime.KeepAlive(m)
	return next
}

// States and Events are the names, in order; the first is number 1.
func (m *Machine) States() []string {
	if m.native == nil {
		return nil
	}
	out := make([]string, m.native.state_count)
	for i := range out {
		out[i] = C.GoString(C.aurora_machine_state_name(m.native, C.int32_t(i+1)))
	}
	runtime.KeepAlive(m)
	return out
}

// Events are the names of the events.
func (m *Machine) Events() []string {
	if m.native == nil {
		return nil
	}
	out := make([]string, m.native.event_count)
	for i := range out {
		out[i] = C.GoString(C.aurora_machine_event_name(m.native, C.int32_t(i+1)))
	}
	runtime.KeepAlive(m)
	return out
}

// AddMoney adds two amounts; ErrOverflow.
func AddMoney(aMinor, bMinor int64) (int64, error) {
	var sum C.int64_t
	rc := C.aurora_money_add(C.int64_t(aMinor), C.int64_t(bMinor), &sum)
	return int64(sum), statusError("add money", rc)
}

// MulMoney is what quantity pieces cost; ErrOverflow.
func MulMoney(unitMinor, quantity int64) (int64, error) {
	var product C.int64_t
	rc := C.aurora_money_mul(C.int64_t(unitMinor), C.int64_t(quantity), &product)
	return int64(product), statusError("multiply money", rc)
}

// CurrencyDigits is how many digits a currency has after the decimal mark by ISO 4217: 2 for "EUR",
// 0 for "JPY"; -1 for a code that is unknown.
func CurrencyDigits(code string) int {
	f := newFrame("currency digits")
	defer f.free()
	text := f.textOrEmpty("code", code)
	if f.bad != nil {
		return -1
	}
	return int(C.aurora_currency_digits(text))
}
