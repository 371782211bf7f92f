# SPDX-License-Identifier: MIT
"""Whatever a program does wrong is an exception: nothing here may crash, hang or leak a thread."""

import gc
import logging
import os
import subprocess
import sys
import threading
import time
import warnings

import pytest

import aurora
from aurora import OrderRequest, TaskResult
from conftest import PAY, stocked

CALLS = [
    lambda shop: shop.products.get("mug"), lambda shop: list(shop.products.list()),
    lambda shop: shop.products.put("a", "A", aurora.Money("1", "EUR")),
    lambda shop: shop.products.put_many([]), lambda shop: shop.stock.get("mug"),
    lambda shop: shop.stock.receive("mug", 1, key="k"), lambda shop: shop.stock.reserve("k", [("mug", 1)], ttl=1),
    lambda shop: shop.orders.place([("mug", 1)], **PAY), lambda shop: shop.orders.queue(),
    lambda shop: list(shop.orders.place_many([OrderRequest([("mug", 1)], **PAY)])),
    lambda shop: list(shop.orders.list()), lambda shop: shop.orders.get(b"\1" * 16),
    lambda shop: list(shop.events.read("a")), lambda shop: shop.events.ack("a", 1),
    lambda shop: shop.payments.take(), lambda shop: shop.payments.finish(b"\1" * 16, TaskResult.done()),
    lambda shop: list(shop.sagas.list()), lambda shop: shop.search("mug"), lambda shop: shop.verify(),
    lambda shop: shop.recommendations.popular(), lambda shop: shop.metrics.text(), lambda shop: shop.health(),
    lambda shop: shop.drain(), lambda shop: shop.set("order_wait", "1s"), lambda shop: shop.pump(),
    lambda shop: shop.backup("/nowhere/at/all"), lambda shop: list(shop.notifications.list()),
]


@pytest.mark.parametrize("at", range(len(CALLS)))
def test_every_call_after_close_is_refused(at):
    shop = stocked(aurora.open("memory:"))
    shop.close()
    with pytest.raises(aurora.ClosedError):
        CALLS[at](shop)


def test_a_closed_queue_is_refused_and_outlives_its_shop(shop):
    with shop.orders.queue() as closed:
        pass
    closed.close()
    with pytest.raises(aurora.ClosedError):
        closed.submit([OrderRequest([("mug", 1)], **PAY)])
    assert closed.fileno() == -1
    queue = shop.orders.queue()
    queue.submit([OrderRequest([("mug", 1)], **PAY)])
    shop.close()
    with pytest.raises(aurora.ClosedError):
        while queue.take(timeout=5):
            pass
    queue.close()


def test_close_ends_waits_in_other_threads(unpaid):
    ended = []

    def waits(name, call):
        try:
            call()
        except aurora.ClosedError:
            ended.append(name)

    order = unpaid.orders.place([("mug", 1)], **PAY, timeout=0)
    unpaid.payments.take()
    queue = unpaid.orders.queue()
    threads = [threading.Thread(target=waits, args=pair) for pair in (
        ("tasks", lambda: unpaid.payments.take(wait=None)),
        ("events", lambda: [unpaid.events.page("late", limit=1000, wait=None) for _ in range(2)]),
        ("order", lambda: [unpaid.orders.wait(order.id, after_version=99, timeout=600) for _ in range(2)]),
        ("queue", lambda: queue.take(timeout=None)))]
    unpaid.events.ack("late", unpaid.events.page("late", limit=1000).position)
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    unpaid.close()
    for thread in threads:
        thread.join(20)

    assert sorted(ended) == ["events", "order", "queue", "tasks"]


def test_close_under_fire_from_threads_is_clean():
    for _ in range(10):
        shop = stocked(aurora.open("memory:"))
        failures = []

        def fire():
            try:
                while True:
                    shop.products.get("mug")
                    shop.orders.place([("mug", 1)], **PAY)
            except aurora.ClosedError:
                pass
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=fire) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.01)
        shop.close()
        for thread in threads:
            thread.join(20)
        assert not failures and not any(thread.is_alive() for thread in threads)


