# SPDX-License-Identifier: MIT
"""The parts that need no shop: buckets, bulkheads, breakers, retries, sketches, machines."""

import asyncio
import contextvars
import errno
import pickle
import threading

import pytest
from hypothesis import given, settings, strategies as st

import aurora
from aurora import (Breaker, BreakerOpenError, BreakerState, Bucket, Bulkhead, BulkheadFullError, Limiter, Machine,
                    Related, Retry, RetryBudget, RetryEnding, TopK)

SECOND = 1_000_000_000


def test_a_bucket_gives_its_burst_and_then_its_rate():
    bucket = Bucket(2, 1, 3, now_ns=0)

    assert [bucket.try_take(1, 0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(1, 0) == SECOND // 2
    assert bucket.take(4, 0) == -1
    assert bucket.take(1, SECOND // 2) == 0
    assert bucket.read(10 * SECOND).remaining == 3
    with pytest.raises(aurora.InvalidArgumentError):
        Bucket(0)
    with pytest.raises(TypeError):
        Bucket(1, "1")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 3 * SECOND)), max_size=60),
       st.integers(1, 5), st.integers(1, 5))
def test_keys_asked_one_by_one_or_together_get_the_same(takes, tokens, burst):
    one, many = (Limiter(100, tokens, 1, burst, seed=(1, 2)) for _ in range(2))
    now = 0
    for key, step in takes:
        now += step
        keys = [key, key.encode(), "z"]
        assert [one.try_take(key, 1, now) for key in keys] == many.try_take_many(keys, 1, now)
    assert one.figures() == many.figures()
    assert [one.take(key, 1, now) for key in ("a", "b")] == many.take_many(["a", "b"], 1, now)
    assert many.try_take_many([]) == []


def test_a_limiter_changes_its_rate():
    limiter = Limiter(10, 1, 1)
    assert limiter.try_take("ann", 1, 0) and not limiter.try_take("ann", 1, 0)
    limiter.set_rate(1, 1, 2, now_ns=0)
    assert limiter.read("bob", 0).remaining == 2
    assert limiter.read("ann", 0).remaining == 1  # what was missing is missing still


def test_a_bulkhead_holds_back_who_comes_too_much():
    bulkhead = Bulkhead(1, 1, timeout=10)
    order = []
    entered = threading.Event()

    def second():
        with bulkhead:
            order.append("second")

    with bulkhead:
        thread = threading.Thread(target=second)
        thread.start()
        while bulkhead.read() != (1, 1):
            entered.wait(0.001)
        with pytest.raises(BulkheadFullError):
            bulkhead.enter()
        order.append("first")
    thread.join(10)

    assert order == ["first", "second"] and bulkhead.read() == (0, 0)


@pytest.mark.parametrize("fails", [KeyboardInterrupt, BulkheadFullError])
def test_a_wait_that_ends_badly_gives_its_place_back(monkeypatch, fails):
    bulkhead = Bulkhead(1, 1)

    def interrupted(timeout):
        raise KeyboardInterrupt

    with bulkhead:
        if fails is KeyboardInterrupt:
            monkeypatch.setattr(bulkhead._freed, "wait", interrupted)
        with pytest.raises(fails):
            bulkhead.enter(0.001)
        assert bulkhead.read() == (1, 0)


def test_a_bulkhead_does_not_block_an_event_loop():
    bulkhead, order = Bulkhead(1, 4), []

    async def guarded(name):
        async with bulkhead:
            order.append(name)
            await asyncio.sleep(0)

    async def main():
        with pytest.raises(RuntimeError, match="async with"):
            with bulkhead:
                pass
        with Bulkhead(1):  # nobody may wait for this one
            pass
        async with bulkhead:
            waiting = [asyncio.ensure_future(guarded(name)) for name in "abcd"]
            while bulkhead.read() != (1, 4):
                await asyncio.sleep(0)
            with pytest.raises(BulkheadFullError):
                await bulkhead.enter_async()
            waiting[0].cancel()
            await asyncio.gather(waiting[0], return_exceptions=True)
            assert bulkhead.read() == (1, 3)
            with pytest.raises(BulkheadFullError, match="in time"):
                await bulkhead.enter_async(0.001)
        await asyncio.wait_for(asyncio.gather(*waiting[1:]), 30)

    asyncio.run(main())
    assert sorted(order) == ["b", "c", "d"] and bulkhead.read() == (0, 0)


