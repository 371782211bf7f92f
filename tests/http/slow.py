#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients that are slow on purpose do not stop the others: 10,000 idle connections, heads and bodies that drip, half-open
streams, answers that nobody reads (S9). Mutation: let limit_ms (src/http/sweep.c) give AURORA__HEAD an hour;
or AURORA__BODY one and is_slow() of the same false (either alone still cuts the bodies that drip).
AURORA_IDLE says how many idle ones (fewer where the descriptors do not suffice)."""

import json
import os
import pathlib
import resource
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server  # noqa: E402

ORDER = {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def others_are_served(server, what):
    worst = 0.0
    for _ in range(30):
        begin = time.monotonic()
        status, _, order = server.call("POST", "/orders", ORDER)
        worst = max(worst, time.monotonic() - begin)
        if status != 201 or order["status"] != "COMPLETED":
            raise SystemExit(f"{what}: {status} {order}")
    print(f"slow: {what}: 30 orders by others, the slowest {worst * 1000:.0f} ms")
    if worst > 5:
        raise SystemExit(f"{what}: another client waited {worst:.1f} s")


def closed_within(sock, seconds):
    """The bytes that came before the server closed; None when it did not."""
    sock.settimeout(seconds)
    data = b""
    try:
        while True:
            piece = sock.recv(65536)
            if not piece:
                return data
            data += piece
    except TimeoutError:
        return None
    except ConnectionResetError:
        return data


def idle_connections(server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = int(os.environ.get("AURORA_IDLE", "10000"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted + 1000), hard))
    count = min(wanted, min(hard, wanted + 1000) - 200)
    idle = []
    for i in range(count):
        sock = connect(server)
        if i % 2:
            sock.sendall(b"GET /livez HTTP/1.1\r\nHo")  # half of them in the middle of a head
        idle.append(sock)
    others_are_served(server, f"{count} idle connections")
    print(f"slow: {server.resident_kib() / 1024:.0f} MiB resident with them")
    for sock in idle:
        sock.close()


def drips(server):
    """A byte every now and then resets no clock: the total counts."""
    stop = threading.Event()
    heads, bodies = [connect(server) for _ in range(20)], [connect(server) for _ in range(20)]
    for sock in bodies:
        sock.sendall(b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 100000\r\n\r\n{")

    def drip():
        while not stop.wait(0.2):
            for sock in heads + bodies:
                try:
                    sock.sendall(b"x" if sock in bodies else b"G")
                except OSError:
                    pass
    thread = threading.Thread(target=drip)
    thread.start()
    others_are_served(server, "40 dripping clients")
    begin = time.monotonic()
    for name, socks in (("head", heads), ("body", bodies)):
        for sock in socks:
            data = closed_within(sock, 60)
            if data is None:
                stop.set()
                raise SystemExit(f"a dripping {name} was not cut off")
            if name == "body" and b" 408 " not in data.split(b"\r\n")[0]:
                stop.set()
                raise SystemExit(f"a dripping body was answered with {data[:200]!r}")
    stop.set()
    thread.join()
    print(f"slow: all drips were cut off after {time.monotonic() - begin:.0f} s")


def never_reads(server):
    """Asks for much and reads nothing."""
    socks = []
    for _ in range(20):
        sock = connect(server)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        try:
            for _ in range(2000):
                sock.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        except OSError:
            pass  # the server stopped reading too, as it should
        socks.append(sock)
    before = server.resident_kib()
    others_are_served(server, "20 clients that read nothing")
    if server.resident_kib() > before + 64 * 1024:
        raise SystemExit(f"answers pile up: {before} to {server.resident_kib()} KiB")
    for sock in socks:
        sock.close()


def half_closed(server):
    """A client that shuts its sending side still gets its answer."""
    with connect(server) as sock:
        text = json.dumps(ORDER).encode()
        sock.sendall(b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
        sock.shutdown(socket.SHUT_WR)
        data = closed_within(sock, 10)
        if data is None or not data.startswith(b"HTTP/1.1 201 "):
            raise SystemExit(f"half-closed: {data!r}")


def vanish(server):
    """Clients that leave in the middle of their request, or before their answer."""
    text = json.dumps(ORDER).encode()
    whole = (b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
             b"Content-Length: %d\r\n\r\n" % len(text) + text)
    for i in range(600):
        with connect(server) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, not an end
            sock.sendall(whole[:len(whole) * (i % 3 + 1) // 3])
    others_are_served(server, "600 clients that vanished")


def main():
    with Server("--core-dumps", "true", "--http-connections-per-address", "0") as server:
        server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1250, "currency": "EUR"})
        server.call("POST", "/inventory/mug/receipts", {"quantity": 1000000})
        for part in (half_closed, vanish, never_reads, idle_connections, drips):
            part(server)
        deadline = time.monotonic() + 20
        while server.descriptors() > 200 and time.monotonic() < deadline:
            time.sleep(0.2)
        if server.descriptors() > 200:
            raise SystemExit(f"{server.descriptors()} descriptors are left")
    return 0


if __name__ == "__main__":
    sys.exit(main())