def test_generators_survive_a_close(unpaid):
    unpaid.orders.place([("mug", 1)], **PAY, timeout=0)
    events, tasks, products = unpaid.events.read("a"), unpaid.payments.tasks(), unpaid.products.list()
    batch = unpaid.orders.place_many([OrderRequest([("mug", 1)], **PAY)] * 2)
    for generator in (events, tasks, products):
        next(generator)
    unpaid.close()
    for generator in (events, batch):
        with pytest.raises(aurora.ClosedError):
            list(generator)
    assert list(tasks) == [] and list(products) == []
    events.close()


def test_a_shop_that_nobody_closed_says_so_and_is_closed():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        aurora.open("memory:")
        gc.collect()
    assert "was not closed" in str(caught[-1].message)


def test_a_program_may_end_with_everything_open(tmp_path):
    program = (
        "import aurora, threading, logging\n"
        "logging.basicConfig(level=0)\n"
        "shop = aurora.open('shop.db', log=logging.getLogger())\n"
        "queue = shop.orders.queue()\n"
        "threading.Thread(target=lambda: shop.payments.take(wait=None), daemon=True).start()\n"
        "events = shop.events.follow('a')\n"
        "print('end')\n")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "end\n"), done.stderr


# --- callbacks ------------------------------------------------------------------------------------


class Raising(logging.Handler):
    def emit(self, record):
        raise ValueError("a handler that fails")


class Calling(logging.Handler):
    """Calls the library from its log, which is refused."""

    def __init__(self):
        super().__init__()
        self.shop, self.answers = None, []

    def emit(self, record):
        if self.shop is not None:
            try:
                self.shop.products.get("mug")
            except aurora.ReentrantError as error:
                self.answers.append(error)


def logger_with(handler):
    logger = logging.Logger("aurora-test", logging.DEBUG)
    logger.addHandler(handler)
    return logger


def test_a_log_handler_that_raises_stops_nothing(monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    with aurora.open("memory:", log=logger_with(Raising())) as shop:
        order = stocked(shop).orders.place([("mug", 1)], **PAY)

    assert order.status is aurora.OrderStatus.COMPLETED
    assert isinstance(told[0].exc_value, ValueError)


@pytest.mark.parametrize("is_ours", [True, False], ids=["main thread", "worker"])
def test_an_interrupt_inside_a_log_handler_reaches_the_program(monkeypatch, is_ours):
    told, interrupts = [], [1]

    class Interrupted(logging.Handler):
        def emit(self, record):
            if interrupts and (threading.current_thread() is threading.main_thread()) == is_ours:
                interrupts.clear()
                raise KeyboardInterrupt

    monkeypatch.setattr(sys, "unraisablehook", told.append)
    with pytest.raises(KeyboardInterrupt):
        with aurora.open("memory:", worker=not is_ours, log=logger_with(Interrupted())) as shop:
            stocked(shop).orders.place([("mug", 1)], **PAY)
            end = time.monotonic() + 30
            while time.monotonic() < end:
                time.sleep(0.001)
    assert told == [] and not shop.is_open


def test_a_log_handler_that_calls_back_is_refused():
    handler = Calling()
    with aurora.open("memory:", log=logger_with(handler)) as shop:
        stocked(shop)
        handler.shop = shop
        assert shop.orders.place([("mug", 1)], **PAY).status is aurora.OrderStatus.COMPLETED

    assert handler.answers


def test_a_shop_may_be_collected_inside_a_log_handler():
    dropped = [aurora.open("memory:", worker=False)]

    class Dropping(logging.Handler):
        def emit(self, record):
            dropped.clear()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        with aurora.open("memory:", log=logger_with(Dropping())) as shop:
            stocked(shop)
    assert dropped == []


def test_a_shop_is_closed_at_once_inside_a_log_handler(tmp_path):
    shops, seen = [], []

    class Closing(logging.Handler):
        def emit(self, record):
            for shop in shops:
                shop.close()
                seen.append(shop.is_open)

    before = threading.active_count()
    with stocked(aurora.open(tmp_path / "shop.db", log=logger_with(Closing()))) as shop:
        shops.append(shop)
        with pytest.raises(aurora.ClosedError):
            while True:
                shop.orders.place([("mug", 1)], **PAY)
        assert in_child(lambda: shop.is_open) == "False"
    assert seen and not any(seen)
    end = time.monotonic() + 30
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.001)
    assert in_child(lambda: aurora.open(tmp_path / "shop.db").stock.get("mug").sku) == "mug"


