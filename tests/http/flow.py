# SPDX-License-Identifier: MIT
"""flow.py: the saga over the real engines, each of its ends, as customers see it at the gateway and as the topics tell it."""

import http.client
import json
import pathlib
import re
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_cluster import System, disordered, partition_of, take_environment  # noqa: E402

MODULE_OF = {"orders": "order", "inventory": "inventory", "payments": "payment", "products": "product",
             "views": "product"}
SENT = 3  # notifications.state
TRACE = "00-%s-b7ad6b7169203331-01"


class Flow:
    def __init__(self, system):
        self.system = system
        self.expected = {}  # order id: (event types that must be there, others that may be)
        self.traces = {}

    def expect_events(self, order, must, may=()):
        self.expected[order["id"]] = (must.split(), set(may))

    def place(self, token, quantity=1, wait=0, key=None):
        trace = uuid.uuid4().hex
        headers = {"Idempotency-Key": key or uuid.uuid4().hex, "traceparent": TRACE % trace}
        if wait:
            headers["Prefer"] = f"wait={wait}"
        status, fields, body = self.system.call("POST", "/orders", self.system.order(token, quantity), headers)
        self.system.expect(status == 201 and fields["Location"] == f"/orders/{body['id']}", status, body)
        self.traces[body["id"]] = trace
        return body

    def words_of_history(self, order):
        return [step["event"] for step in self.system.call("GET", f"/orders/{order['id']}/history")[2]["items"]]


def completed(flow):
    system = flow.system
    key = uuid.uuid4().hex
    request = system.order("tok_approve", 2)
    headers = {"Idempotency-Key": key, "traceparent": TRACE % ("a" * 32)}
    status, fields, first = system.gateway.client.raw("POST", "/orders", request, headers)
    order = json.loads(first)
    flow.traces[order["id"]] = "a" * 32
    system.expect((status, order["total_minor"]) == (201, 2500), status, order)
    system.expect("Idempotency-Replayed" not in fields, dict(fields))
    status, fields, again = system.gateway.client.raw("POST", "/orders", request, {"Idempotency-Key": key})
    system.expect((status, again) == (201, first), status, first, again)
    system.expect(fields["Idempotency-Replayed"] == "true", dict(fields))
    # A repeat that waits is told how things are now.
    _, _, now = system.call("POST", "/orders", request, {"Idempotency-Key": key, "Prefer": "wait=20"})
    system.expect((now["id"], now["status"]) == (order["id"], "COMPLETED"), now)
    status, _, problem = system.call("POST", "/orders", system.order("tok_approve", 3), {"Idempotency-Key": key})
    system.expect((status, problem["code"]) == (422, "key_reused"), status, problem)
    done = system.settled(order, "COMPLETED")
    system.expect((done["outcome"], done["reason"]) == ("COMPLETED", None), done)
    system.stock(available=98, reserved=0, sold=3)
    flow.expect_events(order, "order.created inventory.reserved payment.authorized order.completed "
                              "inventory.committed payment.captured")
    return done


def declined(flow):
    order = flow.place("tok_decline", wait=20)
    flow.system.expect((order["status"], order["reason"]) == ("FAILED", "payment_declined"), order)
    flow.system.settled(order, "FAILED")
    flow.expect_events(order, "order.created inventory.reserved payment.declined order.failed inventory.released "
                              "payment.voided")


def rejected(flow):
    order = flow.place("tok_approve", quantity=500, wait=20)
    flow.system.expect((order["status"], order["reason"]) == ("FAILED", "out_of_stock"), order)
    flow.system.settled(order, "FAILED")
    flow.expect_events(order, "order.created inventory.rejected order.failed inventory.released payment.voided")
    return order


def returned(flow, order):
    """A cancelled order that was complete is a full return; a repeated cancel changes nothing."""
    system = flow.system
    for _ in range(2):
        status, _, body = system.call("POST", f"/orders/{order['id']}/cancel", {"note": "too large"})
        system.expect((status, body["status"]) == (200, "CANCELLED"), status, body)
    body = system.settled(order, "CANCELLED")
    system.expect((body["outcome"], body["reason"]) == ("CANCELLED", "customer"), body)
    system.stock(available=100, reserved=0, sold=3, received=103)
    flow.expect_events(order, "order.created inventory.reserved payment.authorized order.completed "
                              "inventory.committed payment.captured order.cancelled inventory.returned "
                              "payment.refunded")
    words = flow.words_of_history(order)
    system.expect(len(words) >= 4, words)


