// SPDX-License-Identifier: MIT

package aurorahttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aurora.dev/aurora"
)

func limiterOf(t *testing.T, burst uint64) *aurora.Limiter {
	t.Helper()
	limiter, err := aurora.NewLimiter(aurora.LimiterOptions{Capacity: 100,
		Rate: aurora.Rate{Tokens: 1, Per: time.Hour, Burst: burst}})
	if err != nil {
		t.Fatal(err)
	}
	return limiter
}

var fine = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine") })

func get(h http.Handler, address string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = address
	h.ServeHTTP(w, r)
	return w
}

func TestLimitTellsWhatIsLeftAndRefusesTheRest(t *testing.T) {
	h := Limit(limiterOf(t, 2), LimitOptions{Name: "shop", Window: 2 * time.Hour})(fine)
	first := get(h, "10.0.0.1:1000")
	if first.Code != 200 || first.Header().Get("RateLimit-Policy") != `"shop";q=2;w=7200` ||
		first.Header().Get("RateLimit") != `"shop";r=1;t=3600` {
		t.Error(first.Code, first.Header())
	}
	get(h, "10.0.0.1:1001")
	third := get(h, "10.0.0.1:1002")
	if third.Code != 429 || third.Header().Get("Retry-After") != "3600" ||
		third.Header().Get("Content-Type") != "application/problem+json" ||
		!strings.Contains(third.Body.String(), `"violated-policies":["shop"]`) {
		t.Error(third.Code, third.Header(), third.Body)
	}
	if other := get(h, "10.0.0.2:1"); other.Code != 200 {
		t.Error("another address shares the bucket")
	}
}

func TestAnAddressIsAHostOrANetwork(t *testing.T) {
	for in, want := range map[string]string{"10.0.0.1:80": "10.0.0.1",
		"[2001:db8::1:2:3:4]:80": "2001:db8::", "[fe80::1%eth0]:80": "fe80::", "odd": "odd"} {
		if got := RemoteAddress(&http.Request{RemoteAddr: in}); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func breakerOf(t *testing.T, wait time.Duration) *aurora.Breaker {
	t.Helper()
	breaker, err := aurora.NewBreaker(aurora.BreakerOptions{WindowCalls: 2, CallsMin: 2, Wait: wait})
	if err != nil {
		t.Fatal(err)
	}
	return breaker
}

func TestBreakOpensAfterFailuresAndPanics(t *testing.T) {
	breaker := breakerOf(t, time.Hour)
	h := Break(breaker)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.WriteHeader(502)
			return
		}
		panic("broken")
	}))
	if w := get(h, "x"); w.Code != 502 {
		t.Error(w.Code)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is gone")
			}
		}()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/panic", nil))
	}()
	if w := get(h, "x"); w.Code != 503 || w.Header().Get("Retry-After") != "3600" {
		t.Error(w.Code, w.Header())
	}
}

func TestBulkHoldsBackWhatIsTooMuch(t *testing.T) {
	bulkhead, err := aurora.NewBulkhead(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	var inner *httptest.ResponseRecorder
	var h http.Handler
	h = Bulk(bulkhead)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if inner == nil {
			inner = httptest.NewRecorder()
			h.ServeHTTP(inner, r)
		}
	}))
	if w := get(h, "x"); w.Code != 200 || inner.Code != 503 {
		t.Error(w.Code, inner.Code)
	}
	if running, _ := bulkhead.Read(); running != 0 {
		t.Error(running)
	}
}

func TestATransportRepeatsWhatIsSafe(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if calls.Add(1)%3 != 0 {
			w.WriteHeader(502)
			return
		}
		w.Write(body)
	}))
	defer server.Close()
	client := &http.Client{Transport: &Transport{Retry: aurora.RetryOptions{Delay: time.Millisecond}}}
	request := func(key string) *http.Request {
		r, _ := http.NewRequest("POST", server.URL, strings.NewReader("body"))
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		return r
	}
	response, err := client.Do(request("k"))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode != 200 || string(body) != "body" || calls.Load() != 3 {
		t.Error(response.StatusCode, string(body), calls.Load())
	}
	response, err = client.Do(request("")) // might be done twice
	if err != nil || response.StatusCode != 502 || calls.Load() != 4 {
		t.Error(response, err, calls.Load())
	}
	response.Body.Close()
}

