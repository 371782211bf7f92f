# SPDX-License-Identifier: MIT
"""Customers of one aurorad that is killed under them. Each has one call under way, by a key, and repeats it until it is
answered; what was acknowledged is written down as it was said. No answer is unknown, never failed."""

import json
import random
import socket
import threading
import time

SKUS = [f"crash-{number}" for number in range(8)]
PRICE_MINOR = 250
ANSWER_S = 20
SCARCE = 12  # pieces of the first SKU in a delivery: the last ones are fought for
PLENTY = 400


class Call:
    """One call and what became of it."""

    def __init__(self, kind, key, path, body, total=0, subject=None):
        self.kind = kind
        self.key = key
        self.path = path
        self.text = json.dumps(body)
        self.total = total
        self.subject = subject  # the order that a cancel is for, the (sku, quantity) of a delivery
        self.answer = None


class Wire:
    """Requests over one kept connection; None for whatever went wrong with it."""

    def __init__(self, port, answer_s=ANSWER_S):
        self.port = port
        self.answer_s = answer_s
        self.socket = None
        self.rest = b""

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket, self.rest = None, b""

    def connect(self):
        made = socket.create_connection(("127.0.0.1", self.port), timeout=self.answer_s)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def ask(self, method, path, text="", fields=""):
        """(status, body) or None."""
        try:
            if self.socket is None:
                self.socket = self.connect()
            self.socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                f"Content-Length: {len(text)}\r\n{fields}\r\n{text}".encode())
            return self.read()
        except OSError:
            self.close()
            return None

    def read(self):
        data = self.rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data = self.more(data)
        head = data[:end].decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r")[0] or 0)
        while len(data) < end + 4 + length:
            data = self.more(data)
        self.rest = data[end + 4 + length:]
        return int(head[9:12]), data[end + 4:end + 4 + length]

    def more(self, data):
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("closed")
        return data + piece


class Customer(threading.Thread):
    def __init__(self, crowd, number, seed):
        super().__init__(daemon=True)
        self.crowd = crowd
        self.name = f"c{number}"
        self.random = random.Random(f"{seed}/{number}")
        self.wire = Wire(crowd.port)
        self.call = None
        self.made = 0
        self.done = []
        self.unanswered = 0
        self.is_idle = threading.Event()

    def run(self):
        while not self.crowd.is_over.is_set():
            if not self.crowd.may_work.is_set():
                self.is_idle.set()
                self.crowd.may_work.wait(0.2)
                continue
            self.is_idle.clear()
            if self.call is None and self.crowd.is_ending.is_set():
                self.crowd.may_work.wait(0.01)
                self.is_idle.set()
                time.sleep(0.01)
                continue
            try:
                self.step()
                time.sleep(self.crowd.pause_s)
            except Exception as failure:  # pylint: disable=broad-except
                self.crowd.troubles.append(f"{self.name}: {failure!r}")
                return

    def step(self):
        if self.call is None:
            self.call = self.next_call()
        call = self.call
        answer = self.wire.ask("POST", call.path, call.text, f"Idempotency-Key: {call.key}\r\n")
        if answer is None:
            self.unanswered += 1
            time.sleep(0.002)
            return
        status, body = answer
        if status in (200, 201):
            call.answer = body
            self.done.append(call)
            self.call = None
            if call.kind == "order" and self.random.random() < 0.05:
                self.crowd.repeat(self.wire, call)
        elif call.kind == "cancel" and status == 409 and b"already_final" in body:
            self.call = None  # it had failed: nothing to cancel
        elif status in (409, 429) or status >= 500:
            time.sleep(0.02)
        else:
            raise RuntimeError(f"key {call.key}: {status} {body[:300]!r}")

    def next_call(self):
        self.made += 1
        key = f"{self.crowd.tag}-{self.name}-{self.made}"
        chance = self.random.random()
        orders = [call for call in self.done[-20:] if call.kind == "order"]
        if chance < 0.05 and orders:
            order = json.loads(self.random.choice(orders).answer)["id"]
            return Call("cancel", key, f"/orders/{order}/cancel", {}, subject=order)
        if chance < 0.08:
            sku = self.random.choice(SKUS)
            quantity = 3 if sku == SKUS[0] else self.random.randint(50, 400)
            return Call("delivery", key, f"/inventory/{sku}/receipts", {"quantity": quantity}, subject=(sku, quantity))
        method = self.random.choices(["tok_approve", "tok_decline", "tok_card"], [70, 5, 25])[0]
        lines = [{"sku": sku, "quantity": self.random.randint(1, 3)}
                 for sku in self.random.sample(SKUS, self.random.randint(1, 3))]
        total = sum(line["quantity"] for line in lines) * PRICE_MINOR
        return Call("order", key, "/orders", {"lines": lines, "currency": "EUR", "payment_method": method}, total)


