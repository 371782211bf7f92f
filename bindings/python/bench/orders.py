# SPDX-License-Identifier: MIT
"""What the binding costs, as JSON lines for `./dev bench bindings`:

    {"binding": "python", "what": "orders", "n": 50000, "seconds": 1.2}

orders        orders of two lines with a key, in batches, durable, in a file
bucket        Bucket.try_take, one call a token
empty         the same with a C function of the same signature that does nothing
bucket_batch  keys asked by Limiter.try_take_many, 1,000 a call

bucket and empty take turns in small rounds, so that both see the same machine."""

from __future__ import annotations

import argparse
import json
import pathlib
import tempfile
import time
from time import monotonic_ns

import aurora
from aurora import limits
from aurora._native import ffi, lib

SKUS = 100
ROUNDS = 20


class Empty(limits.Bucket):
    """A Bucket that calls nothing: what the binding costs by itself."""

    def try_take(self, n: int = 1, now_ns: int | None = None) -> bool:
        return _empty(self._native, n, monotonic_ns() if now_ns is None else now_ns, _null)


_empty = lib.python_empty_take
_null = ffi.NULL


def told(what: str, n: int, seconds: float) -> None:
    print(json.dumps({"binding": "python", "what": what, "n": n, "seconds": round(seconds, 6)}), flush=True)


def requests(count: int, run: str) -> list[aurora.OrderRequest]:
    return [aurora.OrderRequest([(f"sku-{at % SKUS}", 1), (f"sku-{(at + 1) % SKUS}", 2)], "EUR",
                                "tok_approve", key=f"{run}-{at}") for at in range(count)]


def bench_orders(folder: pathlib.Path, count: int) -> None:
    """Making the requests counts: a program has to."""
    with aurora.open(folder / "shop.db") as shop:
        shop.products.put_many([aurora.ProductInput(f"sku-{at}", f"Product {at}",
                                                    aurora.Money.from_minor(250, "EUR"))
                                for at in range(SKUS)])
        for at in range(SKUS):
            shop.stock.receive(f"sku-{at}", 1_000_000_000, key=f"stock-{at}")
        for run, n in (("warm", count // 10), ("run", count)):
            begin = time.perf_counter()
            done = sum(completion.status is aurora.OrderStatus.COMPLETED
                       for completion in shop.orders.place_many(requests(n, run)))
            seconds = time.perf_counter() - begin
            if done != n:
                raise SystemExit(f"{n - done} of {n} orders are not COMPLETED")
        told("orders", count, seconds)


def bench_calls(count: int) -> None:
    buckets = {"bucket": aurora.Bucket(1_000_000_000, 1, 10**9), "empty": Empty(1_000_000_000, 1, 10**9)}
    seconds = dict.fromkeys(buckets, 0.0)
    for _ in range(ROUNDS):
        for what, bucket in buckets.items():
            try_take, now = bucket.try_take, time.monotonic_ns()
            begin = time.perf_counter()
            for _ in range(count // ROUNDS):
                try_take(1, now)
            seconds[what] += time.perf_counter() - begin
    for what in buckets:
        told(what, count // ROUNDS * ROUNDS, seconds[what])


def bench_batch(count: int) -> None:
    limiter = aurora.Limiter(100_000, 1_000_000, 1, 1_000_000)
    keys = [f"customer-{at}" for at in range(1000)]
    begin = time.perf_counter()
    for _ in range(count // len(keys)):
        limiter.try_take_many(keys)
    told("bucket_batch", count // len(keys) * len(keys), time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=50_000)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("orders", "calls"))
    arguments = parser.parse_args()
    if arguments.only != "calls":
        with tempfile.TemporaryDirectory() as folder:
            bench_orders(pathlib.Path(folder), arguments.orders)
    if arguments.only != "orders":
        bench_calls(arguments.calls)
        bench_batch(arguments.calls)


if __name__ == "__main__":
    main()
