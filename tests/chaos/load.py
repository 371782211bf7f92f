# SPDX-License-Identifier: MIT
"""Customers: they order through the gateways with idempotency keys, repeat what got no answer, and
write down what they were told. An answer is ok or fail; no answer is unknown, never fail."""

import http.client
import json
import random
import threading
import time

SKUS = [f"chaos-{number}" for number in range(8)]
PRICE_MINOR = 250
REPEAT_SHARE = 0.1 # of acknowledged orders that are asked for again
ANSWER_S = 12


class Customer(threading.Thread):
    """One at a time; `history` maps a key to [("invoke"|"ok"|"fail"|"unknown", word), ...]."""

    def __init__(self, ports, seed, number, rate):
        super().__init__(daemon=True)
        self.ports = ports
        self.random = random.Random(f"{seed}/{number}")
        self.name = f"c{number}"
        self.pause_s = 1 / rate
        self.history = {}
        self.acknowledged = {} # key -> (order id, total)
        self.troubles = []
        self.may_work = threading.Event()
        self.is_idle = threading.Event()
        self.is_over = threading.Event()
        self.connection = None
        self.placed = 0

    def run(self):
        while not self.is_over.is_set():
            if not self.may_work.is_set():
                self.is_idle.set()
                self.may_work.wait(0.2)
                continue
            self.is_idle.clear()
            try:
                self.order()
            except Exception as failure:  # pylint: disable=broad-except
                self.troubles.append(f"{self.name}: {failure!r}")
                self.is_over.set()
            time.sleep(self.pause_s * self.random.random() * 2)
        self.is_idle.set()

    # --- HTTP

    def call(self, method, path, body=None, headers=None):
        """(status, answer), or (None, why) where nobody can say what became of it."""
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    "127.0.0.1", self.random.choice(self.ports), timeout=ANSWER_S)
            self.connection.request(method, path, json.dumps(body) if body is not None else None,
                                    {"Content-Type": "application/json", **(headers or {})})
            answer = self.connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else {}
        except (OSError, http.client.HTTPException, ValueError) as why:
            if self.connection is not None:
                self.connection.close()
            self.connection = None # the other gateway, perhaps
            return None, repr(why)

    # --- orders

    def body(self):
        count = self.random.randint(1, 3)
        method = self.random.choices(["tok_approve", "tok_decline", "tok_card"], [70, 5, 25])[0]
        return {"lines": [{"sku": sku, "quantity": self.random.randint(1, 3)}
                          for sku in self.random.sample(SKUS, count)],
                "currency": "EUR", "payment_method": method}

    def order(self):
        key = f"{self.name}-{self.placed}"
        self.placed += 1
        body = self.body()
        total = sum(line["quantity"] for line in body["lines"]) * PRICE_MINOR
        order_id = self.ask(key, body)
        if order_id is None:
            return
        self.acknowledged[key] = (order_id, total)
        if self.random.random() < REPEAT_SHARE:
            again = self.ask(key, body)
            if again not in (None, order_id):
                self.troubles.append(f"key {key} made two orders: {order_id} and {again}")
        if self.random.random() < 0.04:
            self.call("POST", f"/orders/{order_id}/cancel", {},
                      {"Idempotency-Key": f"{key}-cancel"})

    def ask(self, key, body):
        """The order's id once somebody says it; None when it stays unknown."""
        events = self.history.setdefault(key, [])
        end = time.monotonic() + 90
        while time.monotonic() < end and not self.is_over.is_set():
            events.append(("invoke", time.time()))
            status, answer = self.call("POST", "/orders", body, {"Idempotency-Key": key})
            if status in (200, 201):
                events.append(("ok", answer["id"]))
                return answer["id"]
            if status in (400, 401, 403, 404, 413, 422):
                events.append(("fail", status))
                self.troubles.append(f"key {key}: {status} {answer}")
                return None
            # 409 key_in_flight, 429, 5xx: ask again by the same key.
            events.append(("unknown", status if status is not None else answer))
            time.sleep(0.1 + self.random.random() * 0.4)
        return None


class Load:
    def __init__(self, cluster, seed, customers, rate):
        self.customers = [Customer(cluster.gateways(), seed, number, rate / customers)
                          for number in range(customers)]
        for customer in self.customers:
            customer.start()

    def go(self):
        for customer in self.customers:
            customer.may_work.set()

    def hold(self, limit_s):
        """No new orders; True once all that was asked is answered or given up."""
        for customer in self.customers:
            customer.may_work.clear()
        end = time.monotonic() + limit_s
        while not all(customer.is_idle.is_set() for customer in self.customers):
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def end(self):
        for customer in self.customers:
            customer.is_over.set()
        for customer in self.customers:
            customer.join(30)

    def acknowledged(self):
        return {key: answer for customer in self.customers
                for key, answer in list(customer.acknowledged.items())}

    def asked(self):
        return sum(len(customer.history) for customer in self.customers)

    def unknown(self):
        return sum(1 for customer in self.customers for events in list(customer.history.values())
                   if events and all(event[0] != "ok" for event in events))

    def repeats(self):
        return sum(1 for customer in self.customers for events in list(customer.history.values())
                   for event in events if event[0] == "unknown")

    def troubles(self):
        return [trouble for customer in self.customers for trouble in customer.troubles]


def stock_up(cluster, number):
    """Products, and stock that does not last: `number` names the delivery."""
    shop = Customer(cluster.gateways(), 0, 0, 1)
    for position, sku in enumerate(SKUS):
        product = {"sku": sku, "name": f"Chaos {position}", "price_minor": PRICE_MINOR,
                   "currency": "EUR"}
        calls = [("PUT", f"/products/{sku}", product, None)] if number == 0 else []
        # The first is short nearly always: the last units are fought for.
        quantity = 40 if position == 0 else 600
        calls.append(("POST", f"/inventory/{sku}/receipts", {"quantity": quantity},
                      {"Idempotency-Key": f"delivery-{number}-{sku}"}))
        for call in calls:
            for _ in range(200):
                status, answer = shop.call(*call)
                if status is not None and status < 300:
                    break
                if status is not None and 400 <= status < 500 and status not in (404, 409, 429):
                    raise RuntimeError(f"{call[1]}: {status} {answer}")
                time.sleep(0.1)
            else:
                raise RuntimeError(f"{call[1]}: {status} {answer}")