func TestATransportDoesNotCallWhileTheBreakerIsOpen(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		w.WriteHeader(500)
	}))
	defer server.Close()
	client := &http.Client{Transport: &Transport{Breaker: breakerOf(t, 10*time.Minute)}}
	for i := 0; i < 2; i++ {
		response, err := client.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	_, err := client.Get(server.URL)
	var open *aurora.OpenError
	if !errors.As(err, &open) || open.RetryAfter <= 5*time.Minute || calls.Load() != 2 {
		t.Error(err, calls.Load())
	}
}

// A client that goes says nothing of the handler, also where it panics for it; a deadline does.
func TestBreakIgnoresClientsThatGo(t *testing.T) {
	breaker := breakerOf(t, time.Hour)
	h := Break(breaker)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		if r.URL.Path == "/panic" {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(500)
	}))
	serve := func(ctx context.Context, path string) {
		defer func() { recover() }()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil).WithContext(ctx))
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for i := 0; i < 3; i++ {
		serve(gone, "/")
		serve(gone, "/panic")
	}
	if w := get(Break(breaker)(fine), "x"); w.Code != 200 {
		t.Error("clients that go open the breaker")
	}
	late, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	for i := 0; i < 3; i++ {
		serve(late, "/")
	}
	if w := get(Break(breaker)(fine), "x"); w.Code != 503 {
		t.Error("deadlines that are over do not open the breaker")
	}
}

type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nobody listens")
}

// The attempt's error is what is told where a body cannot be had again.
func TestTransportKeepsTheErrorOfAnAttempt(t *testing.T) {
	transport := &Transport{Base: refusing{}, Retry: aurora.RetryOptions{Delay: time.Millisecond}}
	r, _ := http.NewRequest("PUT", "http://127.0.0.1/", strings.NewReader("body"))
	r.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("read once") }
	response, err := transport.RoundTrip(r)
	if response != nil || err == nil || err.Error() != "nobody listens" {
		t.Error(response, err)
	}
}

type watchedBody struct {
	io.Reader
	closed chan struct{}
}

func (b watchedBody) Close() error {
	close(b.closed)
	return nil
}

type answering struct{ bodies chan chan struct{} }

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	body := watchedBody{strings.NewReader("no"), make(chan struct{})}
	a.bodies <- body.closed
	return &http.Response{StatusCode: 502, Header: http.Header{}, Body: body, Request: r}, nil
}

// While a repeat is waited for, the failed answer's connection is free for others.
func TestTransportGivesAFailedAnswerBackBeforeItWaits(t *testing.T) {
	bodies := make(chan chan struct{}, 2)
	transport := &Transport{Base: answering{bodies},
		Retry: aurora.RetryOptions{Delay: time.Hour, Jitter: aurora.JitterNone}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", "http://127.0.0.1/", nil)
	ended := make(chan error, 1)
	go func() {
		_, err := transport.RoundTrip(r)
		ended <- err
	}()
	select {
	case <-<-bodies:
	case <-time.After(20 * time.Second):
		t.Error("the answer is held while the repeat is waited for")
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A repeat that would come after the deadline is not waited for: the caller gets what there is.
func TestTransportDoesNotWaitBeyondTheDeadline(t *testing.T) {
	bodies := make(chan chan struct{}, 2)
	transport := &Transport{Base: answering{bodies},
		Retry: aurora.RetryOptions{Delay: time.Hour, Jitter: aurora.JitterNone}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", "http://127.0.0.1/", nil)
	response, err := transport.RoundTrip(r)
	if err != nil || response.StatusCode != 502 {
		t.Fatal(response, err)
	}
	select {
	case <-<-bodies:
		t.Error("the answer is closed already")
	default:
	}
	response.Body.Close()
}

func TestMetricsAndErrorsAreAnswers(t *testing.T) {
	shop, err := aurora.Open("memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer shop.Close()
	w := get(Metrics(shop), "x")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "aurora_orders_total") ||
		!strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Error(w.Code, w.Header())
	}
	_, err = shop.Products.Get(context.Background(), "x")
	w = httptest.NewRecorder()
	Error(w, err)
	if w.Code != 404 || !strings.Contains(w.Body.String(), `"code":"AURORA_ENOTFOUND"`) {
		t.Error(w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	Error(w, fmt.Errorf("looking for it: %w", err))
	if w.Code != 404 || !strings.Contains(w.Body.String(), `"code":"AURORA_ENOTFOUND"`) {
		t.Error(w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	Error(w, errors.New("secret"))
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
		t.Error(w.Code, w.Body)
	}
}
