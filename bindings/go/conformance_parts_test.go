// SPDX-License-Identifier: MIT

package aurora

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func limitObject(l Limit) object {
	return object{"limit": l.Limit, "remaining": l.Remaining, "retry_after_ns": int64(l.RetryAfter),
		"reset_ns": int64(l.Reset), "is_allowed": l.IsAllowed, "is_taken": l.IsAllowed}
}

func limitsOf(limits []Limit) []any { return list(limits, limitObject) }

func (in *input) rate() Rate {
	return Rate{in.uint("tokens"), in.ns("per_ns"), in.uint("burst")}
}

// made keeps an object. One that could not be made is kept as its zero value, which refuses all.
func made[T any](v *T, err error) (object, error) {
	if v == nil {
		v = new(T)
	}
	return object{"object": v}, err
}

func init() {
	for name, f := range map[string]operation{
		"bucket_init": func(_ *caseRun, in *input) (object, error) {
			return made(NewBucketAt(in.rate(), in.int("now_ns")))
		},
		"bucket_try_take": func(_ *caseRun, in *input) (object, error) {
			after, ok := part[*Bucket](in).TakeAt(in.uint("n"), in.int("now_ns"))
			return object{"is_taken": ok, "retry_after_ns": int64(after)}, nil
		},
		"bucket_read": func(_ *caseRun, in *input) (object, error) {
			return limitObject(part[*Bucket](in).ReadAt(in.int("now_ns"))), nil
		},
		"limiter_new": func(_ *caseRun, in *input) (object, error) {
			o := LimiterOptions{Rate: in.rate(), Capacity: int(in.int("capacity")),
				Shards: int(in.int("shards"))}
			for i, word := range in.texts("seed") {
				o.Seed[i], _ = strconv.ParseUint(word, 10, 64)
			}
			return made(NewLimiter(o))
		},
		"limiter_try_take": func(_ *caseRun, in *input) (object, error) {
			return limitObject(part[*Limiter](in).TakeAt(in.text("key"), in.uint("n"), in.int("now_ns"))), nil
		},
		"limiter_try_take_many": func(_ *caseRun, in *input) (object, error) {
			var keys Keys
			for _, key := range in.texts("keys") {
				keys.Add(key)
			}
			taken := part[*Limiter](in).TakeManyAt(&keys, in.uint("n"), in.int("now_ns"))
			limits := make([]Limit, keys.Len())
			for i := range limits {
				limits[i] = keys.Limit(i)
			}
			return object{"taken": taken, "limits": limitsOf(limits)}, nil
		},
		"limiter_try_take_all": func(_ *caseRun, in *input) (object, error) {
			var claims []Claim
			for _, c := range in.each("claims") {
				claims = append(claims, Claim{named[*Limiter](in, c.text("limiter")), c.text("key"),
					c.uint("n"), c.bool("is_shadow")})
				c.done(in)
			}
			limits, ok := TakeAllAt(claims, in.int("now_ns"))
			return object{"is_taken": ok, "limits": limitsOf(limits)}, nil
		},
		"limiter_read": func(_ *caseRun, in *input) (object, error) {
			return limitObject(part[*Limiter](in).ReadAt(in.text("key"), in.int("now_ns"))), nil
		},
		"limiter_set_rate": func(_ *caseRun, in *input) (object, error) {
			return nil, part[*Limiter](in).SetRateAt(in.rate(), in.int("now_ns"))
		},
		"limiter_read_figures": func(_ *caseRun, in *input) (object, error) {
			f := part[*Limiter](in).Figures()
			return object{"keys": f.Keys, "capacity": f.Capacity, "admitted": f.Admitted,
				"refused": f.Refused, "evicted": f.Evicted, "evicted_busy": f.EvictedBusy}, nil
		},
		"breaker_init": func(_ *caseRun, in *input) (object, error) {
			n := func(name string) int { return int(in.int(name)) }
			return made(NewBreaker(BreakerOptions{
				Window:      BreakerWindow(in.name("window_kind", oneOf("last_calls", "last_time"))),
				WindowCalls: n("window_calls"), WindowSlices: n("window_slices"),
				Slice: in.ns("slice_ns"), CallsMin: n("calls_min"),
				FailureRatePercent: n("failure_rate_percent"),
				SlowRatePercent:    n("slow_rate_percent"), Probes: n("probes"),
				Slow: in.ns("slow_ns"), Wait: in.ns("wait_ns"), WaitMax: in.ns("wait_max_ns"),
				WaitGrowthPercent: n("wait_growth_percent"), HalfOpenMax: in.ns("half_open_max_ns")}))
		},
		"breaker_try_enter": func(_ *caseRun, in *input) (object, error) {
			ticket, ok := part[*Breaker](in).EnterAt(in.int("now_ns"))
			return object{"is_entered": ok, "ticket": ticket}, nil
		},
		"breaker_leave": func(_ *caseRun, in *input) (object, error) {
			outcome := in.name("outcome", oneOf("success", "failure", "ignored"))
			part[*Breaker](in).LeaveAt(in.uint("ticket"), BreakerOutcome(outcome), in.int("now_ns"))
			return nil, nil
		},
		"breaker_force": func(_ *caseRun, in *input) (object, error) {
			return nil, part[*Breaker](in).ForceAt(in.breakerState("state"), in.int("now_ns"))
		},
		"breaker_read": func(_ *caseRun, in *input) (object, error) {
			return figuresObject(part[*Breaker](in).FiguresAt(in.int("now_ns"))), nil
		},
		"breaker_state": func(_ *caseRun, in *input) (object, error) {
			return object{"state": part[*Breaker](in).StateAt(in.int("now_ns")).String()}, nil
		},
		"retry_budget_init": func(_ *caseRun, in *input) (object, error) {
			return made(NewRetryBudget(in.uint("repeats_max"), int(in.int("ratio_per_mille"))))
		},
		"retry_budget_left": func(_ *caseRun, in *input) (object, error) {
			return object{"left": part[*RetryBudget](in).Left()}, nil
		},
		"retry_init": func(_ *caseRun, in *input) (object, error) {
			o := RetryOptions{AttemptsMax: int(in.int("attempts_max")), Delay: in.ns("delay_ns"),
				DelayMax:          in.ns("delay_max_ns"),
				MultiplierPercent: int(in.int("multiplier_percent")),
				Jitter:            Jitter(in.name("jitter", oneOf("full", "equal", "none", "decorrelated"))),
				DeadlineNS:        in.int("deadline_ns"), HintMax: in.ns("hint_max_ns")}
			if budget := in.text("budget"); budget != "" {
				o.Budget = named[*RetryBudget](in, budget)
			}
			return made(NewRetry(o))
		},
		"retry_hint": func(_ *caseRun, in *input) (object, error) {
			part[*Retry](in).Hint(in.ns("retry_after_ns"))
			return nil, nil
		},
		"retry_next_ns": func(_ *caseRun, in *input) (object, error) {
			outcome := in.name("outcome", oneOf("success", "retriable", "fatal", "rate_limited"))
			delay, _ := part[*Retry](in).NextAt(RetryOutcome(outcome), in.uint("random"), in.int("now_ns"))
			return object{"delay_ns": int64(delay)}, nil
		},
		"retry_ending": func(_ *caseRun, in *input) (object, error) {
			names := []string{"", "success", "fatal", "attempts", "deadline", "budget", "hint"}
			return object{"ending": names[part[*Retry](in).Ending()]}, nil
		},
		"retry_attempts": func(_ *caseRun, in *input) (object, error) {
			return object{"attempts": part[*Retry](in).Attempts()}, nil
		},
		"bulkhead_init": func(_ *caseRun, in *input) (object, error) {
			return made(NewBulkhead(int(in.int("running_max")), int(in.int("waiting_max"))))
		},
		"bulkhead_try_enter": func(_ *caseRun, in *input) (object, error) {
			return object{"is_done": part[*Bulkhead](in).TryEnter()}, nil
		},
		"bulkhead_try_wait": func(_ *caseRun, in *input) (object, error) {
			return object{"is_done": part[*Bulkhead](in).TryWait()}, nil
		},
		"bulkhead_try_promote": func(_ *caseRun, in *input) (object, error) {
			return object{"is_done": part[*Bulkhead](in).TryPromote()}, nil
		},
		"bulkhead_leave": func(_ *caseRun, in *input) (object, error) {
			part[*Bulkhead](in).Leave()
			return nil, nil
		},
		"bulkhead_abandon": func(_ *caseRun, in *input) (object, error) {
			part[*Bulkhead](in).Abandon()
			return nil, nil
		},
		"bulkhead_read": func(_ *caseRun, in *input) (object, error) {
			running, waiting := part[*Bulkhead](in).Read()
			return object{"running": running, "waiting": waiting}, nil
		},
	} {
		operations[name] = f
	}
}

