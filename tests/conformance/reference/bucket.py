# SPDX-License-Identifier: MIT
"""Token buckets by their definition, in exact fractions: when will the bucket be full again?

The generic cell rate algorithm (ITU-T I.371): a bucket is the time at which it is full. A take of n
tokens that last T each moves that time on by n * T, and is refused where it would come to lie more
than burst * T ahead of now."""

from fractions import Fraction
from math import ceil

from cases import File, step

SECOND = 10**9
NOW_MAX = 2**62 - 1


class Bucket:
    def __init__(self, tokens, per_ns, burst, now_ns):
        self.token_ns = Fraction(per_ns, tokens)
        self.burst = burst
        self.full_at = Fraction(self.clamped(now_ns))

    @staticmethod
    def clamped(now_ns):
        return min(max(now_ns, 0), NOW_MAX)

    def take(self, n, now_ns):
        """Whether it is taken, and in how many ns the same take would be."""
        now = self.clamped(now_ns)
        if n == 0:
            return True, 0
        if n > self.burst:
            return False, -1
        full_at = max(self.full_at, now) + n * self.token_ns
        missing = full_at - now - self.burst * self.token_ns
        if missing > 0:
            return False, ceil(missing)
        self.full_at = full_at
        return True, 0

    def read(self, now_ns, n=1):
        now = self.clamped(now_ns)
        missing = max(self.full_at - now, Fraction(0))
        left = int((self.burst * self.token_ns - missing) / self.token_ns)
        left = max(left, 0)
        wait = missing + n * self.token_ns - self.burst * self.token_ns
        retry = -1 if n > self.burst else max(ceil(wait), 0)
        return {
            "limit": self.burst,
            "remaining": left,
            "retry_after_ns": retry,
            "reset_ns": ceil(missing),
            "is_allowed": retry == 0,
        }


class Script:
    """Steps on one bucket, each with what the model says of it."""

    def __init__(self, tokens, per_ns, burst, now_ns=0):
        self.model = Bucket(tokens, per_ns, burst, now_ns)
        self.steps = [
            step("bucket_init", as_="b", tokens=tokens, per_ns=per_ns, burst=burst, now_ns=now_ns)
        ]

    def take(self, n, now_ns):
        is_taken, retry = self.model.take(n, now_ns)
        gives = {"is_taken": is_taken, "retry_after_ns": retry}
        self.steps.append(step("bucket_try_take", "b", n=n, now_ns=now_ns, gives=gives))
        return self

    def read(self, now_ns):
        gives = self.model.read(now_ns)
        self.steps.append(step("bucket_read", "b", now_ns=now_ns, gives=gives))
        return self


def numbers(seed):
    """splitmix64: the same takes on every machine."""
    mask = 2**64 - 1
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        word = seed
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & mask
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & mask
        yield word ^ (word >> 31)


