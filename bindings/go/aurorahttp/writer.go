// SPDX-License-Identifier: MIT

package aurorahttp

import (
	"io"
	"net/http"
)

// A statusWriter notes which status an answer has.
type statusWriter struct {
	http.ResponseWriter
	status    int
	isWritten bool
}

func (w *statusWriter) WriteHeader(status int) {
	if !w.isWritten && status >= 200 {
		w.status, w.isWritten = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(bytes []byte) (int, error) {
	w.isWritten = true
	return w.ResponseWriter.Write(bytes)
}

// ReadFrom leaves it to the writer behind how a file gets to the client.
func (w *statusWriter) ReadFrom(from io.Reader) (int64, error) {
	w.isWritten = true
	return io.Copy(w.ResponseWriter, from)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// statusFlusher is the Flusher of a statusWriter: a flush sends the header too.
type statusFlusher struct{ of *statusWriter }

func (f statusFlusher) Flush() { f.FlushError() }

// FlushError is what http.ResponseController asks for.
func (f statusFlusher) FlushError() error {
	f.of.isWritten = true
	switch inner := f.of.ResponseWriter.(type) {
	case interface{ FlushError() error }:
		return inner.FlushError()
	case http.Flusher:
		inner.Flush()
	}
	return nil
}

// passing gives w with what the writer behind it can, no less and no more: handlers ask a writer by its
// type whether it streams, gives its connection away, or pushes.
func (w *statusWriter) passing() http.ResponseWriter {
	_, canFlush := w.ResponseWriter.(http.Flusher)
	hijacker, canHijack := w.ResponseWriter.(http.Hijacker)
	pusher, canPush := w.ResponseWriter.(http.Pusher)
	flusher := statusFlusher{w}
	switch {
	case canFlush && canHijack && canPush:
		return struct {
			*statusWriter
			statusFlusher
			http.Hijacker
			http.Pusher
		}{w, flusher, hijacker, pusher}
	case canFlush && canHijack:
		return struct {
			*statusWriter
			statusFlusher
			http.Hijacker
		}{w, flusher, hijacker}
	case canFlush && canPush:
		return struct {
			*statusWriter
			statusFlusher
			http.Pusher
		}{w, flusher, pusher}
	case canHijack && canPush:
		return struct {
			*statusWriter
			http.Hijacker
			http.Pusher
		}{w, hijacker, pusher}
	case canFlush:
		return struct {
			*statusWriter
			statusFlusher
		}{w, flusher}
	case canHijack:
		return struct {
			*statusWriter
			http.Hijacker
		}{w, hijacker}
	case canPush:
		return struct {
			*statusWriter
			http.Pusher
		}{w, pusher}
	}
	return w
}
