# SPDX-License-Identifier: MIT
"""The operations of tests/conformance that need no shop."""

import fractions

import aurora
from aurora import (Breaker, BreakerOutcome, BreakerState, Bucket, Bulkhead, Jitter, Limiter, Machine, Money, Related,
                    Retry, RetryBudget, RetryOutcome, TopK)
from aurora import _call
from aurora._native import ffi, lib
from conformance import NAMES, impossible, member_of, plain

MACHINES = {"order": aurora.order_machine, "reservation": aurora.reservation_machine,
            "payment": aurora.payment_machine}
NAMED = {
    "order_status": aurora.OrderStatus, "reason": aurora.Reason, "charge": aurora.ChargeKind,
    "participant": aurora.Participant, "event": aurora.EventKind, "verb": aurora.Verb, "outcome": aurora.Outcome,
    "notification": aurora.NotificationKind, "notification_state": aurora.NotificationState,
    "decision": aurora.Decision, "reservation_status": aurora.ReservationStatus, "repair": aurora.RepairAction,
    "result": aurora.StepResult, "breaker_state": aurora.BreakerState, "setting_kind": aurora.SettingKind,
    "log_level": aurora.LogLevel}


def seconds(ns):
    """Python has seconds where C has nanoseconds."""
    return fractions.Fraction(ns, 1_000_000_000)


# --- buckets --------------------------------------------------------------------------------------


def bucket_init(run, w):
    return Bucket(w.number("tokens"), per_ns=w.number("per_ns"), burst=w.number("burst"), now_ns=w.number("now_ns"))


def bucket_try_take(run, w):
    after = run.on.take(w.number("n"), w.number("now_ns"))
    return {"is_taken": after == 0, "retry_after_ns": after}


def bucket_read(run, w):
    return plain(run.on.read(w.number("now_ns")))


def limiter_new(run, w):
    seed = tuple(map(int, w.value("seed", (0, 0))))
    return Limiter(w.number("capacity"), w.number("tokens"), per_ns=w.number("per_ns"), burst=w.number("burst"),
                   shards=w.number("shards"), seed=seed)


def limiter_try_take(run, w):
    limit = run.on.take(w.value("key", ""), w.number("n"), w.number("now_ns"))
    return {"is_taken": limit.is_allowed, **plain(limit)}


def limiter_try_take_many(run, w):
    limits = run.on.take_many(w.value("keys"), w.number("n"), w.number("now_ns"))
    return {"taken": sum(limit.is_allowed for limit in limits), "limits": plain(limits)}


def limiter_try_take_all(run, w):
    claims = [aurora.Claim(run.kept_objects[claim["limiter"]], claim.get("key", ""), int(claim.get("n", 0)),
                           bool(claim.get("is_shadow"))) for claim in w.value("claims")]
    taken, limits = aurora.take_all(claims, w.number("now_ns"))
    return {"is_taken": taken, "limits": plain(limits)}


def limiter_read(run, w):
    return plain(run.on.read(w.value("key", ""), w.number("now_ns")))


def limiter_set_rate(run, w):
    run.on.set_rate(w.number("tokens"), per_ns=w.number("per_ns"), burst=w.number("burst"),
                    now_ns=w.number("now_ns"))


def limiter_read_figures(run, w):
    return run.on.figures()


# --- breaker, bulkhead, retry ---------------------------------------------------------------------


def breaker_init(run, w):
    durations = {name: seconds(w.number(name + "_ns"))
                 for name in ("slice", "slow", "wait", "wait_max", "half_open_max")}
    counts = {name: w.number(name) for name in (
        "window_calls", "calls_min", "failure_rate_percent", "slow_rate_percent", "probes", "wait_growth_percent")}
    slices, kind = w.number("window_slices"), w.value("window_kind")
    if kind not in (None, "last_calls", "last_time"):
        impossible("window_kind")
    if kind == "last_time":
        slices = slices or 10
    return Breaker(**durations, **counts, window_slices=slices)


def breaker_try_enter(run, w):
    ticket = run.on.try_enter(w.number("now_ns"))
    return {"is_entered": ticket != 0, "ticket": ticket}


def breaker_leave(run, w):
    run.on.leave(w.number("ticket"), member_of(BreakerOutcome, w.value("outcome")), w.number("now_ns"))


def breaker_force(run, w):
    run.on.force(member_of(BreakerState, w.value("state")), w.number("now_ns"))