def stream_of(system, order):
    """The states that the gateway streams until it ends the stream by itself."""
    connection = http.client.HTTPConnection("127.0.0.1", system.gateway.port, timeout=60)
    connection.request("GET", f"/orders/{order['id']}/events", headers={"Accept": "text/event-stream"})
    answer = connection.getresponse()
    system.expect(answer.status == 200, "stream", answer.status)
    return connection, answer


def states(text):
    return [json.loads(line[5:])["status"] for line in text.decode().splitlines() if line.startswith("data:")]


def without_payment(flow):
    """Nobody takes payments: one order is cancelled meanwhile, one runs into its deadline, and the late answers undo what
    there is to undo."""
    system = flow.system
    system["payment"].end()
    cancelled, late = flow.place("tok_approve"), flow.place("tok_approve", quantity=3)
    for order in (cancelled, late):
        system.until("RESERVED", lambda order=order: system.call(
            "GET", f"/orders/{order['id']}")[2]["status"] == "RESERVED")
    connection, stream = stream_of(system, cancelled)
    status, _, body = system.call("POST", f"/orders/{cancelled['id']}/cancel", {})
    system.expect((status, body["status"], body["settled_at"]) == (200, "CANCELLED", None), status, body)
    seen = states(stream.read())  # to its end
    connection.close()
    system.expect(seen[0] == "RESERVED" and seen[-1] == "CANCELLED", "stream", seen)
    body = system.until("deadline", lambda: (
        lambda answer: answer if answer["status"] == "FAILED" else None)(
            system.call("GET", f"/orders/{late['id']}")[2]))
    system.expect((body["reason"], body["settled_at"]) == ("deadline", None), body)
    system.stock(available=100, reserved=0)  # given back without the payment's word
    time.sleep(1.2)  # beyond the grace: what comes now is late
    system["payment"].start()
    system.settled(cancelled, "CANCELLED")
    system.settled(late, "FAILED")
    flow.expect_events(cancelled, "order.created inventory.reserved order.cancelled inventory.released payment.voided",
                       may={"payment.authorized", "payment.declined"})
    flow.expect_events(late, "order.created inventory.reserved order.failed inventory.released payment.voided",
                       may={"payment.declined"})
    status, _, problem = system.call("POST", f"/orders/{late['id']}/cancel", {})
    system.expect((status, problem["code"]) == (409, "already_final"), status, problem)


def without_inventory(flow):
    """Nobody reserves: the payment hears of the end of an order that it never met, and keeps a tombstone."""
    system = flow.system
    system["inventory"].end()
    order = flow.place("tok_approve")
    system.until("deadline", lambda: system.call("GET", f"/orders/{order['id']}")[2]["status"] == "FAILED")
    time.sleep(1.2)
    system["inventory"].start()
    body = system.settled(order, "FAILED")
    system.expect(body["reason"] == "deadline", body)
    system.stock(available=100, reserved=0)
    flow.expect_events(order, "order.created inventory.rejected order.failed inventory.released payment.voided")


# --- what the others made of it -------------------------------------------------------------------


def all_settled_events(flow):
    """All records of the saga's topics, once each order has what it must have."""
    system = flow.system

    def ask():
        records = {name: system.records(name) for name in MODULE_OF}
        saga = [record for name in ("orders", "inventory", "payments") for record in records[name]]
        for order, (must, _) in flow.expected.items():
            types = {record["headers"]["ce_type"] for record in saga if record["key"] == order}
            if not set(must) <= types:
                ask.missing = order, set(must) - types
                return None
        return records
    ask.missing = None
    return system.until("all events", ask, 30)


def check_records(flow, records):
    system = flow.system
    for name, module in MODULE_OF.items():
        system.expect(not disordered(records[name]), disordered(records[name]))
        for record in records[name]:
            headers = record["headers"]
            log = headers["ce_source"].rpartition("/")[2]
            wanted = {"ce_source": f"/aurora/{module}/{log}", "ce_id": f"{log}-{headers['ce_sequence']}",
                      "ce_specversion": "1.0", "ce_subject": record["key"]}
            found = {field: headers.get(field) for field in wanted}
            system.expect(found == wanted, name, found, wanted)
            system.expect(headers.get("content-type", "").startswith("application/json"), headers)
            system.expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z", headers["ce_time"]), headers)
            system.expect(record["partition"] == partition_of(record["key"]), name, record["key"])


