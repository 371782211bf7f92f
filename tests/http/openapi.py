# SPDX-License-Identifier: MIT
"""Holds the description of the API against its own rules and against what a real server answers: every operation that
has a body of JSON is called at least once, and each answer fits the schema of its status."""

import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server  # noqa: E402

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("skipped: no jsonschema (./scripts/setup.sh tests)")
    sys.exit(77)

AWAY = "redis://127.0.0.1:1"
SECRET = "a secret of at least thirty-two bytes"
# What a server without a parked order, a dead letter or a payment bridge cannot show.
NOT_SHOWN = {"retrySaga", "markSaga", "compensateSaga", "redriveDeadLetters", "takePaymentCallback"}

document = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))


def closed(value):
    """The schemas as they bind us: an answer has no field that they do not name."""
    if isinstance(value, list):
        return [closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "allOf" in value:
        parts = [document["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part
                 for part in value["allOf"]]
        return closed({"type": "object", "required": sum((part["required"] for part in parts), []),
                       "properties": {name: kind for part in parts for name, kind in part["properties"].items()}})
    of_object = value.get("type") in ("object", ["object", "null"]) and isinstance(value.get("properties"), dict)
    return {**({"additionalProperties": False} if of_object else {}), **{name: closed(kind) for name, kind in value.items()}}


COMPONENTS = {"schemas": closed(document["components"]["schemas"])}


def check(schema, value, what):
    whole = {"components": COMPONENTS, **schema}
    for error in Draft202012Validator(whole).iter_errors(value):
        sys.exit(f"{what}: {error.json_path}: {error.message[:300]}")


def validate_document():
    try:
        from openapi_spec_validator import validate
    except ImportError:
        print("openapi-spec-validator is not there: the document's form is not checked by it. To have it:")
        print("  python3 -m venv var/venv-openapi && var/venv-openapi/bin/pip install openapi-spec-validator")
        return
    validate(document)


def check_examples():
    count = 0
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", []):
            check({"$ref": f"#/components/schemas/{name}"}, example, f"the example of {name}")
            count += 1
    return count


def operations():
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


class Caller:
    def __init__(self, server):
        self.server = server
        self.seen = {}

    def __call__(self, operation_id, status, target, body=None, headers=None):
        """Calls, and holds status, fields and body against the description."""
        operation, method = next((o, m) for _, m, o in operations() if o["operationId"] == operation_id)
        got, fields, value = self.server.call(method, target, body, headers)
        what = f"{operation_id} {status}"
        if got != status:
            sys.exit(f"{what}: {got} {value}")
        answer = operation["responses"].get(str(status), operation["responses"]["default"])
        if "$ref" in answer:
            answer = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
        kind = (fields.get("Content-Type") or "").split(";")[0]
        if kind not in answer.get("content", {"": None}):
            sys.exit(f"{what}: an undescribed type {kind}")
        for name in ("ETag", "Location", "Retry-After", "Idempotency-Replayed"):
            if name in fields and name not in answer.get("headers", {}):
                sys.exit(f"{what}: an undescribed field {name}")
        if kind.endswith("json"):
            check(answer["content"][kind]["schema"], value, what)
        self.seen.setdefault(operation_id, set()).add(status)
        return value


def call_products(call):
    cup = {"sku": "cup", "name": "Cup", "price_minor": 1250, "currency": "EUR", "category": "Kitchen", "brand": "A"}
    call("createProduct", 201, "/products", cup)
    call("createProduct", 409, "/products", cup)
    call("createProduct", 400, "/products", {"sku": "cup"})
    call("putProduct", 201, "/products/mug", {**cup, "sku": "mug", "attributes": {"colour": "blue"}})
    got = call("getProduct", 200, "/products/mug")
    call("putProduct", 200, "/products/mug", got)
    call("putProduct", 412, "/products/mug", got, {"If-Match": '"9"'})
    call("getProduct", 304, "/products/mug", headers={"If-None-Match": '"1"'})
    call("getProduct", 404, "/products/none")
    call("putProducts", 200, "/products:batch", {"products": [{**cup, "sku": "pot"}, {"sku": "bad"}, {**cup, "sku": "pan"}]})
    call("listProducts", 200, "/products?limit=2")
    call("listProducts", 400, "/products?limit=x")
    call("viewProduct", 204, "/products/cup/views", {})
    call("deleteProduct", 204, "/products/pan")
    call("deleteProduct", 404, "/products/pan")


def call_stock(call):
    call("receiveStock", 201, "/inventory/cup/receipts", {"quantity": 10}, {"Idempotency-Key": "d1"})
    call("receiveStock", 200, "/inventory/cup/receipts", {"quantity": 10}, {"Idempotency-Key": "d1"})
    call("receiveStock", 422, "/inventory/cup/receipts", {"quantity": 11}, {"Idempotency-Key": "d1"})
    call("adjustStock", 201, "/inventory/cup/adjustments", {"quantity": -1, "reason": "broken"})
    call("adjustStock", 409, "/inventory/cup/adjustments", {"quantity": -99, "reason": "broken"})
    call("getStock", 200, "/inventory/cup")
    call("getStock", 404, "/inventory/none")
    call("listStock", 200, "/inventory?below=100")
    call("listReservations", 200, "/inventory/cup/reservations")


def call_orders(call):
    lines = {"lines": [{"sku": "cup", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}
    order = call("placeOrder", 201, "/orders", {**lines, "metadata": {"a": "b"}}, {"Idempotency-Key": "o1"})
    call("placeOrder", 201, "/orders", {**lines, "metadata": {"a": "b"}}, {"Idempotency-Key": "o1"})
    call("placeOrder", 201, "/orders", {**lines, "payment_method": "tok_decline"}, {"Prefer": "wait=5"})
    call("placeOrder", 201, "/orders", {**lines, "lines": [{"sku": "cup", "quantity": 1000}]}, {"Prefer": "wait=5"})
    call("placeOrder", 201, "/orders", {**lines, "reference": "r1", "customer_id": "c", "placed_at": "2026-01-05T10:00:00Z",
                                        "lines": [{"sku": "cup", "quantity": 1, "unit_price_minor": 7}],
                                        "charges": [{"kind": "tax", "label": "VAT", "amount_minor": 5}]})
    call("placeOrder", 422, "/orders", {**lines, "lines": [{"sku": "none", "quantity": 1}]})
    one = f"/orders/{order['id']}"
    call("getOrder", 200, one, headers={"Prefer": "wait=5"})
    call("getOrder", 404, "/orders/01981e1b-6f2a-7c3d-8f00-0123456789ab")
    call("getOrderHistory", 200, one + "/history")
    call("streamOrder", 200, one + "/events")
    call("listOrders", 200, "/orders?status=COMPLETED&limit=1")
    call("getSaga", 200, f"/admin/sagas/{order['id']}")
    call("cancelOrder", 200, one + "/cancel", {"note": "no more"})


def call_others(call):
    call("searchProducts", 200, "/search?q=cup&sort=price")
    call("suggestSearches", 200, "/search/suggest?q=cu")
    call("trendingProducts", 200, "/recommendations/trending?window=1h")
    call("trendingProducts", 422, "/recommendations/trending?at=2001-01-01T00:00:00Z")
    call("relatedProducts", 200, "/recommendations/related/cup")
    call("popularProducts", 200, "/recommendations/popular")
    call("listSagas", 200, "/admin/sagas?parked=false")
    call("listDeadLetters", 200, "/admin/dead-letters")
    call("listNotifications", 200, "/admin/notifications?limit=2")
    call("readEvents", 200, "/admin/events?limit=1000")
    call("getStats", 200, "/admin/stats")
    call("getLimits", 200, "/admin/limits")
    index = call("getIndex", 200, "/")
    call("getLiveness", 200, "/livez")
    call("getReadiness", 200, "/readyz")
    call("getReadiness", 200, "/readyz?verbose")
    call("getMetrics", 200, "/metrics")
    call("getOpenapi", 200, "/openapi.json")
    if "console" in index["links"]:
        call_console(call)
    else:
        call.seen.update({name: set() for name in ("getConsoleFolder", "getConsole", "getConsoleFile")})


def call_console(call):
    page = call("getConsole", 200, "/console/").decode()
    call("getConsoleFolder", 308, "/console")
    call("getIndex", 303, "/", headers={"Accept": "text/html"})
    for name in re.findall(r'(?:href|src)="([^"]+)"', page):
        call("getConsoleFile", 200, "/console/" + name)
    call("getConsoleFile", 404, "/console/none.js")


def main():
    validate_document()
    examples = check_examples()
    with Server(secret=SECRET) as server:
        call = Caller(server)
        call_products(call)
        call_stock(call)
        call_orders(call)
        call_others(call)
    with Server("--rate-limit", "1000000/1s", "--limiter", AWAY, "--cache", AWAY, secret=SECRET) as server:
        without = Caller(server)
        without("getLimits", 200, "/admin/limits")
        without("getReadiness", 200, "/readyz")
    unseen = {operation["operationId"] for _, _, operation in operations()} - set(call.seen) - NOT_SHOWN
    if unseen:
        sys.exit(f"not called: {', '.join(sorted(unseen))}")
    answers = sum(len(statuses) for statuses in call.seen.values())
    print(f"openapi: {len(document['paths'])} paths, {examples} examples and {answers} kinds of answer fit their schemas")


main()
