#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S17: an Idempotency-Key with another body, by another principal, on another path, in another spelling; a hundred at once;
a process killed between the commit and the answer. On SQLite, through a gateway, and (AURORA_TEST_POSTGRES) on PostgreSQL
with two instances.

Mutation: aurora__order_hash() (src/api/order_hash.c) without the quantities: another body gets the first one's order.
Mutation: aurora_http_exchange_key_scope() (src/http/exchange.c) without the principal: bob is told of alice's order.
Mutation: the same without the path: a cancel with the key of an order is 422.
Mutation: unquote() (src/http/fields.c) keeps a quote: the bare and the quoted key make two orders.
Mutation: find_first() (src/api/order_place.c) finds no first one: a repeat makes a second order.
Mutation: find_by_row() of the same, which PostgreSQL's instances use, finds none: likewise with two instances."""

import json
import os
import pathlib
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_threats import (SECRET, Client, Complaints, Server, aurorad, need, order_of, postgres, sell,  # noqa: E402
                            through_gateway, two_instances)

CROWD = 100
KEY = "Idempotency-Key"


def place(client, key, body=None, principal="alice", **others):
    return client.ask("POST", "/orders", body or order_of(), {KEY: key}, principal=principal, **others)


def orders_of(client, principal):
    found, cursor = [], ""
    while cursor is not None:
        page = client.must(200, "GET", f"/orders?limit=1000{cursor}", principal=principal,
                           scopes="orders:read").json
        found += page["items"]
        cursor = None if page["next_cursor"] is None else f"&cursor={page['next_cursor']}"
    return found


def is_replay(answer):
    return answer.fields.get("Idempotency-Replayed") == "true"


def other_bodies(client, found):
    body = order_of(contact="a@example.org", metadata={"a": "1", "b": "2"})
    first = place(client, "bodies", body, "carol")
    found.expect(first.status == 201 and not is_replay(first), "first", first)
    again = place(client, "bodies", body, "carol")
    found.expect((again.status, again.body, is_replay(again)) == (201, first.body, True), "again", again, first)
    turned = json.dumps(dict(reversed(body.items())), indent=3).encode()
    again = place(client, "bodies", turned, "carol")
    found.expect((again.status, again.body) == (201, first.body), "the order of members", again)
    others = {
        "quantity": order_of(quantity=2, contact="a@example.org", metadata={"a": "1", "b": "2"}),
        "sku": order_of(sku="cup", contact="a@example.org", metadata={"a": "1", "b": "2"}),
        "payment": order_of(token="tok_decline", contact="a@example.org", metadata={"a": "1", "b": "2"}),
        "contact": order_of(contact="b@example.org", metadata={"a": "1", "b": "2"}),
        "no contact": order_of(metadata={"a": "1", "b": "2"}),
        "metadata": order_of(contact="a@example.org", metadata={"a": "1", "b": "3"}),
        "a pair less": order_of(contact="a@example.org", metadata={"a": "1"}),
        "pairs run together": order_of(contact="a@example.org", metadata={"a": "1b", "b": "2"}),
        "lines": {**body, "lines": body["lines"] * 2},
        "currency": {**body, "currency": "USD"},
        "reference": {**body, "reference": "r-bodies"},
        "customer": {**body, "customer_id": "mallory"},
        "time": {**body, "placed_at": "2026-01-05T10:00:00Z"},
        "price": {**body, "lines": [{**body["lines"][0], "unit_price_minor": 1250}]},
        "charges": {**body, "lines": [{**body["lines"][0], "unit_price_minor": 1250}],
                    "charges": [{"kind": "tax", "label": "t", "amount_minor": 0}]},
    }
    for what, other in others.items():
        answer = place(client, "bodies", other, "carol")
        found.expect((answer.status, answer.code) == (422, "key_reused"), "another", what, answer)
    found.expect(len(orders_of(client, "carol")) == 1, "one order", orders_of(client, "carol"))


def other_principals(client, found):
    ids = {}
    for who in ("alice", "bob", "alic", "alice2", "Alice"):
        answer = place(client, "shared", principal=who)
        found.expect(answer.status == 201 and not is_replay(answer), who, answer)
        ids[who] = answer.json["id"]
    found.expect(len(set(ids.values())) == len(ids), "an order for each", ids)
    for who, number in ids.items():
        again = place(client, "shared", principal=who)
        found.expect(again.json["id"] == number and is_replay(again), "each its own", who, again)
    answer = place(client, "shared", order_of(quantity=9), "bob")
    found.expect(answer.status == 422, "bob's other body", answer)
    answer = place(client, "shared", order_of(quantity=9), "dave")
    found.expect(answer.status == 201, "dave's first with it", answer)


