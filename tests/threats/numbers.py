#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S11: the edges of 64-bit integers in every number of every body and query of the served description; sums and products
that leave their range; counters that stand at the end of theirs; a price of the client's own (which threats/roles has).

Mutation: read_integer() of src/http/json_value.c without its look at overflow: 2^64 + 1 is taken for 1.
Mutation: read_int() of src/http/fields.c without it: limit=18446744073709551617 is limit=1.
Mutation: asked_wait_ms() of src/gateway/request.c looks at 30 s alone: a wait far below 0 is a 401 of the service.
Mutation: aurora_money_add() of src/core/money.c adds unchecked: lines that each fit make a small or negative total.
Mutation: aurora__stock_receive() of src/core/stock.c adds unchecked: a receipt at the end of the range is a 500."""

import json
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_threats import (SECRET, UNKNOWN_ID, Client, Complaints, Server, aurorad, need, order_of, sell,  # noqa: E402
                            through_gateway)

INT64_MAX, INT64_MIN = 2**63 - 1, -2**63
QUANTITY, MOVEMENT, PRICE = 10**6, 10**9, 10**12
# Texts of JSON numbers that stand near an edge, by their value; and what is no integer at all.
EDGES = sorted({sign * (2**bits + step) for bits in (8, 15, 16, 31, 32, 53, 62, 63, 64, 65) for step in (-2, -1, 0, 1)
                for sign in (1, -1)} | {0, 1, -1, 10**19, -10**19, 10**40, -10**40, 2**64 + 7, 2**64 * 3 + 7, 10**400,
                    INT64_MIN // 1000 - 1, INT64_MIN // 1000 - 2, INT64_MAX // 1000 + 1, INT64_MIN // 10**6 - 1})
NO_INTEGERS = ("1.0", "1.5", "1e2", "1E0", "1e400", "-1e400", "1e-400", "0.1", '"1"', "true", "[1]", '{"a":1}')


class Raw(str):
    """Text that goes into a body as it is."""


def rendered(value):
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{rendered(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(rendered(one) for one in value) + "]"
    return json.dumps(value)


def order(quantity=1, price=None, charges=None, count=1, sku="mug"):
    line = {"sku": sku, "quantity": quantity}
    if price is not None:
        line["unit_price_minor"] = price
    body = {**order_of(), "lines": [line] * count}
    if charges is not None:
        body["charges"] = charges
    return body


def charge(kind, amount):
    return [{"kind": kind, "label": "x", "amount_minor": amount}]


# (what, target, body with the number at its place, pointer, min, max): every number that a client may send.
BODIES = (
    ("quantity", "POST", "/orders", lambda n: order(n, sku="none"), "/lines/0/quantity", 1, QUANTITY),
    ("unit price", "POST", "/orders", lambda n: order(1, n, sku="none"), "/lines/0/unit_price_minor", 0, PRICE),
    ("tax", "POST", "/orders", lambda n: order(1, PRICE, charge("tax", n), sku="none"), "/charges/0/amount_minor", 0, PRICE),
    ("discount", "POST", "/orders", lambda n: order(1, PRICE, charge("discount", n), sku="none"),
     "/charges/0/amount_minor", -PRICE, 0),
    ("price", "PUT", "/products/cup", lambda n: {"name": "Cup", "currency": "EUR", "price_minor": n}, "/price_minor", 0, PRICE),
    ("posted price", "POST", "/products", lambda n: {"sku": "mug", "name": "Cup", "currency": "EUR", "price_minor": n},
     "/price_minor", 0, PRICE),
    ("receipt", "POST", "/inventory/mug/receipts", lambda n: {"quantity": n}, "/quantity", 1, MOVEMENT),
    ("adjustment", "POST", "/inventory/pan/adjustments", lambda n: {"quantity": n, "reason": "x"}, "/quantity",
     -MOVEMENT, MOVEMENT),
)
QUERIES = (
    ("/orders", "limit", 1, 1000), ("/products", "limit", 1, 1000), ("/inventory", "limit", 1, 1000),
    ("/inventory", "below", 1, INT64_MAX), ("/inventory/mug/reservations", "limit", 1, 1000), ("/search", "limit", 1, 100),
    ("/search", "min_price", 0, PRICE), ("/search", "max_price", 1, PRICE), ("/search/suggest?q=m", "limit", 1, 20),
    ("/recommendations/trending", "limit", 1, 1000), ("/recommendations/popular", "limit", 1, 1000),
    ("/recommendations/related/mug", "limit", 1, 100), ("/admin/sagas", "limit", 1, 1000), ("/admin/dead-letters", "limit", 1, 1000),
    ("/admin/notifications", "limit", 1, 1000), ("/admin/events", "limit", 1, 1000), ("/admin/events", "after", 0, INT64_MAX - 1),
    ("/admin/events", "wait", 0, 30),
)


def blamed(answer, kind, name):
    try:
        return name in [error.get(kind) for error in answer.json.get("errors", [])]
    except ValueError:
        return False


def walk_bodies(client, found):
    for what, method, target, body, pointer, low, high in BODIES:
        for number in sorted(set(EDGES) | {low - 1, low, low + 1, high - 1, high, high + 1}):
            text = rendered(body(Raw(number))).encode()
            answer = client.ask(method, target, text)
            is_good = low <= number <= high and not (what == "adjustment" and number == 0)
            code = "invalid_field" if len(str(number)) <= 63 else "invalid_json"
            refused = answer.status == 400 and answer.code == code and blamed(answer, "pointer", pointer)
            found.expect(refused != is_good and answer.status < 500, what, str(number)[:30], answer)
            if is_good and answer.status in (200, 201) and "price_minor" in answer.json:
                found.expect(answer.json["price_minor"] == number, what, "is stored as", answer)
        for text in NO_INTEGERS:
            answer = client.ask(method, target, rendered(body(Raw(text))).encode())
            found.expect(answer.status == 400 and answer.code == "invalid_field", what, text, answer)


def all_numbers_are_asked(client, found):
    """Every integer of a request's schema and of a query is in the tables above."""
    document = client.must(200, "GET", "/openapi.json").json

    def resolve(schema):
        while "$ref" in schema:
            name = schema["$ref"].split("/")[1:]
            schema = document
            for part in name:
                schema = schema[part]
        return schema

    def numbers(schema):
        schema = resolve(schema)
        kinds = schema.get("type")
        if "integer" in (kinds if isinstance(kinds, list) else [kinds]) and not schema.get("readOnly"):
            yield ""
        for name, one in schema.get("properties", {}).items():
            for rest in numbers(one):
                yield f"/{name}{rest}"
        if "items" in schema:
            for rest in numbers(schema["items"]):
                yield f"/0{rest}"
    asked = {(method, target.replace("/mug", "/{sku}").replace("/pan", "/{sku}").replace("/cup", "/{sku}"), pointer)
             for _, method, target, _, pointer, _, _ in BODIES}
    asked |= {("POST", "/products:batch", "/products/0/price_minor"),  # below, and threats/callbacks
              ("POST", "/payments/callbacks", "/retry_after_ms")}
    queries = {(target.split("?")[0].replace("/mug", "/{sku}"), name) for target, name, _, _ in QUERIES}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            content = resolve(operation.get("requestBody", {})).get("content", {})
            for one in content.values():
                for pointer in numbers(one["schema"]):
                    found.expect((method.upper(), path, pointer) in asked, "not asked:", method, path, pointer)
            for parameter in map(resolve, operation.get("parameters", [])):
                if parameter["in"] == "query" and resolve(parameter["schema"]).get("type") == "integer":
                    found.expect((path, parameter["name"]) in queries, "not asked:", path, parameter["name"])


