#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S16: who may do what, written down here by hand and held against every operation of the served /openapi.json, and which
members of a body are not the client's to set. Asked of aurorad and of a gateway, signed and in open mode.

Mutation: the scope of a route in its table (orders:read for cancelOrder in src/routes/orders.c): its rows differ.
Mutation: aurora_principal_read() of src/http/principal.c compares out->scopes < route->scope in place of the bits.
Mutation: read_members() of src/routes/order_body.c without its loop over members of orders:import: 201 in place of 403.
Mutation: AURORA_SCOPE_OPEN with orders:import: open mode takes a price.
Mutation: aurora_json_object() lets unknown members pass: `status`, `total_minor` and others are taken."""

import itertools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_threats import (ALL_SCOPES, NOBODY, UNKNOWN_ID, Complaints, aurorad, by_tokens, need, order_of,  # noqa: E402
                            sell, through_gateway)

NONE = "none-such"
PRODUCT = {"name": "Cup", "price_minor": 1, "currency": "EUR"}
UNPRICED = order_of(sku=NONE)
# operation: (scope or None, target, body, what who has the scope is answered: nothing that moves anything)
TABLE = {
    "listProducts": (None, "/products", None, 200),
    "createProduct": ("products:write", "/products", {"sku": "mug", **PRODUCT}, 409),
    "putProducts": ("products:write", "/products:batch", {"products": []}, 400),
    "getProduct": (None, "/products/mug", None, 200),
    "putProduct": ("products:write", "/products/mug", {"name": ""}, 400),
    "deleteProduct": ("products:write", f"/products/{NONE}", None, 404),
    "viewProduct": (None, f"/products/{NONE}/views", {}, 404),
    "listStock": ("inventory:read", "/inventory", None, 200),
    "getStock": ("inventory:read", "/inventory/mug", None, 200),
    "receiveStock": ("inventory:write", "/inventory/mug/receipts", {"quantity": 0}, 400),
    "adjustStock": ("inventory:write", "/inventory/mug/adjustments", {"quantity": 0, "reason": "x"}, 400),
    "listReservations": ("inventory:read", "/inventory/mug/reservations", None, 200),
    "searchProducts": (None, "/search?q=mug", None, 200),
    "suggestSearches": (None, "/search/suggest?q=mu", None, 200),
    "trendingProducts": (None, "/recommendations/trending", None, 200),
    "relatedProducts": (None, "/recommendations/related/mug", None, 200),
    "popularProducts": (None, "/recommendations/popular", None, 200),
    "placeOrder": ("orders:write", "/orders", UNPRICED, 422),
    "listOrders": ("orders:read", "/orders", None, 200),
    "getOrder": ("orders:read", f"/orders/{UNKNOWN_ID}", None, 404),
    "getOrderHistory": ("orders:read", f"/orders/{UNKNOWN_ID}/history", None, 404),
    "streamOrder": ("orders:read", f"/orders/{UNKNOWN_ID}/events", None, 404),
    "cancelOrder": ("orders:write", f"/orders/{UNKNOWN_ID}/cancel", {}, 404),
    "takePaymentCallback": ("signature", "/payments/callbacks", {}, 401),
    "listSagas": ("admin", "/admin/sagas", None, 200),
    "getSaga": ("admin", f"/admin/sagas/{UNKNOWN_ID}", None, 404),
    "retrySaga": ("admin", f"/admin/sagas/{UNKNOWN_ID}/retry", {"participant": "payment"}, 404),
    "markSaga": ("admin", f"/admin/sagas/{UNKNOWN_ID}/mark", {"participant": "payment", "result": "captured"}, 404),
    # An operator may compensate for an order that only its participants know: refused here by its body.
    "compensateSaga": ("admin", f"/admin/sagas/{UNKNOWN_ID}/compensate", {"participant": "payment"}, 400),
    "listDeadLetters": ("admin", "/admin/dead-letters", None, 200),
    "redriveDeadLetters": ("admin", f"/admin/dead-letters/order/{UNKNOWN_ID}/redrive", {}, 404),
    "listNotifications": ("admin", "/admin/notifications", None, 200),
    "readEvents": ("admin", "/admin/events", None, 200),
    "getStats": ("admin", "/admin/stats", None, 200),
    "getLimits": ("admin", "/admin/limits", None, 200),
    "getIndex": (None, "/", None, 200),
    "getLiveness": (None, "/livez", None, 200),
    "getReadiness": (None, "/readyz", None, 200),
    "getMetrics": (None, "/metrics", None, 200),
    "getOpenapi": (None, "/openapi.json", None, 200),
    "getConsoleFolder": (None, "/console", None, 308),
    "getConsole": (None, "/console/", None, 200),
    "getConsoleFile": (None, "/console/none.js", None, 404),
}
# Where the principal's own are all that it sees, these change what, not whether.
WIDER = ("orders:admin", "orders:import")


def documented_scope(operation):
    security = operation.get("security") or []
    named = [scope for choice in security for scopes in choice.values() for scope in scopes]
    return named[0] if named else "signature" if any("payment" in choice for choice in security) else None


def operations(client):
    for path, methods in client.must(200, "GET", "/openapi.json").json["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield path, method.upper(), operation


def scope_sets(sizes):
    """None, each alone, each pair (of `sizes`), all but one, all."""
    yield ()
    for size in sizes:
        yield from itertools.combinations(ALL_SCOPES, size)
    for scope in ALL_SCOPES:
        yield tuple(other for other in ALL_SCOPES if other != scope)
    yield tuple(ALL_SCOPES)


def check_documented(client, found):
    names = set()
    for path, method, operation in operations(client):
        name = operation["operationId"]
        names.add(name)
        row = TABLE.get(name)
        found.expect(row is not None, f"{method} {path} ({name}): this test does not say who may")
        if row is not None:
            found.expect(documented_scope(operation) == row[0], name, "documents", documented_scope(operation), "not", row[0])
    found.expect(names == set(TABLE), "no longer served:", set(TABLE) - names)


def check_matrix(client, found, sizes=(1, 2)):
    methods = {operation["operationId"]: method for _, method, operation in operations(client)}
    has_console = "console" in client.must(200, "GET", "/").json["links"]
    for name, (scope, target, body, granted) in TABLE.items():
        if name.startswith("getConsole") and not has_console:  # a build without one
            granted = 404
        method = methods[name]
        answer = client.ask(method, target, body, principal=NOBODY)
        found.expect(answer.status == (granted if scope in (None, "signature") else 401), "nobody", name, answer)
        for scopes in scope_sets(sizes):
            if scope == "signature":
                continue
            may = scope is None or scope in scopes
            for sent in ((method, "HEAD") if method == "GET" and scopes in ((), (scope,)) else (method,)):
                answer = client.ask(sent, target, body, principal="bob", scopes=" ".join(scopes))
                found.expect(answer.status == (granted if may else 403), sent, name, scopes, answer)
                if not may and sent != "HEAD":
                    found.expect(answer.code == "forbidden" and scope in answer.json["detail"], name, "names", answer)


def check_identity(client, found):
    """Scopes and names that are not what was signed, or no names of scopes."""
    for scopes, status in (("orders:read", 200), ("*", 401), ("orders:*", 401), ("ORDERS:READ", 401), ("orders:read admi", 401),
                           ("orders:read  admin", 401), (" orders:read", 401), ("orders:read,admin", 401),
                           ("orders:reader", 401), ("orders", 401)):
        answer = client.ask("GET", "/orders", principal="bob", scopes=scopes)
        found.expect(answer.status == status, "scopes", repr(scopes), answer)
    for field, value in (("Aurora-Scopes", "orders:read admin"), ("Aurora-Principal", "alice"),
                         ("Aurora-Deadline", "99999999999999"), ("Aurora-Signature", "0" * 64)):
        answer = client.ask("GET", "/orders", None, {field: value}, principal="bob", scopes="orders:read")
        found.expect(answer.status == 401, "altered", field, answer)


# --- members --------------------------------------------------------------------------------------------------------


def others_of(schema, own):
    return sorted(set(schema["properties"]) - set(own))


def value_of(member):
    return {"lines": [], "charges": [], "metadata": {}, "version": 7, "total_minor": 1, "available": 5, "reserved": 0,
            "sold": 0, "received": 5, "written_off": 0, "placed_at": "2026-01-05T10:00:00Z", "price_minor": 1,
            "created_at": "2026-01-05T10:00:00Z", "updated_at": "2026-01-05T10:00:00Z", "unit_price_minor": 1,
            "settled_at": "2026-01-05T10:00:00Z", "status": "COMPLETED", "id": UNKNOWN_ID}.get(member, "x")


def refused(found, what, answer, status, code, pointer):
    problem = answer.json if answer.status >= 400 else {}
    pointers = [error.get("pointer") for error in problem.get("errors", [])]
    found.expect((answer.status, answer.code) == (status, code) and pointers == [pointer], what, pointer, answer)


IMPORTED = {"reference": "ref-1", "customer_id": "alice", "placed_at": "2026-01-05T10:00:00Z",
            "charges": [{"kind": "discount", "label": "mine", "amount_minor": -1}]}


def check_orders(client, found, schemas, is_open):
    own = ("lines", "currency", "payment_method", "contact", "metadata")
    may = "orders:read orders:write orders:admin products:write inventory:read inventory:write admin"
    for member in others_of(schemas["Order"], own) + ["price", "customer", "principal", "scopes", "__proto__", "Lines"]:
        value = IMPORTED.get(member, value_of(member))
        answer = client.ask("POST", "/orders", order_of(**{member: value}), principal="bob", scopes=may)
        if member in IMPORTED:
            refused(found, "order", answer, 403, "forbidden", f"/{member}")
        else:
            refused(found, "order", answer, 400, "unknown_field", f"/{member}")
            if not is_open:  # and no scope makes it one
                answer = client.ask("POST", "/orders", order_of(**{member: value}), principal="bob")
                refused(found, "order, all scopes", answer, 400, "unknown_field", f"/{member}")
    line_members = schemas["Order"]["properties"]["lines"]["items"]["properties"]
    for member in sorted(set(line_members) - {"sku", "quantity"}) + ["price_minor", "total_minor", "currency"]:
        body = order_of()
        body["lines"][0][member] = value_of(member)
        answer = client.ask("POST", "/orders", body, principal="bob", scopes=may)
        status, code = (403, "forbidden") if member == "unit_price_minor" else (400, "unknown_field")
        refused(found, "line", answer, status, code, f"/lines/0/{member}")
    # An explicit null is the same as leaving a member out, for one that is not the client's too.
    answer = client.ask("POST", "/orders", order_of(customer_id=None, sku=NONE), principal="bob", scopes=may)
    found.expect(answer.status == 422, "null", answer)


def check_import(client, found):
    """With the scope each of them is taken, and without it none has an effect."""
    body = order_of(quantity=2, **IMPORTED)
    body["lines"][0]["unit_price_minor"] = 5
    answer = client.ask("POST", "/orders", body, principal="clerk", scopes="orders:write orders:import")
    order = answer.json
    found.expect(answer.status == 201 and (order["customer_id"], order["reference"], order["total_minor"]) ==
                 ("alice", "ref-1", 9) and order["placed_at"].startswith("2026-01-05T10:00:00"), "import", answer)
    answer = client.ask("POST", "/orders", body, principal="clerk", scopes="orders:import orders:read admin")
    found.expect(answer.status == 403 and "orders:write" in answer.json["detail"], "import alone", answer)
    plain = client.ask("POST", "/orders", order_of(quantity=2), principal="bob", scopes="orders:write")
    found.expect(plain.status == 201 and (plain.json["customer_id"], plain.json["reference"], plain.json["charges"],
                                          plain.json["total_minor"]) == ("bob", None, [], 2500), "plain", plain)


def check_products(client, found, schemas):
    """What is the server's of a product is ignored, since what GET gave may be changed and PUT: it has no effect."""
    for member in ("price", "id", "stock", "available", "score", "owner"):
        for method, target in (("PUT", "/products/cup"), ("POST", "/products")):
            answer = client.ask(method, target, {"sku": "cup", **PRODUCT, member: 1})
            refused(found, "product", answer, 400, "unknown_field", f"/{member}")
    server_side = sorted(name for name, schema in schemas["Product"]["properties"].items() if schema.get("readOnly"))
    found.expect(server_side == ["created_at", "updated_at", "version"], "the server's own", server_side)
    own = {"version": 999, "created_at": "2001-01-01T00:00:00Z", "updated_at": "2001-01-01T00:00:00Z"}
    answer = client.ask("PUT", "/products/pot", {**PRODUCT, **own})
    found.expect(answer.status == 201 and answer.json["version"] == 1 and not answer.json["created_at"].startswith("2001")
                 and not answer.json["updated_at"].startswith("2001"), "a product's own", answer)
    answer = client.ask("PUT", "/products/pot", {"sku": "mug", **PRODUCT})
    refused(found, "another's sku", answer, 400, "invalid_field", "/sku")


