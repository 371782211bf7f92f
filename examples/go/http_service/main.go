// SPDX-License-Identifier: MIT

// Command http_service is a small shop over HTTP: orders that are paid by a bank of its own, a limit for
// each client, metrics, and an end that loses nothing.
//
//	go run . -store shop.db -listen 127.0.0.1:8090
//	curl -d '{"key":"cart-1","sku":"mug","quantity":2,"card":"4242"}' http://127.0.0.1:8090/orders
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"aurora.dev/aurora"
	"aurora.dev/aurora/aurorahttp"
)

// A bank moves money; this one knows every card but the stolen one. A real one passes task.ID as its
// idempotency key, so that a call made twice pays once.
type bank struct{}

func (bank) Start(_ context.Context, task aurora.PaymentTask) (aurora.TaskResult, error) {
	if task.PaymentMethod == "stolen" {
		return aurora.Declined("stolen_card"), nil
	}
	return aurora.Done("bank-" + task.ID.String()), nil
}

// Query is asked after a crash: what became of task.ID? This bank has forgotten, so nothing did.
func (bank) Query(context.Context, aurora.PaymentTask) (aurora.TaskResult, error) {
	return aurora.TaskResult{Outcome: aurora.OutcomeNotFound}, nil
}

type service struct{ shop *aurora.Shop }

func (s *service) place(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		http.Error(w, "POST an order", http.StatusMethodNotAllowed)
		return
	}
	var body struct {
		Key, SKU, Card string
		Quantity       int64
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	order, err := s.shop.Orders.Place(ctx, aurora.OrderRequest{Key: body.Key, Currency: "EUR",
		PaymentMethod: body.Card, Lines: []aurora.Line{{SKU: body.SKU, Quantity: body.Quantity}}})
	if err != nil { // ErrTimeout is 504: the client sends the same key again
		aurorahttp.Error(w, err)
		return
	}
	w.Header().Set("Location", "/orders/"+order.ID.String())
	s.answer(w, r, http.StatusCreated, order.ID)
}

func (s *service) show(w http.ResponseWriter, r *http.Request) {
	id, err := aurora.ParseID(strings.TrimPrefix(r.URL.Path, "/orders/"))
	if err != nil {
		aurorahttp.Error(w, err)
		return
	}
	s.answer(w, r, http.StatusOK, id)
}

func (s *service) answer(w http.ResponseWriter, r *http.Request, status int, id aurora.ID) {
	text, err := s.shop.Orders.JSON(r.Context(), id)
	if err != nil {
		aurorahttp.Error(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(text)
}

func (s *service) ready(w http.ResponseWriter, _ *http.Request) {
	if err := s.shop.Health(); err != nil {
		aurorahttp.Error(w, err)
		return
	}
	fmt.Fprintln(w, "ready")
}

func (s *service) handler() (http.Handler, error) {
	limiter, err := aurora.NewLimiter(aurora.LimiterOptions{Capacity: 100000,
		Rate: aurora.Rate{Tokens: 10, Per: time.Second, Burst: 20}})
	if err != nil {
		return nil, err
	}
	orders := http.NewServeMux()
	orders.HandleFunc("/orders", s.place)
	orders.HandleFunc("/orders/", s.show)
	limit := aurorahttp.Limit(limiter, aurorahttp.LimitOptions{Name: "orders", Window: 2 * time.Second})
	mux := http.NewServeMux()
	mux.Handle("/", limit(orders))
	mux.Handle("/metrics", aurorahttp.Metrics(s.shop))
	mux.HandleFunc("/readyz", s.ready)
	return mux, nil
}

// fill puts the one product on the shelf. Keys make it a no-op the second time.
func fill(ctx context.Context, shop *aurora.Shop) error {
	err := shop.Products.Put(ctx, aurora.Product{SKU: "mug", Name: "Mug", PriceMinor: 1250,
		Currency: "EUR"}, aurora.AnyVersion)
	if err != nil {
		return err
	}
	return shop.Stock.Receive(ctx, "mug", 1000, "delivery-1")
}

// run serves until ctx is done: then it takes no more requests, answers those that it has, lets the
// bank finish, and closes the shop, in this order.
func run(ctx context.Context, store string, listener net.Listener) error {
	shop, err := aurora.Open(store, aurora.WithSettings("payment=none:"),
		aurora.WithLog(aurora.LogWarning, func(r aurora.LogRecord) {
			log.Printf("%s %s: %s", r.Level, r.Component, r.Message)
		}))
	if err != nil {
		return err
	}
	defer shop.Close()
	if err := fill(ctx, shop); err != nil {
		return err
	}
	paying, stopPaying := context.WithCancel(context.Background())
	paid := make(chan error, 1)
	go func() { paid <- shop.Payments.Serve(paying, bank{}) }()
	defer func() {
		stopPaying()
		if err := <-paid; !errors.Is(err, context.Canceled) {
			log.Print("payments ended early: ", err)
		}
	}()

	handler, err := (&service{shop}).handler()
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	draining, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(draining)
}

func main() {
	store := flag.String("store", "shop.db", "where the shop is")
	address := flag.String("listen", "127.0.0.1:8090", "host:port")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	log.Print("listening on http://", listener.Addr())
	if err := run(ctx, *store, listener); err != nil {
		log.Fatal(err)
	}
}
