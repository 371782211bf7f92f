# SPDX-License-Identifier: MIT
"""A circuit breaker by the rules of aurora/breaker.h, with lists where the library counts."""

from bucket import SECOND, numbers
from cases import File, step

PASSES = {"CLOSED", "DISABLED", "METRICS_ONLY"}


class Breaker:
    def __init__(self, **given):
        self.is_time = given.get("window_kind") == "last_time"
        self.window = given.get("window_calls", 100)
        self.slices = given.get("window_slices", 10)
        self.slice_ns = given.get("slice_ns", SECOND)
        self.calls_min = given.get("calls_min", 100 if self.is_time else self.window)
        self.failure = given.get("failure_rate_percent", 50)
        self.slow_rate = given.get("slow_rate_percent", 100)
        self.probes = given.get("probes", 10)
        self.slow_ns = given.get("slow_ns", 0)
        self.wait_first = self.wait = given.get("wait_ns", 60 * SECOND)
        self.wait_max = given.get("wait_max_ns", self.wait * 16)
        self.growth = given.get("wait_growth_percent", 100)
        self.half_open_max = given.get("half_open_max_ns", 60 * SECOND)
        self.epoch = 0
        self.refused = self.opened = self.stale = 0
        self.become("CLOSED", 0)

    def become(self, state, now):
        self.state, self.since = state, now
        self.epoch += 1
        self.opened += state == "OPEN"
        self.calls = []  # (now, failed, slow)
        self.given = 0
        self.reported = []  # (failed, slow)

    def reopen(self, now):
        self.wait = min(self.wait * self.growth // 100, self.wait_max)
        self.become("OPEN", now)

    def follow(self, now):
        if self.state == "HALF_OPEN" and now - self.since >= self.half_open_max:
            self.reopen(self.since + self.half_open_max)

    def enter(self, now):
        """The ticket, as (epoch, time); None = refused."""
        self.follow(now)
        if self.state == "OPEN" and now - self.since >= self.wait:
            self.become("HALF_OPEN", now)
        is_in = self.state in PASSES or (self.state == "HALF_OPEN" and self.given < self.probes)
        if not is_in:
            self.refused += 1
            return None
        self.given += self.state == "HALF_OPEN"
        return self.epoch, now

    def leave(self, ticket, outcome, now):
        if ticket is None:
            return
        self.follow(now)
        if ticket[0] != self.epoch:
            self.stale += 1
            return
        failed, slow = outcome != "success", 0 < self.slow_ns <= now - ticket[1]
        if self.state == "HALF_OPEN":
            self.report(outcome, failed, slow, now)
        elif self.state != "DISABLED" and outcome != "ignored":
            self.calls.append((now, failed, slow))
            self.trip(now)

    def report(self, outcome, failed, slow, now):
        if self.given == len(self.reported):
            return
        if outcome == "ignored":
            self.given -= 1
            return
        self.reported.append((failed, slow))
        if self.reach(self.reported, self.probes):
            self.reopen(now)
        elif len(self.reported) == self.probes:
            self.become("CLOSED", now)

    def reach(self, calls, whole):
        failed, slow = (sum(call[i] for call in calls) for i in (0, 1))
        return failed * 100 >= whole * self.failure or slow * 100 >= whole * self.slow_rate

    def seen(self, now):
        """The calls that count at `now`: the last ones, or those of the last slices."""
        if not self.is_time:
            return self.calls[-self.window:]
        oldest = now // self.slice_ns - self.slices
        return [call for call in self.calls if call[0] // self.slice_ns > oldest]

    def trip(self, now):
        calls = [call[1:] for call in self.seen(now)]
        if self.state == "CLOSED" and len(calls) >= self.calls_min and self.reach(calls, len(calls)):
            self.wait = self.wait_first
            self.become("OPEN", now)

    def force(self, state, now):
        self.wait = self.wait_first
        self.become(state, now)

    def figures(self, now):
        is_half = self.state == "HALF_OPEN"
        calls = self.reported if is_half else [call[1:] for call in self.seen(now)]
        failed, slow = (sum(call[i] for call in calls) for i in (0, 1))
        count = max(len(calls), 1)
        return {
            "state": self.state, "calls": len(calls), "failed": failed, "slow": slow,
            "failure_rate_ppm": failed * 10**6 // count, "slow_rate_ppm": slow * 10**6 // count,
            "probes_in_flight": self.given - len(self.reported) if is_half else 0,
            "refused": self.refused, "opened": self.opened, "stale": self.stale,
            "retry_after_ns": self.since + self.wait - now if self.state == "OPEN" else 0,
        }


class Script:
    def __init__(self, **options):
        self.model = Breaker(**options)
        self.steps = [step("breaker_init", as_="b", **options)]
        self.tickets = []

    def enter(self, now):
        ticket = self.model.enter(now)
        name = f"t{len(self.tickets)}"
        self.tickets.append(ticket)
        self.steps.append(step("breaker_try_enter", "b", name, now_ns=now,
                               gives={"is_entered": ticket is not None}))
        return len(self.tickets) - 1

    def leave(self, number, outcome, now):
        self.model.leave(self.tickets[number], outcome, now)
        self.steps.append(step("breaker_leave", "b", ticket=f"$t{number}.ticket", outcome=outcome,
                               now_ns=now))

    def call(self, outcome, now, lasts=0):
        self.leave(self.enter(now), outcome, now + lasts)
        return self

    def calls(self, outcomes, now=0, lasts=0):
        for outcome in outcomes:
            self.call({"s": "success", "f": "failure", "i": "ignored"}[outcome], now, lasts)
        return self.read(now + lasts)

    def read(self, now):
        self.steps.append(step("breaker_read", "b", now_ns=now, gives=self.model.figures(now)))
        return self

    def state(self, now, state):
        self.steps.append(step("breaker_state", "b", now_ns=now, gives={"state": state}))
        return self

    def force(self, state, now):
        self.model.force(state, now)
        self.steps.append(step("breaker_force", "b", state=state, now_ns=now))
        return self


def small(**more):
    return Script(**{"window_calls": 4, "probes": 2, "wait_ns": SECOND, **more})


def by_hand(file):
    file.case("below_its_minimum_it_stays_closed", *small().calls("fff").steps)
    file.case("at_half_of_its_calls_it_opens", *small().calls("sfsf").steps)
    file.case("below_half_it_stays_closed", *small().calls("sfss").calls("sfss").steps)
    file.case("old_calls_leave_the_window", *small().calls("fsss").calls("f").calls("s").calls("sf").steps)
    file.case("a_smaller_minimum_opens_earlier", *small(calls_min=2).calls("f").calls("f").steps)
    file.case("what_is_ignored_counts_nowhere", *small().calls("ififif").steps)
    file.case("an_open_one_refuses_until_its_wait_is_over",
              *small().calls("ffff").call("success", SECOND - 1).read(SECOND - 1)
              .state(SECOND, "HALF_OPEN").call("success", SECOND).read(SECOND).steps)
    file.case("good_probes_close_it", *small().calls("ffff").calls("ss", SECOND).steps)
    file.case("a_bad_probe_of_two_opens_it", *small().calls("ffff").calls("sf", SECOND).steps)
    file.case("more_probes_than_it_wants_are_refused", *probes_at_once())
    file.case("an_ignored_probe_gives_its_place_back", *small().calls("ffff").calls("iss", SECOND).steps)
    file.case("a_wait_grows_to_its_bound", *growing())
    file.case("probes_that_never_come_back_have_failed", *lost_probes())
    file.case("a_late_answer_does_not_count", *late_answer())
    file.case("slow_calls_open_it",
              *small(slow_ns=2048, slow_rate_percent=50).calls("ss", 0, 1024).calls("ss", 4096, 2048).steps)
    file.case("without_a_bound_nothing_is_slow", *small(slow_rate_percent=1).calls("ssss", 0, 10**12).steps)
    file.case("a_clock_that_steps_back_ends_no_wait", *back_in_time())
    for state in ("FORCED_OPEN", "DISABLED", "METRICS_ONLY", "OPEN", "HALF_OPEN", "CLOSED"):
        file.case(f"forced_to_be_{state}", *small().calls("f").force(state, 0).read(0).calls("ffff", 1).steps)
    file.case("no_state_is_not_forced", step("breaker_init", as_="b"),
              step("breaker_force", "b", state=7, now_ns=0, fails={"status": "EINVAL"}))
    timed = {"window_kind": "last_time", "window_slices": 3, "slice_ns": SECOND, "calls_min": 3}
    file.case("a_window_of_time_forgets",
              *Script(**timed).calls("fs", 0).calls("s", SECOND).calls("ss", 3 * SECOND)
              .calls("ff", 4 * SECOND).steps)
    file.case("a_window_of_time_opens",
              *Script(**timed, wait_ns=SECOND).calls("f", 0).calls("f", SECOND).calls("s", 2 * SECOND).steps)


def probes_at_once():
    script = small().calls("ffff")
    first, second = script.enter(SECOND), script.enter(SECOND)
    script.enter(SECOND)
    script.read(SECOND)
    script.leave(first, "success", SECOND + 1)
    script.read(SECOND + 1)
    script.leave(second, "success", SECOND + 2)
    return script.read(SECOND + 2).steps


def growing():
    script = small(wait_growth_percent=200, wait_max_ns=3 * SECOND).calls("ffff")
    now = 0
    for _ in range(4):
        now += script.model.wait
        script.call("failure", now).read(now)
    return script.steps


def lost_probes():
    script = small(half_open_max_ns=5 * SECOND).calls("ffff")
    script.enter(SECOND)
    script.read(SECOND)
    script.call("success", 6 * SECOND)
    return script.read(6 * SECOND).steps


def late_answer():
    script = small()
    late = script.enter(0)
    script.calls("ffff", 1)
    script.leave(late, "success", 2)
    return script.read(2).steps


def back_in_time():
    script = small().calls("ffff", 10 * SECOND)
    script.call("success", 5 * SECOND)
    return script.read(5 * SECOND).steps


def refused(file):
    for field, value in (("window_kind", 3), ("window_calls", 1025), ("window_slices", 61),
                         ("slice_ns", -1), ("calls_min", 101), ("failure_rate_percent", 101),
                         ("slow_rate_percent", 101), ("probes", 1025), ("slow_ns", -1),
                         ("wait_ns", -1), ("wait_max_ns", 1), ("wait_growth_percent", 99),
                         ("half_open_max_ns", -1)):
        file.case(f"{field}_of_{value}_is_refused",
                  step("breaker_init", as_="b", fails={"status": "EINVAL", "field": field}, **{field: value}),
                  step("breaker_try_enter", "b", now_ns=0, gives={"is_entered": False}))


def drawn(file):
    kinds = [{"window_calls": 8, "probes": 3, "wait_ns": SECOND},
             {"window_calls": 5, "failure_rate_percent": 80, "probes": 1, "wait_ns": SECOND // 2,
              "wait_growth_percent": 150},
             {"window_calls": 10, "calls_min": 4, "slow_ns": 2**20, "slow_rate_percent": 60, "probes": 2}]
    for number, options in enumerate(kinds):
        draw = numbers(300 + number)
        script = Script(**options)
        now = 0
        for _ in range(40):
            now += next(draw) % (SECOND // 4) // 1024 * 1024
            outcome = ("success", "failure", "failure", "ignored")[next(draw) % 4]
            script.call(outcome, now, (next(draw) % 3) * 2**20)
            if next(draw) % 3 == 0:
                script.read(now + 2**21)
        file.case(f"drawn_{number}", *script.steps)


def files():
    file = File("breaker", "Circuit breakers with explicit time.", "reference/breaker.py")
    by_hand(file)
    refused(file)
    drawn(file)
    return [file]
