#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S15, S16 (who): two customers x every path x every method of the served /openapi.json, asked of aurorad, of a gateway
before it, of one that wants tokens. What bob asks about an order of alice is answered as it is for an id that does not exist, byte for byte; alice's
order stays as it was; lists show him none of hers, whatever cursor, filter or key of hers he has.

Mutation: is_visible() of src/routes/order_answer.c returns true: the walk finds 200s in place of 404s.
Mutation: aurora__order_read() of the same file has another detail for an order of another than for none: bytes differ.
Mutation: read_customer() of src/routes/orders.c leaves *out as it was given: lists show alice's rows.
Mutation: the route /orders/{id}/history of src/routes/orders.c with scope 0: nobody's 401 becomes a 404."""

import base64
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_threats import (ALL_SCOPES, METHODS, NOBODY, UNKNOWN_ID, Complaints, aurorad, by_tokens,  # noqa: E402
                            comparable, need, order_of, sell, through_gateway, until)

CANARIES = ("canary-contact@example.org", "canary-metadata", "canary-reference", "alice")
OWN = "orders:read orders:write"
NO_ADMIN = " ".join(scope for scope in ALL_SCOPES if scope not in ("orders:admin", "admin"))
# What bob may send with a request, each with the truth about alice's order in it.
BODIES = (None, {}, {"note": "mine"}, {"participant": "payment", "result": "captured", "note": "x"})


class Shop:
    def __init__(self, client):
        self.client = client
        sell(client, "mug", 1000)
        extras = {"contact": CANARIES[0], "metadata": {"note": CANARIES[1]}, "reference": CANARIES[2]}
        self.key = "alices-key"
        self.request = order_of(**extras)
        self.orders = [client.must(201, "POST", "/orders", self.request, {"Idempotency-Key": self.key}).json]
        self.orders += [client.must(201, "POST", "/orders", order_of(token=token, contact=CANARIES[0])).json
                        for token in ("tok_decline", "tok_timeout", "tok_approve")]
        client.must(201, "POST", "/orders", order_of(), principal="bob")
        self.cursor = client.must(200, "GET", "/orders?limit=1", scopes=OWN).json["next_cursor"]
        for order in (self.orders[0], self.orders[1], self.orders[3]):  # services take their time
            until("an order settles", lambda order=order: client.ask("GET", f"/orders/{order['id']}").json.get("settled_at"))
        self.paths = client.must(200, "GET", "/openapi.json").json["paths"]
        self.before = self.state()

    def state(self):
        """All that alice sees of her orders, but for the one whose payment never answers: it may still move."""
        return [self.client.ask("GET", f"/orders/{order['id']}{part}", scopes=OWN).body
                for order in (self.orders[0], self.orders[1], self.orders[3]) for part in ("", "/history")]


def fields_of(shop, order):
    """Header fields that would give something away if they were looked at before whose the order is."""
    return ({}, {"If-None-Match": f'"{order["version"]}"'}, {"If-Match": f'"{order["version"]}"'}, {"Prefer": "wait=1"},
            {"Last-Event-ID": str(order["version"])}, {"Idempotency-Key": shop.key},
            {"Accept": "text/event-stream"}, {"Range": "bytes=0-10"}, {"Aurora-Principal": "alice"},
            {"Aurora-Principal": "alice", "Aurora-Scopes": "orders:admin orders:read"}, {"X-User-Id": "alice"})


def ask_both(shop, found, who, scopes, method, template, order, body, headers, query):
    """About alice's order and about none: the answers must not differ."""
    answers = []
    for one in (order["id"], UNKNOWN_ID):
        target = template.replace("{id}", one).replace("{sku}", one).replace("{consumer}", "order").replace("{key}", one)
        answer = shop.client.ask(method, target + query, body, headers, principal=who, scopes=scopes)
        answers.append(answer)
        text = answer.body.decode("utf-8", "replace") + str(answer.fields)
        found.expect(not any(canary in text for canary in CANARIES), method, target, "tells of alice:", text[:300])
    ours, nones = comparable(answers[0], order["id"]), comparable(answers[1], UNKNOWN_ID)
    found.expect(ours == nones, method, template + query, who, headers, "differs:", ours, nones)
    if who is NOBODY:
        found.expect(answers[0].status in (204, 400, 401, 404, 405, 415), method, template, "of nobody:", answers[0])
    elif template.startswith("/orders/{id}"):
        is_altered = "Aurora-Principal" in headers  # of what was signed: 401
        found.expect(answers[0].status in (204, 400, 401 if is_altered else 404, 404, 405, 415), method, template, "of bob:",
                     answers[0])
    return answers[0]