def check_orders(flow, records):
    """Each order has its events, each once, and one trace."""
    system = flow.system
    saga = [record for name in ("orders", "inventory", "payments") for record in records[name]]
    for order, (must, may) in flow.expected.items():
        own = [record for record in saga if record["key"] == order]
        first = [record for record in own if not record["data"]["resend"]]
        types = [record["headers"]["ce_type"] for record in first]
        allowed = set(must) | may
        system.expect(set(must) <= set(types) <= allowed and len(types) == len(set(types)), order, must, types)
        system.expect(all(record["data"]["order_id"] == order for record in own), order)
        traces = {record["headers"]["traceparent"].split("-")[1] for record in own}
        system.expect(traces == {flow.traces[order]}, order, traces, flow.traces[order])


def check_bodies(flow, records, short):
    system = flow.system
    by_type = {}
    for name in ("orders", "inventory", "payments"):
        for record in records[name]:
            by_type.setdefault((record["key"], record["headers"]["ce_type"]), record["data"])
    rejected_data = by_type[short["id"], "inventory.rejected"]
    system.expect(rejected_data["short"] == [{"sku": "mug", "requested": 500, "available": 98}], rejected_data)
    for order, (must, _) in flow.expected.items():
        created = by_type[order, "order.created"]
        system.expect(created["lines"] and created["currency"] == "EUR", created)
        if "payment.captured" in must:
            captured = by_type[order, "payment.captured"]
            system.expect(captured["amount_minor"] == created["total_minor"] and captured["payment_id"], captured)


def check_others(flow):
    """One notification each, sent; search and trending know the product."""
    system = flow.system
    count = 1 + sum(2 if "order.cancelled" in must and "order.completed" in must else 1
                for must, _ in flow.expected.values())  # and the first order

    def all_sent():
        rows = system.psql("SELECT order_id, kind, state FROM aurora_notification.notifications")
        return len(rows) == count and all(int(row[2]) == SENT for row in rows)
    system.until(f"{count} notifications", all_sent, 30)
    text = system["notification"].log.read_text(errors="replace")
    for order, (must, _) in flow.expected.items():
        lines = [line for line in text.splitlines() if order in line]
        ends = [word for word in must if word in ("order.completed", "order.failed", "order.cancelled")]
        system.expect(len(lines) == len(ends), "notified", order, lines)
    hits = system.until("search", lambda: system.call("GET", "/search?q=earthenware")[2].get("hits"), 30)
    system.expect([hit["sku"] for hit in hits] == ["mug"], hits)
    system.until("trending", lambda: [item["sku"] for item in system.call(
        "GET", "/recommendations/trending")[2]["items"]] == ["mug"], 30)
    system.until("views", lambda: [record["data"]["count"] for record in system.records("views")] == [1], 30)


def main():
    engines = take_environment()
    begin = time.monotonic()
    # The participants' grace is short from the start, the deadline later: it is written into each order.
    with System(engines, settings="order_deadline = 5m\norder_late_grace = 1s\nresend_first = 30s\n") as system:
        system.sell("mug", 100, description="earthenware")
        system.settled(system.place("tok_approve", sku="mug"), "COMPLETED")  # the price list has heard of it
        system.call("POST", "/inventory/mug/receipts", {"quantity": 1}, {"Idempotency-Key": "second"})
        print(f"flow: ready after {time.monotonic() - begin:.0f} s")
        flow = Flow(system)
        status, _, body = system.call("POST", "/products/mug/views", {})
        system.expect(status == 204, "view", status, body)
        one = completed(flow)
        declined(flow)
        short = rejected(flow)
        returned(flow, one)
        system.reload("order", "order_deadline", "6s")
        without_payment(flow)
        without_inventory(flow)
        records = all_settled_events(flow)
        check_records(flow, records)
        check_orders(flow, records)
        check_bodies(flow, records, short)
        check_others(flow)
        system.verify()
        system.end()
    print(f"flow: {len(flow.expected)} orders, {sum(map(len, records.values()))} events, "
          f"{time.monotonic() - begin:.0f} s")


main()