class Crowd:
    """Customers of one store, from its first order to its last."""

    def __init__(self, port, tag, seed, count, pause_s=0):
        self.port = port
        self.tag = tag
        self.pause_s = pause_s  # after each call
        self.may_work = threading.Event()
        self.is_ending = threading.Event()
        self.is_over = threading.Event()
        self.troubles = []
        self.repeats = 0
        self.first_deliveries = []
        self.customers = [Customer(self, number, f"{seed}/{tag}") for number in range(count)]

    def stock_up(self):
        """Products, and little stock; before the first kill."""
        wire = Wire(self.port)
        for position, sku in enumerate(SKUS):
            product = {"name": f"Crash {position}", "price_minor": PRICE_MINOR, "currency": "EUR"}
            quantity = SCARCE if position == 0 else PLENTY
            call = Call("delivery", f"{self.tag}-first-{sku}", f"/inventory/{sku}/receipts", {"quantity": quantity},
                        subject=(sku, quantity))
            for method, path, text, key in (("PUT", f"/products/{sku}", json.dumps(product), ""),
                                            ("POST", call.path, call.text, call.key)):
                answer = wire.ask(method, path, text, f"Idempotency-Key: {key}\r\n" if key else "")
                if answer is None or answer[0] not in (200, 201):
                    raise RuntimeError(f"{path}: {answer}")
            call.answer = answer[1]
            self.first_deliveries.append(call)
        wire.close()
        for customer in self.customers:
            customer.start()

    def repeat(self, wire, call):
        """The same key again has the same answer, to the byte."""
        again = wire.ask("POST", call.path, call.text, f"Idempotency-Key: {call.key}\r\n")
        self.repeats += 1
        if again is not None and again[0] in (200, 201) and again[1] != call.answer:
            self.troubles.append(f"key {call.key}: first {call.answer!r}, then {again[1]!r}")

    def repeat_some(self, count, chance):
        """Of those that were acknowledged before a kill."""
        calls = [call for call in self.done() if call.kind == "order"]
        wire = Wire(self.port)
        for call in chance.sample(calls, min(count, len(calls))):
            self.repeat(wire, call)
        wire.close()

    def go(self):
        self.may_work.set()

    def halt(self, limit_s=ANSWER_S + 10):
        """No further calls; what is under way gets its answer, or none."""
        for customer in self.customers:
            customer.is_idle.clear()
        self.may_work.clear()
        end = time.monotonic() + limit_s
        while any(customer.is_alive() and not customer.is_idle.is_set() for customer in self.customers):
            if time.monotonic() > end:
                self.troubles.append(f"customers still wait for an answer after {limit_s} s")
                return
            time.sleep(0.001)

    def finish(self, limit_s=60):
        """No new calls; those that had no answer get one. True once all have."""
        self.is_ending.set()
        self.may_work.set()
        end = time.monotonic() + limit_s
        while any(customer.call is not None and customer.is_alive() for customer in self.customers):
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        self.is_over.set()
        for customer in self.customers:
            customer.join(30)
        return True

    def done(self):
        return self.first_deliveries + [call for customer in self.customers for call in list(customer.done)]

    def open_calls(self):
        return [customer.call for customer in self.customers if customer.call is not None]

    def unanswered(self):
        return sum(customer.unanswered for customer in self.customers)
