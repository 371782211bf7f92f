# SPDX-License-Identifier: MIT
"""Many buckets of one policy: a dictionary of the buckets of bucket.py."""

from bucket import SECOND, Bucket, numbers
from cases import File, step


class Limiter:
    """Steps on one limiter that has room for every key, and what they answer."""

    def __init__(self, tokens, per_ns, burst, capacity=100, name="l", shards=1):
        self.rate = (tokens, per_ns, burst)
        self.name = name
        self.keys = {}
        self.admitted = self.refused = 0
        self.capacity = capacity
        self.steps = [step("limiter_new", as_=name, capacity=capacity, shards=shards, tokens=tokens,
                           per_ns=per_ns, burst=burst, seed=[1, 2])]

    def bucket(self, key, now_ns):
        return self.keys.get(key) or Bucket(*self.rate, now_ns)

    def answer(self, key, n, now_ns):
        """Takes, and says what the bucket is afterwards: of a refused take, when it would work."""
        bucket = self.bucket(key, now_ns)
        is_taken, retry = bucket.take(n, now_ns)
        if is_taken:
            self.keys[key] = bucket
            self.admitted += 1
        else:
            self.refused += 1
        limit = bucket.read(now_ns)
        limit["is_allowed"] = is_taken
        limit["retry_after_ns"] = retry
        return is_taken, limit

    def take(self, key, n, now_ns):
        is_taken, limit = self.answer(key, n, now_ns)
        self.steps.append(step("limiter_try_take", self.name, key=key, n=n, now_ns=now_ns,
                               gives={"is_taken": is_taken, **limit}))
        return self

    def take_many(self, keys, n, now_ns):
        answers = [self.answer(key, n, now_ns) for key in keys]
        gives = {"taken": sum(taken for taken, _ in answers), "limits": [limit for _, limit in answers]}
        self.steps.append(step("limiter_try_take_many", self.name, keys=keys, n=n, now_ns=now_ns,
                               gives=gives))
        return self

    def read(self, key, now_ns):
        gives = self.bucket(key, now_ns).read(now_ns)
        self.steps.append(step("limiter_read", self.name, key=key, now_ns=now_ns, gives=gives))
        return self

    def figures(self):
        gives = {"keys": len(self.keys), "capacity": self.capacity, "admitted": self.admitted,
                 "refused": self.refused, "evicted": 0, "evicted_busy": 0}
        self.steps.append(step("limiter_read_figures", self.name, gives=gives))
        return self


