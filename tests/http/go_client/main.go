// SPDX-License-Identifier: MIT

// Go's standard client against a server: many goroutines share its pool of kept connections; each order is placed once
// whatever is retried. go_client BASE
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

type order struct {
	ID         string `json:"id"`
	Status     string `json:"status"`
	TotalMinor int64  `json:"total_minor"`
}

func call(method, url string, body any, header map[string]string) (int, []byte, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		reader = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

func place(base, key string) (order, error) {
	var placed order
	status, text, err := call("POST", base+"/orders", map[string]any{
		"lines":          []map[string]any{{"sku": "mug", "quantity": 1}},
		"currency":       "EUR",
		"payment_method": "tok_approve",
	}, map[string]string{"Idempotency-Key": key})
	if err != nil {
		return placed, err
	}
	if status != http.StatusCreated {
		return placed, fmt.Errorf("status %d: %s", status, text)
	}
	return placed, json.Unmarshal(text, &placed)
}

func main() {
	base := os.Args[1]
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 16
	var wait sync.WaitGroup
	var lock sync.Mutex
	ids := map[string]string{}
	failures := 0
	for worker := 0; worker < 16; worker++ {
		wait.Add(1)
		go func(worker int) {
			defer wait.Done()
			for i := 0; i < 100; i++ {
				key := fmt.Sprintf("go-%d", (worker*100+i)%800) // each key by two workers
				placed, err := place(base, key)
				lock.Lock()
				if err != nil || placed.Status != "COMPLETED" || placed.TotalMinor != 1250 {
					fmt.Println(key, placed, err)
					failures++
				} else if first, known := ids[key]; known && first != placed.ID {
					fmt.Println(key, "gave two orders", first, placed.ID)
					failures++
				}
				ids[key] = placed.ID
				lock.Unlock()
			}
		}(worker)
	}
	wait.Wait()
	status, text, err := call("GET", base+"/products/none", nil, nil)
	if err != nil || status != http.StatusNotFound {
		fmt.Println("products/none:", status, string(text), err)
		failures++
	}
	fmt.Printf("go: %d orders, %d failures\n", len(ids), failures)
	if failures > 0 || len(ids) != 800 {
		os.Exit(1)
	}
}