def walk_batch(client, found):
    """A batch judges each of its products for itself, by the same rule."""
    numbers = [number for number in EDGES if abs(number) < 10**50] + [PRICE, PRICE + 1]
    products = [{"sku": f"batch-{at}", "name": "B", "currency": "EUR", "price_minor": Raw(number)}
                for at, number in enumerate(numbers)]
    answer = client.ask("POST", "/products:batch", rendered({"products": products}).encode())
    found.expect(answer.status == 200, "batch", answer)
    for at, (number, item) in enumerate(zip(numbers, answer.json["items"])):
        good = 0 <= number <= PRICE
        found.expect(item["status"] == (200 if good else 400), "batch", number, item)
        found.expect(good or item["pointer"] == f"/products/{at}/price_minor", "batch", number, item)


def walk_queries(client, found):
    for target, name, low, high in QUERIES:
        join = "&" if "?" in target else "?"
        for number in sorted(set(EDGES) | {low - 1, low, high, high + 1}):
            if name == "wait" and low < number <= high:
                continue  # it would wait
            answer = client.ask("GET", f"{target}{join}{name}={number}")
            is_good = low <= number <= high
            refused = answer.status == 400 and blamed(answer, "parameter", name)
            found.expect(refused != is_good and answer.status < 500 and (not is_good or answer.status in (200, 410)),
                         target, name, str(number)[:30], answer)
        for text in ("1.0", "1e2", "0x10", "%2B1", "1%20", "%201", "", "one", "%EF%BC%91", "1_0", "1,0", "01x"):
            answer = client.ask("GET", f"{target}{join}{name}={text}")
            found.expect(answer.status == 400 and blamed(answer, "parameter", name), target, name, repr(text), answer)


