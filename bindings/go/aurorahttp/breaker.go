// SPDX-License-Identifier: MIT

package aurorahttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"aurora.dev/aurora"
)

// Break lets requests through while breaker does, and answers 503 with Retry-After to the rest. An
// answer of 5xx and a panic are failures, and so is a deadline of the request that is over. What a
// client ended by going is neither.
func Break(breaker *aurora.Breaker) func(http.Handler) http.Handler {
	if breaker == nil {
		panic("aurorahttp: Break needs a breaker")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ticket, ok := breaker.Enter()
			if !ok {
				unavailable(w, breaker.Figures().RetryAfter)
				return
			}
			outcome := aurora.BreakerFailure
			defer func() { // a handler may panic because its client went
				if errors.Is(r.Context().Err(), context.Canceled) {
					outcome = aurora.BreakerIgnored
				}
				breaker.Leave(ticket, outcome)
			}()
			told := &statusWriter{ResponseWriter: w, status: http.StatusOK}
			next.ServeHTTP(told.passing(), r)
			if told.status < 500 && r.Context().Err() == nil {
				outcome = aurora.BreakerSuccess
			}
		})
	}
}

// Bulk lets at most so many requests run at once as bulkhead has places, and answers 503 to the rest.
func Bulk(bulkhead *aurora.Bulkhead) func(http.Handler) http.Handler {
	if bulkhead == nil {
		panic("aurorahttp: Bulk needs a bulkhead")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !bulkhead.TryEnter() {
				unavailable(w, time.Second)
				return
			}
			defer bulkhead.Leave()
			next.ServeHTTP(w, r)
		})
	}
}

func unavailable(w http.ResponseWriter, after time.Duration) {
	if after < time.Second {
		after = time.Second
	}
	w.Header().Set("Retry-After", strconv.FormatInt(seconds(after), 10))
	problem(w, http.StatusServiceUnavailable, map[string]any{
		"type":  "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
		"title": "Temporarily reduced capacity", "code": "overloaded"})
}

// A Transport calls a server behind a breaker, and calls again where that is safe: methods that may be
// repeated, requests with an Idempotency-Key, and bodies that can be had again.
type Transport struct {
	Base    http.RoundTripper   // http.DefaultTransport when nil
	Breaker *aurora.Breaker     // none when nil
	Retry   aurora.RetryOptions // AttemptsMax 1 = no repeats
}

// RoundTrip gives an *aurora.OpenError at once while the breaker lets no call pass.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	retry, err := aurora.NewRetry(t.Retry)
	if err != nil {
		closeBody(r)
		return nil, err
	}
	for attempt := r; ; {
		response, err := t.once(attempt)
		outcome := outcomeOf(r, response, err, retry)
		if !isRepeatable(r) {
			return response, err
		}
		delay, ok := retry.Next(outcome)
		if deadline, has := r.Context().Deadline(); !ok || has && time.Until(deadline) < delay {
			return response, err
		}
		next, bodyErr := again(r)
		if bodyErr != nil {
			return response, err // what came of the attempt, an answer or an error
		}
		giveBack(response) // before the waiting, that others may have its connection
		if err := rest(r.Context(), delay); err != nil {
			closeBody(next)
			return nil, err
		}
		attempt = next
	}
}

// giveBack ends an answer that nobody reads. A short rest is read, so that the connection is used again.
func giveBack(response *http.Response) {
	if response == nil {
		return
	}
	if response.ContentLength >= 0 && response.ContentLength <= 64<<10 {
		io.Copy(io.Discard, response.Body)
	}
	response.Body.Close()
}

func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *Transport) once(r *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	if t.Breaker == nil {
		return base.RoundTrip(r)
	}
	ticket, ok := t.Breaker.Enter()
	if !ok {
		closeBody(r)
		return nil, &aurora.OpenError{RetryAfter: t.Breaker.Figures().RetryAfter}
	}
	outcome := aurora.BreakerFailure
	defer func() { t.Breaker.Leave(ticket, outcome) }()
	response, err := base.RoundTrip(r)
	switch {
	case errors.Is(err, context.Canceled):
		outcome = aurora.BreakerIgnored // the caller's own wish
	case err == nil && response.StatusCode < 500:
		outcome = aurora.BreakerSuccess
	}
	return response, err
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}

func outcomeOf(r *http.Request, response *http.Response, err error,
	retry *aurora.Retry) aurora.RetryOutcome {
	var open *aurora.OpenError
	switch {
	case r.Context().Err() != nil:
		return aurora.RetryFatal
	case errors.As(err, &open):
		return aurora.RetryFatal // waiting it out would pile up callers while the other side is down
	case err != nil:
		return aurora.RetryRetriable
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		retry.Hint(retryAfter(response))
		return aurora.RetryRateLimited
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return aurora.RetryRetriable
	}
	return aurora.RetrySuccess
}

func retryAfter(response *http.Response) time.Duration {
	text := response.Header.Get("Retry-After")
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return time.Until(at)
	}
	return 0
}

func isRepeatable(r *http.Request) bool {
	if r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return false
	}
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut,
		http.MethodDelete:
		return true
	}
	return r.Header.Get("Idempotency-Key") != ""
}

func again(r *http.Request) (*http.Request, error) {
	next := r.Clone(r.Context())
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		next.Body = body
	}
	return next, nil
}