def test_threads_and_coroutines_share_a_bulkhead():
    bulkhead, entered = Bulkhead(1, 100), []

    def on_a_thread():
        for _ in range(50):
            with bulkhead:
                entered.append(1)

    async def on_a_loop():
        for _ in range(50):
            async with bulkhead:
                entered.append(1)
                await asyncio.sleep(0)

    async def main():
        await asyncio.wait_for(asyncio.gather(*[on_a_loop() for _ in range(4)]), 30)

    threads = [threading.Thread(target=on_a_thread) for _ in range(2)]
    for thread in threads:
        thread.start()
    asyncio.run(main())
    for thread in threads:
        thread.join(30)
    assert len(entered) == 300 and bulkhead.read() == (0, 0)


# --- breaker --------------------------------------------------------------------------------------


def test_a_breaker_opens_probes_and_closes():
    breaker = Breaker(window_calls=4, wait=10, probes=1)
    for at in range(4):
        breaker.leave(breaker.try_enter(at), aurora.BreakerOutcome.FAILURE, at)

    assert breaker.state(4) is BreakerState.OPEN and breaker.try_enter(5) == 0
    probe = breaker.try_enter(11 * SECOND)
    breaker.leave(probe, now_ns=11 * SECOND)
    assert breaker.state(11 * SECOND) is BreakerState.CLOSED
    assert breaker.figures().opened == 1


def test_a_block_may_end_in_another_context():
    breaker, other = Breaker(window_calls=10, calls_min=10), Breaker()
    there = contextvars.copy_context()
    there.run(breaker.__enter__)
    with breaker, other:
        breaker.__exit__(None, None, None)  # of the block that began there
    figures = breaker.figures()
    assert (figures.calls, figures.stale, other.figures().calls) == (2, 0, 1)
    with pytest.raises(RuntimeError, match="no call"):
        breaker.__exit__(None, None, None)

    first, second = breaker.call(), breaker.call()
    first.__enter__()
    with second:
        there.run(first.__exit__, None, None, None)
    assert breaker.figures().calls == 4 and breaker.figures().stale == 0


@pytest.mark.parametrize("error", [BreakerOpenError(1.5), BulkheadFullError("full"), aurora.TimedOutError("late", "f"),
                                   aurora.InvalidArgumentError("must be 1", "limit"), aurora.NotFoundError()])
def test_errors_are_pickled_and_copied(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error) and vars(again) == vars(error)


def test_a_timeout_has_the_number_of_one():
    error = aurora.TimedOutError("the order is not decided")
    assert (error.errno, error.strerror, str(error)) == (errno.ETIMEDOUT, error.message, error.message)


def test_a_breaker_counts_blocks_and_functions():
    breaker = Breaker(window_calls=2, failures=(OSError,), ignored=(KeyError,))

    @breaker
    def call(error):
        if error:
            raise error

    assert breaker.outcome_of(ValueError()) is aurora.BreakerOutcome.SUCCESS
    for error in (KeyError(), OSError(), OSError()):
        with pytest.raises(type(error)):
            call(error)
    with pytest.raises(BreakerOpenError) as caught:
        call(None)
    assert 0 < caught.value.retry_after <= 60 and caught.value.retryable
    breaker.force(BreakerState.DISABLED)
    with breaker, breaker:
        call(None)


def test_a_breaker_serves_tasks_side_by_side():
    breaker = Breaker(window_calls=2)

    @breaker
    async def call(fails):
        await asyncio.sleep(0)
        if fails:
            raise OSError

    async def main():
        return await asyncio.gather(*[call(fails) for fails in (True, True, False)], return_exceptions=True)

    assert [type(one) for one in asyncio.run(main())] == [OSError, OSError, type(None)]
    assert breaker.state() is BreakerState.OPEN


# --- retry ----------------------------------------------------------------------------------------


def test_a_retry_repeats_what_may_pass_and_sleeps_between():
    slept, tries = [], []
    for attempt in Retry(attempts=4, delay=1, jitter=aurora.Jitter.NONE, sleep=slept.append):
        with attempt:
            tries.append(attempt.number)
            if len(tries) < 3:
                raise ConnectionError

    assert (tries, slept) == ([1, 2, 3], [1, 2])


def test_a_retry_lets_the_last_failure_out():
    retry = Retry(attempts=3, delay=0.001, sleep=lambda _: None)
    calls = []

    @retry
    def call(error):
        calls.append(error)
        raise error

    for error, count in ((ConnectionError(), 3), (KeyError(), 1), (aurora.BusyError(), 3), (aurora.NotFoundError(), 1)):
        calls.clear()
        with pytest.raises(type(error)):
            call(error)
        assert len(calls) == count


