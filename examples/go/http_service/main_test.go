// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

func request(t *testing.T, url, body string) (int, string, http.Header) {
	t.Helper()
	var response *http.Response
	var err error
	if body == "" {
		response, err = http.Get(url)
	} else {
		response, err = http.Post(url, "application/json", strings.NewReader(body))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

// start runs the service; stop ends it and says how it ended.
func start(t *testing.T, store string) (url string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, store, listener) }()
	return "http://" + listener.Addr().String(), func() error {
		cancel()
		return <-ended
	}
}

func TestTheServiceSellsAndKeepsWhatItSold(t *testing.T) {
	store := filepath.Join(t.TempDir(), "shop.db")
	url, stop := start(t, store)
	order := func(key, sku, card string) (int, string, http.Header) {
		return request(t, url+"/orders",
			fmt.Sprintf(`{"key":%q,"sku":%q,"quantity":2,"card":%q}`, key, sku, card))
	}

	status, text, header := order("cart-1", "mug", "4242")
	if status != 201 || !strings.Contains(text, `"status":"COMPLETED"`) {
		t.Fatal(status, text)
	}
	if status, text, again := order("cart-1", "mug", "4242"); status != 201 ||
		again.Get("Location") != header.Get("Location") {
		t.Error(status, text)
	}
	if _, text, _ := order("cart-2", "mug", "stolen"); !strings.Contains(text, `"reason":"payment_declined"`) {
		t.Error(text)
	}
	if status, text, _ := order("cart-3", "pot", "4242"); status != 422 || !strings.Contains(text, "lines[0].sku") {
		t.Error(status, text)
	}
	if status, text, _ := request(t, url+"/metrics", ""); status != 200 || !strings.Contains(text, "aurora_orders_total") {
		t.Error(status, text)
	}
	limited := 0
	for i := 0; i < 40; i++ {
		if status, _, header := request(t, url+"/orders/rubbish", ""); status == 429 {
			limited++
			if header.Get("Retry-After") == "" || header.Get("RateLimit") == "" {
				t.Error(header)
			}
		}
	}
	if limited == 0 {
		t.Error("nobody was limited")
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}

	url, stop = start(t, store)
	if status, again, _ := request(t, url+header.Get("Location"), ""); status != 200 || !strings.Contains(again, `"status":"COMPLETED"`) {
		t.Error(status, again)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
