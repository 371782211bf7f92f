#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S10: bodies that are made to cost more than they say (depth, values, names, texts, numbers), or to be read otherwise by
another reader (names given twice, halves of surrogates, bytes behind the end), through every route that reads JSON, at
aurorad and behind a gateway. Each is 400 with its code and its place, none is a 5xx, and memory does not grow with them.

Mutation: count_max of src/http/json_in.c without a bound (parse with UINT32_MAX - 1): 500,000 values are read.
Mutation: leave check_all_names out of build() (src/http/json_in.c): a name may be given twice.
Mutation: leave the look at what follows the value out of aurora__doc_scan() (src/http/json_scan.c)."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_threats import Complaints, aurorad, need, order_of, sell, through_gateway  # noqa: E402

ROUNDS_MAX = 12
RESIDENT_KIB_MAX = 160 * 1024
ROUTES = (("POST", "/orders"), ("PUT", "/products/bomb"), ("POST", "/products"), ("POST", "/products:batch"),
          ("POST", "/inventory/mug/receipts"), ("POST", "/inventory/mug/adjustments"), ("POST", "/products/mug/views"))
# name: (body, code, pointer; None = any)
BOMBS = {
    "arrays": (b"[" * 1000000, "invalid_json", None),
    "arrays that end": (b"[" * 500000 + b"]" * 500000, "invalid_json", None),
    "objects": (b'{"a":' * 200000, "invalid_json", None),
    "objects and arrays": (b'[{"a":' * 150000, "invalid_json", None),
    "one deeper than allowed": (b'{"lines":' + b"[" * 32 + b"]" * 32 + b"}", "invalid_json", None),
    "values": (b"[" + b"1," * 499999 + b"1]", "invalid_json", None),
    "values in objects": (b'{"lines":[' + b"{}," * 300000 + b"{}]}", "invalid_json", None),
    "names": (b"{" + b",".join(b'"%d":1' % i for i in range(90000)) + b"}", None, None),
    "a name of 1 MB": (b'{"' + b"n" * 1000000 + b'":1}', "unknown_field", None),
    "a text of 1 MB": (b'{"lines":"' + b"t" * 1000000 + b'"}', None, None),
    "a text of escapes": (b'{"lines":"' + b"\\u0041" * 170000 + b'"}', None, None),
    "a text without its end": (b'{"lines":"' + b"t" * 1000000, "invalid_json", None),
    "blanks": (b" " * 1000000, "invalid_json", ""),
    "a number of 1 MB": (b'{"quantity":' + b"1" * 1000000 + b"}", "invalid_json", "/quantity"),
    "a fraction of 1 MB": (b'{"quantity":0.' + b"1" * 1000000 + b"}", "invalid_json", "/quantity"),
    "an exponent": (b'{"quantity":1e999,"price_minor":1e999,"lines":1e999,"products":1e999}', None, None),
    "a name twice": (b'{"lines":[],"lines":[]}', "duplicate_field", "/lines"),
    "a name twice, once escaped": (b'{"lines":[],"\\u006cines":[]}', "duplicate_field", "/lines"),
    "a name twice, deep": (b'{"lines":[{"sku":"a","sku":"b"}]}', "duplicate_field", "/lines/0/sku"),
    "a name 90,000 times": (b"{" + b",".join([b'"lines":1'] * 90000) + b"}", None, None),
    "a high surrogate": (b'{"lines":"\\ud800"}', "invalid_json", "/lines"),
    "a low surrogate": (b'{"lines":"\\udc00"}', "invalid_json", "/lines"),
    "surrogates reversed": (b'{"lines":"\\udc00\\ud800"}', "invalid_json", "/lines"),
    "a surrogate in a name": (b'{"\\ud800":1}', "invalid_json", None),
    "NUL in a name": (b'{"lines\\u0000":1}', "invalid_json", None),
    "overlong UTF-8": (b'{"lines":"\xc0\x80"}', "invalid_json", "/lines"),
    "surrogates in UTF-8": (b'{"lines":"\xed\xa0\x80"}', "invalid_json", "/lines"),
    "bytes behind the end": (b"{} {}", "invalid_json", ""),
    "a NUL behind the end": (b"{}\0", "invalid_json", ""),
    "a comma behind the end": (b"{},", "invalid_json", ""),
    "a mark of byte order": (b"\xef\xbb\xbf{}", "invalid_json", ""),
}


def throw_all(client, found, what):
    for method, target in ROUTES:
        for name, (body, code, pointer) in BOMBS.items():
            answer = client.ask(method, target, body)
            blamed = [error.get("pointer") for error in answer.json.get("errors", [])] if answer.status == 400 else []
            found.expect(answer.status == 400 and (code is None or answer.code == code) and blamed and
                         (pointer is None or pointer in blamed), what, method, target, name, answer)
            found.expect(len(answer.body) < 2048, what, method, target, name, "is answered with", len(answer.body), "bytes")


def run(place, found, what):
    with place("--order-wait", "5s") as (client, server):
        sell(client, "mug", 1000)
        sizes = []  # each worker's arena keeps the memory of the worst that it has met: then no more is taken
        while len(sizes) < ROUNDS_MAX and not (len(sizes) > 2 and max(sizes[-3:]) < min(sizes[-3:]) + 1024):
            throw_all(client, found, what)
            sizes.append(server.resident_kib())
        found.expect(len(sizes) < ROUNDS_MAX, what, "memory goes on growing:", sizes)
        found.expect(sizes[-1] < RESIDENT_KIB_MAX, what, "memory:", sizes)
        print(f"{what}: {len(BOMBS) * len(ROUTES)} bombs a round; MiB resident after each: "
              + ", ".join(f"{size / 1024:.1f}" for size in sizes))
        client.must(201, "POST", "/orders", order_of())
        lines = [{"sku": "mug", "quantity": 1}] * 500
        client.must((201, 400, 422), "POST", "/orders", {**order_of(), "lines": lines})
        products = [{"sku": f"p{i}", "name": "n", "price_minor": 1, "currency": "EUR",
                     "attributes": {f"a{j}": "v" for j in range(20)}} for i in range(500)]
        client.must(200, "POST", "/products:batch", {"products": products})  # 13,000 values


def main():
    need("aurorad", "aurora-gateway")
    found = Complaints()
    for place in (aurorad, through_gateway):
        run(place, found, place.__name__)
    found.end("json bombs")


if __name__ == "__main__":
    main()
