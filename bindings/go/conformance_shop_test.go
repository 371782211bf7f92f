// SPDX-License-Identifier: MIT

package aurora

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// --- the shop of a case -------------------------------------------------------------------------

func (r *caseRun) begin() {
	in := &input{r: r, with: r.open, used: map[string]bool{}}
	r.folder = r.t.TempDir()
	r.url = "memory:"
	if in.text("store") == "file" {
		r.url = filepath.Join(r.folder, "shop.db")
	}
	at := in.int("clock_ms")
	if at == 0 {
		at = 1750000000000
	}
	r.clock = NewManualClock(time.UnixMilli(at))
	settings, products, stock := in.texts("settings"), in.int("product_count"), in.int("stock")
	for member := range r.open {
		if !in.used[member] {
			r.t.Fatalf("open has no member %s", member)
		}
	}
	if err := r.reopen(settings); err != nil {
		r.t.Fatal(err)
	}
	for i := int64(1); i <= products; i++ {
		sku := fmt.Sprint("sku-", i)
		err := r.shop.Products.Put(background, Product{SKU: sku, Name: fmt.Sprint("Product ", i),
			PriceMinor: 250 * i, Currency: "EUR"}, AnyVersion)
		if err == nil && stock > 0 {
			err = r.shop.Stock.Receive(background, sku, stock, fmt.Sprint("stock-", i))
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *caseRun) reopen(settings []string) error {
	shop, err := Open(r.url, Pumped(), WithClock(r.clock), WithSettings(settings...))
	if err == nil {
		r.shop = shop
	}
	return err
}

func (r *caseRun) end(isVerified bool) {
	if isVerified && !r.t.Failed() {
		report, err := r.shop.Operator.Verify(background)
		if err != nil || !report.IsOK {
			r.t.Error("verify:", report, err)
		}
	}
	for _, kept := range r.kept {
		if queue, ok := kept.(*Queue); ok {
			queue.Close()
		}
	}
	r.shop.Close()
}

func (r *caseRun) pump() error {
	for i := 0; i < 1000; i++ {
		due, err := r.shop.Pump(background, 0)
		if err != nil || due != 0 {
			return err
		}
	}
	return nil
}

func (r *caseRun) settle(id ID) (*Order, error) {
	for i := 0; ; i++ {
		if err := r.pump(); err != nil {
			return nil, err
		}
		order, err := r.shop.Orders.Get(background, id)
		if err != nil || !order.SettledAt.IsZero() || i == 100 {
			return order, err
		}
		r.clock.Advance(time.Second)
	}
}

// --- what comes out -----------------------------------------------------------------------------

func pairObject(p Pair) object { return object{"name": p.Name, "value": p.Value} }

func lineObject(l Line) object {
	return object{"sku": l.SKU, "quantity": l.Quantity, "unit_price_minor": l.UnitPriceMinor}
}

func parkedOf(p Parked) []any {
	names := []any{}
	for i, name := range []string{"inventory", "payment", "order"} {
		if p&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

func orderObject(o *Order) object {
	if o == nil {
		return nil
	}
	return object{"id": o.ID.String(), "is_replay": o.IsReplay, "status": o.Status.String(),
		"outcome": o.Outcome.String(), "reason": o.Reason.String(), "parked": parkedOf(o.Parked),
		"version": o.Version, "created_version": o.CreatedVersion, "total_minor": o.TotalMinor,
		"currency": o.Currency, "lines": list(o.Lines, lineObject),
		"charges": list(o.Charges, func(c Charge) object {
			return object{"kind": c.Kind.String(), "label": c.Label, "amount_minor": c.AmountMinor}
		}), "metadata": list(o.Metadata, pairObject), "customer_id": o.CustomerID,
		"reference": o.Reference, "contact": o.Contact, "decline_code": o.DeclineCode,
		"placed_at_ms": unixMS(o.PlacedAt), "created_at_ms": unixMS(o.CreatedAt),
		"updated_at_ms": unixMS(o.UpdatedAt), "settled_at_ms": unixMS(o.SettledAt),
		"deadline_at_ms": unixMS(o.DeadlineAt)}
}

func productObject(p Product) object {
	return object{"sku": p.SKU, "name": p.Name, "description": p.Description, "brand": p.Brand,
		"category": p.Category, "image_url": p.ImageURL, "price_minor": p.PriceMinor,
		"currency": p.Currency, "attributes": list(p.Attributes, pairObject), "version": p.Version,
		"created_at_ms": unixMS(p.CreatedAt), "updated_at_ms": unixMS(p.UpdatedAt)}
}

func stockObject(s StockLevel) object {
	return object{"sku": s.SKU, "available": s.Available, "reserved": s.Reserved, "sold": s.Sold,
		"received": s.Received, "written_off": s.WrittenOff, "version": s.Version,
		"is_repeat": s.IsRepeat}
}

func sagaObject(s Saga) object {
	return object{"parked": parkedOf(s.Parked), "order_id": idText(s.OrderID),
		"status": s.Status.String(), "outcome": s.Outcome.String(), "reason": s.Reason.String(),
		"version": s.Version, "age_ms": s.Age.Milliseconds(), "resend_at_ms": unixMS(s.ResendAt),
		"created_at_ms": unixMS(s.CreatedAt), "deadline_at_ms": unixMS(s.DeadlineAt),
		"participants": list(s.Participants, func(p SagaParticipant) object {
			return object{"participant": p.Participant.String(), "state": p.State,
				"is_parked": p.IsParked, "attempts": p.Attempts, "parked_reason": p.ParkedReason,
				"task_id": idText(p.TaskID), "provider_reference": p.ProviderReference}
		})}
}

func eventObject(e Event) object {
	var data any
	decoder := json.NewDecoder(strings.NewReader(string(e.Data)))
	decoder.UseNumber()
	decoder.Decode(&data)
	return object{"kind": e.Kind.String(), "position": e.Position, "type_name": e.Type, "id": e.ID,
		"source": e.Source, "order_id": idText(e.OrderID), "sku": e.SKU, "at_ms": unixMS(e.At),
		"is_resend": e.IsResend, "traceparent": e.Traceparent, "data": data}
}

func eventsObject(p EventPage) object {
	return object{"items": list(p.Events, eventObject), "position": p.Position}
}

func paymentObject(t PaymentTask) object {
	return object{"kind": "payment", "id": idText(t.ID), "order_id": idText(t.OrderID),
		"verb": t.Verb.String(), "is_query": t.IsQuery, "attempt": t.Attempt,
		"amount_minor": t.AmountMinor, "currency": t.Currency, "payment_method": t.PaymentMethod,
		"authorize_id": idText(t.AuthorizeID), "provider_reference": t.ProviderReference,
		"customer_id": t.CustomerID, "reference": t.Reference, "notification_kind": "",
		"deadline_at_ms": unixMS(t.DeadlineAt), "lease_at_ms": unixMS(t.LeaseAt)}
}

func messageObject(t NotificationTask) object {
	return object{"kind": "notification", "id": idText(t.ID), "order_id": idText(t.OrderID),
		"notification_kind": t.Kind.String(), "attempt": t.Attempt, "amount_minor": t.TotalMinor,
		"currency": t.Currency, "customer_id": t.CustomerID, "contact": t.Contact,
		"reference": t.Reference, "reason": t.Reason.String(), "decline_code": t.DeclineCode,
		"lease_at_ms": unixMS(t.LeaseAt), "is_query": false, "verb": ""}
}

func statusWords(statuses []Status) []any {
	out := make([]any, len(statuses))
	for i, s := range statuses {
		out[i] = strings.TrimPrefix(s.Name(), "AURORA_")
	}
	return out
}

func trendObject(t Trend) object { return object{"sku": t.SKU, "score": t.Score, "error": t.Error} }

func trends(t []Trend, err error) (object, error) {
	return object{"items": list(t, trendObject)}, err
}

func order(o *Order, err error) (object, error) { return orderObject(o), err }

// --- what goes in -------------------------------------------------------------------------------

func (in *input) pairs(name string) []Pair {
	var pairs []Pair
	for _, p := range in.each(name) {
		pairs = append(pairs, Pair{p.text("name"), p.text("value")})
		p.done(in)
	}
	return pairs
}

func (in *input) lines() []Line {
	var lines []Line
	for _, l := range in.each("lines") {
		lines = append(lines, Line{l.text("sku"), l.int("quantity"), l.int("unit_price_minor")})
		l.done(in)
	}
	return lines
}

func (in *input) request() OrderRequest {
	r := OrderRequest{Key: in.text("key"), KeyScope: in.text("key_scope"),
		Reference: in.text("reference"), CustomerID: in.text("customer_id"),
		Currency: in.text("currency"), PaymentMethod: in.text("payment_method"),
		Contact: in.text("contact"), Lines: in.lines(), Metadata: in.pairs("metadata"),
		OwnPrices: in.bool("own_prices"), NoWait: in.bool("no_wait"),
		AsCreated: in.bool("as_created"), Timeout: in.ms("timeout_ms"),
		PlacedAt: in.at("placed_at_ms"), Traceparent: in.text("traceparent")}
	for _, c := range in.each("charges") {
		r.Charges = append(r.Charges, Charge{ChargeKind(c.name("kind", namesOf["charge"])),
			c.text("label"), c.int("amount_minor")})
		c.done(in)
	}
	return r
}

func (in *input) product() Product {
	return Product{SKU: in.text("sku"), Name: in.text("name"), Description: in.text("description"),
		Brand: in.text("brand"), Category: in.text("category"), ImageURL: in.text("image_url"),
		PriceMinor: in.int("price_minor"), Currency: in.text("currency"),
		Attributes: in.pairs("attributes")}
}

func (in *input) version() uint64 {
	if in.get("if_version") == nil {
		return AnyVersion
	}
	return in.uint("if_version")
}

func (in *input) limit() int { return int(in.int("limit")) }

func (in *input) result() TaskResult {
	return TaskResult{Outcome(in.name("outcome", namesOf["outcome"])), in.text("provider_reference"),
		in.text("code"), in.ms("retry_after_ms")}
}

var taskKinds = oneOf("payment", "notification")

// --- operations ---------------------------------------------------------------------------------

func init() {
	for name, f := range map[string]operation{
		"pump": func(r *caseRun, _ *input) (object, error) { return nil, r.pump() },
		"clock_advance": func(r *caseRun, in *input) (object, error) {
			r.clock.Advance(in.ms("ms"))
			return nil, nil
		},
		"clock_step": func(r *caseRun, in *input) (object, error) {
			r.clock.Step(in.at("wall_ms"))
			return nil, nil
		},
		"reopen": func(r *caseRun, in *input) (object, error) {
			settings := in.texts("settings")
			if in.get("settings") == nil {
				settings = (&input{r: r, with: r.open, used: map[string]bool{}}).texts("settings")
			}
			r.shop.Close()
			return nil, r.reopen(settings)
		},
		"file_edit": func(r *caseRun, in *input) (object, error) {
			from, to := []byte(in.text("from")), []byte(in.text("to"))
			r.shop.Close()
			content, err := os.ReadFile(r.url)
			if err != nil || !bytes.Contains(content, from) || len(from) != len(to) {
				r.t.Fatalf("%s does not stand in the file, or %s has another length: %v", from, to, err)
			}
			if err := os.WriteFile(r.url, bytes.ReplaceAll(content, from, to), 0o600); err != nil {
				r.t.Fatal(err)
			}
			return nil, r.reopen((&input{r: r, with: r.open, used: map[string]bool{}}).texts("settings"))
		},
		"settle": func(r *caseRun, in *input) (object, error) { return order(r.settle(in.id("order_id"))) },
		"product_put": func(r *caseRun, in *input) (object, error) {
			version, err := r.shop.Products.PutVersion(background, in.product(), in.version())
			return object{"version": version}, err
		},
		"product_put_many": func(r *caseRun, in *input) (object, error) {
			var products []Product
			for _, p := range in.each("products") {
				products = append(products, p.product())
				p.done(in)
			}
			each, err := r.shop.Products.PutMany(background, products)
			return object{"each": statusWords(each)}, err
		},
		"product_get": func(r *caseRun, in *input) (object, error) {
			p, err := r.shop.Products.Get(background, in.text("sku"))
			if err != nil {
				return nil, err
			}
			return productObject(*p), nil
		},
		"product_delete": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Products.Delete(background, in.text("sku"), in.version())
		},
		"product_list": func(r *caseRun, in *input) (object, error) {
			p, err := r.shop.Products.List(background, ProductFilter{in.text("category")},
				in.text("cursor"), in.limit())
			return page(p, productObject), err
		},
		"product_view": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Products.View(background, in.text("sku"), int(in.int("count")))
		},
		"product_resync": func(r *caseRun, _ *input) (object, error) {
			count, err := r.shop.Products.Resync(background)
			return object{"count": count}, err
		},
		"stock_receive": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Stock.Receive(background, in.text("sku"), in.int("quantity"), in.text("key"))
		},
		"stock_adjust": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Stock.Adjust(background, in.text("sku"), in.int("delta"),
				in.text("reason"), in.text("key"))
		},
		"stock_move": func(r *caseRun, in *input) (object, error) {
			s, err := r.shop.Stock.Move(background, Movement{
				MovementKind(in.name("kind", oneOf("receipt", "adjustment"))), in.text("sku"),
				in.int("quantity"), in.text("reason"), in.text("key"), in.text("key_scope")})
			return stockObject(s), err
		},
		"stock_get": func(r *caseRun, in *input) (object, error) {
			s, err := r.shop.Stock.Get(background, in.text("sku"))
			return stockObject(s), err
		},
		"stock_list": func(r *caseRun, in *input) (object, error) {
			p, err := r.shop.Stock.List(background, StockFilter{in.int("below")}, in.text("cursor"),
				in.limit())
			return page(p, stockObject), err
		},
		"stock_reserve": func(r *caseRun, in *input) (object, error) {
			d, err := r.shop.Stock.Reserve(background, in.text("key"), in.lines(), in.ms("ttl_ms"))
			return object{"decision": d.String()}, err
		},
		"stock_commit": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Stock.Commit(background, in.text("key"))
		},
		"stock_release": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Stock.Release(background, in.text("key"))
		},
		"reservation_list": func(r *caseRun, in *input) (object, error) {
			p, err := r.shop.Stock.Reservations(background, in.text("sku"), in.text("cursor"), in.limit())
			return page(p, func(v Reservation) object {
				return object{"status": v.Status.String(), "order_id": idText(v.OrderID), "key": v.Key,
					"sku": v.SKU, "quantity": v.Quantity, "created_at_ms": unixMS(v.CreatedAt),
					"expires_at_ms": unixMS(v.ExpiresAt), "updated_at_ms": unixMS(v.UpdatedAt)}
			}), err
		},
	} {
		operations[name] = f
	}
}