func (in *input) breakerState(name string) BreakerState {
	return BreakerState(in.name(name, func(i int32) string { return BreakerState(i).String() }))
}

func figuresObject(f BreakerFigures) object {
	return object{"state": f.State.String(), "calls": f.Calls, "failed": f.Failed, "slow": f.Slow,
		"failure_rate_ppm": f.FailureRatePPM, "slow_rate_ppm": f.SlowRatePPM,
		"probes_in_flight": f.ProbesInFlight, "refused": f.Refused, "opened": f.Opened,
		"stale": f.Stale, "retry_after_ns": int64(f.RetryAfter)}
}

func scoreObject(s Score) object { return object{"key": s.Key, "score": s.Score, "error": s.Error} }

// sketch is what TopK and Basket have alike.
type sketch interface {
	Reset()
	Newest() time.Time
	Capacity() int
	MarshalBinary() ([]byte, error)
	UnmarshalBinary([]byte) error
}

func (in *input) when(name string) time.Time { return time.UnixMilli(in.int(name)) }

func copied(in *input, to sketch, err error) (object, error) {
	from := named[sketch](in, in.text("from"))
	if err != nil {
		return nil, err
	}
	bytes, err := from.MarshalBinary()
	if err == nil {
		err = to.UnmarshalBinary(bytes)
	}
	return object{"object": to}, err
}

