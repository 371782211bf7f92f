// SPDX-License-Identifier: MIT

package aurorahttp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aurora.dev/aurora"
)

type plainWriter struct{ http.ResponseWriter }

type flushes struct{ count *int }

func (f flushes) Flush() { *f.count++ }

type hijacks struct{}

func (hijacks) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errors.New("hijacked") }

type pushes struct{}

func (pushes) Push(string, *http.PushOptions) error { return errors.New("pushed") }

// A handler behind Break sees what the server's writer can, no less and no more.
func TestBreakPassesOnWhatAWriterCan(t *testing.T) {
	flushed := 0
	f, h, p := flushes{&flushed}, hijacks{}, pushes{}
	inner := plainWriter{httptest.NewRecorder()}
	for can, writer := range map[string]http.ResponseWriter{
		"false false false": inner,
		"true false false": struct {
			plainWriter
			flushes
		}{inner, f},
		"false true false": struct {
			plainWriter
			hijacks
		}{inner, h},
		"false false true": struct {
			plainWriter
			pushes
		}{inner, p},
		"true true false": struct {
			plainWriter
			flushes
			hijacks
		}{inner, f, h},
		"true false true": struct {
			plainWriter
			flushes
			pushes
		}{inner, f, p},
		"false true true": struct {
			plainWriter
			hijacks
			pushes
		}{inner, h, p},
		"true true true": struct {
			plainWriter
			flushes
			hijacks
			pushes
		}{inner, f, h, p},
	} {
		Break(breakerOf(t, time.Hour))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			flusher, canFlush := w.(http.Flusher)
			hijacker, canHijack := w.(http.Hijacker)
			pusher, canPush := w.(http.Pusher)
			if got := fmt.Sprint(canFlush, canHijack, canPush); got != can {
				t.Errorf("%s instead of %s", got, can)
				return
			}
			if unwrapper, ok := w.(interface{ Unwrap() http.ResponseWriter }); !ok || unwrapper.Unwrap() != writer {
				t.Error(can, "does not unwrap")
			}
			before := flushed
			if canFlush {
				if flusher.Flush(); flushed != before+1 {
					t.Error(can, "does not flush")
				}
			}
			if canHijack {
				if _, _, err := hijacker.Hijack(); err == nil || err.Error() != "hijacked" {
					t.Error(can, err)
				}
			}
			if canPush {
				if err := pusher.Push("/", nil); err == nil || err.Error() != "pushed" {
					t.Error(can, err)
				}
			}
		})).ServeHTTP(writer, httptest.NewRequest("GET", "/", nil))
	}
}

// A connection that is taken over is answered by its handler, and that is no failure.
func TestBreakLetsAConnectionBeTakenOver(t *testing.T) {
	breaker := breakerOf(t, time.Hour)
	server := httptest.NewServer(Break(breaker)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmine")
	})))
	defer server.Close()
	for i := 0; i < 3; i++ {
		response, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if string(body) != "mine" {
			t.Error(string(body))
		}
	}
	if figures := breaker.Figures(); figures.State != aurora.BreakerClosed || figures.Failed != 0 {
		t.Error(figures)
	}
}

// What is copied to a client goes by the writer's own way of copying, and its status counts.
func TestBreakCopiesAsItsWriterDoes(t *testing.T) {
	breaker := breakerOf(t, time.Hour)
	h := Break(breaker)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		n, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("copied"))
		if n != 6 || err != nil {
			t.Error(n, err)
		}
	}))
	if w := get(h, "x"); w.Code != 502 || w.Body.String() != "copied" || breaker.Figures().Failed != 1 {
		t.Error(w.Code, w.Body, breaker.Figures())
	}
}