func init() {
	for name, f := range map[string]operation{
		"order_place": func(r *caseRun, in *input) (object, error) {
			return order(r.shop.Orders.Place(background, in.request()))
		},
		"order_get": func(r *caseRun, in *input) (object, error) {
			return order(r.shop.Orders.Get(background, in.id("order_id")))
		},
		"order_wait": func(r *caseRun, in *input) (object, error) {
			return order(r.shop.Orders.Wait(background, in.id("order_id"), in.uint("after_version"),
				in.ms("timeout_ms")))
		},
		"order_list": func(r *caseRun, in *input) (object, error) {
			p, err := r.shop.Orders.List(background, OrderFilter{
				OrderStatus(in.name("status", namesOf["order_status"])), in.text("customer_id"),
				in.text("reference"), in.at("from_ms"), in.at("to_ms")}, in.text("cursor"), in.limit())
			return page(p, func(o Order) object { return orderObject(&o) }), err
		},
		"order_cancel": func(r *caseRun, in *input) (object, error) {
			return order(r.shop.Orders.Cancel(background, in.id("order_id"),
				Reason(in.name("reason", namesOf["reason"])), in.text("note")))
		},
		"order_cancel_with": func(r *caseRun, in *input) (object, error) {
			return order(r.shop.Orders.CancelWith(background, Cancel{in.id("order_id"),
				Reason(in.name("reason", namesOf["reason"])), in.text("note"), in.text("actor"),
				in.text("key"), in.text("key_scope"), in.text("traceparent")}))
		},
		"order_history": func(r *caseRun, in *input) (object, error) {
			id := in.id("order_id")
			steps, err := r.shop.Orders.History(background, id)
			return object{"order_id": id.String(), "dropped_count": 0,
				"items": list(steps, func(t Transition) object {
					return object{"version": t.Version, "status": t.Status.String(),
						"outcome": t.Outcome.String(), "reason": t.Reason.String(),
						"parked": parkedOf(t.Parked), "event_kind": t.EventKind.String(),
						"at_ms": unixMS(t.At), "settled_at_ms": unixMS(t.SettledAt), "actor": t.Actor,
						"note": t.Note}
				})}, err
		},
		"order_json": func(r *caseRun, in *input) (object, error) {
			whole, _ := in.get("order").(object)
			id, _ := ParseID(fmt.Sprint(whole["id"]))
			text, err := r.shop.Orders.JSON(background, id)
			var document any
			decoder := json.NewDecoder(strings.NewReader(string(text)))
			decoder.UseNumber()
			if failure := decoder.Decode(&document); err == nil {
				err = failure
			}
			return object{"json": document}, err
		},
		"queue_new": func(r *caseRun, in *input) (object, error) {
			return made(r.shop.NewQueue(int(in.int("capacity"))))
		},
		"order_submit": func(_ *caseRun, in *input) (object, error) {
			var requests []OrderRequest
			withResult := false
			for _, q := range in.each("requests") {
				requests = append(requests, q.request())
				withResult = q.bool("with_result") || withResult
				q.done(in)
			}
			var tags []uint64
			for _, tag := range in.texts("tags") {
				n := (&input{r: in.r, with: object{"tag": tag}, used: map[string]bool{}}).uint("tag")
				tags = append(tags, n)
			}
			accepted, err := part[*Queue](in).Submit(requests, tags, withResult)
			return object{"accepted": accepted}, err
		},
		"order_watch": func(_ *caseRun, in *input) (object, error) {
			return nil, part[*Queue](in).Watch(in.id("order_id"), in.uint("after_version"),
				in.ms("timeout_ms"), in.uint("tag"))
		},
		"queue_take": func(_ *caseRun, in *input) (object, error) {
			done, err := part[*Queue](in).Take(background, int(in.int("capacity")), in.ms("timeout_ms"))
			return object{"items": list(done, func(c Completion) object {
				out := object{"tag": c.Tag, "id": idText(c.ID),
					"status":       strings.TrimPrefix(c.Code.Name(), "AURORA_"),
					"order_status": c.Status.String(), "reason": c.Reason.String(), "error_line": nil,
					"total_minor": c.TotalMinor, "version": c.Version, "is_replay": c.IsReplay,
					"order": nil}
				if c.ErrorLine >= 0 {
					out["error_line"] = c.ErrorLine
				}
				if c.Order != nil {
					out["order"] = orderObject(c.Order)
				}
				return out
			})}, err
		},
		"queue_wake": func(_ *caseRun, in *input) (object, error) {
			part[*Queue](in).Wake()
			return nil, nil
		},
		"event_read": func(r *caseRun, in *input) (object, error) {
			p, err := r.shop.Events.Read(background, in.text("consumer"), in.limit(), in.ms("wait_ms"))
			return eventsObject(p), err
		},
		"event_tail": func(r *caseRun, in *input) (object, error) {
			p, err := r.shop.Events.Tail(background, in.uint("after_position"), in.limit(), in.ms("wait_ms"))
			return eventsObject(p), err
		},
		"event_ack": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Events.Ack(background, in.text("consumer"), in.uint("position"))
		},
		"event_bounds": func(r *caseRun, _ *input) (object, error) {
			oldest, newest, err := r.shop.Events.Bounds(background)
			return object{"oldest": oldest, "newest": newest}, err
		},
		"consumer_list": func(r *caseRun, _ *input) (object, error) {
			consumers, err := r.shop.Events.Consumers(background)
			return object{"items": list(consumers, func(c Consumer) object {
				return object{"kind": oneOf("host", "saga", "relay", "follower")(int32(c.Kind)),
					"name": c.Name, "position": c.Position, "lag": c.Lag, "is_gone": c.IsGone}
			})}, err
		},
		"consumer_delete": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Events.Forget(background, in.text("consumer"))
		},
	} {
		operations[name] = f
	}
}