func init() {
	newTopK := func(in *input) (*TopK, error) {
		return NewTopK(int(in.int("capacity")), in.ms("half_life_ms"))
	}
	newBasket := func(in *input) (*Basket, error) {
		return NewBasket(int(in.int("capacity")), int(in.int("neighbours")), in.ms("half_life_ms"))
	}
	for _, kind := range []string{"topk", "related"} {
		operations[kind+"_reset"] = func(_ *caseRun, in *input) (object, error) {
			part[sketch](in).Reset()
			return nil, nil
		}
		operations[kind+"_read"] = func(_ *caseRun, in *input) (object, error) {
			newest := int64(-1)
			if at := part[sketch](in).Newest(); !at.IsZero() {
				newest = at.UnixMilli()
			}
			return object{"newest_ms": newest, "capacity": part[sketch](in).Capacity()}, nil
		}
		operations[kind+"_restore"] = func(_ *caseRun, in *input) (object, error) {
			bytes, err := hex.DecodeString(in.text("bytes"))
			if err != nil {
				in.bad = err.Error()
			}
			return nil, part[sketch](in).UnmarshalBinary(bytes)
		}
	}
	for name, f := range map[string]operation{
		"topk_init":    func(_ *caseRun, in *input) (object, error) { return made(newTopK(in)) },
		"related_init": func(_ *caseRun, in *input) (object, error) { return made(newBasket(in)) },
		"topk_copy": func(_ *caseRun, in *input) (object, error) {
			to, err := newTopK(in)
			return copied(in, to, err)
		},
		"related_copy": func(_ *caseRun, in *input) (object, error) {
			to, err := newBasket(in)
			return copied(in, to, err)
		},
		"topk_merge": func(_ *caseRun, in *input) (object, error) {
			return nil, part[*TopK](in).Merge(named[*TopK](in, in.text("from")))
		},
		"related_merge": func(_ *caseRun, in *input) (object, error) {
			return nil, part[*Basket](in).Merge(named[*Basket](in, in.text("from")))
		},
		"topk_add": func(_ *caseRun, in *input) (object, error) {
			return nil, part[*TopK](in).Add(in.text("key"), in.float("weight"), in.when("at_ms"))
		},
		"related_add": func(_ *caseRun, in *input) (object, error) {
			return nil, part[*Basket](in).Add(in.texts("skus"), in.float("weight"), in.when("at_ms"))
		},
		"topk_list": func(_ *caseRun, in *input) (object, error) {
			scores, err := part[*TopK](in).List(in.when("at_ms"), int(in.int("limit")))
			return object{"items": list(scores, scoreObject)}, err
		},
		"related_list": func(_ *caseRun, in *input) (object, error) {
			scores, err := part[*Basket](in).List(in.text("sku"), in.when("at_ms"), int(in.int("limit")))
			return object{"items": list(scores, scoreObject)}, err
		},
		"topk_get": func(_ *caseRun, in *input) (object, error) {
			score, err := part[*TopK](in).Get(in.text("key"), in.when("at_ms"))
			return scoreObject(score), err
		},
		"money_add": func(_ *caseRun, in *input) (object, error) {
			sum, err := AddMoney(in.int("a_minor"), in.int("b_minor"))
			return object{"sum": sum}, err
		},
		"money_mul": func(_ *caseRun, in *input) (object, error) {
			product, err := MulMoney(in.int("unit_minor"), in.int("quantity"))
			return object{"product": product}, err
		},
		"currency_digits": func(_ *caseRun, in *input) (object, error) {
			return object{"digits": CurrencyDigits(in.text("code"))}, nil
		},
		"id_parse": func(_ *caseRun, in *input) (object, error) {
			id, err := ParseID(in.text("text"))
			return object{"text": id.String(), "bytes": hex.EncodeToString(id[:])}, err
		},
		"id_is_equal": func(_ *caseRun, in *input) (object, error) {
			return object{"is_equal": in.id("a") == in.id("b")}, nil
		},
		"version": func(*caseRun, *input) (object, error) { return object{"version": Version()}, nil },
	} {
		operations[name] = f
	}
}

