# SPDX-License-Identifier: MIT
"""What the gateway does for calls that are slow or fail, before scripted services: hedges, sections of its settings, the
answers that it keeps for the time when nobody gives others."""

import pathlib
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from gateway import OK, ORDER, PLACE, Checked, Service, expect, expect_problem, field, until  # noqa: E402,F401


class Configured(Checked):
    """A gateway with a file of settings, which `put` writes anew."""

    def __init__(self, upstream, text):
        self.home = tempfile.TemporaryDirectory(prefix="aurora-resilience-")
        self.file = pathlib.Path(self.home.name) / "gateway.ini"
        self.file.write_text(text)
        super().__init__("--config", str(self.file), "--upstream", upstream, program="aurora-gateway", ready=False)

    def __exit__(self, *details):
        super().__exit__(*details)
        self.home.cleanup()

    def put(self, text, said):
        """SIGHUP; waits until the log has `said`."""
        before = self.log_text().count(said)
        self.file.write_text(text)
        self.process.send_signal(signal.SIGHUP)
        until(said, lambda: self.log_text().count(said) > before)

    def figure(self, name, service="order"):
        text = self.call("GET", "/metrics")[2].decode()
        values = [float(line.rpartition(" ")[2]) for line in text.splitlines()
                  if line.startswith(f"{name}{{") and f'upstream="{service}"' in line]
        expect(f"{name} is there", values, text[-2000:])
        return sum(values)


def two(first, second):
    return f"order=127.0.0.1:{first.port},order=127.0.0.1:{second.port}"


class Pair:
    """Two addresses; of the calls on one, those while `slow` is set wait for `go`."""

    def __init__(self):
        self.slow, self.go = threading.Event(), threading.Event()
        self.lock, self.held = threading.Lock(), None
        self.first, self.second = Service(lambda *a: self.answer(0, *a)), Service(lambda *a: self.answer(1, *a))
        self.upstream = two(self.first, self.second)

    def answer(self, index, request, sock, number):
        with self.lock:  # the first that is asked is the slow one
            is_held = self.slow.is_set() and self.held in (None, index)
            if is_held:
                self.held = index
        if is_held:
            self.go.wait(20)
        return OK

    def requests(self):
        return len(self.first.requests) + len(self.second.requests)

    def stop(self):
        self.go.set()
        self.first.stop()
        self.second.stop()


# --- hedges -----------------------------------------------------------------------------------------------------


def hedges_a_slow_read():
    """Mutation: without the first answer's adoption in aurora__hedge_win the read waits for the slow address."""
    pair = Pair()
    with Configured(pair.upstream, "[upstream.order]\nhedge = 50ms\n") as server:
        pair.slow.set()
        begin = time.monotonic()
        expect("the other answers", server.call("GET", ORDER)[0] == 200)
        expect("long before an attempt's end", time.monotonic() - begin < 4, time.monotonic() - begin)
        expect("one hedge", server.figure("aurora_upstream_hedges_total") == 1)
        expect("it won", server.figure("aurora_upstream_hedges_won_total") == 1)
        expect("both were asked", pair.requests() == 2, pair.requests())
        expect("no repeat, no failure", server.figure("aurora_upstream_repeats_total") == 0 and
               server.figure("aurora_upstream_attempt_failures_total") == 0)
        limits = server.call("GET", "/admin/limits?service=gateway")[2]
        expect("no place is kept", [row for row in limits["items"] if row["name"] == "order"][0]["used"] == 0, limits)
    pair.stop()


def hedges_no_write():
    """Mutation: may_hedge for every method sends the order to both."""
    pair = Pair()
    with Configured(pair.upstream, "[upstream.order]\nhedge = 20ms\nattempt_timeout = 20s\n") as server:
        pair.slow.set()
        threading.Timer(0.6, pair.go.set).start()
        expect("with a key", server.call("POST", "/orders", PLACE, headers={"Idempotency-Key": "k"})[0] == 200)
        expect("asked once", pair.requests() == 1, pair.requests())
        pair.held = None
        expect("without", server.call("POST", "/orders", PLACE)[0] == 200)
        expect("asked once more", pair.requests() == 2, pair.requests())
        expect("no hedge", server.figure("aurora_upstream_hedges_total") == 0)
    pair.stop()


def hedges_no_wait():
    pair = Pair()
    with Configured(pair.upstream, "[upstream.order]\nhedge = 20ms\n") as server:
        pair.slow.set()
        threading.Timer(0.6, pair.go.set).start()
        expect("a wait", server.call("GET", ORDER, headers={"Prefer": "wait=2"})[0] == 200)
        expect("asked once", pair.requests() == 1, pair.requests())
    pair.stop()


