// SPDX-License-Identifier: MIT

// Package aurorahttp puts limiter, breaker and bulkhead before handlers of net/http, breaker and
// retries behind its clients, and serves a shop's metrics.
package aurorahttp

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"aurora.dev/aurora"
)

// LimitOptions says who is limited and what a client is told.
type LimitOptions struct {
	// Name is the policy's, as clients see it; "default" when empty. Printable ASCII without
	// quotes and backslashes.
	Name string
	// Window is the time in which an empty bucket fills; not told when 0.
	Window time.Duration
	// Key says whose bucket a request takes from; RemoteAddress when nil. Behind a proxy give one
	// that reads what the proxy vouches for.
	Key func(*http.Request) string
	// Cost is how many tokens a request takes, 0 = it is not counted; 1 when nil.
	Cost func(*http.Request) uint64
}

// RemoteAddress is the address of the other end of the connection, without its port; an IPv6 host
// counts by its network of 64 bits.
func RemoteAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := net.ParseIP(strings.SplitN(host, "%", 2)[0])
	if ip == nil || ip.To4() != nil {
		return host
	}
	return ip.Mask(net.CIDRMask(64, 128)).String()
}

// Limit lets through what limiter has tokens for, and answers 429 with Retry-After to the rest. All
// answers have the fields RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers-10.
func Limit(limiter *aurora.Limiter, o LimitOptions) func(http.Handler) http.Handler {
	if limiter == nil {
		panic("aurorahttp: Limit needs a limiter")
	}
	if o.Name == "" {
		o.Name = "default"
	}
	if o.Key == nil {
		o.Key = RemoteAddress
	}
	if o.Cost == nil {
		o.Cost = func(*http.Request) uint64 { return 1 }
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			cost := o.Cost(r)
			if cost == 0 {
				next.ServeHTTP(w, r)
				return
			}
			limit := limiter.Take(o.Key(r), cost)
			tellLimit(w.Header(), &o, limit)
			if !limit.IsAllowed {
				refuseLimit(w, &o, limit)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func tellLimit(header http.Header, o *LimitOptions, limit aurora.Limit) {
	policy := fmt.Sprintf("%q;q=%d", o.Name, limit.Limit)
	if o.Window > 0 {
		policy += fmt.Sprintf(";w=%d", seconds(o.Window))
	}
	until := limit.Reset
	if !limit.IsAllowed && limit.RetryAfter > 0 {
		until = limit.RetryAfter
	}
	header.Set("RateLimit-Policy", policy)
	header.Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", o.Name, limit.Remaining, seconds(until)))
}

func refuseLimit(w http.ResponseWriter, o *LimitOptions, limit aurora.Limit) {
	if limit.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(seconds(limit.RetryAfter), 10))
	}
	problem(w, http.StatusTooManyRequests, map[string]any{
		"type":              "https://iana.org/assignments/http-problem-types#quota-exceeded",
		"title":             "Too many requests",
		"code":              "quota_exceeded",
		"violated-policies": []string{o.Name},
	})
}

// seconds are whole ones, rounded up: who waits them may come.
func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

// problem answers with a problem document (RFC 9457).
func problem(w http.ResponseWriter, status int, members map[string]any) {
	members["status"] = status
	text, err := json.Marshal(members)
	if err != nil {
		text = []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(text)
}

// Error answers with a failure of the library: the daemons' status, the code's name in C, and, where the
// caller is to blame, the field and the rule. Of other errors it tells nothing.
func Error(w http.ResponseWriter, err error) {
	members := map[string]any{"type": "about:blank", "title": "Internal error", "code": "internal"}
	status := http.StatusInternalServerError
	var e *aurora.Error
	if errors.As(err, &e) {
		status = e.HTTPStatus()
		members["code"] = e.Code.Name()
		members["title"] = http.StatusText(status)
		if status < 500 { // the caller's own: it may know what was wrong
			members["detail"] = strings.TrimSpace(e.Field + " " + e.Message)
		}
		if e.Retryable() {
			w.Header().Set("Retry-After", "1")
		}
	}
	problem(w, status, members)
}

// Metrics serves what a shop has counted, in the format that suits the request.
func Metrics(shop *aurora.Shop) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		format := aurora.MetricsFormatFor(r.Header.Get("Accept"))
		text, err := shop.Metrics(r.Context(), format)
		if err != nil {
			Error(w, err)
			return
		}
		w.Header().Set("Content-Type", format.ContentType())
		w.Write(text)
	})
}