def test_a_retry_heeds_hint_deadline_and_budget():
    slept, now = [], [0]

    def sleep(seconds):
        slept.append(seconds)
        now[0] += round(seconds * SECOND)

    budget = RetryBudget(1, 0)
    common = {"delay": 1, "jitter": aurora.Jitter.NONE, "sleep": sleep, "clock": lambda: now[0]}
    with pytest.raises(TimeoutError):
        for attempt in Retry(attempts=9, deadline=10, **common):
            with attempt:
                attempt.hint(4)
                raise TimeoutError
    assert slept == [5]
    for _ in range(2):
        with pytest.raises(TimeoutError):
            for attempt in Retry(attempts=9, budget=budget, **common):
                with attempt:
                    raise TimeoutError
    assert budget.left == 0 and slept == [5, 1]
    course = Retry(attempts=1).course()
    assert course.next_ns(aurora.RetryOutcome.RETRIABLE, 0, 0) == -1
    assert course.ending is RetryEnding.ENDED_ATTEMPTS


def test_a_retry_decorates_coroutines_and_generators_of_attempts():
    calls = []

    @Retry(attempts=3, delay=0.001)
    async def call():
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionError
        return "done"

    async def main():
        async for attempt in Retry(attempts=2, delay=0.001):
            with attempt:
                return await call()

    assert asyncio.run(main()) == "done"


# --- sketches and machines ------------------------------------------------------------------------


def test_a_sketch_ranks_decays_and_survives():
    sketch, other = TopK(10, half_life_ms=1000), TopK(10, half_life_ms=1000)
    sketch.add("a", 4, at_ms=0)
    sketch.add("b", at_ms=1000)
    other.add("c", 8, at_ms=1000)
    sketch.merge(other)

    assert [(score.key, score.score) for score in sketch.list(1000)] == [("c", 8), ("a", 2), ("b", 1)]
    copy = TopK(10, half_life_ms=1000)
    copy.restore(sketch.snapshot())
    assert copy.list(2000) == sketch.list(2000)
    with pytest.raises(aurora.CorruptError):
        copy.restore(b"nonsense")
    for bad in (lambda: sketch.merge(sketch), lambda: sketch.list(0), lambda: sketch.add("", at_ms=0),
                lambda: TopK(0, half_life_ms=1), lambda: TopK(1, half_life_ms=0)):
        with pytest.raises(aurora.InvalidArgumentError):
            bad()


def test_baskets_make_neighbours():
    related = Related(10, 4, half_life_ms=1000)
    related.add(["mug", "cup"], at_ms=0)
    related.add(["mug", "cup", "tea"], at_ms=0)
    copy = Related(10, 4, half_life_ms=1000)
    copy.restore(related.snapshot())

    assert [(score.key, score.score) for score in copy.list("mug", 0)] == [("cup", 2), ("tea", 1)]


def test_machines_are_tables():
    door = Machine(["OPEN", "SHUT"], ["push", "pull"],
                   {(None, "push"): "SHUT", ("SHUT", "pull"): "OPEN", ("OPEN", "push"): "SHUT"})

    assert door.next(None, "push") == "SHUT"
    assert door.next("SHUT", "push") is None and door.next("nowhere", "push") is None
    assert aurora.order_machine().states[:3] == ["PENDING", "RESERVED", "COMPLETED"]
    assert aurora.order_machine().next("PENDING", "reserved") == "RESERVED"
    assert aurora.payment_machine().states and aurora.reservation_machine().events
    for bad in (lambda: Machine([], ["a"], {}), lambda: Machine(["A", "A"], ["a"], {}),
                lambda: Machine(["A"], ["a"], {("B", "a"): "A"})):
        with pytest.raises(aurora.InvalidArgumentError):
            bad()


def test_constants_of_a_newer_library_are_no_error():
    kind = aurora.EventKind(999)
    assert (kind, kind.name, str(kind)) == (999, "UNKNOWN_999", "UNKNOWN_999")
    with pytest.raises(ValueError):
        aurora.EventKind("order.created")


def test_there_is_an_exception_for_each_status():
    from aurora import _call
    from aurora._native import ffi, lib

    count = ffi.new("uint32_t *")
    table = lib.aurora_status_table(count)
    bases = {lib.AURORA_CLASS_USAGE: aurora.UsageError, lib.AURORA_CLASS_RETRIABLE: aurora.RetriableError,
             lib.AURORA_CLASS_FATAL: aurora.FatalError}
    for row in (table[at] for at in range(1, count[0])):
        error = _call.failure(row.status)
        assert isinstance(error, bases[row.class_of]) and type(error) is not bases[row.class_of]
        assert error.code == _call.text_of(row.name) and error.status == row.status
        assert error.retryable == lib.aurora_status_is_retriable(row.status)
        assert str(error).lower() == _call.text_of(row.text).lower()
    unknown = _call.failure(-9999)
    assert (type(unknown), unknown.status) == (aurora.AuroraError, -9999)
