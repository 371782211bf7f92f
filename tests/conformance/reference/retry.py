# SPDX-License-Identifier: MIT
"""Retries by the rules of aurora/retry.h, in unbounded integers.

`random` is a fraction of 2^64: where a delay is drawn from low..high, it is low plus that fraction
of the high - low + 1 possible values, rounded down."""

from bucket import numbers
from cases import File, step

MS = 10**6
HOUR = 3600 * 1000 * MS
NS_MAX = 86400000000000000
TOP = 2**64 - 1


class Budget:
    def __init__(self, repeats_max, per_mille):
        self.most = repeats_max * 1000
        self.left = self.most
        self.pays = per_mille


class Script:
    def __init__(self, budget=None, name="r", first=(), **options):
        self.name = name
        self.given = options
        self.attempts_max = options.get("attempts_max", 3)
        self.base = options.get("delay_ns", 100 * MS)
        self.most = options.get("delay_max_ns", min(64 * self.base, NS_MAX))
        self.multiplier = options.get("multiplier_percent", 200)
        self.jitter = options.get("jitter", "full")
        self.deadline = options.get("deadline_ns", 0)
        self.hint_max = options.get("hint_max_ns", HOUR)
        self.delay = self.last = self.base
        self.hint = 0
        self.attempts = 1
        self.ending = None
        self.budget = budget
        if budget is not None:
            budget.left = min(budget.left + budget.pays, budget.most)
            options = {**options, "budget": "budget"}
        self.steps = [*first, step("retry_init", as_=name, **options)]

    def drawn(self, random):
        low, high = {"none": (self.delay, self.delay), "full": (0, self.delay),
                     "equal": (self.delay // 2, self.delay),
                     "decorrelated": (self.base, 3 * self.last)}[self.jitter]
        return min(low + random * (high - low + 1) // 2**64, self.most)

    def judge(self, outcome, wait, now_ns):
        if outcome == "success":
            return "success"
        if outcome not in ("retriable", "rate_limited"):
            return "fatal"
        if self.attempts >= self.attempts_max:
            return "attempts"
        if outcome == "rate_limited" and self.hint > self.hint_max:
            return "hint"
        if self.deadline and now_ns + wait >= self.deadline:
            return "deadline"
        if self.budget is not None and self.budget.left < 1000:
            return "budget"
        return None

    def next(self, outcome, random=0, now_ns=0):
        delay = self.drawn(random)
        wait = delay + (self.hint if outcome == "rate_limited" else 0)
        if self.ending is None:
            self.ending = self.judge(outcome, wait, now_ns)
        if self.ending is None:
            self.attempts += 1
            self.hint = 0
            self.last = delay
            self.delay = min(self.delay * self.multiplier // 100, self.most)
            if self.budget is not None:
                self.budget.left -= 1000
        gives = {"delay_ns": wait if self.ending is None else -1}
        self.steps.append(step("retry_next_ns", self.name, outcome=outcome, random=random,
                               now_ns=now_ns, gives=gives))
        self.steps.append(step("retry_ending", self.name, gives={"ending": self.ending}))
        self.steps.append(step("retry_attempts", self.name, gives={"attempts": self.attempts}))
        return self

    def told(self, hint):
        self.hint = max(hint, 0)
        self.steps.append(step("retry_hint", self.name, retry_after_ns=hint))
        return self


def by_hand(file):
    file.case("by_default_three_attempts",
              *Script(jitter="none").next("retriable").next("retriable").next("retriable").steps)
    file.case("a_success_ends_it", *Script().next("success").next("retriable").steps)
    file.case("what_is_fatal_ends_it", *Script().next("fatal").next("success").steps)
    file.case("one_attempt_is_no_repeat", *Script(attempts_max=1).next("retriable").steps)
    file.case("delays_double_up_to_their_bound",
              *many(Script(jitter="none", attempts_max=10, delay_ns=MS, delay_max_ns=50 * MS), 9).steps)
    file.case("delays_of_a_growth_of_one_and_a_half",
              *many(Script(jitter="none", attempts_max=8, delay_ns=101, multiplier_percent=150), 8).steps)
    file.case("delays_that_do_not_grow",
              *many(Script(jitter="none", attempts_max=5, delay_ns=7, multiplier_percent=100), 5).steps)
    for jitter in ("full", "equal", "decorrelated"):
        for name, random in (("lowest", 0), ("middle", 2**63), ("highest", TOP)):
            file.case(f"{jitter}_jitter_at_its_{name}",
                      *many(Script(jitter=jitter, attempts_max=6, delay_ns=100 * MS), 6, random).steps)
    file.case("at_the_deadline_it_is_too_late",
              *Script(jitter="none", deadline_ns=1000 * MS).next("retriable", now_ns=900 * MS).steps)
    file.case("before_the_deadline_it_is_not",
              *Script(jitter="none", deadline_ns=1000 * MS).next("retriable", now_ns=900 * MS - 1)
              .next("retriable", now_ns=950 * MS).steps)
    file.case("a_hint_is_waited_for_before_the_delay",
              *Script(jitter="none").told(2000 * MS).next("rate_limited").next("rate_limited").steps)
    file.case("a_hint_says_nothing_of_other_failures",
              *Script(jitter="none").told(2000 * MS).next("retriable").steps)
    file.case("a_hint_below_zero_is_zero", *Script(jitter="none").told(-5).next("rate_limited").steps)
    file.case("a_hint_above_its_bound_ends_it",
              *Script(hint_max_ns=MS).told(MS + 1).next("rate_limited").steps)
    file.case("a_hint_at_its_bound_does_not",
              *Script(jitter="none", hint_max_ns=MS).told(MS).next("rate_limited").steps)


def many(script, count, random=0):
    for _ in range(count):
        script.next("retriable", random)
    return script


def budgets(file):
    def init(repeats, per_mille):
        return step("retry_budget_init", as_="budget", repeats_max=repeats, ratio_per_mille=per_mille)

    def left(budget):
        return step("retry_budget_left", "budget", gives={"left": budget.left // 1000})

    budget = Budget(2, 500)
    script = Script(budget, attempts_max=9, jitter="none", first=[init(2, 500)])
    many(script, 3)
    file.case("a_budget_of_two_pays_two_repeats", *script.steps, left(budget))
    budget = Budget(1, 500)
    steps = [init(1, 500)]
    for number in range(4):
        script = Script(budget, name=f"r{number}", jitter="none")
        steps += [*many(script, 2).steps, left(budget)]
    file.case("two_calls_pay_for_one_repeat", *steps)
    for name, repeats, per_mille in (("no_repeats", 0, 0), ("too_many_repeats", 10**9 + 1, 0),
                                     ("too_large_a_share", 1, 1000001)):
        file.case(f"a_budget_of_{name}_is_refused",
                  step("retry_budget_init", as_="budget", repeats_max=repeats,
                       ratio_per_mille=per_mille, fails={"status": "EINVAL"}))


def refused(file):
    for field, value in (("attempts_max", 1000001), ("delay_ns", -1), ("delay_ns", NS_MAX + 1),
                         ("delay_max_ns", 1), ("multiplier_percent", 99), ("multiplier_percent", 1001),
                         ("jitter", 5), ("hint_max_ns", -1)):
        file.case(f"{field}_of_{value}_is_refused",
                  step("retry_init", as_="r", fails={"status": "EINVAL", "field": field},
                       **{field: value}),
                  step("retry_next_ns", "r", outcome="retriable", random=0, now_ns=0,
                       gives={"delay_ns": -1}))


def drawn(file):
    for number, jitter in enumerate(("full", "equal", "none", "decorrelated")):
        draw = numbers(200 + number)
        script = Script(jitter=jitter, attempts_max=20, delay_ns=3 * MS, delay_max_ns=400 * MS,
                        multiplier_percent=170, deadline_ns=3000 * MS)
        now = 0
        for _ in range(20):
            if next(draw) % 4 == 0:
                script.told(next(draw) % (20 * MS)).next("rate_limited", next(draw), now)
            else:
                script.next("retriable", next(draw), now)
            now += next(draw) % (100 * MS)
        file.case(f"drawn_{jitter}", *script.steps)


def files():
    file = File("retry", "Schedules of repeats, with the random bits given.", "reference/retry.py")
    by_hand(file)
    budgets(file)
    refused(file)
    drawn(file)
    return [file]
