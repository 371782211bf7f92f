# SPDX-License-Identifier: MIT
"""S23: what the outside sees. Every path of /openapi.json with every method: documented ones are served, all others are 405
with Allow; what is not documented is not served; no failure speaks of what is inside; the gateway describes what the
services do; no other origin is told anything.

Mutation: answer_no_route of request.c without the Allow field, aurora_routes_describe without prune, or prune_parameters
that keeps every parameter, or put_origin of answer.c that takes any Origin."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_threats import Complaints, aurorad, need, through_gateway  # noqa: E402
from internals import tells_internals  # noqa: E402

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "QUERY")
EVIL = {"Origin": "https://evil.example"}
SHOP = {"Origin": "https://shop.example"}


def filled(path):
    for name, value in {"{sku}": "mug", "{id}": "018f0000-0000-7000-8000-00000000dead", "{consumer}": "none",
                        "{key}": "none", "{file}": "none.js"}.items():
        path = path.replace(name, value)
    return path


def served(methods):
    names = {name.upper() for name in methods if name in ("get", "post", "put", "delete")}
    return names | ({"HEAD"} if "GET" in names else set()) | {"OPTIONS"}


def try_methods(client, document, complaints, what):
    for path, operations in document["paths"].items():
        target, known = filled(path), served(operations)
        for method in METHODS:
            answer = client.ask(method, target, {} if method in ("POST", "PUT") else None)
            complaints.expect((answer.status == 405) == (method not in known), what, method, path, answer)
            complaints.expect(answer.status < 500, what, method, path, answer)
            complaints.expect(answer.status != 404 or b"There is nothing at this path" not in answer.body,
                              what, method, path, "is documented and not served")
            if answer.status == 405:
                allow = {name.strip() for name in (answer.fields["Allow"] or "").split(",")}
                complaints.expect(allow == known, what, method, path, "Allow:", answer.fields["Allow"])
            complaints.expect(not tells_internals(answer.body), what, method, path, answer)
        answer = client.ask("OPTIONS", target)
        complaints.expect(answer.status == 204, what, "OPTIONS", path, answer)
        complaints.expect(client.ask("BREW", target).status == 501, what, "BREW", path)


def try_undocumented(client, document, complaints, what):
    """What programs of the kind have and forget; and a step below and above each path that there is."""
    known = {filled(path).rstrip("/") for path in document["paths"]}
    guesses = {"/debug", "/debug/pprof", "/metrics/", "/admin", "/admin/", "/status", "/health", "/healthz", "/env", "/config",
               "/.env", "/.git/config", "/server-status", "/swagger.json", "/openapi.yaml", "/v1/orders", "/internal",
               "/stats", "/favicon.ico", "/robots.txt"}
    guesses |= {f"{path}/below" for path in known} | {path.rpartition("/")[0] for path in known}
    for guess in sorted(guesses):
        if guess.rstrip("/") in known or not guess:
            continue
        for method in ("GET", "POST"):
            answer = client.ask(method, guess, {} if method == "POST" else None)
            held = any(matches(path, guess) for path in document["paths"])
            complaints.expect(answer.status in (404, 405) or held, what, method, guess, "answers:", answer)


def matches(template, path):
    a, b = template.split("/"), path.split("/")
    return len(a) == len(b) and all(x.startswith("{") or x == y for x, y in zip(a, b))


def try_parameters(client, document, complaints, what):
    """A query parameter that is documented is known, and no other is."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method != "get":
                continue
            answer = client.ask("GET", filled(path) + "?undocumented=1")
            complaints.expect(answer.status == 400, what, path, "takes a parameter that nobody knows:", answer)
            for parameter in operation.get("parameters", []):
                if "$ref" in parameter:
                    parameter = document["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
                if parameter["in"] == "query":
                    answer = client.ask("GET", f"{filled(path)}?{parameter['name']}=x")
                    complaints.expect(b"is not a parameter of this path" not in answer.body,
                                      what, path, parameter["name"], "is documented and refused:", answer)


def try_origins(client, complaints, what, listed):
    for target in ("/products", "/orders", "/nothing", "/livez"):
        for fields in (EVIL, SHOP):
            for method, more in (("GET", {}), ("OPTIONS", {"Access-Control-Request-Method": "GET"})):
                answer = client.ask(method, target, headers={**fields, **more}, principal=None)
                said = [name for name in answer.fields if name.lower().startswith("access-control-")]
                expected = listed and fields is SHOP
                complaints.expect(bool(said) == expected, what, method, target, fields, said)
                if expected:
                    complaints.expect(answer.fields.get_all("Access-Control-Allow-Origin") == [SHOP["Origin"]], what, method,
                                      target, answer.fields.items())


def main():
    need("aurorad", "aurora-gateway")
    complaints = Complaints()
    documents = {}
    for what, place in (("aurorad", aurorad), ("gateway", through_gateway)):
        with place() as (client, _):
            documents[what] = document = client.must(200, "GET", "/openapi.json").json
            try_methods(client, document, complaints, what)
            try_undocumented(client, document, complaints, what)
            try_parameters(client, document, complaints, what)
            try_origins(client, complaints, what, listed=False)
    with aurorad("--cors-origins", "https://shop.example") as (client, _):
        try_origins(client, complaints, "listed", listed=True)
    names = {what: {(path, method) for path, operations in document["paths"].items() for method in operations}
             for what, document in documents.items()}
    complaints.expect(names["aurorad"] == names["gateway"], "the gateway's calls differ:",
                      json.dumps(sorted(names["aurorad"] ^ names["gateway"])))
    complaints.end("surface")


main()