def walk_paths(shop, found):
    """Every path with a parameter x every method, also those that no route has."""
    templates = [path for path in shop.paths if "{id}" in path or "{key}" in path]
    found.expect(len(templates) >= 9, "paths with an order's id:", templates)
    for template in templates:
        for method in METHODS:
            for who, scopes in (("bob", OWN), ("bob", NO_ADMIN), (NOBODY, "")):
                for number, body in enumerate(BODIES if method in ("POST", "PUT", "PATCH") else (None,)):
                    ask_both(shop, found, who, scopes, method, template, shop.orders[number % 4], body, {}, "")
            for headers in fields_of(shop, shop.orders[0]):
                body = {} if method in ("POST", "PUT", "PATCH") else None
                ask_both(shop, found, "bob", OWN, method, template, shop.orders[0], body, headers, "")
            for query in ("?customer=alice", "?service=order", "?principal=alice&scopes=admin"):
                ask_both(shop, found, "bob", OWN, method, template, shop.orders[0], None, {}, query)


def plain_reads(shop, found):
    """The plain cases, whose verdict is one word; and that the owner and an operator do see it."""
    for order in shop.orders:
        path = f"/orders/{order['id']}"
        for method, target in (("GET", path), ("HEAD", path), ("GET", path + "/history"), ("GET", path + "/events"),
                               ("HEAD", path + "/events"), ("POST", path + "/cancel")):
            body = {} if method == "POST" else None
            answer = shop.client.ask(method, target, body, principal="bob", scopes=OWN)
            found.expect(answer.status == 404 and (method == "HEAD" or answer.code == "not_found"), method, target, answer)
            answer = shop.client.ask(method, target, body, principal=NOBODY)
            found.expect(answer.status == 401, "nobody", method, target, answer)
            if method != "POST":
                for who, scopes in (("alice", OWN), ("root", "orders:read orders:admin")):
                    answer = shop.client.ask(method, target, principal=who, scopes=scopes)
                    found.expect(answer.status in (200, 204), who, method, target, answer)
        for id_text in (order["id"].upper(), order["id"].replace("-", ""), "{" + order["id"] + "}", order["id"] + "%20"):
            answer = shop.client.ask("GET", f"/orders/{id_text.replace('{', '%7B').replace('}', '%7D')}", principal="bob",
                                     scopes=OWN)
            found.expect(answer.status in (400, 404), "another spelling", id_text, answer)


def own_rows(shop, found, what, answer):
    """A list for bob: refused, or with rows of his own alone."""
    if answer.status != 200:
        found.expect(answer.status in (308, 400, 403, 404), what, answer)  # 308: the console's folder, without a body
        found.expect(answer.status != 308 or not answer.body, what, answer)
        return
    text = answer.body.decode()
    found.expect(not any(canary in text for canary in CANARIES), what, "shows", text[:300])
    found.expect(not any(order["id"] in text for order in shop.orders), what, "shows alice's", text[:300])