def breaker_read(run, w):
    return plain(run.on.figures(w.number("now_ns")))


def breaker_state(run, w):
    return {"state": plain(run.on.state(w.number("now_ns")))}


def bulkhead_init(run, w):
    return Bulkhead(w.number("running_max"), w.number("waiting_max"))


def bulkhead_read(run, w):
    running, waiting = run.on.read()
    return {"running": running, "waiting": waiting}


def retry_budget_init(run, w):
    return RetryBudget(w.number("repeats_max"), w.number("ratio_per_mille"))


def retry_init(run, w):
    budget = w.value("budget")
    retry = Retry(attempts=w.number("attempts_max"), delay=seconds(w.number("delay_ns")),
                  delay_max=seconds(w.number("delay_max_ns")), multiplier_percent=w.number("multiplier_percent"),
                  jitter=member_of(Jitter, w.value("jitter")), deadline=seconds(w.number("deadline_ns")),
                  hint_max=seconds(w.number("hint_max_ns")), clock=lambda: 0,
                  budget=run.kept_objects[budget] if budget else None)
    return retry.course()


def retry_hint(run, w):
    run.on.hint(seconds(w.number("retry_after_ns")))


def retry_next_ns(run, w):
    return {"delay_ns": run.on.next_ns(member_of(RetryOutcome, w.value("outcome")), w.number("random"),
                                       w.number("now_ns"))}


def retry_ending(run, w):
    ending = run.on.ending.name
    return {"ending": None if ending == "GOES_ON" else ending[len("ENDED_"):].lower()}


# --- sketches -------------------------------------------------------------------------------------


def topk_init(run, w):
    return TopK(w.number("capacity"), half_life_ms=w.number("half_life_ms"))


def topk_copy(run, w):
    copy = topk_init(run, w)
    copy.restore(run.kept_objects[w.value("from")].snapshot())
    return copy


def topk_add(run, w):
    run.on.add(w.value("key"), w.number("weight"), at_ms=w.number("at_ms"))


def topk_list(run, w):
    return {"items": plain(run.on.list(w.number("at_ms"), w.number("limit")))}


def topk_get(run, w):
    return plain(run.on.get(w.value("key"), w.number("at_ms")))


def merge(run, w):
    run.on.merge(run.kept_objects[w.value("from")])


def restore(run, w):
    run.on.restore(bytes.fromhex(w.value("bytes")))


def read_sketch(run, w):
    return {"newest_ms": run.on.newest_ms, "capacity": run.on.capacity}


def related_init(run, w):
    return Related(w.number("capacity"), w.number("neighbours"), half_life_ms=w.number("half_life_ms"))


def related_copy(run, w):
    copy = related_init(run, w)
    copy.restore(run.kept_objects[w.value("from")].snapshot())
    return copy


def related_add(run, w):
    run.on.add(w.value("skus"), w.number("weight"), at_ms=w.number("at_ms"))


def related_list(run, w):
    return {"items": plain(run.on.list(w.value("sku"), w.number("at_ms"), w.number("limit")))}


# --- values ---------------------------------------------------------------------------------------


def money_add(run, w):
    return {"sum": (Money.from_minor(w.number("a_minor"), "EUR") + Money.from_minor(w.number("b_minor"), "EUR")).minor}


def money_mul(run, w):
    return {"product": (Money.from_minor(w.number("unit_minor"), "EUR") * w.number("quantity")).minor}


def currency_digits(run, w):
    try:
        return {"digits": -Money.from_minor(1, w.value("code")).amount.as_tuple().exponent}
    except aurora.InvalidArgumentError:
        return {"digits": -1}


def id_parse(run, w):
    native = _call.id_of(w.value("text"))
    parsed = _call.uuid_of(native)
    return {"text": str(parsed), "bytes": parsed.hex}


def id_is_equal(run, w):
    a, b = (_call.uuid_of(_call.id_of(w.value(name))) for name in "ab")
    return {"is_equal": a == b}


def machine_next(run, w):
    return {"state": MACHINES[w.value("machine")]().next(w.value("state"), w.value("event"))}


def machine_read(run, w):
    machine = MACHINES[w.value("machine")]()
    return {"states": machine.states, "events": machine.events}


def machine_next_own(run, w):
    machine = Machine(w.value("states"), w.value("events"),
                      {(state, event): target for state, event, target in w.value("cells")})
    return {"state": machine.next(w.value("state"), w.value("event"))}