func (in *input) machine() *Machine {
	switch in.text("machine") {
	case "order":
		return OrderMachine()
	case "reservation":
		return ReservationMachine()
	case "payment":
		return PaymentMachine()
	}
	in.bad = "no such machine"
	return OrderMachine()
}

func placeOf(names []string, v any) int {
	for i, name := range names {
		if v == name {
			return i + 1
		}
	}
	if v == nil {
		return 0
	}
	n, _ := strconv.Atoi(fmt.Sprint(v))
	return n
}

func nameAt(names []string, place int) string {
	if place == 0 {
		return ""
	}
	return names[place-1]
}

func statusNamed(in *input, name string) Status {
	for _, info := range Statuses() {
		if info.Name == "AURORA_"+in.text(name) {
			return info.Status
		}
	}
	in.bad = name + " is no status"
	return 0
}

var namesOf = map[string]func(int32) string{
	"order_status":       func(i int32) string { return OrderStatus(i).String() },
	"reason":             func(i int32) string { return Reason(i).String() },
	"charge":             func(i int32) string { return ChargeKind(i).String() },
	"participant":        func(i int32) string { return Participant(i).String() },
	"event":              func(i int32) string { return EventKind(i).String() },
	"verb":               func(i int32) string { return Verb(i).String() },
	"outcome":            func(i int32) string { return Outcome(i).String() },
	"notification":       func(i int32) string { return NotificationKind(i).String() },
	"notification_state": func(i int32) string { return NotificationState(i).String() },
	"decision":           func(i int32) string { return Decision(i).String() },
	"reservation_status": func(i int32) string { return ReservationStatus(i).String() },
	"repair":             func(i int32) string { return RepairAction(i).String() },
	"result":             func(i int32) string { return RepairResult(i).String() },
	"breaker_state":      func(i int32) string { return BreakerState(i).String() },
	"setting_kind":       func(i int32) string { return SettingKind(i).String() },
	"log_level":          func(i int32) string { return LogLevel(i).String() },
}

var valuesOf = map[string]func(string) int32{
	"order_status":       func(s string) int32 { return int32(ParseOrderStatus(s)) },
	"reason":             func(s string) int32 { return int32(ParseReason(s)) },
	"charge":             func(s string) int32 { return int32(ParseChargeKind(s)) },
	"participant":        func(s string) int32 { return int32(ParseParticipant(s)) },
	"event":              func(s string) int32 { return int32(ParseEventKind(s)) },
	"notification_state": func(s string) int32 { return int32(ParseNotificationState(s)) },
	"repair":             func(s string) int32 { return int32(ParseRepairAction(s)) },
	"result":             func(s string) int32 { return int32(ParseRepairResult(s)) },
}