def walk_times(client, found):
    """Years at both ends: a time is 1970 to 9999, wherever it stands."""
    texts = ("0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z",
             "9999-12-31T23:59:59.999999Z", "10000-01-01T00:00:00Z", "99999-01-01T00:00:00Z", "2026-13-01T00:00:00Z",
             "-2026-01-01T00:00:00Z", "2026-01-01T00:00:00+99:99", "2026-01-01T24:00:00Z", "2026-01-01T00:00:61Z",
             "2026-01-01T00:00:00." + "9" * 40 + "Z", "292277026596-12-04T15:30:07Z", "9223372036854775807", "2026-00-00T00:00:00Z",
             "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00%2B23:59", "1970-01-01T00:00:00%2B23:59")
    for text in texts:
        for target in ("/orders?from=", "/orders?to=", "/recommendations/trending?at="):
            answer = client.ask("GET", target + text.replace("+", "%2B").replace("%252B", "%2B"))
            found.expect(answer.status in (200, 400, 422), target, text, answer)
        body = {**order_of(sku="none"), "placed_at": text.replace("%2B", "+")}
        answer = client.ask("POST", "/orders", body)
        found.expect(answer.status in (400, 422), "placed_at", text, answer)
    for text in ("1s", "1d", "9223372036854775807h", "9223372036854775807ms", "18446744073709551617s", "-1s", "1e3s", "1000000w"):
        answer = client.ask("GET", f"/admin/sagas?age={text}")
        found.expect(answer.status in (200, 400), "age", text, answer)


# --- sums -----------------------------------------------------------------------------------------------------------


def lines(*pairs):
    return [{"sku": "mug", "quantity": quantity, "unit_price_minor": price} for quantity, price in pairs]


def walk_sums(client, found):
    """The largest total is INT64_MAX; one more is 422 and leaves nothing behind."""
    before = client.must(200, "GET", "/orders?limit=1000").json["items"]
    most = [(QUANTITY, PRICE)] * 9 + [(223372, PRICE), (1, 36854775807)]
    assert sum(quantity * price for quantity, price in most) == INT64_MAX
    whole = {**order_of(token="tok_decline"), "lines": lines(*most)}
    answer = client.ask("POST", "/orders", whole)
    found.expect(answer.status == 201 and answer.json["total_minor"] == INT64_MAX, "the largest total", answer)
    taken = [answer.json.get("id")]
    read = client.ask("GET", f"/orders/{answer.json.get('id')}")
    found.expect(read.status == 200 and read.json["total_minor"] == INT64_MAX, "the largest total, read", read)
    free = {**whole, "charges": charge("discount", -PRICE)}
    answer = client.ask("POST", "/orders", free)
    found.expect(answer.status == 201 and answer.json["total_minor"] == INT64_MAX - PRICE, "a discount of it", answer)
    taken.append(answer.json.get("id"))
    over = {
        "one more": {**whole, "lines": lines(*most, (1, 1))},
        "a tax on it": {**whole, "charges": charge("tax", 1)},
        "2^64": {**whole, "lines": lines(*[(QUANTITY, PRICE)] * 18, (446744, PRICE), (1, 73709551616))},
        "a thousand lines": {**whole, "lines": lines(*[(QUANTITY, PRICE)] * 1000)},
        "a tax and a discount": {**whole, "charges": charge("tax", PRICE) + charge("discount", -PRICE)},
    }
    for what, body in over.items():
        answer = client.ask("POST", "/orders", body)
        found.expect((answer.status, answer.code) == (422, "amount_overflow") or
                     (what == "a tax and a discount" and answer.status in (201, 422)), what, answer)
        if answer.status == 201:
            found.expect(answer.json["total_minor"] == INT64_MAX, what, answer)
            taken.append(answer.json["id"])
    negative = {**order_of(), "lines": lines((1, 5)), "charges": charge("discount", -6)}
    answer = client.ask("POST", "/orders", negative)
    found.expect(answer.status == 422, "a negative total", answer)
    deep = {**order_of(), "lines": lines((1, 0)), "charges": charge("discount", -PRICE) * 64}
    answer = client.ask("POST", "/orders", deep)
    found.expect(answer.status == 422, "64 discounts", answer)
    # By the catalogue's price: what the client chooses are quantities alone.
    client.must((200, 201), "PUT", "/products/gold", {"name": "Gold", "price_minor": PRICE, "currency": "EUR"})
    answer = client.ask("POST", "/orders", order(QUANTITY, count=10, sku="gold"), scopes="orders:write")
    found.expect((answer.status, answer.code) == (422, "amount_overflow"), "ten lines of gold", answer)
    answer = client.ask("POST", "/orders", order(QUANTITY, count=1000, sku="mug"), scopes="orders:write")
    found.expect(answer.status == 201 and answer.json["status"] == "FAILED" and answer.json["reason"] == "out_of_stock",
                 "10^9 units of one SKU in 1,000 lines", answer)
    taken.append(answer.json.get("id"))
    after = client.must(200, "GET", "/orders?limit=1000").json["items"]
    found.expect({one["id"] for one in after} - {one["id"] for one in before} == set(taken), "what was refused is stored",
                 len(after), len(before), taken)