def status_rows():
    count = ffi.new("uint32_t *")
    table = lib.aurora_status_table(count)
    return [table[index] for index in range(count[0])]


def status_read(run, w):
    wanted = w.value("status")
    for row in status_rows():
        name = _call.text_of(row.name)
        if wanted in (name, name.replace("AURORA_", ""), row.status):
            error = _call.failure(row.status) if row.status else None
            kinds = {1: "usage", 2: "retriable", 3: "fatal"}
            return {"name": name, "value": row.status, "text": _call.text_of(row.text),
                    "class": kinds.get(row.class_of, "none"), "http_status": row.http_status,
                    "is_retriable": error is not None and error.retryable}
    return {"name": _call.text_of(lib.aurora_status_name(wanted)), "value": wanted,
            "is_retriable": _call.failure(wanted).retryable}


def status_table(run, w):
    return {"names": [_call.text_of(row.name).replace("AURORA_", "") for row in status_rows()]}


def named_name(run, w):
    kind, value = NAMED[w.value("what")], w.number("value")
    return {"name": _call.text_of(NAMES[kind](value))}


def named_value(run, w):
    parse = getattr(lib, f"aurora_{w.value('what')}_parse")
    name = w.value("name")
    return {"value": parse(ffi.NULL if name is None else name.encode())}


def setting_find(run, w):
    for setting in aurora.settings.table():
        if setting.name == w.value("name"):
            return plain(setting)
    return {"name": None}


def setting_nearest(run, w):
    return {"name": _call.optional_text_of(lib.aurora_setting_nearest(w.value("name").encode()))}


def setting_parse(run, w):
    name, number, error = w.value("name").encode(), ffi.new("int64_t *"), _call.new_error()
    _call.check(lib.aurora_setting_parse(lib.aurora_setting_find(name, len(name)), w.value("text").encode(), number,
                                         error), error)
    return {"number": number[0]}


def metric_format(run, w):
    chosen = aurora.metrics.format_for(w.value("accept"))
    return {"format": plain(chosen), "content_type": aurora.metrics.content_type(chosen)}


def open_check(run, w):
    aurora.check_options(w.value("url"), settings=dict(one.split("=", 1) for one in w.value("settings", [])))


def version(run, w):
    return {"version": aurora.__version__}


def called(name, *, answer=None):
    """A method without arguments; `answer` names what it returns."""
    def call(run, w):
        value = getattr(run.on, name)
        value = value() if callable(value) else value
        return {answer: value} if answer else None
    return call


OPERATIONS = {function.__name__: function for function in (
    bucket_init, bucket_try_take, bucket_read, limiter_new, limiter_try_take, limiter_try_take_many,
    limiter_try_take_all, limiter_read, limiter_set_rate, limiter_read_figures, breaker_init, breaker_try_enter,
    breaker_leave, breaker_force, breaker_read, breaker_state, bulkhead_init, bulkhead_read, retry_budget_init,
    retry_init, retry_hint, retry_next_ns, retry_ending, topk_init, topk_copy, topk_add, topk_list, topk_get,
    related_init, related_copy, related_add, related_list, money_add, money_mul, currency_digits, id_parse,
    id_is_equal, machine_next, machine_read, machine_next_own, status_read, status_table, setting_find,
    setting_nearest, setting_parse, metric_format, open_check, version)}
OPERATIONS.update({
    "bulkhead_try_enter": called("try_enter", answer="is_done"), "bulkhead_leave": called("leave"),
    "bulkhead_try_wait": called("try_wait", answer="is_done"),
    "bulkhead_try_promote": called("try_promote", answer="is_done"), "bulkhead_abandon": called("abandon"),
    "retry_budget_left": called("left", answer="left"), "retry_attempts": called("attempts", answer="attempts"),
    "topk_merge": merge, "topk_reset": called("reset"), "topk_read": read_sketch, "topk_restore": restore,
    "related_merge": merge, "related_reset": called("reset"), "related_read": read_sketch,
    "related_restore": restore, "name_of": named_name, "value_of": named_value})
OBJECTS = {"bucket_init", "limiter_new", "breaker_init", "bulkhead_init", "retry_budget_init", "retry_init", "topk_init",
           "topk_copy", "related_init", "related_copy", "queue_new"}
