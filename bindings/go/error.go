// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

//go:generate go run ./internal/gen ../../include/aurora/status.h status.go

// A Status says whether a call worked. Every failure is a constant of this type, is an error by
// itself, and can be asked for with [errors.Is]. A release may add some: expect values that have no
// constant here.
type Status int32

// Class says what to do about a failure.
type Class int32

const (
	ClassNone      Class = C.AURORA_CLASS_NONE      // success
	ClassUsage     Class = C.AURORA_CLASS_USAGE     // the same call fails again
	ClassRetriable Class = C.AURORA_CLASS_RETRIABLE // may work later, unchanged
	ClassFatal     Class = C.AURORA_CLASS_FATAL     // the shop or its data need a person
)

// StatusInfo is one row of the library's table of statuses.
type StatusInfo struct {
	Status     Status
	Class      Class
	HTTPStatus int
	Name       string // "AURORA_EINVAL"
	Text       string // one sentence without a full stop
}

// Statuses lists all statuses of the library that is linked.
func Statuses() []StatusInfo {
	var count C.uint32_t
	rows := unsafe.Slice(C.aurora_status_table(&count), count)
	out := make([]StatusInfo, count)
	for i, row := range rows {
		out[i] = StatusInfo{Status(row.status), Class(row.class_of), int(row.http_status),
			C.GoString(row.name), C.GoString(row.text)}
	}
	return out
}

// Name is the status's name in C: "AURORA_EINVAL".
func (s Status) Name() string { return C.GoString(C.aurora_status_name(C.aurora_status(s))) }

// Error is the sentence of the library's table.
func (s Status) Error() string {
	return "aurora: " + C.GoString(C.aurora_status_text(C.aurora_status(s)))
}

// Retryable says whether the same call may work later, unchanged.
func (s Status) Retryable() bool { return bool(C.aurora_status_is_retriable(C.aurora_status(s))) }

// HTTPStatus is what the daemons answer for this status.
func (s Status) HTTPStatus() int {
	for _, info := range Statuses() {
		if info.Status == s {
			return info.HTTPStatus
		}
	}
	return 500
}

// Error is the failure of one call. It matches its Code, and, where a context ended the call, the
// context's error.
type Error struct {
	Op      string // the call: "orders place"
	Code    Status
	Field   string // the argument to blame, "lines[3].quantity"; empty where it is no single one
	Message string // the rule, "must be 1 to 1000000, is 0"; may be empty
	cause   error
}

// Error names the call, the field and the rule.
func (e *Error) Error() string {
	message := e.Message
	if message == "" {
		message = C.GoString(C.aurora_status_text(C.aurora_status(e.Code)))
	}
	if e.Field != "" {
		message = e.Field + " " + message
	}
	if e.cause != nil {
		message += ": " + e.cause.Error()
	}
	return fmt.Sprintf("aurora: %s: %s (%s)", e.Op, message, e.Code.Name())
}

// Is makes errors.Is(err, aurora.ErrNotFound) work.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Code
}

// Unwrap gives the context's error, where one ended the call.
func (e *Error) Unwrap() error { return e.cause }

// Retryable says whether the same call may work later, unchanged, and with the same key.
func (e *Error) Retryable() bool { return e.Code.Retryable() }

// HTTPStatus is what the daemons answer for this failure.
func (e *Error) HTTPStatus() int { return e.Code.HTTPStatus() }

// statusError is the failure of a call that has no frame.
func statusError(op string, rc C.aurora_status) error {
	if rc == C.AURORA_OK {
		return nil
	}
	return &Error{Op: op, Code: Status(rc)}
}

// notBegun is the failure of a call whose context was over before it began.
func notBegun(op string, cause error) error {
	return &Error{Op: op, Code: ErrInterrupted, Message: "nothing was done", cause: cause}
}

// unknown is the failure of a call whose context ended while it was under way.
func unknown(op string, cause error) error {
	return &Error{Op: op, Code: ErrTimeout, Message: "the outcome is not known", cause: cause}
}

// notSubmitted is the failure of what was not handed over because of cause: nothing was done.
func notSubmitted(op string, cause error) error {
	var e *Error
	if errors.As(cause, &e) {
		return &Error{Op: op, Code: e.Code, Message: e.Message, cause: e.cause}
	}
	if status, ok := cause.(Status); ok {
		return &Error{Op: op, Code: status}
	}
	return notBegun(op, cause)
}

func invalid(op, field, message string) error {
	return &Error{Op: op, Code: ErrInvalid, Field: field, Message: message}
}