def hedges_within_calls_max():
    """Mutation: without aurora_bulkhead_try_enter in find_room the hedge goes beyond calls_max."""
    pair = Pair()
    with Configured(pair.upstream, "[upstream.order]\nhedge = 20ms\ncalls_max = 1\n") as server:
        pair.slow.set()
        threading.Timer(0.6, pair.go.set).start()
        expect("answered", server.call("GET", ORDER)[0] == 200)
        expect("asked once", pair.requests() == 1, pair.requests())
    pair.stop()


def hedges_within_the_budget():
    """A hundred slow reads have 64 repeats at once, and a tenth. Mutation: without aurora_retry_next_ns in find_room each
    of them is hedged."""
    slow = threading.Event()
    slow.set()
    services = [Service(lambda *_: time.sleep(0.08 if slow.is_set() else 0) or OK) for _ in range(2)]
    with Configured(two(*services), "[upstream.order]\nhedge = 10ms\n") as server:
        def client():
            for _ in range(20):
                expect("answered", server.call("GET", ORDER)[0] == 200)
        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        hedges = server.figure("aurora_upstream_hedges_total")
        expect("as many as the budget has", 1 <= hedges <= 64 + 160 / 10, hedges)
        expect("none is lost", server.figure("aurora_upstream_failures_total") == 0)
    for service in services:
        service.stop()


def hedge_takes_over_from_the_lost():
    """The first attempt is lost while its hedge is under way: nothing more is sent, and the hedge's answer is taken."""
    go = threading.Event()
    order, lock = [], threading.Lock()

    def answer(index):
        def one(request, sock, number):
            with lock:
                order.append(index)
                is_first = len(order) == 1
            if is_first:
                until("the hedge", lambda: len(order) == 2)
                return None  # closes without an answer
            go.wait(0.3)
            return OK
        return one
    services = [Service(answer(0)), Service(answer(1))]
    with Configured(two(*services), "[upstream.order]\nhedge = 20ms\n") as server:
        expect("answered", server.call("GET", ORDER)[0] == 200)
        expect("twice, at two addresses", sorted(order) == [0, 1], order)
        expect("no repeat", server.figure("aurora_upstream_repeats_total") == 0)
    for service in services:
        service.stop()


def hedge_learns_what_calls_take():
    """With p95 nothing is hedged until it is known what calls take, and a slow one is then."""
    pair = Pair()
    with Configured(pair.upstream, "[upstream.order]\nhedge = p95\n") as server:
        for _ in range(160):
            expect("quick", server.call("GET", ORDER)[0] == 200)
        before = server.figure("aurora_upstream_hedges_total")
        expect("few", before < 40, before)
        pair.slow.set()
        begin = time.monotonic()
        expect("the other answers", server.call("GET", ORDER)[0] == 200)
        expect("long before an attempt's end", time.monotonic() - begin < 4, time.monotonic() - begin)
        expect("it is hedged", server.figure("aurora_upstream_hedges_won_total") >= 1)
    pair.stop()


# --- settings ---------------------------------------------------------------------------------------------------


def a_reload_changes_time():
    """Mutation: without parts->reload in watch.c the second call waits for 20 s."""
    go = threading.Event()
    service = Service(lambda *_: go.wait(25) and OK)
    with Configured(f"order=127.0.0.1:{service.port}", "") as server:
        server.put("[upstream.order]\ntimeout = 300ms\ncalls_max = 7\n",
                   "[upstream.order] connect_timeout changes after the next start")
        begin = time.monotonic()
        expect_problem("late", server.call("GET", ORDER), 504, "timeout")
        expect("by the new time", time.monotonic() - begin < 5, time.monotonic() - begin)
        server.put("[upstream.order]\ntimeout = soon\n", "timeout: ")
        expect("a bad file changes nothing", server.call("GET", ORDER)[0] == 504)
        go.set()
    service.stop()


PARTS = [hedges_a_slow_read, hedges_no_write, hedges_no_wait, hedges_within_calls_max, hedges_within_the_budget,
         hedge_takes_over_from_the_lost, hedge_learns_what_calls_take, a_reload_changes_time]


def main():
    for part in PARTS:
        if len(sys.argv) == 1 or part.__name__ in sys.argv[1:]:
            begin = time.monotonic()
            part()
            print(f"resilience: {part.__name__}: {time.monotonic() - begin:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