def test_a_shop_closed_by_its_log_during_a_fork_stays_closed(tmp_path):
    shops = []

    class Closing(logging.Handler):
        def emit(self, record):
            if threading.current_thread() is not threading.main_thread():
                for shop in shops:
                    shop.close()

    for number in range(5):
        with stocked(aurora.open(tmp_path / f"{number}.db", log=logger_with(Closing()))) as shop:
            with pytest.raises(aurora.ClosedError):
                while True:
                    shop.orders.place([("mug", 1)], **PAY, timeout=0)
                    shops.append(shop)  # the worker has something to say of that order
                    in_child(lambda: None)
            assert not shop.is_open
            shops.clear()


def test_records_carry_what_the_library_said():
    records = []

    class Keeping(logging.Handler):
        def emit(self, record):
            records.append(record)

    with aurora.open("memory:", log=logger_with(Keeping())) as shop:
        order = stocked(shop).orders.place([("mug", 1)], **PAY)

    saga = [record for record in records if record.component == "saga"]
    assert str(order.id) in [record.attributes.get("aurora.order.id") for record in saga]
    assert {record.levelname for record in records} >= {"DEBUG"}


# --- fork -----------------------------------------------------------------------------------------


def in_child(function):
    """What the function prints in a forked child.

    ASan's own locks are not free in the child of a program with threads: there it waits for ever.
    """
    if "libasan" in os.environ.get("LD_PRELOAD", ""):
        pytest.skip("forks beside threads, which ASan's runtime does not bear")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = str(function())
        except BaseException as error:
            answer = repr(error)
        os.write(writer, answer.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return text


def test_a_file_is_opened_again_in_a_child(tmp_path):
    with stocked(aurora.open(tmp_path / "shop.db")) as shop:
        assert in_child(lambda: shop.orders.place([("mug", 1)], **PAY).status) == "COMPLETED"
        assert shop.stock.get("mug").available == 99
        assert in_child(lambda: (shop.close(), shop.is_open)) == "(None, False)"
        assert shop.orders.place([("mug", 1)], **PAY).status is aurora.OrderStatus.COMPLETED
        assert in_child(lambda: in_child(lambda: shop.stock.get("mug").available)) == "98"


def test_the_parent_goes_on_beside_its_children(tmp_path):
    with stocked(aurora.open(tmp_path / "shop.db"), 1000) as shop:
        stop = threading.Event()
        failures, placed = [], []

        def sell():
            while not stop.is_set():
                try:
                    placed.append(shop.orders.place([("mug", 1)], **PAY).status)
                except BaseException as error:
                    failures.append(error)

        thread = threading.Thread(target=sell)
        thread.start()
        answers = [in_child(lambda: shop.stock.get("mug").sku) for _ in range(20)]
        stop.set()
        thread.join(30)
        assert failures == [] and set(placed) == {aurora.OrderStatus.COMPLETED}
        assert set(map(str, answers)) <= {"mug"} | {answer for answer in answers if "was using" in answer}
        assert shop.verify().is_ok


def test_a_store_in_use_at_the_fork_is_refused_in_the_child(tmp_path):
    path = tmp_path / "shop.db"
    with stocked(aurora.open(path)) as shop:
        with shop.orders.queue():
            assert "was using" in in_child(lambda: shop.stock.get("mug"))
            assert "was using" in in_child(lambda: aurora.open(path))
        assert in_child(lambda: shop.stock.get("mug").available) == "100"
        assert in_child(lambda: aurora.open(path).stock.get("mug").available) == "100"


def test_a_relative_path_is_the_same_file_after_a_fork_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with stocked(aurora.open("shop.db")) as shop:
        monkeypatch.chdir(elsewhere)
        assert in_child(lambda: shop.stock.get("mug").available) == "100"
        assert shop.stock.get("mug").available == 100
    assert list(elsewhere.iterdir()) == []


def test_a_store_that_is_gone_after_a_fork_holds_up_no_other(tmp_path, monkeypatch):
    shops = [stocked(aurora.open(tmp_path / f"{number}.db")) for number in range(4)]
    for file in list(tmp_path.glob("1.db*")):
        os.rename(file, str(file) + ".gone")
    told = []
    with monkeypatch.context() as patch:
        patch.setattr(sys, "unraisablehook", lambda report: told.append(report.exc_type))
        in_child(lambda: None)
    assert told == [aurora.NotFoundError] and not (tmp_path / "1.db").exists()
    with pytest.raises(aurora.ClosedError):
        shops[1].stock.get("mug")
    for number in (0, 2, 3):
        assert shops[number].stock.get("mug").available == 100
    for shop in shops:
        shop.close()


def test_a_fork_keeps_what_was_changed_since_the_shop_was_opened(tmp_path):
    records = []

    class Keeping(logging.Handler):
        def emit(self, record):
            records.append(record.levelno)

    options = {"settings": {"order_deadline": "5m"}, "log": logger_with(Keeping())}
    with stocked(aurora.open(tmp_path / "shop.db", **options)) as shop:
        def deadline():
            order = shop.orders.place([("mug", 1)], **PAY)
            return round((order.deadline_at - order.created_at).total_seconds())

        shop.set("order_deadline", "2m")
        shop.set_log_level(logging.ERROR)
        records.clear()
        assert in_child(deadline) == "120" and deadline() == 120
        assert in_child(lambda: (deadline(), records)) == "(120, [])" and records == []
        shop.set("order_deadline", "3m")
        shop.refuse_orders()
        assert "BusyError" in in_child(deadline) and shop.drain().is_refusing
        shop.refuse_orders(False)
        assert in_child(deadline) == "180" and deadline() == 180


QUEUES_BESIDE_FORKS = """
import os, sys, threading, time, aurora
sys.setswitchinterval(1e-6)
shop = aurora.open(sys.argv[1] + "/shop.db", worker=False)
end = time.monotonic() + 1
def churn():
    while time.monotonic() < end:
        with shop.orders.queue(8) as queue:
            queue.take(timeout=0)
def checked():
    try:
        churn()
    except BaseException:
        os._exit(3)
threads = [threading.Thread(target=checked) for _ in range(2)]
[thread.start() for thread in threads]
while time.monotonic() < end:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
[thread.join() for thread in threads]
shop.close()
"""

CLOSES_BESIDE_FORKS = """
import os, sys, threading, time, aurora
sys.setswitchinterval(1e-6)
end = time.monotonic() + 1
def churn(path):
    while time.monotonic() < end:
        shop = aurora.open(path, worker=False)
        shop.close()
        assert not shop.is_open
threads = [threading.Thread(target=churn, args=(f"{sys.argv[1]}/{number}.db",)) for number in range(2)]
[thread.start() for thread in threads]
while time.monotonic() < end:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
[thread.join() for thread in threads]
"""

DROPPED_IN_A_HANDLER = """
import logging, warnings, aurora
warnings.simplefilter("ignore")
dropped = []
class Drop(logging.Handler):
    def emit(self, record):
        dropped.clear()
def opened(name):
    logger = logging.Logger(name, logging.DEBUG)
    logger.addHandler(Drop() if name == "drops" else logging.NullHandler())
    shop = aurora.open("memory:", log=logger)
    shop.products.put("mug", "Mug", aurora.Money("1", "EUR"))
    shop.stock.receive("mug", 100000, key="k")
    return shop
def request():
    return aurora.OrderRequest([("mug", 1)], currency="EUR", payment_method="tok_approve")
for _ in range(5):
    with opened("drops") as shop:
        other = opened("other")
        other.orders.queue().submit([request() for _ in range(300)], timeout=0)
        dropped.append(other)
        del other
        shop.orders.place([("mug", 1)], currency="EUR", payment_method="tok_approve")
"""


@pytest.mark.parametrize("program", [CLOSES_BESIDE_FORKS, QUEUES_BESIDE_FORKS, DROPPED_IN_A_HANDLER], ids=[
    "closed beside forks", "queues beside forks", "dropped in a handler"])
def test_what_used_to_crash_does_not(program, tmp_path):
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], stderr=subprocess.PIPE, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr


def test_memory_and_queues_stay_with_the_parent(shop):
    queue = shop.orders.queue()
    for call in (lambda: shop.products.get("mug"), lambda: queue.take()):
        assert in_child(call).startswith("ForkedError")
    assert in_child(lambda: (queue.close(), shop.close())) == "(None, None)"
    assert shop.products.get("mug").name == "Mug"


# --- bad values -----------------------------------------------------------------------------------


@pytest.mark.parametrize("call, kind, field", [
    (lambda shop: shop.products.get(None), TypeError, None),
    (lambda shop: shop.products.get("a\0b"), aurora.InvalidArgumentError, "sku"),
    (lambda shop: shop.orders.get("no id"), aurora.InvalidArgumentError, "order_id"),
    (lambda shop: shop.orders.get(7), TypeError, None),
    (lambda shop: shop.stock.receive("mug", 2**70, key="k"), aurora.InvalidArgumentError, "quantity"),
    (lambda shop: shop.stock.receive("mug", 1.0, key="k"), TypeError, None),
    (lambda shop: shop.stock.receive("mug", 0, key="k"), aurora.InvalidArgumentError, "quantity"),
    (lambda shop: shop.orders.place([("mug", 1)], **PAY, timeout=-1), aurora.InvalidArgumentError, "timeout"),
    (lambda shop: shop.orders.place([("mug", 1)], **PAY, timeout="1"), TypeError, None),
    (lambda shop: shop.orders.place([("mug", 1)], **PAY, timeout=float("nan")), aurora.InvalidArgumentError, "timeout"),
    (lambda shop: shop.stock.reserve("k", [("mug", 1)], ttl=None), TypeError, None),
    (lambda shop: shop.payments.take(lease=None), TypeError, None),
    (lambda shop: shop.orders.queue().watch(b"\1" * 16, after_version=0, timeout=None), TypeError, None),
    (lambda shop: shop.orders.queue().submit([OrderRequest([("mug", 1)], **PAY)], tags=[-1]),
     aurora.InvalidArgumentError, "tags[0]"),
    (lambda shop: shop.orders.queue().submit([OrderRequest([("mug", 1)], **PAY)] * 2, tags=[1, 2**64]),
     aurora.InvalidArgumentError, "tags[1]"),
    (lambda shop: shop.orders.queue().submit([OrderRequest([("mug", 1)], **PAY)], tags=["a"]), TypeError, None),
    (lambda shop: shop.orders.page(status=2**40), aurora.InvalidArgumentError, "status"),
    (lambda shop: shop.orders.cancel(b"\1" * 16, reason=2**40), aurora.InvalidArgumentError, "reason"),
    (lambda shop: shop.notifications.page(2**40), aurora.InvalidArgumentError, "state"),
    (lambda shop: list(shop.sagas.list(participant=2**40)), aurora.InvalidArgumentError, "participant"),
    (lambda shop: shop.search("mug", limit=-1), aurora.InvalidArgumentError, "limit"),
    (lambda shop: shop.search("mug", sort=2**40), aurora.InvalidArgumentError, "sort"),
    (lambda shop: shop.recommendations.trending(kind=2**40), aurora.InvalidArgumentError, "kind"),
    (lambda shop: shop.recommendations.trending(window=-1), aurora.InvalidArgumentError, "window"),
    (lambda shop: shop.metrics.text(2**40), aurora.InvalidArgumentError, "metric_format"),
    (lambda shop: shop.orders.place([("mug", 1)], **PAY, charges=[aurora.Charge(2**40, "x", aurora.Money("1", "EUR"))]),
     aurora.InvalidArgumentError, "charges[0].kind"),
    (lambda shop: aurora.Bucket(1).try_take(-1), aurora.InvalidArgumentError, "n"),
    (lambda shop: aurora.Bucket(1).take(1, 2**63), aurora.InvalidArgumentError, "now_ns"),
    (lambda shop: aurora.Limiter(10, 1).try_take("k", -1), aurora.InvalidArgumentError, "n"),
    (lambda shop: aurora.Limiter(10, 1).take("k", 1, 2**63), aurora.InvalidArgumentError, "now_ns"),
    (lambda shop: aurora.Limiter(10, 1).try_take_many(["k"], 2**64), aurora.InvalidArgumentError, "n"),
    (lambda shop: aurora.take_all([aurora.Claim(aurora.Limiter(10, 1), "k", -1)]), aurora.InvalidArgumentError, "claims[0].n"),
    (lambda shop: aurora.Breaker().leave(-1), aurora.InvalidArgumentError, "ticket"),
    (lambda shop: aurora.Breaker().leave(1, 2**40), aurora.InvalidArgumentError, "outcome"),
    (lambda shop: aurora.Breaker().try_enter(2**63), aurora.InvalidArgumentError, "now_ns"),
    (lambda shop: aurora.Retry(attempts=-1), aurora.InvalidArgumentError, "attempts"),
    (lambda shop: aurora.RetryBudget(-1, 0), aurora.InvalidArgumentError, "repeats"),
    (lambda shop: aurora.TopK(1, half_life_ms=2**63), aurora.InvalidArgumentError, "half_life_ms"),
    (lambda shop: aurora.TopK(1, half_life_ms=1).add("a", -1, at_ms=0), aurora.InvalidArgumentError, "weight"),
    (lambda shop: aurora.TopK(1, half_life_ms=1).add("a", at_ms=2**63), aurora.InvalidArgumentError, "at_ms"),
    (lambda shop: aurora.Related(1, 1, half_life_ms=1).add(["a"], -1, at_ms=0), aurora.InvalidArgumentError, "weight"),
    (lambda shop: aurora.Money("1", "EUR") * 2**70, ArithmeticError, None),
    (lambda shop: shop.orders.place(["mug"], **PAY), TypeError, None),
    (lambda shop: shop.orders.place([], **PAY), aurora.InvalidArgumentError, "line_count"),
    (lambda shop: shop.orders.queue(0), aurora.InvalidArgumentError, None),
    (lambda shop: shop.orders.queue(10**12), aurora.InvalidArgumentError, "capacity"),
    (lambda shop: shop.events.page("A B"), aurora.InvalidArgumentError, "consumer"),
    (lambda shop: shop.products.page(limit=-1), aurora.InvalidArgumentError, "limit"),
    (lambda shop: shop.products.page(limit=5000), aurora.InvalidArgumentError, "limit"),
    (lambda shop: aurora.open("gopher://x"), aurora.NotSupportedError, None),
    (lambda shop: aurora.open("memory:", settings={"order_wiat": "1s"}), aurora.InvalidArgumentError, "order_wiat"),
    (lambda shop: aurora.open("/nowhere/at/all.db"), aurora.AuroraError, None),
    (lambda shop: aurora.open(7), TypeError, None)])
def test_bad_values_are_refused_with_their_name(shop, call, kind, field):
    with pytest.raises(kind) as caught:
        call(shop)
    if field is not None:
        assert caught.value.field == field
