# SPDX-License-Identifier: MIT
"""The gateway alone before scripted services: refused, slow, cut off, malformed, many of them. What a client is told, what
is sent again and how often, which fields go through, and that a stream follows its reader."""

import json
import pathlib
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server, SCOPES, free_port, signature, signed_fields, until  # noqa: E402

SECRET = "a secret of at least thirty-two bytes"
MANY = ("--http-connections-per-address", "0")  # one client stands for many
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Service:
    """One address. `answer(request, connection, number)` gives bytes to send, or None to close; with `ready` false its
    probe says 503. Counts what is not a probe."""

    def __init__(self, answer=None, port=None):
        self.answer = answer or (lambda request, sock, number: OK)
        self.ready = True
        self.requests = []
        self.connections = 0
        self.lock = threading.Lock()
        self.socket = socket.create_server(("127.0.0.1", port or 0), backlog=4096)
        self.port = self.socket.getsockname()[1]
        self.open = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open.add(sock)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            while self.one(sock):
                pass
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(sock)
            sock.close()

    def one(self, sock):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        length = int(dict((name.lower(), value) for name, value in fields).get("content-length", 0))
        while len(body) < length:
            piece = sock.recv(65536)
            if not piece:
                return False
            body += piece
        method, target, _ = lines[0].split(" ")
        if target == "/readyz":
            status = b"200 OK" if self.ready else b"503 Service Unavailable"
            sock.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\n{}")
            return True
        with self.lock:
            self.requests.append((method, target, fields, body))
            number = len(self.requests)
        answer = self.answer(self.requests[-1], sock, number)
        if answer is not None:
            sock.sendall(answer)
        return answer is not None

    def stop(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)  # one that waits in accept() would take one more
        except OSError:
            pass
        self.socket.close()
        with self.lock:
            for sock in self.open:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Checked(Server):
    """Ends as a program does that found nothing wrong, also with itself where it was built to look."""

    def __exit__(self, *details):
        if self.process.poll() is None:
            self.stop()
        log = self.log_text()
        super().__exit__(*details)
        if self.process.returncode != 0 and details[0] is None:
            raise SystemExit(f"aurora-gateway ended with {self.process.returncode}: {log[-3000:]}")
        if "\n[warn] " in log:  # libevent's words, about an event that was never made for example
            raise SystemExit(f"libevent complains: {log[-3000:]}")


def gateway(*addresses, service="order", secret="", arguments=()):
    upstream = ",".join(f"{service}=127.0.0.1:{port}" for port in addresses)
    return Checked("--upstream", upstream, *arguments, program="aurora-gateway", secret=secret, ready=False)


def expect(what, condition, *details):
    if not condition:
        raise SystemExit(f"{what}: {details}")


def expect_problem(what, answer, status, code):
    expect(what, answer[0] == status and answer[2].get("code") == code, answer[0], answer[2])
    if status >= 500:
        expect(what + ": Retry-After", answer[1].get("Retry-After"), dict(answer[1]))


def field(request, name):
    found = [value for given, value in request[2] if given.lower() == name.lower()]
    expect(f"{name} once", len(found) <= 1, request[2])
    return found[0] if found else None


ORDER = "/orders/018f0000-0000-7000-8000-000000000000"
PLACE = {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}


# --- what goes through ------------------------------------------------------------------------------------------