def other_paths(client, found):
    """A key counts for its method and path: of orders, of one order's cancel, of a SKU's movements."""
    first = place(client, "path", principal="erin").json
    second = place(client, "path-2", principal="erin").json
    for order in (first, second):
        answer = client.ask("POST", f"/orders/{order['id']}/cancel", {"note": "n"}, {KEY: "path"}, principal="erin")
        found.expect(answer.status == 200 and answer.json["id"] == order["id"] and not is_replay(answer), "cancel", answer)
        again = client.ask("POST", f"/orders/{order['id']}/cancel", {"note": "n"}, {KEY: "path"}, principal="erin")
        found.expect((again.status, again.body) == (200, answer.body) and is_replay(again), "cancel again", again, answer)
        other = client.ask("POST", f"/orders/{order['id']}/cancel", {"note": "other"}, {KEY: "path"}, principal="erin")
        found.expect((other.status, other.code) == (422, "key_reused"), "cancel with another note", other)
    answer = client.ask("POST", "/inventory/mug/receipts", {"quantity": 5}, {KEY: "path"}, principal="erin")
    found.expect(answer.status == 201, "a receipt", answer)
    for target, body in (("/inventory/mug/receipts", {"quantity": 6}), ("/inventory/cup/receipts", {"quantity": 5}),
                         ("/inventory/mug/adjustments", {"quantity": 5, "reason": "x"})):
        answer = client.ask("POST", target, body, {KEY: "path"}, principal="erin")
        found.expect((answer.status, answer.code) == (422, "key_reused"), target, body, answer)
    answer = client.ask("POST", "/inventory/mug/receipts", {"quantity": 6}, {KEY: "path"}, principal="frank")
    found.expect(answer.status == 201, "frank's receipt", answer)


def syntax(client, found):
    good = ("k", "K", "k" * 255, "a-b_c.d~e:f/g?h=i&j", "0", "'; DROP TABLE orders; --", '"with blank"', '"a,b"',
            "%00", "../../etc/passwd", "\\", "{}", "$(id)")
    ids = {}
    for key in good:
        answer = place(client, key, principal="grace")
        if " " in key and not key.startswith('"'):
            found.expect(answer.status == 400, "blanks in a bare key", key, answer)
            continue
        found.expect(answer.status == 201, repr(key), answer)
        ids[key] = answer.json.get("id")
        again = place(client, key, principal="grace")
        found.expect(again.status == 201 and again.json.get("id") == ids[key], "again", repr(key), again)
    found.expect(len(set(ids.values())) == len(ids), "an order for each key", ids)
    for spelling in ('"k"', "  k", "k  ", '  "k"  ', "\tk"):
        again = place(client, spelling, principal="grace")
        found.expect(again.status == 201 and again.json["id"] == ids["k"], "another spelling", repr(spelling), again)
    for bad in ("", '""', "k" * 256, '"' + "k" * 256 + '"', '"k', 'k"', 'a"b', "a b", "a,b", "caf\xe9", "k\x7f", '"k"x', '"k";p=1',
                "a\tb", '"a\\"'):
        answer = place(client, bad, principal="grace")
        found.expect(answer.status == 400 and answer.code in ("invalid_header", "malformed_request"), "bad", repr(bad), answer)
    found.expect(len(orders_of(client, "grace")) == len(ids), "orders", len(orders_of(client, "grace")), ids)


def refused_frees(client, found):
    """What was refused is not kept: the same key works later, with another body too."""
    answer = place(client, "freed", order_of(sku="not-yet"), "heidi")
    found.expect((answer.status, answer.code) == (422, "unknown_sku"), "unknown", answer)
    sell(client, "not-yet", 10)
    answer = place(client, "freed", order_of(sku="not-yet", quantity=2), "heidi")
    found.expect(answer.status == 201 and not is_replay(answer), "later", answer)


# --- at once ----------------------------------------------------------------------------------------------------------


def crowd(ports, request, count=CROWD):
    """[Answer] of `count` clients that send at one moment; `request(client, number)`."""
    answers, errors = [None] * count, []
    gate = threading.Barrier(count)

    def one(number):
        client = Client(ports[number % len(ports)])
        try:
            client.ask("GET", "/livez", principal=None)  # the connection is there
            gate.wait(30)
            answers[number] = request(client, number)
        except Exception as error:  # pylint: disable=broad-except
            errors.append(repr(error))
        finally:
            client.close()
    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise SystemExit(f"{len(errors)} of a crowd failed: {errors[:3]}")
    return answers


