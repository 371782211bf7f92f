# SPDX-License-Identifier: MIT
"""What the gateway does for calls that are slow or fail, before scripted services: hedges, sections of its settings, the
answers that it keeps for the time when nobody gives others."""

import http.server
import pathlib
import re
import signal
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from gateway import (OK, ORDER, PLACE, SECRET, Checked, Server, Service, expect, expect_problem, field, gateway,  # noqa: E402,F401
                     signed_fields, until)


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
        self.lock, self.held, self.are_both = threading.Lock(), None, False
        self.first, self.second = Service(lambda *a: self.answer(0, *a)), Service(lambda *a: self.answer(1, *a))
        self.upstream = two(self.first, self.second)

    def answer(self, index, request, sock, number):
        with self.lock:  # the first that is asked is the slow one
            is_held = self.slow.is_set() and (self.are_both or self.held in (None, index))
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
    """Mutations: without the first answer's adoption in aurora__hedge_win the read waits for the slow address; without
    event_assign in aurora__call_link the hedge has no timer, and libevent says so in the log."""
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
        expect("libevent has nothing to say", "event has no" not in server.log_text(), server.log_text()[-600:])
        expect("no place is kept", [row for row in limits["items"] if row["name"] == "order"][0]["used"] == 0, limits)
    pair.stop()