def by_hand(file):
    file.case("a_full_bucket_gives_its_burst",
              *Script(1, SECOND, 5).take(5, 0).take(1, 0).steps)
    file.case("tokens_come_back_one_by_one",
              *Script(1, SECOND, 2).take(2, 0).take(1, SECOND - 1).take(1, SECOND)
              .take(1, SECOND).take(1, 2 * SECOND).steps)
    file.case("nothing_is_taken_in_part",
              *Script(10, SECOND, 10).take(8, 0).take(3, 0).read(0).take(2, 0).read(0).steps)
    file.case("no_tokens_are_always_had",
              *Script(1, SECOND, 1).take(1, 0).take(0, 0).read(0).steps)
    file.case("more_than_the_burst_is_never_had",
              *Script(1, SECOND, 3).take(4, 0).take(4, 10**18).read(10**18).steps)
    file.case("it_never_holds_more_than_its_burst",
              *Script(1, SECOND, 3).take(1, 0).read(10**15).take(3, 10**15).take(1, 10**15).steps)
    file.case("a_clock_that_steps_back_adds_nothing",
              *Script(1, SECOND, 2, 10 * SECOND).take(2, 10 * SECOND).take(1, 5 * SECOND)
              .take(1, 10 * SECOND).take(1, 11 * SECOND).steps)
    file.case("a_time_below_zero_is_zero",
              *Script(1, SECOND, 1, -5).take(1, -(2**63)).take(1, -1).take(1, SECOND).steps)
    file.case("a_time_beyond_146_years_is_the_end",
              *Script(1, SECOND, 1, 0).take(1, 2**62 - 1).take(1, 2**63 - 1).read(2**63 - 1).steps)
    file.case("reading_takes_nothing",
              *Script(2, SECOND, 4).read(0).read(0).take(4, 0).read(0).read(SECOND // 2).steps)
    file.case("one_a_minute_is_exact",
              *Script(1, 60 * SECOND, 1).take(1, 0).take(1, 60 * SECOND - 1).take(1, 60 * SECOND)
              .read(60 * SECOND).steps)
    file.case("one_a_nanosecond_is_the_fastest",
              *Script(1000, 1000, 7).take(7, 0).take(1, 0).take(1, 1).take(2, 2).take(2, 3).steps)
    file.case("half_nanoseconds_round_up",
              *Script(2, 5, 1).take(1, 0).read(0).take(1, 2).take(1, 3).read(3).steps)
    file.case("seven_a_second_follow_each_other_without_drift",
              *seven_in_a_row())
    file.case("the_largest_burst",
              *Script(1, 1, 10**16).take(10**16, 0).read(0).take(10**16, 10**16 - 1)
              .take(10**16, 10**16).steps)
    file.case("the_slowest_rate",
              *Script(1, 10**18, 2).take(2, 0).read(0).take(1, 10**18 - 1).take(1, 10**18).steps)


def seven_in_a_row():
    # Never full in between: there, and only there, a token that is no whole number may come later
    # by less than a nanosecond.
    script = Script(7, SECOND, 14)
    script.take(14, 0)
    for number in range(1, 15):
        due = ceil(Fraction(number * SECOND, 7))
        script.take(1, due - 1).take(1, due)
    return script.steps


def refused(file):
    def init(name, **given):
        args = {"tokens": 1, "per_ns": SECOND, "burst": 1, "now_ns": 0, **given}
        file.case(name, step("bucket_init", as_="b", fails={"status": "EINVAL"}, **args))

    init("no_tokens_is_no_rate", tokens=0)
    init("more_than_one_a_nanosecond_is_too_fast", tokens=SECOND + 1)
    init("no_time_is_no_rate", per_ns=0)
    init("a_period_beyond_31_years_is_refused", per_ns=10**18 + 1)
    init("no_burst_is_refused", burst=0)
    init("a_burst_beyond_its_bound_is_refused", burst=10**16 + 1, per_ns=1)
    init("a_bucket_that_fills_in_more_than_63_years_is_refused", per_ns=10**18, burst=3)


def drawn(file):
    """Takes and reads at random times, over rates whose tokens last whole or half nanoseconds."""
    rates = [(1, SECOND, 5), (10, SECOND, 10), (1000, SECOND, 50), (2, 5, 9), (3, 3 * 60 * SECOND, 4),
             (5, 10**6, 100), (1, 10**15, 3), (250, 10**9, 1)]
    for number, (tokens, per_ns, burst) in enumerate(rates):
        draw = numbers(number)
        script = Script(tokens, per_ns, burst)
        now = 0
        for _ in range(24):
            token = per_ns // tokens + 1
            now += next(draw) % (2 * token)
            if next(draw) % 8 == 0:
                now = max(now - next(draw) % token, 0)
            if next(draw) % 4 == 0:
                script.read(now)
            else:
                script.take(next(draw) % (burst // 2 + 2), now)
        file.case(f"drawn_{number}_{tokens}_per_{per_ns}_burst_{burst}", *script.steps)


def files():
    file = File("bucket", "One token bucket with explicit time.",
                "reference/bucket.py, in exact fractions; names and times by hand")
    by_hand(file)
    refused(file)
    drawn(file)
    return [file]