def by_hand(file):
    file.case("keys_have_buckets_of_their_own",
              *Limiter(1, SECOND, 2).take("ann", 2, 0).take("ann", 1, 0).take("bob", 2, 0)
              .take("", 2, 0).take("", 1, 0).take("ann", 1, SECOND).figures().steps)
    file.case("a_key_that_is_refused_at_once_is_not_kept",
              *Limiter(1, SECOND, 2).take("ann", 3, 0).figures().take("ann", 2, 0).figures().steps)
    file.case("reading_stores_no_key", *Limiter(1, SECOND, 2).read("ann", 0).figures().steps)
    file.case("keys_are_bytes",
              *Limiter(1, SECOND, 1).take("Ann", 1, 0).take("ann", 1, 0).take("änn", 1, 0)
              .take("änn", 1, 0).take("ann ", 1, 0).figures().steps)
    file.case("many_keys_at_once",
              *Limiter(1, SECOND, 2).take_many(["ann", "", "bobby", "ann", "ann"], 1, 0)
              .take("bobby", 1, 0).take("bobby", 1, 0).figures().steps)
    file.case("no_keys_at_once", *Limiter(1, SECOND, 2).take_many([], 1, 0).figures().steps)
    file.case("many_keys_come_back_together",
              *Limiter(10, SECOND, 1).take_many(["a", "b", "c"], 1, 0)
              .take_many(["a", "b", "c"], 1, SECOND // 10 - 1)
              .take_many(["a", "b", "c"], 1, SECOND // 10).figures().steps)
    file.case("more_than_the_burst_is_never_had_by_any_key",
              *Limiter(1, SECOND, 2).take_many(["a", "b"], 3, 0).figures().steps)
    file.case("in_shards_too",
              *Limiter(1, SECOND, 1, capacity=64, shards=4)
              .take_many([f"key-{i}" for i in range(20)], 1, 0)
              .take_many([f"key-{i}" for i in range(20)], 1, 0).figures().steps)


def together(file):
    """Claims on two limiters, all or none; worked out by hand."""
    new = [step("limiter_new", as_="each", capacity=10, shards=1, tokens=1, per_ns=SECOND, burst=1,
                seed=[1, 2]),
           step("limiter_new", as_="all", capacity=10, shards=1, tokens=1, per_ns=SECOND, burst=3,
                seed=[1, 2])]

    def claim(limiter, key, **more):
        return {"limiter": limiter, "key": key, "n": 1, **more}

    def ask(now_ns, is_taken, limits, *claims):
        return step("limiter_try_take_all", now_ns=now_ns, claims=list(claims),
                    gives={"is_taken": is_taken, "limits": limits})

    ok = {"is_allowed": True, "retry_after_ns": 0}
    no = {"is_allowed": False, "retry_after_ns": SECOND}
    file.case("claims_are_taken_together", *new,
              ask(0, True, [{**ok, "remaining": 0}, {**ok, "remaining": 2}],
                  claim("each", "ann"), claim("all", "*")))
    file.case("one_refused_claim_refuses_all", *new,
              ask(0, True, [ok, ok], claim("each", "ann"), claim("all", "*")),
              ask(0, False, [no, {**ok, "remaining": 2}], claim("each", "ann"), claim("all", "*")),
              ask(0, True, [ok, {**ok, "remaining": 1}], claim("each", "bob"), claim("all", "*")))
    file.case("a_shadow_stops_nobody", *new,
              ask(0, True, [ok, ok], claim("each", "ann", is_shadow=True), claim("all", "*")),
              ask(0, True, [no, {**ok, "remaining": 1}],
                  claim("each", "ann", is_shadow=True), claim("all", "*")))
    file.case("no_claims_are_had", *new, ask(0, True, []))
    file.case("a_rate_is_changed_and_what_is_missing_goes_on_to_be",
              step("limiter_new", as_="l", capacity=10, shards=1, tokens=1, per_ns=SECOND, burst=4,
                   seed=[1, 2]),
              step("limiter_try_take", "l", key="ann", n=3, now_ns=0, gives={"remaining": 1}),
              step("limiter_set_rate", "l", tokens=10, per_ns=SECOND, burst=5, now_ns=0),
              step("limiter_read", "l", key="ann", now_ns=0,
                   gives={"limit": 5, "remaining": 2, "reset_ns": 3 * SECOND // 10}),
              step("limiter_read", "l", key="bob", now_ns=0, gives={"limit": 5, "remaining": 5}),
              step("limiter_set_rate", "l", tokens=1, per_ns=SECOND, burst=2, now_ns=0),
              step("limiter_read", "l", key="ann", now_ns=0,
                   gives={"limit": 2, "remaining": 0, "reset_ns": 2 * SECOND}),
              step("limiter_set_rate", "l", tokens=0, per_ns=SECOND, burst=2, now_ns=0,
                   fails={"status": "EINVAL", "field": "tokens"}),
              step("limiter_read", "l", key="ann", now_ns=0, gives={"limit": 2, "remaining": 0}))


def refused(file):
    def new(name, field, **given):
        args = {"capacity": 10, "shards": 0, "tokens": 1, "per_ns": SECOND, "burst": 1, **given}
        file.case(name, step("limiter_new", as_="l", fails={"status": "EINVAL", "field": field}, **args))

    new("no_capacity_is_refused", "capacity", capacity=0)
    new("a_capacity_beyond_its_bound_is_refused", "capacity", capacity=100000001)
    new("shards_are_a_power_of_two", "shards", shards=3)
    new("shards_are_not_above_the_capacity", "shards", shards=16)
    new("a_limiter_needs_tokens", "tokens", tokens=0)
    new("a_limiter_needs_a_burst", "burst", burst=0)
    new("a_limiter_needs_a_period", "per_ns", per_ns=0)


def drawn(file):
    for number in range(4):
        draw = numbers(100 + number)
        limiter = Limiter(5, SECOND, 4)
        now = 0
        for _ in range(30):
            now += next(draw) % (SECOND // 3)
            key = "abc"[next(draw) % 3]
            if next(draw) % 5 == 0:
                limiter.read(key, now)
            else:
                limiter.take(key, 1 + next(draw) % 5, now)
        file.case(f"drawn_{number}", *limiter.figures().steps)


def files():
    file = File("limiter", "Many token buckets, one by one, in arrays, and together.",
                "reference/limiter.py, in exact fractions; claims and changed rates by hand")
    by_hand(file)
    together(file)
    refused(file)
    drawn(file)
    return [file]