def forged(cursor):
    """Her cursor, and what comes of turning its bits or of making one up."""
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for at in (0, 15, 16, len(raw) // 2, len(raw) - 1):
        changed = bytearray(raw)
        changed[at] ^= 1
        yield base64.urlsafe_b64encode(changed).decode().rstrip("=")
    for text in (raw[16:], raw[:16], bytes(16) + raw[16:], b"", b'{"customer":"alice"}'):
        yield base64.urlsafe_b64encode(text).decode().rstrip("=")


def walk_lists(shop, found):
    client = shop.client
    lists = [path for path, operations in shop.paths.items() if "get" in operations and "{" not in path and path != "/metrics"]
    queries = ["", "?limit=1000", f"?cursor={shop.cursor}", "?customer=alice", "?customer=", "?customer=%61lice",
               "?customer=alice&customer=bob", "?customer=bob&customer=alice", f"?reference={CANARIES[2]}",
               f"?reference={CANARIES[2]}&customer=alice", "?status=COMPLETED", "?from=2000-01-01T00:00:00Z",
               f"?limit=1&cursor={shop.cursor}", f"?limit=1&customer=alice&cursor={shop.cursor}",
               f"?limit=1&customer=bob&cursor={shop.cursor}", "?q=alice", "?customer_id=alice", "?Customer=alice"]
    queries += [f"?cursor={text}" for text in forged(shop.cursor)]
    for path in lists:
        for query in queries:
            for method in ("GET", "HEAD"):
                own_rows(shop, found, f"{method} {path}{query}",
                         client.ask(method, path + query, principal="bob", scopes=NO_ADMIN))
    answer = client.ask("GET", "/orders?customer=alice", principal="bob", scopes=OWN)
    found.expect(answer.status == 403, "customer=alice of bob", answer)
    answer = client.ask("GET", f"/orders?limit=1&cursor={shop.cursor}", principal="bob", scopes=OWN)
    found.expect(answer.status == 400 and answer.code == "invalid_cursor", "alice's cursor for bob", answer)
    answer = client.ask("GET", f"/orders?limit=1&cursor={shop.cursor}", scopes=OWN)
    found.expect(answer.status == 200 and answer.json["items"], "alice's own cursor", answer)
    mine = client.ask("GET", "/orders", principal="bob", scopes=OWN).json["items"]
    found.expect(mine and all(item["customer_id"] == "bob" for item in mine), "bob's own", mine)
    none = client.ask("GET", f"/orders?reference={CANARIES[2]}", principal="bob", scopes=OWN)
    found.expect(none.status == 200 and none.json["items"] == [], "alice's reference for bob", none)


def walk_others(shop, found):
    """Every other operation, asked by bob with what of alice's would fit: nothing of hers comes back."""
    for path, operations in shop.paths.items():
        for method in operations:
            if method == "parameters" or path.startswith("/orders/{id}"):
                continue
            target = path.replace("{sku}", "mug").replace("{id}", shop.orders[0]["id"]).replace(
                "{consumer}", "order").replace("{key}", shop.orders[0]["id"])
            for body in (BODIES if method in ("post", "put") else (None,)):
                answer = shop.client.ask(method.upper(), target, body, {"Idempotency-Key": shop.key}, principal="bob",
                                         scopes=OWN)
                text = answer.body.decode("utf-8", "replace")
                found.expect(not any(canary in text for canary in CANARIES), method, target, "tells of alice:", text[:300])


def keys_and_references(shop, found):
    """Her key is no way to her order; her reference is not bob's to give, and for who may give one it names no customer."""
    answer = shop.client.ask("POST", "/orders", order_of(contact="bob@example.org"), {"Idempotency-Key": shop.key},
                             principal="bob", scopes=OWN)
    found.expect(answer.status == 201 and answer.json["customer_id"] == "bob" and
                 answer.json["id"] != shop.orders[0]["id"] and "Idempotency-Replayed" not in answer.fields,
                 "alice's key and bob's order", answer)
    answer = shop.client.ask("POST", f"/orders/{shop.orders[0]['id']}/cancel", {"note": "x"},
                             {"Idempotency-Key": shop.key}, principal="bob", scopes=OWN)
    found.expect(answer.status == 404, "cancel with alice's key", answer)
    answer = shop.client.ask("POST", "/orders", order_of(reference=CANARIES[2]), principal="bob", scopes=OWN)
    found.expect(answer.status == 403, "alice's reference of bob", answer)


def run(found, shop):
    plain_reads(shop, found)
    walk_paths(shop, found)
    walk_lists(shop, found)
    walk_others(shop, found)
    keys_and_references(shop, found)
    found.expect(shop.state() == shop.before, "alice's orders have changed")


def main():
    need("aurorad", "aurora-gateway", "auroractl")
    found = Complaints()
    for title, place in (("aurorad", aurorad), ("gateway", through_gateway), ("tokens", by_tokens)):
        with place() as (client, _):
            run(found, Shop(client))
            print(f"customers: {title}: {client.count} requests")
    found.end("customers")


if __name__ == "__main__":
    main()