def hedges_no_write():
    """Mutation: may_hedge for every method sends the order to both."""
    pair = Pair()
    with Configured(pair.upstream, "[upstream.order]\nhedge = 20ms\nattempt_timeout = 20s\n") as server:
        pair.slow.set()
        pair.are_both = True
        threading.Timer(0.8, pair.go.set).start()
        with_key = {"Idempotency-Key": "k"}
        calls = [("POST", "/orders", PLACE, with_key), ("POST", "/orders", PLACE, {}), ("POST", f"{ORDER}/cancel", {}, with_key)]
        threads = [threading.Thread(target=server.call, args=call) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect("asked once each", pair.requests() == len(calls), pair.requests())
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


# --- services that are down -------------------------------------------------------------------------------------

POPULAR = "/recommendations/popular"


def body(number):
    text = b'{"items":[{"sku":"s%d","score":1,"error":0}]}' % number
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(text) + text


FAILED = (b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n"
          b"Retry-After: 9\r\nX-Own: 1\r\n\r\n{}")


def old_recommendations():
    """Mutation: without answer_stale in on_failed the page of popular products is gone with its service."""
    answer = [body(1)]
    service = Service(lambda *_: answer[0])
    with Configured(f"recommendation=127.0.0.1:{service.port}", "") as server:
        fresh = server.call("GET", POPULAR, headers={"Accept-Encoding": "gzip"})
        expect("fresh", fresh[0] == 200 and "Aurora-Stale" not in fresh[1], fresh)
        expect("asked for as it is kept", field(service.requests[-1], "Accept-Encoding") is None, service.requests[-1])
        server.call("GET", POPULAR + "?limit=3")
        server.call("GET", "/recommendations/trending?at=2026-01-01T00:00:00Z")
        answer[0] = FAILED
        status, fields, got = server.call("GET", POPULAR)
        expect("old where the service cannot", status == 200 and got["items"][0]["sku"] == "s1" and
               fields["Aurora-Stale"] == "true" and int(fields["Age"]) < 60 and "X-Own" not in fields, fields, got)
        service.stop()
        status, fields, got = server.call("GET", POPULAR)
        expect("old where it is gone", status == 200 and fields["Aurora-Stale"] == "true", status, fields)
        expect("with its query", server.call("GET", POPULAR + "?limit=3")[0] == 200)
        expect("not with another", server.call("GET", POPULAR + "?limit=4")[0] == 503)
        expect("nothing of a given time", server.call("GET", "/recommendations/trending?at=2026-01-01T00:00:00Z")[0] == 503)
        until("the breaker opens", lambda: "left alone" in str(server.call("GET", "/recommendations/related/x")[2]))
        begin = time.monotonic()
        expect("old, at once", server.call("GET", POPULAR)[0] == 200 and time.monotonic() - begin < 4)
        text = server.call("GET", "/metrics")[2].decode()
        expect("counted", "aurora_gateway_stale_answers_total 4\n" in text, text[-600:])
        server_again = Service(lambda *_: body(2), port=service.port)
        until("new again", lambda: server.call("GET", POPULAR)[2]["items"][0]["sku"] == "s2")
        expect("not marked", "Aurora-Stale" not in server.call("GET", POPULAR)[1])
        server_again.stop()


def a_failure_is_not_kept():
    service = Service(lambda *_: FAILED)
    with Configured(f"recommendation=127.0.0.1:{service.port}", "") as server:
        for _ in range(2):
            answer = server.call("GET", POPULAR)
            expect_problem("nothing older", answer, 503, "unavailable")
            expect("it is named", "recommendation" in answer[2]["detail"], answer[2])
    service.stop()


def a_failure_of_any_length():
    """What a failed answer says is not wanted where an older one takes its place, however long it is.
    Mutation: on_body of src/gateway/forward.c that holds it: there is no room of an unknown length."""
    text = b"x" * 200000
    chunked = (b"HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n" +
               b"".join(b"%x\r\n%s\r\n" % (50000, text[:50000]) for _ in range(4)) + b"0\r\n\r\n")
    long = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4000000\r\n\r\n" + text * 20
    for failure in (chunked, long):
        answer = [failure]
        service = Service(lambda *_, answer=answer: answer[0])
        with Configured(f"recommendation=127.0.0.1:{service.port}", "") as server:
            expect_problem("nothing older", server.call("GET", POPULAR), 503, "unavailable")
            answer[0] = body(1)
            expect("fresh", server.call("GET", POPULAR)[0] == 200)
            answer[0] = failure
            status, fields, got = server.call("GET", POPULAR)
            expect("old where the service cannot", status == 200 and got["items"][0]["sku"] == "s1" and
                   fields["Aurora-Stale"] == "true", status, fields)
        service.stop()


# --- deadlines --------------------------------------------------------------------------------------------------


def at(ms):
    return {"Aurora-Deadline": str(int(time.time() * 1000) + ms)}


def a_service_has_less_time_than_its_gateway():
    service = Service()
    with Configured(f"order=127.0.0.1:{service.port}", "[upstream.order]\ntimeout = 9s\n") as server:
        before = time.time() * 1000
        server.call("GET", ORDER, headers=at(100))
        sent = int(field(service.requests[-1], "Aurora-Deadline"))
        expect("ours, not a stranger's, and less for the way", before + 8000 < sent < time.time() * 1000 + 8960, sent - before)
        expect("nobody is named", field(service.requests[-1], "Aurora-Principal") is None and
               field(service.requests[-1], "Aurora-Signature") is None, service.requests[-1])
    service.stop()


def hurried(server):
    """What a call is answered that leaves its service next to nothing; None where it came after its end, and was none."""
    answer = server.call("GET", ORDER, headers=signed_fields(SECRET, "GET", ORDER, ahead_ms=100))
    return answer if answer[0] != 401 else None


def a_client_in_a_hurry_opens_no_breaker():
    """Whoever gives a service no time for an answer must not have it left alone for everybody else.
    Mutation: on_sent_timer of src/upstream/call.c that blames the address for a deadline of its caller."""
    go = threading.Event()
    service = Service(lambda *_: go.wait(20) and OK)
    with gateway(service.port, secret=SECRET) as server:
        for _ in range(24):
            expect_problem("no time", until("in time", lambda: hurried(server)), 504, "timeout")
        go.set()
        status, _, answer = server.call("GET", ORDER)
        expect("others are served", status == 200, status, answer)
    service.stop()


def no_work_after_the_deadline():
    """Mutation: without aurora_http_refuse_late in workers.c the page is read; without it in order_place.c the order is
    made."""
    with Server("--payment", "none:", store="memory:") as server:
        server.call("POST", "/products", {"sku": "mug", "name": "Mug", "price_minor": 1, "currency": "EUR"})
        server.call("POST", "/inventory/mug/receipts", {"quantity": 10})
        for method, path, body in (("GET", "/products", None), ("GET", "/search?q=mug", None), ("POST", "/orders", PLACE)):
            expect_problem(path, server.call(method, path, body, headers=at(-1)), 504, "timeout")
            expect(path, server.call(method, path, body, headers=at(60000))[0] in (200, 201))
            for odd in ("soon", "", "9" * 30):
                got = server.call(method, path, body, headers={"Aurora-Deadline": odd})
                expect(f"{path}, {odd!r}", got[0] in (200, 201), got[0])
        orders = server.call("GET", "/orders")[2]["items"]
        expect("none was made late", len(orders) == 4, len(orders))
        begin = time.monotonic()
        got = server.call("GET", f"/orders/{orders[0]['id']}", headers={"Prefer": "wait=20", **at(400)})
        expect("a wait ends with it", got[0] == 200 and time.monotonic() - begin < 10, got[0], time.monotonic() - begin)
        begin = time.monotonic()
        got = server.call("POST", "/orders", PLACE, headers={"Prefer": "wait=20", **at(400)})
        expect("that of a new order too", got[0] == 201 and time.monotonic() - begin < 10, got, time.monotonic() - begin)


def nobodys_deadline_is_no_name():
    """A public page through a gateway whose service takes signed calls. Mutation: a service that
    takes a deadline alone for a part of a signature asks for the rest."""
    with Server(store="memory:", secret=SECRET) as shop:
        shop.call("POST", "/products", {"sku": "mug", "name": "Mug", "price_minor": 1, "currency": "EUR"})
        with Checked("--upstream", f"product=127.0.0.1:{shop.port},order=127.0.0.1:{shop.port}", program="aurora-gateway",
                     secret=SECRET, ready=False) as server:
            server.secret = ""
            expect("public", server.call("GET", "/products/mug")[0] == 200)
            expect("not public", server.call("GET", "/orders")[0] == 401)
            shop.secret = ""
            expect("a deadline is no name", shop.call("GET", "/orders", headers=at(5000))[0] == 401)


# --- real services -----------------------------------------------------------------------------------------------


def stocked(server):
    server.call("POST", "/products", {"sku": "mug", "name": "Mug", "price_minor": 1, "currency": "EUR"})
    server.call("POST", "/inventory/mug/receipts", {"quantity": 1000})
    return server


def call_figure(server, name, call):
    text = server.call("GET", "/metrics")[2].decode()
    found = [float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f'{name}{{call="{call}"}} ')]
    expect(f"{name} of {call}", len(found) == 1, text[-1500:])
    return found[0]