func init() {
	for name, f := range map[string]operation{
		"machine_next": func(_ *caseRun, in *input) (object, error) {
			m := in.machine()
			next := m.Next(placeOf(m.States(), in.get("state")), placeOf(m.Events(), in.get("event")))
			return object{"state": nameAt(m.States(), next)}, nil
		},
		"machine_read": func(_ *caseRun, in *input) (object, error) {
			m := in.machine()
			return object{"states": texts(m.States()), "events": texts(m.Events())}, nil
		},
		"machine_next_own": func(_ *caseRun, in *input) (object, error) {
			states, events := in.texts("states"), in.texts("events")
			var steps []MachineStep
			cells, _ := in.get("cells").([]any)
			for _, cell := range cells {
				c := cell.([]any)
				steps = append(steps, MachineStep{placeOf(states, c[0]), placeOf(events, c[1]),
					placeOf(states, c[2])})
			}
			m, err := NewMachine(states, events, steps)
			if err != nil {
				return nil, err
			}
			next := m.Next(placeOf(states, in.get("state")), placeOf(events, in.get("event")))
			return object{"state": nameAt(m.States(), next)}, nil
		},
		"status_read": func(_ *caseRun, in *input) (object, error) {
			var status Status
			if _, ok := in.get("status").(string); ok {
				status = statusNamed(in, "status")
			} else {
				status = Status(in.int("status"))
			}
			out := object{"name": status.Name(), "value": int32(status),
				"text":         strings.TrimPrefix(status.Error(), "aurora: "),
				"is_retriable": status.Retryable()}
			for _, info := range Statuses() {
				if info.Status == status {
					out["class"] = []string{"none", "usage", "retriable", "fatal"}[info.Class]
					out["http_status"] = info.HTTPStatus
				}
			}
			return out, nil
		},
		"status_table": func(*caseRun, *input) (object, error) {
			var names []string
			for _, info := range Statuses() {
				names = append(names, strings.TrimPrefix(info.Name, "AURORA_"))
			}
			return object{"names": texts(names)}, nil
		},
		"name_of": func(_ *caseRun, in *input) (object, error) {
			f, ok := namesOf[in.text("what")]
			if !ok {
				in.bad = "no such names"
				return nil, nil
			}
			return object{"name": f(int32(in.int("value")))}, nil
		},
		"value_of": func(_ *caseRun, in *input) (object, error) {
			f, ok := valuesOf[in.text("what")]
			if !ok {
				in.bad = "no such values"
				return nil, nil
			}
			return object{"value": f(in.text("name"))}, nil
		},
		"setting_find": func(_ *caseRun, in *input) (object, error) {
			s, ok := FindSetting(in.text("name"))
			if !ok {
				return object{"name": nil}, nil
			}
			return object{"name": s.Name, "kind": s.Kind.String(), "default_text": s.Default,
				"minimum": s.Minimum, "maximum": s.Maximum, "is_secret": s.IsSecret,
				"is_reloadable": s.IsReloadable, "is_daemon": s.IsForDaemons}, nil
		},
		"setting_nearest": func(_ *caseRun, in *input) (object, error) {
			return object{"name": NearestSetting(in.text("name"))}, nil
		},
		"setting_parse": func(_ *caseRun, in *input) (object, error) {
			s, _ := FindSetting(in.text("name"))
			number, err := s.Parse(in.text("text"))
			return object{"number": number}, err
		},
		"metric_format": func(_ *caseRun, in *input) (object, error) {
			format := MetricsFormatFor(in.text("accept"))
			return object{"format": oneOf("prometheus", "openmetrics")(int32(format)),
				"content_type": format.ContentType()}, nil
		},
		"order_check": func(_ *caseRun, in *input) (object, error) { return nil, in.request().Check() },
		"open_check": func(_ *caseRun, in *input) (object, error) {
			return nil, Check(in.text("url"), WithSettings(in.texts("settings")...))
		},
	} {
		operations[name] = f
	}
}