def passes_a_tracestate_with_its_trace():
    service = Service(lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    parent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
    rows = [(parent, "rojo=1,congo=a b", "rojo=1,congo=a b"), (parent, "a=" + "x" * 256 + ",b=" + "x" * 251, "same"),
            (parent, "a=" + "x" * 256 + ",b=" + "x" * 252, None), (parent, "A=1", None), (parent, "a=1,a=2", None),
            (parent, "", None), (None, "a=1", None), (parent.replace("00-", "ff-", 1), "a=1", None)]
    with gateway(service.port) as server:
        for traceparent, state, expected in rows:
            server.call("GET", ORDER, headers={"tracestate": state, **({"traceparent": traceparent} if traceparent else {})})
            seen = field(service.requests[-1], "tracestate")
            expect(state, seen == (state if expected == "same" else expected), seen)
        # Several fields are one list.
        connection = server.open(20)
        connection.putrequest("GET", ORDER)
        for name, value in (("tracestate", "a=1"), ("traceparent", parent), ("Tracestate", "b=2,c=3"), ("tracestate", "")):
            connection.putheader(name, value)
        connection.endheaders()
        connection.getresponse().read()
        connection.close()
        expect("joined", field(service.requests[-1], "tracestate") == "a=1, b=2,c=3,", service.requests[-1])


def passes_what_it_should():
    answer = (b"HTTP/1.1 200 OK\r\nServer: other\r\nContent-Type: application/json\r\nETag: \"7\"\r\nX-Own: yes\r\n"
              b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\n{}")
    service = Service(lambda *_: answer)
    with gateway(service.port) as server:
        status, fields, body = server.call("GET", ORDER, headers={
            "Aurora-Principal": "mallory", "Aurora-Scopes": SCOPES, "Aurora-Other": "x", "Connection": "X-Drop",
            "X-Drop": "1", "Upgrade": "h2c", "TE": "trailers", "Prefer": "wait=1", "X-Keep": "kept", "Accept": "*/*",
            "traceparent": "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"})
        request = service.requests[0]
        expect("status", status == 200 and body == {}, status, body)
        for name in ("ETag", "X-Own"):
            expect(name, fields.get(name), dict(fields))
        for name in ("X-Hop", "Keep-Alive"):
            expect(name, fields.get(name) is None, dict(fields))
        expect("Server", fields.get_all("Server") == ["aurora"], dict(fields))
        expect("X-Request-Id", fields["X-Request-Id"] == "0123456789abcdef0123456789abcdef", dict(fields))
        for name in ("Aurora-Principal", "Aurora-Scopes", "Aurora-Other", "Aurora-Signature", "X-Drop", "Upgrade", "TE",
                     "Connection", "Content-Length", "Idempotency-Key"):
            expect(name + " stops", field(request, name) is None, request[2])
        expect("X-Keep", field(request, "X-Keep") == "kept", request[2])
        expect("Prefer", field(request, "Prefer") == "wait=1", request[2])
        expect("Host", field(request, "Host") == f"127.0.0.1:{service.port}", request[2])
        expect("Via", field(request, "Via") == "1.1 aurora", request[2])
        trace = field(request, "traceparent")
        expect("trace", trace.startswith("00-0123456789abcdef0123456789abcdef-") and "-0123456789abcdef-01" not in trace,
               trace)
        expect("no tracestate", field(request, "tracestate") is None, request[2])
        server.call("POST", "/orders", PLACE, headers={"Idempotency-Key": "k1"})
        expect("key", field(service.requests[1], "Idempotency-Key") == "k1", service.requests[1])
        expect("body", json.loads(service.requests[1][3]) == PLACE, service.requests[1])
        server.call("POST", "/orders", PLACE)
        expect("no key", field(service.requests[2], "Idempotency-Key") is None, service.requests[2])
        server.call("GET", "/admin/stats?service=order")
        expect("query", service.requests[3][1] == "/admin/stats", service.requests[3][1])
        server.call("GET", "/orders?limit=5&status=FAILED")
        expect("query", service.requests[4][1] == "/orders?limit=5&status=FAILED", service.requests[4][1])
        head = server.call("HEAD", ORDER)
        expect("HEAD", head[0] == 200 and head[1]["Content-Length"] == "2" and head[2] == b"", head)
        expect("connections are kept", service.connections <= 3, service.connections)
        expect("own errors", server.call("GET", "/orders?limit=x&y=1")[0] == 400)
        expect("nothing was asked", len(service.requests) == 6, len(service.requests))
    service.stop()


def signs_anew():
    service = Service()
    with gateway(service.port, secret=SECRET) as server:
        expect("unsigned", server.call("GET", ORDER, headers=dict.fromkeys(
            ("Aurora-Principal", "Aurora-Scopes", "Aurora-Deadline", "Aurora-Signature"), ""))[0] == 401)
        fields = signed_fields(SECRET, "GET", ORDER, b"", "alice", "orders:read", 5000)
        expect("signed", server.call("GET", ORDER, headers=fields)[0] == 200)
        request = service.requests[-1]
        deadline = field(request, "Aurora-Deadline")
        expect("cut deadline", int(deadline) < int(fields["Aurora-Deadline"]), deadline, fields)
        expect("principal", field(request, "Aurora-Principal") == "alice", request[2])
        expect("signature", field(request, "Aurora-Signature") == signature(
            SECRET, "GET", ORDER, "", b"", "alice", "orders:read", deadline), request[2])
        server.call("POST", "/orders", PLACE)
        request = service.requests[-1]
        expect("signed body", field(request, "Aurora-Signature") == signature(
            SECRET, "POST", "/orders", "", request[3], "alice", SCOPES, field(request, "Aurora-Deadline")), request[2])
    service.stop()


def callbacks_keep_their_signature():
    service = Service()
    with gateway(service.port, service="payment") as server:
        server.call("POST", "/payments/callbacks", {"task_id": "x"}, headers={
            "Aurora-Timestamp": "1", "Aurora-Signature": "s", "Aurora-Principal": "mallory"})
        request = service.requests[-1]
        expect("signature", field(request, "Aurora-Signature") == "s" and field(request, "Aurora-Timestamp") == "1",
               request[2])
        expect("principal", field(request, "Aurora-Principal") is None, request[2])
    service.stop()


# --- what is sent again -----------------------------------------------------------------------------------------


def repeats(what, answer, call, requests, status, code=None, of="order"):
    """`answer` of a service; `call` and how often it must have been asked."""
    service = Service(answer)
    with gateway(service.port, service=of) as server:
        got = server.call(*call[:2], call[2] if len(call) > 2 else None, headers=call[3] if len(call) > 3 else None)
        if code is None:
            expect(what, got[0] == status, got[0], got[2])
        else:
            expect_problem(what, got, status, code)
        # A kept connection (a probe's) that ends as it is used again is no attempt of its address.
        expect(what + ": requests", len(service.requests) in (requests, requests + (requests > 2)),
               len(service.requests), got[2])
        retries = server.metric(f'aurora_retries_total{{dependency="{of}"}}')
        expect(what + ": counted", retries == requests - 1, retries)
    service.stop()


def repeats_where_safe():
    def lost(request, sock, number):
        return None

    def once(request, sock, number):
        return None if number == 1 else OK
    with_key = ("POST", "/orders", PLACE, {"Idempotency-Key": "k"})
    repeats("GET", once, ("GET", ORDER), 2, 200)
    repeats("GET for ever", lost, ("GET", ORDER), 3, 502, "upstream_unavailable")
    repeats("HEAD", once, ("HEAD", ORDER), 2, 200)
    repeats("POST with a key", once, with_key, 2, 200)
    repeats("POST without", once, ("POST", "/orders", PLACE), 1, 502, "upstream_unavailable")
    repeats("POST whose key stays here", once, ("POST", "/orders", PLACE, {
        "Idempotency-Key": "k", "Connection": "Idempotency-Key"}), 1, 502, "upstream_unavailable")
    # Mutation: passes_key() of src/gateway/request.c that does not ask for the route's flag.
    repeats("POST whose route goes by no key", once, ("POST", "/products/mug/views", {}, {"Idempotency-Key": "k"}), 1, 502,
            "upstream_unavailable", of="product")
    repeats("POST without, for ever", lost, ("POST", "/orders", PLACE), 1, 502, "upstream_unavailable")
    repeats("an error is an answer", lambda *_: OK.replace(b"200 OK", b"500 Internal Server Error"), ("GET", ORDER), 1,
            500)
    repeats("503 of the only one is an answer", lambda *_: OK.replace(b"200 OK", b"503 Service Unavailable"),
            ("GET", ORDER), 1, 503)


def tells_of_what_is_not_there():
    port = free_port()
    with gateway(port) as server:
        expect_problem("refused", server.call("GET", ORDER), 503, "unavailable")
        expect("the service is named", "The order service" in server.call("GET", ORDER)[2]["detail"])
        until("the breaker opens", lambda: "left alone" in server.call("POST", "/orders", PLACE)[2]["detail"])
        expect_problem("open", server.call("GET", ORDER), 503, "unavailable")
        limits = server.call("GET", "/admin/limits?service=gateway")[2]
        state = {breaker["name"]: breaker["state"] for breaker in limits["breakers"]}[f"order 127.0.0.1:{port}"]
        expect("state", state in ("OPEN", "HALF_OPEN"), limits)
        service = Service(port=port)
        until("it is found again", lambda: server.call("GET", ORDER)[0] == 200)
        service.stop()


def tells_operators_of_its_services():
    """One address answers, one is not ready, one is not there; the figures are those of the calls."""
    good, starting, port = Service(), Service(), free_port()
    starting.ready = False
    with gateway(good.port, starting.port, port) as server:
        def upstream():
            status, fields, got = server.call("GET", "/admin/stats?service=gateway")
            expect("figures", status == 200 and got["service"] == "aurora-gateway" and fields["Cache-Control"] == "no-store", got)
            return {one["name"]: one for one in got["upstreams"]}

        wanted = {good.port: "up", starting.port: "not ready", port: "unreachable"}
        wanted = {f"127.0.0.1:{number}": state for number, state in wanted.items()}
        until("all were looked at",
              lambda: {one["address"]: one["state"] for one in upstream()["order"]["addresses"]} == wanted)
        for number in range(3):
            expect("GET", server.call("GET", ORDER)[0] == 200, number)
        told = upstream()
        order, addresses = told["order"], {one["address"]: one for one in told["order"]["addresses"]}
        expect("the calls", (order["calls"], order["failed"], order["in_flight"]) == (3, 0, 0), order)
        expect("whose they were", addresses[f"127.0.0.1:{good.port}"]["attempts"] == 3, order)
        expect("nothing of another service", told["search"]["calls"] == 0, told["search"])
        expect_problem("an unknown one", server.call("GET", "/admin/stats?service=pets"), 400, "invalid_parameter")
    good.stop()
    starting.stop()


def passes_over_the_failing():
    good, port = Service(), free_port()
    with gateway(port, good.port) as server:
        for number in range(40):
            expect("GET", server.call("GET", ORDER)[0] == 200, number)
            expect("POST", server.call("POST", "/orders", PLACE)[0] == 200, number)
        expect("each once", len(good.requests) == 80, len(good.requests))
    good.stop()


def tells_when_an_address_changes():
    port = free_port()
    with gateway(port) as server:
        until("it says so", lambda: f"order 127.0.0.1:{port} cannot be reached" in server.log_text())
        time.sleep(2.5)  # two probes more: they find the same, and say nothing
        said = server.log_text().count(f"order 127.0.0.1:{port} ")
        expect("once", said == 1, said)
        service = Service(port=port)
        until("it is back", lambda: f"order 127.0.0.1:{port} takes calls again" in server.log_text())
        service.stop()


def limits_once():
    """A service behind a gateway with a rate of its own: the client reads one RateLimit, the gateway's."""
    limited = OK.replace(b"Content-Length", b'RateLimit: "default";r=9;t=1\r\nRateLimit-Policy: "default";q=9;w=9\r\n'
                         b"Content-Length")
    service = Service(lambda *_: limited)
    with gateway(service.port, arguments=("--rate-limit", "1000/1s")) as server:
        fields = server.call("GET", ORDER)[1]
        expect("the gateway's", fields.get_all("RateLimit-Policy") == ['"default";q=1000;w=1'], fields)
        expect("one", len(fields.get_all("RateLimit")) == 1 and ";r=9;" not in fields["RateLimit"], fields)
    with gateway(service.port) as server:
        fields = server.call("GET", ORDER)[1]
        expect("the service's", fields.get_all("RateLimit") == ['"default";r=9;t=1'], fields)
    service.stop()


def shares_between_instances():
    first, second = Service(), Service()
    with gateway(first.port, second.port) as server:
        until("both are up", lambda: "2 of 2" not in str(server.call("GET", "/readyz")[2]) and
              server.call("GET", "/readyz")[0] == 200 and first.connections and second.connections)
        for _ in range(40):
            expect("GET", server.call("GET", ORDER)[0] == 200)
        expect("both work", 4 <= len(first.requests) <= 36, len(first.requests), len(second.requests))
        second.ready = False  # it drains
        word = f"order 127.0.0.1:{second.port} says that it is not ready"
        until("a probe finds it out", lambda: word in server.log_text())
        before = len(second.requests)
        for _ in range(20):
            expect("GET", server.call("GET", ORDER)[0] == 200)
        expect("one that drains gets no more", len(second.requests) == before, len(second.requests) - before)
    first.stop()
    second.stop()


def frozen_instance():
    """One takes connections and answers nothing: reads go to the other after their attempt's time, and then at once."""
    good = Service()
    frozen = socket.create_server(("127.0.0.1", 0))
    with gateway(frozen.getsockname()[1], good.port) as server:
        name = f"order 127.0.0.1:{frozen.getsockname()[1]}"
        until("a probe finds it out", lambda: f"{name} cannot be reached" in server.log_text())
        begin = time.monotonic()
        for _ in range(10):
            expect("GET", server.call("GET", ORDER)[0] == 200)
        expect("at once", time.monotonic() - begin < 5, time.monotonic() - begin)
    frozen.close()
    good.stop()


# --- bad answers ------------------------------------------------------------------------------------------------

BAD = [
    b"", b"\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"garbage\r\n\r\n", b"HTTP/2 200\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 2\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA: " + b"a" * 40000 + b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * 20, b"\0" * 100, b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc",
]


def bad_answers():
    current = [b""]

    def answer(request, sock, number):
        sock.sendall(current[0])
    service = Service(answer)
    with gateway(service.port) as server:
        for bad in BAD:
            current[0] = bad
            got = server.call("POST", "/orders", PLACE)
            expect("bad answer", got[0] in (502, 503), bad[:60], got[0], got[2])
            if got[0] == 503:
                until("the breaker closes", lambda: server.call("GET", "/admin/limits?service=gateway")[2]["breakers"][0][
                    "state"] == "CLOSED")
        expect("alive", server.call("GET", "/livez")[0] == 200)
    service.stop()


def unasked_bytes():
    """What follows an answer belongs to nobody: the next client must not get it."""
    service = Service(lambda request, sock, number: OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL")
    with gateway(service.port) as server:
        for _ in range(10):
            status, _, body = server.call("GET", ORDER)
            expect("own answer", status == 200 and body == {}, status, body)
    service.stop()


# --- streams and time -------------------------------------------------------------------------------------------


def streams():
    go, cut = threading.Event(), threading.Event()

    def answer(request, sock, number):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\none\n\n\r\n")
        go.wait(10)
        sock.sendall(b"5\r\ntwo\n\n\r\n" + (b"" if cut.is_set() else b"0\r\n\r\n"))
        return None if cut.is_set() else b""
    service = Service(answer)
    with gateway(service.port) as server:
        for is_cut in (False, True):
            go.clear()
            if is_cut:
                cut.set()
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
                sock.sendall(f"GET {ORDER}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                data = b""
                while b"one" not in data:
                    piece = sock.recv(65536)
                    expect("a piece as it comes", piece, data)
                    data += piece
                expect("not more", b"two" not in data, data)
                go.set()
                while not data.endswith(b"0\r\n\r\n"):
                    piece = sock.recv(65536)
                    if not piece:
                        break
                    data += piece
                expect("its end", data.endswith(b"0\r\n\r\n") != is_cut, is_cut, data[-60:])
    service.stop()


def streams_keep_no_call_out():
    """More streams than calls may be under way at once, and calls still pass."""
    release = threading.Event()

    def answer(request, sock, number):
        if not request[1].endswith("/events"):
            return OK
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n: a\r\n")
        release.wait(30)
        return None
    service = Service(answer)
    with gateway(service.port, arguments=MANY) as server:
        socks = []
        for _ in range(1100):
            sock = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            sock.sendall(f"GET {ORDER}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            expect("a stream", sock.recv(65536).startswith(b"HTTP/1.1 200 "))
            socks.append(sock)
        expect("a call beside them", server.call("GET", ORDER)[0] == 200)
        release.set()
        for sock in socks:
            sock.close()
    service.stop()


def stands(sent):
    """What was sent, where it grows no more."""
    before = sent[0]
    time.sleep(1)
    return before if before == sent[0] else None


def a_slow_reader_slows_its_service():
    sent = [0]
    done = threading.Event()

    def answer(request, sock, number):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200000000\r\n\r\n")
        try:
            for _ in range(2000):
                sock.sendall(b"x" * 100000)
                sent[0] += 100000
        except OSError:
            pass
        done.set()
    service = Service(answer)
    with gateway(service.port) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
            before = server.resident_kib()
            sock.sendall(f"GET {ORDER} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            sock.recv(1000)
            stood = until("it stands", lambda: stands(sent))
            expect("it stands early", stood < 60000000, stood)
            expect("memory", server.resident_kib() < before + 4096, before, server.resident_kib())
            for _ in range(300):
                sock.recv(1 << 20)
            until("it goes on", lambda: sent[0] > stood)
        expect("it is let go when the client leaves", done.wait(10))
    service.stop()


def a_client_that_leaves():
    gone = threading.Event()

    def answer(request, sock, number):
        sock.settimeout(10)
        if not sock.recv(1):
            gone.set()
    service = Service(answer)
    with gateway(service.port) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(f"GET {ORDER} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            until("it is asked", lambda: service.requests)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        expect("its call is given up", gone.wait(5))
    service.stop()


def deadlines():
    service = Service(lambda request, sock, number: time.sleep(5))  # less than an attempt may take
    with gateway(service.port, secret=SECRET) as server:
        begin = time.monotonic()
        fields = signed_fields(SECRET, "GET", ORDER, b"", "alice", SCOPES, 1000)
        expect_problem("deadline", server.call("GET", ORDER, headers=fields), 504, "timeout")
        expect("in time", time.monotonic() - begin < 4.5, time.monotonic() - begin)
    service.stop()


def too_many():
    release = threading.Event()

    def answer(request, sock, number):
        release.wait(20)
        return OK
    service = Service(answer)
    with gateway(service.port, arguments=MANY) as server:
        socks = []
        for _ in range(1100):
            sock = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            sock.sendall(f"GET {ORDER} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            socks.append(sock)
        until("the limit", lambda: server.call("GET", ORDER)[0] == 503)
        release.set()
        statuses = [sock.recv(65536).split(b" ")[1] for sock in socks]
        expect("1024 at once", statuses.count(b"200") == 1024 and statuses.count(b"503") == 76,
               {status: statuses.count(status) for status in set(statuses)})
    service.stop()


def drains():
    """SIGTERM under load: what is under way is answered."""
    service = Service(lambda request, sock, number: time.sleep(0.02) or OK)
    with gateway(service.port) as server:
        lost, answered, stop = [], [0], threading.Event()

        def client():
            while not stop.is_set():
                try:
                    sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
                except OSError:
                    return  # it listens no more
                with sock:
                    try:
                        sock.sendall(f"GET {ORDER} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                        data = sock.recv(65536)
                    except OSError as error:
                        data = repr(error).encode()
                    if data.startswith(b"HTTP/1.1 200 "):
                        answered[0] += 1
                    else:
                        lost.append(data)
        threads = [threading.Thread(target=client) for _ in range(16)]
        for thread in threads:
            thread.start()
        until("load", lambda: answered[0] > 100)
        status = server.stop()
        stop.set()
        for thread in threads:
            thread.join()
        expect("drained", status == 0 and not lost, status, lost[:3])
    service.stop()


PARTS = [passes_what_it_should, passes_a_tracestate_with_its_trace, signs_anew, callbacks_keep_their_signature,
         repeats_where_safe, tells_of_what_is_not_there, tells_operators_of_its_services,
         passes_over_the_failing, tells_when_an_address_changes, limits_once, shares_between_instances, frozen_instance, bad_answers, unasked_bytes, streams,
         streams_keep_no_call_out, a_slow_reader_slows_its_service, a_client_that_leaves, deadlines, too_many, drains]


def main():
    for part in PARTS:
        if len(sys.argv) == 1 or part.__name__ in sys.argv[1:]:
            begin = time.monotonic()
            part()
            print(f"gateway: {part.__name__}: {time.monotonic() - begin:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