def is_closed(server, dependency):
    text = server.call("GET", "/metrics")[2].decode()
    states = re.findall(rf'^aurora_breaker_state{{dependency="{dependency}",address="",state="(\w+)"}} ([01])$', text, re.M)
    expect(f"each state of {dependency}", len(states) == 3 and [value for _, value in states].count("1") == 1, text[-1500:])
    return dict(states)["closed"] == "1"


def verbose(server):
    return server.call("GET", "/readyz?verbose")[2].decode()


def services_that_go():
    """A gateway, a shop, and two services beside it that are killed: what is asked of them is refused by name at once, or
    comes from before; the rest goes on."""
    with Server(store="memory:") as shop, Server(store="memory:") as search, Server(store="memory:") as recommendation:
        stocked(shop)
        stocked(search)
        others = ",".join(f"{name}=127.0.0.1:{shop.port}" for name in ("order", "product", "inventory", "payment", "notification"))
        with Configured(f"{others},search=127.0.0.1:{search.port},recommendation=127.0.0.1:{recommendation.port}", "") as server:
            expect("search", server.call("GET", "/search?q=mug")[0] == 200)
            popular = server.call("GET", POPULAR)
            expect("popular", popular[0] == 200, popular)
            expect("breakers are shown", "[+]search ok: breakers: 1 closed, 0 half open, 0 open" in verbose(server), verbose(server))
            search.kill()
            recommendation.kill()
            answer = server.call("GET", "/search?q=mug")
            expect_problem("search is gone", answer, 503, "unavailable")
            expect("it is named", "The search service" in answer[2]["detail"], answer[2])
            until("it is left alone", lambda: "left alone" in str(server.call("GET", "/search?q=mug")[2]))
            begin = time.monotonic()
            for _ in range(20):
                expect_problem("refused", server.call("GET", "/search?q=mug"), 503, "unavailable")
            expect("at once", time.monotonic() - begin < 5, time.monotonic() - begin)
            expect("shown", "[~]search degraded: 0 of 1 up" in verbose(server) and "1 open" in verbose(server), verbose(server))
            old = server.call("GET", POPULAR)
            expect("popular from before", old[0] == 200 and old[2] == popular[2] and old[1]["Aurora-Stale"] == "true", old)
            expect("the rest", server.call("GET", "/products/mug")[0] == 200 and server.call("POST", "/orders", PLACE)[0] == 201)
            expect("ready", server.call("GET", "/readyz")[0] == 200)


