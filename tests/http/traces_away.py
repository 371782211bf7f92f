#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A collector that is dead, hangs, answers 429, 503 or garbage, or takes a part: requests go on unharmed, what is lost is
counted, memory and the end are bounded, and the log says it once."""

import contextlib
import json
import pathlib
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server, free_port, until  # noqa: E402
from otlp_sink import Sink  # noqa: E402

REQUESTS = 300
ALL = {"OTEL_TRACES_SAMPLER": "always_on", "OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_BSP_MAX_QUEUE_SIZE": "100",
       "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "20"}


def expect(what, is_so, *seen):
    if not is_so:
        raise SystemExit(f"{what}: {seen}")


def figures(server):
    return {result: int(server.metric(f'aurora_spans_total{{result="{result}"}}'))
            for result in ("exported", "dropped", "failed")} | {"waiting": int(server.metric("aurora_spans_waiting"))}


def ask(server, count=REQUESTS):
    """So many requests on one connection, all answered."""
    connection = server.open(20)
    for _ in range(count):
        connection.request("GET", "/products?limit=1")
        answer = connection.getresponse()
        expect("answer", answer.status == 200, answer.status, answer.read())
        answer.read()
    connection.close()


def end(server, seconds):
    begun = time.monotonic()
    code = server.stop()
    expect("the end", code == 0 and time.monotonic() - begun < seconds, code, time.monotonic() - begun)


def lines(server, *words):
    return [line for line in server.log_text().splitlines() if all(word in line for word in words)]


def traced(url, **environment):
    return Server("--otlp", url, environment={**ALL, **environment})


def dead():
    """Nobody listens. A request must not feel it; of 300 spans at most a queue and a batch are held."""
    with traced(f"http://127.0.0.1:{free_port()}") as server:
        before = server.resident_kib()
        ask(server)
        seen = figures(server)
        expect("nothing is sent", seen["exported"] == 0 and seen["waiting"] <= 100, seen)
        expect("counted", seen["dropped"] >= REQUESTS - 140, seen)
        ask(server, 3000)
        expect("memory", server.resident_kib() - before < 8192, before, server.resident_kib())
        until("the log", lambda: lines(server, "traces cannot be sent to http://127.0.0.1:"))
        time.sleep(1.2)  # another attempt, of which nothing is said
        expect("said once", len(lines(server, "traces cannot be sent")) == 1, lines(server, "traces"))
        end(server, 6)


def comes_back():
    """What waits is sent when the collector is there again, and the log says so."""
    port = free_port()
    with traced(f"http://127.0.0.1:{port}", OTEL_BSP_EXPORT_TIMEOUT="20000") as server:
        ask(server, 40)
        until("down", lambda: lines(server, "traces cannot be sent"))
        with Sink(port) as sink:
            sink.wait(lambda spans: len(spans) >= 40)
            until("up", lambda: lines(server, "traces are sent to", "again; 0 spans are lost"))
            expect("broken", not sink.errors, sink.errors)
            end(server, 6)


def hangs():
    """It takes connections and says nothing: the end waits three seconds and not for ever."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        with traced(f"http://127.0.0.1:{listener.getsockname()[1]}") as server:
            ask(server)
            seen = figures(server)
            expect("bounded", seen["exported"] == 0 and seen["dropped"] >= REQUESTS - 140, seen)
            end(server, 8)


def slow():
    with Sink() as sink, traced(sink.url) as server:
        go = threading.Event()
        sink.answer = lambda number: go.wait(25) and None
        ask(server)  # no request waits for the collector, which still waits for us
        seen = figures(server)
        expect("dropped", seen["dropped"] > 0, seen)
        go.set()
        until("the rest", lambda: figures(server)["waiting"] == 0)
        end(server, 8)


def asks_for_a_pause():
    """429 with Retry-After: nothing is sent before that, then the same spans, and none is lost."""
    with Sink() as sink, traced(sink.url) as server:
        times = []

        def answer(number):
            times.append(time.monotonic())
            return (429, {"Retry-After": "5"}, b"{}") if number == 1 else (503, {}, b"") if number == 2 else None
        sink.answer = answer
        ask(server, 10)
        sink.wait(lambda spans: len(spans) >= 10)
        expect("waited", 4.9 < times[1] - times[0] < 15, times)
        expect("asked once", times[2] - times[1] < 4.9, times)
        expect("none lost", figures(server)["failed"] == figures(server)["dropped"] == 0, figures(server))
        end(server, 8)


def refuses():
    """Statuses that a repeat would not change: the batch is given up at once. 503 is tried again."""
    for status, is_repeated in ((400, False), (404, False), (500, False), (302, False), (502, True), (503, True)):
        with Sink() as sink, traced(sink.url) as server:
            sink.answer = lambda number, status=status: (status, {"Location": "/v1/traces"}, b"") if number == 1 else None
            ask(server, 5)
            if is_repeated:
                sink.wait(lambda spans: len(spans) >= 5)
            else:
                until("given up", lambda: figures(server)["failed"] > 0)
            seen = figures(server)
            expect("repeated", (seen["failed"] == 0) == is_repeated, status, seen)
            end(server, 8)


