// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"encoding/hex"
	"unsafe"
)

// An ID is a UUIDv7 (RFC 9562): it sorts by time of creation. The zero ID is none.
type ID [16]byte

// IsZero says whether it is none.
func (id ID) IsZero() bool { return id == ID{} }

// String gives the 36 characters in lower case.
func (id ID) String() string {
	var text [36]byte
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:], id[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// ParseID reads the 36-character form, either case.
func ParseID(text string) (ID, error) {
	var id ID
	frame := newFrame("parse id")
	defer frame.free()
	native := frame.textOrEmpty("text", text)
	if frame.bad != nil {
		return ID{}, frame.bad
	}
	if C.aurora_id_parse(native, (*C.aurora_id)(unsafe.Pointer(&id))) != C.AURORA_OK {
		return ID{}, invalid("parse id", "text", "must be a UUID of 36 characters")
	}
	return id, nil
}

// MarshalText gives String.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what ParseID reads.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err == nil {
		*id = parsed
	}
	return err
}

func (id ID) native() C.aurora_id { return *(*C.aurora_id)(unsafe.Pointer(&id)) }

func idOf(id C.aurora_id) ID { return *(*ID)(unsafe.Pointer(&id)) }