def counters_at_the_end(found):
    """Counters that stand just below INT64_MAX (so many receipts nobody can send): a movement is refused and wraps nothing,
    and a return by cancel too."""
    with Server(secret=SECRET) as server:
        client = Client(server.port)
        sell(client, "mug", 100)
        sold = client.must(201, "POST", "/orders", order_of(quantity=10)).json
        server.stop()
        client.close()
        with sqlite3.connect(server.store.removeprefix("sqlite:")) as database:
            database.execute("UPDATE stock SET received = ?, available = ?", (INT64_MAX - 5, INT64_MAX - 5 - 10))
            found.expect(database.total_changes >= 1, "the file's row")
        server.start()
        before = client.must(200, "GET", "/inventory/mug").json
        found.expect(before["received"] == INT64_MAX - 5 and before["available"] == INT64_MAX - 15, "the counters", before)
        for verb, body in (("receipts", {"quantity": 6}), ("receipts", {"quantity": MOVEMENT}),
                           ("adjustments", {"quantity": 6, "reason": "x"}), ("adjustments", {"quantity": MOVEMENT, "reason": "x"})):
            answer = client.ask("POST", f"/inventory/mug/{verb}", body)
            found.expect(answer.status == 422 and answer.code == "amount_overflow", "beyond the end", verb, body, answer)
        answer = client.ask("POST", f"/orders/{sold['id']}/cancel", {})
        found.expect(answer.status in (200, 422), "a return beyond the end", answer)
        now = client.must(200, "GET", "/inventory/mug").json
        found.expect(all(now[name] >= 0 for name in ("available", "reserved", "sold", "received", "written_off")) and
                     now["available"] + now["reserved"] + now["sold"] == now["received"] - now["written_off"], "counters", now)
        answer = client.ask("POST", "/inventory/mug/receipts", {"quantity": 5})
        found.expect(answer.status == 201 and answer.json["received"] == INT64_MAX, "up to the end", answer)


def run(client, found):
    for sku in ("mug", "pan"):
        sell(client, sku, 1000)
    all_numbers_are_asked(client, found)
    walk_bodies(client, found)
    walk_batch(client, found)
    walk_queries(client, found)
    walk_times(client, found)
    client.must(200, "GET", "/admin/stats")
    client.must(404, "GET", f"/orders/{UNKNOWN_ID}")


def main():
    need("aurorad", "aurora-gateway")
    found = Complaints()
    for place in (aurorad, through_gateway):
        with place("--order-wait", "5s") as (client, _):
            run(client, found)
        with place("--order-wait", "5s") as (client, _):
            sell(client, "mug", 1000)
            walk_sums(client, found)
    counters_at_the_end(found)
    found.end("numbers")


if __name__ == "__main__":
    main()