def check_others(client, found, schemas):
    for member in others_of(schemas["Stock"], ()) + ["key", "kind", "principal"]:
        for verb, body in (("receipts", {"quantity": 1}), ("adjustments", {"quantity": 1, "reason": "x"})):
            answer = client.ask("POST", f"/inventory/mug/{verb}", {**body, member: value_of(member)})
            refused(found, verb, answer, 400, "unknown_field", f"/{member}")
    for verb in ("retry", "mark", "compensate"):
        for member in ("actor", "status", "outcome", "order_id", "principal"):
            answer = client.ask("POST", f"/admin/sagas/{UNKNOWN_ID}/{verb}", {"participant": "payment", member: "x"})
            found.expect(answer.status == 400 and f"/{member}" in [error.get("pointer") for error in
                                                                  answer.json.get("errors", [])], verb, member, answer)
    for member in ("reason", "actor", "status", "outcome", "refund"):
        answer = client.ask("POST", f"/orders/{UNKNOWN_ID}/cancel", {member: "operator"})
        refused(found, "cancel", answer, 400, "unknown_field", f"/{member}")


def run(client, found):
    sell(client, "mug", 1000)
    schemas = client.must(200, "GET", "/openapi.json").json["components"]["schemas"]
    check_documented(client, found)
    check_matrix(client, found)
    check_identity(client, found)
    check_orders(client, found, schemas, False)
    check_import(client, found)
    check_products(client, found, schemas)
    check_others(client, found, schemas)