def an_index_that_hangs():
    """Mutation: without the gate's enter in aurora__elastic_call_run each search waits for its query_ms."""
    hanging = socket.create_server(("127.0.0.1", 0), backlog=512)
    url = f"elasticsearch://127.0.0.1:{hanging.getsockname()[1]}?query_ms=300&write_ms=300"
    with Server("--search", url, store="memory:", ready=False) as server:
        stocked(server)
        until("it is held back", lambda: call_figure(server, "aurora_call_breaker_opened_total", "search_engine") >= 1 or
              server.call("GET", "/search?q=mug")[0] == 200)
        before = call_figure(server, "aurora_call_breaker_refused_total", "search_engine")
        for _ in range(40):
            expect("refused", server.call("GET", "/search?q=mug")[0] == 503)
        at_once = call_figure(server, "aurora_call_breaker_refused_total", "search_engine") - before
        expect("most without asking", at_once >= 20, at_once)
        expect("the rest", server.call("POST", "/orders", PLACE)[0] == 201)
        breakers = server.call("GET", "/admin/limits")[2]["breakers"]
        expect("for operators", "search_engine" in [row["name"] for row in breakers], breakers)
        expect("shown", "search_engine calls" in verbose(server), verbose(server))
    hanging.close()


def a_search_ends_with_its_caller():
    """The engine hangs for a minute; a caller with a deadline is told when that is over, and the worker is free.
    Mutation: read_query of src/routes/search.c without time_max_ms waits for the engine."""
    over = threading.Event()

    class Engine(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if "_search" in self.path:
                over.wait(60)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

        def log_message(self, *_):
            pass

    class Engines(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):  # whoever asked is gone
            pass

    engine = Engines(("127.0.0.1", 0), Engine)
    threading.Thread(target=engine.serve_forever, daemon=True).start()
    url = f"elasticsearch://127.0.0.1:{engine.server_port}?query_ms=60000&write_ms=300"
    with Server("--search", url, store="memory:", ready=False) as server:
        begin = time.monotonic()
        for _ in range(3):
            deadline = {"Aurora-Deadline": str(int(time.time() * 1000) + 700)}
            expect_problem("its time is over", server.call("GET", "/search?q=mug", headers=deadline), 504, "timeout")
        expect("long before the engine's", time.monotonic() - begin < 20, time.monotonic() - begin)
        expect("that is no failure of the engine", is_closed(server, "search_engine"))
        over.set()
    engine.shutdown()
    engine.server_close()


def a_webhook_that_fails():
    """Mutation: without the breaker's enter in send_through the receiver goes on to be asked for each order."""
    asked = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(time.monotonic())
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200 if go.is_set() else 500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass
    go = threading.Event()
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    with Server("--notify", f"http://127.0.0.1:{hook.server_port}/", "--notify-allow-private", "true", "--notify-secret",
                "a secret of the test, long enough") as server:
        stocked(server)
        for _ in range(60):
            expect("an order", server.call("POST", "/orders", PLACE)[0] == 201)
        until("it is held back", lambda: call_figure(server, "aurora_call_breaker_opened_total", "notify") >= 1)
        time.sleep(0.5)
        expect("few were sent", len(asked) <= 40, len(asked))
        expect("shown", "notify calls" in verbose(server), verbose(server))
        go.set()
        until("calls pass again", lambda: is_closed(server, "notify"), 40)
    hook.shutdown()
    hook.server_close()


PARTS = [services_that_go, an_index_that_hangs, a_search_ends_with_its_caller, a_webhook_that_fails, old_recommendations,
         a_failure_is_not_kept, a_failure_of_any_length, a_service_has_less_time_than_its_gateway,
         a_client_in_a_hurry_opens_no_breaker, no_work_after_the_deadline,
         nobodys_deadline_is_no_name,
         hedges_a_slow_read, hedges_no_write, hedges_no_wait, hedges_within_calls_max, hedges_within_the_budget,
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