def one_of_a_hundred(client, ports, found, title):
    before = client.must(200, "GET", "/inventory/mug").json
    answers = crowd(ports, lambda one, _: place(one, "crowd", principal="ivan"))
    statuses = sorted({answer.status for answer in answers})
    found.expect(set(statuses) <= {201, 409}, title, "statuses", statuses)
    for answer in answers:
        if answer.status == 409:
            found.expect(answer.code == "key_in_flight", title, answer)
    bodies = {answer.body for answer in answers if answer.status == 201}
    found.expect(len(bodies) == 1, title, "answers", bodies)
    found.expect(sum(not is_replay(answer) for answer in answers if answer.status == 201) <= 1, title, "firsts")
    found.expect(len(orders_of(client, "ivan")) == 1, title, "orders", len(orders_of(client, "ivan")))
    after = client.must(200, "GET", "/inventory/mug").json
    found.expect(before["available"] - after["available"] == 1, title, "units", before, after)
    # A hundred bodies under one key: one of them wins, the others are told.
    answers = crowd(ports, lambda one, number: place(one, "bodies-crowd", order_of(metadata={"n": str(number)}), "judy"))
    won = [answer for answer in answers if answer.status == 201]
    found.expect(len(won) == 1, title, "winners", len(won))
    found.expect(all((answer.status, answer.code) in ((422, "key_reused"), (409, "key_in_flight"))
                     for answer in answers if answer.status != 201), title, {answer.status for answer in answers})
    found.expect(len(orders_of(client, "judy")) == 1, title, "orders of judy")
    # A hundred principals with one key and one body: none is another's.
    answers = crowd(ports, lambda one, number: place(one, "all", principal=f"p{number}"))
    found.expect(len({answer.json["id"] for answer in answers if answer.status == 201}) == CROWD and
                 all(answer.json["customer_id"] == f"p{number}" for number, answer in enumerate(answers)), title,
                 "principals", [answer for answer in answers if answer.status != 201][:2])
    before = client.must(200, "GET", "/inventory/mug").json
    answers = crowd(ports, lambda one, _: one.ask("POST", "/inventory/mug/receipts", {"quantity": 3}, {KEY: "m"},
                                                  principal="kim"))
    after = client.must(200, "GET", "/inventory/mug").json
    found.expect(after["received"] - before["received"] == 3, title, "received", before, after)
    found.expect({answer.status for answer in answers} <= {200, 201, 409} and
                 sum(answer.status == 201 for answer in answers) <= 1, title, {answer.status for answer in answers})


# --- killed -----------------------------------------------------------------------------------------------------------


def stored(store, count):
    """Whether so many orders are in the file, seen from outside."""
    with sqlite3.connect(f"file:{store.removeprefix('sqlite:')}?mode=ro", uri=True) as database:
        return database.execute("SELECT count(*) FROM orders").fetchone()[0] >= count


def killed_between(found):
    """The answer waits for an outcome that does not come: the commit is done, nobody was told, and the process dies."""
    with Server(secret=SECRET) as server:
        client = Client(server.port)
        sell(client, "mug", 1000)
        for number, (token, wait) in enumerate((("tok_timeout", 5), ("tok_timeout", 5), ("tok_approve", 0),
                                                ("tok_approve", 0), ("tok_approve", 5))):
            key, body = f"killed-{number}", order_of(token=token)
            headers = {KEY: key, **({"Prefer": f"wait={wait}"} if wait else {})}
            told = []

            def send(headers=headers, body=body, told=told):
                try:
                    told.append(Client(server.port).ask("POST", "/orders", body, headers, principal="leo"))
                except OSError:
                    pass
            thread = threading.Thread(target=send)
            thread.start()
            end = time.monotonic() + 20
            while not stored(server.store, number + 1) and time.monotonic() < end:
                time.sleep(0.001)
            server.kill()
            thread.join()
            client.close()
            if token == "tok_timeout":
                found.expect(not told, "told before it was killed", told)
            server.start()
            again = place(client, key, body, "leo")
            found.expect(again.status == 201 and is_replay(again), "after the kill", token, wait, again)
            if told:
                found.expect(told[0].json["id"] == again.json["id"], "another order than was told", told, again)
            found.expect(place(client, key, order_of(quantity=7), "leo").status == 422, "another body after the kill")
            found.expect(len(orders_of(client, "leo")) == number + 1, "orders", len(orders_of(client, "leo")), number + 1)


def run(client, ports, found, title):
    for sku in ("mug", "cup"):
        sell(client, sku, 10000)
    for check in (other_bodies, other_principals, other_paths, syntax, refused_frees):
        check(client, found)
    one_of_a_hundred(client, ports, found, title)


def main():
    need("aurorad", "aurora-gateway")
    found = Complaints()
    with aurorad() as (client, server):
        run(client, [server.port], found, "aurorad")
    with through_gateway() as (client, server):
        run(client, [server.port, server.port, server.behind.port], found, "gateway")
    killed_between(found)
    if os.environ.get("AURORA_TEST_POSTGRES"):
        with postgres() as store, two_instances(store) as (client, ports):
            run(client, ports, found, "two instances")
    else:
        print("not shown: two instances, AURORA_TEST_POSTGRES is not set (./dev up)")
    found.end("idempotency")


if __name__ == "__main__":
    main()