def run_tokens(client, found):
    """The same by bearer tokens: each set of scopes is a token, so pairs are left out."""
    sell(client, "mug", 1000)
    check_matrix(client, found, (1,))
    check_orders(client, found, client.must(200, "GET", "/openapi.json").json["components"]["schemas"], False)
    check_import(client, found)
    for scopes in ("*", "orders:*", "ORDERS:READ", "orders", "orders:reader", "orders:read,admin"):
        answer = client.ask("GET", "/orders", principal="bob", scopes=scopes)
        found.expect(answer.status == 403, "scopes of a token", scopes, answer)
    for fields in ({"Aurora-Scopes": "admin"}, {"Aurora-Principal": "root", "Aurora-Scopes": "admin"}):
        answer = client.ask("GET", "/admin/stats", None, fields, principal="bob", scopes="orders:read")
        found.expect(answer.status in (400, 401, 403), "fields beside a token", fields, answer)


def run_open(client, found):
    """Open mode speaks for anonymous, with all scopes but orders:import."""
    sell(client, "mug", 1000)
    check_orders(client, found, client.must(200, "GET", "/openapi.json").json["components"]["schemas"], True)
    for name in ("listOrders", "listSagas", "listStock"):
        _, target, _, granted = TABLE[name]
        found.expect(client.ask("GET", target).status == granted, "open", name)
    answer = client.ask("POST", "/orders", order_of(), {"Aurora-Principal": "alice", "Aurora-Scopes": "orders:import"})
    found.expect(answer.status == 201 and answer.json["customer_id"] == "anonymous", "a name in open mode", answer)


def main():
    need("aurorad", "aurora-gateway", "auroractl")
    found = Complaints()
    for place in (aurorad, through_gateway):
        with place("--payment-secret", "the secret of a payment provider, 32") as (client, _):
            run(client, found)
        with place(secret="") as (client, _):
            run_open(client, found)
    with by_tokens("--payment-secret", "the secret of a payment provider, 32") as (client, _):
        run_tokens(client, found)
    found.end("roles")


if __name__ == "__main__":
    main()