func init() {
	for name, f := range map[string]operation{
		"task_take": func(r *caseRun, in *input) (object, error) {
			limit, lease, wait := int(in.int("capacity")), in.ms("lease_ms"), in.ms("wait_ms")
			switch kind := taskKind(in.name("kind", taskKinds)); kind {
			case taskNotification:
				tasks, err := r.shop.Notifications.Take(background, limit, lease, wait)
				return object{"items": list(tasks, messageObject)}, err
			case taskPayment:
				tasks, err := r.shop.Payments.Take(background, limit, lease, wait)
				return object{"items": list(tasks, paymentObject)}, err
			default:
				_, err := takeTasks(background, r.shop.core, "task take", kind, limit, lease, wait,
					paymentOf, nil)
				return nil, err
			}
		},
		"task_finish": func(r *caseRun, in *input) (object, error) {
			return nil, finishTask(background, r.shop.core, "task finish",
				taskKind(in.name("kind", taskKinds)), in.id("task_id"), in.result())
		},
		"task_finish_many": func(r *caseRun, in *input) (object, error) {
			var reports []report
			for _, one := range in.each("results") {
				reports = append(reports, report{id: one.id("task_id"), result: one.result()})
				one.done(in)
			}
			each, err := finishTasks(background, r.shop.core, "task finish many", 0, reports)
			return object{"each": statusWords(each)}, err
		},
		"notification_list": func(r *caseRun, in *input) (object, error) {
			state := NotificationState(in.name("state", namesOf["notification_state"]))
			p, err := r.shop.Notifications.List(background, state, in.text("cursor"), in.limit())
			return page(p, func(n Notification) object {
				return object{"kind": n.Kind.String(), "order_id": idText(n.OrderID),
					"state": n.State.String(), "attempts": n.Attempts, "detail": n.Detail,
					"contact": n.Contact, "order_version": n.OrderVersion}
			}), err
		},
		"saga_list": func(r *caseRun, in *input) (object, error) {
			p, err := r.shop.Sagas.List(background, SagaFilter{in.bool("is_parked"),
				Participant(in.name("participant", namesOf["participant"])), in.ms("age_min_ms")},
				in.text("cursor"), in.limit())
			return page(p, sagaObject), err
		},
		"saga_get": func(r *caseRun, in *input) (object, error) {
			s, err := r.shop.Sagas.Get(background, in.id("order_id"))
			if err != nil {
				return nil, err
			}
			return sagaObject(*s), nil
		},
		"saga_repair": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Sagas.Repair(background, Repair{
				RepairAction(in.name("action", namesOf["repair"])), in.id("order_id"),
				Participant(in.name("participant", namesOf["participant"])),
				RepairResult(in.name("result", namesOf["result"])), in.text("actor"), in.text("note"), ""})
		},
		"dead_letter_list": func(r *caseRun, in *input) (object, error) {
			p, err := r.shop.Sagas.DeadLetters(background, in.text("consumer"), in.text("cursor"), in.limit())
			return page(p, func(d DeadLetter) object {
				return object{"event_kind": d.EventKind.String(), "consumer": d.Consumer, "key": d.Key,
					"position": d.Position, "reason": d.Reason, "attempts": d.Attempts}
			}), err
		},
		"dead_letter_redrive": func(r *caseRun, in *input) (object, error) {
			count, err := r.shop.Sagas.Redrive(background, in.text("consumer"), in.text("key"))
			return object{"count": count}, err
		},
		"verify": func(r *caseRun, _ *input) (object, error) {
			v, err := r.shop.Operator.Verify(background)
			if err != nil {
				return nil, err
			}
			return object{"is_ok": v.IsOK, "in_progress": v.InProgress,
				"violation_count": v.ViolationCount, "order_count": v.Orders, "sku_count": v.SKUs,
				"event_count": v.Events}, nil
		},
		"backup": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Operator.Backup(background, filepath.Join(r.folder, in.text("name")))
		},
		"open_backup": func(r *caseRun, in *input) (object, error) {
			r.shop.Close()
			r.url = filepath.Join(r.folder, in.text("name"))
			return nil, r.reopen((&input{r: r, with: r.open, used: map[string]bool{}}).texts("settings"))
		},
		"store_key": func(r *caseRun, in *input) (object, error) {
			key, err := r.shop.Operator.StoreKey(background, in.text("name"))
			return object{"key": hex.EncodeToString(key[:])}, err
		},
		"drain_set": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Operator.SetDrain(background, in.bool("is_refusing"))
		},
		"drain_get": func(r *caseRun, _ *input) (object, error) {
			d, err := r.shop.Operator.Drain(background)
			return object{"is_drained": d.IsDrained, "is_refusing": d.IsRefusing,
				"unsettled_orders": d.UnsettledOrders, "relay_lag": d.RelayLag, "saga_lag": d.SagaLag}, err
		},
		"restored": func(r *caseRun, _ *input) (object, error) {
			return nil, r.shop.Operator.Restored(background)
		},
		"setting_put": func(r *caseRun, in *input) (object, error) {
			return nil, r.shop.Set(background, in.text("assignment"))
		},
		"health":     func(r *caseRun, _ *input) (object, error) { return nil, r.shop.Health() },
		"bus_health": func(r *caseRun, _ *input) (object, error) { return nil, r.shop.BusHealth(background) },
		"metric": func(r *caseRun, in *input) (object, error) {
			labels, _ := in.get("labels").(object)
			name, suffix := in.text("name"), in.text("suffix")
			samples, err := r.shop.Samples(background)
			for _, s := range samples {
				same := s.Name == name && s.Suffix == suffix && len(s.Labels) == len(labels)
				for _, l := range s.Labels {
					same = same && labels[l.Name] == l.Value
				}
				if same {
					return object{"value": s.Value}, err
				}
			}
			in.bad = "there is no such sample"
			return nil, err
		},
		"payment_breaker": func(r *caseRun, _ *input) (object, error) {
			figures, err := r.shop.Payments.Breaker(background)
			return figuresObject(figures), err
		},
		"search": func(r *caseRun, in *input) (object, error) {
			s, err := r.shop.Search(background, Query{Text: in.text("text"),
				Category: in.text("category"), Brand: in.text("brand"),
				PriceMinMinor: in.int("price_min_minor"), PriceMaxMinor: in.int("price_max_minor"),
				Sort: Sort(in.name("sort", oneOf("relevance", "price_up", "price_down", "newest")))},
				in.text("cursor"), in.limit())
			if err != nil {
				return nil, err
			}
			return object{"items": list(s.Hits, func(h Hit) object {
				return object{"product": productObject(h.Product), "score": h.Score,
					"highlight": h.Highlight}
			}), "next_cursor": s.NextCursor, "total": s.Total,
				"facets": list(s.Facets, func(f Facet) object {
					return object{"kind": oneOf("category", "brand")(int32(f.Kind)), "value": f.Value,
						"count": f.Count}
				})}, nil
		},
		"search_suggest": func(r *caseRun, in *input) (object, error) {
			items, err := r.shop.Suggest(background, in.text("prefix"), in.limit())
			return object{"items": texts(items)}, err
		},
		"search_rebuild": func(r *caseRun, _ *input) (object, error) {
			return nil, r.shop.Operator.RebuildSearch(background)
		},
		"trending": func(r *caseRun, in *input) (object, error) {
			return trends(r.shop.Trending(background, TrendQuery{in.limit(), in.ms("window_ms"),
				in.text("category"), in.at("at_ms"), TrendKind(in.name("kind", oneOf("orders", "views")))}))
		},
		"related_products": func(r *caseRun, in *input) (object, error) {
			return trends(r.shop.Related(background, in.text("sku"), in.limit()))
		},
		"popular_products": func(r *caseRun, in *input) (object, error) {
			return trends(r.shop.Popular(background, in.text("category"), in.limit()))
		},
	} {
		operations[name] = f
	}
}