def garbage():
    """200 with what is no answer of OTLP, of any length: taken as the status says."""
    texts = [b"<html>", b"\xff\x00\x01", b"[" * 100000, b"x" * 1000000, b'{"partialSuccess":{"rejectedSpans":-1}}', b"null",
             b'{"partialSuccess":{"rejectedSpans":"-1"}}',
             b'{"partialSuccess":7}']
    for text in texts:
        with Sink() as sink, traced(sink.url) as server:
            sink.answer = lambda number, text=text: (200, {}, text)
            ask(server, 5)
            until("taken", lambda: figures(server)["exported"] == 5 or figures(server)["failed"])
            seen = figures(server)
            expect("taken", (seen["exported"], seen["failed"], seen["dropped"]) == (5, 0, 0), text[:20], seen)
            end(server, 8)


@contextlib.contextmanager
def scripted(answer):
    """A collector of which each connection is given to answer(peer) once a request has begun; the numbers of these."""
    taken = []

    def serve(listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(peer,), daemon=True).start()

    def one(peer):
        with peer:
            try:
                peer.recv(1 << 20)
                taken.append(time.monotonic())
                answer(peer)
            except OSError:
                pass

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", taken


def no_http():
    """What answers is no HTTP at all."""
    with scripted(lambda peer: peer.sendall(b"SSH-2.0-OpenSSH\r\n")) as (url, _), traced(url) as server:
        ask(server, 50)
        until("the log", lambda: lines(server, "traces cannot be sent"))
        end(server, 8)


def closes_midway():
    """200, and then the rest does not come, or comes drop by drop: what was taken is not sent again."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"

    def drip(peer):
        peer.sendall(head)
        while True:
            time.sleep(0.05)
            peer.sendall(b" ")
    for answer in (lambda peer: peer.sendall(head + b'{"partial'), drip):
        with scripted(answer) as (url, taken), traced(url, OTEL_EXPORTER_OTLP_TIMEOUT="500", OTEL_BSP_SCHEDULE_DELAY="20000",
                                                      OTEL_BSP_MAX_EXPORT_BATCH_SIZE="5") as server:
            ask(server, 5)
            until("told", lambda: figures(server)["exported"] == 5 or lines(server, "traces cannot be sent"))
            expect("taken once", figures(server)["exported"] == 5 and len(taken) == 1, figures(server), taken)
            end(server, 8)


def drips():
    """A head of an answer that never ends: each attempt has its time, and so has the end."""
    def answer(peer):
        for byte in b"HTTP/1.1 200 OK".ljust(10000):
            peer.sendall(bytes([byte]))
            time.sleep(0.1)
    with scripted(answer) as (url, taken), traced(url, OTEL_EXPORTER_OTLP_TIMEOUT="300") as server:
        ask(server, 5)
        until("the log", lambda: lines(server, "traces cannot be sent", "Timeout was reached"))
        until("again", lambda: len(taken) >= 2)
        end(server, 8)


def takes_a_part():
    with Sink() as sink, traced(sink.url, OTEL_BSP_SCHEDULE_DELAY="20000", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="5") as server:
        body = json.dumps({"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old\nindeed"}}).encode()
        sink.answer = lambda number: (200, {}, body)
        ask(server, 5)
        until("counted", lambda: figures(server)["exported"] + figures(server)["dropped"] == 5)
        seen = figures(server)
        expect("dropped", (seen["exported"], seen["dropped"]) == (3, 2), seen, sink.requests)
        ask(server, 5)
        until("again", lambda: sum(figures(server)[word] for word in ("exported", "dropped")) == 10)
        expect("said once", len(lines(server, "2 spans are not taken: too old")) == 1, lines(server, "spans"))
        end(server, 8)


def no_certificate():
    """https:// at a server whose certificate nobody vouches for: nothing is sent."""
    with Sink() as sink, traced(sink.url.replace("http:", "https:")) as server:
        ask(server, 5)
        until("the log", lambda: lines(server, "traces cannot be sent"))
        expect("nothing", not sink.spans, sink.spans)
        end(server, 8)


def what_waits_is_sent_at_the_end():
    with Sink() as sink, traced(sink.url, OTEL_BSP_SCHEDULE_DELAY="60000") as server:
        ask(server, 7)
        expect("it waits", not sink.requests, sink.requests)
        end(server, 8)
        expect("sent", len(sink.spans) == 7 and not sink.errors, len(sink.spans), sink.errors)


def main():
    for check in (dead, comes_back, hangs, slow, asks_for_a_pause, refuses, garbage, no_http, closes_midway, drips,
                  takes_a_part, no_certificate, what_waits_is_sent_at_the_end):
        check()
    print("traces: a collector that is away or ill harms nobody")


if __name__ == "__main__":
    main()
